"""A process that is paused between a question and its answer writes over nothing newer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from omie_pipeline.errors import FaultDetail, UnknownFault
from omie_pipeline.nfse.archive import Archive, Files
from omie_pipeline.nfse.cancel import Canceller
from omie_pipeline.nfse.follow import follow, look_at
from omie_pipeline.nfse.state import ask_to_cancel
from tests.nfse.conftest import Notes
from tests.push.world import EMPRESA


class _Paused:
    """A client that has the answer to ``method`` and stands still, once, before it is read."""

    def __init__(self, notes: Notes, method: str, meanwhile: Callable[[], object]) -> None:
        self._client, self._method, self._meanwhile = notes.client, method, meanwhile

    def __getattr__(self, name: str) -> Any:
        asked = getattr(self._client, name)
        if not callable(asked):
            return asked

        def ask(service: Any, method: str, *args: Any, **options: Any) -> Any:
            answer = asked(service, method, *args, **options)
            if method == self._method:
                self._method = ""
                self._meanwhile()
            return answer

        return ask


def _billed(notes: Notes, *, city_hall_down: bool) -> None:
    notes.control.city_hall_down(city_hall_down)
    notes.billed()
    notes.minutes(2)


def test_an_answer_that_is_read_late_changes_nothing(notes: Notes) -> None:
    """It says "processing"; another round has seen the note issued since, and has its files."""
    _billed(notes, city_hall_down=True)
    notes.follow()
    notes.minutes(2)

    def meanwhile() -> None:
        notes.control.city_hall_down(False)
        notes.minutes(10)
        notes.follow()

    client: Any = _Paused(notes, "StatusOS", meanwhile)
    seen, changed = look_at(notes.engine, client, notes.state(), notes.clock)
    note = notes.state()
    assert (seen.state, changed, note.state) == ("processing", False, "issued")
    assert note.next_check_at is None, "its files are asked for again"
    assert note.checked_at is not None
    assert note.checked_at > notes.clock.now().replace(minute=0)


def test_a_late_answer_does_not_take_back_a_cancellation(notes: Notes) -> None:
    """It tells of an earlier request that the city hall refused; a third one would be sent."""
    notes.control.set_behaviour(cancel_race="authorised")
    _billed(notes, city_hall_down=True)
    notes.follow()
    canceller = Canceller(notes.engine, notes.client, notes.clock)
    assert canceller.cancel(notes.state()).result == "requested"
    notes.control.city_hall_down(False)
    for _ in range(2):
        notes.minutes(5)
        notes.follow()
    note = notes.state()
    assert (note.state, note.cancellation_requested_at) == ("issued", None)

    def meanwhile() -> None:
        notes.minutes(5)
        with notes.engine.begin() as connection:
            assert ask_to_cancel(connection, EMPRESA, "OS-1", None, notes.clock.now())

    client: Any = _Paused(notes, "StatusOS", meanwhile)
    seen, _ = look_at(notes.engine, client, note, notes.clock)
    assert seen.cancellation_refused
    assert notes.state().cancellation_requested_at == notes.clock.now()


@pytest.mark.parametrize("method", ["ListarNFSEs", "ObterNFSe"])
def test_a_late_list_and_late_links_change_nothing(notes: Notes, method: str) -> None:
    """Of a note that was cancelled meanwhile, and whose files could not be fetched by then."""
    _billed(notes, city_hall_down=False)
    told = []

    def meanwhile() -> None:
        notes.control.cancel_note_of("OS-1", reason="engano")
        notes.minutes(2)
        notes.follow()
        notes.minutes(60 * 7)
        notes.follow()
        told.append(notes.state())

    def no_file(link: str) -> bytes:
        raise UnknownFault(FaultDetail(link))

    client: Any = _Paused(notes, method, meanwhile)
    files = Files(Archive("memory://notas-de-ninguem"), no_file)
    follow(notes.engine, client, EMPRESA, notes.clock, files=files)
    assert [one.state for one in told] == ["cancelled"]
    assert notes.state() == told[0]
