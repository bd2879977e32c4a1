"""The measures themselves are no tests; that they can be started is."""

from __future__ import annotations

from pathlib import Path

import pytest

import benchmarks
from benchmarks.__main__ import BENCHES
from benchmarks.measure import Alternated, Measure, table


def test_every_measure_can_be_asked_for() -> None:
    modules = {one.stem for one in Path(benchmarks.__path__[0]).glob("bench_*.py")}
    assert {f"bench_{name}" for name in BENCHES} == modules


@pytest.mark.parametrize(
    ("measure", "missed"),
    [
        (Measure("a", "", 1.25, at_most=1.25), False),
        (Measure("a", "", 1.26, at_most=1.25), True),
        (Measure("a", "", 0.96, at_least=0.97), True),
        (Measure("a", "", 0.97, at_least=0.97), False),
        (Measure("a", "", 9.0), False),
        (Measure("a", "9 s"), False),
    ],
)
def test_a_target_is_missed_on_its_own_side_only(measure: Measure, missed: bool) -> None:
    assert measure.missed is missed
    assert ("MISSED" in table([measure])) is missed


def test_the_ratio_is_taken_between_neighbours() -> None:
    slow_afternoon = Alternated(baseline=(1.0, 10.0, 2.0), ours=(1.1, 12.0, 2.2))
    assert slow_afternoon.ratio == pytest.approx(1.1)
