"""Which rules of the clinic the YAML of empresas switches, and where each one comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, create_model, model_validator

from omie_pipeline.validation.clinic_rules import CLINIC_RULES
from omie_pipeline.validation.model import ClinicRules

RuleSource = Literal["padrao", "arquivo", "empresa"]


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
                meant = f"você quis dizer {close[0]}?" if close else f"existem: {known}"
                raise ValueError(f"regra desconhecida: {name} ({meant})")
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
        source: ``padrao``, ``arquivo`` (the file's rules for all) or ``empresa`` (its own).
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
        "arquivo": for_all.chosen(),
        "padrao": ClinicRules().model_dump(),
    }
    found = []
    for name, text in CLINIC_RULES.items():
        source = next(source for source, values in chosen.items() if name in values)
        found.append(RuleSetting(name, chosen[source][name], source, text.significado))
    return tuple(found)


def rules_of(for_all: Choices, own: Choices) -> ClinicRules:
    """The rules that hold for one empresa."""
    return ClinicRules(**{**for_all.chosen(), **own.chosen()})
