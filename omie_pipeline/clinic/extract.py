"""Copies one table of the clinic into ``clinic_raw``, in one transaction.

Three ways to read, and what each may conclude:

- *by business date* (``date_from``/``date_to``): reads those dates whole. Rows of those dates that
  the source no longer has leave the copy. The watermark is neither used nor moved: rows of other
  dates were not seen.
- *incremental* (no dates, the table has a usable ``updated_at`` and a watermark): reads what
  changed since the watermark less an overlap, then compares the keys of source and copy
  (``keyset``): rows that vanished leave, rows that came late with an old stamp are fetched.
- *full* (no dates; no watermark yet, no ``updated_at``, another source than last time, the first
  read of a day, or ``full``): reads everything. Rows the source no longer has leave the copy.

A source that has columns which the copy lacks is read in full, or rows would keep them empty until
their next change. An optional table that the source never had is complete with nothing; one that it
had and has no more is an error, as for any other table.

The copy is no ledger: what leaves it is deleted in Omie only if the mapping and the push say so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from omie_pipeline.clinic.failures import ClinicSourceError
from omie_pipeline.clinic.first_copy import first_copy
from omie_pipeline.clinic.keyset import KeyDigest, expected, forget_in_stage, wanted_keys
from omie_pipeline.clinic.raw_tables import (
    EMPRESA,
    EXTRACTED_AT,
    Progress,
    RawColumn,
    ensure_raw_schema,
    ensure_raw_table,
    lock_reading,
    lock_table,
    raw_schema,
    read_progress,
    save_progress,
)
from omie_pipeline.clinic.reader import ClinicReader
from omie_pipeline.clinic.set_aside import (
    Kind,
    SetAside,
    StageResult,
    count_nameless,
    hides_keys,
    remember,
    set_aside,
    set_aside_of,
    shown_key,
)
from omie_pipeline.clinic.shape import drop_old, refuse_gone, remake, shape_of
from omie_pipeline.clinic.sources import RAW_SCHEMA, SourceTable
from omie_pipeline.clinic.staging import (
    Rows,
    Stage,
    TextRows,
    add_to_stage,
    load_stage,
    watched,
)
from omie_pipeline.clinic.windows import DateWindow, in_window
from omie_pipeline.errors import ConfigurationError, WarehouseError
from omie_pipeline.texts import clinic as texts

# From the stage into the copy: by key, only what differs.


def _staged(
    connection: sa.Connection, stage: Stage, raw: sa.Table, name: str
) -> sa.ColumnElement[Any]:
    """A staged column, cast if the copy was made with another type."""
    column, kept = stage.table.columns[name], raw.columns[name]
    dialect = connection.dialect
    same = column.type.compile(dialect=dialect) == kept.type.compile(dialect=dialect)
    return column if same else sa.cast(column, kept.type)


MOST_LOST = 10
"""So few rows may leave a copy at once whatever share of it they are."""


def delete_absent(
    connection: sa.Connection,
    raw: sa.Table,
    present: Stage,
    table: SourceTable,
    empresa: str,
    window: DateWindow,
    kept: sa.Table | None = None,
    *,
    accept_shrunk: bool = False,
) -> int:
    """Removes the empresa's rows in ``window`` (all, when open) that ``present`` does not hold.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        raw: the copy.
        present: keys that the source has.
        table: declaration of the clinic's table.
        empresa: the empresa whose rows are meant.
        window: business dates that were read.
        kept: keys whose rows stay although ``present`` lacks them.
        accept_shrunk: a person said that the source may have lost half of its rows.

    Raises:
        ClinicSourceError: more than half of the copy would go.
    """
    there = sa.exists().where(
        *(raw.columns[name] == _staged(connection, present, raw, name) for name in table.key)
    )
    looked_at = [raw.columns[EMPRESA] == empresa]
    if window and table.business_date is not None:
        looked_at.append(in_window(raw.columns[table.business_date], window))
    conditions = [*looked_at, ~there]
    if kept is not None:
        pairs = (
            raw.columns[name] == sa.cast(kept.columns[name], raw.columns[name].type)
            for name in table.key
        )
        conditions.append(~sa.exists().where(*pairs))
    gone = connection.execute(sa.delete(raw).where(*conditions)).rowcount
    if gone >= MOST_LOST and not accept_shrunk:
        left = connection.scalar(sa.select(sa.func.count()).select_from(raw).where(*looked_at)) or 0
        if gone > left:
            raise ClinicSourceError(
                texts.table_shrank(table=table.name, gone=gone, before=gone + left)
            )
    return gone


def upsert(
    connection: sa.Connection, raw: sa.Table, stage: Stage, table: SourceTable, empresa: str
) -> tuple[int, int]:
    """Inserts new rows and updates those that differ.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        raw: the copy.
        stage: the temporary table with the rows just read.
        table: declaration of the clinic's table.
        empresa: the empresa whose rows are meant.

    Returns:
        Rows inserted and rows updated.
    """
    names = [column.name for column in stage.columns]
    rows = sa.select(
        sa.literal(empresa, sa.Text),
        *(_staged(connection, stage, raw, name) for name in names),
        sa.func.now(),
    )
    mine = raw.columns[EMPRESA] == empresa
    into = [EMPRESA, *names, EXTRACTED_AT]
    if not connection.scalar(sa.select(sa.exists().where(mine))):
        plain = sa.insert(raw).from_select(into, rows)
        return connection.execute(plain, execution_options={"preserve_rowcount": True}).rowcount, 0
    # Joined once, so that a row which stands there as it is costs no look into the index.
    same = sa.exists().where(
        mine,
        *(raw.columns[name] == _staged(connection, stage, raw, name) for name in table.key),
        *(
            raw.columns[name].is_not_distinct_from(_staged(connection, stage, raw, name))
            for name in names
            if name not in table.key
        ),
    )
    insert = pg.insert(raw).from_select(into, rows.where(~same))
    key = [raw.columns[EMPRESA], *(raw.columns[name] for name in table.key)]
    rest = [name for name in names if name not in table.key]
    if not rest:
        merge = insert.on_conflict_do_nothing(index_elements=key)
    else:
        merge = insert.on_conflict_do_update(
            index_elements=key,
            set_={
                **{name: insert.excluded[name] for name in rest},
                EXTRACTED_AT: insert.excluded[EXTRACTED_AT],
            },
            where=sa.or_(
                *(raw.columns[name].is_distinct_from(insert.excluded[name]) for name in rest)
            ),
        )
    # xmax is 0 in a row version that an insert made, and not in one that an update made.
    merged = merge.returning((sa.literal_column("xmax::text") == "0").label("inserted")).cte()
    inserted = sa.func.count().filter(merged.c.inserted)
    counts = connection.execute(sa.select(inserted, sa.func.count()).select_from(merged)).one()
    return int(counts[0]), int(counts[1] - counts[0])


OVERLAP = timedelta(minutes=30)
"""How far before the watermark a read begins, for rows committed late."""
_KEYS = "_omie_pipeline_keys"


@dataclass(frozen=True, slots=True)
class HowToRead:
    """What a person or a setting wants of one extract.

    Attributes:
        full: compare all rows even where ``updated_at`` could narrow the read.
        recopy: make the copy anew: forget columns the source lost, take its types and key.
        accept_shrunk: the source may have lost more than half of its rows.
        overlap: how far before the watermark an incremental read begins.
        full_every_days: a full read at the latest on this many days after the last; 0: each time.
    """

    full: bool = False
    recopy: bool = False
    accept_shrunk: bool = False
    overlap: timedelta = OVERLAP
    full_every_days: int = 1


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is told how far an extract is.

    Attributes:
        on_planned: so many rows are about to be read; ``None``: the source does not say.
        on_rows: so many more were read.
        on_wait: another reading of this table is on its way, and is waited for.
    """

    on_planned: Callable[[int | None], None] = lambda _: None
    on_rows: Callable[[int], None] = lambda _: None
    on_wait: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class ExtractResult:
    """What one extract did; counts are rows.

    Attributes:
        table: name in ``clinic_raw``.
        read: rows read from the source.
        inserted: rows new to the copy.
        updated: rows of the copy that changed.
        deleted: rows that left the copy because the source no longer has them.
        unchanged: rows read that the copy had already.
        seconds: wall time.
        watermark: up to which ``updated_at`` the copy is complete now; ``None`` if not tracked.
        nul_marked: values in which a NUL was marked with U+001A.
        incremental: the read was narrowed by ``updated_at``.
        in_place: nothing was copied, the source is in the warehouse.
        absent: an optional table, which the source does not have.
        set_aside: rows that were not copied, by key and reason.
        repeated: rows that were equal to another in every column, and counted once.
        new_columns: columns that the source did not have at the last read.
        kept_absent: nothing was deleted, because some row's key could not be read.
        old_copies: former copies that something outside the models still hangs on.
    """

    table: str
    read: int
    inserted: int
    updated: int
    deleted: int
    unchanged: int
    seconds: float
    watermark: datetime | None
    nul_marked: int = 0
    incremental: bool = False
    in_place: bool = False
    absent: bool = False
    set_aside: tuple[SetAside, ...] = ()
    repeated: int = 0
    new_columns: tuple[str, ...] = ()
    kept_absent: bool = False
    old_copies: tuple[str, ...] = ()


