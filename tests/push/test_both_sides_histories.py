"""Both sides edit at random: in the end every field is explained, and no edit is lost unseen."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.push.both_sides.decide import WantedConflicts, resolve
from omie_pipeline.push.both_sides.overwritten import after_reading
from omie_pipeline.push.policy import EndpointPolicy, Guardrails
from omie_pipeline.simulator.clock import ManualClock
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from omie_pipeline.simulator.engine.server import Simulator, running_simulator
from tests.push.test_random_history import _TABLES, _Crash
from tests.push.world import EMPRESA, World, cliente

pytestmark = [pytest.mark.usefixtures("unvalidated"), pytest.mark.slow]

WINNERS = {
    "email": "omie",
    "bairro": "clinica",
    "nome_fantasia": "pessoa",
    "observacao": "so_se_vazio",
}
FIELDS = sorted(WINNERS)
NUMBERS = (1, 2)


def policy(minutes: int) -> EndpointPolicy:
    wins = {"fields": WINNERS, "minutes": minutes}
    calm = Guardrails(max_quarantined_share=1, min_rows_vs_median=0, max_emptied_share=1)
    return EndpointPolicy.model_validate({"wins": wins, "guardrails": calm})


@dataclass(frozen=True)
class Step:
    """``what`` happens, to a field of a record where it is about one."""

    what: str
    number: int = 1
    field: str = ""


_NUMBER, _FIELD = st.sampled_from(NUMBERS), st.sampled_from(FIELDS)
STEPS = st.one_of(
    st.builds(Step, st.just("clinic edits"), _NUMBER, _FIELD),
    st.builds(Step, st.just("person edits"), _NUMBER, _FIELD),
    st.builds(Step, st.sampled_from(["push", "import", "keep clinica", "keep omie", "crash"])),
    st.builds(Step, st.just("lost answer"), _NUMBER),
)


class History:
    """What both sides typed, and what became of it."""

    def __init__(self, world: World, minutes: int) -> None:
        self.world, self.wins = world, policy(minutes)
        self.rows = {n: cliente(n, observacao="") for n in NUMBERS}
        self.typed: dict[tuple[int, str], list[str]] = {}
        self.counter = itertools.count(1)

    def take(self, step: Step) -> None:
        self.world.clock.sleep(90)
        text = f"valor{next(self.counter)}"
        if step.what == "clinic edits":
            self.rows[step.number] = {**self.rows[step.number], step.field: text}
        elif step.what == "person edits":
            code = f"PAC-{step.number}"
            typed = self.typed.setdefault((step.number, step.field), [])
            if typed and self.world.held_by_omie()[code].get(step.field) == typed[-1]:
                # The person replaces what they typed themselves.
                typed.pop()
            self.world.control.edit("clientes", code, {step.field: text})
            typed.append(text)
        elif step.what == "import":
            self.read()
        elif step.what == "lost answer":
            kind = "cut_after_commit" if step.number % 2 else "cut_before"
            self.world.control.next_faults(PlannedFault(kind, method="AlterarCliente"))
        elif step.what == "crash":
            self.crash()
        elif step.what.startswith("keep "):
            keep: Any = step.what.removeprefix("keep ")
            resolve(self.world.engine, WantedConflicts(), keep, "Ana", self.world.clock.now())
        else:
            self.push()

    def read(self) -> None:
        self.world.forget_requests()
        self.world.import_table("clientes")
        after_reading(self.world.engine, EMPRESA, "clientes", "r", self.world.clock.now())

    def push(self) -> None:
        if self.wins.wins is not None and self.wins.wins.minutes:
            # As the schedule does: what Omie has is read first.
            self.read()
        self.world.model("clientes", list(self.rows.values()))
        report = self.world.push(policy=self.wins, approve=True)
        assert report.closes, (report.partitions, report.truth)

    def crash(self) -> None:
        def end(call: Any) -> None:
            if not call.method.startswith(("Consultar", "Listar")):
                raise _Crash

        self.world.on_call = end
        try:
            self.push()
        except _Crash:
            pass
        finally:
            self.world.on_call = None

    def settle(self) -> None:
        self.world.control.clear_faults()
        # What a person changed is compared when the clinic's row changes.
        self.rows = {n: {**row, "endereco": "Rua Final"} for n, row in self.rows.items()}
        for _ in range(4):
            self.world.clock.sleep(1900)
            self.world.control.clear_calls()
            self.push()
            if not self.world.writes():
                return
        raise AssertionError("the history never comes to rest")


def explained(history: History) -> None:
    """Each difference has its policy, decision or open conflict; each lost edit its word."""
    world = history.world
    left = {
        (code, field): by
        for code, out in world.rows("SELECT codigo_integracao, left_out FROM omie_sync.base")
        for field, by in out.items()
    }
    told = [
        tuple(row)
        for row in world.rows(
            "SELECT codigo_integracao, field, state, clinic_new #>> '{}', omie_new #>> '{}',"
            " decided_by FROM omie_sync.conflict"
        )
    ]
    for number, row in history.rows.items():
        code = f"PAC-{number}"
        record = world.held_by_omie()[code]
        waits = {field for c, field, state, *_ in told if c == code and state == "open"}
        for field in FIELDS:
            omie, clinic = record.get(field) or "", row.get(field) or ""
            if omie != clinic and not waits:
                by = left.get((code, field))
                decided = any(
                    one[:3] == (code, field, "kept_omie") and one[5] == "Ana" for one in told
                )
                allowed = WINNERS[field] in ("omie", "so_se_vazio") or decided
                assert by is not None, (code, field, clinic, omie)
                assert allowed, (code, field, clinic, omie)
            for text in history.typed.get((number, field), []):
                replaced = any(one[:2] == (code, field) and one[4] == text for one in told)
                assert omie == text or replaced, (code, field, text, omie)


@pytest.fixture(scope="module")
def simulator() -> Any:
    clock = ManualClock(datetime(2026, 1, 5, 12, 0, tzinfo=UTC))
    with running_simulator(clock=clock) as running:
        yield running, clock


def fresh(engine: sa.Engine, simulator: Simulator, clock: ManualClock) -> World:
    simulator.control.reset()
    with engine.begin() as connection:
        names = ", ".join(f"omie_sync.{table}" for table in (*_TABLES, "base", "conflict", "look"))
        connection.execute(sa.text(f"TRUNCATE {names}, omie.clientes, omie_sync.import_cursor"))
    return World(engine, simulator, clock)


@pytest.mark.parametrize("minutes", [0, 10])
def test_every_field_is_explained(
    engine: sa.Engine, simulator: tuple[Simulator, ManualClock], minutes: int
) -> None:
    assert REGISTRY["clientes"].update

    @settings(
        max_examples=30,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(STEPS, min_size=4, max_size=14))
    def every_history(steps: list[Step]) -> None:
        history = History(fresh(engine, *simulator), minutes)
        history.push()
        for step in steps:
            history.take(step)
        history.settle()
        explained(history)
        assert history.world.open_intents() == 0

    every_history()
