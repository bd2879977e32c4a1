"""What an interrupted run sent is delivered by the run that proves it, and told while it waits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import pytest

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.errors import WarehouseError
from omie_pipeline.omie import CallRecord
from omie_pipeline.payload import Selection
from omie_pipeline.push.ledger import Ledger
from omie_pipeline.push.policy import EndpointPolicy, Guardrails
from omie_pipeline.push.report import PushReport, recovery_told
from omie_pipeline.push.run import Push
from omie_pipeline.status.history import ListFilter, recent_runs
from tests.push.world import EMPRESA, World, cliente, titulo

pytestmark = pytest.mark.usefixtures("unvalidated")

MIRROR = EndpointPolicy(mode="mirror", guardrails=Guardrails(max_delete_share=1))


def interrupt(
    world: World, endpoint: str = "clientes", *, late_seconds: float = 120, **options: Any
) -> None:
    """A run that dies after its calls and before it could write what became of them."""
    with pytest.MonkeyPatch.context() as patch:

        def dies(*_: Any, **__: Any) -> None:
            raise WarehouseError("the machine is gone")

        patch.setattr(Ledger, "write_outcomes", dies)
        with pytest.raises(WarehouseError):
            world.push(endpoint, **options)
    world.clock.sleep(late_seconds)
    world.control.clear_calls()


def counts(report: PushReport) -> tuple[int, int, int]:
    assert report.closes, (report.partitions, report.truth)
    return report.total.selected, report.total.delivered, report.total.unchanged


def test_rows_that_had_arrived_are_delivered(world: World) -> None:
    world.model("clientes", [cliente(number) for number in range(1, 23)])
    interrupt(world)
    report = world.push()
    assert counts(report) == (22, 22, 0)
    assert (report.recovered, report.total.created, report.total.calls) == (22, 22, 22)
    assert world.writes() == []
    ((told,),) = world.rows("SELECT counts->0->'delivered' FROM omie_sync.run WHERE state = 'done'")
    assert told == 22
    world.clock.sleep(120)
    assert counts(world.push()) == (22, 0, 22)


def kill_after(world: World, calls: int, endpoint: str = "clientes") -> None:
    """A run that dies right after so many calls; what it had committed stands."""
    left = [calls]

    def count(_record: CallRecord) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt

    world.on_call = count
    with pytest.raises(KeyboardInterrupt):
        world.push(endpoint)
    world.on_call = None
    world.clock.sleep(120)


def test_only_what_was_read_is_told_as_looked_up(world: World) -> None:
    """Intents whose calls never left are nothing that anybody looked up in Omie."""
    world.model("clientes", [cliente(number) for number in range(1, 6)])
    kill_after(world, 2)
    assert world.open_intents() == 4
    report = world.push()
    assert (report.recovered, counts(report)) == (1, (5, 4, 1))


def test_the_history_of_a_killed_run_says_what_it_did(world: World) -> None:
    world.model("clientes", [cliente(number) for number in range(1, 61)])
    kill_after(world, 54)
    (killed,) = recent_runs(world.engine, ListFilter())
    assert (killed.state, killed.error) == ("failed", "O processo foi interrompido")
    assert counts(world.push()) == (60, 7, 53)
    now, killed = recent_runs(world.engine, ListFilter())
    assert (now.counts["delivered"], now.counts["unchanged"]) == (7, 53)
    assert killed.state == "failed"
    told = {name: killed.counts[name] for name in ("selected", "delivered", "created", "held")}
    assert told == {"selected": 60, "delivered": 53, "created": 53, "held": 7}
    assert killed.counts["calls"] == 54


def test_a_run_that_holds_its_lane_is_shown_as_running(world: World) -> None:
    world.model("clientes", [cliente(1)])
    seen: list[str] = []

    def look(_record: CallRecord) -> None:
        seen.extend(one.state for one in recent_runs(world.engine, ListFilter()))

    world.on_call = look
    world.push()
    assert seen == ["running"]


def test_a_row_that_changed_since_ends_once(world: World) -> None:
    world.model("clientes", [cliente(1), cliente(2)])
    interrupt(world)
    world.model("clientes", [cliente(1, bairro="Novo"), cliente(2)])
    report = world.push()
    assert counts(report) == (2, 2, 0)
    assert (report.total.created, report.total.updated) == (1, 1)


def test_a_row_that_left_the_clinic_since(world: World) -> None:
    world.model("clientes", [cliente(1), cliente(2)])
    interrupt(world)
    world.model("clientes", [cliente(2)])
    assert counts(world.push()) == (2, 2, 0)


def test_rows_of_another_day_and_of_a_single_key(world: World) -> None:
    world.confirmed(1)
    world.read_references()
    other = date(2026, 1, 8)
    world.model("contas_receber", [titulo(1), titulo(2), titulo(3, data_particao=other)])
    interrupt(world, "contas_receber")
    day = Selection(EMPRESA, date(2026, 1, 5), date(2026, 1, 5))
    report = world.push("contas_receber", selection=day)
    assert counts(report) == (3, 3, 0)
    assert [(part.partition, part.delivered) for part in report.partitions] == [
        ("2026-01-05", 2),
        ("2026-01-08", 1),
    ]
    assert all(part.closes for part in report.partitions)


@pytest.mark.parametrize("selection", [
    Selection(EMPRESA, key="PAC-1"), Selection(EMPRESA, unfinished_only=True),
])  # fmt: skip
def test_a_retry_tells_what_it_proved(world: World, selection: Selection) -> None:
    world.model("clientes", [cliente(1), cliente(2)])
    interrupt(world)
    assert counts(world.push(selection=selection)) == (2, 2, 0)


def test_a_deletion_is_recovered_as_a_deletion(world: World) -> None:
    world.confirmed(1, 2)
    world.model("clientes", [cliente(2)])
    interrupt(world, policy=MIRROR)
    report = world.push(policy=MIRROR)
    assert counts(report) == (2, 1, 1)
    assert report.total.deleted == 1


def test_a_recovery_of_minutes_says_what_it_waits_for(world: World) -> None:
    world.model("clientes", [cliente(1)])
    interrupt(world, late_seconds=1)
    world.control.edit("clientes", "PAC-1", {"bairro": "Outro"})
    told: list[tuple[Sequence[str], datetime]] = []
    push = Push(
        world.engine,
        world.client,
        world.clock,
        world.rules,
        on_recovering=lambda codes, until: told.append((codes, until)),
    )
    started = world.clock.now()
    report = push.run(REGISTRY["clientes"], Selection(EMPRESA), EndpointPolicy())
    assert report.closes
    ((codes, until),) = told
    assert codes == ("PAC-1",)
    assert 55 < (until - started).total_seconds() < 65
    assert "PAC-1: o Omie será consultado de novo às" in recovery_told(codes, until)


def test_a_long_list_is_cut_short() -> None:
    codes = [f"PAC-{number}" for number in range(30)]
    assert "PAC-4 e mais 25" in recovery_told(codes, datetime.fromisoformat("2026-01-05T12:00Z"))
