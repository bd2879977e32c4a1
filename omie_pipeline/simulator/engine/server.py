"""Running the simulator: in a thread for tests, in the foreground for the terminal."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from omie_pipeline.catalog import Endpoint
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.simulator import seeds
from omie_pipeline.simulator.clock import Clock, SystemClock
from omie_pipeline.simulator.control import Control
from omie_pipeline.simulator.engine.app import API_PATH, TRANSPORT, build_app
from omie_pipeline.simulator.engine.engine import Engine
from omie_pipeline.simulator.engine.limits import Limits
from omie_pipeline.simulator.mirror_lists import ENDPOINTS
from omie_pipeline.simulator.rules import Behaviour

HOST = "127.0.0.1"
_START_SECONDS = 10.0


class _CuttableProtocol(AutoHTTPProtocol):  # type: ignore[misc,valid-type]  # chosen at run time
    """uvicorn's protocol, that tells the application which connection it serves."""

    app: ASGIApp

    def connection_made(self, transport: object) -> None:
        super().connection_made(transport)
        inner = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope[TRANSPORT] = transport
            await inner(scope, receive, send)

        self.app = with_transport


class Simulator:
    """A simulated Omie on a loopback port; ``port`` 0 takes a free one.

    Attributes:
        control: everything a test can do to it, in process.
    """

    app_key = seeds.APP_KEY
    app_secret = seeds.APP_SECRET

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        limits: Limits | None = None,
        behaviour: Behaviour | None = None,
        state_path: Path | None = None,
        seed_company: bool = True,
        endpoints: Iterable[Endpoint] = ENDPOINTS,
        host: str = HOST,
        port: int = 0,
    ) -> None:
        if host != HOST:
            raise ConfigurationError(f"o simulador só escuta em {HOST}, não em {host}")
        self._engine = Engine(
            clock or SystemClock(),
            limits or Limits(),
            behaviour or Behaviour(),
            endpoints=endpoints,
            state_path=state_path,
            with_company=seed_company,
        )
        self.control = Control(self._engine)
        self._socket = socket.create_server((HOST, port), backlog=512)
        self.port: int = self._socket.getsockname()[1]
        self._engine.state.docs_url = f"http://{HOST}:{self.port}/docs"
        self._server = uvicorn.Server(
            uvicorn.Config(
                build_app(self._engine),
                http=_CuttableProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="critical",
                access_log=False,
                server_header=False,
                timeout_keep_alive=60,
                timeout_graceful_shutdown=1,
                backlog=512,
            )
        )
        self._thread: threading.Thread | None = None

    @property
    def base_url(self) -> str:
        """``http://127.0.0.1:PORT/api/v1/``."""
        return f"http://{HOST}:{self.port}{API_PATH}"

    @property
    def control_url(self) -> str:
        """``http://127.0.0.1:PORT/_control/``."""
        return f"http://{HOST}:{self.port}/_control/"

    def serve(self) -> None:
        """Serve until interrupted."""
        try:
            self._server.run([self._socket])
        finally:
            self._close()

    def start(self) -> None:
        """Serve from a thread; connections made from now on are answered."""
        # The socket already listens: what arrives before the loop runs waits in its queue.
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],))
        self._thread.daemon = True
        self._thread.start()

    def stop(self) -> None:
        """Cut what is open, stop the thread and close the state file."""
        self._server.should_exit = True
        self._server.force_exit = True
        if self._thread is not None:
            self._thread.join(_START_SECONDS)
        self._close()

    def _close(self) -> None:
        self._socket.close()
        self._engine.webhooks.stop()
        if self._engine.file is not None:
            self._engine.file.close()

    def __enter__(self) -> Simulator:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"Simulator({self.base_url})"


@contextmanager
def running_simulator(
    *,
    clock: Clock | None = None,
    limits: Limits | None = None,
    behaviour: Behaviour | None = None,
    state_path: Path | None = None,
    seed_company: bool = True,
    endpoints: Iterable[Endpoint] = ENDPOINTS,
) -> Iterator[Simulator]:
    """A simulator for the length of a ``with`` block.

    Without ``clock`` time is the system's; without ``limits`` all of Omie's are on
    (``Limits.off()`` for none).

    Args:
        clock: real time by default.
        limits: Omie's by default.
        behaviour: settings that are no limit.
        state_path: where the state is kept; in memory by default.
        seed_company: whether the model company's lists are there.
        endpoints: those that are served; all by default.
    """
    with Simulator(
        clock=clock,
        limits=limits,
        behaviour=behaviour,
        state_path=state_path,
        seed_company=seed_company,
        endpoints=endpoints,
    ) as simulator:
        yield simulator
