"""``on_lookalike: adopt``: a título that a person typed into Omie is taken for the clinic's own.

Omie has no method that gives a título a code (omie-api.md#integration-codes; ADR 0031). Only the
ledger links the two, and from then on the título is named by Omie's id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import sqlalchemy as sa

from omie_pipeline.catalog import Endpoint
from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.payload import PlanRow, RowOutcome
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.omie_tables import import_cursor, mirror_table
from omie_pipeline.postgres.tables import intent, ledger
from omie_pipeline.push.checks import PlanCheck
from omie_pipeline.push.conflicts import titulo_parecido
from omie_pipeline.push.plan import refused_row
from omie_pipeline.push.renamed_codes import new_rows
from omie_pipeline.texts import push as texts

# Títulos that a person typed into Omie, beside those that a plan would make.

_CLOSED = ("RECEBIDO", "PAGO", "LIQUIDADO", "CANCELADO")
_CHUNK_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class Lookalike:
    """A planned título and those of Omie's that may be the same.

    Attributes:
        omie_ids: of open títulos without a code; several, or one that other rows could be as well,
            are for a person to tell apart.
        shared: whether another row of the plan could be the same título.
    """

    row: PlanRow
    omie_ids: tuple[int, ...]
    shared: bool

    @property
    def certain(self) -> bool:
        return len(self.omie_ids) == 1 and not self.shared


def was_read(engine: sa.Engine, empresa: str, endpoint: Endpoint) -> bool:
    """Whether the list was ever read; before that, what people typed in Omie is unknown."""
    query = sa.select(import_cursor.c.read_until).where(
        import_cursor.c.empresa == empresa, import_cursor.c.table_name == endpoint.name
    )
    with warehouse_errors(), engine.connect() as connection:
        return connection.execute(query).scalar_one_or_none() is not None


def lookalikes(
    engine: sa.Engine, run_id: str, empresa: str, endpoint: Endpoint, days: int
) -> list[Lookalike]:
    """Rows of the plan that would make a título which is in Omie under no code.

    Args:
        engine: the warehouse.
        run_id: id of the run.
        empresa: the empresa whose rows are meant.
        endpoint: its declaration.
        days: by how many the due dates may differ.
    """
    found: list[tuple[PlanRow, tuple[int, ...]]] = []
    for rows in new_rows(engine, run_id, _CHUNK_ROWS):
        found += _of_chunk(engine, empresa, endpoint, rows, days)
    claims = Counter(omie_id for _, ids in found for omie_id in ids)
    return [Lookalike(row, ids, any(claims[one] > 1 for one in ids)) for row, ids in found]


def _of_chunk(
    engine: sa.Engine, empresa: str, endpoint: Endpoint, rows: Sequence[PlanRow], days: int
) -> Iterator[tuple[PlanRow, tuple[int, ...]]]:
    clients = _clients(engine, empresa, rows)
    t = mirror_table(MIRROR[endpoint.name])
    taken = sa.or_(
        sa.exists().where(
            ledger.c.empresa == empresa,
            ledger.c.endpoint == endpoint.name,
            ledger.c.omie_id == t.c.codigo_lancamento_omie,
            ledger.c.state != "deleted",
        ),
        # Adopted by a call whose answer is awaited still.
        sa.exists().where(
            intent.c.empresa == empresa,
            intent.c.endpoint == endpoint.name,
            intent.c.omie_id == t.c.codigo_lancamento_omie,
            intent.c.closed_at.is_(None),
        ),
    )
    query = (
        sa.select(
            t.c.codigo_lancamento_omie,
            t.c.codigo_cliente_fornecedor,
            t.c.valor_documento,
            t.c.data_vencimento,
        )
        .where(
            t.c.empresa == empresa,
            t.c.excluido_em.is_(None),
            sa.func.coalesce(t.c.codigo_integracao, "") == "",
            t.c.codigo_cliente_fornecedor == sa.func.any(sorted(set(clients.values()))),
            sa.func.upper(sa.func.coalesce(t.c.status_titulo, "")).not_in(_CLOSED),
            ~taken,
        )
        .order_by(t.c.codigo_lancamento_omie)
    )
    by_money: dict[tuple[int, Decimal], list[tuple[int, date]]] = {}
    with warehouse_errors(), engine.connect() as connection:
        for one in connection.execute(query):
            if one.valor_documento is not None and one.data_vencimento is not None:
                money = (one.codigo_cliente_fornecedor, Decimal(one.valor_documento))
                title = (one.codigo_lancamento_omie, one.data_vencimento)
                by_money.setdefault(money, []).append(title)
    for row in rows:
        client, due = clients.get(row.number), _day(row.payload.get("data_vencimento"))
        value = row.payload.get("valor_documento")
        if client is None or due is None or value is None:
            continue
        alike = by_money.get((client, Decimal(str(value))), [])
        ids = tuple(one for one, day in alike if abs((day - due).days) <= days)
        if ids:
            yield row, ids


def _clients(engine: sa.Engine, empresa: str, rows: Sequence[PlanRow]) -> dict[int, int]:
    """``number`` -> Omie's id of the customer."""
    named = {row.number: row.payload.get("codigo_cliente_fornecedor_integracao") for row in rows}
    query = sa.select(ledger.c.codigo_integracao, ledger.c.omie_id).where(
        ledger.c.empresa == empresa,
        ledger.c.endpoint == "clientes",
        ledger.c.codigo_integracao == sa.func.any([str(code) for code in named.values() if code]),
        ledger.c.omie_id.is_not(None),
        ledger.c.state != "deleted",
    )
    with warehouse_errors(), engine.connect() as connection:
        ids = {row[0]: row[1] for row in connection.execute(query)}
    found = {number: ids[code] for number, code in named.items() if code in ids}
    for row in rows:
        own = row.payload.get("codigo_cliente_fornecedor")
        if row.number not in found and isinstance(own, int):
            found[row.number] = own
    return found


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


_ADOPTED_AT_ONCE = 20_000


def adopt_lookalikes(check: PlanCheck) -> int:
    """Plan to adopt what is certain; put to a person what could be several.

    Returns:
        How many rows were quarantined.
    """
    scope = check.scope
    engine, empresa, endpoint = scope.engine, scope.empresa, scope.endpoint
    if not was_read(engine, empresa, endpoint):
        text = texts.list_never_read(endpoint.name)
        for rows in new_rows(engine, scope.run_id, _ADOPTED_AT_ONCE):
            waiting = [
                RowOutcome(row, "held", error=text, error_code="reference", called=False)
                for row in rows
            ]
            check.hold(waiting)
        return 0
    found = lookalikes(engine, scope.run_id, empresa, endpoint, check.policy.lookalike_days)
    check.ledger.adopt({one.row.number: one.omie_ids[0] for one in found if one.certain})
    unclear = [one for one in found if not one.certain]
    check.refuse(
        [
            refused_row(one.row, [titulo_parecido(endpoint.name, one.row.code, one.omie_ids)])
            for one in unclear
        ]
    )
    return len(unclear)
