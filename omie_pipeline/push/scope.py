"""Whose rows a run handles, and how one of them is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from omie_pipeline.catalog import Endpoint
from omie_pipeline.omie.masking import mask
from omie_pipeline.payload.rows import PlanRow
from omie_pipeline.push.quarantine import RefusedRow, store_refused
from omie_pipeline.validation.model import Reason


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows a run handles."""

    engine: sa.Engine
    run_id: str
    empresa: str
    endpoint: Endpoint

    def refuse(self, rows: Sequence[RefusedRow], now: datetime, *, store: bool) -> None:
        """Quarantine rows; without ``store`` only the plan is marked."""
        store_refused(
            self.engine, self.run_id, self.empresa, self.endpoint.name, rows, now, persist=store
        )


def refused_row(row: PlanRow, reasons: Sequence[Reason]) -> RefusedRow:
    """A row for quarantine with its reasons in words.

    They quote the source as it is, where a document may stand in place of a number: who shows
    them anywhere but in the list of quarantine masks them.
    """
    told = [
        {"campo": r.field, "regra": r.rule, "motivo": r.motivo, "correcao": r.correcao}
        for r in reasons
    ]
    return RefusedRow(row, told, mask(dict(row.payload)))
