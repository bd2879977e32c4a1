"""What can be decided of an endpoint: whether it is exported, which way, and with which fields.

The YAML's ``exportar`` says it for all empresas or for one, and a command says it afterwards: the
command is heard first, then what the file says of the empresa, then what it says of all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, field_validator

from omie_pipeline.catalog import REGISTRY, WRITABLE, Endpoint
from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.catalog.model import Field
from omie_pipeline.catalog.relations import SETTLEMENTS
from omie_pipeline.likely import did_you_mean
from omie_pipeline.texts import switches as texts
from omie_pipeline.validation.model import ClinicRules, References
from omie_pipeline.validation.values import needs_lists

State = Literal["on", "off", "so_novos"]
"""``so_novos`` sends what Omie has not confirmed yet, and changes nothing that it has."""

Direction = Literal["import", "export", "both"]
Lookalike = Literal["list", "adopt"]
Setting = Literal["state", "direction", "fields", "on_lookalike"]
Source = Literal["default", "file", "empresa", "command"]

SETTINGS: Final[tuple[Setting, ...]] = get_args(Setting)
STATES: Final[tuple[State, ...]] = get_args(State)
DIRECTIONS: Final[tuple[Direction, ...]] = get_args(Direction)
LOOKALIKES: Final[tuple[Lookalike, ...]] = get_args(Lookalike)
SWITCHED_OFF: Final = "switched_off"
"""``error_code`` of rows that were held because the endpoint was switched off meanwhile."""

_FILLED: Final = "expect_fields_to_be_filled"
_FOR_NOTES: Final = "nfe_nfse_issue"


@dataclass(frozen=True, slots=True)
class Origin:
    """Who said what stands.

    Attributes:
        decided_by, decided_at: of a command.
    """

    source: Source = "default"
    decided_by: str = ""
    decided_at: datetime | None = None

    @property
    def told(self) -> str:
        """The same for people."""
        if self.source == "command":
            return texts.by_command(self.decided_by)
        return texts.SOURCES[self.source]


@dataclass(frozen=True, slots=True)
class Switch:
    """What is decided of one endpoint of one empresa.

    Attributes:
        fields: the only fields that are exported; ``None``: all.
        required: fields that cannot be left out, whatever ``fields`` says.
        on_lookalike: what becomes of a título that a person typed already; ``None``: what the
            policy says.
        origins: where each setting comes from; the default has no entry.
    """

    empresa: str
    endpoint: str
    state: State = "on"
    direction: Direction = "both"
    fields: tuple[str, ...] | None = None
    required: frozenset[str] = frozenset()
    origins: Mapping[str, Origin] = field(default_factory=dict)
    on_lookalike: Lookalike | None = None

    @property
    def exports(self) -> bool:
        """Whether anything is sent at all."""
        return self.state != "off" and self.direction != "import"

    @property
    def whole(self) -> bool:
        """Whether records are sent and changed as the clinic has them."""
        return self.exports and self.state == "on"

    @property
    def imports(self) -> bool:
        """Whether the schedules read the list of the same name."""
        return self.direction != "export"

    @property
    def why_not(self) -> str:
        """Why nothing is sent, for people; ``""`` if it is."""
        if self.exports:
            return ""
        setting: Setting = "state" if self.state == "off" else "direction"
        say = texts.switched_off if setting == "state" else texts.only_imported
        source = self.origin(setting).told
        return say(endpoint=self.endpoint, empresa=self.empresa, source=source)

    def origin(self, setting: Setting) -> Origin:
        """Where a setting comes from."""
        return self.origins.get(setting, Origin())

    def left_out(self, names: Collection[str]) -> tuple[str, ...]:
        """Those of these fields that are not exported."""
        if self.fields is None:
            return ()
        return tuple(n for n in names if n not in self.fields and n not in self.required)


def known_fields(endpoint: Endpoint) -> tuple[str, ...]:
    """Fields that a payload model of the endpoint may send, as Omie's documents have them."""
    return tuple(one.name for one in endpoint.payload.fields if not one.read_only)


