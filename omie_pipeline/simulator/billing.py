"""``ValidarOS``, ``FaturarOS`` and ``CancelarOS``: an order becomes an RPS, and later a note.

Billing is asynchronous: the call answers at once, the city hall after ``nfse_seconds``
(:mod:`~omie_pipeline.simulator.city_hall`). Texts and codes are ours (a guess).
"""

from __future__ import annotations

from typing import Any

from omie_pipeline.simulator import notes
from omie_pipeline.simulator.engine import faults, operations
from omie_pipeline.simulator.engine.fields import is_blank
from omie_pipeline.simulator.engine.state import Record
from omie_pipeline.simulator.order_titles import cancel_titles, make_titles
from omie_pipeline.simulator.orders import stamped_now
from omie_pipeline.simulator.rules import Context
from omie_pipeline.simulator.rules.linked import block
from omie_pipeline.simulator.rules.ordens import (
    BILLED_STAGE,
    is_billed,
    is_cancelled,
    service_of,
)
from omie_pipeline.simulator.rules.order_numbers import RPS, OrderNumbers
from omie_pipeline.simulator.wire import JsonObject

_CODES = (("cCodServLC116", "cCodLC116"), ("cCodServMun", "cCodServMun"))
BAD_ADDRESS = ("E160", "Endereço do tomador inválido", "Corrija o endereço do cliente e reenvie.")


def validate(context: Context, sent: JsonObject) -> JsonObject:
    """``ValidarOS``: what FaturarOS would refuse, without billing."""
    record = operations.find(context, sent)
    _check(context, record)
    return operations.status_answer(context, record, "OS validada com sucesso!")


def bill(context: Context, sent: JsonObject) -> JsonObject:
    """``FaturarOS``: repeating it issues one more note, unless behaviour refuses that."""
    before = operations.find(context, sent)
    _check(context, before)
    now = context.now
    stamped = stamped_now(
        context,
        before,
        cFaturada="S",
        dDtFat=f"{now:%d/%m/%Y}",
        cHrFat=f"{now:%H:%M:%S}",
    )
    titles = make_titles(context, before)
    asked = _rps(context, before, titles)
    head = {**before["Cabecalho"], "cEtapa": BILLED_STAGE}
    items = [_with_codes(context, item) for item in before["ServicosPrestados"]]
    record = {
        **before,
        **stamped,
        "Cabecalho": head,
        "ServicosPrestados": items,
        RPS: [*(before.get(RPS) or ()), asked],
    }
    context.app.put(context.collection, record)
    return operations.status_answer(context, record, "OS faturada com sucesso!")


def _check(context: Context, record: Record) -> None:
    if is_cancelled(record):
        raise faults.already("OS já cancelada")
    if is_billed(record) and context.behaviour.repeated_billing_refused:
        raise faults.already("OS já faturada")
    for item in record["ServicosPrestados"]:
        whole = _with_codes(context, item)
        for tag, _ in _CODES:
            if is_blank(whole.get(tag)):
                raise faults.missing_tag(tag, " para faturar a OS")


def _with_codes(context: Context, item: Record) -> Record:
    """The item, with the codes that its service has got since."""
    if not any(is_blank(item.get(tag)) for tag, _ in _CODES):
        return item
    head = block(service_of(context, item) or {}, "cabecalho")
    return {**item, **{tag: item.get(tag) or head.get(name) or "" for tag, name in _CODES}}


def _rps(context: Context, record: Record, titles: list[int]) -> dict[str, Any]:
    due = context.now.timestamp() + context.behaviour.nfse_seconds
    lot = context.app.new_id()
    problem = BAD_ADDRESS if _address_is_bad(context, record) else ()
    return {
        "nLote": lot,
        "nRps": context.app.view(OrderNumbers).next_rps(),
        "cProtocolo": f"{lot:015d}",
        "state": "processing",
        "due": int(due) if due == int(due) else due,
        "problem": list(problem),
        "titles": titles,
        "mensagens": [],
    }


def _address_is_bad(context: Context, record: Record) -> bool:
    clientes = context.other("clientes")
    held = clientes.get(record["Cabecalho"].get("nCodCli") or 0) if clientes is not None else None
    said = held or {}
    missing = any(is_blank(said.get(tag)) for tag in ("endereco", "cep", "cidade"))
    return missing or str(said["cep"]).startswith("00000")


def cancel(context: Context, sent: JsonObject) -> JsonObject:
    """``CancelarOS``: at once, or when the city hall answers while a note is under way."""
    before = operations.find(context, sent)
    if is_cancelled(before):
        raise faults.already("OS já cancelada")
    asked = before.get(RPS) or []
    if any(item["state"] == "processing" for item in asked):
        if any(item.get("cancel_asked") for item in asked):
            raise faults.already("O cancelamento da OS já foi solicitado")
        waiting = [
            {**item, "cancel_asked": True} if item["state"] == "processing" else item
            for item in asked
        ]
        record = {**before, RPS: waiting}
        context.app.put(context.collection, record)
        return operations.status_answer(context, record, "Cancelamento da OS solicitado!")
    record = cancelled(context, before, notes_too=(sent.get("cCancelarNfse") or "S") == "S")
    return operations.status_answer(context, record, "OS cancelada com sucesso!")


def cancelled(context: Context, before: Record, *, notes_too: bool, forced: bool = False) -> Record:
    """Store the order as cancelled, with its títulos and, if asked, its notes.

    Args:
        context: app, endpoint and time of the call.
        before: the order as it stands.
        notes_too: whether its notes are cancelled.
        forced: whether settled títulos stay instead of refusing it.

    Raises:
        SimulatedFaultError: a título is settled; when ``forced`` it stays instead.
    """
    asked = [dict(item) for item in before.get(RPS) or ()]
    titles = [title for item in asked for title in item.get("titles") or ()]
    cancel_titles(context, titles, forced=forced)
    if notes_too:
        for item in asked:
            if item["state"] == "authorised":
                notes.cancel_issued(context, item["nCodNF"], "Cancelada com a OS")
                item["state"] = "cancelled"
    day, hour = f"{context.now:%d/%m/%Y}", f"{context.now:%H:%M:%S}"
    stamped = stamped_now(context, before, cCancelada="S", dDtCanc=day, cHrCanc=hour)
    record = {**before, **stamped, RPS: asked}
    context.app.put(context.collection, record)
    return record
