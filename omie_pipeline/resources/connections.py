"""What the pipeline connects to, as Dagster's resources: Omie, the warehouse, the clinic.

The fields are a view of :class:`omie_pipeline.config.settings.Settings` and of the empresas' YAML:
their names, defaults and descriptions come from there. A secret is only ever an ``EnvVar``, so that
Dagster's pages, events and stored configuration hold the variable's name and never its value.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg
from pydantic import Field, PrivateAttr

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.config.settings import Settings, environment, settings_from, variable_of

_SECRET: dict[str, Any] = {"dagster__is_secret": True}
"""Dagster masks the field wherever it shows configuration, even if it is no ``EnvVar``."""


def _is_secret(name: str) -> bool:
    return "SecretStr" in str(Settings.model_fields[name].annotation)


def _plain(value: Any) -> str | int | float | bool | None:
    """A setting as Dagster's configuration can hold it."""
    return value if value is None or isinstance(value, (int, float)) else str(value)


def _as_in_settings(name: str) -> Any:
    """A field with the default and the description of the setting of that name."""
    setting, secret = Settings.model_fields[name], _is_secret(name)
    default = None if setting.default_factory or secret else setting.default
    return Field(
        default=_plain(default),
        description=setting.description,
        repr=not secret,
        json_schema_extra=_SECRET if secret else None,
    )


def _of_the_yaml(what: str) -> Any:
    return Field(default={}, repr=False, description=f"{what} that the YAML of empresas names.")


class OmieResource(dg.ConfigurableResource[Any]):
    """Omie's API: address, keys, pace."""

    base_url: str = _as_in_settings("base_url")
    app_key: str | None = _as_in_settings("app_key")
    app_secret: str | None = _as_in_settings("app_secret")
    variables: dict[str, str] = _of_the_yaml("Variables of keys and addresses")
    calls_per_minute: int = _as_in_settings("calls_per_minute")
    calls_per_minute_ip: int = _as_in_settings("calls_per_minute_ip")
    timeout_seconds: float = _as_in_settings("timeout_seconds")


class ClinicResource(dg.ConfigurableResource[Any]):
    """The clinic's tables: where they are and how they are read."""

    clinic_url: str | None = _as_in_settings("clinic_url")
    variables: dict[str, str] = _of_the_yaml("Variables of clinics' addresses")
    staging: str = _as_in_settings("staging")
    time_zone: str = _as_in_settings("time_zone")
    start_date: str | None = _as_in_settings("start_date")
    include_before_start: bool = _as_in_settings("include_before_start")
    full_read_days: int = _as_in_settings("full_read_days")
    overlap_minutes: int = _as_in_settings("overlap_minutes")


class WarehouseResource(dg.ConfigurableResource[Any]):
    """The PostgreSQL of ledger, payloads and copies; nothing is opened before it is asked for."""

    warehouse_url: str | None = _as_in_settings("warehouse_url")
    schema_prefix: str = _as_in_settings("schema_prefix")
    home: str | None = _as_in_settings("home")

    _opened: dict[tuple[str, ...], Deployment] = PrivateAttr(default_factory=dict)

    def open(self, *others: OmieResource | ClinicResource) -> Deployment:
        """The deployment over this warehouse, opened on first use and kept.

        Args:
            others: what else the caller works with; where one is missing, the process's
                environment says how it is configured.

        Raises:
            ConfigurationError: a setting is missing or wrong.
        """
        name = tuple(type(one).__name__ for one in others)
        if name not in self._opened:
            self._opened[name] = _deployment([self, *others])
        return self._opened[name]


Connection = OmieResource | ClinicResource | WarehouseResource


def connections(deployment: Deployment) -> dict[str, Connection]:
    """The three resources as this installation is configured, by the name that assets ask for.

    A variable without a value is left out: the definitions load, and a run says what is missing.
    """
    settings, config = deployment.settings, deployment.config
    env = _Variables(environment())
    keys = [(one.app_key_env, one.app_secret_env, one.base_url_env) for one in config.empresas]
    clinics = [one.clinic_url_env for one in config.empresas]
    found: dict[str, Connection] = {
        "omie": OmieResource(
            **_fields(OmieResource, settings, env),
            variables=env.all(name for names in keys for name in names),
        ),
        "clinic": ClinicResource(
            **_fields(ClinicResource, settings, env), variables=env.all(clinics)
        ),
        "warehouse": WarehouseResource(**_fields(WarehouseResource, settings, env)),
    }
    env.export()
    return found


class _Variables:
    """The environment as ``EnvVar``s, and which of its variables they name."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._used: set[str] = set()

    def named(self, name: str | None) -> dg.EnvVar | None:
        """The variable; ``None`` if it has no value."""
        if name is None or name not in self._variables:
            return None
        self._used.add(name)
        return dg.EnvVar(name)

    def all(self, names: Iterable[str | None]) -> dict[str, str]:
        """Those that have a value and are no setting of their own, which has its field."""
        own = {variable_of(name) for name in Settings.model_fields}
        wanted = [name for name in names if name and name not in own]
        return {name: found for name in wanted if (found := self.named(name)) is not None}

    def export(self) -> None:
        """Give this process what ``.env`` says of the variables named: Dagster looks them up in
        the process only."""
        for name in self._used:
            os.environ[name] = self._variables[name]


def _fields(kind: type[Connection], settings: Settings, env: _Variables) -> dict[str, Any]:
    found = {}
    for name in set(kind.model_fields) & set(Settings.model_fields):
        value = getattr(settings, name)
        secret = _is_secret(name)
        found[name] = env.named(variable_of(name)) if secret else _plain(value)
    return found


def _deployment(given: Sequence[Connection]) -> Deployment:
    """The deployment over these connections; what they do not say, the environment does."""
    variables = dict(environment())
    for one in given:
        for name in set(type(one).model_fields) & set(Settings.model_fields):
            value = getattr(one, name)
            variables |= {} if value is None else {variable_of(name): str(value)}
        if not isinstance(one, WarehouseResource):
            variables |= one.variables
    return Deployment(settings_from(variables), variables=variables)
