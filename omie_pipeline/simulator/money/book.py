"""The money of one company: títulos, their settlements and account entries as rows of one book.

``financas/mf``, ``pesquisartitulos``, ``contacorrentelancamentos`` and ``extrato`` are four views
of these rows, so that they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from omie_pipeline.simulator.engine.fields import is_blank, parse_date
from omie_pipeline.simulator.engine.state import AppState, DayIndex, Record, audit_days, day_of
from omie_pipeline.simulator.rules import RULES, Context
from omie_pipeline.simulator.rules.titulos import CANCELLED, SETTLEMENTS, TituloRules, open_balance

Side = Literal["R", "P"]
Kind = Literal["title", "settlement", "entry"]
TITLES: tuple[tuple[str, Side], ...] = (("contas_receber", "R"), ("contas_pagar", "P"))
ENTRIES = "lancamentos_conta_corrente"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the book.

    Attributes:
        id: Omie's id of the título, the settlement or the account entry.
        record: the stored título or entry.
        item: the settlement inside the título, ``None`` otherwise.
        account: account in which money moved, 0 for none.
        day: the money's day.
        amount: reais that moved, with sign; 0 for títulos.
    """

    id: int
    kind: Kind
    side: Side
    record: Record
    item: Record | None = None
    account: int = 0
    day: date | None = None
    amount: Decimal = Decimal(0)

    @property
    def movement(self) -> int:
        """Omie's id of the movement in the account, 0 when no account moved."""
        if self.item is not None:
            return int(self.item.get("codigo_lancamento_cc") or 0) if self.account else 0
        return self.id if self.kind == "entry" else 0


BATCH_TOTAL, BATCH_FIRST = "_lote_valor", "_lote_primeira"
"""Of a settlement made with others by one entry: the entry's sum, and whether this row carries
it."""


def money_of(item: Record) -> Decimal:
    """What a settlement moves: a discount lowers the balance without money."""
    return sum((Decimal(item.get(tag) or 0) for tag in ("valor", "juros", "multa")), Decimal(0))


def title_rows(record: Record, side: Side) -> Iterator[Row]:
    """A título and its settlements."""
    yield Row(record["codigo_lancamento_omie"], "title", side, record)
    sign = 1 if side == "R" else -1
    for item in record.get(SETTLEMENTS) or ():
        account = int(item.get("codigo_conta_corrente") or 0)
        day = day_of(str(item.get("data") or ""))
        yield Row(
            item["codigo_baixa"], "settlement", side, record, item, account, day,
            sign * money_of(item),
        )  # fmt: skip


def entry_row(record: Record) -> Row:
    """A manual entry or one half of a transfer."""
    head = record["cabecalho"]
    side: Side = "R" if (record.get("diversos") or {}).get("cNatureza") == "R" else "P"
    value = Decimal(head["nValorLanc"])
    signed = value if side == "R" else -value
    day = day_of(str(head["dDtLanc"]))
    return Row(record["nCodLanc"], "entry", side, record, None, int(head["nCodCC"]), day, signed)


def row_days(row: Row) -> tuple[date | None, date | None]:
    """Days of inclusion and of change of the row itself."""
    included, changed = audit_days(row.record if row.item is None else row.item)
    return day_of(included), day_of(changed)


class Book:
    """Rows by id, by day of inclusion and change, and money by account and day."""

    def __init__(self, app: AppState) -> None:
        self.rows: dict[int, Row] = {}
        self.created, self.changed = DayIndex(), DayIndex()
        self.order = DayIndex()
        self.answers: dict[object, list[int]] = {}
        self._by_account: dict[int, DayIndex] = {}
        for name, side in TITLES:
            if name in app.collections:
                self._watch(app, name, side)
        if ENTRIES in app.collections:
            self._watch(app, ENTRIES, None)

    def _watch(self, app: AppState, name: str, side: Side | None) -> None:
        def rows_of(record: Record) -> Iterator[Row]:
            return title_rows(record, side) if side else iter((entry_row(record),))

        def changed(before: Record | None, after: Record | None) -> None:
            self.answers.clear()
            for row in rows_of(before) if before else ():
                self._remove(row)
            for row in rows_of(after) if after else ():
                self._add(row)

        collection = app.collections[name]
        for record in collection:
            changed(None, record)
        collection.listeners.append(changed)

    def _indexes(self, row: Row) -> Iterator[tuple[DayIndex, date | None]]:
        yield self.order, date.min
        yield from zip((self.created, self.changed), row_days(row), strict=True)
        if row.account:
            yield self._by_account.setdefault(row.account, DayIndex()), row.day

    def _add(self, row: Row) -> None:
        self.rows[row.id] = row
        for index, day in self._indexes(row):
            index.add(day, row.id)

    def _remove(self, row: Row) -> None:
        self.rows.pop(row.id, None)
        for index, day in self._indexes(row):
            index.discard(day, row.id)

    def ids(self) -> list[Any]:
        """Every id, ascending."""
        return self.order.between(None, None)

    def moves(self, account: int, first: date | None, last: date | None) -> list[Row]:
        """Rows that moved money in ``account`` from ``first`` to ``last``, by day and id."""
        index = self._by_account.get(account, DayIndex())
        found = [self.rows[row_id] for row_id in index.between(first, last)]
        return sorted(found, key=lambda row: (row.day or date.min, row.id))

    def moved(self, account: int, last: date | None) -> Decimal:
        """Reais that moved in ``account`` until ``last``, that day included."""
        index = self._by_account.get(account, DayIndex())
        ids = index.between(None, last)
        return sum((self.rows[row_id].amount for row_id in ids), Decimal(0))


