"""Connections to the warehouse, and what a broken one turns into."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from omie_pipeline import exact_json
from omie_pipeline.errors import WarehouseError


def open_engine(url: str) -> sa.Engine:
    """An engine for ``postgresql://…`` or ``postgresql+psycopg://…`` (psycopg 3).

    Raises:
        WarehouseError: the URL is none of PostgreSQL's.
    """
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError:
        raise WarehouseError("WAREHOUSE_URL não é um endereço de banco válido") from None
    if parsed.get_backend_name() != "postgresql":
        raise WarehouseError("WAREHOUSE_URL deve ser um endereço PostgreSQL (postgresql://…)")
    return sa.create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        pool_size=4,
        pool_pre_ping=True,
        hide_parameters=True,
        json_serializer=exact_json.dumps,
        json_deserializer=exact_json.loads,
        connect_args={"application_name": "omie_pipeline", "connect_timeout": 10},
    )


@contextmanager
def warehouse_errors() -> Iterator[None]:
    """Turn a database failure into ``WarehouseError``, without statement or parameters in it."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        raise WarehouseError(_told(error)) from error


def _told(error: sa.exc.DBAPIError) -> str:
    kind = type(error.orig).__name__
    if isinstance(error, sa.exc.OperationalError):
        return f"O banco do armazém não respondeu ou recusou a gravação ({kind})"
    return f"O banco do armazém recusou um comando ({kind})"
