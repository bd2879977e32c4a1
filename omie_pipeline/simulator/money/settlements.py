"""Baixas: paying a título, undoing it, cancelling a título."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from omie_pipeline.simulator.engine import faults, operations
from omie_pipeline.simulator.engine.operations import Action
from omie_pipeline.simulator.engine.state import Record
from omie_pipeline.simulator.money.book import BATCH_FIRST, BATCH_TOTAL, TITLES, Book
from omie_pipeline.simulator.rules import Context, rules_for
from omie_pipeline.simulator.rules.base import audit, stamp
from omie_pipeline.simulator.rules.titulos import (
    CANCELLED,
    SETTLEMENTS,
    check_account,
    open_balance,
)
from omie_pipeline.simulator.wire import JsonObject

_SIDES: dict[str, str] = dict(TITLES)
_BLOCKS = ("recebimento", "pagamento")
_BLOCK_CODES = ("codigo_recebimento_integracao", "codigo_pagamento_integracao")


def settle(context: Context, sent: JsonObject) -> JsonObject:
    """``LancarRecebimento`` and ``LancarPagamento``; repeating one settles twice."""
    record = operations.find(context, _title_key(sent))
    settlement, after = add_settlement(context, record, sent)
    return {
        "codigo_lancamento": context.collection.key_of(record),
        "codigo_lancamento_integracao": context.collection.code_of(record),
        "codigo_baixa": settlement["codigo_baixa"],
        "codigo_baixa_integracao": settlement["codigo_baixa_integracao"],
        "liquidado": "S" if open_balance(after) <= 0 else "N",
        "valor_baixado": settlement["valor"],
        "codigo_status": "0",
        "descricao_status": "Baixa realizada com sucesso!",
    }


def _title_key(sent: JsonObject) -> JsonObject:
    return {tag: sent.get(tag) for tag in ("codigo_lancamento", "codigo_lancamento_integracao")}


def add_settlement(context: Context, record: Record, sent: JsonObject) -> tuple[JsonObject, Record]:
    """Store one settlement of ``record``; without ``valor`` it pays the open balance."""
    if record.get(CANCELLED):
        raise faults.cancelled("baixar")
    account = sent.get("codigo_conta_corrente") or record.get("id_conta_corrente") or 0
    check_account(context, sent.get("codigo_conta_corrente"))
    balance = open_balance(record)
    value = Decimal(sent.get("valor") or 0) or balance
    too_much = value + Decimal(sent.get("desconto") or 0) > balance
    if value <= 0 or (too_much and context.behaviour.settlement_above_balance_refused):
        raise faults.above_balance(balance)
    code = str(sent.get("codigo_baixa_integracao") or "")
    refused = context.behaviour.repeated_settlement_refused and bool(code)
    if refused and _holder(context, None, code) is not None:
        raise faults.duplicate_settlement(code)
    settlement: JsonObject = {
        "codigo_baixa": context.app.new_id(),
        "codigo_baixa_integracao": code,
        "codigo_conta_corrente": account,
        "codigo_lancamento_cc": context.app.new_id(),
        "valor": value,
        "desconto": sent.get("desconto") or 0,
        "juros": sent.get("juros") or 0,
        "multa": sent.get("multa") or 0,
        "data": sent.get("data") or context.now.strftime("%d/%m/%Y"),
        "observacao": sent.get("observacao") or "",
        "info": stamp(context),
    }
    if sent.get("conciliar_documento") == "S":
        settlement |= _conciliated(context)
    after = {**record, SETTLEMENTS: [*(record.get(SETTLEMENTS) or []), settlement]}
    _store(context, after, record)
    return settlement, after


def settle_batch(context: Context, records: Sequence[Record], sent: JsonObject) -> int:
    """Settle the open balance of several títulos by one entry of an account; answers its id."""
    entry, total = context.app.new_id(), sum((open_balance(one) for one in records), Decimal(0))
    for number, record in enumerate(records):
        settlement, after = add_settlement(context, record, sent)
        shared = {"codigo_lancamento_cc": entry, BATCH_TOTAL: total, BATCH_FIRST: number == 0}
        items = [{**item, **shared} if item is settlement else item for item in after[SETTLEMENTS]]
        _store(context, {**after, SETTLEMENTS: items}, after)
    return entry


def undo(context: Context, sent: JsonObject) -> JsonObject:
    """``CancelarRecebimento`` and ``CancelarPagamento``."""
    record, settlement = _named(context, sent)
    left = [item for item in record[SETTLEMENTS] if item is not settlement]
    _store(context, {**record, SETTLEMENTS: left}, record)
    return _settlement_answer(settlement, "Baixa cancelada com sucesso!")


def conciliate(context: Context, sent: JsonObject) -> JsonObject:
    """``ConciliarRecebimento``; doing it again changes nothing."""
    record, settlement = _named(context, sent)
    items = [
        {**item, **_conciliated(context)} if item is settlement else item
        for item in record[SETTLEMENTS]
    ]
    _store(context, {**record, SETTLEMENTS: items}, record)
    return _settlement_answer(settlement, "Baixa conciliada com sucesso!")


def _conciliated(context: Context) -> JsonObject:
    now = context.now
    return {"conciliado": "S", "dDtConc": f"{now:%d/%m/%Y}", "cHrConc": f"{now:%H:%M:%S}"}


def _named(context: Context, sent: JsonObject) -> tuple[Record, JsonObject]:
    omie_id, code = sent.get("codigo_baixa"), str(sent.get("codigo_baixa_integracao") or "")
    if not omie_id and not code:
        raise faults.missing_either("codigo_baixa", "codigo_baixa_integracao")
    held = _holder(context, omie_id, code)
    if held is None:
        raise faults.settlement_missing(omie_id or code)
    return held


def _settlement_answer(settlement: JsonObject, text: str) -> JsonObject:
    return {
        "codigo_baixa": settlement["codigo_baixa"],
        "codigo_baixa_integracao": settlement["codigo_baixa_integracao"],
        "codigo_status": "0",
        "descricao_status": text,
    }


def holds(context: Context, omie_id: int) -> bool:
    """Is there a settlement with this id on this side?"""
    return _holder(context, omie_id, "") is not None


def _holder(context: Context, omie_id: object, code: str) -> tuple[Record, JsonObject] | None:
    if omie_id and not code:
        row = context.app.view(Book).rows.get(int(str(omie_id)))
        if row is None or row.item is None or row.side != _SIDES[context.endpoint.name]:
            return None
        return row.record, row.item
    for record in context.collection:
        for item in record.get(SETTLEMENTS) or ():
            if item["codigo_baixa"] == omie_id or (
                code and item["codigo_baixa_integracao"] == code
            ):
                return record, item
    return None


def cancel(context: Context, sent: JsonObject) -> JsonObject:
    """``CancelarContaReceber``; its answer speaks of a boleto (omie-api.md#settlements)."""
    record = operations.find(context, sent)
    rules_for(context.endpoint).guard(context, record, "cancelar")
    cancel_title(context, record)
    return operations.status_answer(context, record, "Boleto cancelado com sucesso!")


def cancel_title(context: Context, record: Record) -> None:
    """Mark a título as cancelled today."""
    today = context.now.strftime("%d/%m/%Y")
    _store(context, {**record, CANCELLED: True, "_data_cancelamento": today}, record)


def _store(context: Context, after: Record, before: Record) -> None:
    audit(context, after, before)
    context.app.put(context.collection, after)


def settling(write: Action) -> Action:
    """Create-and-settle: a título may bring its own settlement (omie-api.md#settlements).

    Where the settlement is refused the caller's transaction undoes the título too.
    """

    def perform(context: Context, sent: JsonObject) -> JsonObject:
        block = next((sent[name] for name in _BLOCKS if sent.get(name)), None)
        answer = write(context, sent)
        if block is None and sent.get("baixar_documento") != "S":
            return answer
        record = context.collection.by_code(str(sent.get(context.endpoint.integration_key)))
        if record is not None:
            code = next((block[tag] for tag in _BLOCK_CODES if block and block.get(tag)), "")
            add_settlement(context, record, {**(block or {}), "codigo_baixa_integracao": code})
        return answer

    return perform