def extract_table(
    reader: ClinicReader,
    table: SourceTable,
    warehouse: sa.Engine,
    *,
    empresa: str,
    date_from: date | None = None,
    date_to: date | None = None,
    how: HowToRead | None = None,
    watch: Watch | None = None,
) -> ExtractResult:
    """Brings ``clinic_raw.<table.name>`` up to date for one empresa.

    Args:
        reader: the clinic.
        table: what to copy. Without an empresa column every row belongs to ``empresa``.
        warehouse: engine with the psycopg 3 driver.
        empresa: whose rows.
        date_from: first business date; facts only.
        date_to: last business date, included; facts only.
        how: what is wanted beyond the usual.
        watch: is told how far it is.

    Raises:
        ConfigurationError: the table cannot be copied as declared.
        ClinicSourceError: the source broke, lost a column or more than half of its rows, or a
            file's records cannot be told for sure. The copy is as it was.
        WarehouseError: the warehouse could not be written; nothing of this extract remains.
    """
    started = time.monotonic()
    window = DateWindow(date_from, date_to)
    if window and table.business_date is None:
        raise ConfigurationError(texts.no_business_date(table.name))
    if reader.in_place:
        return ExtractResult(table.name, 0, 0, 0, 0, 0, 0.0, None, in_place=True)
    if table.optional and reader.missing_tables([table]) and not _copied(warehouse, table, empresa):
        return ExtractResult(table.name, 0, 0, 0, 0, 0, 0.0, None, absent=True)
    reader.columns(table)  # an absent table or column is reported before anything is written
    with warehouse_errors_of(table):
        ensure_raw_schema(warehouse)
        with warehouse.begin() as connection:
            whole = (how or HowToRead(), watch or Watch())
            done = _Extract(reader, table, connection, empresa, window, *whole).run()
            return replace(done, seconds=time.monotonic() - started)


