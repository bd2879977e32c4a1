"""The YAML of empresas and policies (``OMIE_PIPELINE_CONFIG``; see ``empresas.example.yaml``).

An empresa is one Omie app: one company, one app key. The file names the variables that hold the
secrets, never the secrets, so it can be committed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    create_model,
    field_validator,
    model_validator,
)

from omie_pipeline.catalog import WRITABLE
from omie_pipeline.catalog.lists import MIRROR, STATEMENT
from omie_pipeline.catalog.nfse import NfseLimits
from omie_pipeline.config.settings import (
    Schedule,
    Settings,
    checked_base_url,
    checked_callback_url,
    environment,
    refusals,
)
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.imports.filter import MirrorFilter
from omie_pipeline.outbox.records import KINDS, Kind
from omie_pipeline.outbox.targets import TargetName
from omie_pipeline.push.policy import EndpointPolicies, EndpointPolicy, Policies
from omie_pipeline.switches.decisions import FileChoices
from omie_pipeline.switches.settings import ExportChoices
from omie_pipeline.texts import config as texts
from omie_pipeline.validation.clinic_rules import CLINIC_RULES
from omie_pipeline.validation.model import ClinicRules
from omie_pipeline.yaml_text import load_yaml

# What an empresa wants of Omie: the part ``importar`` of its entry in the YAML.

_SIDES = {"receber": "R", "pagar": "P"}
_FAMILY_OF = {name: mirror.family for name, mirror in MIRROR.items()} | {
    STATEMENT: MIRROR["movimentacoes"].family
}


class Importacao(BaseModel):
    """What an empresa wants of Omie; without filters everything from the start date on comes in.

    Attributes:
        desde, ate: first and last day of inclusion in Omie (of emission for notas fiscais).
        somente: only receivables or only payables.
        somente_em_aberto: take a título in only while it is open; it is followed to its end.
        contas: Omie's ids of the only bank accounts wanted.
        agenda: how often the schedules read a table or a family of tables; ``manual``: never.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    desde: date | None = None
    ate: date | None = None
    somente: Literal["receber", "pagar"] | None = None
    somente_em_aberto: bool = False
    contas: tuple[int, ...] = ()
    agenda: Mapping[str, Schedule] = Field(default_factory=dict)

    @field_validator("agenda")
    @classmethod
    def _exist(cls, agenda: Mapping[str, Schedule]) -> Mapping[str, Schedule]:
        families = sorted(set(_FAMILY_OF.values()))
        for name in agenda:
            if name not in _FAMILY_OF and name not in families:
                known = ", ".join((*families, *_FAMILY_OF))
                raise ValueError(texts.table_unknown(name=name, known=known))
        return agenda

    @model_validator(mode="after")
    def _is_a_window(self) -> Self:
        if self.desde and self.ate and self.desde > self.ate:
            raise ValueError(texts.FROM_AFTER_UNTIL)
        return self

    def schedule_of(self, table: str, default: Schedule) -> Schedule:
        """How often a table is read: its own setting, else its family's, else the deployment's."""
        for name in (table, _FAMILY_OF[table]):
            if name in self.agenda:
                return self.agenda[name]
        return default

    def filters(self) -> MirrorFilter:
        """The same, as the engine wants it."""
        return MirrorFilter(
            since=self.desde,
            until=self.ate,
            side=_SIDES[self.somente] if self.somente else "",
            open_only=self.somente_em_aberto,
            accounts=self.contas,
        )


# Which rules of the clinic the YAML of empresas switches, and where each one comes from.

RuleSource = Literal["default", "file", "empresa"]


