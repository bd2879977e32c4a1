"""The arithmetic of a long work: how far, how fast, how long, and what for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omie_pipeline.progress import (
    Headway,
    Meter,
    Pace,
    Steps,
    Wait,
    about,
    pace_of,
    plan_told,
    told,
)

START = datetime(2026, 1, 5, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def measured(rows_per_minute: float, minutes: float, total: int, pace: Pace | None = None) -> Meter:
    """A work that went at one speed, told every second."""
    meter = Meter(START, total, pace or Pace())
    for second in range(1, int(minutes * 60) + 1):
        meter.reach(int(second * rows_per_minute / 60), total, at(second))
    return meter


def test_what_is_expected_counts_until_something_is_measured() -> None:
    meter = Meter(START, 60_000, Pace(235, 235))
    headway = meter.headway(START)
    assert headway.seconds_left() == pytest.approx(4.255 * 3600, rel=0.001)
    assert headway.per_minute is None, "nothing was measured"
    assert told(headway, UTC) == "0 de 60.000 linhas, faltam cerca de 4 h 15 min"


def test_no_rate_and_no_time_are_told_of_the_first_moments() -> None:
    meter = Meter(START, 1494)
    assert told(meter.headway(START), UTC) == "0 de 1.494 linhas"
    meter.reach(500, 1494, at(0.1))
    assert told(meter.headway(at(0.1)), UTC) == "500 de 1.494 linhas"
    assert told(meter.headway(at(4.9)), UTC) == "500 de 1.494 linhas"
    meter.reach(600, 1494, at(6))
    assert told(meter.headway(at(6)), UTC) == (
        "600 de 1.494 linhas, 6.000 por minuto, faltam menos de 1 min"
    )


def test_a_rate_is_what_was_measured_and_the_time_left_what_is_expected_too() -> None:
    meter = Meter(START, 1000, Pace(60, 60))
    meter.reach(20, 1000, at(10))
    headway = meter.headway(at(10))
    assert headway.per_minute == pytest.approx(120)
    assert headway.seconds_left() == pytest.approx(980 / 90 * 60)


def test_without_a_total_or_a_rate_nothing_is_promised() -> None:
    assert Meter(START).headway(at(60)).seconds_left() is None
    assert measured(60, 1, 0).headway(at(60)).seconds_left() == 0.0
    meter = Meter(START, None)
    meter.add(100, at(60))
    assert meter.headway(at(60)).per_minute == pytest.approx(100)
    assert meter.headway(at(60)).seconds_left() is None


def test_the_last_minutes_count_and_not_those_before() -> None:
    meter = measured(60, 30, 10_000)
    for second in range(1, 601):
        meter.reach(1800 + second * 4, 10_000, at(1800 + second))
    headway = meter.headway(at(2400))
    assert headway.per_minute == pytest.approx(240, rel=0.01)
    assert headway.seconds_left() == pytest.approx((10_000 - 4200) / 4, rel=0.01)


def test_an_announced_wait_is_no_slowness_but_it_is_time() -> None:
    meter = measured(120, 2, 1000)
    meter.wait("o Omie pediu para esperar", at(420), at(120))
    headway = meter.headway(at(150))
    assert headway.wait == Wait("o Omie pediu para esperar", at(420))
    assert headway.per_minute == pytest.approx(120)
    assert headway.seconds_left() == pytest.approx(760 / 2 + 270)
    meter.reach(242, 1000, at(421))
    after = meter.headway(at(421))
    assert after.wait is None
    assert after.per_minute == pytest.approx(120, rel=0.02)


def test_a_work_that_falls_silent_has_become_slower() -> None:
    meter = measured(120, 2, 1000)
    assert meter.headway(at(150)).per_minute == pytest.approx(120)
    assert meter.headway(at(480)).per_minute == pytest.approx(240 / 8, rel=0.01)


def test_time_passes_after_the_figures_were_taken() -> None:
    headway = Headway(100, 400, START, 60)
    assert headway.seconds_left() == 300
    assert headway.seconds_left(at(60)) == 240
    assert headway.seconds_left(at(1000)) == 0


@given(
    st.lists(st.tuples(st.integers(0, 500), st.floats(0, 400)), max_size=40),
    st.floats(1, 1000),
)
def test_no_history_promises_less_than_nothing(
    steps: list[tuple[int, float]], expected: float
) -> None:
    meter, now = Meter(START, 5000, Pace(expected, expected)), 0.0
    for rows, seconds in steps:
        now += seconds
        meter.add(rows, at(now))
        headway = meter.headway(at(now))
        left = headway.seconds_left()
        assert left is not None
        assert left >= 0
        assert headway.per_minute is None or headway.per_minute > 0
        assert 0 <= (headway.share or 0) <= 1


def test_the_pace_of_calls() -> None:
    limit = pace_of(calls_per_minute=235, seconds_per_row=0.0, calls_per_row=1)
    assert (limit.per_minute, limit.most_per_minute) == (235, 235)
    slow = pace_of(calls_per_minute=235, seconds_per_row=0.6, calls_per_row=1)
    assert (slow.per_minute, slow.most_per_minute) == (100, 235)
    lots = pace_of(calls_per_minute=235, seconds_per_row=0.0, calls_per_row=0.02)
    assert lots.seconds_for(60_000) == pytest.approx(60_000 / 11_750 * 60)
    assert Pace().seconds_for(10) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (20, "menos de 1 min"),
        (90, "cerca de 2 min"),
        (59 * 60, "cerca de 59 min"),
        (3600, "cerca de 1 h"),
        (4.255 * 3600, "cerca de 4 h 15 min"),
        (3.999 * 3600, "cerca de 4 h"),
        (59.8 * 60, "cerca de 1 h"),
    ],
)
def test_a_stretch_of_time_in_words(seconds: float, words: str) -> None:
    assert about(seconds) == words


def test_the_figures_in_words() -> None:
    paced = Headway(12_000, 60_000, START, 234, None, 235)
    assert told(paced, UTC) == (
        "12.000 de 60.000 linhas, 234 por minuto (no limite do Omie), faltam cerca de 3 h 25 min"
    )
    waits = Headway(5, None, START, None, Wait("vez", at(90)))
    assert told(waits, UTC) == "5 linhas, espera até 12:01:30: vez"
    assert told(Headway(9, 9, START, 60), UTC) == "9 de 9 linhas, 60 por minuto"


def test_what_a_plan_says() -> None:
    limit, slow = Pace(235, 235), Pace(100, 235)
    assert plan_told(60_000, limit) == (
        "60.000 linhas a enviar: cerca de 4 h 15 min no limite do Omie"
    )
    assert plan_told(60_000, slow) == (
        "60.000 linhas a enviar: cerca de 10 h, pelo tempo de resposta do Omie"
    )
    assert plan_told(200, limit) == ""
    assert plan_told(200, Pace()) == ""


def test_a_log_gets_a_line_at_each_tenth_of_what_takes_long() -> None:
    steps, due = Steps(), []
    for second in range(3600):
        if steps.is_due(Headway(second, 3600, at(second), 60)):
            due.append(second)
    assert due == list(range(360, 3600, 360))
    steps = Steps()
    assert not any(steps.is_due(Headway(rows, 100, at(rows / 10), 600)) for rows in range(100))
    wait = Headway(1, 100, at(3), 60, Wait("bloqueio", at(1800)))
    assert steps.is_due(wait)
    assert not steps.is_due(wait)
