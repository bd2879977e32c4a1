"""What a person sees when something is refused, or cannot be done now."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from omie_pipeline.console.actions import ACTION_FIELD
from omie_pipeline.texts.console import common as texts

if TYPE_CHECKING:
    from omie_pipeline.console.backstage import Backstage

_NOT_FOUND, _FORBIDDEN, _SIGN_IN, _UNREADABLE, _BROKEN = 404, 403, 401, 422, 500
_LOG = logging.getLogger("omie_pipeline.console")


def refused(request: Request, error: Exception) -> Response:
    """A page that is not there, or not for this person; who has not entered is asked to."""
    status = error.status_code if isinstance(error, HTTPException) else _UNREADABLE
    if status == _SIGN_IN:
        # A fragment cannot ask for a password: the whole page goes there.
        if request.headers.get("hx-request"):
            return Response(status_code=204, headers={"hx-redirect": "/entrar"})
        return RedirectResponse("/entrar", 303)
    told = {_NOT_FOUND: texts.NOT_FOUND, _FORBIDDEN: texts.FORBIDDEN}
    return _page(request.app.state.backstage, told.get(status, texts.NOT_UNDERSTOOD), status)


def broken(request: Request, error: Exception) -> Response:
    """A fault of ours: the log says where, the page that it is one."""
    _LOG.error("%s %s", request.method, type(error).__name__, exc_info=error)
    return _page(request.app.state.backstage, texts.BROKEN, _BROKEN)


def not_possible(request: Request, error: Exception) -> Response:
    """What the use case refused, in its words."""
    return _page(request.app.state.backstage, str(error), 422)


async def warehouse_gone(request: Request, _error: Exception) -> Response:
    """The database is away: what a person sent is kept in the page, to be sent again.

    It is the same action when it comes again, so that sending it twice does nothing twice.
    """
    kept: list[tuple[str, str]] = []
    if request.method == "POST":
        form = await request.form()
        kept = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
        if not any(name == ACTION_FIELD for name, _ in kept):
            kept = []  # a password is not kept
    backstage: Backstage = request.app.state.backstage
    template = backstage.templates.get_template("gone.html")
    page = template.render(
        c=texts, t=texts, visit=None, title=texts.GONE, kept=kept, path=request.url.path
    )
    return HTMLResponse(page, 503)


def without_warehouse(backstage: Backstage) -> Response:
    """The database is away before anybody knows who asks."""
    return _page(backstage, texts.GONE_TEXT, 503)


def _page(backstage: Backstage, text: str, status: int) -> Response:
    template = backstage.templates.get_template("message.html")
    page = template.render(c=texts, t=texts, visit=None, title=texts.NOT_POSSIBLE, text=text)
    return HTMLResponse(page, status)
