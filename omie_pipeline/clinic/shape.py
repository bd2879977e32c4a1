"""The copy's shape against the source's: columns that came, went or changed their type.

A copy that must be made anew steps aside under another name first: the staging models of dbt are
views that hang on it, and so may be an analyst's own. They read the old rows until they are built
again; what nothing hangs on any more is dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
import sqlalchemy as sa
from psycopg import sql

from omie_pipeline.clinic.failures import ClinicSourceError
from omie_pipeline.clinic.raw_tables import (
    EMPRESA,
    EXTRACTED_AT,
    POSTGRES_TYPES,
    RawColumn,
    create_raw_table,
    is_ours,
    psycopg_connection,
    raw_schema,
    refuse_foreign,
)
from omie_pipeline.clinic.sources import RAW_SCHEMA, SourceTable
from omie_pipeline.texts import clinic as texts

_IDENTIFIER_BYTES = 63
_OLD = "_antiga_"
_KEEPS_VALUES = frozenset(
    {
        ("bigint", "numeric"),
        ("double precision", "numeric"),
        ("bigint", "double precision"),
        ("date", "timestamp"),
    }
)
"""Casts that any value survives; to text all do."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How a copy differs from its source.

    Attributes:
        copied: the copy exists.
        grew: columns that only the source has.
        gone: columns that only the copy has and that still hold values of the empresa.
        retyped: columns whose type the copy cannot hold.
        rekeyed: the copy was made with another key.
    """

    copied: bool = False
    grew: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    retyped: tuple[str, ...] = ()
    rekeyed: bool = False


def shape_of(
    connection: sa.Connection, table: SourceTable, columns: Sequence[RawColumn], empresa: str
) -> Shape:
    """Compares the copy in the database with what the source has now.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        table: declaration of the clinic's table.
        columns: the columns of the source now.
        empresa: the empresa whose rows are meant.

    Raises:
        ConfigurationError: the table of that name is none of ours.
    """
    inspector = sa.inspect(connection)
    schema = raw_schema(connection)
    if not inspector.has_table(table.name, schema=schema):
        return Shape()
    refuse_foreign(connection, table.name)
    types = _types(connection, table.name)
    key = inspector.get_pk_constraint(table.name, schema=schema)["constrained_columns"]
    names = {column.name for column in columns}
    extra = [name for name in types if name not in names | {EMPRESA, EXTRACTED_AT}]
    return Shape(
        copied=True,
        grew=tuple(column.name for column in columns if column.name not in types),
        gone=tuple(name for name in extra if _holds(connection, table.name, name, empresa)),
        retyped=tuple(
            column.name
            for column in columns
            if types.get(column.name, "text") not in ("text", column.postgres)
        ),
        rekeyed=set(key) != {EMPRESA, *table.key},
    )


def _types(connection: sa.Connection, name: str) -> dict[str, str]:
    """Column types of the copy, by our names."""
    dialect = connection.dialect
    by_text = {type_.compile(dialect=dialect): ours for ours, type_ in POSTGRES_TYPES.items()}
    return {
        one["name"]: by_text.get(one["type"].compile(dialect=dialect), "")
        for one in sa.inspect(connection).get_columns(name, schema=raw_schema(connection))
    }


def _holds(connection: sa.Connection, name: str, column: str, empresa: str) -> bool:
    raw = sa.table(name, sa.column(EMPRESA), sa.column(column), schema=RAW_SCHEMA)
    filled = sa.exists().where(raw.c[EMPRESA] == empresa, raw.c[column].is_not(None))
    return bool(connection.scalar(sa.select(filled)))


def refuse_gone(shape: Shape, table: SourceTable) -> None:
    """A column that the source lost would deliver its last values for ever.

    Raises:
        ClinicSourceError: names the columns and what to type.
    """
    if not shape.gone:
        return
    one = len(shape.gone) == 1
    what = texts.THE_COLUMN if one else texts.THE_COLUMNS
    new = texts.new_columns(", ".join(shape.grew)) if shape.grew else ""
    raise ClinicSourceError(
        texts.columns_gone(table=table.name, what=what, columns=", ".join(shape.gone), new=new)
    )


def remake(
    connection: sa.Connection,
    table: SourceTable,
    columns: Sequence[RawColumn],
    empresa: str,
    *,
    recopy: bool = False,
) -> None:
    """Makes the copy anew and keeps its rows; the caller holds the table's lock.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        table: declaration of the clinic's table.
        columns: columns of the source now.
        empresa: whose rows are about to be read in full.
        recopy: a person asked for it: columns the source lost go, and the empresa's rows with
            them if they do not fit the new key.

    Raises:
        ClinicSourceError: rows that are kept do not fit the new key.
    """
    old_name = _step_aside(connection, table.name)
    before = _types(connection, old_name)
    old = sa.table(old_name, *(sa.column(name) for name in before), schema=RAW_SCHEMA)
    named = {column.name for column in columns} | {EMPRESA, EXTRACTED_AT}
    lost = [name for name in before if name not in named]
    others = old.c[EMPRESA] != empresa
    if recopy:
        lost = [name for name in lost if _any(connection, old, others, old.c[name].is_not(None))]
    made = list(columns)
    if _any(connection, old):
        made = [_widened(column, before.get(column.name)) for column in columns]
    made += [RawColumn(name, before[name]) for name in lost]
    new = create_raw_table(connection, table.name, made, table.key)
    try:
        with connection.begin_nested():
            _keep_rows(connection, old, new, sa.true())
    except sa.exc.IntegrityError:
        if not recopy:
            raise ClinicSourceError(
                texts.key_changed(table=table.name, key=", ".join(table.key))
            ) from None
        _keep_rows(connection, old, new, others)
    if recopy and lost:
        mine = new.c[EMPRESA] == empresa
        connection.execute(sa.update(new).where(mine).values(dict.fromkeys(lost)))
    drop_old(connection, table.name)


def _any(
    connection: sa.Connection, table: sa.TableClause, *conditions: sa.ColumnElement[bool]
) -> bool:
    found = sa.select(sa.literal(1)).select_from(table).where(*conditions)
    return bool(connection.scalar(sa.select(found.exists())))


def _widened(column: RawColumn, before: str | None) -> RawColumn:
    if before in (None, column.postgres) or (before, column.postgres) in _KEEPS_VALUES:
        return column
    return RawColumn(column.name, "text", column.comment)


def _keep_rows(
    connection: sa.Connection, old: sa.TableClause, new: sa.Table, kept: sa.ColumnElement[bool]
) -> None:
    shared = [column for column in new.columns if column.name in old.c]
    rows = sa.select(*(sa.cast(old.c[column.name], column.type) for column in shared)).where(kept)
    connection.execute(sa.insert(new).from_select([one.name for one in shared], rows))


def _step_aside(connection: sa.Connection, name: str) -> str:
    """Renames the copy; returns its new name."""
    there = set(sa.inspect(connection).get_table_names(schema=raw_schema(connection)))
    number = 1
    while (old := _old_name(name, number)) in there:
        number += 1
    psycopg_connection(connection).execute(
        sql.SQL("ALTER TABLE {} RENAME TO {}").format(
            sql.Identifier(raw_schema(connection), name), sql.Identifier(old)
        )
    )
    return old


def _old_name(name: str, number: int) -> str:
    ending = f"_{number}"
    kept = f"{_OLD}{name}".encode()[: _IDENTIFIER_BYTES - len(ending)].decode(errors="ignore")
    return kept + ending


def drop_old(connection: sa.Connection, name: str) -> tuple[str, ...]:
    """Drops copies that stepped aside and that nothing hangs on; returns those that stay.

    A table that only has such a name belongs to others.
    """
    start = _old_name(name, 1).removesuffix("1")
    stay = []
    for old in sa.inspect(connection).get_table_names(schema=raw_schema(connection)):
        if not (old.startswith(start) and old.removeprefix(start).isdecimal()):
            continue
        if not is_ours(connection, old):
            continue
        statement = sql.SQL("DROP TABLE {}").format(sql.Identifier(raw_schema(connection), old))
        try:
            with psycopg_connection(connection).transaction():
                psycopg_connection(connection).execute(statement)
        except psycopg.errors.DependentObjectsStillExist:
            stay.append(old)
    return tuple(stay)
