"""One pass over a list of Omie, merged page by page; and what the whole pass proves.

A pass holds one connection with a temporary table of the keys it has seen, so that memory stays
flat however long the list is. Each page is one statement and one transaction: a process that dies
leaves whole pages behind, and merging a page twice changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.catalog.lists import MirrorTable
from omie_pipeline.imports.mirror_children import forget_children, merge_children
from omie_pipeline.imports.mirror_filter import MirrorFilter
from omie_pipeline.imports.mirror_records import ASKED_AT, BODY, EMPRESA
from omie_pipeline.imports.mirror_statement import (
    YOUNG_FROM,
    YOUNG_TO,
    key_text,
    merge_statement,
    seen_keys,
)
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.mirror_tables import import_partition, mirror_table
from omie_pipeline.postgres.privacy_tables import ERASING_LOCK, erasure
from omie_pipeline.privacy.erased_again import apply_erasures

WHOLE = "tudo"
"""The only partition of a register."""

_SKEW = timedelta(seconds=2)
"""Omie's clock and ours may differ by this much."""

_LONGEST_ANSWER = timedelta(seconds=60)
"""A page may show what happened until its answer left Omie; we wait no longer than this for one."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What one page did.

    Attributes:
        first_seen: records that no earlier page of this pass had.
        admitted: records that the filters let through.
        young: records created or changed while the pass went on.
        days: partitions whose rows were inserted or updated.
    """

    records: int
    first_seen: int
    admitted: int
    inserted: int
    updated: int
    young: int
    days: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class PartitionCount:
    """One partition after a complete reading: rows here, and Omie's records that we want."""

    particao: str
    linhas: int
    total_omie: int


class Pass:
    """One pass; made by :func:`open_pass`."""

    def __init__(
        self,
        connection: sa.Connection,
        mirror: MirrorTable,
        empresa: str,
        opened_at: datetime,
        filters: MirrorFilter,
    ) -> None:
        self._connection = connection
        self._mirror = mirror
        self._table = mirror_table(mirror)
        self._empresa = empresa
        self._asked_at: datetime | None = None
        self._last_asked_at = opened_at
        self._opened_at = opened_at
        self._filters = filters
        self._statement = merge_statement(mirror, filters)

    @property
    def asked_at(self) -> datetime:
        """When the pass asked first; rows read before it, and not in it, are gone."""
        return self._asked_at or self._opened_at

    def merge(self, body: str, asked_at: datetime) -> Merged:
        """Merge one page, given as JSON text.

        Raises:
            WarehouseError: the database is gone or refused it.
        """
        if self._asked_at is None:
            self._asked_at = asked_at
        self._last_asked_at = asked_at
        values = {
            BODY: body,
            EMPRESA: self._empresa,
            ASKED_AT: asked_at,
            YOUNG_FROM: self.asked_at - _SKEW,
            YOUNG_TO: asked_at + _LONGEST_ANSWER + _SKEW,
        }
        with warehouse_errors(), self._connection.begin():
            row = self._connection.execute(self._statement, values).one()
            if self._mirror.child is not None:
                merge_children(self._connection, self._mirror, values)
            self._erase_again(asked_at)
        return Merged(
            records=row[0],
            first_seen=row[1],
            admitted=row[2],
            inserted=row[3],
            updated=row[4],
            young=row[5],
            days=tuple(sorted(row[6] or ())),
        )

    def erase_again(self) -> None:
        """Go over all rows again, because a person's data were erased during the pass."""
        with warehouse_errors(), self._connection.begin():
            self._erase_again(None)

    def _erase_again(self, since: datetime | None) -> None:
        """What was erased on a person's request does not come back with a page."""
        child = self._mirror.child
        names = {self._mirror.table} | ({child.table} if child else set())
        today = self._last_asked_at.date()
        apply_erasures(self._connection, self._empresa, today=today, names=names, since=since)

    def distinct(self) -> int:
        """Different records seen so far."""
        with warehouse_errors(), self._connection.begin():
            return self._connection.execute(
                sa.select(sa.func.count()).select_from(seen_keys)
            ).scalar_one()

    def digest(self) -> str:
        """Of the keys seen so far."""
        keys = sa.func.string_agg(
            sa.func.md5(seen_keys.c.chave), sa.literal_column("'' ORDER BY chave")
        )
        with warehouse_errors(), self._connection.begin():
            query = sa.select(sa.func.md5(sa.func.coalesce(keys, "")))
            return str(self._connection.execute(query).scalar_one())

    def mark_excluded(self, first: date | None, last: date | None) -> dict[date | None, int]:
        """Mark rows of the range that a complete pass did not see; how many of each partition.

        Rows that another reading brought after the pass began are left alone.
        """
        t = self._table
        statement = (
            sa.update(t)
            .where(
                *self._of_range(first, last),
                t.c.excluido_em.is_(None),
                t.c.lido_em < self.asked_at,
                ~sa.exists().where(seen_keys.c.chave == key_text(self._mirror, t)),
            )
            .values(excluido_em=self.asked_at, excluido_por="reconciliacao")
            .returning(t.c.data_particao)
        )
        with warehouse_errors(), self._connection.begin():
            gone: Counter[date | None] = Counter(self._connection.execute(statement).scalars())
            if gone and self._mirror.child is not None:
                forget_children(self._connection, self._mirror, self._empresa, self.asked_at)
        return dict(gone)

    def outside(self, first: date, last: date) -> int:
        """Records of the pass whose own day lies outside the range that Omie gave them for.

        They are in no partition of it, so that its partitions say nothing about them.
        """
        strays = sa.or_(seen_keys.c.particao.is_(None), ~seen_keys.c.particao.between(first, last))
        query = sa.select(sa.func.count()).select_from(seen_keys).where(strays)
        with warehouse_errors(), self._connection.begin():
            return self._connection.execute(query).scalar_one()

    def prove(self, first: date | None, last: date | None, run_id: str) -> list[PartitionCount]:
        """Count each partition of the range, and write down those if Omie and we agree.

        A record that the filters keep out is none of ours; one that they let through and that is
        not here, or stands here as excluded, keeps its partition from being proven.
        """
        days = _days(first, last)
        totals = self._grouped(
            sa.select(seen_keys.c.particao, sa.func.count()).group_by("particao")
        )
        t = self._table
        here = self._grouped(
            sa.select(t.c.data_particao, sa.func.count())
            .where(*self._of_range(first, last), t.c.excluido_em.is_(None))
            .group_by(t.c.data_particao)
        )
        wanted = totals
        if self._filters.leaves_out(self._mirror):
            wanted = self._grouped(
                sa.select(seen_keys.c.particao, sa.func.count())
                .join(t, seen_keys.c.chave == key_text(self._mirror, t))
                .where(*self._of_range(None, None))
                .group_by(seen_keys.c.particao)
            )
        rows = [
            {
                "empresa": self._empresa,
                "tabela": self._mirror.name,
                "particao": _name(day),
                "total_omie": totals.get(day, 0),
                "filtradas": totals.get(day, 0) - wanted.get(day, 0),
                "lido_em": self.asked_at,
                "run_id": run_id,
            }
            for day in days
            if here.get(day, 0) == wanted.get(day, 0)
        ]
        if rows:
            self._write_partitions(rows)
        return [PartitionCount(_name(day), here.get(day, 0), wanted.get(day, 0)) for day in days]

    def _write_partitions(self, rows: list[dict[str, Any]]) -> None:
        statement = insert(import_partition)
        columns = ("total_omie", "filtradas", "lido_em", "run_id")
        statement = statement.on_conflict_do_update(
            index_elements=["empresa", "tabela", "particao"],
            set_={name: statement.excluded[name] for name in columns},
            where=import_partition.c.lido_em <= statement.excluded.lido_em,
        )
        with warehouse_errors(), self._connection.begin():
            self._connection.execute(statement, rows)

    def _grouped(self, query: sa.Select[Any]) -> dict[date | None, int]:
        with warehouse_errors(), self._connection.begin():
            counts = {row[0]: row[1] for row in self._connection.execute(query)}
        if self._mirror.grain == "register":
            return {None: sum(counts.values())}
        return counts

    def _of_range(self, first: date | None, last: date | None) -> list[sa.ColumnElement[bool]]:
        t = self._table
        where = [t.c.empresa == self._empresa]
        where += [t.c[name] == value for name, value in self._mirror.constants]
        if first is not None and last is not None:
            where.append(t.c.data_particao.between(first, last))
        return where


