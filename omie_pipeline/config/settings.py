"""Every environment variable this package reads; also from ``.env`` beside ``pyproject.toml``.

``.env.example`` lists the same variables for the reader; a test keeps the two equal.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from dotenv import dotenv_values
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from omie_pipeline.catalog.limits import (
    CALLS_PER_MINUTE,
    CALLS_PER_MINUTE_IP,
    OMIE_CALLS_PER_MINUTE,
    OMIE_CALLS_PER_MINUTE_IP,
)
from omie_pipeline.clock import DEFAULT_TIME_ZONE
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.postgres.schemas import PREFIX_PATTERN, Schemas
from omie_pipeline.texts import config as texts

# What pydantic refused, in Portuguese, naming the setting and never its value.


def refusals(error: ValidationError, name_of: Callable[[tuple[int | str, ...]], str]) -> str:
    """Every refusal of ``error``, one a line, as ``<name>: <reason>``."""
    lines = []
    for one in error.errors(include_url=False, include_input=False):
        lines.append(f"{name_of(one['loc'])}: {_reason(one['type'], one.get('ctx', {}))}")
    return "\n".join(lines)


def _reason(kind: str, context: dict[str, Any]) -> str:
    if kind.startswith("date_"):
        return texts.MUST_BE_DAY
    text = texts.TEXTS.get(kind, texts.INVALID_VALUE)
    return text.format(**{**context, "expected": _options(str(context.get("expected", "")))})


def _options(expected: str) -> str:
    return expected.replace("'", "").replace(" or ", ", ")


OMIE_URL = "https://app.omie.com.br/api/v1/"

IN_PLACE = "warehouse://"
"""What begins a CLINIC_URL whose tables are in the warehouse already."""

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+$")
_BETWEEN_ADDRESSES = re.compile(r"[\s,;]+(?=[A-Za-z][A-Za-z0-9+.-]*://)")

Schedule = Literal["6h", "daily", "manual"]


def installed_root() -> Path:
    """The folder that holds this package and ``dbt_mapping``: a checkout, or ``site-packages``."""
    return Path(__file__).resolve().parents[2]


def project_root() -> Path:
    """Folder of ``pyproject.toml``; the current folder when the package is installed without it."""
    root = installed_root()
    return root if (root / "pyproject.toml").exists() else Path.cwd()


def checked_base_url(url: str) -> str:
    """``url`` with exactly one trailing slash.

    Raises:
        ValueError: it is neither https nor http on loopback, so the secret would travel in clear;
            the message is Portuguese and does not repeat the URL.
    """
    parts = urlsplit(url.strip())
    if not parts.hostname or parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(texts.MUST_BE_ADDRESS)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise ValueError(texts.MUST_BE_HTTPS)
    return url.strip().rstrip("/") + "/"


def checked_callback_url(url: str) -> str:
    """``url`` of a receiver, as it is; a path and a query are its own affair.

    Raises:
        ValueError: it is neither https nor http on loopback; the message does not repeat it.
    """
    parts = urlsplit(url.strip())
    if not parts.hostname or parts.username or parts.password or parts.fragment:
        raise ValueError(texts.MUST_BE_RECEIVER)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise ValueError(texts.MUST_BE_HTTPS)
    return url.strip()


def notify_addresses(text: str) -> tuple[str, ...]:
    """The addresses in ``text``, separated by spaces, commas or semicolons, each once.

    Raises:
        ValueError: something in it is no ``service://…``; the message does not repeat it.
    """
    parts = [part.strip(" ,;") for part in _BETWEEN_ADDRESSES.split(text.strip(" ,;"))]
    if not all(_ADDRESS.match(part) for part in parts):
        raise ValueError(texts.MUST_BE_CHANNEL)
    return tuple(dict.fromkeys(parts))


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine: ``localhost`` or a loopback address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _first_of_january() -> date:
    return datetime.now(clinic_zone()).date().replace(month=1, day=1)


_LONGEST_SILENCE = {"6h": timedelta(hours=13), "daily": timedelta(hours=49)}


class Settings(BaseModel):
    """All settings; :func:`load_settings` reads them, ``Settings()`` holds the defaults only.

    Not a ``BaseSettings`` of pydantic-settings: with field names of our own that one also reads
    the variables ``HOME`` and ``CONFIG`` of the process.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
        validate_default=True,
    )

    app_key: SecretStr | None = Field(
        None,
        validation_alias="OMIE_APP_KEY",
        description="Key of the only empresa, if no YAML names several.",
    )
    app_secret: SecretStr | None = Field(
        None,
        validation_alias="OMIE_APP_SECRET",
        description="Secret of the only empresa, if no YAML names several.",
    )
    base_url: str = Field(
        OMIE_URL,
        validation_alias="OMIE_BASE_URL",
        description="Address of Omie's API: https, or http on this machine only (the simulator).",
    )
    calls_per_minute: int = Field(
        CALLS_PER_MINUTE,
        ge=1,
        validation_alias="OMIE_CALLS_PER_MINUTE",
        description="Calls a minute of one key and method.",
    )
    calls_per_minute_ip: int = Field(
        CALLS_PER_MINUTE_IP,
        ge=1,
        validation_alias="OMIE_CALLS_PER_MINUTE_IP",
        description="Calls a minute of this IP address.",
    )
    timeout_seconds: Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)] = Field(
        60.0,
        validation_alias="OMIE_TIMEOUT_SECONDS",
        description="Seconds to wait for one answer of Omie.",
    )
    webhook_secret: SecretStr | None = Field(
        None,
        validation_alias="OMIE_WEBHOOK_SECRET",
        description="Last part of the only empresa's webhook address.",
    )
    inbox_keep_days: int = Field(
        30,
        ge=1,
        le=3650,
        validation_alias="OMIE_INBOX_KEEP_DAYS",
        description="Days an event of a webhook is kept after it was worked on.",
    )
    outbox_keep_days: int = Field(
        400,
        ge=30,
        le=3650,
        validation_alias="OMIE_OUTBOX_KEEP_DAYS",
        description="Days a change of the outbox is kept that a newer one of its record replaced.",
    )
    notify_urls: SecretStr | None = Field(
        None,
        validation_alias="OMIE_NOTIFY_URLS",
        description="Channels of notifications, as apprise writes them.",
    )
    warehouse_url: SecretStr | None = Field(
        None,
        validation_alias="WAREHOUSE_URL",
        description="PostgreSQL of ledger, payloads and copies; none: the embedded server.",
    )
    schema_prefix: str = Field(
        "",
        pattern=PREFIX_PATTERN,
        validation_alias="OMIE_PIPELINE_SCHEMA_PREFIX",
        description="Before the names of all our schemas in the warehouse.",
    )
    clinic_url: SecretStr | None = Field(
        None,
        validation_alias="CLINIC_URL",
        description="The clinic: SQLAlchemy URL, folder, csv:///folder or warehouse://schema.",
    )
    home: Path = Field(
        Path(".omie_pipeline"),
        validation_alias="OMIE_PIPELINE_HOME",
        description="State folder, absolute.",
    )
    config: Path | None = Field(
        None,
        validation_alias="OMIE_PIPELINE_CONFIG",
        description="YAML of empresas and policies, absolute.",
    )
    staging: str = Field(
        "canonica",
        pattern=r"^[a-z][a-z0-9_]*$",
        validation_alias="OMIE_PIPELINE_STAGING",
        description="Name of the staging set.",
    )
    models: Path = Field(
        Path("my_models"),
        validation_alias="OMIE_PIPELINE_MODELS",
        description="Folder of the user's own dbt models, absolute; see `dbt_project`.",
    )
    time_zone: str = Field(
        DEFAULT_TIME_ZONE,
        validation_alias="OMIE_PIPELINE_TIME_ZONE",
        description="The clinic's, by its IANA name: when a day begins.",
    )
    full_read_days: int = Field(
        1,
        ge=0,
        le=365,
        validation_alias="OMIE_PIPELINE_FULL_READ_DAYS",
        description="Days until a table with updated_at is read whole again; 0: each time.",
    )
    overlap_minutes: int = Field(
        30,
        ge=0,
        le=100_000,
        validation_alias="OMIE_PIPELINE_OVERLAP_MINUTES",
        description="How many minutes before the newest row seen an incremental reading begins.",
    )
    start_date: date = Field(
        default_factory=_first_of_january,
        validation_alias="OMIE_PIPELINE_START_DATE",
        description="First business date that is sent; 1 January of this year by default.",
    )
    include_before_start: bool = Field(
        False,
        validation_alias="OMIE_PIPELINE_INCLUDE_BEFORE_START",
        description="Whether rows from before the start date go with that date's partition.",
    )
    schedule: Schedule = Field(
        "6h",
        validation_alias="OMIE_PIPELINE_SCHEDULE",
        description="How often the schedules strike: 6h, daily or manual.",
    )
    nfse_archive: str | None = Field(
        None,
        validation_alias="OMIE_PIPELINE_NFSE_ARCHIVE",
        description="Folder, absolute, or URL as fsspec knows it, for the files of issued notes.",
    )

    @field_validator("base_url")
    @classmethod
    def _base_url_is_safe(cls, url: str) -> str:
        return checked_base_url(url)

    @field_validator("notify_urls")
    @classmethod
    def _are_addresses(cls, urls: SecretStr | None) -> SecretStr | None:
        if urls is not None:
            notify_addresses(urls.get_secret_value())
        return urls

    @field_validator("home", "config", "models")
    @classmethod
    def _from_the_project(cls, path: Path | None) -> Path | None:
        return None if path is None else project_root() / path.expanduser()

    @field_validator("nfse_archive")
    @classmethod
    def _is_a_folder_or_a_bucket(cls, place: str | None) -> str | None:
        if place is None or "://" in place:
            return place
        return str(project_root() / Path(place).expanduser())

    @field_validator("warehouse_url")
    @classmethod
    def _is_postgresql(cls, url: SecretStr | None) -> SecretStr | None:
        scheme = url.get_secret_value().split(":", 1)[0] if url else "postgresql"
        if scheme.split("+", 1)[0] not in ("postgresql", "postgres"):
            raise ValueError(texts.MUST_BE_POSTGRESQL)
        return url

    @field_validator("schema_prefix")
    @classmethod
    def _is_free(cls, prefix: str) -> str:
        if prefix.startswith("pg_"):
            raise ValueError(texts.MUST_NOT_BE_PG)
        return prefix

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        if not _is_time_zone(name):
            raise ValueError(texts.MUST_BE_TIME_ZONE)
        return name

    @property
    def schemas(self) -> Schemas:
        """The names of our schemas in the warehouse."""
        return Schemas(self.schema_prefix)

    @property
    def longest_silence(self) -> timedelta | None:
        """So long the schedule leaves between two runs, one missed strike and an hour allowed;
        ``None`` if nothing runs by itself."""
        return _LONGEST_SILENCE.get(self.schedule)

    @property
    def zone(self) -> ZoneInfo:
        """The clinic's time zone."""
        return ZoneInfo(self.time_zone)

    @model_validator(mode="after")
    def _clinic_is_not_our_own(self) -> Self:
        """A clinic is never read from a schema that this program writes."""
        url = self.clinic_url.get_secret_value() if self.clinic_url else ""
        if url.startswith(IN_PLACE):
            try:
                self.schemas.refuse_as_source(url.removeprefix(IN_PLACE).strip("/"))
            except ConfigurationError as error:
                raise ValueError(str(error)) from None
        return self

    @model_validator(mode="after")
    def _pace_is_what_omie_allows(self) -> Self:
        """Only a simulator on this machine may be called faster than Omie allows."""
        if is_loopback(urlsplit(self.base_url).hostname or ""):
            return self
        for name, value, ceiling in (
            ("OMIE_CALLS_PER_MINUTE", self.calls_per_minute, OMIE_CALLS_PER_MINUTE),
            ("OMIE_CALLS_PER_MINUTE_IP", self.calls_per_minute_ip, OMIE_CALLS_PER_MINUTE_IP),
        ):
            if value > ceiling:
                raise ValueError(texts.must_be_at_most(name=name, ceiling=ceiling))
        return self


