"""One pass over a list of Omie, merged page by page; and what the whole pass proves.

A pass holds one connection with a temporary table of the keys it has seen, so that memory stays
flat however long the list is. Each page is one transaction: what stands here already, the same, is
only noted as seen, and one statement merges the rest. A process that dies leaves whole pages
behind, and merging a page twice changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert

from omie_pipeline.catalog.lists import ChildTable, MirrorTable
from omie_pipeline.decimal_json import dumps
from omie_pipeline.errors import ModelError
from omie_pipeline.imports.filter import MirrorFilter
from omie_pipeline.imports.page_sql import (
    ASKED_AT,
    BODY,
    DIGESTS,
    EMPRESA,
    YOUNG_FROM,
    YOUNG_TO,
    Fields,
    children_select,
    key_columns,
    key_parameter,
    key_text,
    known_statement,
    merge_statement,
    page_records,
    seen_keys,
)
from omie_pipeline.imports.records import Records, WrongSplit, known_fields
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.omie_tables import (
    DIGEST,
    child_table,
    import_partition,
    import_run,
    mirror_table,
)
from omie_pipeline.postgres.tables import ERASING_LOCK, erasure
from omie_pipeline.privacy.keep_erased import apply_erasures
from omie_pipeline.texts import imports as texts

# Rows that stand inside a record (the baixas of a título): the record's answer is all of them.

_EMPRESA = sa.bindparam(EMPRESA, type_=sa.Text)
_ASKED_AT = sa.bindparam(ASKED_AT, type_=sa.DateTime(timezone=True))


def merge_children(connection: sa.Connection, mirror: MirrorTable, values: dict[str, Any]) -> None:
    """Make the children of a page's records what the page says; to be called after the records.

    Only records that this answer brought count: an older answer changes nothing, and of a record
    that stood here already, the same, the children do too.
    """
    child, table = _of(mirror)
    connection.execute(_upsert(mirror, child, table), values)
    gone: Sequence[int] = connection.execute(_forget(mirror, child, table), values).scalars().all()
    _look_again(connection, mirror, values[EMPRESA], gone)


def forget_children(
    connection: sa.Connection, mirror: MirrorTable, empresa: str, now: datetime
) -> None:
    """Mark the children of excluded records.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        mirror: declaration of the list.
        empresa: the empresa whose rows are meant.
        now: time of the mark.
    """
    child, table = _of(mirror)
    parent = mirror_table(mirror)
    statement = (
        sa.update(table)
        .where(
            table.c.empresa == empresa,
            table.c.excluido_em.is_(None),
            parent.c.empresa == empresa,
            parent.c[mirror.key[0]] == table.c[child.parent],
            parent.c.excluido_em.is_not(None),
        )
        .values(excluido_em=now, excluido_por=parent.c.excluido_por)
        .returning(table.c[child.key])
    )
    _look_again(connection, mirror, empresa, connection.execute(statement).scalars().all())


def _look_again(
    connection: sa.Connection, mirror: MirrorTable, empresa: str, gone: Sequence[int]
) -> None:
    """Let no record be known again in which a child stands that went with another record.

    An answer that was behind may have given the child to that one. Its own record is the same as
    ever, so it has to be merged once more to bring the child back.
    """
    if not gone:
        return
    child, _ = _of(mirror)
    parent = mirror_table(mirror)
    (name,) = (column.path for column in child.columns if column.name == child.key)
    listed = sa.cast([dumps([{name: key}]) for key in gone], ARRAY(sa.Text))
    connection.execute(
        sa.update(parent)
        .where(
            parent.c.empresa == empresa,
            parent.c.excluido_em.is_(None),
            parent.c.raw[child.path].op("@>")(sa.any_(sa.cast(listed, ARRAY(JSONB)))),
        )
        .values({DIGEST: None})
    )


def _of(mirror: MirrorTable) -> tuple[ChildTable, sa.Table]:
    table = child_table(mirror)
    if mirror.child is None or table is None:
        raise ModelError(texts.no_inner_rows(mirror.name))
    return mirror.child, table


def _current_parents(mirror: MirrorTable) -> sa.CTE:
    """Records of the page whose stored version this very answer brought."""
    records, parent = page_records(), mirror_table(mirror)
    record = records.c.value
    number = mirror.column(mirror.key[0])
    fields = Fields(records, [number], ())
    return (
        sa.select(parent.c[mirror.key[0]].label("pai"), record.label("registro"))
        .select_from(fields.source)
        .join(
            parent,
            sa.and_(
                parent.c.empresa == _EMPRESA,
                parent.c[mirror.key[0]] == fields.typed(number),
                parent.c.lido_em == _ASKED_AT,
                parent.c.raw == record,
                parent.c.excluido_em.is_(None),
            ),
        )
        .cte("pais")
    )


def _upsert(mirror: MirrorTable, child: ChildTable, table: sa.Table) -> Any:
    rows = children_select(child, _current_parents(mirror)).cte("filhos")
    merge = insert(table).from_select([c.name for c in rows.c], sa.select(rows))
    values = {
        c.name: merge.excluded[c.name] for c in rows.c if c.name not in ("empresa", child.key)
    }
    return merge.on_conflict_do_update(
        index_elements=["empresa", child.key],
        set_={**values, "excluido_em": None, "excluido_por": None},
        # The typed columns too: other rules may fill them from the same text.
        where=sa.or_(
            table.c.excluido_em.is_not(None),
            *(table.c[name].is_distinct_from(values[name]) for name in values if name != "lido_em"),
        ),
    )


def _forget(mirror: MirrorTable, child: ChildTable, table: sa.Table) -> Any:
    parents = _current_parents(mirror)
    rows = children_select(child, parents).cte("filhos")
    return (
        sa.update(table)
        .where(
            table.c.empresa == _EMPRESA,
            table.c.excluido_em.is_(None),
            table.c.lido_em < _ASKED_AT,
            table.c[child.parent].in_(sa.select(parents.c.pai)),
            table.c[child.key].not_in(sa.select(rows.c[child.key])),
        )
        .values(excluido_em=_ASKED_AT, excluido_por="reconciliacao")
        .returning(table.c[child.key])
    )


WHOLE = "all"
"""The only partition of a register."""

_SKEW = timedelta(seconds=2)
"""Omie's clock and ours may differ by this much."""

