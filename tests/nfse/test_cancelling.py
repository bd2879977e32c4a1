"""Cancelling: one call, whatever becomes of its answer, and both ends of the race."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from omie_pipeline.errors import RecordRejected, RetryLater, TakenOver
from omie_pipeline.nfse.cancel import Canceller, CancelResult
from omie_pipeline.postgres.locks import Lane, cancelling_lane
from omie_pipeline.simulator.engine.planned_faults import FaultKind, PlannedFault
from tests.fencing.losing import end_lock
from tests.nfse.conftest import Notes
from tests.push.world import EMPRESA


def _cancel(notes: Notes, code: str = "OS-1") -> CancelResult:
    return Canceller(notes.engine, notes.client, notes.clock).cancel(notes.state(code))


def _issued(notes: Notes) -> None:
    notes.billed()
    notes.minutes(2)
    notes.follow()
    assert notes.state().state == "issued"
    notes.control.clear_calls()


def test_an_issued_note_is_cancelled(notes: Notes) -> None:
    _issued(notes)
    assert _cancel(notes).result == "cancelled"
    assert notes.path() == ["submitted", "issued", "cancelled"]
    assert [one.state for one in notes.control.notes("OS-1")] == ["cancelled"]
    assert _cancel(notes).result == "cancelled"
    assert notes.asked("CancelarOS") == 1
    (call,) = (call for call in notes.control.calls() if call.method == "CancelarOS")
    assert call.param["cCancelarNfse"] == "S", "said, for Omie's own default is destructive"


def test_the_cancellation_wins_while_processing(notes: Notes) -> None:
    notes.control.city_hall_down(True)
    notes.billed()
    notes.minutes(2)
    notes.follow()
    assert _cancel(notes).result == "requested"
    assert notes.state().state == "processing"
    assert notes.state().cancellation_requested_at is not None
    # Asked again while the city hall is silent: nothing leaves.
    notes.minutes(1.5)
    assert _cancel(notes).result == "requested"
    assert notes.asked("CancelarOS") == 1
    notes.control.city_hall_down(False)
    notes.minutes(5)
    notes.follow()
    assert notes.path() == ["submitted", "processing", "cancelled"]
    ((source,),) = notes.world.rows(
        "SELECT source FROM omie_sync.nfse_transition WHERE to_state = 'cancelled'"
    )
    assert source == "cancellation"


def test_the_authorisation_wins_while_processing(notes: Notes) -> None:
    notes.control.set_behaviour(cancel_race="authorised")
    notes.control.city_hall_down(True)
    notes.billed()
    notes.minutes(2)
    notes.follow()
    assert _cancel(notes).result == "requested"
    notes.control.city_hall_down(False)
    notes.minutes(5)
    notes.follow()
    notes.minutes(5)
    notes.follow()
    note = notes.state()
    assert note.state == "issued"
    assert [one.state for one in notes.control.notes("OS-1")] == ["authorised"]
    # The refused request is over; a person may ask once more, for the issued note now.
    notes.minutes(5)
    assert _cancel(notes).result == "cancelled"
    assert [one.state for one in notes.control.notes("OS-1")] == ["cancelled"]


@pytest.mark.parametrize("kind", ["http_500_after_commit", "truncated_json_after_commit"])
def test_a_lost_answer_is_read_and_not_repeated(notes: Notes, kind: FaultKind) -> None:
    _issued(notes)
    notes.control.next_faults(PlannedFault(kind, "CancelarOS"))
    assert _cancel(notes).result == "cancelled"
    assert notes.asked("CancelarOS") == 1


def test_while_omie_is_unreadable_nothing_is_repeated(notes: Notes) -> None:
    _issued(notes)
    notes.control.next_faults(
        PlannedFault("http_500_after_commit", "CancelarOS"),
        PlannedFault("http_500", "StatusOS", times=3),
    )
    assert _cancel(notes).result == "uncertain"
    notes.minutes(2)
    assert _cancel(notes).result == "uncertain"
    assert notes.asked("CancelarOS") == 1
    notes.minutes(2)
    notes.control.clear_faults()
    # The follower alone finds out.
    notes.follow()
    assert notes.state().state == "cancelled"
    assert notes.asked("CancelarOS") == 1


def test_a_request_that_never_arrived_is_sent_again_after_a_read(notes: Notes) -> None:
    _issued(notes)
    notes.control.next_faults(PlannedFault("http_500", "CancelarOS"))
    assert _cancel(notes).result == "uncertain"
    notes.minutes(1.5)
    assert _cancel(notes).result == "requested"
    assert notes.asked("CancelarOS") == 1
    notes.minutes(2)
    assert _cancel(notes).result == "cancelled"
    assert notes.asked("CancelarOS") == 2


def test_a_refusal_of_omie_leaves_no_mark(notes: Notes) -> None:
    _issued(notes)
    notes.control.next_faults(
        PlannedFault("fault_in_200", "CancelarOS", text="Prazo de cancelamento encerrado")
    )
    with pytest.raises(RecordRejected, match="Prazo"):
        _cancel(notes)
    note = notes.state()
    assert (note.state, note.cancellation_requested_at) == ("issued", None)


def test_what_never_left_leaves_no_mark(notes: Notes) -> None:
    _issued(notes)
    notes.control.next_faults(PlannedFault("http_429", "CancelarOS"))
    with pytest.raises(RetryLater):
        _cancel(notes)
    assert notes.state().cancellation_requested_at is None


def test_a_refused_note_has_nothing_to_cancel(notes: Notes) -> None:
    notes.control.reject_next_note("Código inválido")
    notes.billed()
    notes.minutes(2)
    notes.follow()
    assert _cancel(notes).result == "no_effect"
    assert notes.asked("CancelarOS") == 0


class _Paused:
    """A client whose process stands still just before, or just after, CancelarOS."""

    def __init__(
        self,
        notes: Notes,
        *,
        before: Callable[[], None] | None = None,
        after: Callable[[], None] | None = None,
    ) -> None:
        self._client, self._before, self._after = notes.client, before, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def write(self, *args: Any, **options: Any) -> Any:
        if self._before is not None:
            self._before()
        try:
            return self._client.write(*args, **options)
        finally:
            if self._after is not None:
                self._after()


def _meanwhile(notes: Notes, minutes: float, told: list[CancelResult]) -> Callable[[], None]:
    """The first process loses its lock, and a while later another one cancels the note."""

    def step() -> None:
        end_lock(notes.engine, cancelling_lane(EMPRESA))
        notes.minutes(minutes)
        told.append(_cancel(notes))

    return step


def test_a_paused_process_that_another_one_replaced_does_not_cancel(notes: Notes) -> None:
    """Its request would cancel whatever stands there when it wakes."""
    _issued(notes)
    told: list[CancelResult] = []
    client: Any = _Paused(notes, before=_meanwhile(notes, 11, told))
    with pytest.raises(TakenOver):
        Canceller(notes.engine, client, notes.clock).cancel(notes.state())
    assert [one.result for one in told] == ["cancelled"]
    assert notes.asked("CancelarOS") == 1
    assert notes.state().state == "cancelled"


def test_a_refusal_that_is_heard_late_leaves_the_others_mark(notes: Notes) -> None:
    notes.control.city_hall_down(True)
    notes.billed()
    notes.minutes(2)
    notes.follow()
    notes.control.next_faults(PlannedFault("http_429", "CancelarOS"))
    told: list[CancelResult] = []
    client: Any = _Paused(notes, after=_meanwhile(notes, 11, told))
    with pytest.raises(TakenOver):
        Canceller(notes.engine, client, notes.clock).cancel(notes.state())
    assert [one.result for one in told] == ["requested"]
    assert notes.state().cancellation_requested_at is not None
    notes.minutes(2)
    # A third one would ask again if it had gone.
    assert _cancel(notes).result == "requested"
    assert notes.asked("CancelarOS") == 2


def test_a_second_one_waits_and_finds_what_the_first_did(notes: Notes) -> None:
    _issued(notes)
    first = Lane(notes.engine, cancelling_lane(EMPRESA))
    assert first.take()
    waited = []

    def end() -> None:
        waited.append(_first_cancels(notes))
        first.release()

    second = Canceller(notes.engine, notes.client, notes.clock, on_wait=end)
    assert second.cancel(notes.state()).result == "cancelled"
    assert waited == ["cancelled"]
    assert notes.asked("CancelarOS") == 1


def _first_cancels(notes: Notes) -> str:
    from omie_pipeline.nfse.cancel import _Cancelling

    one = _Cancelling(notes.engine, notes.client, notes.clock, lambda: None)
    return one.cancel(notes.state()).result
