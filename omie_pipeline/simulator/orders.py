"""Service orders: validated, billed, moved along, and what the city hall makes of each RPS.

Billing is asynchronous: the call answers at once, the city hall after ``nfse_seconds``. Texts and
codes are ours (a guess).

"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from omie_pipeline.simulator import notes
from omie_pipeline.simulator.clock import BRASILIA
from omie_pipeline.simulator.engine import faults, operations
from omie_pipeline.simulator.engine.fields import is_blank
from omie_pipeline.simulator.engine.state import AppState, Record
from omie_pipeline.simulator.note_documents import nfse_link
from omie_pipeline.simulator.rules import Context, rules_for
from omie_pipeline.simulator.rules.base import stamp
from omie_pipeline.simulator.rules.linked import block, cents
from omie_pipeline.simulator.rules.ordens import (
    BACK_STAGE,
    BILLED_STAGE,
    RPS,
    OrderNumbers,
    amount_of,
    flags,
    is_billed,
    is_cancelled,
    service_of,
)
from omie_pipeline.simulator.rules.titulos import CANCELLED, SETTLEMENTS
from omie_pipeline.simulator.wire import JsonObject

# The contas a receber that billing an order makes, and takes back.


def make_titles(context: Context, order: Record) -> list[int]:
    """One título per parcela for the items that do not say cNaoGerarFinanceiro; answers ids."""
    collection = context.other("contas_receber")
    charged = [
        item for item in order["ServicosPrestados"] if item.get("cNaoGerarFinanceiro") != "S"
    ]
    total = sum(map(amount_of, charged), Decimal(0))
    if collection is None or total <= 0:
        return []
    parts, left, made = order["Parcelas"], total, []
    for number, part in enumerate(parts, 1):
        percent = Decimal(part.get("nPercentual") or 0)
        value = left if number == len(parts) else cents(total * percent / 100)
        left -= value
        record = _title(context, order, part, value, f"{number:03d}/{len(parts):03d}")
        context.app.put(collection, record)
        made.append(int(record["codigo_lancamento_omie"]))
    return made


def _title(context: Context, order: Record, part: Record, value: Decimal, place: str) -> Record:
    head, more = order["Cabecalho"], order["InformacoesAdicionais"]
    category = more["cCodCateg"]
    return {
        "codigo_lancamento_omie": context.app.new_id(),
        "codigo_lancamento_integracao": "",
        "codigo_cliente_fornecedor": head["nCodCli"],
        "codigo_cliente_fornecedor_integracao": head.get("cCodIntCli") or "",
        "data_vencimento": part.get("dDtVenc") or head.get("dDtPrevisao"),
        "data_previsao": part.get("dDtVenc") or head.get("dDtPrevisao"),
        "data_emissao": f"{context.now:%d/%m/%Y}",
        "data_registro": f"{context.now:%d/%m/%Y}",
        "valor_documento": value,
        "codigo_categoria": category,
        "categorias": [{"codigo_categoria": category, "percentual": 100, "valor": value}],
        "id_conta_corrente": more["nCodCC"],
        "numero_parcela": place,
        "numero_documento": head.get("cNumOS") or "",
        "id_origem": "VENR",
        "operacao": "01",
        "nCodOS": head["nCodOS"],
        "info": stamp(context),
    }


def cancel_titles(context: Context, ids: list[int], *, forced: bool) -> None:
    """The títulos of an order that is cancelled.

    Raises:
        SimulatedFaultError: one of them is settled; when ``forced`` that one stays as it is.
    """
    collection = context.other("contas_receber")
    for omie_id in ids:
        record = collection.get(omie_id) if collection is not None else None
        if collection is None or record is None:
            continue
        if record.get(SETTLEMENTS):
            if forced:
                continue
            raise faults.settled("cancelar")
        today = f"{context.now:%d/%m/%Y}"
        changed = {CANCELLED: True, "_data_cancelamento": today, "info": stamp(context)}
        context.app.put(collection, {**record, **changed})


def drop_titles(context: Context, ids: list[int]) -> None:
    """The títulos of a note that the city hall refused: gone, but for what was paid."""
    collection = context.other("contas_receber")
    for omie_id in ids:
        record = collection.get(omie_id) if collection is not None else None
        if collection is not None and record is not None and not record.get(SETTLEMENTS):
            context.app.remove(collection, omie_id)


# ``TrocarEtapaOS`` and ``StatusOS``.

_STATUS = {
    "processing": "002",
    "rejected": "003",
    "authorised": "004",
    "cancelled": "005",
}
"""Meaning of cStatusLote and cStatusRps: a guess, no document gives it."""
_SAME = ("cCancelada", "cFaturada", "cAmbiente", "dDtInc", "cHrInc", "dDtAlt", "cHrAlt")
_DATES = ("dDtFat", "cHrFat", "dDtCanc", "cHrCanc")


def change_stage(context: Context, sent: JsonObject) -> JsonObject:
    """``TrocarEtapaOS``: 10 to 50; 60 is reached by billing only."""
    before = operations.find(context, sent)
    rules_for(context.endpoint).guard(context, before, "trocar a etapa")
    stage = str(sent.get("cEtapa") or "")
    if not stage:
        raise faults.missing_tag("cEtapa")
    stamped = stamped_now(context, before)
    record = {**before, "Cabecalho": {**before["Cabecalho"], "cEtapa": stage}, **stamped}
    context.app.put(context.collection, record)
    return operations.status_answer(context, record, "Etapa da OS alterada com sucesso!")


def stamped_now(context: Context, record: Record, **changes: Any) -> Record:
    """``InfoCadastro`` with ``changes``, changed now."""
    day, hour = f"{context.now:%d/%m/%Y}", f"{context.now:%H:%M:%S}"
    return {"InfoCadastro": {**flags(record), "dDtAlt": day, "cHrAlt": hour, **changes}}


def status(context: Context, sent: JsonObject) -> JsonObject:
    """``StatusOS``: the order's flags, and each RPS with its note and messages."""
    record = operations.find(context, sent)
    head, info = record["Cabecalho"], flags(record)
    more = record.get("InformacoesAdicionais") or {}
    return {
        "cCodIntOS": head.get("cCodIntOS") or "",
        "nCodOS": head["nCodOS"],
        "cNumOS": head.get("cNumOS") or "",
        "cNumContrato": more.get("cNumContrato") or "",
        "cNumPedido": more.get("cNumPedido") or "",
        "cEtapa": head.get("cEtapa") or "",
        **{tag: info.get(tag) or "" for tag in (*_SAME, *_DATES)},
        "nValorTot": head.get("nValorTotal") or 0,
        "ListaRpsNfse": [_rps(context.app, item) for item in record.get(RPS) or ()],
    }


def _rps(app: AppState, item: Record) -> Record:
    word, note = _STATUS[item["state"]], item.get("nCodNF") or 0
    issued = bool(note)
    return {
        "nLote": item["nLote"],
        "cStatusLote": word,
        "cProtocolo": item.get("cProtocolo") or "",
        "nRps": item["nRps"],
        "cStatusRps": word,
        "nNfse": item.get("nNfse") or "",
        "cCodVerif": item.get("cCodVerif") or "",
        "mensagens": item.get("mensagens") or [],
        "cUrlNfse": nfse_link(app, note, "html") if issued else "",
        "danfe": nfse_link(app, note, "pdf") if issued else "",
        "xml_distr": nfse_link(app, note, "xml") if issued else "",
    }


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
    asked = _new_rps(context, before, titles)
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


def _new_rps(context: Context, record: Record, titles: list[int]) -> dict[str, Any]:
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


# The city hall's answer to each RPS, when it is due.

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
