"""Any history of edits, pushes, faults, crashes and people in Omie ends in the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from omie_pipeline.payload import Selection
from omie_pipeline.push.policy import EndpointPolicy, Guardrails
from omie_pipeline.simulator.clock import ManualClock
from omie_pipeline.simulator.engine.planned_faults import KINDS, PlannedFault
from omie_pipeline.simulator.engine.server import Simulator, running_simulator
from tests.push.accept_all import INVALID
from tests.push.world import EMPRESA, World, cliente

pytestmark = [pytest.mark.usefixtures("unvalidated"), pytest.mark.slow]

NUMBERS = (1, 2, 3, 4)
FAULTS = sorted(set(KINDS) - {"custom", "custom_after_commit", "timeout", "timeout_after_commit"})
MIRROR = EndpointPolicy(
    mode="mirror",
    guardrails=Guardrails(max_quarantined_share=1, max_delete_share=1, min_rows_vs_median=0),
)


class _Crash(BaseException):
    """Stands for a process that ends between an answer and its record."""


@dataclass(frozen=True)
class Step:
    """``what`` happens, to row ``number`` where it is about one."""

    what: str
    number: int = 1
    text: str = ""


_NUMBER = st.sampled_from(NUMBERS)
STEPS = st.one_of(
    st.builds(Step, st.just("edit"), _NUMBER, st.sampled_from(["A", "B", "C"])),
    st.builds(Step, st.just("spoil"), _NUMBER),
    st.builds(Step, st.just("remove"), _NUMBER),
    st.builds(Step, st.sampled_from(["push", "retry"])),
    st.builds(Step, st.just("fault"), _NUMBER, st.sampled_from(FAULTS)),
    st.builds(Step, st.just("crash"), _NUMBER),
    st.builds(Step, st.just("wait"), st.sampled_from([5, 40, 70])),
    st.builds(Step, st.just("person edits"), _NUMBER),
    st.builds(Step, st.just("person deletes"), _NUMBER),
)


class History:
    """One clinic and what happens to it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rows: dict[int, dict[str, Any]] = {}
        self.touched: set[str] = set()
        self.edits = 0

    def take(self, step: Step) -> None:
        world, code = self.world, f"PAC-{step.number}"
        if step.what == "edit":
            self.rows[step.number] = cliente(step.number, bairro=step.text)
        elif step.what == "spoil":
            self.rows[step.number] = cliente(step.number, razao_social=INVALID)
        elif step.what == "remove":
            self.rows.pop(step.number, None)
        elif step.what == "push":
            self.push()
        elif step.what == "retry":
            self.push(Selection(EMPRESA, unfinished_only=True))
        elif step.what == "fault":
            method = "" if step.number % 2 else "UpsertCliente"
            world.control.next_faults(PlannedFault(step.text, method=method, seconds=50))  # type: ignore[arg-type]
        elif step.what == "crash":
            self.crash(after_calls=step.number)
        elif step.what == "wait":
            world.clock.sleep(step.number)
        elif world.control.record("clientes", code) is not None:
            self.touched.add(code)
            if step.what == "person edits":
                world.control.edit("clientes", code, {"contato": "Recepção"})
            else:
                world.control.delete("clientes", code)

    def push(self, selection: Selection | None = None) -> None:
        self.world.model("clientes", list(self.rows.values()))
        report = self.world.push(policy=MIRROR, selection=selection, approve=True)
        assert report.closes, (report.partitions, report.truth)

    def crash(self, after_calls: int) -> None:
        calls = 0

        def end(_: object) -> None:
            nonlocal calls
            calls += 1
            if calls == after_calls:
                raise _Crash

        self.world.on_call = end
        try:
            self.push()
        except _Crash:
            pass
        finally:
            self.world.on_call = None

    def settle(self) -> None:
        """The faults end, time passes, the schedule goes on; touched rows change once more."""
        self.world.control.clear_faults()
        for number, row in self.rows.items():
            if f"PAC-{number}" in self.touched and not row["razao_social"].startswith(INVALID):
                row["complemento" if "complemento" in row else "endereco"] = "Rua Final"
        for _ in range(4):
            self.world.clock.sleep(1900)
            self.world.control.clear_calls()
            self.push()
            if not self.world.control.calls():
                return
        raise AssertionError("the history never comes to rest")


def valid(rows: Sequence[dict[str, Any]]) -> dict[str, str]:
    return {
        row["codigo_cliente_integracao"]: row["bairro"]
        for row in rows
        if not row["razao_social"].startswith(INVALID)
    }


@pytest.fixture(scope="module")
def simulator() -> Any:
    clock = ManualClock(datetime(2026, 1, 5, 12, 0, tzinfo=UTC))
    with running_simulator(clock=clock) as running:
        yield running, clock


_TABLES = ("run", "ledger", "intent", "attempt", "quarantine", "rejected", "plan", "block",
           "quota_lane", "quota_request", "quota_fault")  # fmt: skip


def fresh(engine: sa.Engine, simulator: Simulator, clock: ManualClock) -> World:
    simulator.control.reset()
    with engine.begin() as connection:
        names = ", ".join(f"omie_sync.{table}" for table in _TABLES)
        connection.execute(sa.text(f"TRUNCATE {names}"))
    return World(engine, simulator, clock)


@pytest.mark.parametrize("stale_reads_seconds", [0, 30])
def test_the_end_is_the_truth(
    engine: sa.Engine, simulator: tuple[Simulator, ManualClock], stale_reads_seconds: int
) -> None:
    @settings(
        max_examples=25,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(STEPS, min_size=3, max_size=9))
    def every_history(steps: list[Step]) -> None:
        history = History(fresh(engine, *simulator))
        history.world.control.set_behaviour(stale_reads_seconds=stale_reads_seconds)
        history.rows = {n: cliente(n, bairro="A") for n in NUMBERS[:3]}
        history.push()
        for step in steps:
            history.take(step)
        history.settle()
        world = history.world
        expected = valid(list(history.rows.values()))
        held = world.held_by_omie()
        # A quarantined row keeps what Omie has of it: a mistake at the clinic deletes nothing.
        spoiled = {row["codigo_cliente_integracao"] for row in history.rows.values()} - set(
            expected
        )
        seen = {code: record["bairro"] for code, record in held.items() if code not in spoiled}
        assert seen == expected
        ids = {code: record["codigo_cliente_omie"] for code, record in held.items()}
        for code, state, omie_id in world.rows(
            "SELECT codigo_integracao, state, omie_id FROM omie_sync.ledger"
        ):
            if code in spoiled:
                continue
            assert state == ("confirmed" if code in expected else "deleted")
            if code in expected:
                assert omie_id == ids[code]
        assert world.open_intents() == 0

    every_history()
