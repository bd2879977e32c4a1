"""Any history in which clinic and people in Omie edit the same records ends explained.

``OMIE_PIPELINE_HISTORIES=1000`` tells as many, others with every ``OMIE_PIPELINE_HISTORIES_SEED``.
What fails is printed as a list of steps that ``play`` takes as it stands.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from omie_pipeline import validation
from omie_pipeline.push.both_sides import judge, memory
from omie_pipeline.simulator.clock import ManualClock
from omie_pipeline.simulator.engine.server import running_simulator
from omie_pipeline.validation.model import CandidateRow, Reason, RowFailure, ValidationReport
from tests.histories.two_sides import NAMES, START, TwoSides
from tests.histories.two_sides_steps import (
    TEXTS,
    TYPED,
    TYPED_TEXTS,
    VALUES,
    Chance,
    Step,
    Steps,
    begin,
    rest,
    shortest,
    take,
)
from tests.histories.two_sides_truth import check_explained, check_removed, check_way_back
from tests.push.accept_all import AcceptAll

_FEW = 12
# Read here: inside a test the developer's own variables are hidden.
_NUMBER = int(os.environ.get("OMIE_PIPELINE_HISTORIES", _FEW))
_SEED = os.environ.get("OMIE_PIPELINE_HISTORIES_SEED", "")


class RefusesUnmapped(AcceptAll):
    """Refuses títulos whose category nothing maps, too."""

    def validate(self, rows: Sequence[CandidateRow], **known: Any) -> ValidationReport:
        report = super().validate(rows, **known)
        reason = Reason("codigo_categoria", "teste", "Categoria não mapeada.", "Mapeie.")
        failures = list(report.failures)
        failed = {one.row for one in failures}
        failures += [
            RowFailure(row.row, (reason,))
            for row in rows
            if self._endpoint.name == "contas_receber"
            and str(row.payload.get("codigo_categoria") or "") in ("", *NAMES.values())
            and row.row not in failed
        ]
        return replace(report, failures=tuple(failures), failed_rows=len(failures))


@pytest.fixture
def house(
    engine: sa.Engine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TwoSides]:
    """A deployment without Great Expectations, to be lent to one history after the other."""
    monkeypatch.setitem(vars(validation), "Validator", RefusesUnmapped)
    clock = ManualClock(START)
    with running_simulator(clock=clock) as simulator:
        yield TwoSides(engine, simulator, clock, tmp_path, database_url)


def play(house: TwoSides, steps: Sequence[Step]) -> None:
    """A history from its beginning to its end."""
    begin(house)
    for step in steps:
        take(house, step)
    rest(house)
    check_explained(house)
    check_removed(house)
    check_way_back(house)


def _fails(house: TwoSides, steps: Steps) -> bool:
    try:
        play(house, steps)
    except Exception:  # noqa: BLE001 - whatever it is, it is what is looked for
        return True
    return False


@pytest.mark.slow
def test_every_field_is_explained(house: TwoSides) -> None:
    many, started = _NUMBER > _FEW, time.perf_counter()
    seed = int(_SEED or (random.randrange(10**9) if many else 7))
    if many:
        sys.stdout.write(f"\nOMIE_PIPELINE_HISTORIES_SEED={seed}\n")
    for number in range(_NUMBER):
        steps = Chance(seed * 1_000_003 + number).history()
        try:
            play(house, steps)
        except BaseException as error:
            if many:
                steps = shortest(steps, lambda fewer: _fails(house, fewer))
            error.add_note("\n".join(["[", *(f"    {step}," for step in steps), "]"]))
            raise
    figures = house.figures
    if many:
        sys.stdout.write(f"\n{time.perf_counter() - started:.0f} s, {figures}\n")
    assert figures.histories >= _NUMBER
    assert figures.edits > figures.histories
    assert figures.told_back > figures.histories


def _kept_then_changed(field: str, *between: Step) -> list[Step]:
    """A person types over a field and Omie's value is kept; then the clinic changes it again."""
    edited: dict[str, Any] = {"field": field}
    return [
        Step("person", value=TYPED.get(field, TYPED_TEXTS)[0], **edited),
        Step("waits", value=70),
        Step("read", value="incremental"),
        Step("clinic", value=VALUES.get(field, TEXTS)[1], **edited),
        Step("push"),
        *between,
        Step("clinic", value=VALUES.get(field, TEXTS)[2], **edited),
        Step("push"),
    ]


@pytest.mark.slow
def test_an_engine_that_ignores_decisions_or_forgets_is_found(
    house: TwoSides, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oracle can fail."""
    decided = [Step("decides", number=0, value="clinica"), Step("push")]
    history = _kept_then_changed("observacao", *decided)[:-2]
    play(house, history)
    with monkeypatch.context() as broken:
        broken.setattr(memory, "_decided", lambda *_: {})
        with pytest.raises(AssertionError):
            play(house, history)
    kept = _kept_then_changed("email")
    with monkeypatch.context() as broken:
        broken.setattr(judge, "remember", lambda *_: None)
        with pytest.raises(AssertionError):
            play(house, kept)


@pytest.mark.slow
def test_what_omie_keeps_is_not_replaced_by_the_second_change(house: TwoSides) -> None:
    """The clinic's second change passed for one that only the clinic had made."""
    play(house, _kept_then_changed("email"))
    assert house.omie()["clientes", "PAC-1", "email"] == "x@omie.com.br"
    decided = [Step("decides", number=0, value="omie"), Step("push")]
    play(house, _kept_then_changed("observacao", *decided))
    assert house.omie()["clientes", "PAC-1", "observacao"] == "Cc"
    assert [one.typed.value for one in house.journal.lost] == ["Xx"]