class Choices(BaseModel):
    """Rules that were set; one that is not named keeps its default."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _are_known(cls, content: Any) -> Any:
        for name in content if isinstance(content, dict) else ():
            if name not in ClinicRules.model_fields:
                close = get_close_matches(str(name), ClinicRules.model_fields, n=1)
                known = ", ".join(ClinicRules.model_fields)
                meant = texts.perhaps(close[0]) if close else texts.there_are(known)
                raise ValueError(texts.rule_unknown(name=name, meant=meant))
        return content

    def chosen(self) -> dict[str, Any]:
        """The rules that are named, with their values."""
        return self.model_dump(exclude_none=True)

    @classmethod
    def none(cls) -> Self:
        """Nothing is chosen."""
        return cls()


if TYPE_CHECKING:
    RuleChoices = Choices
else:
    RuleChoices = create_model(
        "RuleChoices",
        __base__=Choices,
        **{
            name: (field.annotation | None, None)
            for name, field in ClinicRules.model_fields.items()
        },
    )


@dataclass(frozen=True, slots=True)
class RuleSetting:
    """One rule as it stands for one empresa.

    Attributes:
        source: ``default``, ``file`` (the file's rules for all) or ``empresa`` (its own).
        significado: what it asks for and why, in Portuguese.
    """

    name: str
    value: bool | int
    source: RuleSource
    significado: str


def settings_of(for_all: Choices, own: Choices) -> tuple[RuleSetting, ...]:
    """Every rule, the empresa's own choice before that for all, in the order of the texts."""
    chosen: Mapping[RuleSource, Mapping[str, Any]] = {
        "empresa": own.chosen(),
        "file": for_all.chosen(),
        "default": ClinicRules().model_dump(),
    }
    found = []
    for name, text in CLINIC_RULES.items():
        source = next(source for source, values in chosen.items() if name in values)
        found.append(RuleSetting(name, chosen[source][name], source, text.significado))
    return tuple(found)


def rules_of(for_all: Choices, own: Choices) -> ClinicRules:
    """The rules that hold for one empresa."""
    return ClinicRules(**{**for_all.chosen(), **own.chosen()})


ONLY_EMPRESA = "principal"
ONLY_WEBHOOK_SECRET = "OMIE_WEBHOOK_SECRET"  # noqa: S105 - a name
_VARIABLE_NAME = re.compile(r"[A-Z_][A-Z0-9_]*")
_LOOKS_LIKE_A_SECRET = re.compile(r"[0-9A-F]{16,}")
_SECRET_KEYS = frozenset(
    {
        "app_key",
        "app_secret",
        "clinic_url",
        "base_url",
        "senha",
        "password",
        "secret",
        "token",
        "webhook_secret",
        "notificar",
    }
)


def _variable_name(name: str) -> str:
    if not _VARIABLE_NAME.fullmatch(name) or _LOOKS_LIKE_A_SECRET.fullmatch(name):
        raise ValueError(texts.MUST_BE_VARIABLE)
    return name


# The way back into the clinic: the part ``saida`` of an empresa's entry in the YAML.


class SaidaTable(BaseModel):
    """A table of the clinic's own that shows what Omie knows.

    Attributes:
        url_env: variable of the address of its database, with an account of its own.
        name: of the table, with its schema if it has one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url_env: str
    name: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$")] = (
        "omie_retorno"
    )

    @field_validator("url_env")
    @classmethod
    def _names_a_variable(cls, name: str) -> str:
        return _variable_name(name)


class SaidaCallback(BaseModel):
    """An address of the clinic's that is called with every change.

    Attributes:
        url_env: variable of the address.
        key_env: variable of the key that the calls are signed with.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url_env: str
    key_env: str

    @field_validator("url_env", "key_env")
    @classmethod
    def _names_a_variable(cls, name: str) -> str:
        return _variable_name(name)


class Saida(BaseModel):
    """What is told back to the clinic; ``saida: {}`` writes the outbox alone.

    Attributes:
        kinds: of records that are told.
        table: a table of the clinic's that they are written to.
        callback: an address of the clinic's that is called.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kinds: Annotated[tuple[Kind, ...], Field(min_length=1)] = KINDS
    table: SaidaTable | None = None
    callback: SaidaCallback | None = None

    @property
    def targets(self) -> tuple[TargetName, ...]:
        """The targets that were chosen."""
        chosen: tuple[tuple[TargetName, object], ...] = (
            ("table", self.table),
            ("callback", self.callback),
        )
        return tuple(name for name, one in chosen if one is not None)


class Empresa(BaseModel):
    """One Omie app, without its secrets.

    Attributes:
        nome: name in every table, partition and report.
        app_key_env, app_secret_env: variables of its key and secret.
        base_url_env: variable of its Omie URL; ``OMIE_BASE_URL`` if it names none.
        clinic_url_env: variable of its clinic's database; ``CLINIC_URL`` if it names none.
        webhook_secret_env: variable of the last part of its webhook address; see
            :func:`webhook_secret_variable`.
        notificar_env: variable of its own channels of notifications; ``OMIE_NOTIFY_URLS`` if
            it names none.
        importar: what it wants of Omie.
        saida: what is told back to the clinic; ``None``: nothing.
        exportar: what it sends to Omie, where that differs from the file's ``exportar``.
        rules: rules of the clinic that differ from those of the file and from the defaults.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    nome: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,59}$")]
    app_key_env: str
    app_secret_env: str
    base_url_env: str | None = None
    clinic_url_env: str | None = None
    webhook_secret_env: str | None = None
    notificar_env: str | None = None
    importar: Importacao = Field(default_factory=Importacao)
    saida: Saida | None = None
    exportar: ExportChoices = Field(default_factory=dict)
    rules: RuleChoices = Field(default_factory=RuleChoices)

    @field_validator(
        "app_key_env",
        "app_secret_env",
        "base_url_env",
        "clinic_url_env",
        "webhook_secret_env",
        "notificar_env",
    )
    @classmethod
    def _names_a_variable(cls, name: str | None) -> str | None:
        return None if name is None else _variable_name(name)


