"""The ASGI application: Omie's paths, and the control API beside them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from omie_pipeline.simulator import wire
from omie_pipeline.simulator.control import Control
from omie_pipeline.simulator.control.control_routes import control_routes
from omie_pipeline.simulator.documents_served import served
from omie_pipeline.simulator.engine.engine import Engine
from omie_pipeline.simulator.engine.progress import Outcome
from omie_pipeline.simulator.wire import Answer

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
