"""Edits on both sides end explained, and nothing echoes, where all of it is real: the clinic's
tables, the copy, dbt, and the table of the clinic's into which the outbox is written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from omie_pipeline import validation
from omie_pipeline.simulator.clock import ManualClock
from omie_pipeline.simulator.engine.server import running_simulator
from tests.histories.built_sides import BuiltSides
from tests.histories.test_two_sides import RefusesUnmapped, play
from tests.histories.two_sides import START
from tests.histories.two_sides_steps import Chance, Step, begin, take

pytestmark = pytest.mark.slow

_NUMBER = int(os.environ.get("OMIE_PIPELINE_HISTORIES", "0")) // 20 or 2
_SEED = int(os.environ.get("OMIE_PIPELINE_HISTORIES_SEED") or 5)
_ROUNDS = 6


@pytest.fixture
def house(
    engine: sa.Engine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[BuiltSides]:
    """A clinic's database, a warehouse that dbt has built once, and Omie."""
    monkeypatch.setitem(vars(validation), "Validator", RefusesUnmapped)
    clock = ManualClock(START)
    with running_simulator(clock=clock) as simulator:
        yield BuiltSides(engine, simulator, clock, tmp_path, database_url)


def test_histories_of_a_built_clinic(house: BuiltSides) -> None:
    _rounds_without_an_echo(house)
    for number in range(_NUMBER):
        steps = Chance(_SEED * 1_000_003 + number).history()
        try:
            play(house, steps)
        except BaseException as error:
            error.add_note("\n".join(["[", *(f"    {step}," for step in steps), "]"]))
            raise


def _rounds_without_an_echo(house: BuiltSides) -> None:
    """A payment typed in Omie is told, copied by the clinic into the rows that are read, and comes
    back neither as a change of the clinic's nor of Omie's."""
    begin(house)
    take(house, Step("settles", number=1))
    take(house, Step("person", "clientes", 2, "email", "x@omie.com.br"))
    house.clock.sleep(70)
    told, first = [], house.newest_call()
    for _ in range(_ROUNDS):
        for name in ("clientes", "contas_receber", "baixas"):
            house.read(name)
        told.append(house.tell())
        house.push()
        house.clock.sleep(7200)
    assert told[0] > 0
    assert told[1:] == [0] * (_ROUNDS - 1)
    assert house.writes_after(first) == []
    with house.clinic_database() as connection:
        rows = connection.exec_driver_sql("SELECT id, pago_em FROM recebimentos ORDER BY id").all()
    assert [(row[0], bool(row[1])) for row in rows] == [("1", True), ("2", False)]