def initial_balance(account: Record) -> Decimal:
    """Reais in the account before its first movement."""
    return Decimal(account.get("saldo_inicial") or 0)


# The book's rows as ``financas/mf`` and ``pesquisartitulos`` give them (omie-api.md#movements).

_FROM_TITLE: tuple[tuple[str, str], ...] = (
    ("nCodTitulo", "codigo_lancamento_omie"),
    ("cCodIntTitulo", "codigo_lancamento_integracao"),
    ("cNumTitulo", "numero_documento"),
    ("cNumParcela", "numero_parcela"),
    ("dDtEmissao", "data_emissao"),
    ("dDtRegistro", "data_registro"),
    ("dDtVenc", "data_vencimento"),
    ("dDtPrevisao", "data_previsao"),
    ("nCodCliente", "codigo_cliente_fornecedor"),
    ("nCodCC", "id_conta_corrente"),
    ("cTipo", "codigo_tipo_documento"),
    ("cOperacao", "operacao"),
    ("cNumDocFiscal", "numero_documento_fiscal"),
    ("cCodCateg", "codigo_categoria"),
    ("nValorTitulo", "valor_documento"),
    ("cCodProjeto", "codigo_projeto"),
    ("cCodVendedor", "codigo_vendedor"),
    ("nCodCtr", "nCodCtr"),
    ("nCodOS", "nCodOS"),
    ("nCodNF", "nCodNF"),
    ("cChaveNFe", "chave_nfe"),
    ("observacao", "observacao"),
)
_GROUPS = {"R": "CONTA_A_RECEBER", "P": "CONTA_A_PAGAR"}
_ACCOUNT_GROUPS = {"R": "CONTA_CORRENTE_REC", "P": "CONTA_CORRENTE_PAG"}
_TITLE_RULES: dict[str, str] = {"R": "contas_receber", "P": "contas_pagar"}
_AUDIT = ("dInc", "hInc", "uInc", "dAlt", "hAlt", "uAlt")
_MF_AUDIT = ("dDtInc", "cHrInc", "cUsInc", "dDtAlt", "cHrAlt", "cUsAlt")


def without_blanks(record: Record) -> Record:
    """Hungarian rows leave out keys that hold nothing (omie-api.md#movements)."""
    return {tag: value for tag, value in record.items() if not is_blank(value)}


def title_rules(side: Side) -> TituloRules:
    """The rules of receivables or payables."""
    rules = RULES[_TITLE_RULES[side]]
    if not isinstance(rules, TituloRules):
        raise AssertionError("títulos have rules of their own")
    return rules


def account_group(side: Side, context: Context) -> tuple[str, str]:
    """``cGrupo`` and ``cNatureza`` of an account row; the second can look inverted (seen)."""
    other = "P" if side == "R" else "R"
    return _ACCOUNT_GROUPS[side], other if context.behaviour.inverted_account_nature else side


def document_of(context: Context, cliente: object) -> str:
    """CPF/CNPJ of a cliente by Omie's id."""
    clientes = context.other("clientes")
    held = clientes.get(cliente) if clientes is not None and isinstance(cliente, int) else None
    return str((held or {}).get("cnpj_cpf") or "")


