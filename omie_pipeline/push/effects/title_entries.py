"""What ``PesquisarLancamentos`` shows of a título: its settlements and what is left to pay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from omie_pipeline.omie import wire

CANCELLED = "CANCELADO"
_KEYS = ("cCodIntTitulo", "nCodTitulo")


@dataclass(frozen=True, slots=True)
class Entry:
    """A settlement of a título.

    Attributes:
        code: integration code, ``""`` if it was made by hand or by the bank.
        day: ``None`` if Omie leaves it out or writes no date.
        value: in R$; ``None`` if Omie leaves it out.
        extras: interest and fine in R$, which the account received on top.
        discount: in R$, which the título no longer owes.
    """

    code: str
    omie_id: Any
    day: date | None
    value: Decimal | None
    extras: Decimal
    discount: Decimal


@dataclass(frozen=True, slots=True)
class Title:
    """A título as Omie shows it.

    Attributes:
        left: R$ still open; ``None`` if the answer does not say.
        status: Omie's word, such as ``CANCELADO``.
    """

    entries: tuple[Entry, ...]
    left: Decimal | None
    status: str


def asked(question: Mapping[str, Any]) -> tuple[str, str]:
    """Field and value by which a question names its título."""
    name = next(name for name in _KEYS if name in question)
    return name, str(question[name])


def titles_in(answer: wire.Json, named: tuple[str, str]) -> list[Title]:
    """The títulos of an answer that are the one asked for."""
    name, value = named
    return [
        Title(
            tuple(_entry(one) for one in found.get("lancamentos") or []),
            money((found.get("resumo") or {}).get("nValAberto")),
            str((found.get("cabecTitulo") or {}).get("cStatus") or ""),
        )
        for found in answer.get("titulosEncontrados") or []
        if str((found.get("cabecTitulo") or {}).get(name)) == value
    ]


def money(value: Any) -> Decimal | None:
    """R$, or ``None`` for what is no number."""
    if value is None or value == "":
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def day_of(text: Any) -> date | None:
    """A day as Omie writes it, ``dd/mm/aaaa``."""
    try:
        return datetime.strptime(str(text), "%d/%m/%Y").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return None


def _entry(one: wire.Json) -> Entry:
    extras = sum((money(one.get(tag)) or Decimal(0) for tag in ("nJuros", "nMulta")), Decimal(0))
    return Entry(
        str(one.get("cCodIntLanc") or ""),
        one.get("nCodLanc"),
        day_of(one.get("dDtLanc")),
        money(one.get("nValLanc")),
        extras,
        money(one.get("nDesconto")) or Decimal(0),
    )
