"""The city hall's answer to each RPS, when it is due."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from omie_pipeline.simulator import notes
from omie_pipeline.simulator.billing import cancelled
from omie_pipeline.simulator.clock import BRASILIA
from omie_pipeline.simulator.engine.state import Record
from omie_pipeline.simulator.order_titles import drop_titles
from omie_pipeline.simulator.orders import stamped_now
from omie_pipeline.simulator.rules import Context
from omie_pipeline.simulator.rules.ordens import BACK_STAGE
from omie_pipeline.simulator.rules.order_numbers import RPS

_REFUSED = ("E999", "", "Corrija os dados informados e reenvie.")


def answer(context: Context, key: int, *, all_of_them: bool, open_since: float) -> None:
    """Decide every RPS of order ``key`` whose answer is due, or all that wait.

    An answer bears the moment it was due, but none before ``open_since`` (simulated seconds): what
    waited for the city hall to come back is answered then.

    Args:
        context: app, endpoint and time of the call.
        key: the key of the order.
        all_of_them: also those that are not due.
        open_since: no answer is dated before this moment (simulated seconds).
    """
    now = context.now.timestamp()
    while True:
        order = context.collection.get(key)
        waiting = [item for item in (order or {}).get(RPS) or () if item["state"] == "processing"]
        due = [item for item in waiting if all_of_them or item["due"] <= now]
        if order is None or not due:
            return
        at = min(now, max(float(due[0]["due"]), open_since))
        _decide(_at(context, at), order, due[0])


def _at(context: Context, seconds: float) -> Context:
    """The same context at another moment."""
    return Context(
        context.app, context.endpoint, context.method, context.checks,
        datetime.fromtimestamp(seconds, BRASILIA), context.behaviour, context.by_person,
    )  # fmt: skip


def _decide(context: Context, order: Record, item: dict[str, Any]) -> None:
    asked, wins = bool(item.get("cancel_asked")), context.behaviour.cancel_race == "authorised"
    reason = item.get("problem") or _refusal(context)
    if reason:
        _reject(context, order, item, reason)
    elif asked and not wins:
        note = notes.issue_for_order(context, order, item)
        notes.cancel_issued(context, note["nCodNF"], "Cancelada durante o processamento")
        _store(context, order, item, {**note, "state": "cancelled"})
    else:
        said = _message("SUCESSO", "A0", "NFS-e autorizada", "")
        late = _message("ALERTA", "C1", "Cancelamento recusado: a NFS-e já foi autorizada", "")
        note = notes.issue_for_order(context, order, item)
        said_all = [said, late] if asked else [said]
        changed = {**note, "state": "authorised", "mensagens": said_all, "cancel_asked": False}
        _store(context, order, item, changed)
        return
    held = context.collection.get(int(order["Cabecalho"]["nCodOS"])) or order
    if asked and not any(rps["state"] == "processing" for rps in held[RPS]):
        cancelled(context, held, notes_too=True, forced=True)


def _refusal(context: Context) -> tuple[str, ...]:
    reasons = context.app.rejections
    return (_REFUSED[0], reasons.pop(0), _REFUSED[2]) if reasons else ()


def _message(kind: str, code: str, text: str, fix: str) -> Record:
    return {"cCodigo": code, "cDescricao": text, "cCorrecao": fix, "cSituacao": kind}


def _reject(context: Context, order: Record, item: dict[str, Any], reason: Any) -> None:
    """Back to an order that is not billed: stage 50, without the títulos it made."""
    code, text, fix = reason
    drop_titles(context, item.get("titles") or [])
    said = [_message("ERRO", code, text, fix)]
    others = [rps for rps in order[RPS] if rps is not item]
    if any(rps["state"] in {"processing", "authorised"} for rps in others):
        _store(context, order, item, {"state": "rejected", "mensagens": said})
        return
    stamped = stamped_now(context, order, cFaturada="N")
    stamped["InfoCadastro"].pop("dDtFat", None)
    stamped["InfoCadastro"].pop("cHrFat", None)
    head = {**order["Cabecalho"], "cEtapa": BACK_STAGE}
    changed = {**order, **stamped, "Cabecalho": head}
    _store(context, changed, item, {"state": "rejected", "mensagens": said})


def _store(context: Context, order: Record, item: dict[str, Any], changes: dict[str, Any]) -> None:
    decided = [{**rps, **changes} if rps is item else rps for rps in order[RPS]]
    context.app.put(context.collection, {**order, RPS: decided})
