"""Poolers between us and PostgreSQL: a session of ours must be one session of the server.

Locks belong to a session. A pooler in transaction (or statement) mode gives each transaction
whichever session is free: the lock stays with a stranger, and two runs hold the same one.
"""

from __future__ import annotations

import select
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import pq, sql

from omie_pipeline.errors import WarehouseError
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.texts import postgres as texts

SESSIONS = 8
"""What a pooler has to have room for, per process: the most that was measured is 6, of a build."""

_ROUNDS = 5
_PATIENCE_SECONDS = 10.0
_MARK = "omie_pipeline.sessao"


def behind_pooler(engine: sa.Engine) -> bool:
    """Whether a pooler answers at this address.

    One that multiplexes sessions has to give its own keys for cancelling, whose first half a server
    fills with the session's pid.

    Raises:
        WarehouseError: the database cannot be reached, or the pooler takes no transactions.
    """
    with warehouse_errors(), _refusing_statement_mode(), engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        pid: int = connection.execute(sa.select(sa.func.pg_backend_pid())).scalar_one()
        return bool(driver.info.backend_pid != pid)


def refuse_shared_sessions(engine: sa.Engine) -> None:
    """Stop where a pooler would hand our session to others between two transactions.

    If nothing stands between us and the server this costs one question.

    Raises:
        WarehouseError: says which setting to change; or the database cannot be reached.
    """
    if not behind_pooler(engine):
        return
    with warehouse_errors(), _refusing_statement_mode(), engine.connect() as connection:
        ours: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
        ours.autocommit, ours.prepare_threshold = True, None
        try:
            # Not from our pool, which has questions of its own for a new connection.
            arguments, options = engine.dialect.create_connect_args(engine.url)
            options["connect_timeout"] = round(_PATIENCE_SECONDS) or 1
            with psycopg.connect(*arguments, **options, autocommit=True) as other:
                _refuse_if_shared(ours, other)
        except psycopg.Error as error:
            if "statement pooling mode" in str(error):
                raise
            raise WarehouseError(
                texts.POOLER_GIVES_TOO_FEW.format(seconds=_PATIENCE_SECONDS, sessions=SESSIONS)
            ) from None
        finally:
            # The settings of this connection must not reach our own pool.
            connection.invalidate()


def _refuse_if_shared(ours: psycopg.Connection[Any], other: psycopg.Connection[Any]) -> None:
    """Mark our session; then a transaction of another connection either gets that very session
    (it was free for anybody), or ours is found unmarked (we were given another one).

    While the transaction of the other connection lasts it keeps its session: a pooler with one
    free session gives it ours, one with several gives the last or the next one that was free. So
    some rounds meet every order in which sessions are given out, whatever else uses them.
    """
    mark = uuid.uuid4().hex
    setting = sql.SQL("set_config({}, {}, false)").format(sql.Literal(_MARK), sql.Literal(mark))
    ours.execute(sql.SQL("SELECT {}").format(setting))
    asked = f"SELECT pg_backend_pid(), current_setting('{_MARK}', true)"
    session = ours.execute(asked).fetchone()
    for _ in range(_ROUNDS):
        taken = _answer(other, f"BEGIN; {asked}") == mark
        # Ours is asked while the other's transaction lasts.
        moved = not taken and ours.execute(asked).fetchone() != session
        _answer(other, f"ROLLBACK; RESET {_MARK}")
        if taken or moved:
            raise WarehouseError(texts.POOLER_SHARES.format(unit=texts.TRANSACTION))


def _answer(connection: psycopg.Connection[Any], statements: str) -> str | None:
    """The last column of the last row that ``statements`` answer.

    Asked by hand: a pooler without a free session lets a client wait for minutes.

    Raises:
        WarehouseError: no answer in time.
    """
    link = connection.pgconn
    link.send_query(statements.encode())
    give_up_at = time.monotonic() + _PATIENCE_SECONDS
    value = None
    while True:
        while link.is_busy():
            link.flush()
            left = give_up_at - time.monotonic()
            if left <= 0 or not select.select([link.socket], [], [], left)[0]:
                raise WarehouseError(
                    texts.POOLER_GIVES_TOO_FEW.format(seconds=_PATIENCE_SECONDS, sessions=SESSIONS)
                )
            link.consume_input()
        result = link.get_result()
        if result is None:
            return value
        if result.status == pq.ExecStatus.FATAL_ERROR:
            raise psycopg.OperationalError(result.error_message.decode(errors="replace"))
        if result.ntuples:
            found = result.get_value(result.ntuples - 1, result.nfields - 1)
            value = found.decode() if found is not None else None


@contextmanager
def _refusing_statement_mode() -> Iterator[None]:
    """Tell a pooler in statement mode, which refuses to begin a transaction."""
    try:
        yield
    except (psycopg.Error, sa.exc.DBAPIError) as error:
        if "statement pooling mode" in str(getattr(error, "orig", error)):
            raise WarehouseError(texts.POOLER_SHARES.format(unit="comando")) from None
        raise