@contextmanager
def warehouse_errors_of(table: SourceTable) -> Iterator[None]:
    """Names the table, and no value, where the warehouse fails."""
    try:
        yield
    except (sa.exc.DBAPIError, psycopg.Error) as error:
        cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
        raise WarehouseError(
            texts.warehouse_failed(table=table.name, cause=type(cause).__name__)
        ) from None


@dataclass(frozen=True, slots=True)
class _Merged:
    """What came of bringing rows into the copy: see :class:`ExtractResult`."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    hidden: bool = False
    found: tuple[SetAside, ...] = ()
    grew: tuple[str, ...] = ()


class _Extract:
    """One extract in its transaction."""

    def __init__(
        self,
        reader: ClinicReader,
        table: SourceTable,
        connection: sa.Connection,
        empresa: str,
        window: DateWindow,
        how: HowToRead,
        watch: Watch,
    ) -> None:
        self._watch = watch
        self._reader = reader
        self._table = table
        self._connection = connection
        self._empresa = empresa
        self._window = window
        self._how = how
        # The warehouse's, by which the last reading was stamped: the machine's may be wrong, and
        # one ahead would take a row dated in the future for the newest and hide what follows.
        self._now: datetime = connection.execute(sa.select(sa.func.now())).scalar_one()

    def run(self) -> ExtractResult:
        table, connection = self._table, self._connection
        lock_reading(connection, self._empresa, table.name, self._watch.on_wait)
        columns = self._reader.raw_columns(table)
        shape = shape_of(connection, table, columns, self._empresa)
        if not shape.copied:
            # Who is first makes the table; who waited for that finds it there.
            lock_table(connection, table.name)
            shape = shape_of(connection, table, columns, self._empresa)
        if not self._how.recopy:
            refuse_gone(shape, table)
        again = self._how.recopy or bool(shape.retyped) or shape.rekeyed
        done = read_progress(connection, self._empresa, table.name, self._reader.fingerprint)
        if not shape.copied:
            return self._copy_first(self._newest(done))
        since = None if again or shape.grew else self._since(done)
        if since is None:
            newest, there = self._newest(done), None
            stage = self._load(None)
        else:
            found = self._reader.summary(table, self._empresa, since=since, until=self._now)
            newest, there = found.newest or done.mark, found.keys
            stage = self._load(since) if found.changed else self._nothing(columns)
        lock_table(connection, table.name)
        if again:
            remake(connection, table, columns, self._empresa, recopy=self._how.recopy)
        raw = ensure_raw_table(connection, table.name, stage.columns, table.key)
        present: Stage | None = stage
        if since is not None:
            stage, present = self._compare_keys(stage, raw, there)
        whole = since is None or present is stage
        return self._merge(stage, present, raw, newest, whole=whole, grew=shape.grew)

    def _copy_first(self, newest: datetime | None) -> ExtractResult:
        """The table did not exist: its rows are written into it at once, if they all have keys."""
        table, connection = self._table, self._connection
        file = bool(self._reader.file_of(table))
        rows = self._rows(None)
        stage, fits = first_copy(connection, table, rows, self._empresa, file=file)
        if not fits:
            raw = ensure_raw_table(connection, table.name, stage.columns, table.key)
            return self._merge(stage, stage, raw, newest, whole=True)
        found = (*self._with_lines(StageResult()), *self._of_nobody())
        merged = _Merged(stage.rows, hidden=hides_keys(found), found=found)
        return self._done(stage, StageResult(), merged, newest, whole=True)

    def _merge(
        self,
        stage: Stage,
        present: Stage | None,
        raw: sa.Table,
        newest: datetime | None,
        *,
        whole: bool,
        grew: tuple[str, ...] = (),
    ) -> ExtractResult:
        """From the stage into the copy."""
        table, connection = self._table, self._connection
        sorted_ = set_aside(connection, stage, table, file=bool(self._reader.file_of(table)))
        if present is not None and present is not stage:
            sorted_ = sorted_.with_nameless(count_nameless(connection, present, table))
        found = (*self._with_lines(sorted_), *self._of_nobody())
        hidden = hides_keys(found)
        deleted = 0
        if present is not None and not hidden:
            deleted = delete_absent(
                connection,
                raw,
                present,
                table,
                self._empresa,
                self._window,
                sorted_.kept,
                accept_shrunk=self._how.accept_shrunk,
            )
        inserted, updated = upsert(connection, raw, stage, table, self._empresa)
        merged = _Merged(inserted, updated, deleted, hidden, found, grew)
        return self._done(stage, sorted_, merged, newest, whole=whole)

    def _done(
        self,
        stage: Stage,
        sorted_: StageResult,
        merged: _Merged,
        newest: datetime | None,
        *,
        whole: bool,
    ) -> ExtractResult:
        """Remembers how far the copy is, and says what was done."""
        table, connection = self._table, self._connection
        found = merged.found
        remember(connection, self._empresa, table, found, stage if self._window else None)
        if not self._window:
            save_progress(
                connection,
                empresa=self._empresa,
                table_name=table.name,
                source=self._reader.fingerprint,
                updated_at_max=newest,
                rows=stage.rows,
                full=whole,
            )
        left_out = sum(one.rows for one in sorted_.found) + sorted_.repeated + sorted_.blank
        return ExtractResult(
            table=table.name,
            read=stage.rows,
            inserted=merged.inserted,
            updated=merged.updated,
            deleted=merged.deleted,
            unchanged=stage.rows - left_out - merged.inserted - merged.updated,
            seconds=0.0,
            watermark=newest,
            nul_marked=stage.nul_marked,
            incremental=not whole,
            set_aside=found,
            repeated=sorted_.repeated,
            new_columns=merged.grew,
            kept_absent=merged.hidden,
            old_copies=drop_old(connection, table.name),
        )

    def _nothing(self, columns: tuple[RawColumn, ...]) -> Stage:
        return load_stage(self._connection, self._table.name, TextRows(columns, iter(())))

    def _newest(self, done: Progress) -> datetime | None:
        if self._window:
            return None
        # Asked before the rows are read: what is committed meanwhile lies past the new mark.
        newest = self._reader.newest_change(self._table, self._empresa, until=self._now)
        return newest or done.mark

    def _since(self, done: Progress) -> datetime | None:
        if self._window or self._how.full or done.mark is None or done.full_at is None:
            return None
        zone = self._reader.zone
        read_on = done.full_at.astimezone(zone).date()
        today = self._now.astimezone(zone).date()
        if (today - read_on).days >= self._how.full_every_days:
            return None
        return done.mark - self._how.overlap

    def _load(self, since: datetime | None) -> Stage:
        return load_stage(self._connection, self._table.name, self._rows(since))

    def _rows(self, since: datetime | None, columns: tuple[str, ...] | None = None) -> Rows:
        """The source's rows, in the cheapest form that it has."""
        whose = (self._table, self._empresa, self._window)
        rows: Rows | None = self._reader.text_rows(*whose, since=since, columns=columns)
        if rows is None:
            rows = self._reader.batches(
                self._table,
                columns=columns,
                since=since,
                date_from=self._window.first,
                date_to=self._window.last,
                empresa=self._empresa,
            )
        if columns is not None:
            return rows
        self._watch.on_planned(None if since is not None else self._reader.count_rows(*whose))
        return watched(rows, self._watch.on_rows)

    def _compare_keys(
        self, stage: Stage, raw: sa.Table, there: KeyDigest | None
    ) -> tuple[Stage, Stage | None]:
        """The stage with what the keys ask for, and all keys of the source where they were read."""
        table, connection = self._table, self._connection
        if there is not None and there == expected(
            connection, raw, stage, table, self._empresa, there.method
        ):
            return stage, None
        keys = self._rows(None, columns=table.key)
        present = load_stage(connection, table.name, keys, name=_KEYS)
        before = set_aside_of(connection, self._empresa, table)
        wanted = wanted_keys(connection, present, stage, raw, table, self._empresa, before)
        if wanted.too_many:
            connection.execute(sa.schema.DropTable(stage.table))
            whole = self._load(None)
            return whole, whole
        if wanted.keys:
            forgotten = forget_in_stage(connection, stage, table, wanted.keys)
            rows = self._reader.batches(table, empresa=self._empresa, keys=wanted.keys)
            stage = add_to_stage(
                connection, table.name, replace(stage, rows=stage.rows - forgotten), rows
            )
        return stage, present

    def _of_nobody(self) -> tuple[SetAside, ...]:
        """Rows that say of no empresa: one that lost it would look deleted."""
        column = self._table.empresa_column
        rows = self._reader.rows_of_nobody(self._table)
        return (SetAside("empty_empresa", column, rows),) if column and rows else ()

    def _with_lines(self, sorted_: StageResult) -> tuple[SetAside, ...]:
        """What was set aside, with the lines of files."""
        table = self._table
        file = self._reader.file_of(table)
        if not file:
            return sorted_.found
        doubled = {shown_key(key): key for key in sorted_.keys}
        keys = {*doubled.values()}
        keys |= {(one.key,) for one in sorted_.found if one.kind == "total_line"}
        if any(one.kind == "empty_key" for one in sorted_.found):
            keys.add(())
        lines = self._reader.lines_of(table, keys) if keys else {}
        found = []
        for one in sorted_.found:
            key = doubled.get(one.key, (one.key,) if one.key else ())
            found.append(replace(one, file=file, lines=lines.get(key, ())))
        unread = self._reader.unread(table)
        kinds: tuple[tuple[Kind, bool], ...] = (("column_count", False), ("total_line", True))
        for kind, total in kinds:
            at = tuple(one.line for one in unread if one.total is total)
            if at:
                found.append(SetAside(kind, "", len(at), at, file))
        return tuple(found)


def _copied_columns(connection: sa.Connection, table: SourceTable) -> frozenset[str]:
    """Columns of the copy; none if nothing was copied yet."""
    inspector = sa.inspect(connection)
    schema = raw_schema(connection)
    if not inspector.has_table(table.name, schema=schema):
        return frozenset()
    return frozenset(one["name"] for one in inspector.get_columns(table.name, schema=schema))


def _copied(warehouse: sa.Engine, table: SourceTable, empresa: str) -> bool:
    """Whether the copy has rows of the empresa."""
    with warehouse_errors_of(table), warehouse.connect() as connection:
        if not _copied_columns(connection, table):
            return False
        raw = sa.table(table.name, sa.column(EMPRESA), schema=RAW_SCHEMA)
        rows = sa.select(sa.literal(1)).select_from(raw).where(raw.c[EMPRESA] == empresa)
        return connection.scalar(rows.limit(1)) is not None
