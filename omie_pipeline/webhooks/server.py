"""Running the receiver: in a thread for tests, in the foreground for the terminal."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterable
from types import TracebackType

import sqlalchemy as sa
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from omie_pipeline.clock import Clock, SystemClock
from omie_pipeline.postgres.schemas import Schemas
from omie_pipeline.webhooks.app import ReceiverApp
from omie_pipeline.webhooks.auth import WebhookAddress, WebhookAddresses
from omie_pipeline.webhooks.writer import Writer

# Connections that send a request in time, or are closed: a slow one must not be kept for ever.

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


HOST, PORT = "127.0.0.1", 8787
_STOP_SECONDS = 15.0


class Receiver:
    """The webhook receiver on one address; ``port`` 0 takes a free one.

    Raises:
        OSError: the address is taken.
    """

    def __init__(
        self,
        doors: Iterable[WebhookAddress],
        database_url: str,
        *,
        clock: Clock | None = None,
        host: str = HOST,
        port: int = PORT,
        schemas: Schemas | None = None,
        request_seconds: float = REQUEST_SECONDS,
    ) -> None:
        # Without uvicorn's logs, which name the path: it holds the secret.
        self._writer = Writer(_conninfo(database_url), schemas or Schemas())
        app = ReceiverApp(
            WebhookAddresses(doors),
            clock or SystemClock(),
            self._writer.store,
            self._writer.start,
            self._writer.stop,
        )
        self._socket = socket.create_server((host, port), backlog=2048)
        self.port: int = self._socket.getsockname()[1]
        self.host = host
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=punctual(request_seconds),
                ws="none",
                lifespan="on",
                log_config=None,
                log_level="critical",
                access_log=False,
                server_header=False,
                date_header=False,
                proxy_headers=False,
                timeout_keep_alive=30,
                timeout_graceful_shutdown=5,
                backlog=2048,
            )
        )
        self._thread: threading.Thread | None = None

    def url(self, door: WebhookAddress) -> str:
        """The address to give to Omie from this machine; it holds the secret."""
        return f"http://{self.host}:{self.port}/omie/{door.empresa}/{door.secret}"

    def serve(self) -> None:
        """Serve until interrupted."""
        try:
            self._server.run([self._socket])
        finally:
            self._socket.close()

    def start(self) -> None:
        """Serve from a thread; connections made from now on are answered."""
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],))
        self._thread.daemon = True
        self._thread.start()

    def stop(self) -> None:
        """Answer what is open, then end."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)
        self._socket.close()

    def __enter__(self) -> Receiver:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _conninfo(database_url: str) -> str:
    """A SQLAlchemy URL as libpq reads it."""
    url = sa.make_url(database_url).set(drivername="postgresql")
    return url.render_as_string(hide_password=False)
