"""Connections to the warehouse, and what a broken one turns into."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.pool import ConnectionPoolEntry

from omie_pipeline import exact_json
from omie_pipeline.clock import DEFAULT_TIME_ZONE
from omie_pipeline.database.addresses import parsed_url
from omie_pipeline.database.causes import WAREHOUSE, Place, remember_place, told
from omie_pipeline.database.schemas import Schemas, use_schemas
from omie_pipeline.errors import ConfigurationError, WarehouseError

PLAIN_VALUES = "-cdatestyle=ISO,YMD -cintervalstyle=postgres -cextra_float_digits=1"
"""How sessions of ours write days and numbers, whatever the database or the role says: the mapping
reads the text of both, where 02/03/2026 would be another day and 15 digits another amount."""
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
        raise WarehouseError("WAREHOUSE_URL deve ser um endereço PostgreSQL (postgresql://…)")
    engine = sa.create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        pool_size=4,
        hide_parameters=True,
        json_serializer=exact_json.dumps,
        json_deserializer=exact_json.loads,
        connect_args={
            "application_name": "omie_pipeline",
            "connect_timeout": 10,
            "options": _options(parsed, time_zone),
        },
    )
    use_schemas(engine, schemas or Schemas())
    remember_place(engine, Place.of(parsed, WAREHOUSE))
    _ping_idle_connections(engine)
    return engine


def _options(url: sa.URL, time_zone: str | None) -> str:
    given = url.query.get("options", "")
    texts = list(given) if isinstance(given, tuple) else [given]
    ours = [PLAIN_VALUES, *([f"-ctimezone={time_zone}"] if time_zone else [])]
    return " ".join([*texts, *ours]).strip()


def _ping_idle_connections(engine: sa.Engine) -> None:
    """Try a connection that has been idle before it is used, and replace it where it is dead.

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
        return told(error, "O banco do armazém não respondeu ou recusou a gravação")
    return told(error, "O banco do armazém recusou um comando")
