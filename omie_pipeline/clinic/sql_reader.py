"""A database as a clinic: any that SQLAlchemy supports, read with a server-side cursor."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from omie_pipeline.clinic.failures import ClinicSourceError, SourceUnreachable
from omie_pipeline.clinic.keyset import KeyDigest, SourceSummary, digest_query
from omie_pipeline.clinic.raw_tables import RawColumn, psycopg_connection
from omie_pipeline.clinic.set_aside import Key, UnreadLine
from omie_pipeline.clinic.sources import SourceTable
from omie_pipeline.clinic.sql_types import MARKED, ColumnPlan, declared_for_query, plan_column
from omie_pipeline.clinic.staging import TextRows
from omie_pipeline.clinic.windows import DateWindow, date_part, in_window, written_day
from omie_pipeline.clock import DEFAULT_TIME_ZONE
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.postgres.failures import CLINIC, WAREHOUSE, Place, parsed_url, told
from omie_pipeline.texts import clinic as texts

BATCH_ROWS = 50_000
_KEYS_AT_ONCE = 200
_CLOCKS_APART = timedelta(hours=5)
"""Between writers of a column without a zone: some in UTC, some by the clock of Acre."""
_FIRST_INSTANT = datetime(1000, 1, 1, tzinfo=UTC)  # MySQL knows none before
_INSTANT_SQLITE = ("DATE", "TIME")  # part of the declared name of a column that holds instants


def open_sql_source(url: str) -> sa.Engine:
    """An engine for a source URL whose errors hide the password.

    Raises:
        ConfigurationError: no URL, an unknown database or a driver that is not installed.
    """
    parsed = parsed_url(url, CLINIC)
    try:
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        engine = sa.create_engine(parsed, hide_parameters=True, pool_pre_ping=True)
    except sa.exc.NoSuchModuleError:
        raise ConfigurationError(texts.DATABASE_UNKNOWN) from None
    except (sa.exc.ArgumentError, ValueError):
        raise ConfigurationError(texts.ADDRESS_INVALID) from None
    except ModuleNotFoundError as error:
        raise ConfigurationError(texts.driver_missing(error.name)) from None
    prepare = _ON_CONNECT.get(engine.dialect.name)
    if prepare is not None:
        sa.event.listen(engine, "connect", prepare)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:
    """One text that is no UTF-8 is marked; SQLite's driver would end the whole read."""
    connection.text_factory = partial(str, encoding="utf-8", errors=MARKED)


def _prepare_mysql(connection: Any, _: object) -> None:
    """A TIMESTAMP is an instant: it is read in UTC, whatever zone the server keeps."""
    with connection.cursor() as cursor:
        cursor.execute("SET time_zone = '+00:00'")


_ON_CONNECT: Mapping[str, Callable[[Any, object], None]] = {
    "sqlite": _prepare_sqlite,
    "mysql": _prepare_mysql,
    "mariadb": _prepare_mysql,
}
_PLAIN_POSTGRESQL = ("datestyle = 'ISO, YMD'", "timezone = 'UTC'", "intervalstyle = 'postgres'")

_WRITTEN_WHOLE = (
    b"SET LOCAL client_encoding = 'UTF8'",
    b"SET LOCAL bytea_output = 'hex'",
    b"SET LOCAL extra_float_digits = 3",  # servers before 12 would round
)
_ROWS_TOGETHER = 1000


