"""What every request passes: who asks, what may be seen, and the headers of every answer."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from omie_pipeline.console.access.people import Person
from omie_pipeline.console.access.roles import Permission
from omie_pipeline.console.access.sessions import COOKIE, Session, find_session
from omie_pipeline.console.backstage import Backstage
from omie_pipeline.console.failures import without_warehouse
from omie_pipeline.console.sight import Sight, seeing
from omie_pipeline.errors import WarehouseError
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.texts.console import common as texts

MOST_BYTES: Final = 2 * 1024 * 1024
"""Of a form; a sheet of mappings is the longest."""

HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # With "no-referrer" browsers say of our own forms that they come from nowhere.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
_SAFE: Final = frozenset({"GET", "HEAD"})
_STATIC: Final = "/static/"


class Door:
    """Middleware around the whole site.

    Args:
        app: the site.
        backstage: what its pages read and act through.
    """

    def __init__(self, app: ASGIApp, backstage: Backstage) -> None:
        self._app = app
        self._backstage = backstage

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        static = scope["path"].startswith(_STATIC)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                if self._backstage.https:
                    headers["strict-transport-security"] = "max-age=31536000"
                headers["cache-control"] = "max-age=86400" if static else "no-store"
            await send(message)

        if refusal := self._refusal(scope):
            await refusal(scope, receive, with_headers)
            return
        if static:
            await self._app(scope, receive, with_headers)
            return
        await self._inside(scope, _bounded(receive), with_headers)

    async def _inside(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        try:
            session = await run_in_threadpool(self._session, connection.cookies.get(COOKIE))
        except WarehouseError:
            answer = without_warehouse(self._backstage)
            await answer(scope, receive, send)
            return
        state: MutableMapping[str, Any] = scope.setdefault("state", {})
        state["session"] = session
        state["address"] = self._address(connection)
        empresas = self._backstage.acting.empresas
        with seeing(_sight(session.person, empresas) if session else Sight()):
            await self._app(scope, receive, send)

    def _session(self, token: str | None) -> Session | None:
        if not token:
            return None
        acting = self._backstage.acting
        with warehouse_errors(), acting.engine.begin() as connection:
            return find_session(connection, token, acting.clock.now())

    def _address(self, connection: HTTPConnection) -> str:
        if self._backstage.proxied:
            # The last one was written by our proxy; what stands before it, by anybody.
            forwarded = connection.headers.get("x-forwarded-for", "")
            if last := forwarded.rpartition(",")[2].strip():
                return last
        return connection.client.host if connection.client else ""

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        """What is refused before anybody looks who asks: too long, or from another site."""
        headers = Headers(scope=scope)
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MOST_BYTES:
            return PlainTextResponse(texts.TOO_LONG, 413)
        if scope["method"] in _SAFE:
            return None
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return PlainTextResponse(texts.OTHER_SITE, 403)
        origin = headers.get("origin")
        if origin and urlsplit(origin).netloc != headers.get("host"):
            return PlainTextResponse(texts.OTHER_SITE, 403)
        return None


def _sight(person: Person, of: Sequence[str]) -> Sight:
    """What the database shows to a person."""
    seen = person.empresas(of)
    entries = (one for one in seen if person.may(Permission.OMIE_ENTRIES, one))
    return Sight(seen, tuple(entries))


def _bounded(receive: Receive) -> Receive:
    """A body without a length ends where a longer one would be refused."""
    read = 0

    async def bounded() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        return message if read <= MOST_BYTES else {"type": "http.disconnect"}

    return bounded
