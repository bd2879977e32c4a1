"""``/_control/``: the control object as JSON over HTTP, and one page for people."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from decimal import Decimal

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.simulator import seeds, wire
from omie_pipeline.simulator.control import Control, control_operations, control_order_operations
from omie_pipeline.simulator.control.control_operations import Body, Handler
from omie_pipeline.simulator.control.page import control_page
from omie_pipeline.simulator.engine.calls import Call
from omie_pipeline.simulator.engine.planned import PlannedFault


def _reset(control: Control, body: Body) -> object:
    control.reset(seed_company=body.get("seed_company", True))
    return {}


def _next_faults(control: Control, body: Body) -> object:
    plans = [
        PlannedFault(**{**item, "headers": tuple(map(tuple, item.get("headers", ())))})
        for item in body["faults"]
    ]
    if body.get("clear"):
        control.clear_faults()
    return {"queued": [asdict(plan) for plan in control.next_faults(*plans)]}


def _clock(control: Control, body: Body) -> object:
    if "set" in body:
        control.set_time(datetime.fromisoformat(body["set"]))
    if "advance" in body:
        control.advance(float(body["advance"]))
    return {"now": control.now().isoformat()}


def _calls(control: Control, body: Body) -> object:
    seen = control.calls(
        method=body.get("method", ""),
        app_key=body.get("app_key", ""),
        after=int(body.get("after", 0)),
        failed=body.get("failed"),
    )
    if body.get("clear"):
        control.clear_calls()
    return {"calls": [_call(call) for call in seen]}


def _call(call: Call) -> Body:
    return {**asdict(call), "at": call.at.isoformat(), "ok": call.ok}


def _records(control: Control, body: Body) -> object:
    app_key = body.get("app_key", seeds.APP_KEY)
    return {"records": control.records(body["endpoint"], app_key=app_key)}


def _limits(control: Control, body: Body) -> object:
    if body.pop("forget", False):
        control.forget_limits()
    return asdict(control.set_limits(**body))


def _behaviour(control: Control, body: Body) -> object:
    return asdict(control.set_behaviour(**{name: _plain(value) for name, value in body.items()}))


def _plain(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else value


def _apps(control: Control, _body: Body) -> object:
    return {"apps": [{**asdict(app), "records": dict(app.records)} for app in control.apps()]}


def _suspend(control: Control, body: Body) -> object:
    control.suspend(body.get("app_key", seeds.APP_KEY), suspended=body.get("suspended", True))
    return {}


HANDLERS: dict[str, Handler] = {
    "reset": _reset,
    "next_faults": _next_faults,
    "clock": _clock,
    "calls": _calls,
    "records": _records,
    "limits": _limits,
    "behaviour": _behaviour,
    "apps": _apps,
    "suspend": _suspend,
    **control_operations.CHANGES,
    **control_operations.OTHERS,
    **control_order_operations.CHANGES,
    **control_order_operations.OTHERS,
}


def _query(request: Request) -> Body:
    words = {"true": True, "false": False}
    return {name: words.get(text, text) for name, text in request.query_params.items()}


def _json(status: int, body: object) -> Response:
    return Response(wire.dumps(body), status, media_type="application/json")


def control_routes(control: Control) -> list[Route]:
    """``GET /_control/`` is the page; each operation answers to POST, or GET with a query."""

    async def page(_request: Request) -> Response:
        return HTMLResponse(control_page(control, tuple(HANDLERS)))

    async def operate(request: Request) -> Response:
        handler = HANDLERS.get(request.path_params["name"])
        if handler is None:
            return _json(404, {"error": f"operations: {sorted(HANDLERS)}"})
        try:
            raw = await request.body()
            body = wire.loads(raw) if raw else _query(request)
            return _json(200, handler(control, body))
        except (ConfigurationError, KeyError, TypeError, ValueError, AttributeError) as wrong:
            return _json(400, {"error": f"{type(wrong).__name__}: {wrong}"})

    return [Route("/", page, methods=["GET"]), Route("/{name}", operate, methods=["GET", "POST"])]
