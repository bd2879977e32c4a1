"""``ListarMovimentos``, ``PesquisarLancamentos`` and ``ListarLancCC``: three views of the book."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import date

from omie_pipeline.simulator import documents
from omie_pipeline.simulator.engine.day_index import day_of
from omie_pipeline.simulator.engine.fields import is_blank
from omie_pipeline.simulator.engine.state import Record
from omie_pipeline.simulator.listing import KEPT_ANSWERS, answer_page, page_asked
from omie_pipeline.simulator.money.book import BATCH_FIRST, TITLES, Book, Kind, Row
from omie_pipeline.simulator.money.book_rows import (
    account_entry,
    document_of,
    movement,
    title_found,
    title_rules,
)
from omie_pipeline.simulator.rules import Context
from omie_pipeline.simulator.rules.base import in_day_window
from omie_pipeline.simulator.rules.titulos import SETTLEMENTS
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
    born, changed = _window(sent, "dDtInc"), _window(sent, "dDtAlt")
    named = sent.get("cCodIntTitulo") if context.method.name == "PesquisarLancamentos" else None
    if named and not (born or changed):
        return _titles_of_code(context, str(named))
    if born and changed:
        both = set(book.changed.between(*changed))
        return [row_id for row_id in book.born.between(*born) if row_id in both]
    if born:
        return book.born.between(*born)
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
    return not wanted or documents.bare(document_of(context, cliente)) == documents.bare(wanted)


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
