"""Notes: refused, corrected and billed once more; orders that change when it is too late."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.nfse.billing import request_billing
from omie_pipeline.nfse.follow import follow
from omie_pipeline.nfse.state import states
from omie_pipeline.omie import CallRecord
from omie_pipeline.payload import Selection
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.push.report import PushReport
from omie_pipeline.push.run import Push
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.effects import rows
from tests.effects.rows import CONFLICT, model, push, quarantined, said, settle_down
from tests.push.world import EMPRESA, World, cliente

pytestmark = pytest.mark.usefixtures("unvalidated")


def look(world: World) -> None:
    """The follower reads how the notes are."""
    settle_down(world)
    with world.client() as client:
        follow(world.engine, client, EMPRESA, world.clock)
    settle_down(world)


def notes(world: World, code: str = "OS-1") -> list[str]:
    return [note.state for note in world.control.notes(code)]


def rejected_note(world: World) -> None:
    """OS-1 billed, and refused by the city hall."""
    world.control.reject_next_note("Endereço do tomador inválido")
    rows.with_billed_order(world)
    look(world)
    assert notes(world) == ["rejected"]
    assert world.ledger("faturar_os") == {"OS-1": "rejected"}


@pytest.mark.slow
def test_a_refused_note_waits_for_its_correction(world: World) -> None:
    rejected_note(world)
    for _ in range(2):
        assert push(world, "faturar_os").total.rejected == 1
        assert world.control.calls() == (), "Omie is not even asked"
        assert "Endereço" in said(world, "faturar_os", "OS-1")
        settle_down(world, 3600)
    model(world, "ordens_servico", rows.ordem(1, rows.item("70.00")))
    assert push(world, "ordens_servico").total.updated == 1
    assert push(world, "faturar_os").total.delivered == 1
    look(world)
    assert notes(world) == ["rejected", "authorised"]
    assert states(world.engine, EMPRESA, ["OS-1"])["OS-1"].state == "issued"
    for _ in range(2):
        assert push(world, "faturar_os").total.unchanged == 1
        settle_down(world, 3600)
    assert notes(world) == ["rejected", "authorised"]


@pytest.mark.slow
def test_the_correction_may_be_the_patients_address(world: World) -> None:
    """The order itself does not change, and is billed once more all the same: once."""
    rejected_note(world)
    model(world, "clientes", cliente(1, endereco="Rua Certa"))
    assert push(world, "clientes").total.updated == 1
    world.control.reject_next_note("Código de serviço não habilitado")
    assert push(world, "faturar_os").total.delivered == 1
    look(world)
    assert notes(world) == ["rejected", "rejected"]
    assert push(world, "faturar_os").total.rejected == 1
    assert world.control.calls() == ()
    model(world, "clientes", cliente(1, endereco="Rua Mais Certa"))
    assert push(world, "clientes").total.updated == 1
    assert push(world, "faturar_os").total.rejected == 1, "the words are about the service now"
    model(world, "servicos", rows.servico(cCodServMun="04031"))
    assert push(world, "servicos").total.updated == 1
    assert push(world, "faturar_os").total.delivered == 1
    look(world)
    assert notes(world) == ["rejected", "rejected", "authorised"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["http_500_after_commit", "html_502"])
def test_an_unclear_answer_to_the_second_billing(world: World, kind: str) -> None:
    rejected_note(world)
    model(world, "ordens_servico", rows.ordem(1, rows.item("70.00")))
    push(world, "ordens_servico")
    world.control.next_faults(PlannedFault(kind, method="FaturarOS"))  # type: ignore[arg-type]
    assert push(world, "faturar_os").total.delivered == 1
    look(world)
    assert notes(world) == ["rejected", "authorised"]


def test_refused_before_the_follower_looked(world: World) -> None:
    """Lost answer, refusal meanwhile: what StatusOS shows is a refused note, and no billing."""
    world.control.set_behaviour(nfse_seconds=1)
    world.control.reject_next_note("Endereço do tomador inválido")
    rows.with_order(world)
    model(world, "faturar_os", rows.faturamento(1))
    world.control.next_faults(PlannedFault("http_500_after_commit", method="FaturarOS"))
    for _ in range(3):
        push(world, "faturar_os")
        look(world)
    assert notes(world).count("authorised") <= 1
    assert len(notes(world)) <= 2, "at most once more"


def test_an_order_that_changes_after_billing(world: World) -> None:
    rows.with_billed_order(world)
    model(world, "ordens_servico", rows.ordem(1, rows.item("70.00")))
    assert push(world, "ordens_servico", policy=CONFLICT).total.quarantined == 1
    (reason,) = quarantined(world, "ordens_servico")["OS-1"]
    assert (reason["rule"], bool(reason["fix"])) == ("os_faturada", True)
    assert world.control.calls() == ()
    model(world, "ordens_servico", rows.ordem(1))
    assert push(world, "ordens_servico", policy=CONFLICT).total.unchanged == 1
    assert quarantined(world, "ordens_servico") == {}


def bill(world: World, code: str = "OS-1") -> PushReport:
    """What ``Deployment.bill`` does."""
    asked = request_billing(world.engine, EMPRESA, code, "ana", world.clock.now())
    engine = Push(world.engine, world.client, world.clock, world.rules)
    selection = Selection(EMPRESA, key=code)
    report = engine.run(asked.endpoint, selection, EndpointPolicy(), model=asked)
    assert report.closes
    return report


def test_a_person_asks_twice_and_the_clinic_too(world: World) -> None:
    rows.with_order(world, rows.ordem(1), rows.ordem(2))
    assert bill(world).total.created == 1
    settle_down(world)
    assert bill(world).total.unchanged == 1
    model(world, "faturar_os", rows.faturamento(1), rows.faturamento(2))
    report = push(world, "faturar_os")
    assert (report.total.created, report.total.unchanged) == (1, 1)
    assert bill(world, "OS-2").total.unchanged == 1
    assert (len(notes(world)), len(notes(world, "OS-2"))) == (1, 1)
    with pytest.raises(ConfigurationError):
        bill(world, "OS-3")


def test_what_a_person_asked_for_survives_a_run_of_the_clinics_model(world: World) -> None:
    rows.with_order(world, rows.ordem(1), rows.ordem(2))
    model(world, "faturar_os", rows.faturamento(2))
    world.control.next_faults(PlannedFault("html_502", method="StatusOS", times=9))
    assert bill(world).total.held == 1
    world.control.clear_faults()
    settle_down(world, 3600)
    push(world, "faturar_os")
    assert world.ledger("faturar_os")["OS-1"] == "held"
    assert bill(world).total.created == 1
    assert len(notes(world)) == 1


def test_an_unclear_answer_to_a_persons_request(world: World) -> None:
    rows.with_order(world, rows.ordem(1), rows.ordem(2))
    model(world, "faturar_os", rows.faturamento(2))
    world.control.next_faults(PlannedFault("http_500_after_commit", method="FaturarOS"))

    def close_the_books(record: CallRecord) -> None:
        if record.method == "FaturarOS":
            world.control.next_faults(PlannedFault("html_502", method="StatusOS", times=60))

    world.on_call = close_the_books
    assert bill(world).total.held == 1
    world.on_call = None
    world.control.clear_faults()
    settle_down(world, 3600)
    report = push(world, "faturar_os")
    assert (report.recovered, report.total.created) == (1, 2)
    assert world.ledger("faturar_os") == {"OS-1": "confirmed", "OS-2": "confirmed"}
    assert (len(notes(world)), len(notes(world, "OS-2"))) == (1, 1)
    with world.engine.connect() as connection:
        count = connection.execute(sa.text("SELECT count(*) FROM omie_sync.nfse")).scalar()
    assert count == 2