def totals(record: Record) -> dict[str, Any]:
    """``resumo`` of a título. A part-paid one stays open (omie-api.md#status-words)."""
    items = record.get(SETTLEMENTS) or ()
    left = open_balance(record)
    if record.get(CANCELLED):
        left = Decimal(0)
    paid = sum((money_of(item) for item in items), Decimal(0))
    return {
        "cLiquidado": "S" if items and left <= 0 else "N",
        "nValPago": paid,
        "nValAberto": left,
        **{tag: _sum(items, name) for tag, name in _EXTRAS},
        "nValLiquido": paid,
    }


_EXTRAS = (("nDesconto", "desconto"), ("nJuros", "juros"), ("nMulta", "multa"))


def _sum(items: Any, name: str) -> Decimal:
    return sum((Decimal(item.get(name) or 0) for item in items), Decimal(0))


def header(context: Context, row: Row) -> Record:
    """What a título, or one of its settlements, says of the título."""
    record = row.record
    head = {tag: record.get(name) for tag, name in _FROM_TITLE}
    days = [str(item.get("data") or "") for item in record.get(SETTLEMENTS) or ()]
    paid = max(days, key=lambda text: str(parse_date(text)), default="")
    return {
        **head,
        "cCPFCNPJCliente": document_of(context, record.get("codigo_cliente_fornecedor")),
        "cStatus": title_rules(row.side).status_of(context, record),
        "cNatureza": row.side,
        "cOrigem": record.get("id_origem") or f"MAN{row.side}",
        "nCodTitRepet": record["codigo_lancamento_omie"],
        "dDtPagamento": paid,
        "dDtCanc": record.get("_data_cancelamento"),
    }


def movement(context: Context, row: Row, *, audited: bool, departments: bool) -> Record:
    """One of ``movimentos``: a título, a settlement or an account entry.

    Args:
        context: app, endpoint and time of the call.
        row: the row of the book.
        audited: whether it names who made it (``lDadosCad``).
        departments: whether departments are shown.
    """
    if row.kind == "entry":
        details, summary = _entry_details(context, row), {"nValPago": abs(row.amount)}
    else:
        details = header(context, row)
        details.pop("dDtCanc")
        details["cGrupo"] = _GROUPS[row.side]
        summary = totals(row.record)
    if row.item is not None:
        details |= _settlement_details(context, row, row.item)
        summary = _settlement_summary(row.record, row.item)
    if audited:
        info = (row.record if row.item is None else row.item).get("info") or {}
        details |= {tag: info.get(name) for tag, name in zip(_MF_AUDIT, _AUDIT, strict=True)}
    whole: Record = {"detalhes": without_blanks(details), "resumo": summary}
    if categories := _categories(row):
        whole["categorias"] = categories
    if departments and (shares := departments_of(row)):
        whole["departamentos"] = shares
    return whole


def _settlement_details(context: Context, row: Row, item: Record) -> Record:
    group, nature = account_group(row.side, context)
    behaviour, total = context.behaviour, item.get(BATCH_TOTAL)
    named = total is None or behaviour.batch_rows_name_settlement
    of_entry = total if total is not None and behaviour.batch_rows_carry_entry else money_of(item)
    return {
        "cGrupo": group,
        "cNatureza": nature,
        "cOrigem": f"BAX{row.side}",
        "nCodBaixa": item["codigo_baixa"] if named else None,
        "nCodMovCC": row.movement or None,
        "nValorMovCC": of_entry,
        "nCodCC": row.account or None,
        "dDtPagamento": item.get("data"),
        "dDtCredito": item.get("data"),
        **{tag: Decimal(item.get(name) or 0) or None for tag, name in _EXTRAS},
    }


def _settlement_summary(record: Record, item: Record) -> Record:
    money = money_of(item)
    return {
        "cLiquidado": totals(record)["cLiquidado"],
        "nValPago": money,
        **{tag: Decimal(item.get(name) or 0) for tag, name in _EXTRAS},
        "nValLiquido": money,
    }


def _entry_details(context: Context, row: Row) -> Record:
    record, (group, nature) = row.record, account_group(row.side, context)
    head, said = record["cabecalho"], record.get("detalhes") or {}
    others = record.get("diversos") or {}
    return {
        "nCodTitulo": 0,
        "cGrupo": group,
        "cNatureza": nature,
        "cOrigem": others.get("cOrigem"),
        "cStatus": "RECEBIDO" if row.side == "R" else "PAGO",
        "cTipo": said.get("cTipo"),
        "cNumTitulo": said.get("cNumDoc"),
        "cCodCateg": said.get("cCodCateg"),
        "nCodCliente": said.get("nCodCliente"),
        "cCPFCNPJCliente": document_of(context, said.get("nCodCliente")),
        "cCodProjeto": said.get("nCodProjeto"),
        "nCodCC": row.account,
        "nCodMovCC": row.id,
        "nValorMovCC": abs(row.amount),
        "dDtEmissao": head.get("dDtLanc"),
        "dDtPagamento": head.get("dDtLanc"),
        "dDtConcilia": others.get("dDtConc"),
        "observacao": said.get("cObs"),
    }


