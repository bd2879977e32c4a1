"""Money that moves without a título: manual entries, and transfers as two entries."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from omie_pipeline.simulator.engine import faults
from omie_pipeline.simulator.engine.fields import is_blank
from omie_pipeline.simulator.engine.state import Record, day_of
from omie_pipeline.simulator.money.book import without_blanks
from omie_pipeline.simulator.rules import Context
from omie_pipeline.simulator.rules.base import stamp
from omie_pipeline.simulator.rules.titulos import check_account
from omie_pipeline.simulator.wire import JsonObject


def entry_record(
    context: Context,
    account: int,
    value: Decimal,
    *,
    origin: str,
    day: date | None = None,
    details: Record | None = None,
    group: int = 0,
    destination: int = 0,
    code: str = "",
) -> Record:
    """An entry as ``ListarLancCC`` gives it; positive ``value`` is money in.

    Args:
        context: app, endpoint and time of the call.
        account: id of the account.
        value: in R$; positive for money in.
        origin: Omie's ``cOrigem``.
        day: the day of the event; today by default.
        details: further fields.
        group: code that links entries.
        destination: id of the other account of a transfer.
        code: integration code.

    Raises:
        SimulatedFaultError: the account does not exist or is closed.
    """
    check_account(context, account)
    if not value:
        raise faults.missing_tag("nValorLanc")
    omie_id = context.app.new_id()
    record: Record = {
        "nCodLanc": omie_id,
        "cCodIntLanc": code,
        "nCodAgrup": group or omie_id,
        "cabecalho": {
            "nCodCC": account,
            "dDtLanc": f"{day or context.now.date():%d/%m/%Y}",
            "nValorLanc": abs(value),
        },
        "detalhes": without_blanks(details or {}),
        "departamentos": [],
        "diversos": {"cOrigem": origin, "cNatureza": "R" if value > 0 else "P"},
        "info": stamp(context),
    }
    if destination:
        record["transferencia"] = {"nCodCCDestino": destination}
    return record


def transfer_records(
    context: Context, source: int, target: int, value: Decimal, day: date | None, note: str
) -> tuple[Record, Record]:
    """Money out of ``source`` (TRAP) and into ``target`` (TRAR), linked by ``nCodAgrup``.

    Args:
        context: app, endpoint and time of the call.
        source: id of the account that pays.
        target: id of the account that receives.
        value: in R$.
        day: the day of the event; today by default.
        note: free text.
    """
    if value <= 0 or source == target:
        raise faults.wrong_value("nValorLanc", "um valor positivo entre duas contas")
    said = {"cTipo": "TRA", "cObs": note}
    leaving = entry_record(
        context, source, -value, origin="TRAP", day=day, details=said, destination=target
    )
    arriving = entry_record(
        context, target, value, origin="TRAR", day=day, details=said, group=leaving["nCodLanc"]
    )
    return leaving, arriving


def halves(context: Context, record: Record) -> list[Record]:
    """The entry, or both halves of its transfer."""
    if not str((record.get("diversos") or {}).get("cOrigem")).startswith("TRA"):
        return [record]
    group = record.get("nCodAgrup")
    return [other for other in context.collection if other.get("nCodAgrup") == group]


def include(context: Context, sent: JsonObject) -> JsonObject:
    """``IncluirLancCC``: a second one under a code is the first once more, and a negative value is
    money out (omie-api.md#account-entries)."""
    head = sent.get("cabecalho") or {}
    context.checks.required(context.method.request, sent)
    for tag in ("nCodCC", "dDtLanc", "nValorLanc"):
        if is_blank(head.get(tag)):
            raise faults.missing_tag(tag)
    code = str(sent["cCodIntLanc"])
    found = next((one for one in context.collection if one.get("cCodIntLanc") == code), None)
    if found is None:
        value = Decimal(head["nValorLanc"])
        found = entry_record(
            context,
            int(head["nCodCC"]),
            value,
            origin="APER" if value > 0 else "APEP",
            day=day_of(str(head["dDtLanc"])),
            details=sent.get("detalhes"),
            destination=int((sent.get("transferencia") or {}).get("nCodCCDestino") or 0),
            code=code,
        )
        context.app.put(context.collection, found)
    return {
        "nCodLanc": found["nCodLanc"],
        "cCodIntLanc": code,
        "cCodStatus": "0",
        "cDesStatus": "Lançamento cadastrado com sucesso!",
    }
