"""An answer that never came, or came broken: read back, delivered once, never guessed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from omie_pipeline.push.policy import EndpointPolicy, Guardrails
from omie_pipeline.push.report import PushReport
from omie_pipeline.simulator.engine.planned_faults import FaultKind, PlannedFault
from tests.push.world import World, cliente

pytestmark = pytest.mark.usefixtures("unvalidated")

BEFORE: tuple[FaultKind, ...] = (
    "timeout", "cut_before", "html_502", "http_500", "truncated_json", "empty_200", "broken_bg",
    "proto_byebye",
)  # fmt: skip
AFTER: tuple[FaultKind, ...] = (
    "timeout_after_commit", "cut_after_commit", "html_502_after_commit", "http_500_after_commit",
    "truncated_json_after_commit", "empty_200_after_commit", "broken_bg_after_commit",
    "proto_byebye_after_commit",
)  # fmt: skip
MIRROR = EndpointPolicy(mode="mirror", guardrails=Guardrails(max_delete_share=1))


def push_with(world: World, kind: FaultKind) -> PushReport:
    """One create, one update and one delete meet the fault, with good rows between them."""
    world.timeout_seconds = 0.3
    world.confirmed(2, 3, 4, 9)
    known = world.control.record("clientes", "PAC-9")
    assert known is not None
    world.control.next_faults(
        PlannedFault(kind, method="UpsertCliente", integration_code="PAC-1"),
        PlannedFault(kind, method="UpsertCliente", integration_code="PAC-3"),
        PlannedFault(kind, method="ExcluirCliente"),
    )
    rows = [cliente(1), cliente(2, bairro="A"), cliente(3, bairro="B"), cliente(4, bairro="C")]
    world.model("clientes", rows)
    return world.push(policy=MIRROR)


def assert_delivered(world: World, report: PushReport) -> None:
    counts = report.total
    assert (counts.created, counts.updated, counts.deleted) == (1, 3, 1)
    assert report.closes
    assert report.stopped_by == ""
    held = world.held_by_omie()
    assert set(held) == {"PAC-1", "PAC-2", "PAC-3", "PAC-4"}
    assert held["PAC-3"]["bairro"] == "B"
    assert world.ledger() == {**dict.fromkeys(held, "confirmed"), "PAC-9": "deleted"}
    assert world.open_intents() == 0
    found = world.rows("SELECT codigo_integracao, omie_id FROM omie_sync.ledger")
    ids = {row.codigo_integracao: row.omie_id for row in found}
    assert all(ids[code] == record["codigo_cliente_omie"] for code, record in held.items())


@pytest.mark.parametrize("kind", AFTER)
def test_what_arrived_is_read_back_and_sent_once(world: World, kind: FaultKind) -> None:
    report = push_with(world, kind)
    assert_delivered(world, report)
    assert [call.method for call in world.writes()].count("ExcluirCliente") == 1
    assert all(len(world.writes(f"PAC-{number}")) == 1 for number in (1, 2, 3, 4))
    assert len(world.reads()) == 3
    assert report.total.calls == 5 + 3


@pytest.mark.slow
@pytest.mark.parametrize("kind", BEFORE)
def test_what_did_not_arrive_is_sent_again_after_a_minute(world: World, kind: FaultKind) -> None:
    report = push_with(world, kind)
    assert_delivered(world, report)
    for code in ("PAC-1", "PAC-3"):
        first, second = world.writes(code)
        assert second.at - first.at > timedelta(seconds=60)
    assert [call.method for call in world.writes()].count("ExcluirCliente") == 2
    assert len(world.writes("PAC-2")) == 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["timeout_after_commit", "html_502"])
def test_a_stale_read_proves_nothing(world: World, kind: FaultKind) -> None:
    world.control.set_behaviour(stale_reads_seconds=30)
    report = push_with(world, kind)
    assert_delivered(world, report)
    expected = 1 if kind == "timeout_after_commit" else 2
    assert len(world.writes("PAC-1")) == len(world.writes("PAC-3")) == expected


def test_a_stale_read_that_looks_right_is_not_believed(world: World) -> None:
    """A → B → A: right after B a read still shows A, but it is the A of before."""
    world.confirmed(1)
    world.control.set_behaviour(stale_reads_seconds=30)
    world.model("clientes", [cliente(1, bairro="B")])
    assert world.push().total.updated == 1
    world.control.next_faults("html_502")
    world.model("clientes", [cliente(1)])
    report = world.push()
    assert report.total.updated == 1
    assert report.closes
    assert world.held_by_omie()["PAC-1"]["bairro"] == "Centro"


def test_an_update_of_punctuation_only_is_not_taken_for_delivered(world: World) -> None:
    world.confirmed(1)
    world.control.next_faults("http_500")
    world.model("clientes", [cliente(1, email="p.1@exemplo.com.br")])
    assert world.push().total.updated == 1
    assert world.held_by_omie()["PAC-1"]["email"] == "p.1@exemplo.com.br"


def test_a_record_read_back_that_was_there_before_is_not_ours_to_delete(world: World) -> None:
    person = {key: cliente(1)[key] for key in ("codigo_cliente_integracao", "cnpj_cpf")}
    world.control.seed("clientes", [{**person, "razao_social": "Antes"}])
    world.clock.sleep(3600)
    world.control.next_faults("empty_200_after_commit")
    world.model("clientes", [cliente(1), cliente(2)])
    report = world.push()
    assert (report.total.updated, report.total.created) == (1, 1)
    world.clock.sleep(120)
    world.model("clientes", [cliente(2)])
    assert world.push(policy=MIRROR).total.deleted == 0
    assert "PAC-1" in world.held_by_omie()


def test_three_unclear_rows_in_a_row_stop_the_endpoint(world: World) -> None:
    world.control.next_faults(PlannedFault("html_502", method="UpsertCliente", times=99))
    world.model("clientes", [cliente(number) for number in range(1, 8)])
    report = world.push()
    assert (report.total.held, report.total.delivered) == (7, 0)
    assert report.closes
    assert "não responde" in report.stopped_by
    assert len(world.writes()) == 3

    world.control.clear_faults()
    world.clock.sleep(120)
    again = world.push()
    assert (again.total.created, again.recovered) == (7, 3)
    assert again.closes
    assert len(world.held_by_omie()) == 7


def test_a_good_status_without_an_id_is_not_a_confirmation(world: World) -> None:
    world.control.next_faults(PlannedFault("custom_after_commit", status=200, body="{}"))
    world.model("clientes", [cliente(1)])
    assert world.push().total.created == 1
    assert len(world.writes()) == 1
    assert len(world.reads()) == 1


def test_unclear_answers_do_not_cost_a_minute_each(world: World) -> None:
    """Fifteen writes without a clear answer while reads fail, too: the others go on meanwhile."""
    unclear = range(1, 46, 3)
    for number in unclear:
        world.control.next_faults(
            PlannedFault("html_502_after_commit", integration_code=f"PAC-{number}", times=2)
        )
    world.error_budget = 99
    world.control.set_limits(block_after_errors=None)
    world.model("clientes", [cliente(number) for number in range(1, 46)])
    report = world.push()
    assert (report.total.created, report.total.held) == (45, 0)
    assert report.closes
    assert world.clock.slept_seconds < 90
    assert all(len(world.writes(f"PAC-{number}")) == 1 for number in range(1, 46))
    assert len(world.held_by_omie()) == 45
    assert world.open_intents() == 0
