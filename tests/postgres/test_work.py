"""Long works in the database: written now and then, gone at their end, silent if killed."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from omie_pipeline.clock import ManualClock
from omie_pipeline.postgres.work import WhoseWork, Work, WorkUnderWay, under_way, works_under_way
from omie_pipeline.progress import UNKNOWN_PACE, Headway, Pace, Wait

WHOSE: WhoseWork = ("principal", "push", "clientes")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 1, 5, 12, tzinfo=UTC))


def seen(engine: sa.Engine, clock: ManualClock) -> list[WorkUnderWay]:
    return list(works_under_way(engine, ["principal"], clock.now()))


def test_what_is_done_in_a_moment_writes_nothing(engine: sa.Engine, clock: ManualClock) -> None:
    with under_way(engine, clock, WHOSE) as work:
        work.plan(100)
        clock.advance(4)
        work.add(50)
        assert seen(engine, clock) == []


def test_the_figures_are_written_every_few_seconds(engine: sa.Engine, clock: ManualClock) -> None:
    written = []

    @sa.event.listens_for(engine, "before_cursor_execute")
    def statement(*told: object) -> None:
        written.append(told[2])

    with under_way(engine, clock, WHOSE) as work:
        work.plan(1000, Pace(60, 235))
        for _ in range(100):
            clock.advance(1)
            work.add(1)
        inserts = [text for text in written if str(text).startswith("INSERT")]
        assert 18 <= len(inserts) <= 21
        (found,) = seen(engine, clock)
        assert (found.kind, found.name, found.silent) == ("push", "clientes", False)
        assert (found.headway.done, found.headway.total) == (100, 1000)
        assert found.headway.per_minute == pytest.approx(60)
        assert found.headway.most_per_minute == 235
    assert seen(engine, clock) == []


def test_a_wait_shows_at_once(engine: sa.Engine, clock: ManualClock) -> None:
    until = datetime(2026, 1, 5, 12, 30, tzinfo=UTC)
    told: list[Headway] = []
    with under_way(engine, clock, WHOSE, told.append) as work:
        work.wait("o Omie pediu para esperar", until)
        (found,) = seen(engine, clock)
        assert found.headway.wait == told[-1].wait == Wait("o Omie pediu para esperar", until)
        clock.advance(1801)
        work.add(1)
        (found,) = seen(engine, clock)
        assert found.headway.wait is None


def test_who_waits_for_another_does_not_take_its_row(engine: sa.Engine, clock: ManualClock) -> None:
    with under_way(engine, clock, WHOSE) as work:
        work.plan(10, UNKNOWN_PACE)
        clock.advance(6)
        work.add(1)
        told: list[Headway] = []
        with under_way(engine, clock, WHOSE, told.append) as second:
            second.wait_for_another("outra execução")
            clock.advance(60)
        assert told[0].wait == Wait("outra execução")
        (found,) = seen(engine, clock)
        assert (found.headway.done, found.headway.wait) == (1, None)


def kill_one(engine: sa.Engine, clock: ManualClock, whose: WhoseWork = WHOSE) -> None:
    killed = Work(engine, clock, whose)
    killed.plan(10)
    clock.advance(6)
    killed.add(3)
    killed._over.set()  # nothing of it moves any more


def test_a_killed_work_falls_silent_and_its_next_run_takes_the_row(
    engine: sa.Engine, clock: ManualClock
) -> None:
    kill_one(engine, clock)
    clock.advance(121)
    (found,) = seen(engine, clock)
    assert found.silent
    with under_way(engine, clock, WHOSE) as work:
        clock.advance(6)
        work.add(0)
        (found,) = seen(engine, clock)
        assert not found.silent
    assert seen(engine, clock) == []


def test_a_work_killed_on_a_friday_is_there_until_it_was_repeated(
    engine: sa.Engine, clock: ManualClock
) -> None:
    kill_one(engine, clock)
    clock.advance(3 * 86_400)
    with under_way(engine, clock, ("principal", "push", "categorias")) as other:
        clock.advance(6)
        other.add(1)
    with under_way(engine, clock, WHOSE, partial=True):
        pass  # one record, in a moment
    with suppress(ZeroDivisionError), under_way(engine, clock, WHOSE):
        raise ZeroDivisionError
    (found,) = seen(engine, clock)
    assert (found.silent, found.headway.done) == (True, 3)
    with under_way(engine, clock, WHOSE):
        pass  # little was left to do
    assert seen(engine, clock) == []


def test_figures_that_cannot_be_written_stop_no_work(engine: sa.Engine, clock: ManualClock) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE omie_sync.work RENAME TO elsewhere")
    told: list[Headway] = []
    with under_way(engine, clock, WHOSE, told.append) as work:
        work.plan(10)
        clock.advance(6)
        work.add(10)
    assert told[-1].done == 10
