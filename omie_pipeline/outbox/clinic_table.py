"""One table of the clinic's own database: a row for each record, as the newest change has it.

Nothing is created there and no other table is touched. A row is found by its key alone and carries
the number of the change it shows: an older one never overwrites a newer one, whatever comes late or
twice. What was written is read back before it counts: a trigger, a rule or a policy of the clinic's
may keep a row out or change it, and a database answers as if all were well.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import sqlalchemy as sa
from pydantic import SecretStr

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.outbox.read import COLUMNS, Change
from omie_pipeline.outbox.targets import TargetError, TargetName
from omie_pipeline.postgres.failures import Place, cause, parsed_url
from omie_pipeline.postgres.tables import change
from omie_pipeline.texts import outbox as texts

KEY: Final = ("empresa", "kind", "omie_id")
"""What makes a row one row there."""

_WAIT_SECONDS: Final = 5
_ANSWER_SECONDS: Final = 15
_MYSQL_LOCKED: Final = (1205, 1213)
_MYSQL_NO_RIGHTS: Final = (1142, 1143, 1044, 1227)
_MYSQL_GONE: Final = (1146,)
_LOCKED: Final = ("55P03", "40P01")
_NO_RIGHTS: Final = "42501"
_STRICT: Final = "STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE"


class ClinicTable:
    """The target ``table``.

    Args:
        url: address of the database, with an account that has rights on that table only.
        table: its name, with its schema if it has one.
        variable: that holds the address, for messages.

    Raises:
        ConfigurationError: no address, or of a database of another kind.
    """

    name: TargetName = "table"
    batch = 500

    def __init__(self, url: SecretStr, table: str, variable: str) -> None:
        self._table_name = table
        self._variable = variable
        self._engine = _open(url, variable)
        self._dialect = self._engine.dialect.name
        schema, _, name = table.rpartition(".")
        self._schema = schema or None
        columns = [sa.Column(one, _type_there(one, self._dialect)) for one in COLUMNS]
        self._table = sa.Table(name, sa.MetaData(), *columns, schema=self._schema)
        self._checked = False

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def check(self) -> None:
        """The table is there, with every column and the key that it needs.

        Raises:
            TargetError: it is not, and what is missing.
        """
        with self._errors():
            inspector = sa.inspect(self._engine)
            where = (self._table.name, self._schema)
            if not inspector.has_table(*where):
                raise TargetError(texts.table_missing(self._table_name))
            there = {one["name"] for one in inspector.get_columns(*where)}
            missing = [name for name in COLUMNS if name not in there]
            if missing:
                raise TargetError(
                    texts.columns_missing(table=self._table_name, columns=", ".join(missing))
                )
            keys = [inspector.get_pk_constraint(*where)["constrained_columns"]]
            unique = [*inspector.get_unique_constraints(*where)]
            keys += [list(one["column_names"]) for one in unique]
            indexes = [one for one in inspector.get_indexes(*where) if one["unique"]]
            keys += [[name or "" for name in one["column_names"]] for one in indexes]
        others = [key for key in keys if key and set(key) != set(KEY)]
        if others or not any(set(key) == set(KEY) for key in keys):
            raise TargetError(texts.key_missing(table=self._table_name, columns=", ".join(KEY)))
        self._checked = True

    def highest(self, empresa: str) -> int:
        """See :class:`omie_pipeline.outbox.targets.Target`."""
        if not self._checked:
            self.check()
        query = sa.select(sa.func.max(self._table.c.number)).where(self._table.c.empresa == empresa)
        with self._errors(), self._engine.begin() as connection:
            _prepare(connection)
            return int(connection.scalar(query) or 0)

    def deliver(self, changes: Sequence[Change]) -> int:
        """See :class:`omie_pipeline.outbox.targets.Target`."""
        if not self._checked:
            self.check()
        in_order = sorted(changes, key=lambda one: one.number)
        newest = {(one.kind, one.omie_id): one for one in in_order}
        with self._errors(), self._engine.begin() as connection:
            _prepare(connection)
            there = self._there(connection, changes[0].empresa, newest)
            new = [one for key, one in newest.items() if key not in there]
            if new:
                connection.execute(sa.insert(self._table), [self._values(one) for one in new])
            # The same number once more: somebody may have changed or cut the row since.
            known = [
                one for key, one in newest.items() if key in there and there[key] <= one.number
            ]
            if known:
                connection.execute(self._update(), [self._bound(one) for one in known])
            self._prove(connection, [*new, *known])
        return in_order[-1].number

    def _prove(self, connection: sa.Connection, written: Sequence[Change]) -> None:
        """What was written is there as it was written.

        Raises:
            TargetError: it is not, so that nothing of this batch is kept.
        """
        if not written:
            return
        if self._dialect == "postgresql":
            # Triggers that wait for the end of the transaction do their work now.
            connection.execute(sa.text("SET CONSTRAINTS ALL IMMEDIATE"))
        wanted = {(one.kind, one.omie_id): one for one in written}
        query = sa.select(self._table).where(self._is_one_of(written[0].empresa, wanted))
        found = {
            (row["kind"].rstrip(" "), int(row["omie_id"])): row
            for row in connection.execute(query).mappings()
        }
        missing = [key for key in wanted if key not in found]
        changed = {
            name
            for key, row in found.items()
            for name in COLUMNS
            if not _is_same(getattr(wanted[key], name), row[name])
        }
        if missing or changed:
            raise TargetError(
                texts.table_keeps_out(
                    table=self._table_name,
                    missing=len(missing),
                    columns=", ".join(name for name in COLUMNS if name in changed) or "–",
                )
            )

    def _there(
        self, connection: sa.Connection, empresa: str, wanted: Mapping[tuple[str, int], Change]
    ) -> dict[tuple[str, int], int]:
        """Numbers of those records that have a row."""
        c = self._table.c
        query = sa.select(c.kind, c.omie_id, c.number).where(self._is_one_of(empresa, wanted))
        found = connection.execute(query)
        return {(row[0].rstrip(" "), int(row[1])): int(row[2] or 0) for row in found}

    def _is_one_of(
        self, empresa: str, wanted: Mapping[tuple[str, int], Change]
    ) -> sa.ColumnElement[bool]:
        c = self._table.c
        by_kind: defaultdict[str, list[int]] = defaultdict(list)
        for kind, omie_id in wanted:
            by_kind[kind].append(omie_id)
        these = [sa.and_(c.kind == kind, c.omie_id.in_(ids)) for kind, ids in by_kind.items()]
        return sa.and_(c.empresa == empresa, sa.or_(*these))

    def _update(self) -> sa.Update:
        c = self._table.c
        named = [c[name] == sa.bindparam(f"its_{name}") for name in KEY]
        older = sa.or_(c.number.is_(None), c.number <= sa.bindparam("its_number"))
        values: dict[str, Any] = {
            name: sa.bindparam(f"new_{name}") for name in COLUMNS if name not in KEY
        }
        return sa.update(self._table).where(*named, older).values(values)

    def _bound(self, one: Change) -> dict[str, Any]:
        values = self._values(one)
        return {
            **{f"its_{name}": values[name] for name in (*KEY, "number")},
            **{f"new_{name}": value for name, value in values.items() if name not in KEY},
        }

    def _values(self, one: Change) -> dict[str, Any]:
        plain = _PLAIN.get(self._dialect, _as_it_is)
        return {name: plain(getattr(one, name)) for name in COLUMNS}

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """What the clinic's database refuses, in words without a value."""
        try:
            yield
        except sa.exc.DBAPIError as error:
            raise TargetError(self._told(error)) from None
        except sa.exc.SQLAlchemyError as error:
            raise TargetError(texts.database_failed(type(error).__name__)) from None

    def _told(self, error: sa.exc.DBAPIError) -> str:
        orig: Any = error.orig
        state = getattr(orig, "sqlstate", None) or ""
        first = orig.args[0] if orig is not None and orig.args else None
        words = str(orig).lower()
        table = self._table_name
        if state in _LOCKED or first in _MYSQL_LOCKED or "database is locked" in words:
            return texts.table_locked(table)
        if state == _NO_RIGHTS or first in _MYSQL_NO_RIGHTS or "readonly database" in words:
            return texts.table_no_rights(table)
        if first in _MYSQL_GONE or state == "42P01":
            self._checked = False
            return texts.table_missing(table)
        if isinstance(error, sa.exc.DataError | sa.exc.IntegrityError):
            return texts.table_value_refused(table=table, kind=type(orig).__name__)
        url = self._engine.url
        found = cause(orig, Place.of(url, self._variable)) if orig is not None else ""
        return texts.database_failed(found or type(orig).__name__)


