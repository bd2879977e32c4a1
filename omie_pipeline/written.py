"""Numbers, sums, days and times as Brazilians write them, for every door."""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from decimal import Decimal


def count(number: float | None) -> str:
    """A number as Brazilians write it; ``None`` is a dash."""
    if number is None:
        return "–"
    text = f"{number:,.1f}" if isinstance(number, float) else f"{number:,}"
    return text.translate(str.maketrans(",.", ".,"))


def money(value: Decimal | None) -> str:
    """R$ with two places, as Brazilians write it; ``None`` is a dash."""
    return "–" if value is None else f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


def day(one: date | None) -> str:
    """A calendar date; ``None`` is a dash."""
    return "–" if one is None else one.strftime("%d/%m/%Y")


def moment_in(zone: tzinfo, at: datetime | None) -> str:
    """A time as the clocks of ``zone`` show it; ``None`` is a dash."""
    return "–" if at is None else at.astimezone(zone).strftime("%d/%m/%Y %H:%M")
