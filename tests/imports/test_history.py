"""Any history of a company, read at any moment: at the end the mirror is what Omie has."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from omie_pipeline.catalog.lists import MIRROR, Column
from omie_pipeline.imports.report import ImportReport
from omie_pipeline.simulator.engine.limits import Limits
from tests.imports.mirrored import forget, later, stored
from tests.imports.titles import title
from tests.push.world import World

TABLES = ("contas_receber", "baixas", "movimentacoes")
START = date(2026, 1, 1)
STATUS = frozenset({"status_titulo", "status"})
"""Words that depend on the day of the reading."""

NUMBER = st.integers(0, 20)
CHANGE = st.tuples(
    st.sampled_from(["insert", "insert", "edit", "delete", "settle", "undo", "cancel"]), NUMBER
)
READING = st.tuples(
    st.sampled_from(["full", "incremental", "incremental", "range"]),
    st.sampled_from(TABLES),
    st.lists(CHANGE, max_size=2),
    st.integers(1, 3),
)
TIME = st.tuples(st.just("time"), st.sampled_from([1, 30, 7200, 90_000]))
STEPS = st.lists(st.one_of(CHANGE, CHANGE, READING, TIME), min_size=2, max_size=9)


class History:
    """Applies steps, and holds every report to its word."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.titles: list[int] = []
        self.settled: list[int] = []

    def change(self, kind: str, number: int) -> None:
        control, titles = self.world.control, self.titles
        if kind == "insert":
            now = control.now()
            typed = title(number + 1, now.date(), data_vencimento=f"{now:%d/%m/%Y}")
            typed.pop("info")
            titles.extend(control.seed("contas_receber", [typed]))  # type: ignore[arg-type]
        if not titles:
            return
        key = titles[number % len(titles)]
        record = control.record("contas_receber", key) or {}
        free = not record.get("_baixas") and not record.get("_cancelado")
        if kind == "edit":
            control.edit("contas_receber", key, {"valor_documento": Decimal(number + 1000) / 8})
        elif kind == "delete":
            self.settled = [
                code
                for code in self.settled
                if code not in {item["codigo_baixa"] for item in record.get("_baixas") or ()}
            ]
            control.delete("contas_receber", key)
            titles.remove(key)
        elif kind == "settle" and free:
            self.settled.append(
                control.settle("contas_receber", key, interest=Decimal(number) / 100)
            )
        elif kind == "undo" and self.settled:
            control.undo_settlement(self.settled.pop(number % len(self.settled)))
        elif kind == "cancel" and free:
            control.cancel("contas_receber", key)

    def read(
        self, kind: str, name: str, meanwhile: list[tuple[str, int]], page: int
    ) -> ImportReport:
        happened: list[bool] = []

        def act() -> None:
            happened.append(True)
            for what, number in meanwhile:
                self.change(what, number)

        if meanwhile:
            self.world.control.between_pages(MIRROR[name].call.method, page, act)
        mode: Literal["full", "incremental"] = "incremental" if kind == "incremental" else "full"
        until = self.world.control.now().date() if kind == "range" else None
        report = self.world.import_table(name, mode, date_to=until, date_from=until)
        self.world.control._engine.scripts.clear()
        if report.complete and not happened:
            self.hold_to(report, kind)
        return report

    def hold_to(self, report: ImportReport, kind: str) -> None:
        """A report that says complete is true for what it proved."""
        here, there = self.both(report.table)
        if kind == "range":
            days = {part.partition for part in report.partitions}
            here = {k: v for k, v in here.items() if v["data_particao"].isoformat() in days}
            there = {k: v for k, v in there.items() if v["data_particao"].isoformat() in days}
        assert here == there, (report.table, kind)
        counts: dict[str, int] = {}
        for row in there.values():
            day = row["data_particao"].isoformat()
            counts[day] = counts.get(day, 0) + 1
        for part in report.partitions:
            assert part.rows == part.total_omie == counts.get(part.partition, 0)

    def both(self, name: str) -> tuple[dict[Any, dict[str, Any]], dict[Any, dict[str, Any]]]:
        """The live rows and the simulator's truth, by key, status words left out."""
        mirror = MIRROR[name]
        columns = [c for c in mirror.columns if c.path and c.kind != "jsonb"]
        columns = [c for c in columns if c.name not in STATUS]
        here = {
            identity(name, row): {c.name: row[c.name] for c in columns}
            | {"data_particao": row["data_particao"]}
            for row in stored(self.world.engine, mirror.table)
            if row["excluido_em"] is None
        }
        day = Column("data_particao", mirror.partition, "date", "")
        there: dict[Any, dict[str, Any]] = {}
        for record in self.world.control.records(name):
            row = {c.name: typed(c, record) for c in (*columns, day)}
            there[identity(name, row)] = row
        return here, there


def identity(name: str, row: dict[str, Any]) -> Any:
    if name == "movimentacoes":
        return (row["codigo_baixa"], row["codigo_titulo"], row["grupo"])
    return row[MIRROR[name].key[0]]


READERS: dict[str, Callable[[Any], Any]] = {
    "text": str,
    "bigint": int,
    "numeric": Decimal,
    "date": lambda text: datetime.strptime(text, "%d/%m/%Y").date(),
}


def typed(column: Column, record: dict[str, Any]) -> Any:
    """What Omie's record says, in the column's type; by another road than the engine's."""
    value: Any = record
    for step in column.path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return None if value in (None, "") else READERS[column.kind](value)


@pytest.mark.slow
@seed(3)
@settings(
    max_examples=25,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_the_mirror_becomes_what_omie_has(world: World, steps: list[tuple[Any, ...]]) -> None:
    forget(world)
    world.error_budget = 10_000
    world.control.set_limits(Limits.off().changed(redundancy_seconds=60.0))
    world.control.set_behaviour(max_page_size=2)
    history = History(world)
    for step in steps:
        if step[0] == "time":
            later(world, seconds=step[1])
        elif len(step) == 2:
            history.change(*step)
        else:
            history.read(*step)
    later(world, minutes=3)
    for name in TABLES:
        report = history.read("full", name, [], 1)
        assert report.complete, name
        here, there = history.both(name)
        assert here == there
    baixas = {row["codigo_baixa"] for row in stored(world.engine, "baixas") if alive(row)}
    assert baixas == set(history.settled)
    moved = sum(row["valor_movimentado"] or 0 for row in stored(world.engine, "movimentacoes"))
    today = world.control.now().date()
    assert moved == world.control.balance(9100000001, today) - 500
    assert today - START < timedelta(days=60)


def alive(row: dict[str, Any]) -> bool:
    return row["excluido_em"] is None