def _type_there(name: str, dialect: str) -> Any:
    kind = change.c[name].type
    if dialect == "sqlite":
        # Its driver has no decimals and no dates: they are written as text, exactly.
        return sa.Integer() if isinstance(kind, sa.Integer | sa.Boolean) else sa.Text()
    return kind


def _as_it_is(value: Any) -> Any:
    return value


def _for_sqlite(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _for_mysql(value: Any) -> Any:
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value


def _is_same(wanted: Any, found: Any) -> bool:
    """Whether what a table gives back says the same: columns of the clinic's may have another type
    (a sum as text, a moment without its zone or its fraction of a second), but no other value."""
    if wanted is None or found is None:
        return wanted is found
    try:
        if isinstance(wanted, datetime):
            return abs(wanted - _moment(found)) < _SECOND
        if isinstance(wanted, date):
            return str(wanted) == str(found).removesuffix("+00:00").removesuffix(" 00:00:00")
        if isinstance(wanted, Decimal):
            return wanted == Decimal(str(found))
        if isinstance(wanted, int):
            return wanted == int(found)
    except (ValueError, TypeError, ArithmeticError):
        return False
    # A column of a fixed width fills up with spaces.
    return str(wanted).rstrip(" ") == str(found).rstrip(" ")


def _moment(value: Any) -> datetime:
    found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


_SECOND: Final = timedelta(seconds=1)

_PLAIN: Mapping[str, Callable[[Any], Any]] = {
    "sqlite": _for_sqlite,
    "mysql": _for_mysql,
    "mariadb": _for_mysql,
}


def _prepare(connection: sa.Connection) -> None:
    """Of this transaction: nobody is kept waiting by us, and we wait for nobody for long."""
    if connection.dialect.name != "postgresql":
        return
    for name, value in (
        ("lock_timeout", f"{_WAIT_SECONDS}s"),
        ("statement_timeout", f"{_ANSWER_SECONDS}s"),
        ("timezone", "UTC"),
    ):
        connection.execute(sa.select(sa.func.set_config(name, value, True)))


def _open(url: SecretStr, variable: str) -> sa.Engine:
    """An engine that keeps no connection, hides every value, and waits for nothing for long."""
    try:
        parsed = parsed_url(url.get_secret_value(), variable)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        backend = parsed.get_backend_name()
        if backend not in _CONNECTING:
            raise ConfigurationError(f"{variable}: {texts.DIALECT_UNKNOWN}")
        return _CONNECTING[backend](parsed, variable)
    except (sa.exc.NoSuchModuleError, sa.exc.ArgumentError, ValueError):
        raise ConfigurationError(texts.address_invalid(variable)) from None
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            texts.driver_missing(variable=variable, driver=error.name)
        ) from None


