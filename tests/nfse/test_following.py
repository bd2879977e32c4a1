"""From billed to a PDF: what the follower writes at each answer of Omie."""

from __future__ import annotations

import pytest

from omie_pipeline.simulator.engine.planned_faults import FaultKind, PlannedFault
from tests.nfse.conftest import BILL, Notes


def test_a_billed_order_becomes_an_issued_note_with_links(notes: Notes) -> None:
    notes.billed()
    notes.minutes(2)
    report = notes.follow()
    note = notes.state()
    assert (note.state, report.changes["issued"], report.open) == ("issued", 1, 0)
    assert notes.path() == ["submitted", "issued"]
    (truth,) = notes.control.notes("OS-1")
    assert (note.numero, note.n_cod_nf) == (truth.number, truth.id)
    assert note.url_pdf is not None
    assert f"{truth.id}.pdf" in note.url_pdf
    assert note.codigo_verificacao
    assert note.next_check_at is None


def test_somebody_who_looks_sees_the_note_before_its_first_look_is_due(notes: Notes) -> None:
    notes.billed()
    notes.clock.sleep(45)
    assert notes.follow().questions == 0
    report = notes.follow(at_once=True)
    note = notes.state()
    assert (note.state, report.open) == ("issued", 0)
    assert note.url_pdf


def test_a_note_under_way_is_processing_until_it_has_a_number(notes: Notes) -> None:
    notes.control.city_hall_down(True)
    notes.billed()
    notes.minutes(2)
    notes.follow()
    assert notes.state().state == "processing"
    notes.minutes(30)
    notes.follow()
    assert (notes.state().state, notes.path()) == ("processing", ["submitted", "processing"])
    notes.control.city_hall_down(False)
    notes.minutes(6)
    notes.follow()
    assert notes.path() == ["submitted", "processing", "issued"]


def test_a_refused_note_takes_the_ledger_with_it(notes: Notes) -> None:
    notes.control.reject_next_note("Endereço do tomador inválido, CPF 529.982.247-25")
    notes.billed()
    notes.minutes(2)
    assert notes.follow().changes["rejected"] == 1
    note = notes.state()
    assert note.state == "rejected"
    assert note.message is not None
    assert "Endereço do tomador" in note.message
    assert "529.982" not in note.message
    ((state, error, code),) = notes.world.rows(
        "SELECT state, last_error, error_code FROM omie_sync.ledger WHERE endpoint = 'faturar_os'"
    )
    assert (state, error, code) == ("rejected", note.message, "nfse")
    ((text, fix, partition),) = notes.world.rows(
        "SELECT fault_text, fix, partition FROM omie_sync.rejected"
    )
    assert text == note.message
    assert "endereço do paciente" in fix
    assert partition == "2026-01-05"


def test_a_refused_note_is_left_alone(notes: Notes) -> None:
    notes.control.reject_next_note("Código de serviço inválido")
    notes.billed()
    notes.minutes(2)
    notes.follow()
    notes.control.clear_calls()
    for _ in range(60):
        notes.minutes(1)
        notes.follow()
    assert notes.asked() == 0


def test_a_note_that_a_person_cancelled_in_omie_is_found(notes: Notes) -> None:
    notes.billed()
    notes.minutes(2)
    notes.follow()
    notes.control.cancel_note_of("OS-1", reason="engano")
    notes.minutes(60)
    notes.follow()
    assert notes.state().state == "issued"
    notes.minutes(6 * 60)
    notes.follow()
    assert notes.state().state == "cancelled"
    ((why, source),) = notes.world.rows(
        "SELECT reason, source FROM omie_sync.nfse_transition WHERE to_state = 'cancelled'"
    )
    assert (why, source) == ("cancelada no Omie", "list")


def test_a_refused_note_that_a_person_billed_in_omie_is_found(notes: Notes) -> None:
    notes.control.reject_next_note("Código de serviço inválido")
    notes.billed()
    notes.minutes(2)
    notes.follow()
    # Not through the engine: a person in Omie's own screens.
    notes.client.write(BILL, "FaturarOS", {"cCodIntOS": "OS-1"})
    notes.minutes(6 * 60 + 5)
    notes.follow()
    assert notes.path() == ["submitted", "rejected", "issued"]
    assert notes.world.ledger("faturar_os") == {"OS-1": "confirmed"}
    assert notes.world.rows("SELECT 1 FROM omie_sync.rejected") == []


def test_an_order_deleted_in_omie_is_an_error_and_comes_back(notes: Notes) -> None:
    notes.known("OS-9", 424242)
    notes.minutes(1)
    notes.follow()
    assert notes.state("OS-9").state == "submitted"
    notes.minutes(5)
    notes.follow()
    note = notes.state("OS-9")
    assert note.state == "error"
    assert "não conhece" in (note.message or "")


def test_a_block_ends_the_round_and_loses_nothing(notes: Notes) -> None:
    for number in range(1, 4):
        notes.billed(number)
    notes.minutes(2)
    notes.control.next_faults(PlannedFault("blocked_425", "ListarNFSEs"))
    report = notes.follow()
    assert report.stopped
    assert report.open == 3
    notes.control.clear_calls()
    assert notes.follow().stopped
    assert notes.asked() == 0
    notes.minutes(31)
    assert notes.follow().changes["issued"] == 3


@pytest.mark.parametrize("kind", ["http_500", "truncated_json", "empty_200", "html_502"])
def test_an_unreadable_answer_changes_nothing(notes: Notes, kind: FaultKind) -> None:
    notes.billed()
    notes.minutes(2)
    notes.control.next_faults(PlannedFault(kind, "ListarNFSEs"))
    report = notes.follow()
    assert report.stopped
    assert notes.state().state == "submitted"
    notes.minutes(2)
    notes.follow()
    assert notes.state().state == "issued"


def test_links_that_fail_stop_no_question_about_other_notes(notes: Notes) -> None:
    notes.world.error_budget = 1
    notes.client = notes.world.client()
    notes.billed(1)
    notes.billed(2)
    notes.minutes(2)
    notes.control.settle_notes()
    notes.control.reject_next_note("Código de serviço inválido")
    notes.billed(3)
    notes.minutes(2)
    refusal = PlannedFault("fault_in_200", "ObterNFSe", times=5, text="Documento não encontrado!")
    notes.control.next_faults(refusal)
    report = notes.follow()
    assert notes.asked("ObterNFSe") == 1
    assert "Limite próprio de erros" in report.stopped
    assert notes.state("OS-3").state == "rejected"
    notes.control.clear_faults()
    notes.minutes(35)
    notes.follow()
    assert all(notes.state(code).url_pdf for code in ("OS-1", "OS-2"))


def test_a_round_tells_how_many_notes_are_still_to_be_asked_for(notes: Notes) -> None:
    notes.billed()
    notes.minutes(2)
    asked: list[tuple[int, int]] = []
    notes.follow(on_asked=lambda done, of: asked.append((done, of)))
    assert asked == [(number, len(asked)) for number in range(len(asked))]
    assert asked
