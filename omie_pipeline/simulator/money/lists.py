"""``ListarMovimentos``, ``PesquisarLancamentos`` and ``ListarLancCC``: three views of the book."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal

from omie_pipeline.simulator import check_digits
from omie_pipeline.simulator.engine import faults
from omie_pipeline.simulator.engine.fields import is_blank
from omie_pipeline.simulator.engine.state import Record, day_of
from omie_pipeline.simulator.lists import KEPT_ANSWERS, answer_page, page_asked
from omie_pipeline.simulator.money.book import (
    BATCH_FIRST,
    TITLES,
    Book,
    Kind,
    Row,
    account_entry,
    document_of,
    initial_balance,
    movement,
    title_found,
    title_rules,
    without_blanks,
)
from omie_pipeline.simulator.rules import Context
from omie_pipeline.simulator.rules.base import in_day_window
from omie_pipeline.simulator.rules.titulos import CANCELLED, SETTLEMENTS, open_balance
from omie_pipeline.simulator.wire import JsonObject

_Passes = Callable[[Context, Row, JsonObject], bool]
_PAGING = frozenset({"nPagina", "nRegPorPagina"})
_FORM = frozenset(
    {"cOrdenarPor", "cOrdemDecrescente", "lDadosCad", "cExibirDepartamentos", *_PAGING}
)
_DAYS_OF_TITLE = {
    "dDtEmis": "data_emissao",
    "dDtVenc": "data_vencimento",
    "dDtPrev": "data_previsao",
    "dDtReg": "data_registro",
    "dDtCanc": "_data_cancelamento",
}
_SAME_IN_TITLE = {
    "nCodTitulo": "codigo_lancamento_omie",
    "cCodIntTitulo": "codigo_lancamento_integracao",
    "cNumTitulo": "numero_documento",
    "nCodCliente": "codigo_cliente_fornecedor",
    "cTipo": "codigo_tipo_documento",
    "cOperacao": "operacao",
    "cNumDocFiscal": "numero_documento_fiscal",
    "nCodProjeto": "codigo_projeto",
    "nCodVendedor": "codigo_vendedor",
    "nCodOS": "nCodOS",
    "nCodCtr": "nCodCtr",
    "cCodCateg": "codigo_categoria",
    "cChaveNFe": "chave_nfe",
}
_SAME_IN_ENTRY = {
    "cNumTitulo": "cNumDoc",
    "nCodCliente": "nCodCliente",
    "cTipo": "cTipo",
    "nCodProjeto": "nCodProjeto",
    "cCodCateg": "cCodCateg",
}
_TYPES: dict[str, tuple[tuple[Kind, str], ...]] = {
    "CP": (("title", "P"),),
    "CR": (("title", "R"),),
    "CPCR": (("title", "P"), ("title", "R")),
    "BX": (("settlement", "P"), ("settlement", "R")),
    "BXCP": (("settlement", "P"),),
    "BXCR": (("settlement", "R"),),
    "CC": (("entry", "P"), ("entry", "R")),
    "CCE": (("entry", "R"),),
    "CCS": (("entry", "P"),),
    "CCT": (("entry", "P"), ("entry", "R")),
}


def list_movements(context: Context, sent: JsonObject) -> JsonObject:
    """``financas/mf ListarMovimentos``: títulos, settlements and account rows, mixed (seen)."""
    rows, total, page, size = _page(context, sent, _passes_movement)
    audited = str(sent.get("lDadosCad") or "").upper() in {"S", "TRUE"}
    departments = sent.get("cExibirDepartamentos") == "S"
    given = [movement(context, row, audited=audited, departments=departments) for row in rows]
    return answer_page(context, given, total, page, size)


def search_titles(context: Context, sent: JsonObject) -> JsonObject:
    """``financas/pesquisartitulos PesquisarLancamentos``: títulos with their settlements."""
    rows, total, page, size = _page(context, sent, _passes_search)
    return answer_page(context, [title_found(context, row) for row in rows], total, page, size)


def list_entries(context: Context, sent: JsonObject) -> JsonObject:
    """``financas/contacorrentelancamentos ListarLancCC``: all that moved money in an account."""
    rows, total, page, size = _page(context, sent, _passes_entry)
    return answer_page(context, [account_entry(row) for row in rows], total, page, size)


def derived_records(context: Context) -> list[Record]:
    """The whole of ``movimentacoes`` or ``baixas``; a statement has no records."""
    if context.method.name == "ListarExtrato":
        return []
    book = context.app.view(Book)
    rows = [book.rows[row_id] for row_id in book.ids()]
    if context.method.name == "ListarMovimentos":
        return [movement(context, row, audited=True, departments=True) for row in rows]
    return [title_found(context, row) for row in rows if row.kind == "title"]


def _page(context: Context, sent: JsonObject, passes: _Passes) -> tuple[list[Row], int, int, int]:
    page, size = page_asked(context, sent)
    book = context.app.view(Book)
    asked = {tag: value for tag, value in sent.items() if tag not in _PAGING}
    key = (context.method.name, json.dumps(asked, sort_keys=True, default=str), context.now.date())
    ids = book.answers.get(key)
    if ids is None:
        if len(book.answers) >= KEPT_ANSWERS:
            book.answers.clear()
        ids = book.answers[key] = _matching(context, book, sent, passes)
    first = (page - 1) * size
    return [book.rows[row_id] for row_id in ids[first : first + size]], len(ids), page, size


def _matching(context: Context, book: Book, sent: JsonObject, passes: _Passes) -> list[int]:
    found = [
        row_id
        for row_id in _candidates(context, book, sent)
        if passes(context, book.rows[row_id], sent)
    ]
    if sent.get("cOrdenarPor") == "CODIGO_INTEGRACAO":
        found.sort(key=lambda row_id: _code(book.rows[row_id]))
    elif context.method.name == "ListarLancCC":
        found.sort(key=lambda row_id: book.rows[row_id].movement)
    if sent.get("cOrdemDecrescente") == "S":
        found.reverse()
    return found


def _code(row: Row) -> str:
    return str(
        row.record.get("codigo_lancamento_integracao") or row.record.get("cCodIntLanc") or ""
    )


def _titles_of_code(context: Context, code: str) -> list[int]:
    """Ids of the títulos of both sides under one integration code, ascending."""
    return sorted(
        int(collection.key_of(record))
        for name, _ in TITLES
        if (collection := context.other(name)) is not None
        for record in collection.all_by_code(code)
    )


def _candidates(context: Context, book: Book, sent: JsonObject) -> Iterable[int]:
    created, changed = _window(sent, "dDtInc"), _window(sent, "dDtAlt")
    named = sent.get("cCodIntTitulo") if context.method.name == "PesquisarLancamentos" else None
    if named and not (created or changed):
        return _titles_of_code(context, str(named))
    if created and changed:
        both = set(book.changed.between(*changed))
        return [row_id for row_id in book.created.between(*created) if row_id in both]
    if created:
        return book.created.between(*created)
    return book.changed.between(*changed) if changed else book.ids()


def _window(sent: JsonObject, stem: str) -> tuple[date | None, date | None] | None:
    first, last = sent.get(f"{stem}De"), sent.get(f"{stem}Ate")
    if is_blank(first) and is_blank(last):
        return None
    return day_of(str(first or "")), day_of(str(last or ""))


def _passes_entry(context: Context, row: Row, sent: JsonObject) -> bool:
    if not row.account or not row.movement:
        return False
    if row.item is not None and (
        context.behaviour.loose_entries_only or not row.item.get(BATCH_FIRST, True)
    ):
        return False
    origin = f"BAX{row.side}" if row.item is not None else row.record["diversos"]["cOrigem"]
    day = f"{row.day:%d/%m/%Y}" if row.day else ""
    return sent.get("cOrigem") in {None, "", origin} and in_day_window(
        day, sent.get("dtPagInicial"), sent.get("dtPagFinal")
    )


def _passes_search(context: Context, row: Row, sent: JsonObject) -> bool:
    return row.kind == "title" and _passes_movement(context, row, sent)


def _passes_movement(context: Context, row: Row, sent: JsonObject) -> bool:
    if _FORM.issuperset(sent):
        return True
    kinds = _TYPES.get(str(sent.get("cTpLancamento") or ""))
    if sent.get("cTpLancamento") and (kinds is None or (row.kind, row.side) not in kinds):
        return False
    if sent.get("cTpLancamento") == "CCT" and not _is_transfer(row):
        return False
    if sent.get("cNatureza") not in {None, "", row.side}:
        return False
    if sent.get("nCodMovCC") and row.movement != sent["nCodMovCC"]:
        return False
    account = row.account if row.kind != "title" else row.record.get("id_conta_corrente")
    if sent.get("nCodCC") and account != sent["nCodCC"]:
        return False
    return _passes_fields(context, row, sent) and _passes_status(context, row, sent)


def _is_transfer(row: Row) -> bool:
    return str(row.record["diversos"]["cOrigem"]).startswith("TRA")


def _passes_fields(context: Context, row: Row, sent: JsonObject) -> bool:
    entry = row.kind == "entry"
    names = _SAME_IN_ENTRY if entry else _SAME_IN_TITLE
    held = row.record["detalhes"] if entry else row.record
    for tag in {*_SAME_IN_TITLE}.intersection(sent):
        if not is_blank(sent[tag]) and sent[tag] and held.get(names.get(tag, "")) != sent[tag]:
            return False
    for stem, name in _DAYS_OF_TITLE.items():
        day = row.record["cabecalho"]["dDtLanc"] if entry else held.get(name)
        if not in_day_window(day, sent.get(f"{stem}De"), sent.get(f"{stem}Ate")):
            return False
    window = (sent.get("dDtPagtoDe"), sent.get("dDtPagtoAte"))
    if window != (None, None) and not any(in_day_window(day, *window) for day in _paid_days(row)):
        return False
    wanted = sent.get("cCPFCNPJCliente")
    cliente = held.get("nCodCliente" if entry else "codigo_cliente_fornecedor")
    return not wanted or check_digits.bare(document_of(context, cliente)) == check_digits.bare(
        wanted
    )


def _paid_days(row: Row) -> list[str]:
    if row.kind != "title":
        return [f"{row.day:%d/%m/%Y}"] if row.day else []
    return [str(item.get("data") or "") for item in row.record.get(SETTLEMENTS) or ()]


def _passes_status(context: Context, row: Row, sent: JsonObject) -> bool:
    wanted = sent.get("cStatus")
    if not wanted:
        return True
    if row.kind != "title":  # the filter knows títulos only (omie-api.md#filters)
        return False
    return title_rules(row.side).has_status(context, row.record, str(wanted))


# ``financas/extrato ListarExtrato``: one account, one period, balances exact to the cent.

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
