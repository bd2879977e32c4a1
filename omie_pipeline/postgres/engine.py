"""Connections to the warehouse, and what a broken one turns into."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.pool import ConnectionPoolEntry

from omie_pipeline import decimal_json
from omie_pipeline.clock import DEFAULT_TIME_ZONE
from omie_pipeline.errors import ConfigurationError, WarehouseError
from omie_pipeline.postgres.failures import WAREHOUSE, Place, parsed_url, remember_place, told
from omie_pipeline.postgres.schemas import Schemas, use_schemas
from omie_pipeline.texts import postgres as texts

PLAIN_VALUES: Mapping[str, str] = {
    "datestyle": "ISO,YMD",
    "intervalstyle": "postgres",
    "extra_float_digits": "1",
}
"""How sessions of ours write days and numbers, whatever the database or the role says: the mapping
reads the text of both, where 02/03/2026 would be another day and 15 digits another amount."""
_DEAD_AFTER: Mapping[str, str] = {
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
"""The server lets go of the locks of a machine that is gone after a minute, not after two hours."""
_KEEP_ALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
_IDLE_SINCE = "omie_pipeline.idle_since"
_TRUSTED_SECONDS = 1.0


def open_engine(
    url: str, schemas: Schemas | None = None, *, time_zone: str | None = DEFAULT_TIME_ZONE
) -> sa.Engine:
    """An engine for ``postgresql://…`` or ``postgresql+psycopg://…`` (psycopg 3).

    Args:
        schemas: of the installation; default: those without a prefix.
        time_zone: of every session; the database itself is not changed. ``None``: what the
            database gives to anybody.

    Raises:
        WarehouseError: the URL is none of PostgreSQL's.
    """
    try:
        parsed = parsed_url(url, WAREHOUSE)
    except ConfigurationError as error:
        raise WarehouseError(str(error)) from None
    if parsed.get_backend_name() != "postgresql":
        raise WarehouseError(texts.MUST_BE_POSTGRESQL)
    engine = sa.create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        pool_size=4,
        hide_parameters=True,
        json_serializer=decimal_json.dumps,
        json_deserializer=decimal_json.loads,
        connect_args={
            "application_name": "omie_pipeline",
            "connect_timeout": 10,
            **{name: value for name, value in _KEEP_ALIVE.items() if name not in parsed.query},
        },
    )
    settings = {**PLAIN_VALUES, **_DEAD_AFTER, **({"timezone": time_zone} if time_zone else {})}
    _set_in_every_session(engine, settings)
    use_schemas(engine, schemas or Schemas())
    remember_place(engine, Place.of(parsed, WAREHOUSE))
    _ping_idle_connections(engine)
    return engine


def _set_in_every_session(engine: sa.Engine, settings: Mapping[str, str]) -> None:
    """Set them once a connection is open: a pooler refuses or drops what a client asks for while it
    connects (``options``)."""
    names = sql.SQL(", ").join(
        sql.SQL("set_config({}, {}, false)").format(sql.Literal(name), sql.Literal(value))
        for name, value in settings.items()
    )
    statement = sql.SQL("SELECT {}").format(names)

    def connected(connection: psycopg.Connection[Any], _record: ConnectionPoolEntry) -> None:
        autocommit = connection.autocommit
        connection.autocommit = True
        connection.execute(statement)
        connection.autocommit = autocommit

    sa.event.listen(engine, "connect", connected)


def _ping_idle_connections(engine: sa.Engine) -> None:
    """Try a connection that has been idle before it is used, and replace it if it is dead.

    ``pool_pre_ping`` would ask every time: half a millisecond for each of a push's calls.
    """

    def checked_in(_connection: Any, record: ConnectionPoolEntry) -> None:
        record.info[_IDLE_SINCE] = time.monotonic()

    def checked_out(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        idle_since = record.info.get(_IDLE_SINCE)
        if idle_since is None or time.monotonic() - idle_since < _TRUSTED_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except psycopg.Error as error:
            raise sa.exc.DisconnectionError from error

    sa.event.listen(engine, "checkin", checked_in)
    sa.event.listen(engine, "checkout", checked_out)


@contextmanager
def warehouse_errors() -> Iterator[None]:
    """Turn a database failure into ``WarehouseError``, without statement or parameters in it."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        # Not chained: PostgreSQL's own words may quote the row.
        raise WarehouseError(_told(error)) from None


def _told(error: sa.exc.DBAPIError) -> str:
    if isinstance(error, sa.exc.OperationalError):
        return told(error, texts.NO_ANSWER)
    return told(error, texts.COMMAND_REFUSED)