def _engine(url: sa.URL, **options: Any) -> sa.Engine:
    return sa.create_engine(url, hide_parameters=True, poolclass=sa.pool.NullPool, **options)


def _open_postgresql(url: sa.URL, _variable: str) -> sa.Engine:
    return _engine(url, connect_args={"connect_timeout": 10, "application_name": "omie_pipeline"})


def _open_mysql(url: sa.URL, _variable: str) -> sa.Engine:
    engine = _engine(url, connect_args={"connect_timeout": 10, "read_timeout": _ANSWER_SECONDS})

    def connected(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            # Strict: a value that does not fit is refused and never cut.
            cursor.execute(f"SET SESSION sql_mode = '{_STRICT}'")
            cursor.execute(f"SET SESSION innodb_lock_wait_timeout = {_WAIT_SECONDS}")
            cursor.execute(f"SET SESSION lock_wait_timeout = {_WAIT_SECONDS}")
            cursor.execute("SET SESSION time_zone = '+00:00'")

    sa.event.listen(engine, "connect", connected)
    return engine


def _open_sqlite(url: sa.URL, variable: str) -> sa.Engine:
    file = Path(url.database or "").expanduser()
    if not file.is_file():
        raise ConfigurationError(texts.sqlite_file_missing(variable))

    def connect() -> sqlite3.Connection:
        # Never made: another program's file may just be moved away.
        return sqlite3.connect(
            f"file:{quote(str(file.absolute()))}?mode=rw", uri=True, timeout=_WAIT_SECONDS
        )

    return _engine(url, creator=connect)


_CONNECTING: Mapping[str, Callable[[sa.URL, str], sa.Engine]] = {
    "postgresql": _open_postgresql,
    "mysql": _open_mysql,
    "mariadb": _open_mysql,
    "sqlite": _open_sqlite,
}
