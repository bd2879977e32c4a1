"""What an empresa wants of Omie: the part ``importar`` of its entry in the YAML."""

from __future__ import annotations

from datetime import date
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from omie_pipeline.warehouse.mirror_filter import MirrorFilter

_SIDES = {"receber": "R", "pagar": "P"}


class Importacao(BaseModel):
    """Filters of the way back; without them everything from the start date on comes in.

    Attributes:
        desde, ate: first and last day of inclusion in Omie (of emission for notas fiscais).
        somente: only receivables or only payables.
        somente_em_aberto: take a título in only while it is open; it is followed to its end.
        contas: Omie's ids of the only bank accounts wanted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    desde: date | None = None
    ate: date | None = None
    somente: Literal["receber", "pagar"] | None = None
    somente_em_aberto: bool = False
    contas: tuple[int, ...] = ()

    @model_validator(mode="after")
    def _is_a_window(self) -> Self:
        if self.desde and self.ate and self.desde > self.ate:
            raise ValueError("desde deve vir antes de ate")
        return self

    def filters(self) -> MirrorFilter:
        """The same, as the engine wants it."""
        return MirrorFilter(
            since=self.desde,
            until=self.ate,
            side=_SIDES[self.somente] if self.somente else "",
            open_only=self.somente_em_aberto,
            accounts=self.contas,
        )