@contextmanager
def open_pass(
    engine: sa.Engine,
    mirror: MirrorTable,
    empresa: str,
    opened_at: datetime,
    filters: MirrorFilter,
) -> Iterator[Pass]:
    """A pass with a connection of its own; ``opened_at`` stands in if no page comes.

    Args:
        engine: the warehouse.
        mirror: declaration of the list.
        empresa: the empresa whose rows are meant.
        opened_at: time of the first question.
        filters: the filters of the empresa: rows that it does not want.
    """
    with warehouse_errors(), engine.connect() as connection:
        with connection.begin():
            connection.exec_driver_sql("SET datestyle TO 'ISO, DMY'")
            # Planning a page's statement takes half as long as running it; the plan never differs.
            connection.exec_driver_sql("SET plan_cache_mode TO force_generic_plan")
            seen_keys.create(connection, checkfirst=True)
            connection.execute(sa.delete(seen_keys))
        before = _erasures(connection, empresa)
        try:
            one = Pass(connection, mirror, empresa, opened_at, filters)
            try:
                yield one
            finally:
                # An erasure and a page that did not see each other leave the page's rows whole.
                if _erasures(connection, empresa) != before:
                    one.erase_again()
        finally:
            # Its settings and its temporary table must not return to the pool.
            connection.invalidate()


def _erasures(connection: sa.Connection, empresa: str) -> set[tuple[int, datetime]]:
    """Whose data were erased and when, after every erasure that is going on has ended."""
    with connection.begin():
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(ERASING_LOCK)))
        query = sa.select(erasure.c.erasure_id, erasure.c.apagado_em)
        rows = connection.execute(query.where(erasure.c.empresa == empresa))
        return {(row[0], row[1]) for row in rows}


def _name(day: date | None) -> str:
    return WHOLE if day is None else day.isoformat()


def _days(first: date | None, last: date | None) -> list[date | None]:
    if first is None or last is None:
        return [None]
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
