"""What dbt could not read of the clinic's tables, by column; rows without an empresa."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from omie_pipeline.payload import UNREAD_COLUMN
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.schemas import CLINIC, schemas_of

_SHOWN_IDS = 3


@dataclass(frozen=True, slots=True)
class UnreadColumn:
    """Values of one column that could not be read, of one kind.

    Attributes:
        table: the canonical table.
        column: its column there.
        source_column: the clinic's own name of it.
        kind: what the values should have been.
        values: how many there are.
        example: one of them, as the source has it.
    """

    table: str
    column: str
    source_column: str
    kind: str
    values: int
    example: str


@dataclass(frozen=True, slots=True)
class RowsOfNobody:
    """Rows of a canonical table that say no empresa: nothing ever sends them.

    Attributes:
        ids: some of them.
    """

    table: str
    rows: int
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """How the clinic's tables could be read, as they are now."""

    unread: tuple[UnreadColumn, ...]
    unowned: tuple[RowsOfNobody, ...]


def clinic_reading(engine: sa.Engine, schema: str = CLINIC) -> Reading:
    """Look at every canonical table once; tables that were not built have nothing to tell."""
    unread: list[UnreadColumn] = []
    unowned: list[RowsOfNobody] = []
    with warehouse_errors(), engine.connect() as connection:
        for table in _tables(connection, schema):
            rows = (
                sa.select(table.c.empresa, table.c.id, table.c[UNREAD_COLUMN].label("unread"))
                .where(sa.or_(table.c.empresa.is_(None), table.c[UNREAD_COLUMN].is_not(None)))
                .cte("rows")
                .prefix_with("MATERIALIZED")
            )
            unread += _unread(connection, table.name, rows)
            unowned += _unowned(connection, table.name, rows)
    return Reading(tuple(unread), tuple(unowned))


def _tables(connection: sa.Connection, schema: str) -> list[sa.TableClause]:
    found: sa.ScalarResult[str] = connection.scalars(
        sa.text(
            "SELECT table_name FROM information_schema.columns"
            " WHERE table_schema = :schema AND column_name = :column ORDER BY table_name"
        ),
        {"schema": schemas_of(connection).name(schema), "column": UNREAD_COLUMN},
    )
    columns: list[sa.ColumnClause[Any]] = [
        sa.column("empresa", sa.Text), sa.column("id", sa.Text), sa.column(UNREAD_COLUMN, JSONB)
    ]  # fmt: skip
    return [
        sa.table(name, *(sa.column(one.name, one.type) for one in columns), schema=schema)
        for name in found.all()
    ]


def _unread(connection: sa.Connection, table: str, rows: sa.CTE) -> list[UnreadColumn]:
    entry = sa.func.jsonb_array_elements(rows.c.unread).table_valued(
        sa.column("value", JSONB), name="entry"
    )
    parts = [
        entry.c.value[name].astext.label(name)
        for name in ("column", "source_column", "kind", "text")
    ]
    one = sa.select(*parts).select_from(rows).join(entry, sa.true()).subquery()
    keys = (one.c.column, one.c.source_column, one.c.kind)
    query = sa.select(*keys, sa.func.count(), sa.func.min(one.c.text)).group_by(*keys)
    found = connection.execute(query.order_by(*keys))
    return [
        UnreadColumn(table, str(row[0]), str(row[1]), str(row[2]), int(row[3]), str(row[4]))
        for row in found.all()
    ]


def _unowned(connection: sa.Connection, table: str, rows: sa.CTE) -> list[RowsOfNobody]:
    nobody = rows.c.empresa.is_(None)
    count = connection.execute(sa.select(sa.func.count()).where(nobody)).scalar_one()
    if not count:
        return []
    ids = sa.select(rows.c.id).where(nobody, rows.c.id.is_not(None)).order_by(rows.c.id)
    shown: list[str] = list(connection.scalars(ids.limit(_SHOWN_IDS)))
    return [RowsOfNobody(table, count, tuple(shown))]
