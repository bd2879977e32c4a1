"""Webhooks of service orders (omie-api.md#webhook-events; shapes as recorded)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from omie_pipeline.simulator.engine.state import Change, Record
from omie_pipeline.simulator.rules.ordens import flags, is_billed, is_cancelled
from omie_pipeline.simulator.rules.order_numbers import RPS

Event = tuple[str, Any]


def order_events(change: Change) -> Iterator[Event]:
    """What one change of an order announces; a note decided by the city hall is no change of it."""
    before, after = change.before, change.after
    if after is None:
        yield "OrdemServico.Excluida", _order(before or {})
        return
    info = flags(after)
    if before is None:
        yield "OrdemServico.Incluida", _with(after, "Inclusao", info, "dDtInc", "cHrInc", "uInc")
        return
    told = False
    if is_billed(after) and _lots(after) > _lots(before):
        fields = _with(after, "Faturado", info, "dDtFat", "cHrFat", "uAlt")
        yield "OrdemServico.Faturada", {**fields, "faturada": "S"}
        told = True
    if is_cancelled(after) and not is_cancelled(before):
        fields = _with(after, "Cancelado", info, "dDtCanc", "cHrCanc", "uAlt")
        yield "OrdemServico.Cancelada", {**fields, "cancelada": "S"}
        told = True
    if not told and _stage(before) != _stage(after):
        yield "OrdemServico.EtapaAlterada", _order(after)
        told = True
    if not told and _without_rps(before) != _without_rps(after):
        fields = _with(after, "Alteracao", info, "dDtAlt", "cHrAlt", "uAlt")
        yield "OrdemServico.Alterada", fields


def note_refused(change: Change) -> Iterator[Event]:
    """``NFSe.NotaRejeitada`` (a guess) of every RPS that the city hall refused just now."""
    before = {item["nLote"]: item["state"] for item in (change.before or {}).get(RPS) or ()}
    for item in (change.after or {}).get(RPS) or ():
        if item["state"] == "rejected" and before.get(item["nLote"]) == "processing":
            head = (change.after or {})["Cabecalho"]
            event = {"id_os": head["nCodOS"], "codigo_integracao": head.get("cCodIntOS") or ""}
            yield "NFSe.NotaRejeitada", {**event, "lote": item["nLote"]}


def _lots(record: Record) -> int:
    return len(record.get(RPS) or ())


def _stage(record: Record) -> object:
    return record["Cabecalho"].get("cEtapa")


def _without_rps(record: Record) -> Record:
    return {tag: value for tag, value in record.items() if tag != RPS}


def _order(record: Record) -> Record:
    head, more = record.get("Cabecalho") or {}, record.get("InformacoesAdicionais") or {}
    return {
        "codigoCategoria": more.get("cCodCateg") or "",
        "codigoIntegracao": head.get("cCodIntOS") or "0",
        "dataPrevisao": head.get("dDtPrevisao") or "",
        "etapa": head.get("cEtapa") or "",
        "idCliente": head.get("nCodCli") or 0,
        "idContaCorrente": more.get("nCodCC") or 0,
        "idOrdemServico": head.get("nCodOS") or 0,
        "numeroOrdemServico": head.get("cNumOS") or "",
        "valorOrdemServico": head.get("nValorTotal") or 0,
    }


def _with(record: Record, word: str, info: Record, day: str, hour: str, user: str) -> Record:
    return {
        **_order(record),
        f"data{word}": info.get(day) or "",
        f"hora{word}": info.get(hour) or "",
        f"usuario{word}": info.get(user) or "",
    }
