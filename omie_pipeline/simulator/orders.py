"""``TrocarEtapaOS`` and ``StatusOS``."""

from __future__ import annotations

from typing import Any

from omie_pipeline.simulator.documents_served import nfse_link
from omie_pipeline.simulator.engine import faults, operations
from omie_pipeline.simulator.engine.state import AppState, Record
from omie_pipeline.simulator.rules import Context, rules_for
from omie_pipeline.simulator.rules.ordens import flags
from omie_pipeline.simulator.rules.order_numbers import RPS
from omie_pipeline.simulator.wire import JsonObject

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
