"""Group commit: events that arrive together are stored by one statement and one commit."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from time import perf_counter

import psycopg

from omie_pipeline.errors import WarehouseError
from omie_pipeline.inbox.events import INSERT_EVENTS, NewEvent, as_arrays
from omie_pipeline.postgres.schemas import Schemas
from omie_pipeline.texts import webhooks as texts
from omie_pipeline.webhooks.message import unstorable

_LINGER_SECONDS = 0.003
_BATCH_EVENTS = 500
_BATCH_BYTES = 8 * 1024 * 1024
_CONNECT_SECONDS = 2
_STATEMENT_MS = 3_000
ANSWER_SECONDS = 5.0
"""Omie gives up after 7 (omie-api.md#webhook-delivery)."""

log = logging.getLogger("omie_pipeline.webhooks")


class Writer:
    """Stores events through one connection of its own, in an event loop.

    Args:
        conninfo: libpq URL of the warehouse.
        schemas: of the installation.
    """

    def __init__(self, conninfo: str, schemas: Schemas) -> None:
        self._conninfo = conninfo
        self._insert = schemas.in_statement(INSERT_EVENTS)
        self._connection: psycopg.AsyncConnection[tuple[object, ...]] | None = None
        self._waiting: list[tuple[NewEvent, asyncio.Future[None]]] = []
        self._arrived = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to store; the connection is made with the first event."""
        self._task = asyncio.create_task(self._store_for_ever())

    async def stop(self) -> None:
        """Finish what is being written and let the connection go."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._drop()

    async def store(self, event: NewEvent) -> None:
        """Return when the event is committed; it may have been there already.

        Raises:
            WarehouseError: it is not known to be stored: Omie has to send it again.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((event, done))
        self._arrived.set()
        try:
            await asyncio.wait_for(done, ANSWER_SECONDS)
        except TimeoutError:
            raise WarehouseError(texts.NOT_STORED_IN_TIME) from None

    async def _store_for_ever(self) -> None:
        while True:
            await self._arrived.wait()
            await asyncio.sleep(_LINGER_SECONDS)
            batch = self._next_batch()
            if not batch:
                continue
            try:
                await self._store([event for event, _ in batch])
            except WarehouseError as error:
                for _, done in batch:
                    if not done.done():
                        done.set_exception(error)
                continue
            for _, done in batch:
                if not done.done():
                    done.set_result(None)

    def _next_batch(self) -> list[tuple[NewEvent, asyncio.Future[None]]]:
        taken, size = 0, 0
        for event, _ in self._waiting[:_BATCH_EVENTS]:
            size += len(event.body)
            if taken and size > _BATCH_BYTES:
                break
            taken += 1
        batch, self._waiting = self._waiting[:taken], self._waiting[taken:]
        if not self._waiting:
            self._arrived.clear()
        # A caller that gave up got an answer that makes Omie send it again.
        return [(event, done) for event, done in batch if not done.done()]

    async def _store(self, batch: list[NewEvent]) -> None:
        started = perf_counter()
        try:
            connection = await self._connected()
            stored = await _insert(connection, self._insert, batch)
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            await self._drop()
            kind = type(error).__name__
            log.error(texts.EVENTS_GIVEN_BACK, kind, len(batch))
            raise WarehouseError(texts.database_silent(kind)) from None
        except psycopg.Error:
            if len(batch) == 1:
                await self._store_bytes(batch[0])
                return
            for event in batch:
                await self._store([event])
            return
        told = texts.EVENTS_STORED
        log.info(told, stored, len(batch) - stored, (perf_counter() - started) * 1_000)

    async def _store_bytes(self, event: NewEvent) -> None:
        """Store an event whose JSON PostgreSQL cannot hold (a NUL, a half character).

        What it names goes too if that is refused as well: whatever it is, it blocks nothing.
        """
        kept = replace(event, raw=unstorable(event.body))
        nothing = replace(kept, records="{}", tables=(), state="ignored", error=texts.UNSTORABLE)
        try:
            connection = await self._connected()
            try:
                await _insert(connection, self._insert, [kept])
            except psycopg.DataError:
                await _insert(connection, self._insert, [nothing])
        except (psycopg.Error, UnicodeError) as error:
            await self._drop()
            kind = type(error).__name__
            log.error(texts.EVENT_REFUSED_LOGGED, kind)
            raise WarehouseError(texts.event_refused(kind)) from None

    async def _connected(self) -> psycopg.AsyncConnection[tuple[object, ...]]:
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(
                self._conninfo,
                autocommit=True,
                prepare_threshold=1,
                connect_timeout=_CONNECT_SECONDS,
                application_name="omie_pipeline_webhooks",
                options=f"-c statement_timeout={_STATEMENT_MS}",
            )
        return self._connection

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error):
                await connection.close()


async def _insert(
    connection: psycopg.AsyncConnection[tuple[object, ...]], statement: str, batch: list[NewEvent]
) -> int:
    """One statement, committed by itself; the number of events that were new."""
    cursor = await connection.execute(statement.encode(), as_arrays(batch))
    return cursor.rowcount
