"""Whether source and copy have the same keys, found without reading a row.

An incremental read sees what has a new ``updated_at`` and nothing else: no row that was deleted, no
row that came late with an old stamp, no second row under a key. All of these show in the keys. The
source counts them and adds up a digest of each (the sum does not depend on the order); only if
that differs from what the copy will hold are the keys read, and of the rows those alone that the
keys ask for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.dialects import postgresql as pg

from omie_pipeline.clinic.raw_tables import EMPRESA
from omie_pipeline.clinic.set_aside import Key
from omie_pipeline.clinic.sources import SourceTable
from omie_pipeline.clinic.staging import Stage

MOST_FETCHED = 5_000
"""Rows fetched by key; if more are wanted a full read costs less."""

_BETWEEN = "\x1f"
_HEX_DIGITS = 8


Method = Literal["hashtext", "md5"]
"""How a key becomes a number: PostgreSQL's own hash, or the first 32 bits of an MD5."""


@dataclass(frozen=True, slots=True)
class KeyDigest:
    """How many rows, and the sum of their keys' digests by one method."""

    rows: int
    total: int
    method: Method


@dataclass(frozen=True, slots=True)
class SourceSummary:
    """What a source says of a table before any row is read.

    Attributes:
        newest: the latest ``updated_at``, as ``ClinicReader.newest_change`` has it.
        changed: rows of which ``updated_at`` says that they may have changed, or nothing.
        keys: count and digest of all keys; ``None`` if the source cannot compute them.
    """

    newest: datetime | None
    changed: int
    keys: KeyDigest | None


@dataclass(frozen=True, slots=True)
class DigestQuery:
    """What to select from a source: its count and the sum of its keys' digests."""

    method: Method
    rows: sa.ColumnElement[Any]
    total: sa.ColumnElement[Any]


def digest_query(key: Sequence[sa.ColumnElement[Any]], dialect: str) -> DigestQuery | None:
    """Count and digest as a source of this dialect computes them; ``None``: it cannot.

    A server that hashes otherwise than the warehouse costs a reading of the keys, no more.
    """
    if dialect == "postgresql":
        return DigestQuery("hashtext", sa.func.count(), _sum_in_postgresql(key, "hashtext"))
    if dialect in ("mysql", "mariadb"):
        text = sa.func.concat_ws(_BETWEEN, *(sa.cast(part, mysql.CHAR()) for part in key))
        number = sa.func.conv(sa.func.substr(sa.func.md5(text), 1, _HEX_DIGITS), 16, 10)
        total = sa.func.sum(sa.cast(number, mysql.INTEGER(unsigned=True)))
        return DigestQuery("md5", sa.func.count(), total)
    return None


def _sum_in_postgresql(
    key: Sequence[sa.ColumnElement[Any]], method: Method
) -> sa.ColumnElement[Any]:
    texts = [sa.cast(part, sa.Text) for part in key]
    text = texts[0] if len(texts) == 1 else sa.func.concat_ws(_BETWEEN, *texts)
    number: sa.ColumnElement[Any] = sa.func.hashtext(text)
    if method == "md5":
        digits = sa.func.concat("x", sa.func.substr(sa.func.md5(text), 1, _HEX_DIGITS))
        number = sa.cast(sa.cast(digits, pg.BIT(4 * _HEX_DIGITS)), sa.BigInteger)
    return sa.func.coalesce(sa.func.sum(number), 0)


def copied_digest(
    connection: sa.Connection, raw: sa.Table, table: SourceTable, empresa: str, like: KeyDigest
) -> KeyDigest:
    """What the copy holds now, by the method of ``like``.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        raw: the copy.
        table: declaration of the clinic's table.
        empresa: the empresa whose rows are meant.
        like: the source's digest, whose method is used.
    """
    key = [raw.columns[name] for name in table.key]
    query = sa.select(sa.func.count(), _sum_in_postgresql(key, like.method))
    row: Any = connection.execute(query.where(raw.columns[EMPRESA] == empresa)).one()
    return KeyDigest(int(row[0]), int(row[1]), like.method)


