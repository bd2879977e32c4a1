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

from omie_pipeline.catalog.mirror import MirrorTable
from omie_pipeline.warehouse.engine import warehouse_errors
from omie_pipeline.warehouse.erased_again import apply_erasures
from omie_pipeline.warehouse.mirror_children import forget_children, merge_children
from omie_pipeline.warehouse.mirror_filter import MirrorFilter, admitted
from omie_pipeline.warehouse.mirror_records import ASKED_AT, BODY, EMPRESA, record_select
from omie_pipeline.warehouse.mirror_tables import import_partition, mirror_table
from omie_pipeline.warehouse.privacy_tables import erasure

WHOLE = "tudo"
"""The only partition of a register."""

_STALE_SECONDS = 60
"""A read may lag behind a deletion that long (PROTOCOL 10.10): it does not bring a row back."""

_SKEW = timedelta(seconds=2)
"""Omie's clock and ours may differ by this much."""

_LONGEST_ANSWER = timedelta(seconds=60)
"""A page may show what happened until its answer left Omie; we wait no longer than this for one."""

_YOUNG_FROM, _YOUNG_TO = "p_young_from", "p_young_to"

_seen = sa.Table(
    "lidas",
    sa.MetaData(),
    sa.Column("chave", sa.Text, primary_key=True),
    sa.Column("particao", sa.Date),
    prefixes=["TEMPORARY"],
)


