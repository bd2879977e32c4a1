"""Connections that send a request in time, or are closed: a slow one must not be kept for ever."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_SECONDS = 30.0
"""From a connection, or a request's first byte, to its answer. Omie gives up after 20 seconds."""


class PunctualProtocol(H11Protocol):
    """uvicorn's own protocol with a time for the whole request, headers included.

    uvicorn bounds only the idle time between two requests.
    """

    request_seconds = REQUEST_SECONDS
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._begin()

    def data_received(self, data: bytes) -> None:
        if self._late is None:
            self._begin()
        super().data_received(data)

    def on_response_complete(self) -> None:
        self._end()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        super().connection_lost(exc)

    def _begin(self) -> None:
        self._late = self.loop.call_later(self.request_seconds, self.transport.abort)

    def _end(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


def punctual(request_seconds: float) -> type[PunctualProtocol]:
    """The protocol with another limit."""
    return type("Punctual", (PunctualProtocol,), {"request_seconds": request_seconds})