def expected(
    connection: sa.Connection,
    raw: sa.Table,
    stage: Stage,
    table: SourceTable,
    empresa: str,
    method: Method,
) -> KeyDigest:
    """What the copy will hold when the stage is merged into it.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        raw: the copy.
        stage: the temporary table with the rows just read.
        table: declaration of the clinic's table.
        empresa: the empresa whose rows are meant.
        method: the method of the digest.
    """
    copied = [raw.columns[name] for name in table.key]
    staged = [stage.table.columns[name] for name in table.key]
    mine = raw.columns[EMPRESA] == empresa
    in_copy = sa.exists().where(mine, *(_same(a, b) for a, b in zip(copied, staged, strict=True)))
    parts = [sa.select(sa.func.count(), _sum_in_postgresql(copied, method)).where(mine)]
    if stage.rows:
        parts += [sa.select(sa.func.count(), _sum_in_postgresql(staged, method)).where(~in_copy)]
    rows = total = 0
    for part in parts:
        counted = connection.execute(part).one()
        rows, total = rows + counted[0], total + int(counted[1])
    return KeyDigest(rows, total, method)


def _same(kept: sa.ColumnElement[Any], new: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    return kept == sa.cast(new, kept.type)


@dataclass(frozen=True, slots=True)
class KeysWanted:
    """What the source's keys ask for.

    Attributes:
        keys: keys whose rows are to be fetched: new to the copy, doubled, or set aside before.
        too_many: more than are worth fetching one by one.
    """

    keys: tuple[Key, ...]
    too_many: bool


def wanted_keys(
    connection: sa.Connection,
    present: Stage,
    stage: Stage,
    raw: sa.Table,
    table: SourceTable,
    empresa: str,
    before: Iterable[str],
) -> KeysWanted:
    """The rows to fetch, from all keys of the source.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        present: the source's keys.
        stage: the rows read because they changed.
        raw: the copy.
        table: declaration of the clinic's table.
        empresa: the empresa whose rows are meant.
        before: doubled keys, as shown, that an earlier read set aside.
    """
    there = [present.table.columns[name] for name in table.key]
    texts = [sa.cast(column, sa.Text) for column in there]
    whole = sa.and_(*(column.is_not(None) for column in there))
    copied = sa.exists().where(
        raw.columns[EMPRESA] == empresa,
        *(_same(raw.columns[name], present.table.columns[name]) for name in table.key),
    )
    staged = sa.exists().where(
        *(stage.table.columns[name] == present.table.columns[name] for name in table.key)
    )
    new = sa.select(*texts).where(whole, ~copied, ~staged).distinct().limit(MOST_FETCHED + 1)
    doubled = (
        sa.select(*texts)
        .where(whole)
        .group_by(*there)
        .having(sa.func.count() > 1)
        .limit(MOST_FETCHED + 1)
    )
    found: dict[Key, None] = {}
    for query in (new, doubled):
        found |= {tuple(row): None for row in connection.execute(query)}
    known = frozenset(before)
    if known:
        shown = sa.func.concat_ws("/", *texts)
        again = sa.select(*texts).where(whole, shown.in_(known)).distinct()
        found |= {tuple(row): None for row in connection.execute(again)}
    return KeysWanted(tuple(found), len(found) > MOST_FETCHED)


def forget_in_stage(
    connection: sa.Connection, stage: Stage, table: SourceTable, keys: Sequence[Key]
) -> int:
    """Takes rows of these keys out of the stage, which the same rows are fetched into again.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        stage: the temporary table with the rows just read.
        table: declaration of the clinic's table.
        keys: the keys of the rows.
    """
    texts = [sa.cast(stage.table.columns[name], sa.Text) for name in table.key]
    wanted = sa.tuple_(*texts).in_(keys) if len(texts) > 1 else texts[0].in_([k[0] for k in keys])
    return connection.execute(sa.delete(stage.table).where(wanted)).rowcount
