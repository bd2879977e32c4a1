"""Send again what Omie provably lost: the ledger's rows are set back under the endpoint's lane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from omie_pipeline.catalog import WRITABLE, Endpoint
from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.clock import BRASILIA, Clock
from omie_pipeline.imports.merge import WHOLE
from omie_pipeline.payload import PARTITION_COLUMN, load_payload_model, model_key
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.locks import lane, sending_lane
from omie_pipeline.postgres.omie_tables import import_partition, mirror_table
from omie_pipeline.postgres.tables import intent, ledger
from omie_pipeline.push.effects.title import forget_settlements
from omie_pipeline.push.ledger import SET_BACK
from omie_pipeline.reconcile.differences import conciliacao, require_view
from omie_pipeline.texts import reconcile as texts

# Delivered rows that Omie provably no longer has: found, and set back so that they are sent again.
#
# Proof is a complete reading that was asked a minute after Omie last took the row in (until then a
# list may show the former state, omie-api.md#stale-reads): of the day on which the record was
# included in Omie if the mirror has it, of every day on which it can have been included if it
# does not, of the whole list of clientes. A day from which a filter of the empresa kept rows out
# proves nothing about a row that was never seen.

GONE = ("falta_no_omie", "excluido_no_omie")
"""Situations of ``analise.conciliacao`` in which Omie does not have what it confirmed."""

_SETTLES = timedelta(seconds=60)
# Omie stamps the inclusion with its own clock: near midnight it may be the other day.
_CLOCKS_APART = timedelta(minutes=10)
_TIMEZONE = str(BRASILIA)


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
        sa.select(ledger.c.codigo_integracao, _is_proved(empresa, endpoint).label("proved"))
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


def _is_proved(empresa: str, endpoint: Endpoint) -> sa.ColumnElement[bool]:
    """Whether a complete reading since the ledger's confirmation covers the record."""
    if endpoint.grain == "register":
        return sa.and_(_proofs(empresa, endpoint, _particao() == WHOLE, unfiltered=True) == 1)
    t = mirror_table(MIRROR[endpoint.name])
    born = (
        sa.select(sa.func.to_char(t.c.data_particao, "YYYY-MM-DD"))
        .where(
            t.c.empresa == empresa,
            t.c[MIRROR[endpoint.name].key[0]] == ledger.c.omie_id,
            t.c.excluido_em.is_not(None),
        )
        .correlate(ledger)
        .scalar_subquery()
    )
    first = sa.func.least(ledger.c.first_seen_at, ledger.c.confirmed_at) - _CLOCKS_APART
    last = ledger.c.confirmed_at + _CLOCKS_APART
    between = _particao().between(_day(first), _day(last))
    days = sa.cast(_day(last), sa.Date) - sa.cast(_day(first), sa.Date) + 1
    return sa.case(
        (born.is_not(None), _proofs(empresa, endpoint, _particao() == born) == 1),
        (
            ledger.c.created_here,
            _proofs(empresa, endpoint, between, unfiltered=True) == days,
        ),
        else_=sa.false(),
    )


def _proofs(
    empresa: str,
    endpoint: Endpoint,
    which: sa.ColumnElement[bool],
    *,
    unfiltered: bool = False,
) -> sa.ScalarSelect[int]:
    c = import_partition.c
    query = sa.select(sa.func.count()).where(
        c.empresa == empresa,
        c.table_name == endpoint.name,
        c.read_at >= ledger.c.confirmed_at + _SETTLES,
        which,
    )
    if unfiltered:
        query = query.where(c.filtered == 0)
    return query.correlate(ledger).scalar_subquery()


def _particao() -> sa.ColumnElement[str]:
    return import_partition.c.partition


def _day(moment: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    return sa.func.to_char(sa.func.timezone(_TIMEZONE, moment), "YYYY-MM-DD")


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