@dataclass(frozen=True, slots=True)
class Merged:
    """What one page did.

    Attributes:
        first_seen: records that no earlier page of this pass had.
        admitted: records that the filters let through.
        young: records born or changed while the pass went on.
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
        *,
        erasures: bool,
    ) -> None:
        self._connection = connection
        self._erasures = erasures
        self._mirror = mirror
        self._table = mirror_table(mirror)
        self._empresa = empresa
        self._asked_at: datetime | None = None
        self._opened_at = opened_at
        self._filters = filters
        self._statement = _merge_statement(mirror, filters)

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
        values = {
            BODY: body,
            EMPRESA: self._empresa,
            ASKED_AT: asked_at,
            _YOUNG_FROM: self.asked_at - _SKEW,
            _YOUNG_TO: asked_at + _LONGEST_ANSWER + _SKEW,
        }
        with warehouse_errors(), self._connection.begin():
            row = self._connection.execute(self._statement, values).one()
            if self._mirror.child is not None:
                merge_children(self._connection, self._mirror, values)
            if self._erasures:
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

    def _erase_again(self, asked_at: datetime) -> None:
        """What was erased on a person's request does not come back with a page."""
        child = self._mirror.child
        names = {self._mirror.table} | ({child.table} if child else set())
        apply_erasures(
            self._connection, self._empresa, today=asked_at.date(), names=names, since=asked_at
        )

    def distinct(self) -> int:
        """Different records seen so far."""
        with warehouse_errors(), self._connection.begin():
            return self._connection.execute(
                sa.select(sa.func.count()).select_from(_seen)
            ).scalar_one()

    def digest(self) -> str:
        """Of the keys seen so far."""
        keys = sa.func.string_agg(
            sa.func.md5(_seen.c.chave), sa.literal_column("'' ORDER BY chave")
        )
        with warehouse_errors(), self._connection.begin():
            query = sa.select(sa.func.md5(sa.func.coalesce(keys, "")))
            return str(self._connection.execute(query).scalar_one())

    def mark_excluded(self, first: date | None, last: date | None) -> dict[date | None, int]:
        """Mark rows of the range that a complete pass did not see; how many of each partition.

        Rows that somebody read after the pass began are left alone.
        """
        t = self._table
        statement = (
            sa.update(t)
            .where(
                *self._of_range(first, last),
                t.c.excluido_em.is_(None),
                t.c.lido_em < self.asked_at,
                ~sa.exists().where(_seen.c.chave == key_text(self._mirror, t)),
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
        strays = sa.or_(_seen.c.particao.is_(None), ~_seen.c.particao.between(first, last))
        query = sa.select(sa.func.count()).select_from(_seen).where(strays)
        with warehouse_errors(), self._connection.begin():
            return self._connection.execute(query).scalar_one()

    def prove(self, first: date | None, last: date | None, run_id: str) -> list[PartitionCount]:
        """Count each partition of the range, and write down those where Omie and we agree.

        A record that the filters keep out is none of ours; one that they let through and that is
        not here, or stands here as excluded, keeps its partition from being proven.
        """
        days = _days(first, last)
        totals = self._grouped(sa.select(_seen.c.particao, sa.func.count()).group_by("particao"))
        t = self._table
        here = self._grouped(
            sa.select(t.c.data_particao, sa.func.count())
            .where(*self._of_range(first, last), t.c.excluido_em.is_(None))
            .group_by(t.c.data_particao)
        )
        wanted = totals
        if self._filters.leaves_out(self._mirror):
            wanted = self._grouped(
                sa.select(_seen.c.particao, sa.func.count())
                .join(t, _seen.c.chave == key_text(self._mirror, t))
                .where(*self._of_range(None, None))
                .group_by(_seen.c.particao)
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
    """A pass with a connection of its own; ``opened_at`` stands in where no page comes."""
    with warehouse_errors(), engine.connect() as connection:
        with connection.begin():
            connection.exec_driver_sql("SET datestyle TO 'ISO, DMY'")
            # Planning a page's statement takes half as long as running it; the plan never differs.
            connection.exec_driver_sql("SET plan_cache_mode TO force_generic_plan")
            _seen.create(connection, checkfirst=True)
            connection.execute(sa.delete(_seen))
            erased = sa.exists().where(erasure.c.empresa == empresa)
            erasures = connection.execute(sa.select(erased)).scalar_one()
        try:
            yield Pass(connection, mirror, empresa, opened_at, filters, erasures=erasures)
        finally:
            # Its settings and its temporary table must not return to the pool.
            connection.invalidate()


def key_text(mirror: MirrorTable, columns: Any) -> sa.ColumnElement[str]:
    """The key of a row as one text; ``columns`` is a table or a subquery."""
    constants = dict(mirror.constants)
    parts = [columns.c[name] for name in mirror.key if name not in constants]
    texts = [sa.cast(part, sa.Text) for part in parts]
    joined: sa.ColumnElement[str] = texts[0]
    for part in texts[1:]:
        joined = joined.concat("|").concat(part)
    return joined


def _merge_statement(mirror: MirrorTable, filters: MirrorFilter) -> Any:
    table = mirror_table(mirror)
    page = record_select(mirror).cte("pagina").prefix_with("MATERIALIZED")
    seen = (
        insert(_seen)
        .from_select(["chave", "particao"], sa.select(key_text(mirror, page), page.c.data_particao))
        .on_conflict_do_nothing()
        .returning(_seen.c.chave)
        .cte("vistas")
    )
    kept = sa.select(page).where(admitted(mirror, filters, page, table)).cte("admitidas")
    merge = insert(table).from_select([c.name for c in kept.c], sa.select(kept))
    new = merge.excluded
    changed = sa.or_(
        table.c.excluido_em.is_not(None),
        *(
            table.c[name].is_distinct_from(new[name])
            for name in ("raw", "feito_por", "ledger_codigo", "data_particao")
        ),
    )
    theirs, ours = new.alterado_em, table.c.alterado_em
    # Where one side names no time of change, the time of the question decides.
    newer = sa.or_(
        sa.func.coalesce(theirs > ours, sa.false()),
        sa.and_(
            sa.func.coalesce(theirs >= ours, sa.true()),
            new.lido_em >= table.c.lido_em,
        ),
    )
    back = sa.or_(
        table.c.excluido_em.is_(None),
        new.lido_em > table.c.excluido_em + timedelta(seconds=_STALE_SECONDS),
    )
    values = {c.name: new[c.name] for c in kept.c if c.name not in table.primary_key.columns}
    merged = (
        merge.on_conflict_do_update(
            index_elements=list(table.primary_key.columns),
            set_={**values, "excluido_em": None, "excluido_por": None},
            where=sa.and_(changed, newer, back),
        )
        .returning(sa.literal_column("(xmax = 0)", sa.Boolean).label("nova"), table.c.data_particao)
        .cte("gravadas")
    )
    first = sa.bindparam(_YOUNG_FROM, type_=sa.DateTime(timezone=True))
    last = sa.bindparam(_YOUNG_TO, type_=sa.DateTime(timezone=True))
    young = sa.or_(*(page.c[name].between(first, last) for name in ("incluido_em", "alterado_em")))
    count = sa.func.count()

    def number(source: Any, *where: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
        return sa.select(count).select_from(source).where(*where).scalar_subquery()

    return sa.select(
        number(page),
        number(seen),
        number(kept),
        number(merged, merged.c.nova),
        number(merged, ~merged.c.nova),
        number(page, young),
        sa.select(sa.func.array_agg(sa.distinct(merged.c.data_particao)))
        .where(merged.c.data_particao.is_not(None))
        .scalar_subquery(),
    )


def _name(day: date | None) -> str:
    return WHOLE if day is None else day.isoformat()


def _days(first: date | None, last: date | None) -> list[date | None]:
    if first is None or last is None:
        return [None]
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