def _categories(row: Row) -> list[Record]:
    if row.kind == "entry":
        code, value = (row.record.get("detalhes") or {}).get("cCodCateg"), abs(row.amount)
        return [_share("cCodCateg", code, 100, value)] if code else []
    total = Decimal(row.record.get("valor_documento") or 0)
    given = row.record.get("categorias")
    if not given and row.record.get("codigo_categoria"):
        given = [{"codigo_categoria": row.record["codigo_categoria"], "percentual": 100}]
    return [
        _share(
            "cCodCateg",
            item.get("codigo_categoria"),
            item.get("percentual") or 0,
            item.get("valor") or total * Decimal(item.get("percentual") or 0) / 100,
        )
        for item in given or ()
    ]


def departments_of(row: Row) -> list[Record]:
    """How a título is shared among departamentos; account rows have none (seen)."""
    return [
        _share(
            "cCodDepartamento",
            str(item.get("cCodDep") or ""),
            item.get("nPerDep") or 0,
            item.get("nValDep") or 0,
        )
        for item in (() if row.kind == "entry" else row.record.get("distribuicao") or ())
    ]


def _share(tag: str, code: object, percent: object, value: object) -> Record:
    return {tag: code, "nDistrPercentual": percent, "nDistrValor": value, "nValorFixo": "N"}


def title_found(context: Context, row: Row) -> Record:
    """One of ``titulosEncontrados``: the título with its settlements."""
    head = header(context, row)
    head["aCodCateg"] = [
        {"cCodCateg": item["cCodCateg"], "nPerc": item["nDistrPercentual"],
         "nValor": item["nDistrValor"]}
        for item in _categories(row)
    ]  # fmt: skip
    head["departamentos"] = departments_of(row)
    head["info"] = row.record.get("info")
    items = row.record.get(SETTLEMENTS) or ()
    return {
        "cabecTitulo": without_blanks(head),
        "lancamentos": [_settlement_found(row.side, item) for item in items],
        "resumo": totals(row.record),
    }


def _settlement_found(side: Side, item: Record) -> Record:
    account = int(item.get("codigo_conta_corrente") or 0)
    return without_blanks(
        {
            "nCodLanc": item["codigo_baixa"],
            "cCodIntLanc": item.get("codigo_baixa_integracao"),
            "nIdLancCC": item.get("codigo_lancamento_cc") if account else None,
            "dDtLanc": item.get("data"),
            "nValLanc": item["valor"],
            "nMulta": item.get("multa") or 0,
            "nJuros": item.get("juros") or 0,
            "nDesconto": item.get("desconto") or 0,
            "nCodCC": account or None,
            "cNatureza": side,
            "cObsLanc": item.get("observacao"),
        }
    )


def account_entry(row: Row) -> Record:
    """One of ``listaLancamentos``: an entry as stored, or what a settlement moved."""
    if row.item is None:
        return {tag: value for tag, value in row.record.items() if tag[0] != "_"}
    record, item = row.record, row.item
    title = "nCodLancCR" if row.side == "R" else "nCodLancCP"
    return {
        "nCodLanc": row.movement,
        "cCodIntLanc": item.get("codigo_baixa_integracao") or "",
        "nCodAgrup": row.movement,
        "cabecalho": {
            "nCodCC": row.account, "dDtLanc": item.get("data"),
            "nValorLanc": item.get(BATCH_TOTAL) or money_of(item),
        },
        "detalhes": without_blanks(
            {
                "cCodCateg": record.get("codigo_categoria"),
                "cTipo": record.get("codigo_tipo_documento"),
                "cNumDoc": record.get("numero_documento"),
                "nCodCliente": record.get("codigo_cliente_fornecedor"),
                "nCodProjeto": record.get("codigo_projeto"),
                "cObs": item.get("observacao"),
            }
        ),
        "departamentos": [
            {"cCodDep": share["cCodDepartamento"], "nValDep": share["nDistrValor"],
             "nPerDep": share["nDistrPercentual"]}
            for share in departments_of(row)
        ],
        "diversos": {
            "cOrigem": f"BAX{row.side}", "cNatureza": row.side,
            title: record["codigo_lancamento_omie"],
        },
        "info": item.get("info") or {},
    }  # fmt: skip
