"""Send again what Omie provably lost: the ledger's rows are set back under the endpoint's lane."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from omie_pipeline.catalog import WRITABLE, Endpoint
from omie_pipeline.clock import Clock
from omie_pipeline.postgres.lanes import lane
from omie_pipeline.postgres.lanes_held import sending_lane
from omie_pipeline.reconcile.resending import Gone, gone_rows, set_back

RECONCILED: tuple[Endpoint, ...] = tuple(
    endpoint
    for endpoint in WRITABLE
    if endpoint.name in ("clientes", "contas_receber", "contas_pagar")
)
"""Endpoints that ``analise.conciliacao`` compares, in the order in which they are sent."""


@dataclass(frozen=True, slots=True)
class Reconciler:
    """What it takes to look and to set back."""

    engine: sa.Engine
    clock: Clock
    start: date

    def gone(self, empresa: str) -> tuple[Gone, ...]:
        """Delivered rows of an empresa that Omie does not have, endpoint by endpoint."""
        found = (gone_rows(self.engine, empresa, one, self.start) for one in RECONCILED)
        return tuple(one for one in found if one.proved or one.unproved)

    def set_back(self, found: Gone, on_wait: Callable[[], None] | None = None) -> int:
        """Set back the proved rows of ``found`` that still are as they were; how many.

        A push of the same endpoint goes first; what it delivered meanwhile is judged anew.
        """
        endpoint = next(one for one in RECONCILED if one.name == found.endpoint)
        name = sending_lane(found.empresa, found.endpoint)
        with lane(self.engine, name, self.clock, on_wait) as held:
            now_gone = gone_rows(held.engine, found.empresa, endpoint, self.start)
            codes = sorted(set(found.proved) & set(now_gone.proved))
            return set_back(held.engine, found.empresa, found.endpoint, codes, self.clock.now())
