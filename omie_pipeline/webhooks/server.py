"""Running the receiver: in a thread for tests, in the foreground for the terminal."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable
from types import TracebackType

import sqlalchemy as sa
import uvicorn

from omie_pipeline.clock import Clock, SystemClock
from omie_pipeline.postgres.schemas import Schemas
from omie_pipeline.webhooks.app import ReceiverApp
from omie_pipeline.webhooks.doors import Door, Doors
from omie_pipeline.webhooks.punctual import REQUEST_SECONDS, punctual
from omie_pipeline.webhooks.writer import Writer

HOST, PORT = "127.0.0.1", 8787
_STOP_SECONDS = 15.0


class Receiver:
    """The webhook receiver on one address; ``port`` 0 takes a free one.

    Raises:
        OSError: the address is taken.
    """

    def __init__(
        self,
        doors: Iterable[Door],
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
            Doors(doors),
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

    def url(self, door: Door) -> str:
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
