"""The database's clock counts, whatever the machine's shows."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from omie_pipeline.errors import WarehouseError
from omie_pipeline.omie.rate_limiter import SharedRateLimiter
from omie_pipeline.postgres import clock as module
from omie_pipeline.postgres.clock import DatabaseClock
from omie_pipeline.postgres.engine import open_engine

HOUR = timedelta(hours=1)


class Counter:
    """A steady counter that a test moves."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def server_now(engine: sa.Engine) -> datetime:
    with engine.connect() as connection:
        found: datetime = connection.execute(sa.text("SELECT clock_timestamp()")).scalar_one()
    return found


def ahead() -> datetime:
    return datetime.now(UTC) + HOUR


def rate_limiter(engine: sa.Engine, clock: DatabaseClock | None = None) -> SharedRateLimiter:
    return SharedRateLimiter(
        engine, "a", method_per_minute=235, ip_per_minute=940, error_budget=8, clock=clock
    )


def test_it_shows_the_databases_time_and_never_runs_ahead_of_it(engine: sa.Engine) -> None:
    clock = DatabaseClock(engine, machine_now=ahead)
    before = server_now(engine)
    shown = [clock.now() for _ in range(200)]
    after = server_now(engine)
    assert before - timedelta(seconds=1) < shown[0] <= shown[-1] <= after
    assert shown[0].utcoffset() == timedelta(0)


def test_it_is_carried_on_and_asked_again_in_time(engine: sa.Engine) -> None:
    counter = Counter()
    clock = DatabaseClock(engine, steady_seconds=counter)
    first = clock.now()
    counter.seconds += 9
    assert clock.now() == first + timedelta(seconds=9)
    counter.seconds += 3600
    assert clock.now() - first < timedelta(seconds=60), "it asked the database"
    clock.observe(first + HOUR)
    assert clock.now() == first + HOUR


def test_without_the_database_the_last_time_is_carried_on(engine: sa.Engine) -> None:
    counter = Counter()
    clock = DatabaseClock(engine, steady_seconds=counter)
    first = clock.now()
    clock._engine = open_engine("postgresql+psycopg://omie@127.0.0.1:1/nada")
    counter.seconds += 30
    assert clock.now() == first + timedelta(seconds=30)
    never = DatabaseClock(open_engine("postgresql+psycopg://omie@127.0.0.1:1/nada"))
    with pytest.raises(WarehouseError):
        never.now()


@pytest.mark.parametrize(
    ("skew", "told"),
    [(HOUR, "60 minutos adiantado"), (-timedelta(seconds=9), "9 segundos atrasado")],
)
def test_a_skew_is_told_once(
    engine: sa.Engine,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    skew: timedelta,
    told: str,
) -> None:
    monkeypatch.setattr(module, "_told", set())
    with caplog.at_level(logging.WARNING, logger="omie_pipeline.clock"):
        for _ in range(2):
            DatabaseClock(engine, machine_now=lambda: datetime.now(UTC) + skew).now()
    (record,) = caplog.records
    assert told in record.getMessage()


def test_a_small_skew_is_nothing_to_tell(
    engine: sa.Engine, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="omie_pipeline.clock"):
        DatabaseClock(engine, machine_now=lambda: datetime.now(UTC) + timedelta(seconds=1.5)).now()
    assert caplog.records == []


def test_admission_counts_by_the_database_whoever_asks_when(engine: sa.Engine) -> None:
    """A process an hour ahead, or one that slept since it read its clock, changes nothing."""
    mine = rate_limiter(engine, DatabaseClock(engine))
    assert mine.acquire("M", "same", ahead()).wait_seconds < 1
    assert mine.acquire("M", "other", server_now(engine) - HOUR).wait_seconds < 1
    again = mine.acquire("M", "same", ahead())
    assert 50 < again.redundant_seconds <= 60, "ten minutes ahead, the minute is not over"


def test_stamps_of_a_clock_that_was_ahead_hold_nobody(engine: sa.Engine) -> None:
    now = server_now(engine)
    crooked = rate_limiter(engine)
    for number in range(20):
        crooked.acquire("M", f"f{number}", now + HOUR)
    for _ in range(8):
        crooked.record_fault("N", now + HOUR)
    admission = crooked.acquire("M", "fresh", now)
    assert (admission.wait_seconds, admission.redundant_seconds) == (0, 0)
    seen = crooked.acquire("M", "f3", now)
    assert seen.redundant_seconds == 60, "Omie may have seen it within this minute"
    assert crooked.acquire("M", "f3", now + timedelta(seconds=61)).redundant_seconds == 0
    spent = crooked.acquire("N", "x", now).budget_until
    assert spent is not None
    assert spent <= now + timedelta(minutes=30)


def test_a_block_stamped_ahead_ends_when_omies_own_would(engine: sa.Engine) -> None:
    now = server_now(engine)
    crooked = rate_limiter(engine)
    crooked.record_block(now + 2 * HOUR, "425", now + HOUR)
    until = crooked.acquire("M", "f", now).blocked_until
    assert until is not None
    assert until <= now + timedelta(minutes=31)
    assert crooked.acquire("M", "f", now + timedelta(minutes=32)).probe


def test_what_only_tells_of_a_wait_opens_no_line_that_omie_closed(engine: sa.Engine) -> None:
    mine, now = rate_limiter(engine), server_now(engine)
    closed_until = now + timedelta(seconds=90)
    mine.record_wait("M", closed_until, "Retry-After", now, closes=True)
    mine.record_wait("M", now + timedelta(seconds=5), "a vez de uma linha", now, closes=False)
    told = mine.acquire("M", "f", now)
    assert (told.paused_until, told.paused_reason) == (closed_until, "Retry-After")
    late = closed_until + timedelta(seconds=1)
    mine.record_wait("M", late + timedelta(seconds=5), "a vez de uma linha", late, closes=False)
    assert mine.acquire("M", "g", late).paused_until is None
