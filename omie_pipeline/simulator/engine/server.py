"""Running the simulator: in a thread for tests, in the foreground for the terminal."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from omie_pipeline.catalog import Endpoint
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.simulator import company, wire
from omie_pipeline.simulator.clock import Clock, SystemClock
from omie_pipeline.simulator.control import Control
from omie_pipeline.simulator.control.routes import control_routes
from omie_pipeline.simulator.engine.call import Engine, Outcome
from omie_pipeline.simulator.engine.limits import Limits
from omie_pipeline.simulator.lists import ENDPOINTS
from omie_pipeline.simulator.note_documents import served
from omie_pipeline.simulator.rules import Behaviour
from omie_pipeline.simulator.wire import Answer

# The ASGI application: Omie's paths, and the control API beside them.

API_PATH = "/api/v1/"
_SLASHES = re.compile(r"/{2,}")
TRANSPORT = "omie_pipeline.transport"
"""Scope key under which the server puts the connection, so that it can be cut."""


class OmieApi:
    """``POST /api/v1/<module>/<service>/``, as plain ASGI: the hot path of every benchmark."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # A published client sends doubled slashes (omie-api.md#envelope).
        path = _SLASHES.sub("/", str(scope["path"])).removeprefix(API_PATH)
        routes = self._engine.routes
        if not routes.knows(path):
            if routes.knows(f"{path}/"):
                moved = Answer(301, b"", (("Location", f"{API_PATH}{path}/"),), "text/html")
                await _send(send, moved)
            else:
                await _send(send, wire.html_page(404, "Not Found"))
            return
        if scope["method"] != "POST":
            await _send(send, wire.html_page(405, "Method Not Allowed"))
            return
        address = scope["client"][0] if scope.get("client") else ""
        outcome = self._engine.handle(path, await _body(receive), address)
        await self._deliver(outcome, scope, receive, send)

    async def _deliver(self, outcome: Outcome, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if self._engine.behaviour.latency_ms:
                await asyncio.sleep(self._engine.behaviour.latency_ms / 1000)
            if outcome.delivery == "hang":
                await _until_gone(receive)
            elif outcome.delivery == "cut":
                await _cut(scope, receive)
        finally:
            if outcome.lane is not None:
                self._engine.leave(outcome.lane, abandoned=outcome.delivery == "hang")
        if outcome.delivery == "answer":
            await _send(send, outcome.answer)


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    return body


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _cut(scope: Scope, receive: Receive) -> None:
    transport: asyncio.Transport = scope[TRANSPORT]
    transport.abort()
    await _until_gone(receive)


async def _send(send: Send, answer: Answer) -> None:
    headers: list[tuple[bytes, bytes]] = [
        (b"content-type", answer.content_type.encode()),
        (b"content-length", str(len(answer.body)).encode()),
    ]
    headers += [(name.encode("latin-1"), text.encode("latin-1")) for name, text in answer.headers]
    start: dict[str, Any] = {"type": "http.response.start", "status": answer.status}
    await send({**start, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


def _documents(engine: Engine) -> Callable[[Request], Awaitable[Response]]:
    """``GET /docs/nfse/<nCodNF>.pdf`` and its like; 404 for what is not there."""

    async def document(request: Request) -> Response:
        kind, name = request.path_params["kind"], request.path_params["name"]
        with engine.lock:
            found = served(engine.state, kind, name, request.query_params.get("e", ""))
        if found is None:
            return Response(status_code=404)
        return Response(found[0], media_type=found[1])

    return document


def build_app(engine: Engine) -> Starlette:
    """The whole simulator as one ASGI application."""
    return Starlette(
        routes=[
            Mount("/api/v1", app=OmieApi(engine)),
            Mount("/_control", routes=control_routes(Control(engine))),
            Route("/docs/{kind}/{name}", _documents(engine), methods=["GET"]),
        ]
    )


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

    app_key = company.APP_KEY
    app_secret = company.APP_SECRET

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
