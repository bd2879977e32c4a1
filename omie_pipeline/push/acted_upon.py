"""Records that something was done to: títulos that are settled, records that are in Omie."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import intent, ledger, rejected

UNDONE = "estornada"
"""``error_code`` of a settlement that was taken back so that its título could change."""

WAITS_FOR_TITLE = "aguarda_titulo"
"""``error_code`` of such a settlement while its título is yet to change."""


def settled(engine: sa.Engine, empresa: str, endpoint: str, titles: Collection[str]) -> set[str]:
    """Those of ``titles`` that a settlement of this ledger stands on.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        titles: codes of the títulos.
    """
    query = sa.select(ledger.c.parent_code).where(
        ledger.c.empresa == empresa,
        ledger.c.endpoint == endpoint,
        ledger.c.parent_code == sa.func.any(list(titles)),
        ledger.c.omie_id.is_not(None),
        ledger.c.state != "deleted",
    )
    with warehouse_errors(), engine.connect() as connection:
        return set(connection.execute(query).scalars())


def living_codes(
    engine: sa.Engine, empresa: str, endpoint: str, codes: Collection[str]
) -> set[str]:
    """Those of ``codes`` that Omie confirmed and that were not reversed.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        codes: integration codes.
    """
    return set(living_ids(engine, empresa, endpoint, codes))


def living_ids(
    engine: sa.Engine, empresa: str, endpoint: str, codes: Collection[str]
) -> dict[str, int | None]:
    """Code -> Omie's id of what Omie confirmed and nobody took back; ``None`` if it is no
    number.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        codes: integration codes.
    """
    query = sa.select(ledger.c.codigo_integracao, ledger.c.omie_id).where(
        ledger.c.empresa == empresa,
        ledger.c.endpoint == endpoint,
        ledger.c.codigo_integracao == sa.func.any(list(codes)),
        sa.or_(ledger.c.omie_id.is_not(None), ledger.c.omie_code.is_not(None)),
        ledger.c.state != "deleted",
    )
    with warehouse_errors(), engine.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What Omie last confirmed of a record that it holds."""

    payload_hash: str
    omie_id: int | None
    omie_code: str
    at: datetime | None


def confirmed(
    engine: sa.Engine, empresa: str, endpoint: str, codes: Collection[str]
) -> dict[str, Confirmed]:
    """What Omie last confirmed of these records, of those it holds and is known to hold so.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        codes: integration codes.
    """
    c = ledger.c
    query = sa.select(
        c.codigo_integracao, c.payload_hash, c.omie_id, c.omie_code, c.confirmed_at
    ).where(
        c.empresa == empresa,
        c.endpoint == endpoint,
        c.codigo_integracao == sa.func.any(list(codes)),
        c.state != "deleted",
        c.payload_hash.is_not(None),
        ~unclear(ledger),
    )
    with warehouse_errors(), engine.connect() as connection:
        return {
            row[0]: Confirmed(row[1], row[2], row[3] or "", row[4])
            for row in connection.execute(query)
        }


def unclear(known: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether Omie may hold something else of a record than what it confirmed last."""
    # Asked for once, not per record: a subquery that depends on the row keeps PostgreSQL from
    # comparing a million payloads in parallel.
    open_ones = sa.select(intent.c.empresa, intent.c.endpoint, intent.c.codigo_integracao).where(
        intent.c.closed_at.is_(None)
    )
    record = sa.tuple_(known.c.empresa, known.c.endpoint, known.c.codigo_integracao)
    unanswered = record.in_(open_ones)
    return sa.or_(known.c.in_doubt, unanswered)


def codes_of(
    engine: sa.Engine, empresa: str, endpoint: str, omie_ids: Collection[int]
) -> dict[int, str]:
    """Omie's id -> our code of what Omie confirmed and was not reversed.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        omie_ids: Omie's ids.
    """
    query = sa.select(ledger.c.omie_id, ledger.c.codigo_integracao).where(
        ledger.c.empresa == empresa,
        ledger.c.endpoint == endpoint,
        ledger.c.omie_id == sa.func.any(list(omie_ids)),
        ledger.c.state != "deleted",
    )
    with warehouse_errors(), engine.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def settled_by_others(
    engine: sa.Engine, empresa: str, endpoint: str, codes: Collection[str]
) -> set[str]:
    """Those of ``codes`` that a person linked to a settlement which others made in Omie.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        codes: integration codes.
    """
    query = sa.select(ledger.c.codigo_integracao).where(
        ledger.c.empresa == empresa,
        ledger.c.endpoint == endpoint,
        ledger.c.codigo_integracao == sa.func.any(list(codes)),
        ledger.c.same_as.is_not(None),
        ledger.c.state != "deleted",
    )
    with warehouse_errors(), engine.connect() as connection:
        return set(connection.execute(query).scalars())


def unanswered(engine: sa.Engine, empresa: str, endpoint: str, codes: Collection[str]) -> set[str]:
    """Those of ``codes`` with a call whose outcome is unknown.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        codes: integration codes.
    """
    query = sa.select(intent.c.codigo_integracao).where(
        intent.c.empresa == empresa,
        intent.c.endpoint == endpoint,
        intent.c.codigo_integracao == sa.func.any(list(codes)),
        intent.c.closed_at.is_(None),
    )
    with warehouse_errors(), engine.connect() as connection:
        return set(connection.execute(query).scalars())


def unanswered_titles(
    engine: sa.Engine, empresa: str, endpoint: str, titles: Collection[str]
) -> set[str]:
    """Those of ``titles`` with a settlement whose outcome is unknown.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        titles: codes of the títulos.
    """
    title = intent.c.payload[REGISTRY[endpoint].parent_field].astext
    query = sa.select(title).where(
        intent.c.empresa == empresa,
        intent.c.endpoint == endpoint,
        intent.c.closed_at.is_(None),
        title.in_(list(titles)),
    )
    with warehouse_errors(), engine.connect() as connection:
        return set(connection.execute(query).scalars())


def taken_back(engine: sa.Engine, empresa: str, endpoint: str, codes: Collection[str]) -> set[str]:
    """Those of ``codes`` that Omie confirmed once and does not hold any more.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        codes: integration codes.
    """
    query = sa.select(ledger.c.codigo_integracao).where(
        ledger.c.empresa == empresa,
        ledger.c.endpoint == endpoint,
        ledger.c.codigo_integracao == sa.func.any(list(codes)),
        ledger.c.omie_id.is_(None),
        ledger.c.confirmed_at.is_not(None),
    )
    with warehouse_errors(), engine.connect() as connection:
        return set(connection.execute(query).scalars())


def last_refusals(
    engine: sa.Engine, empresa: str, endpoint: str, codes: Collection[str]
) -> dict[str, tuple[str, str]]:
    """Code -> Omie's words and what to do, of rows that it refused last.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        codes: integration codes.
    """
    query = sa.select(
        rejected.c.codigo_integracao, rejected.c.fault_text, rejected.c.correcao
    ).where(
        rejected.c.empresa == empresa,
        rejected.c.endpoint == endpoint,
        rejected.c.codigo_integracao == sa.func.any(list(codes)),
    )
    with warehouse_errors(), engine.connect() as connection:
        return {row[0]: (row[1] or "", row[2] or "") for row in connection.execute(query)}
