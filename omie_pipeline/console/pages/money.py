"""Sums over all records: what is open, received, in cash, by category, and the result."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from omie_pipeline import written
from omie_pipeline.app import money as sums
from omie_pipeline.app.money import Line, Sums, ask_sums
from omie_pipeline.console.access.roles import Permission
from omie_pipeline.console.charts import bars, strips
from omie_pipeline.console.visit import Visit, needing
from omie_pipeline.texts.console import money as texts

router = APIRouter()
View = Literal["open", "received", "cash", "categories", "result"]
_DAYS: Final = 30
_MOST_DAYS: Final = 366
_MONTHS: Final = 6
_SERIES: Final = 5
_NOTHING: Final = Decimal()


@dataclass(frozen=True, slots=True)
class AccountLine:
    """An account on the last day of the period.

    Attributes:
        differs_since: first day of the period on which the balances differ.
    """

    name: str
    day: date
    came_in: Decimal
    went_out: Decimal
    ours: Decimal | None
    omie: Decimal | None
    difference: Decimal | None
    differs_since: date | None


@dataclass(frozen=True, slots=True)
class MonthLine:
    """Sums of something by month, in the order of the page's months."""

    name: str
    months: tuple[Decimal, ...]

    @property
    def total(self) -> Decimal:
        """All months together."""
        return sum(self.months, _NOTHING)


@router.get("/e/{empresa}/dinheiro")
def money(
    visit: Annotated[Visit, Depends(needing(Permission.MONEY))],
    ver: View = "open",
    de: date | None = None,
    ate: date | None = None,
) -> HTMLResponse:
    """One of the sums of an empresa."""
    today = visit.seen.clock.now().astimezone(visit.seen.settings.zone).date()
    until = ate or today
    since = max(de or until - timedelta(days=_DAYS - 1), until - timedelta(days=_MOST_DAYS - 1))
    months = _months(today)
    everything = visit.may(Permission.OMIE_ENTRIES)
    lines: Sequence[Line] | None = ()
    if ver != "cash" or everything:
        lines = ask_sums(visit.seen.engine, visit.empresa, _question(ver, (since, until), months))
    return visit.page(
        "money.html",
        texts,
        title=f"{texts.TITLE}: {visit.empresa}",
        empresa=visit.empresa,
        view=ver,
        since=since,
        until=until,
        months=months,
        everything=everything,
        built=lines is not None,
        shown=_SHOWN[ver](lines or (), months),
    )


def _question(view: View, days: tuple[date, date], months: Sequence[date]) -> Sums:
    whole = months[0], months[-1]
    questions: Mapping[View, Callable[[], Sums]] = {
        "open": sums.open_by_age,
        "received": lambda: sums.receipts(*days),
        "cash": lambda: sums.cash(*days),
        "categories": lambda: sums.by_category(*whole),
        "result": lambda: sums.result(*whole),
    }
    return questions[view]()