def required_fields(endpoint: Endpoint, rules: ClinicRules) -> frozenset[str]:
    """Fields that cannot be left out: without them Omie refuses the record, our own rules do, or
    nobody knows it again.

    Args:
        endpoint: its declaration.
        rules: those of the clinic that are on.
    """
    # The rules bring pandas, which loading the configuration does without.
    from omie_pipeline.validation.rules import checks_for

    checks = checks_for(endpoint, rules, References())
    named = {check.field for check in checks if check.expectation == _FILLED}
    named |= {name for group in endpoint.either for name in group}
    named |= {target for target, _ in endpoint.references}
    named |= {*endpoint.likeness, endpoint.document_field, endpoint.value_field}
    named |= {endpoint.section, endpoint.key_column, endpoint.integration_key}
    named |= {endpoint.by_value[0], endpoint.omie_key}
    named |= {one.name for one in endpoint.payload.fields if _demanded(one)}
    heads = {name.partition(".")[0] for name in named}
    return frozenset(name for name in known_fields(endpoint) if name in heads)


def _demanded(item: Field) -> bool:
    """Whether Omie may refuse a record without the field; what only a note needs is no matter of
    the record."""
    return item.required or item.required_when not in ("", _FOR_NOTES)


_NEEDED_LISTS: Final = frozenset(name for one in WRITABLE for name in needs_lists(one))


def has_direction(endpoint: Endpoint) -> bool:
    """Whether a list of Omie holds the same kind of record, so that both ways exist."""
    return endpoint.name in MIRROR


def refusal(endpoint: Endpoint, setting: Setting, value: Any) -> str:
    """Why a setting is not possible there, for people; ``""`` if it is.

    Args:
        endpoint: its declaration.
        setting: what is set.
        value: what it is set to.
    """
    name = endpoint.name
    if setting == "state":
        return texts.no_new_only(name) if value == "so_novos" and endpoint.deletes else ""
    if setting == "direction":
        if value == "both":
            return ""
        if not has_direction(endpoint):
            return texts.no_direction(endpoint=name, known=", ".join(_TWO_WAYS))
        return texts.list_needed(name) if value == "export" and name in _NEEDED_LISTS else ""
    if setting == "on_lookalike":
        titles = ", ".join(SETTLEMENTS)
        return "" if name in SETTLEMENTS else texts.only_titles(endpoint=name, titles=titles)
    return _field_refusal(endpoint, tuple(value))


def _field_refusal(endpoint: Endpoint, fields: tuple[str, ...]) -> str:
    if endpoint.deletes:
        return texts.no_fields_of_deletes(endpoint.name)
    known = known_fields(endpoint)
    unknown = [f"{one}{did_you_mean(one, known)}" for one in fields if one not in known]
    if unknown:
        return texts.fields_unknown(endpoint=endpoint.name, names=", ".join(unknown))
    return ""


_TWO_WAYS: Final = tuple(one.name for one in WRITABLE if has_direction(one))


class ExportChoice(BaseModel):
    """What the YAML says of one endpoint; what it does not name keeps the default.

    Attributes:
        state: ``on``, ``off`` or ``so_novos``.
        direction: ``both``, ``import`` or ``export``.
        fields: the only fields that are exported, those without which nothing works included.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    state: State | None = None
    direction: Direction | None = None
    fields: tuple[str, ...] | None = None

    @field_validator("state", mode="before")
    @classmethod
    def _words(cls, value: Any) -> Any:
        # To YAML, on and off are yes and no.
        return {True: "on", False: "off"}.get(value, value) if isinstance(value, bool) else value

    def chosen(self) -> dict[str, Any]:
        """The settings that are named, with their values."""
        return self.model_dump(exclude_none=True)


def _possible(choices: Mapping[str, ExportChoice]) -> Mapping[str, ExportChoice]:
    """The choices, if each means something at its endpoint."""
    known = [one.name for one in WRITABLE]
    for name, choice in choices.items():
        if name not in known:
            raise ValueError(texts.endpoint_unknown(name=name, like=did_you_mean(name, known)))
        for setting, value in choice.chosen().items():
            if why := refusal(REGISTRY[name], setting, value):  # type: ignore[arg-type]
                raise ValueError(why)
    return choices


ExportChoices = Annotated[Mapping[str, ExportChoice], AfterValidator(_possible)]
"""Choices by name of endpoint; one that means nothing there is refused."""