_ONLY = Empresa.model_validate(
    {
        "nome": ONLY_EMPRESA,
        "app_key_env": "OMIE_APP_KEY",
        "app_secret_env": "OMIE_APP_SECRET",
    }
)


class PipelineConfig(BaseModel):
    """What the YAML says: the empresas, the policies of the endpoints, what is exported, the
    clinic's rules for all of them and the limits of NFS-e. A file that names no empresa is that of
    the only one."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    empresas: Annotated[tuple[Empresa, ...], Field(min_length=1)] = (_ONLY,)
    endpoints: EndpointPolicies = Field(default_factory=dict)
    exportar: ExportChoices = Field(default_factory=dict)
    nfse: NfseLimits = NfseLimits()
    rules: RuleChoices = Field(default_factory=RuleChoices)

    @field_validator("empresas")
    @classmethod
    def _are_different(cls, empresas: tuple[Empresa, ...]) -> tuple[Empresa, ...]:
        for values in (
            [empresa.nome.casefold() for empresa in empresas],
            [empresa.app_key_env for empresa in empresas],
        ):
            repeated = [value for value, times in Counter(values).items() if times > 1]
            if repeated:
                raise ValueError(texts.value_shared(", ".join(repeated)))
        return empresas

    @field_validator("endpoints")
    @classmethod
    def _exist(cls, endpoints: Mapping[str, EndpointPolicy]) -> Mapping[str, EndpointPolicy]:
        known = [endpoint.name for endpoint in WRITABLE]
        for name in endpoints:
            if name not in known:
                raise ValueError(texts.endpoint_unknown(name=name, known=", ".join(known)))
        return endpoints

    @property
    def policies(self) -> Policies:
        """The policies, with the defaults for endpoints that the file does not name."""
        return Policies(endpoints=self.endpoints, nfse=self.nfse)

    @property
    def targets(self) -> frozenset[tuple[str, str]]:
        """Every target of the way back, with its empresa."""
        return frozenset(
            (one.nome, target)
            for one in self.empresas
            if one.saida is not None
            for target in one.saida.targets
        )

    def rules_of(self, nome: str) -> ClinicRules:
        """The rules of the clinic that hold for the empresa called ``nome``."""
        return rules_of(self.rules, self.empresa(nome).rules)

    @property
    def export_choices(self) -> FileChoices:
        """What the file says of the export, for all empresas and for each."""
        own = {empresa.nome: empresa.exportar for empresa in self.empresas}
        return FileChoices(self.exportar, own)

    def rule_settings(self, nome: str) -> tuple[RuleSetting, ...]:
        """Every rule as it stands for the empresa called ``nome``, with where it comes from."""
        return settings_of(self.rules, self.empresa(nome).rules)

    def empresa(self, nome: str) -> Empresa:
        """The empresa called ``nome``; ``ConfigurationError`` names those that exist."""
        for empresa in self.empresas:
            if empresa.nome == nome:
                return empresa
        known = ", ".join(empresa.nome for empresa in self.empresas)
        raise ConfigurationError(texts.empresa_unknown(empresa=nome, known=known))


@dataclass(frozen=True, slots=True)
class EmpresaAccess:
    """What it takes to talk to one empresa's Omie and clinic; ``repr`` hides every secret."""

    nome: str
    app_key: SecretStr
    app_secret: SecretStr
    base_url: str
    clinic_url: SecretStr | None


def load_config(settings: Settings) -> PipelineConfig:
    """The file ``OMIE_PIPELINE_CONFIG``, or one empresa ``principal`` if there is none.

    Reads no secret, so definitions load with no variable set.

    Raises:
        ConfigurationError: file missing or no YAML, a secret written into it, an unknown key.
    """
    if settings.config is None:
        return PipelineConfig(empresas=(_ONLY,))
    content = _read_yaml(settings.config)
    _refuse_secrets(content, settings.config)
    try:
        return PipelineConfig.model_validate(content)
    except ValidationError as error:
        reasons = refusals(error, _dotted)
        raise ConfigurationError(f"{settings.config}:\n{reasons}") from None


