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

from omie_pipeline.simulator.engine.day_index import DayIndex, day_of
from omie_pipeline.simulator.engine.state import AppState, Record, audit_days
from omie_pipeline.simulator.rules.titulos import SETTLEMENTS

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
        self.born, self.changed = DayIndex(), DayIndex()
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
        yield from zip((self.born, self.changed), row_days(row), strict=True)
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
