"""The ASGI application: ``POST /omie/{empresa}/{secret}``, and nothing else.

Omie delivers in order and holds back everything behind an event that is not answered with 2xx
(omie-api.md#webhook-delivery). So a request for an unknown address gets 404, a failure of ours
503, and every event at a known address 200, once it is committed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from starlette.types import Message, Receive, Scope, Send

from omie_pipeline.clock import Clock
from omie_pipeline.errors import WarehouseError
from omie_pipeline.inbox.events import NewEvent
from omie_pipeline.texts import webhooks as texts
from omie_pipeline.webhooks.auth import WebhookAddress, WebhookAddresses
from omie_pipeline.webhooks.message import NotStored, read_message

MAX_BODY_BYTES = 1024 * 1024
_BODY_SECONDS = 10.0
_TELL_EVERY_SECONDS = 60.0
log = logging.getLogger("omie_pipeline.webhooks")

Store = Callable[[NewEvent], Awaitable[None]]


class TooLargeError(Exception):
    """The body is longer than any event of Omie."""


class GoneError(Exception):
    """The sender left, or stopped sending, before its body was whole."""


class ReceiverApp:
    """Answers Omie. Needs ``store`` to return only when the event is committed.

    Args:
        on_start, on_stop: run in the server's event loop around everything else.
    """

    def __init__(
        self,
        doors: WebhookAddresses,
        clock: Clock,
        store: Store,
        on_start: Callable[[], Awaitable[None]],
        on_stop: Callable[[], Awaitable[None]],
    ) -> None:
        self._doors = doors
        self._clock = clock
        self._store = store
        self._on_start = on_start
        self._on_stop = on_stop
        self._refused = _Tally()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the server's start and stop."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["type"] != "http":
            return
        status = await self._status(scope, receive)
        await _answer(send, status)

    async def _status(self, scope: Scope, receive: Receive) -> int:
        door = self._doors.at(scope["path"])
        if door is None:
            self._refused.count(texts.UNKNOWN_ADDRESS)
            return 404
        if scope["method"] != "POST":
            return 405
        try:
            body = await asyncio.wait_for(_body(scope, receive), _BODY_SECONDS)
        except TimeoutError:
            return 408
        if isinstance(body, bytes):
            return await self._stored(body, door)
        self._refused.count(texts.BODY_TOO_LONG)
        return body

    async def _stored(self, body: bytes, door: WebhookAddress) -> int:
        event = read_message(body, door, self._clock.now())
        if event is NotStored.FOREIGN:
            self._refused.count(texts.KEY_OF_ANOTHER)
            return 403
        if isinstance(event, NotStored):
            log.info(texts.TEST_RECEIVED, door.empresa)
            return 200
        try:
            await self._store(event)
        except WarehouseError:
            return 503
        return 200

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self._on_start()
                await send({"type": "lifespan.startup.complete"})
            else:
                await self._on_stop()
                await send({"type": "lifespan.shutdown.complete"})
                return


async def _body(scope: Scope, receive: Receive) -> bytes | int:
    """The whole body, or the status of one that is given up as soon as it shows."""
    declared = next((v for k, v in scope["headers"] if k == b"content-length"), b"0")
    if not declared.isdigit() or int(declared) > MAX_BODY_BYTES:
        return 413
    parts: list[bytes] = []
    size = 0
    while True:
        message: Message = await receive()
        if message["type"] != "http.request":
            raise GoneError
        part = message.get("body", b"")
        size += len(part)
        if size > MAX_BODY_BYTES:
            return 413
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


async def _answer(send: Send, status: int) -> None:
    headers = [(b"content-length", b"0"), (b"cache-control", b"no-store")]
    if status not in (200, 503):
        # What is left of the body is not read.
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


class _Tally:
    """Tells of refusals at most once a minute each: strangers must not fill the log."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._told: dict[str, float] = {}

    def count(self, reason: str) -> None:
        """One more refusal."""
        self._counts[reason] = self._counts.get(reason, 0) + 1
        now = asyncio.get_running_loop().time()
        if now - self._told.get(reason, -_TELL_EVERY_SECONDS) >= _TELL_EVERY_SECONDS:
            log.warning(texts.CALLS_REFUSED, reason, self._counts.pop(reason))
            self._told[reason] = now