_LONGEST_ANSWER = timedelta(seconds=60)
"""A page may show what happened until its answer left Omie; we wait no longer than this for one."""


@dataclass(frozen=True, slots=True)
class PageResult:
    """What one page did.

    Attributes:
        first_seen: records that no earlier page of this pass had.
        left_out: records of those that the filters keep out.
        young: records created or changed while the pass went on.
        days: partitions whose rows were inserted or updated.
        fields: names of the fields of records that were not known again, nested ones dotted.
    """

    records: int
    first_seen: int
    left_out: int
    inserted: int
    updated: int
    young: int
    days: tuple[date, ...]
    fields: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PartitionCount:
    """One partition after a complete reading: rows here, and Omie's records that we want."""

    partition: str
    rows: int
    total_omie: int


_NOTHING = PageResult(0, 0, 0, 0, 0, 0, ())
_IN_A_MERGE = (
    # Rows are looked up by their key, also in a table that was empty a page ago. A page need not
    # be on disk before the next: what is proved of the pages is, and they are before it.
    "SELECT set_config('enable_seqscan', 'off', true),"
    " set_config('synchronous_commit', 'off', true)"
)


class Pass:
    """One pass; made by :func:`open_pass`."""

    def __init__(
        self,
        connection: sa.Connection,
        mirror: MirrorTable,
        empresa: str,
        opened_at: datetime,
        filters: MirrorFilter,
        run_id: str,
        new_fields: set[str],
    ) -> None:
        self._connection = connection
        self._mirror = mirror
        self._table = mirror_table(mirror)
        self._empresa = empresa
        self._asked_at: datetime | None = None
        self._last_asked_at = opened_at
        self._opened_at = opened_at
        self._filters = filters
        self._knows_most = True
        self._run_id = run_id
        self._new_fields = new_fields
        self._known_fields = known_fields(mirror)

    @property
    def asked_at(self) -> datetime:
        """When the pass asked first; rows read before it, and not in it, are gone."""
        return self._asked_at or self._opened_at

    @property
    def knows_most(self) -> bool:
        """Most records of the last page stood here already, the same."""
        return self._knows_most

    def merge(self, records: Records, asked_at: datetime) -> PageResult:
        """Merge one page.

        Raises:
            WarehouseError: the database is gone or refused it.
            Broken: a record is none.
        """
        if self._asked_at is None:
            self._asked_at = asked_at
        self._last_asked_at = asked_at
        try:
            return self._merge(records, asked_at)
        except WrongSplit:
            return self._merge(records.rescanned(), asked_at)

    def _merge(self, records: Records, asked_at: datetime) -> PageResult:
        values: dict[str, Any] = {
            EMPRESA: self._empresa,
            ASKED_AT: asked_at,
            YOUNG_FROM: self.asked_at - _SKEW,
            YOUNG_TO: asked_at + _LONGEST_ANSWER + _SKEW,
        }
        known, new, others = _NOTHING, _NOTHING, list(range(len(records)))
        with warehouse_errors(), self._connection.begin():
            self._connection.exec_driver_sql(_IN_A_MERGE)
            if self._knows_most:
                known, others = self._known(records, values)
            records.parse(others)
            if others:
                new = self._written(records, others, values)
            fields = records.fields()
            self._tell_new(fields)
        unchanged = known.records + new.records - new.left_out - new.inserted - new.updated
        self._knows_most = 2 * unchanged >= len(records)
        return replace(
            new,
            records=known.records + new.records,
            first_seen=known.first_seen + new.first_seen,
            young=known.young + new.young,
            fields=fields,
        )

    def _tell_new(self, fields: frozenset[str]) -> None:
        """Write down the fields that no document names together with the rows that have them.

        The next reading knows these rows again and does not look into them, whatever becomes of
        this one.
        """
        new = fields - self._known_fields - self._new_fields
        if not new:
            return
        self._new_fields |= new
        self._connection.execute(
            sa.update(import_run)
            .where(import_run.c.run_id == self._run_id)
            .values(counts={"new_fields": sorted(self._new_fields)})
        )

    def _known(self, records: Records, values: dict[str, Any]) -> tuple[PageResult, list[int]]:
        """Note as seen what stands here already, the same; the numbers of all others."""
        keyed = [(number, key) for number, key in enumerate(records.keys()) if key is not None]
        asked: dict[str, Any] = {
            key_parameter(name): [key[part] for _, key in keyed]
            for part, name in enumerate(key_columns(self._mirror))
        }
        digests = b"".join(records.digests[number] for number, _ in keyed)
        statement = known_statement(self._mirror)
        row = self._connection.execute(statement, {**values, **asked, DIGESTS: digests}).one()
        unknown = {keyed[at - 1][0] for at in row[3]}
        named = {number for number, _ in keyed}
        others = [n for n in range(len(records)) if n in unknown or n not in named]
        return replace(_NOTHING, records=row[0], first_seen=row[1], young=row[2]), others

    def _written(self, records: Records, numbers: list[int], values: dict[str, Any]) -> PageResult:
        """Merge some records of a page into the table."""
        values = {
            **values,
            BODY: f"[{','.join(records.texts[number] for number in numbers)}]",
            DIGESTS: b"".join(records.digests[number] for number in numbers),
        }
        statement = merge_statement(self._mirror, self._filters)
        row = self._connection.execute(statement, values).one()
        if row[3] or row[4]:
            if self._mirror.child is not None:
                merge_children(self._connection, self._mirror, values)
            self._erase_again(values[ASKED_AT])
        return PageResult(
            records=row[0],
            first_seen=row[1],
            left_out=row[2],
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
        day = seen_keys.c.partition
        strays = sa.or_(day.is_(None), ~day.between(first, last))
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
            sa.select(seen_keys.c.partition, sa.func.count()).group_by("partition")
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
                sa.select(seen_keys.c.partition, sa.func.count())
                .join(t, seen_keys.c.chave == key_text(self._mirror, t))
                .where(*self._of_range(None, None))
                .group_by(seen_keys.c.partition)
            )
        rows = [
            {
                "empresa": self._empresa,
                "table_name": self._mirror.name,
                "partition": _name(day),
                "total_omie": totals.get(day, 0),
                "filtered": totals.get(day, 0) - wanted.get(day, 0),
                "read_at": self.asked_at,
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
        columns = ("total_omie", "filtered", "read_at", "run_id")
        statement = statement.on_conflict_do_update(
            index_elements=["empresa", "table_name", "partition"],
            set_={name: statement.excluded[name] for name in columns},
            where=import_partition.c.read_at <= statement.excluded.read_at,
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
    run_id: str = "",
    new_fields: set[str] | None = None,
) -> Iterator[Pass]:
    """A pass with a connection of its own; ``opened_at`` stands in if no page comes.

    Args:
        engine: the warehouse.
        mirror: declaration of the list.
        empresa: the empresa whose rows are meant.
        opened_at: time of the first question.
        filters: the filters of the empresa: rows that it does not want.
        run_id: id of the reading, whose history says at once which fields were new.
        new_fields: those that it says already; the pass adds to them.
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
            told = set() if new_fields is None else new_fields
            one = Pass(connection, mirror, empresa, opened_at, filters, run_id, told)
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
        query = sa.select(erasure.c.erasure_id, erasure.c.erased_at)
        rows = connection.execute(query.where(erasure.c.empresa == empresa))
        return {(row[0], row[1]) for row in rows}


def _name(day: date | None) -> str:
    return WHOLE if day is None else day.isoformat()


def _days(first: date | None, last: date | None) -> list[date | None]:
    if first is None or last is None:
        return [None]
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
