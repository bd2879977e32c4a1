"""Rows of the source that cannot be identified, set aside with a reason instead of copied.

A row without a key, several different rows under one key, a line of totals: none of them stops its
table. What the copy holds of such a key stays as it is, neither changed nor deleted, until the
source is mended. Twins that are equal in every column are one row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from omie_pipeline.clinic.raw_tables import WATERMARK, raw_schema
from omie_pipeline.clinic.sources import RAW_SCHEMA, SourceTable
from omie_pipeline.clinic.staging import Stage
from omie_pipeline.texts import clinic as texts

Kind = Literal["empty_key", "empty_empresa", "doubled_key", "total_line", "column_count"]
"""Why a row is set aside."""

KEPT = "_omie_pipeline_kept"
_LISTED_LINES = 20
_LISTED_KEYS = 1000
_TOTAL = r"^\s*((sub-?\s?)?tota(l|is)(\s+geral)?|soma)\s*:?\s*$"
_TOTAL_STARTS = ("tot", "sub", "som")

SET_ASIDE = sa.Table(
    "_set_aside",
    WATERMARK.metadata,
    sa.Column("empresa", sa.Text, primary_key=True),
    sa.Column("table_name", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("lines", sa.ARRAY(sa.BigInteger), nullable=False),
    sa.Column("file", sa.Text, nullable=False),
    sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
    schema=RAW_SCHEMA,
)

Key = tuple[str | None, ...]
"""A key's values as text, in the order of ``SourceTable.key``."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """Rows of one key (or of none) that were not copied.

    Attributes:
        kind: why.
        key: the key's values as text, ``""`` if there is none; of ``empty_empresa`` the column.
        rows: how many rows.
        lines: their lines in the file, if the source is one.
        file: name of that file, ``""`` for databases.
    """

    kind: Kind
    key: str
    rows: int
    lines: tuple[int, ...] = ()
    file: str = ""


@dataclass(frozen=True, slots=True)
class UnreadLine:
    """A line of a file with another number of columns than the header; its values stay unread.

    Attributes:
        total: it is a line of totals.
    """

    line: int
    columns: int
    total: bool = False


@dataclass(frozen=True, slots=True)
class StageResult:
    """The outcome of a stage: what was set aside, and what else was not copied.

    Attributes:
        found: what was set aside.
        keys: the keys of these, if they have one.
        kept: temporary table of keys whose copies stay as they are; ``None``: there are none.
        repeated: rows that were equal to another in every column.
        blank: rows without any value.
    """

    found: tuple[SetAside, ...] = ()
    keys: tuple[Key, ...] = ()
    kept: sa.Table | None = None
    repeated: int = 0
    blank: int = 0

    def with_nameless(self, rows: int) -> StageResult:
        """The same, with as many rows without a key as all of the source has."""
        found = tuple(one for one in self.found if one.kind != "empty_key")
        return replace(self, found=(*found, SetAside("empty_key", "", rows)) if rows else found)


def hides_keys(found: Iterable[SetAside]) -> bool:
    """It is unknown which row one of these is, so no copy can be said to be gone from the
    source."""
    return any(one.kind in ("empty_key", "empty_empresa", "column_count") for one in found)


def count_nameless(connection: sa.Connection, stage: Stage, table: SourceTable) -> int:
    """Rows without a key."""
    empty = sa.or_(*(stage.table.columns[name].is_(None) for name in table.key))
    query = sa.select(sa.func.count()).select_from(stage.table).where(empty)
    return connection.execute(query).scalar_one()


def set_aside(
    connection: sa.Connection, stage: Stage, table: SourceTable, *, file: bool
) -> StageResult:
    """Takes out of the stage what cannot be copied.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        stage: the temporary table with the rows just read.
        table: declaration of the clinic's table.
        file: the source is a file, which may end in a line of totals.
    """
    columns = stage.table.columns
    key = [columns[name] for name in table.key]
    first = sa.cast(key[0], sa.Text)
    odd = sa.or_(*(column.is_(None) for column in key))
    total: sa.ColumnElement[bool] = _says_total(first) if file else sa.false()
    empty_or_total = connection.scalar(
        sa.select(sa.func.count()).select_from(stage.table).where(sa.or_(odd, total))
    )
    found: list[SetAside] = []
    blank = 0
    if empty_or_total:
        nothing = sa.and_(*(column.is_(None) for column in columns))
        blank = connection.execute(sa.delete(stage.table).where(nothing)).rowcount
        if file:
            shown = sa.func.coalesce(*(sa.cast(column, sa.Text) for column in columns))
            says_total = shown.regexp_match(_TOTAL, flags="i")
            lines = connection.execute(
                sa.delete(stage.table)
                .where(sa.or_(total, sa.and_(odd, says_total)))
                .returning(first)
            ).scalars()
            found += _counted("total_line", [text or "" for text in lines])
        empty = connection.execute(sa.delete(stage.table).where(odd)).rowcount
        if empty:
            found.append(SetAside("empty_key", "", empty))
    doubled = sa.select(*key).group_by(*key).having(sa.func.count() > 1)
    if connection.execute(doubled.limit(1)).first() is None:
        return StageResult(tuple(found), (), None, 0, blank)
    twins, keys, kept, repeated = _twins(connection, stage, table)
    return StageResult((*found, *twins), keys, kept, repeated, blank)


def _says_total(first: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    return sa.and_(
        sa.func.lower(sa.func.left(sa.func.ltrim(first), 3)).in_(_TOTAL_STARTS),
        first.regexp_match(_TOTAL, flags="i"),
    )


def any_total(connection: sa.Connection, stage: Stage, table: SourceTable) -> bool:
    """Whether a line of totals stands where a key should be.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        stage: the rows just read, of a file.
        table: declaration of the clinic's table.
    """
    first = sa.cast(stage.table.columns[table.key[0]], sa.Text)
    found = sa.exists().select_from(stage.table).where(_says_total(first))
    return bool(connection.scalar(sa.select(found)))


def is_total(text: str) -> bool:
    """Whether a line that begins with ``text`` is one of totals."""
    return re.match(_TOTAL, text, re.IGNORECASE) is not None


def _counted(kind: Kind, shown: Sequence[str]) -> list[SetAside]:
    return [SetAside(kind, text, shown.count(text)) for text in dict.fromkeys(shown)]


def _twins(
    connection: sa.Connection, stage: Stage, table: SourceTable
) -> tuple[list[SetAside], tuple[Key, ...], sa.Table, int]:
    """Drops repetitions, then moves keys with different rows out of the stage."""
    columns = stage.table.columns
    key = [columns[name] for name in table.key]
    ctid: sa.ColumnElement[Any] = sa.literal_column(f"{stage.table.name}.ctid")
    whole = sa.cast(sa.func.row(*columns), sa.Text)
    order = sa.func.row_number().over(partition_by=[*key, whole], order_by=ctid)
    doubled = sa.select(*key).group_by(*key).having(sa.func.count() > 1).subquery()
    of_doubled = sa.and_(*(columns[name] == doubled.c[name] for name in table.key))
    ordered = (
        sa.select(ctid.label("at"), order.label("nth"))
        .select_from(stage.table.join(doubled, of_doubled))
        .subquery()
    )
    again = sa.select(ordered.c.at).where(ordered.c.nth > 1)
    repeated = connection.execute(sa.delete(stage.table).where(ctid.in_(again))).rowcount
    kept = sa.Table(
        KEPT,
        sa.MetaData(),
        *(sa.Column(name, columns[name].type) for name in table.key),
        prefixes=["TEMPORARY"],
        postgresql_on_commit="DROP",
    )
    connection.execute(sa.schema.CreateTable(kept))
    still = sa.select(*key).group_by(*key).having(sa.func.count() > 1)
    connection.execute(sa.insert(kept).from_select(list(table.key), still))
    of_kept = sa.and_(*(columns[name] == kept.c[name] for name in table.key))
    shown = [sa.cast(column, sa.Text) for column in key]
    counted = connection.execute(
        sa.select(*shown, sa.func.count())
        .select_from(stage.table.join(kept, of_kept))
        .group_by(*shown)
        .order_by(*shown)
    ).all()
    connection.execute(sa.delete(stage.table).where(sa.exists().where(of_kept)))
    keys: list[Key] = []
    found = []
    for row in counted:
        values: list[Any] = list(row)
        rows = int(values.pop())
        keys.append(tuple(values))
        found.append(SetAside("doubled_key", shown_key(keys[-1]), rows))
    return found, tuple(keys), kept, repeated


def shown_key(key: Sequence[str | None]) -> str:
    """A key as a person reads it: its parts with a slash between them."""
    return "/".join("" if part is None else part for part in key)


def remember(
    connection: sa.Connection,
    empresa: str,
    table: SourceTable,
    found: Sequence[SetAside],
    part: Stage | None = None,
) -> None:
    """Renews what is set aside of one table; what is no longer found is forgotten.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose rows are meant.
        table: declaration of the clinic's table.
        found: rows that were set aside.
        part: the rows that were looked at, if these were not all.
    """
    c = SET_ASIDE.c
    mine = (c.empresa == empresa, c.table_name == table.name)
    _write(connection, empresa, table, found)
    seen: sa.ColumnElement[bool] = sa.true()
    if part is not None:
        parts = [sa.cast(part.table.columns[name], sa.Text) for name in table.key]
        of_part = c.key.in_(sa.select(sa.func.concat_ws("/", *parts)))
        seen = sa.or_(of_part, c.kind == "empty_empresa")  # counted over the whole table
    connection.execute(sa.delete(SET_ASIDE).where(*mine, seen, c.last_seen_at < sa.func.now()))


def _write(
    connection: sa.Connection, empresa: str, table: SourceTable, found: Sequence[SetAside]
) -> None:
    for one in found[:_LISTED_KEYS]:
        values = {
            "rows": one.rows,
            "lines": list(one.lines[:_LISTED_LINES]),
            "file": one.file,
            "last_seen_at": sa.func.now(),
        }
        insert = pg.insert(SET_ASIDE).values(
            empresa=empresa,
            table_name=table.name,
            kind=one.kind,
            key=one.key,
            first_seen_at=sa.func.now(),
            **values,
        )
        connection.execute(
            insert.on_conflict_do_update(index_elements=list(SET_ASIDE.primary_key), set_=values)
        )


def remember_key(
    connection: sa.Connection,
    empresa: str,
    table: SourceTable,
    key: Key,
    found: Sequence[SetAside],
) -> None:
    """Renews what is set aside of one key, of which all rows were read; the rest stays as it is.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose rows are meant.
        table: declaration of the clinic's table.
        key: the key.
        found: its rows that were set aside.
    """
    c = SET_ASIDE.c
    _write(connection, empresa, table, found)
    before = (c.empresa == empresa, c.table_name == table.name, c.key == shown_key(key))
    connection.execute(sa.delete(SET_ASIDE).where(*before, c.last_seen_at < sa.func.now()))


def set_aside_of(connection: sa.Connection, empresa: str, table: SourceTable) -> frozenset[str]:
    """The doubled keys, as shown, that an earlier read set aside."""
    query = sa.select(SET_ASIDE.c.key).where(
        SET_ASIDE.c.empresa == empresa,
        SET_ASIDE.c.table_name == table.name,
        SET_ASIDE.c.kind == "doubled_key",
    )
    return frozenset(connection.execute(query).scalars())


@dataclass(frozen=True, slots=True)
class SetAsideEntry:
    """One line of the list that a person works through; see :class:`SetAside`."""

    empresa: str
    table: str
    what: SetAside
    first_seen_at: datetime
    last_seen_at: datetime


def listed(
    engine: sa.Engine, empresas: Sequence[str] = (), limit: int | None = None
) -> tuple[SetAsideEntry, ...]:
    """What is set aside now, those first seen last on top; nothing before the first extract."""
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table(SET_ASIDE.name, schema=raw_schema(connection)):
            return ()
        c = SET_ASIDE.c
        query = sa.select(SET_ASIDE).order_by(c.first_seen_at.desc(), c.table_name, c.kind, c.key)
        if empresas:
            query = query.where(c.empresa.in_(empresas))
        rows = connection.execute(query.limit(limit)).all()
    return tuple(_entry(row) for row in rows if row.kind in get_args(Kind))


def _entry(row: sa.Row[Any]) -> SetAsideEntry:
    what = SetAside(row.kind, row.key, row.rows, tuple(row.lines), row.file)
    return SetAsideEntry(row.empresa, row.table_name, what, row.first_seen_at, row.last_seen_at)


def reason_of(what: SetAside) -> tuple[str, str]:
    """Why, and what to do about it, in Portuguese."""
    text, fix = texts.REASONS[what.kind]
    told = text.format(rows=what.rows, key=what.key)
    if not what.lines:
        return told, fix
    some = ", ".join(map(str, what.lines))
    more = texts.AND_OTHERS if what.rows > len(what.lines) else ""
    word = "linha" if len(what.lines) == 1 else "linhas"
    return f"{told} ({what.file}, {word} {some}{more})", fix