def _months(today: date) -> tuple[date, ...]:
    """First days of the last months, this one last."""
    number = today.year * 12 + today.month - 1
    return tuple(
        date(one // 12, one % 12 + 1, 1) for one in range(number - _MONTHS + 1, number + 1)
    )


def _open(lines: Sequence[Line], _months: Sequence[date]) -> dict[str, Any]:
    sides = {}
    for side, name in texts.SIDES.items():
        mine = {one.by["faixa"]: one for one in lines if one.by["natureza"] == side}
        ages = [(words, mine[age]) for age, words in texts.AGES.items() if age in mine]
        parts = [(words, one.value("valor_aberto")) for words, one in ages]
        sides[name] = {
            "ages": ages,
            "rows": sum(one.rows for _, one in ages),
            "total": sum((value for _, value in parts), _NOTHING),
            "chart": _strips(parts),
        }
    return {"sides": sides}


def _received(lines: Sequence[Line], _months: Sequence[date]) -> dict[str, Any]:
    methods = _added(lines, "forma_pagamento", "valor_recebido")
    names = [name for name, _ in methods]
    first = names[:_SERIES]
    by_day: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for one in sorted(lines, key=lambda line: str(line.by["dia"])):
        name = one.by["forma_pagamento"]
        series = name if name in first else texts.OTHERS
        by_day[one.by["dia"]][series] += one.value("valor_recebido")
    series = [*first, *([texts.OTHERS] if len(names) > len(first) else [])]
    ordered = [
        (written.day(date.fromisoformat(day)), {name: values[name] for name in series})
        for day, values in by_day.items()
    ]
    return {
        "methods": [
            {
                "name": name,
                "received": received,
                "discount": _sum(lines, "forma_pagamento", name, "desconto"),
                "settlements": int(_sum(lines, "forma_pagamento", name, "baixas")),
            }
            for name, received in methods
        ],
        "total": sum((value for _, value in methods), _NOTHING),
        "series": series,
        "days": [(day, values, sum(values.values(), _NOTHING)) for day, values in ordered],
        "chart": bars(ordered),
    }


def _cash(lines: Sequence[Line], _months: Sequence[date]) -> dict[str, Any]:
    accounts: dict[Any, list[Line]] = defaultdict(list)
    for one in sorted(lines, key=lambda line: str(line.by["dia"])):
        accounts[one.by["n_cod_cc"]].append(one)
    found = []
    for days in accounts.values():
        last = days[-1]
        wrong = [one.by["dia"] for one in days if one.of["diferenca"]]
        found.append(
            AccountLine(
                last.by["conta"] or texts.NO_ACCOUNT,
                date.fromisoformat(last.by["dia"]),
                sum((one.value("entradas") for one in days), _NOTHING),
                sum((one.value("saidas") for one in days), _NOTHING),
                last.of["saldo"],
                last.of["saldo_omie"],
                last.of["diferenca"],
                date.fromisoformat(wrong[0]) if wrong else None,
            )
        )
    return {"accounts": sorted(found, key=lambda one: one.name)}


def _categories(lines: Sequence[Line], months: Sequence[date]) -> dict[str, Any]:
    sides = {}
    for side, name in texts.SIDES.items():
        mine = [one for one in lines if one.by["natureza"] == side]
        sides[name] = _by_month(
            mine, months, "mes_vencimento", lambda one: one.by["categoria"] or texts.NO_CATEGORY
        )
    return {"sides": sides}


def _result(lines: Sequence[Line], months: Sequence[date]) -> dict[str, Any]:
    def name_of(one: Line) -> str:
        return one.by["categoria_gerencial"] or one.by["linha_dre"] or texts.NO_CATEGORY

    parts = {
        side: _by_month(
            [one for one in lines if one.by["natureza"] == side],
            months,
            "mes_competencia",
            name_of,
        )
        for side in texts.SIDES
    }
    revenue, expenses = (_together(parts[side], months) for side in ("R", "P"))
    result = tuple(a - b for a, b in zip(revenue, expenses, strict=True))
    return {
        "revenue": parts["R"],
        "expenses": parts["P"],
        "result": MonthLine(texts.RESULT, result),
        "chart": _strips(
            [(f"{one:%m/%Y}", value) for one, value in zip(months, result, strict=True)]
        ),
    }


_SHOWN: Final[Mapping[View, Callable[[Sequence[Line], Sequence[date]], dict[str, Any]]]] = {
    "open": _open,
    "received": _received,
    "cash": _cash,
    "categories": _categories,
    "result": _result,
}


def _by_month(
    lines: Iterable[Line], months: Sequence[date], column: str, name_of: Callable[[Line], str]
) -> list[MonthLine]:
    """Sums of ``valor`` by name and month, the largest name first.

    Args:
        lines: of one side.
        months: their first days.
        column: that holds the month.
        name_of: what a line counts for.
    """
    found: dict[str, dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for one in lines:
        found[name_of(one)][date.fromisoformat(one.by[column])] += one.value("valor")
    told = [
        MonthLine(name, tuple(values[month] for month in months)) for name, values in found.items()
    ]
    return sorted(told, key=lambda one: (-one.total, one.name))


def _together(lines: Sequence[MonthLine], months: Sequence[date]) -> tuple[Decimal, ...]:
    return tuple(
        sum((one.months[number] for one in lines), _NOTHING) for number in range(len(months))
    )


def _added(lines: Iterable[Line], by: str, of: str) -> list[tuple[str, Decimal]]:
    found: dict[str, Decimal] = defaultdict(Decimal)
    for one in lines:
        found[one.by[by]] += one.value(of)
    return sorted(found.items(), key=lambda one: (-one[1], one[0]))


def _sum(lines: Iterable[Line], by: str, name: str, of: str) -> Decimal:
    return sum((one.value(of) for one in lines if one.by[by] == name), _NOTHING)


def _strips(parts: Sequence[tuple[str, Decimal]]) -> Markup:
    return strips([(words, value, f"R$ {written.money(value)}") for words, value in parts])