class SqlReader:
    """Reads tables over an engine; see :class:`omie_pipeline.clinic.reader.ClinicReader`.

    Args:
        engine: the source; closed by :meth:`close` unless ``in_place``.
        schema: where tables without a schema of their own are.
        in_place: the engine is the warehouse's.
        time_zone: the clinic's.
        batch_rows: rows in memory at a time.
    """

    def __init__(
        self,
        engine: sa.Engine,
        *,
        schema: str | None = None,
        in_place: bool = False,
        time_zone: str = DEFAULT_TIME_ZONE,
        batch_rows: int = BATCH_ROWS,
    ) -> None:
        self._engine = engine
        self._schema = schema
        self._dialect = engine.dialect.name
        self._batch_rows = batch_rows
        self._tables: dict[str, sa.Table] = {}
        self._utf8: bool | None = None
        self.in_place = in_place
        self.zone = ZoneInfo(time_zone)
        url = engine.url
        where = f"{self._dialect}://{url.host}:{url.port}/{url.database}/{schema}"
        self.fingerprint = f"{self._dialect}:{hashlib.sha256(where.encode()).hexdigest()[:16]}"

    def missing_tables(self, tables: Iterable[SourceTable]) -> tuple[str, ...]:
        with self._errors(texts.CATALOGUE):
            inspector = sa.inspect(self._engine)
            return tuple(table.name for table in tables if not self._has_table(inspector, table))

    def _has_table(self, inspector: sa.Inspector, table: SourceTable) -> bool:
        schema, name = self._located(table)
        return inspector.has_table(name, schema=schema)

    def columns(self, table: SourceTable) -> tuple[str, ...]:
        return tuple(column.name for column in self._reflected(table).columns)

    def _relation(self, table_name: str) -> str:
        """Full name in the source of a table that is being read, for the GRANT."""
        source = self._tables.get(table_name)
        if source is None:
            return ""
        return f"{source.schema}.{source.name}" if source.schema else source.name

    def _located(self, table: SourceTable) -> tuple[str | None, str]:
        """Schema and name in the source."""
        schema, _, name = (table.in_database or table.name).rpartition(".")
        return schema or self._schema, name

    def _reflected(self, table: SourceTable) -> sa.Table:
        if table.name not in self._tables:
            self._tables[table.name] = self._reflect(table)
        return self._tables[table.name]

    def _reflect(self, table: SourceTable) -> sa.Table:
        schema, name = self._located(table)
        try:
            with self._errors(table.name):
                found = sa.inspect(self._engine).get_columns(name, schema=schema)
        except sa.exc.NoSuchTableError:
            where = f"{schema}.{name}" if schema else name
            raise ConfigurationError(
                texts.source_table_missing(table=table.name, source_table=where)
            ) from None
        wanted = (*table.key, table.business_date, table.updated_at, table.empresa_column)
        absent = {part for part in wanted if part is not None} - {one["name"] for one in found}
        if absent:
            raise ConfigurationError(
                texts.source_columns_missing(table=table.name, columns=", ".join(sorted(absent)))
            )
        columns = [
            sa.Column(
                column["name"],
                declared_for_query(column["type"], self._dialect),
                info={"declared": column["type"]},
            )
            for column in found
        ]
        return sa.Table(name, sa.MetaData(), *columns, schema=schema)

    def raw_columns(self, table: SourceTable) -> tuple[RawColumn, ...]:
        return tuple(
            RawColumn(plan.name, plan.postgres, plan.comment)
            for plan in self._plans(list(self._reflected(table).columns))
        )

    def _plans(self, columns: Sequence[sa.Column[Any]]) -> list[ColumnPlan]:
        return [plan_column(one.name, one.info["declared"], self._dialect) for one in columns]

    def unread(self, table: SourceTable) -> tuple[UnreadLine, ...]:  # noqa: ARG002
        return ()

    def lines_of(
        self,
        table: SourceTable,  # noqa: ARG002 (the protocol's form)
        keys: Collection[Key],  # noqa: ARG002
    ) -> Mapping[Key, tuple[int, ...]]:
        return {}

    def file_of(self, table: SourceTable) -> str:  # noqa: ARG002
        return ""

    def key_digest(self, table: SourceTable, empresa: str | None = None) -> KeyDigest | None:
        counted = digest_query(self._asked_key(table), self._dialect)
        if counted is None:
            return None
        query = sa.select(counted.rows, counted.total).where(self._of_empresa(table, empresa))
        with self._connected(table.name) as connection:
            row: Any = connection.execute(query).one()
        return KeyDigest(int(row[0]), int(row[1] or 0), counted.method)

    def reads_since(self, table: SourceTable) -> bool:
        if table.updated_at is None:
            return False
        declared = self._reflected(table).columns[table.updated_at].info["declared"]
        if self._dialect == "sqlite":
            return any(part in str(declared).upper() for part in _INSTANT_SQLITE)
        return isinstance(declared, sa.DateTime)

    def _instant(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """``updated_at`` in the form that :meth:`_bound` is compared with."""
        return sa.func.datetime(column) if self._dialect == "sqlite" else column

    def _bound(self, column: sa.ColumnElement[Any], instant: datetime) -> Any:
        """A UTC instant as this source writes it: a timestamp without zone counts as UTC."""
        if self._dialect == "sqlite":
            return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        in_utc = instant.astimezone(UTC)
        return in_utc if _has_zone(column) else in_utc.replace(tzinfo=None)

    def newest_change(
        self, table: SourceTable, empresa: str | None = None, *, until: datetime
    ) -> datetime | None:
        if table.updated_at is None or not self.reads_since(table):
            return None
        column = self._reflected(table).columns[table.updated_at]
        newest = sa.select(sa.func.max(self._instant(column))).where(
            self._of_empresa(table, empresa), self._sane(column, until)
        )
        with self._connected(table.name) as connection:
            value: Any = connection.scalar(newest)
        return _in_utc(value)

    def _sane(self, column: sa.ColumnElement[Any], until: datetime) -> sa.ColumnElement[bool]:
        """Whether ``updated_at`` says when a row changed."""
        instant = self._instant(column)
        # Neither a zero date or infinity, which no driver reads, nor a row dated in the future,
        # which must not hide those that follow it: they are read every time instead.
        return sa.and_(
            instant >= self._bound(column, _FIRST_INSTANT),
            instant <= self._bound(column, until),
        )

    def summary(
        self, table: SourceTable, empresa: str, *, since: datetime, until: datetime
    ) -> SourceSummary:
        counted = digest_query(self._asked_key(table), self._dialect)
        if counted is None or table.updated_at is None:
            newest = self.newest_change(table, empresa, until=until)
            return SourceSummary(newest, 1, self.key_digest(table, empresa))
        column = self._reflected(table).columns[table.updated_at]
        stamped = sa.case((self._sane(column, until), self._instant(column)))
        changed = self._conditions(table, since, DateWindow(), None)
        query = sa.select(
            sa.func.max(stamped),
            sa.func.sum(sa.case((changed, 1), else_=0)),
            counted.rows,
            counted.total,
        ).where(self._of_empresa(table, empresa))
        with self._connected(table.name) as connection:
            row: Any = connection.execute(query).one()
        keys = KeyDigest(int(row[2]), int(row[3] or 0), counted.method)
        return SourceSummary(_in_utc(row[0]), int(row[1] or 0), keys)

    def _asked_key(self, table: SourceTable) -> list[sa.ColumnElement[Any]]:
        source = self._reflected(table)
        key = [source.columns[name] for name in table.key]
        return [_asked(*one) for one in zip(self._plans(key), key, strict=True)]

    def _of_empresa(self, table: SourceTable, empresa: str | None) -> sa.ColumnElement[bool]:
        if empresa is None or table.empresa_column is None:
            return sa.true()
        column = self._reflected(table).columns[table.empresa_column]
        declared = column.info["declared"]
        textual = isinstance(declared, sa.String) or self._dialect == "sqlite"
        return (column if textual else sa.cast(column, sa.String(255))) == empresa

    def _conditions(
        self, table: SourceTable, since: datetime | None, window: DateWindow, empresa: str | None
    ) -> sa.ColumnElement[bool]:
        conditions = [self._of_empresa(table, empresa)]
        source = self._reflected(table)
        if since is not None and table.updated_at is not None and self.reads_since(table):
            column = source.columns[table.updated_at]
            instant = self._instant(column)
            if not _has_zone(column):
                since -= _CLOCKS_APART
            # An empty updated_at tells nothing, so such a row is read every time.
            conditions.append(sa.or_(instant >= self._bound(column, since), instant.is_(None)))
        if window and table.business_date is not None:
            column = source.columns[table.business_date]
            conditions.append(sa.or_(in_window(column, window), self._no_day(column)))
        return sa.and_(*conditions)

    def _no_day(self, column: sa.Column[Any]) -> sa.ColumnElement[bool]:
        """MySQL keeps dates whose month or day is zero: the copy's text of them is in every window,
        so every window reads them."""
        if self._dialect not in ("mysql", "mariadb") or not isinstance(
            column.type, sa.Date | sa.DateTime
        ):
            return sa.false()
        return sa.or_(sa.func.month(column) == 0, sa.func.dayofmonth(column) == 0)

    def batches(
        self,
        table: SourceTable,
        *,
        columns: tuple[str, ...] | None = None,
        since: datetime | None = None,
        date_from: date | None = None,
        date_to: date | None = None,
        empresa: str | None = None,
        keys: Sequence[Key] | None = None,
    ) -> Iterator[pa.RecordBatch]:
        source = self._reflected(table)
        chosen = [source.columns[name] for name in columns or self.columns(table)]
        plans = self._plans(chosen)
        asked = [
            _asked(plan, column).label(column.name)
            for plan, column in zip(plans, chosen, strict=True)
        ]
        query = sa.select(*asked).where(
            self._conditions(table, since, DateWindow(date_from, date_to), empresa)
        )
        queries = [query]
        if keys is not None:
            queries = [
                query.where(self._has_key(table, keys[start : start + _KEYS_AT_ONCE]))
                for start in range(0, len(keys), _KEYS_AT_ONCE)
            ]
        yielded = False
        with self._connected(table.name) as connection:
            reading = connection.execution_options(
                stream_results=True, max_row_buffer=self._batch_rows, yield_per=self._batch_rows
            )
            for one in queries:
                for rows in reading.execute(one).partitions():
                    yielded = True
                    yield _batch(table, plans, rows)
        if not yielded:
            yield _batch(table, plans, [])

    def count_rows(self, table: SourceTable, empresa: str, window: DateWindow) -> int | None:
        source, wanted = self._reflected(table), self._conditions(table, None, window, empresa)
        query = sa.select(sa.func.count()).select_from(source).where(wanted)
        with self._connected(table.name) as connection:
            return connection.scalar(query)

    def text_rows(
        self,
        table: SourceTable,
        empresa: str,
        window: DateWindow,
        *,
        since: datetime | None = None,
        columns: tuple[str, ...] | None = None,
    ) -> TextRows | None:
        if self._dialect != "postgresql":
            return None
        source = self._reflected(table)
        chosen = [source.columns[name] for name in columns or self.columns(table)]
        plans = self._plans(chosen)
        if not (all(plan.as_written for plan in plans) and self._writes_utf8(table)):
            return None
        asked = [_asked(*one) for one in zip(plans, chosen, strict=True)]
        query = sa.select(*asked).where(self._conditions(table, since, window, empresa))
        said = tuple(RawColumn(plan.name, plan.postgres, plan.comment) for plan in plans)
        return TextRows(said, self._written(table, query))

    def _writes_utf8(self, table: SourceTable) -> bool:
        """Whether the source's text is the warehouse's without any translation."""
        if self._utf8 is None:
            with self._connected(table.name) as connection:
                driver = connection.connection.driver_connection
                self._utf8 = isinstance(driver, psycopg.Connection) and (
                    driver.info.parameter_status("server_encoding") == "UTF8"
                )
        return self._utf8

    def _written(self, table: SourceTable, query: sa.Select[Any]) -> Iterator[bytes]:
        """The rows in PostgreSQL's own text, by COPY."""
        compiled = query.compile(
            dialect=self._engine.dialect, compile_kwargs={"render_postcompile": True}
        )
        statement = f"COPY ({compiled}) TO STDOUT".encode()
        with self._connected(table.name) as connection:
            driver = psycopg_connection(connection)
            try:
                for setting in _WRITTEN_WHOLE:
                    driver.execute(setting)
                with driver.cursor() as cursor, cursor.copy(statement, compiled.params) as copy:
                    rows = iter(copy.read, b"")
                    while block := b"".join(islice(rows, _ROWS_TOGETHER)):
                        yield block
            except psycopg.Error as error:
                raise sa.exc.DBAPIError.instance(
                    "COPY", None, error, psycopg.Error, dialect=self._engine.dialect
                ) from None

    def _has_key(self, table: SourceTable, keys: Sequence[Key]) -> sa.ColumnElement[bool]:
        """Condition: the row has one of ``keys``, which are text as it was read."""
        source = self._reflected(table)
        columns = [source.columns[name] for name in table.key]
        plans = self._plans(columns)
        casts: list[sa.ColumnElement[Any]] = [
            _asked(plan, column)
            if isinstance(column.type, sa.String)
            else sa.cast(_asked(plan, column), self._text())
            for plan, column in zip(plans, columns, strict=True)
        ]
        return sa.or_(
            *(
                sa.and_(*(text == part for text, part in zip(casts, key, strict=True)))
                for key in keys
            )
        )

    def _text(self) -> sa.types.TypeEngine[Any]:
        if self._dialect in ("mysql", "mariadb"):
            return mysql.CHAR()
        # What others call TEXT cannot be compared there.
        return sa.Text() if self._dialect in ("postgresql", "sqlite") else sa.String(255)

    def changed_dates(
        self, table: SourceTable, since: datetime, empresa: str | None = None
    ) -> list[date]:
        if table.business_date is None:
            return []
        source = self._reflected(table)
        column = source.columns[table.business_date]
        day = self._day(column)
        query = sa.select(day).distinct().where(self._of_empresa(table, empresa))
        if table.updated_at is not None and self.reads_since(table):
            updated_at = source.columns[table.updated_at]
            instant = self._instant(updated_at)
            query = query.where(sa.or_(instant > self._bound(updated_at, since), instant.is_(None)))
        with self._connected(table.name) as connection:
            values: list[Any] = list(connection.scalars(query))
        days = {_as_day(value) for value in values}
        return sorted(found for found in days if found is not None)

    def empresas(self, table: SourceTable) -> Mapping[str, int]:
        if table.empresa_column is None:
            return {}
        column = self._reflected(table).columns[table.empresa_column]
        query = sa.select(column, sa.func.count()).group_by(column)
        found: Counter[str] = Counter()
        with self._errors(table.name), self._engine.connect() as connection:
            counts: list[Any] = list(connection.execute(query))
            for value, rows in counts:
                text = "" if value is None else str(value)
                found[text if text.strip() else ""] += int(rows)
        return found

    def rows_of_nobody(self, table: SourceTable) -> int:
        if table.empresa_column is None:
            return 0
        columns = self._reflected(table).columns
        text = sa.cast(columns[table.empresa_column], sa.String(255))
        query = sa.select(sa.func.count()).where(
            sa.or_(text.is_(None), sa.func.trim(text) == ""),
            *(columns[name].is_not(None) for name in table.key),
        )
        with self._connected(table.name) as connection:
            rows: int = connection.scalar(query) or 0
        return rows

    def undated_rows(self, table: SourceTable, empresa: str | None = None) -> int:
        if table.business_date is None:
            return 0
        day = self._day(self._reflected(table).columns[table.business_date])
        query = sa.select(day, sa.func.count()).where(self._of_empresa(table, empresa))
        with self._connected(table.name) as connection:
            counts: list[Any] = list(connection.execute(query.group_by(day)))
        return sum(count for value, count in counts if _as_day(value) is None)

    def close(self) -> None:
        if not self.in_place:
            self._engine.dispose()

    def _day(self, column: sa.Column[Any]) -> sa.ColumnElement[Any]:
        """The business date in ``column``; as text if the driver reads not every date."""
        day: sa.ColumnElement[Any]
        if isinstance(column.type, sa.DateTime):
            day = sa.cast(self._at_clinic(column), sa.Date)
        elif isinstance(column.type, sa.Date):
            day = column
        else:
            return date_part(column)
        if self._dialect == "postgresql":
            return sa.cast(day, sa.Text())
        return sa.cast(day, mysql.CHAR()) if self._dialect in ("mysql", "mariadb") else day

    def _at_clinic(self, column: sa.Column[Any]) -> sa.ColumnElement[Any]:
        """An instant by the clinic's clock; what has no zone is that already."""
        if not _has_zone(column):
            return column
        if self._dialect == "postgresql":
            return sa.func.timezone(self.zone.key, column)
        if self._dialect in ("mysql", "mariadb"):
            offset = f"{datetime.now(self.zone):%z}"
            return sa.func.convert_tz(column, "+00:00", f"{offset[:3]}:{offset[3:]}")
        return column

    @contextmanager
    def _connected(self, table_name: str) -> Iterator[sa.Connection]:
        """A connection that writes dates and times in one form, whatever the server's settings."""
        with self._errors(table_name), self._engine.connect() as connection:
            if self._dialect == "postgresql":
                for setting in _PLAIN_POSTGRESQL:
                    connection.exec_driver_sql(f"SET LOCAL {setting}")
            yield connection

    @contextmanager
    def _errors(self, table_name: str) -> Iterator[None]:
        """Turns a database failure into one that names the table and hides values and password."""
        try:
            yield
        except sa.exc.DBAPIError as error:
            answered = not isinstance(error, sa.exc.OperationalError)
            what = texts.READING_REFUSED if answered else texts.NO_ANSWER
            variable = WAREHOUSE if self.in_place else CLINIC
            place = Place.of(self._engine.url, variable, self._relation(table_name))
            # Only a statement that was sent has a text: without one there was no connection.
            unreachable = not answered and error.statement is None
            kind = SourceUnreachable if unreachable else ClinicSourceError
            raise kind(
                told(error, texts.source_failed(table=table_name, what=what), place)
            ) from None
        except UnicodeDecodeError:
            raise ClinicSourceError(texts.source_badly_encoded(table_name)) from None


def _in_utc(value: Any) -> datetime | None:
    """What a source answered of an instant."""
    if value is None:
        return None
    found: datetime = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _has_zone(column: sa.ColumnElement[Any]) -> bool:
    """Whether all writers of an instant mean the same by it."""
    return isinstance(column.type, sa.DateTime) and bool(column.type.timezone)


def _asked(plan: ColumnPlan, column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    return column if plan.select is None else plan.select(column)


def _as_day(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    return written_day(str(value)) if value is not None else None


def _batch(table: SourceTable, plans: list[ColumnPlan], rows: Iterable[Any]) -> pa.RecordBatch:
    by_column = list(zip(*rows, strict=True)) or [()] * len(plans)
    arrays = []
    for plan, values in zip(plans, by_column, strict=True):
        try:
            arrays.append(plan.array(values))
        except (pa.ArrowException, UnicodeError, OverflowError) as error:
            raise ClinicSourceError(
                texts.value_misfits(
                    table=table.name,
                    column=plan.name,
                    type_name=plan.postgres,
                    cause=type(error).__name__,
                )
            ) from None
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema([plan.field() for plan in plans]))
