"""Waiting for the city hall and asking for one note, inside the minute rule."""

from __future__ import annotations

from datetime import timedelta

import pytest

from omie_pipeline.errors import Blocked, Redundant
from omie_pipeline.nfse.one_note import Desk
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.nfse.conftest import Notes


def _desk(notes: Notes) -> Desk:
    return Desk(notes.engine, notes.client, notes.clock)


def test_waiting_ends_when_the_note_is_issued(notes: Notes) -> None:
    notes.billed()
    began = notes.clock.now()
    note = _desk(notes).wait(notes.state(), 300)
    assert note.state == "issued"
    assert note.url_pdf is not None
    assert notes.clock.now() - began < timedelta(seconds=90)
    assert notes.asked("StatusOS") == 1


def test_waiting_ends_with_the_refusal(notes: Notes) -> None:
    notes.control.reject_next_note("Código de serviço inválido")
    notes.billed()
    assert _desk(notes).wait(notes.state(), 300).state == "rejected"


def test_waiting_gives_up_and_asks_once_a_minute_at_most(notes: Notes) -> None:
    notes.control.city_hall_down(True)
    notes.billed()
    notes.control.clear_calls()
    began = notes.clock.now()
    note = _desk(notes).wait(notes.state(), 300)
    assert note.state == "processing"
    assert notes.clock.now() - began == timedelta(seconds=300)
    assert 1 <= notes.asked("StatusOS") <= 4
    assert all(not call.fault_text for call in notes.control.calls())


def test_waiting_no_time_tells_what_is_known(notes: Notes) -> None:
    notes.billed()
    notes.control.clear_calls()
    assert _desk(notes).wait(notes.state(), 0).state == "submitted"
    assert notes.asked() == 0


def test_waiting_goes_on_over_a_question_that_failed(notes: Notes) -> None:
    notes.billed()
    notes.control.next_faults(PlannedFault("http_500", "StatusOS"))
    assert _desk(notes).wait(notes.state(), 300).state == "issued"


def test_waiting_ends_at_a_block(notes: Notes) -> None:
    notes.billed()
    notes.control.next_faults(PlannedFault("blocked_425", "StatusOS"))
    with pytest.raises(Blocked):
        _desk(notes).wait(notes.state(), 300)
    assert notes.state().state == "submitted"


def test_a_note_asked_for_thrice_in_a_minute_is_asked_for_twice(notes: Notes) -> None:
    notes.control.city_hall_down(True)
    notes.billed()
    notes.minutes(2)
    notes.control.clear_calls()
    desk = _desk(notes)
    assert desk.refresh(notes.state()) is not None
    assert desk.refresh(notes.state()) is not None
    with pytest.raises(Redundant):
        desk.refresh(notes.state())
    assert notes.asked("StatusOS") == 2


def test_a_person_who_asks_sees_a_note_cancelled_alone(notes: Notes) -> None:
    notes.billed()
    notes.minutes(2)
    notes.follow()
    notes.control.cancel_note_of("OS-1")
    notes.minutes(2)
    found = _desk(notes).refresh(notes.state())
    assert found is not None
    assert found.state == "cancelled"
