"""``/_control/`` on money, notas, pages and webhooks: JSON in, the control object's words out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.simulator import seeds
from omie_pipeline.simulator.control import Control
from omie_pipeline.simulator.control.control_base import exact
from omie_pipeline.simulator.control.control_money import day_from

Body = dict[str, Any]
Handler = Callable[[Control, Body], object]


def _app(body: Body) -> str:
    return str(body.get("app_key", seeds.APP_KEY))


def settle(control: Control, body: Body) -> object:
    """``{endpoint, code, value?, discount?, interest?, fine?, account?, day?}``."""
    options = {
        name: body[name]
        for name in ("value", "discount", "interest", "fine", "account", "integration_code")
        if body.get(name) is not None
    }
    baixa = control.settle(
        body["endpoint"],
        body["code"],
        **exact(options),
        day=day_from(body.get("day")),
        app_key=_app(body),
    )
    return {"codigo_baixa": baixa}


def undo_settlement(control: Control, body: Body) -> object:
    """``{codigo_baixa}``."""
    control.undo_settlement(int(body["codigo_baixa"]), app_key=_app(body))
    return {}


def cancel(control: Control, body: Body) -> object:
    """``{endpoint, code}``."""
    control.cancel(body["endpoint"], body["code"], app_key=_app(body))
    return {}


def lancar_em_conta(control: Control, body: Body) -> object:
    """``{account, value, day?, category?, cliente?, note?, origin?}``."""
    named = ("category", "cliente", "note", "origin")
    entry = control.lancar_em_conta(
        int(body["account"]),
        body["value"],
        day=day_from(body.get("day")),
        **{name: body[name] for name in named if name in body},
        app_key=_app(body),
    )
    return {"nCodLanc": entry}


def transferir(control: Control, body: Body) -> object:
    """``{source, target, value, day?, note?}``."""
    pair = control.transferir(
        int(body["source"]),
        int(body["target"]),
        body["value"],
        day=day_from(body.get("day")),
        note=body.get("note", ""),
        app_key=_app(body),
    )
    return {"nCodLanc": pair}


def conciliate(control: Control, body: Body) -> object:
    """``{nCodLanc}``."""
    control.conciliate(int(body["nCodLanc"]), app_key=_app(body))
    return {}


def balance(control: Control, body: Body) -> object:
    """``{account, day?}``."""
    day = day_from(body.get("day"))
    return {"balance": control.balance(int(body["account"]), day, app_key=_app(body))}


def issue_note(control: Control, body: Body) -> object:
    """``{kind, value, cliente?, day?, category?}``."""
    named = {name: body[name] for name in ("cliente", "category") if name in body}
    day = day_from(body.get("day"))
    omie_id = control.issue_note(body["kind"], body["value"], day=day, **named, app_key=_app(body))
    return {"id": omie_id}


def cancel_note(control: Control, body: Body) -> object:
    """``{kind, id, reason?}``."""
    reason = body.get("reason", "")
    control.cancel_note(body["kind"], int(body["id"]), reason=reason, app_key=_app(body))
    return {}


def seed_receivables(control: Control, body: Body) -> object:
    """``{count, days?}``."""
    days = int(body.get("days", 365))
    return {"seeded": len(control.seed_receivables(int(body["count"]), days=days))}


def between_pages(control: Control, body: Body) -> object:
    """``{method, page, operations: [{operation, ...}]}``: run them once that page was answered."""
    steps = [(_known(item["operation"]), item) for item in body["operations"]]

    def action() -> None:
        for handler, item in steps:
            handler(control, item)

    control.between_pages(body["method"], int(body["page"]), action)
    return {"planned": len(steps)}


def _known(name: str) -> Handler:
    if name not in CHANGES:
        raise ConfigurationError(f"operations between pages: {sorted(CHANGES)}")
    return CHANGES[name]


def webhook(control: Control, body: Body) -> object:
    """``{url?, topics?, timeout_seconds?, ping?, flush?, retry_now?, wait_seconds?}``.

    Answers counts and tries. ``url`` null sends no more; without ``url`` nothing is changed.
    """
    if "url" in body:
        timeout = body.get("timeout_seconds")
        control.set_webhook(
            body["url"],
            topics=body.get("topics", ()),
            timeout_seconds=None if timeout is None else float(timeout),
            app_key=_app(body),
        )
    if body.get("ping"):
        control.ping_webhook(app_key=_app(body))
    if body.get("flush"):
        wait_seconds = float(body.get("wait_seconds", 2))
        control.flush_webhooks(retry_now=bool(body.get("retry_now")), timeout_seconds=wait_seconds)
    tries = [asdict(delivery) for delivery in control.webhook_deliveries()]
    return {**asdict(control.webhook_stats()), "deliveries": tries}


def seed(control: Control, body: Body) -> object:
    """``{endpoint?, records?, app_key?, app_secret?, name?, reference_lists?, announce?}``."""
    app_key = _app(body)
    if "app_secret" in body:
        control.add_app(
            app_key,
            body["app_secret"],
            body.get("name") or app_key,
            reference_lists=body.get("reference_lists", True),
        )
    if "endpoint" not in body:
        return {"ids": []}
    announce = bool(body.get("announce"))
    records = body.get("records", ())
    return {"ids": control.seed(body["endpoint"], records, app_key=app_key, announce=announce)}


def edit(control: Control, body: Body) -> object:
    """``{endpoint, code, fields}``."""
    control.edit(body["endpoint"], body["code"], body["fields"], app_key=_app(body))
    return {}


def delete(control: Control, body: Body) -> object:
    """``{endpoint, code}``."""
    control.delete(body["endpoint"], body["code"], app_key=_app(body))
    return {}


CHANGES: dict[str, Handler] = {
    "seed": seed,
    "settle": settle,
    "edit": edit,
    "delete": delete,
    "undo_settlement": undo_settlement,
    "cancel": cancel,
    "lancar_em_conta": lancar_em_conta,
    "transferir": transferir,
    "conciliate": conciliate,
    "issue_note": issue_note,
    "cancel_note": cancel_note,
    "seed_receivables": seed_receivables,
}
"""What changes records, as a person in Omie would."""

OTHERS: dict[str, Handler] = {
    "balance": balance,
    "between_pages": between_pages,
    "webhook": webhook,
}
