"""What random histories found, each as the shortest history that shows it."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest

from omie_pipeline.config import settings
from tests.histories.clocks import ProcessClock
from tests.histories.company import Company
from tests.histories.machine import START, Histories


@pytest.fixture
def history(company: Company) -> Histories:
    machine = type("Lent", (Histories,), {"company": company})
    found: Histories = machine()
    return found


@pytest.mark.slow
def test_a_refused_note_of_a_receipt_that_left_is_not_confirmed(history: Histories) -> None:
    """The row of a refused billing left the model: the ledger took it for delivered."""
    history.open_the_clinic(mirror=False, delivered=True)
    history.remove_receipt(number=1)
    history.city_hall(what="refuses")
    history.teardown()


@pytest.mark.slow
def test_a_refused_note_is_still_owed_when_its_receipt_comes_back(history: Histories) -> None:
    history.open_the_clinic(mirror=False, delivered=True)
    receipt = history.clinic.receipts[2]
    history.city_hall(what="refuses")
    history.wait(seconds=400)
    history.follow()
    assert history.company.ledger("faturar_os")["OS-1"] == "rejected"
    history.clinic.receipts[1].bill = False
    history.run_all()
    history.clinic.receipts[1].bill = True
    history.edit_receipt(number=1, value=150, text="B")
    history.teardown()
    assert receipt.order
    states = [note.state for note in history.company.control.notes("OS-1")]
    assert states == ["rejected", "authorised"]


@pytest.mark.slow
def test_an_order_that_the_mirror_took_away_is_billed_when_it_is_made_again(
    history: Histories,
) -> None:
    """The billing stayed confirmed without its order: the new order was never billed."""
    history.open_the_clinic(mirror=True, delivered=True)
    history.city_hall(what="refuses")
    history.wait(seconds=400)
    history.follow()
    history.mark_receipt(number=1, order=False, bill=False)
    history.run_all()
    assert history.company.control.record("ordens_servico", "OS-1") is None
    history.mark_receipt(number=1, order=True, bill=True)
    history.teardown()
    assert [note.state for note in history.company.control.notes("OS-1")] == ["authorised"]


@pytest.mark.slow
@pytest.mark.parametrize("undo", [True, False])
def test_a_title_waits_for_the_answer_of_its_settlement(history: Histories, undo: bool) -> None:
    """A settlement's answer was lost, its título changed: Omie refused the change, and a refused
    change is not worth taking the settlement back, so that it stayed refused for good."""
    type(history).undo = undo
    history.open_the_clinic(mirror=False, delivered=False)
    for endpoint in ("categorias", "clientes", "servicos", "contas_receber"):
        history.send(endpoint)
    with history.company.ending_at("call", 2):
        history.send("baixas_receber")
    assert "BXR-11" in history.company.truth().settlements
    history.edit_receipt(number=1, value=150, text="A")
    history.run_all()
    history.teardown()
    value = history.company.truth().titles["REC-1"][0]["valor_documento"]
    assert value == (150 if undo else 100)


@pytest.mark.slow
def test_a_machine_a_day_ahead_takes_no_payment_twice(history: Histories) -> None:
    """A settlement of part of a título was made and its answer lost with its process; the clinic
    corrects it, and the next process runs on a machine that is a day ahead."""
    history.open_the_clinic(mirror=False, delivered=False, clocks=(0, 0, 0))
    history.pay(number=1, place=1, value=40)
    for endpoint in ("categorias", "clientes", "servicos", "contas_receber"):
        history.send(endpoint)
    with history.company.ending_at("call", 2):
        history.send("baixas_receber")
    assert "BXR-11" in history.company.truth().settlements
    for machine in range(3):
        history.set_a_clock(machine=machine, ahead_seconds=86400)
    history.pay(number=1, place=1, value=60)
    history.send("baixas_receber")
    history.teardown()


@pytest.mark.parametrize("ahead_seconds", [-600, 600])
def test_whoever_goes_by_the_machines_clock_is_found(
    history: Histories, monkeypatch: pytest.MonkeyPatch, ahead_seconds: int
) -> None:
    history.open_the_clinic(mirror=False, delivered=False, clocks=(ahead_seconds,) * 3)
    history.send("clientes")
    monkeypatch.setattr(ProcessClock, "now", ProcessClock.machine_now)
    with pytest.raises(AssertionError, match="a crooked clock's stamps"):
        history.send("clientes")


def test_a_module_that_asks_the_machine_gets_its_wrong_time(history: Histories) -> None:
    history.open_the_clinic(mirror=False, delivered=False, clocks=(3600, 3600, 3600))
    history.company.start_process()
    shown = history.company.time.now()
    assert shown == START
    assert vars(settings)["datetime"].now(UTC) == START + timedelta(hours=1)
