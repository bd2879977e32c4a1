"""The table of steps, and that the warehouse takes no other."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
import sqlalchemy as sa

from omie_pipeline.catalog.nfse import OPEN, STATES, TRANSITIONS, State, may_move
from omie_pipeline.nfse.state import (
    SubmittedOrder,
    keep,
    move,
    reject,
    states,
    submitted,
    transitions,
)
from omie_pipeline.postgres.tables import nfse
from tests.nfse.conftest import START

LATER = START + timedelta(minutes=5)


def _known(engine: sa.Engine, state: State = "submitted") -> None:
    with engine.begin() as connection:
        submitted(connection, "principal", [SubmittedOrder("OS-1", 7, None, None, START)])
        connection.execute(sa.update(nfse).values(state=state))


def _state(engine: sa.Engine) -> str:
    return states(engine, "principal", ["OS-1"])["OS-1"].state


def test_every_state_has_its_steps_and_none_leads_to_itself() -> None:
    assert set(TRANSITIONS) == set(STATES)
    assert all(state not in steps for state, steps in TRANSITIONS.items())
    assert TRANSITIONS["cancelled"] == {"deleted"}, "with its order, and never of its own"
    assert not any(may_move("issued", state) for state in (*OPEN, "rejected"))


@pytest.mark.parametrize(("de", "para"), list(product(STATES, STATES)))
def test_only_allowed_steps_change_anything(engine: sa.Engine, de: State, para: State) -> None:
    _known(engine, de)
    with engine.begin() as connection:
        moved = move(connection, "principal", "OS-1", para, LATER, "status")
    assert moved == may_move(de, para)
    assert _state(engine) == (para if moved else de)
    assert len(transitions(engine, "principal", "OS-1")) == 1 + moved


def test_an_answer_older_than_the_last_step_is_refused(engine: sa.Engine) -> None:
    _known(engine)
    with engine.begin() as connection:
        early = START - timedelta(seconds=1)
        assert not move(connection, "principal", "OS-1", "rejected", early, "status")
        assert not reject(connection, "principal", "OS-1", early, words="x", fix="y")
    assert _state(engine) == "submitted"


def test_a_note_nobody_knows_does_not_move(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        assert not move(connection, "principal", "OS-9", "issued", START, "list")


@pytest.mark.parametrize("state", ["rejected", "error"])
def test_a_refused_order_is_billed_once_more(engine: sa.Engine, state: State) -> None:
    _known(engine, state)
    with engine.begin() as connection:
        submitted(connection, "principal", [SubmittedOrder("OS-1", 7, None, None, LATER)])
    note = states(engine, "principal", ["OS-1"])["OS-1"]
    assert (note.state, note.attempts, note.billed_at) == ("submitted", 2, LATER)
    assert [step.from_state for step in transitions(engine, "principal", "OS-1")] == [None, state]


@pytest.mark.parametrize("state", ["submitted", "processing", "issued", "cancelled"])
def test_an_order_found_billed_already_stays_where_it_is(engine: sa.Engine, state: State) -> None:
    _known(engine, state)
    with engine.begin() as connection:
        submitted(connection, "principal", [SubmittedOrder("OS-1", 8, None, "CAMPINAS", LATER)])
    note = states(engine, "principal", ["OS-1"])["OS-1"]
    assert (note.state, note.attempts, note.municipio) == (state, 1, "CAMPINAS")
    assert len(transitions(engine, "principal", "OS-1")) == 1


def test_what_is_rolled_back_leaves_nothing(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        submitted(connection, "principal", [SubmittedOrder("OS-1", 7, None, None, START)])
        connection.rollback()
    assert states(engine, "principal", ["OS-1"]) == {}


def test_a_state_is_no_plain_column(engine: sa.Engine) -> None:
    _known(engine)
    with engine.begin() as connection, pytest.raises(AssertionError):
        keep(connection, "principal", "OS-1", state="issued")
