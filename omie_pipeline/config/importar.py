"""What an empresa wants of Omie: the part ``importar`` of its entry in the YAML."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from omie_pipeline.catalog.lists import MIRROR, STATEMENT
from omie_pipeline.config.settings import Schedule
from omie_pipeline.imports.mirror_filter import MirrorFilter

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
                raise ValueError(f"tabela ou família desconhecida: {name} (existem: {known})")
        return agenda

    @model_validator(mode="after")
    def _is_a_window(self) -> Self:
        if self.desde and self.ate and self.desde > self.ate:
            raise ValueError("desde deve vir antes de ate")
        return self

    def schedule_of(self, tabela: str, default: Schedule) -> Schedule:
        """How often a table is read: its own setting, else its family's, else the deployment's."""
        for name in (tabela, _FAMILY_OF[tabela]):
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