def env_file() -> Path:
    """The ``.env`` file, whether it exists or not."""
    return project_root() / ".env"


def environment(dotenv: Path | None = None) -> Mapping[str, str]:
    """All variables: those of ``.env`` and, winning over them, those of the process.

    The variables that a YAML of empresas names are looked up here; they are no fields of
    :class:`Settings`. A ``$`` in a value of the file is just a character: passwords have them.
    """
    file = dotenv or env_file()
    from_file = dotenv_values(file, encoding="utf-8", interpolate=False) if file.exists() else {}
    merged = {name: value for name, value in from_file.items() if value}
    return merged | {name: value for name, value in os.environ.items() if value}


def load_settings(dotenv: Path | None = None) -> Settings:
    """Settings from the process's environment and from ``dotenv`` (default: :func:`env_file`).

    Raises:
        ConfigurationError: every wrong variable with its reason, one a line, in Portuguese.
    """
    return settings_from(environment(dotenv))


def settings_from(variables: Mapping[str, str]) -> Settings:
    """Settings from these variables alone.

    Raises:
        ConfigurationError: as :func:`load_settings`.
    """
    known = {name: variables[name] for name in variable_names() if name in variables}
    try:
        return Settings.model_validate(known)
    except ValidationError as error:
        raise ConfigurationError(refusals(error, _variable)) from None


def clinic_zone() -> ZoneInfo:
    """The clinic's time zone, for what is shown; the default if the setting is no zone."""
    name = environment().get("OMIE_PIPELINE_TIME_ZONE", "")
    return ZoneInfo(name if _is_time_zone(name) else DEFAULT_TIME_ZONE)


@cache
def _is_time_zone(name: str) -> bool:
    """Whether it is a name of IANA's list, which takes 20 ms to read; not read for the default."""
    return name == DEFAULT_TIME_ZONE or name in available_timezones()


def variable_names() -> tuple[str, ...]:
    """Names of all variables, in the order of the fields."""
    return tuple(variable_of(name) for name in Settings.model_fields)


def variable_of(field: str) -> str:
    """Name of the variable that a setting is read from."""
    alias = Settings.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else field


def _variable(location: tuple[int | str, ...]) -> str:
    name = str(location[0]) if location else texts.CONFIGURATION
    return variable_of(name) if name in Settings.model_fields else name