def access(
    empresa: Empresa, settings: Settings, variables: Mapping[str, str] | None = None
) -> EmpresaAccess:
    """Key, secret and addresses of ``empresa`` from ``variables`` (default: the environment).

    Raises:
        ConfigurationError: a variable is missing or empty, or a URL is not safe; named.
    """
    found = environment() if variables is None else variables
    wanted = (empresa.app_key_env, empresa.app_secret_env)
    addresses = (empresa.base_url_env, empresa.clinic_url_env)
    missing = [name for name in (*wanted, *addresses) if name and not found.get(name)]
    if missing:
        raise ConfigurationError(
            texts.variables_missing(empresa=empresa.nome, variables=", ".join(missing))
        )
    base_url, clinic_url = settings.base_url, settings.clinic_url
    if empresa.base_url_env:
        try:
            base_url = checked_base_url(found[empresa.base_url_env])
        except ValueError as error:
            raise ConfigurationError(f"{empresa.base_url_env}: {error}") from None
    if empresa.clinic_url_env:
        clinic_url = SecretStr(found[empresa.clinic_url_env])
    return EmpresaAccess(
        nome=empresa.nome,
        app_key=SecretStr(found[empresa.app_key_env]),
        app_secret=SecretStr(found[empresa.app_secret_env]),
        base_url=base_url,
        clinic_url=clinic_url,
    )


@dataclass(frozen=True, slots=True)
class WayBackAccess:
    """Address (and key) of one target of one empresa; ``repr`` hides both.

    Attributes:
        key: that calls are signed with; a table has none.
    """

    url: SecretStr
    key: SecretStr | None = None


def way_back_access(
    empresa: Empresa, target: TargetName, variables: Mapping[str, str] | None = None
) -> WayBackAccess:
    """What it takes to reach a target of ``empresa``, from ``variables`` (default: the
    environment).

    Raises:
        ConfigurationError: a variable is missing or empty, or an address is not safe; named.
    """
    found = environment() if variables is None else variables
    saida = empresa.saida or Saida()
    if target == "table":
        names = [saida.table.url_env] if saida.table else []
    else:
        names = [saida.callback.url_env, saida.callback.key_env] if saida.callback else []
    if not names:
        raise ConfigurationError(texts.no_target(empresa=empresa.nome, target=target))
    missing = [name for name in names if not found.get(name)]
    if missing:
        raise ConfigurationError(
            texts.variables_missing(empresa=empresa.nome, variables=", ".join(missing))
        )
    if target == "callback":
        try:
            checked_callback_url(found[names[0]])
        except ValueError as error:
            raise ConfigurationError(f"{names[0]}: {error}") from None
    return WayBackAccess(*(SecretStr(found[name]) for name in names))


def webhook_secret_variable(empresa: Empresa, config: PipelineConfig) -> str | None:
    """Variable of the empresa's webhook secret: the one it names, ``OMIE_WEBHOOK_SECRET`` for the
    only empresa, none otherwise."""
    only = len(config.empresas) == 1
    return empresa.webhook_secret_env or (ONLY_WEBHOOK_SECRET if only else None)


def has_credentials(empresa: Empresa, variables: Mapping[str, str] | None = None) -> bool:
    """Whether both variables of the empresa's key and secret have a value."""
    found = environment() if variables is None else variables
    return bool(found.get(empresa.app_key_env) and found.get(empresa.app_secret_env))


class _StrictLoader(yaml.SafeLoader):
    """YAML that refuses a key written twice, where plain YAML silently takes the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The mapping, or ``yaml.YAMLError`` naming the repeated key."""
        names = [self.construct_object(key, deep=deep) for key, _ in node.value]
        for name, times in Counter(map(str, names)).items():
            if times > 1:
                line = node.start_mark.line + 1
                raise yaml.YAMLError(texts.key_twice(name=name, line=line))
        return super().construct_mapping(node, deep)


def _read_yaml(file: Path) -> object:
    try:
        return load_yaml(file.read_text(encoding="utf-8"), _StrictLoader)
    except FileNotFoundError:
        raise ConfigurationError(texts.file_missing(file)) from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise ConfigurationError(texts.no_yaml_at(file=file, line=line)) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(texts.no_yaml(file=file, error=error)) from None


def _refuse_secrets(content: object, file: Path) -> None:
    """Refuse a key under which a secret would stand, before anything repeats its value."""
    if isinstance(content, dict):
        for key, value in content.items():
            name = str(key).lower()
            if name in _SECRET_KEYS:
                raise ConfigurationError(f"{file}: {name} {texts.NOT_HERE} {name}_env")
            _refuse_secrets(value, file)
    elif isinstance(content, list):
        for value in content:
            _refuse_secrets(value, file)


def _dotted(location: tuple[int | str, ...]) -> str:
    parts = [f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in location]
    return "".join(parts).removeprefix(".") or "arquivo"
