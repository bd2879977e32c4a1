"""How the demo clinic's receipts are invoiced and paid: instalments, service orders, payments.

The clinic does so since ``FIRST_DAY``; what lies before says nothing. Receipts are the PAYMENT
lines of the export, so what they lack stands beside them, by their id.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from sample.generator.procedimentos_pt import PRENATAL, VACINAS

FIRST_DAY = date(2023, 1, 1)
INSTALMENTS = 3
PRENATAL_PROJECT, VACCINE_PROJECT = "1", "2"

RECEIPTS_HEADER = ("id", "data", "parcelas", "gerar_os", "faturar", "projeto_id")
PAYMENTS_HEADER = (
    *("id", "origem", "origem_id", "parcela", "forma_pagamento", "data"),
    *("valor", "desconto", "juros", "multa", "conciliado", "estornado"),
)
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt of the export with what the clinic wants done with it."""

    id: str
    day: date
    value: Decimal
    method: str
    provider: str
    parcelas: int
    gerar_os: bool
    faturar: bool
    projeto_id: str

    def row(self) -> tuple[str, ...]:
        """Its line in ``br_recebimentos.csv``."""
        return (
            self.id,
            self.day.isoformat(),
            str(self.parcelas) if self.parcelas > 1 else "",
            "S" if self.gerar_os else "",
            ("S" if self.faturar else "N") if self.gerar_os else "",
            self.projeto_id,
        )

    def says_something(self) -> bool:
        """Whether it has anything that the export does not have."""
        return any(self.row()[2:])


@dataclass(frozen=True, slots=True)
class Due:
    """Something to be paid: of which table and row, how much, on which day, by which method."""

    origem: str
    origem_id: str
    value: Decimal
    day: date
    method: str
    parcela: str = ""


def cents(value: Decimal) -> Decimal:
    """Rounded to the cent, half away from zero, as PostgreSQL rounds."""
    return value.quantize(_CENT, ROUND_HALF_UP)


def _project(procedure: str) -> str:
    if procedure in PRENATAL:
        return PRENATAL_PROJECT
    return VACCINE_PROJECT if procedure in VACINAS else ""


def receipts(ledger: Iterable[Mapping[str, str]], numbers: random.Random) -> tuple[Receipt, ...]:
    """The clinic's own receipts among the payments of the export, in its order."""
    made = []
    for line in ledger:
        day = date.fromisoformat(line["FROMDATE"][:10])
        if day < FIRST_DAY:
            continue
        value = Decimal(line["PAYMENTS"])
        # Thirds that come out even, so that no rule for the odd cent is needed.
        even = value >= 120 and int(value * 100) % INSTALMENTS == 0
        parcelas = INSTALMENTS if even and numbers.random() < 0.3 else 1
        gerar_os = numbers.random() < 0.31 and parcelas == 1
        faturar = numbers.random() < 0.5
        made.append(
            Receipt(
                line["ID"], day, value, line["METHOD"], line["PROVIDERID"],
                parcelas, gerar_os, faturar, _project(line["PROCEDURECODE"]),
            )
        )  # fmt: skip
    return tuple(made)


def _instalments(receipt: Receipt) -> list[Due]:
    if receipt.parcelas == 1:
        return [Due("recebimentos", receipt.id, receipt.value, receipt.day, receipt.method)]
    part = cents(receipt.value / receipt.parcelas)
    return [
        Due(
            "recebimentos", receipt.id, part, receipt.day + timedelta(days=30 * number),
            receipt.method, str(number + 1),
        )
        for number in range(receipt.parcelas - 1)  # the last one is still owed
    ]  # fmt: skip


class Payments:
    """Writes the lines of ``br_pagamentos.csv``; ids follow the order of writing."""

    def __init__(self, numbers: random.Random) -> None:
        self._numbers = numbers
        self.rows: list[tuple[str, ...]] = []

    def _one_in(self, times: int) -> bool:
        return self._numbers.random() * times < 1

    def _write(
        self, due: Due, day: date, value: Decimal, *, undone: bool = False, **more: Decimal
    ) -> None:
        extra = (f"{more[name]:.2f}" if name in more else "" for name in _EXTRAS)
        self.rows.append(
            (
                f"P{len(self.rows) + 1:04d}",
                *(due.origem, due.origem_id, due.parcela, due.method, day.isoformat()),
                *(f"{value:.2f}", *extra),
                "S" if self._one_in(2) and not undone else "N",
                "S" if undone else "",
            )
        )

    def whole(self, due: Due) -> None:
        """The whole amount on the day it is due."""
        self._write(due, due.day, due.value)

    def received(self, receipt: Receipt) -> None:
        """About two thirds of the receipts: most at once, some in another way."""
        paid = self._numbers.random() < 0.67
        way = self._numbers.random()
        for due in _instalments(receipt) if paid else ():
            plain = due.value < 20 or bool(due.parcela)
            if plain or way > 0.27:
                self.whole(due)
            elif way < 0.08:
                self._in_parts(due)
            elif way < 0.16:
                off = cents(due.value / 20)
                self._write(due, due.day, due.value - off, desconto=off)
            elif way < 0.22:
                late = due.day + timedelta(days=10)
                interest, fine = cents(due.value / 300), cents(due.value / 50)
                self._write(due, late, due.value, juros=interest, multa=fine)
            else:
                self._write(due, due.day, due.value, undone=True)

    def _in_parts(self, due: Due) -> None:
        half = cents(due.value / 2)
        self._write(due, due.day, half)
        if self._one_in(2):
            self._write(due, due.day + timedelta(days=15), due.value - half)


_EXTRAS = ("desconto", "juros", "multa")


def payments(
    received: Sequence[Receipt], others: Iterable[Due], numbers: random.Random
) -> list[tuple[str, ...]]:
    """All payments: of the receipts, then whole ones of ``others``."""
    written = Payments(numbers)
    for receipt in received:
        written.received(receipt)
    for due in others:
        if numbers.random() < 0.6:
            written.whole(due)
    return written.rows
