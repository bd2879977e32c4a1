"""Send again what Omie provably lost: the ledger's rows are set back under the endpoint's lane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from omie_pipeline.catalog import WRITABLE, Endpoint
from omie_pipeline.clock import Clock
from omie_pipeline.imports.covered import is_covered
from omie_pipeline.payload import PARTITION_COLUMN, load_payload_model, model_key
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.locks import lane, sending_lane
from omie_pipeline.postgres.tables import intent, ledger
from omie_pipeline.push.effects.title import forget_settlements
from omie_pipeline.push.ledger import SET_BACK
from omie_pipeline.reconcile.differences import conciliacao, require_view
from omie_pipeline.texts import reconcile as texts

# Delivered rows that Omie provably no longer has: found, and set back so that they are sent again.
# What proves it: :mod:`omie_pipeline.imports.covered`.

GONE = ("falta_no_omie", "excluido_no_omie")
"""Situations of ``analise.conciliacao`` in which Omie does not have what it confirmed."""


@dataclass(frozen=True, slots=True)
class LostRows:
    """Delivered rows of one endpoint that Omie does not have.

    Attributes:
        proved: integration codes that may be sent again.
        unproved: integration codes that no complete reading since their delivery covers.
    """

    empresa: str
    endpoint: str
    proved: tuple[str, ...]
    unproved: tuple[str, ...]


def gone_rows(engine: sa.Engine, empresa: str, endpoint: Endpoint, start: date) -> LostRows:
    """Rows of the clinic that were delivered and that Omie no longer has.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        endpoint: its declaration.
        start: facts before it are never sent, so they are not found either.

    Raises:
        ConfigurationError: the views are not there yet.
        ModelError: the payload model is not there.
    """
    require_view(engine, conciliacao.name)
    model = load_payload_model(engine, endpoint)
    p, c = model.table(), conciliacao.c
    in_model = [p.c.empresa == empresa, model_key(model, p) == ledger.c.codigo_integracao]
    if endpoint.grain == "fact":
        in_model.append(p.c[PARTITION_COLUMN] >= start)
    unclear = sa.exists().where(
        intent.c.empresa == empresa,
        intent.c.endpoint == endpoint.name,
        intent.c.codigo_integracao == ledger.c.codigo_integracao,
        intent.c.closed_at.is_(None),
    )
    query = (
        sa.select(ledger.c.codigo_integracao, is_covered(empresa, endpoint, ledger).label("proved"))
        .where(
            ledger.c.empresa == empresa,
            ledger.c.endpoint == endpoint.name,
            ledger.c.state == "confirmed",
            ledger.c.codigo_integracao.in_(
                sa.select(c.codigo_integracao).where(
                    c.empresa == empresa,
                    c.endpoint == endpoint.name,
                    c.situacao.in_(GONE),
                    c.entregue,
                )
            ),
            sa.exists().where(*in_model),
            ~unclear,
        )
        .order_by(ledger.c.codigo_integracao)
    )
    with warehouse_errors(), engine.connect() as connection:
        found = connection.execute(query).all()
    return LostRows(
        empresa,
        endpoint.name,
        tuple(row.codigo_integracao for row in found if row.proved),
        tuple(row.codigo_integracao for row in found if not row.proved),
    )


def set_back(
    engine: sa.Engine, empresa: str, endpoint: str, codes: Sequence[str], now: datetime
) -> int:
    """Forget that Omie has these rows: held, without hash and id, so that the next push sends them.

    To be called while holding the endpoint's lane. A push upserts by integration code, so that a
    row that Omie has after all is changed and never doubled. The settlements of a título are set
    back with it; before each is sent again, Omie is asked whether it stands after all.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        codes: integration codes.
        now: time of the change.
    """
    statement = (
        sa.update(ledger)
        .where(
            ledger.c.empresa == empresa,
            ledger.c.endpoint == endpoint,
            ledger.c.codigo_integracao.in_(codes),
            ledger.c.state == "confirmed",
        )
        .values(
            state="held",
            payload_hash=None,
            omie_id=None,
            same_as=None,
            last_error=texts.NOT_IN_OMIE,
            error_code=SET_BACK,
            held_until=None,
            updated_at=now,
        )
        .returning(ledger.c.codigo_integracao)
    )
    with warehouse_errors(), engine.begin() as connection:
        named: list[str] = list(connection.execute(statement).scalars())
        forget_settlements(connection, empresa, endpoint, named, now)
    return len(named)


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

    def gone(self, empresa: str) -> tuple[LostRows, ...]:
        """Delivered rows of an empresa that Omie does not have, endpoint by endpoint."""
        found = (gone_rows(self.engine, empresa, one, self.start) for one in RECONCILED)
        return tuple(one for one in found if one.proved or one.unproved)

    def set_back(self, found: LostRows, on_wait: Callable[[], None] | None = None) -> int:
        """Set back the proved rows of ``found`` that still are as they were; how many.

        A push of the same endpoint goes first; what it delivered meanwhile is judged anew.
        """
        endpoint = next(one for one in RECONCILED if one.name == found.endpoint)
        name = sending_lane(found.empresa, found.endpoint)
        with lane(self.engine, name, self.clock, on_wait) as held:
            now_gone = gone_rows(held.engine, found.empresa, endpoint, self.start)
            codes = sorted(set(found.proved) & set(now_gone.proved))
            return set_back(held.engine, found.empresa, found.endpoint, codes, self.clock.now())
