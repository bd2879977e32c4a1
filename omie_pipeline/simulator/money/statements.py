"""``financas/extrato ListarExtrato``: one account, one period, balances exact to the cent."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from omie_pipeline.simulator.engine import faults
from omie_pipeline.simulator.engine.day_index import day_of
from omie_pipeline.simulator.engine.state import Record
from omie_pipeline.simulator.money.book import TITLES, Book, Row, initial_balance
from omie_pipeline.simulator.money.book_rows import document_of, without_blanks
from omie_pipeline.simulator.rules import Context
from omie_pipeline.simulator.rules.titulos import CANCELLED, open_balance
from omie_pipeline.simulator.wire import JsonObject

_OPENING = "SALDO ANTERIOR"


def list_statement(context: Context, sent: JsonObject) -> JsonObject:
    """Paging tags are no part of the request type and are refused before this is reached."""
    account = _account(context, sent)
    for tag in ("dPeriodoInicial", "dPeriodoFinal"):
        if not sent.get(tag):
            raise faults.missing_tag(tag)
    first, last = day_of(sent["dPeriodoInicial"]), day_of(sent["dPeriodoFinal"])
    if first is None or last is None or last < first:
        raise faults.wrong_date("dPeriodoFinal")
    code = int(account["nCodCC"])
    before = balance_on(context, code, first - timedelta(days=1))
    after = balance_on(context, code, last)
    forecast = sum((amount for _, _, amount in _expected(context, code, first, last)), Decimal(0))
    answer: JsonObject = {
        "nCodCC": code,
        "cCodIntCC": account.get("cCodCCInt") or "",
        "nCodAgencia": account.get("codigo_agencia") or "",
        "nCodBanco": account.get("codigo_banco") or "",
        "nNumConta": account.get("numero_conta_corrente") or "",
        "cDescricao": account.get("descricao") or "",
        "cCodTipo": account.get("tipo_conta_corrente") or "",
        "dPeriodoInicial": sent["dPeriodoInicial"],
        "dPeriodoFinal": sent["dPeriodoFinal"],
        "nSaldoAnterior": before,
        "nSaldoAnteriorPrevisto": before,
        "nSaldoAtual": after,
        "nSaldoAtualPrevisto": after + forecast,
        "nSaldoConciliado": before,
        "nSaldoProvisorio": after,
        "nLimiteCreditoTotal": 0,
        "nSaldoDisponivel": after,
    }
    if sent.get("cExibirApenasSaldo") != "S":
        answer["listaMovimentos"] = _lines(context, code, first, last, before)
    return answer


def _account(context: Context, sent: JsonObject) -> Record:
    omie_id, code = sent.get("nCodCC"), str(sent.get("cCodIntCC") or "")
    if not omie_id and not code:
        raise faults.missing_either("nCodCC", "cCodIntCC")
    accounts = context.other("contas_correntes")
    found = None
    if accounts is not None:
        found = accounts.get(omie_id) if omie_id else accounts.by_code(code)
    if found is None:
        raise faults.no_account(by_code=not omie_id)
    return found


def balance_on(context: Context, account: int, day: date) -> Decimal:
    """The truth: reais in the account at the end of ``day``."""
    accounts = context.other("contas_correntes")
    held = accounts.get(account) if accounts is not None else None
    return initial_balance(held or {}) + context.app.view(Book).moved(account, day)


def _lines(
    context: Context, account: int, first: date, last: date, balance: Decimal
) -> list[Record]:
    lines: list[Record] = [
        {
            "nCodLancamento": 0,
            "cDesCliente": _OPENING,
            "dDataLancamento": f"{first:%d/%m/%Y}",
            "nValorDocumento": 0,
            "nSaldo": balance,
        }
    ]
    for row in context.app.view(Book).moves(account, first, last):
        balance += row.amount
        lines.append({**_line(context, row), "nSaldo": balance})
    if context.behaviour.statement_forecasts:
        lines += [
            _forecast(context, title, side, amount)
            for title, side, amount in _expected(context, account, first, last)
        ]
    return lines


def _shown(context: Context, amount: Decimal) -> Decimal:
    return amount if context.behaviour.signed_statement else abs(amount)


def _line(context: Context, row: Row) -> Record:
    if row.kind == "entry":
        said, origin = row.record.get("detalhes") or {}, row.record["diversos"]["cOrigem"]
        cliente, number = said.get("nCodCliente"), said.get("cNumDoc")
        category, kind, note = said.get("cCodCateg"), said.get("cTipo"), said.get("cObs")
        related, info = 0, row.record.get("info") or {}
    else:
        item, record = row.item or {}, row.record
        cliente, number = record.get("codigo_cliente_fornecedor"), record.get("numero_documento")
        category, kind = record.get("codigo_categoria"), record.get("codigo_tipo_documento")
        note, origin = item.get("observacao"), f"BAX{row.side}"
        related, info = record["codigo_lancamento_omie"], item.get("info") or {}
    conciliated = (row.record.get("diversos") or {}).get("dDtConc")
    return without_blanks(
        {
            "nCodLancamento": row.movement,
            "nCodLancRelac": related or None,
            "cSituacao": "Conciliado" if conciliated else "Não conciliado",
            "dDataLancamento": f"{row.day:%d/%m/%Y}" if row.day else "",
            **_who(context, cliente),
            "cTipoDocumento": kind,
            "cNumero": number,
            "nValorDocumento": _shown(context, row.amount),
            "cCodCategoria": category,
            "cOrigem": origin,
            "cObservacoes": note,
            "cDataInclusao": info.get("dInc"),
            "cHoraInclusao": info.get("hInc"),
            "cNatureza": row.side,
            "dDataConciliacao": conciliated,
        }
    )


def _who(context: Context, cliente: object) -> Record:
    clientes = context.other("clientes")
    held = clientes.get(cliente) if clientes is not None and isinstance(cliente, int) else None
    if not held:
        return {}
    return {
        "cDesCliente": held.get("nome_fantasia") or held.get("razao_social"),
        "nCodCliente": cliente,
        "cRazCliente": held.get("razao_social"),
        "cDocCliente": document_of(context, cliente),
    }


def _expected(
    context: Context, account: int, first: date, last: date
) -> list[tuple[Record, str, Decimal]]:
    """Open títulos that name the account, by the day on which their money is expected."""
    if not context.behaviour.statement_forecasts:
        return []
    found: list[tuple[Record, str, Decimal]] = []
    for name, side in TITLES:
        for record in context.other(name) or ():
            if record.get("id_conta_corrente") != account or record.get(CANCELLED):
                continue
            due = day_of(str(record.get("data_previsao") or record.get("data_vencimento") or ""))
            left = open_balance(record)
            if due is not None and first <= due <= last and left > 0:
                found.append((record, side, left if side == "R" else -left))
    return found


def _forecast(context: Context, record: Record, side: str, amount: Decimal) -> Record:
    return without_blanks(
        {
            "nCodLancamento": record["codigo_lancamento_omie"],
            "cSituacao": "Previsto",
            "dDataLancamento": record.get("data_previsao") or record.get("data_vencimento"),
            **_who(context, record.get("codigo_cliente_fornecedor")),
            "nValorDocumento": _shown(context, amount),
            "nSaldoPrev": amount,
            "cCodCategoria": record.get("codigo_categoria"),
            "cOrigem": record.get("id_origem"),
            "cNatureza": side,
        }
    )
