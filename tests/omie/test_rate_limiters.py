"""Both rate limiters answer alike: pacing, redundancy, budget, and a block that is remembered."""

from __future__ import annotations

import heapq
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa

from omie_pipeline.omie.rate_limiter import (
    Limits,
    LocalRateLimiter,
    RateLimiter,
    SharedRateLimiter,
    scope_of,
)
from omie_pipeline.postgres.engine import open_engine

START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
OMIES_MINUTE, OMIES_IP_MINUTE = 240, 960


def seconds(number: float) -> datetime:
    return START + timedelta(seconds=number)


@pytest.fixture(params=["local", "shared"])
def make(request: pytest.FixtureRequest) -> object:
    """Build a rate limiter with given limits; shared ones of one scope remember together."""

    def local(limits: Limits | None = None) -> RateLimiter:
        return LocalRateLimiter(limits)

    def shared(limits: Limits | None = None, scope: str = "a") -> RateLimiter:
        limits = limits or Limits()
        return SharedRateLimiter(
            request.getfixturevalue("engine"),
            scope,
            method_per_minute=limits.method_per_minute,
            ip_per_minute=limits.ip_per_minute,
            error_budget=limits.error_budget,
        )

    return local if request.param == "local" else shared


def paced(rate_limiter: RateLimiter, calls: int, methods: tuple[str, ...] = ("M",)) -> list[float]:
    """Moments at which calls leave when each is asked for right after the one before."""
    now, moments = START, []
    for number in range(calls):
        admission = rate_limiter.acquire(methods[number % len(methods)], f"f{number}", now)
        now += timedelta(seconds=admission.wait_seconds)
        moments.append((now - START).total_seconds())
    return moments


def most_in_a_minute(moments: list[float]) -> int:
    first, most = 0, 0
    for last, moment in enumerate(moments):
        while moments[first] <= moment - 60:
            first += 1
        most = max(most, last - first + 1)
    return most


@pytest.mark.slow
def test_a_method_stays_below_its_ceiling_and_near_it(make: type[LocalRateLimiter]) -> None:
    moments = paced(make(), 500)
    assert most_in_a_minute(moments) <= OMIES_MINUTE
    assert len(moments) / (moments[-1] / 60) >= 0.97 * OMIES_MINUTE


@pytest.mark.slow
def test_the_address_stays_below_its_ceiling_and_near_it(make: type[LocalRateLimiter]) -> None:
    limits = Limits(method_per_minute=100_000)
    moments = paced(make(limits), 1500, tuple("ABCDEFGH"))
    assert most_in_a_minute(moments) <= OMIES_IP_MINUTE
    assert len(moments) / (moments[-1] / 60) >= 0.97 * OMIES_IP_MINUTE


def test_a_pause_earns_no_more_than_a_small_burst(make: type[LocalRateLimiter]) -> None:
    rate_limiter = make()
    paced(rate_limiter, 10)
    waits = [rate_limiter.acquire("M", f"later{n}", seconds(600)).wait_seconds for n in range(6)]
    assert waits[:4] == [0, 0, 0, 0]
    assert 0 < waits[4] < waits[5]


def test_an_identical_request_waits_its_minute(make: type[LocalRateLimiter]) -> None:
    rate_limiter = make()
    rate_limiter.acquire("M", "same", START)
    again = rate_limiter.acquire("M", "same", seconds(20))
    assert again.redundant_seconds == pytest.approx(40)
    assert rate_limiter.acquire("M", "other", seconds(20)).redundant_seconds == 0
    assert rate_limiter.acquire("M", "same", seconds(60.5)).redundant_seconds == 0


def test_a_request_that_was_turned_away_may_go_again(make: type[LocalRateLimiter]) -> None:
    rate_limiter = make()
    rate_limiter.acquire("M", "same", START)
    rate_limiter.forget("same")
    assert rate_limiter.acquire("M", "same", seconds(1)).redundant_seconds == 0


def test_the_error_budget_of_a_method(make: type[LocalRateLimiter]) -> None:
    rate_limiter = make(Limits(error_budget=3))
    for number in range(3):
        rate_limiter.record_fault("M", seconds(number * 10))
    assert rate_limiter.acquire("M", "f", seconds(100)).budget_until == seconds(1800)
    assert rate_limiter.acquire("N", "f", seconds(100)).budget_until is None
    assert rate_limiter.acquire("M", "f", seconds(1801)).budget_until is None


def test_a_block_closes_every_method_and_never_gets_shorter(make: type[LocalRateLimiter]) -> None:
    rate_limiter = make()
    rate_limiter.record_block(seconds(1800), "425", START)
    rate_limiter.record_block(seconds(60), "425", START)
    for method in ("M", "N"):
        assert rate_limiter.acquire(method, "f", seconds(1799)).blocked_until == seconds(1800)
    assert rate_limiter.acquire("M", "f", seconds(1800.5)).blocked_until is None


def test_after_the_end_one_call_at_a_time_knocks(make: type[LocalRateLimiter]) -> None:
    rate_limiter = make()
    rate_limiter.record_block(seconds(600), "425", START)
    first, *others = [rate_limiter.acquire(f"M{n}", "f", seconds(601 + n)) for n in range(4)]
    assert (first.probe, first.blocked_until) == (True, None)
    assert [other.blocked_until for other in others] == [seconds(661)] * 3
    assert not any(other.probe for other in others)
    # Whoever knocked has died: another may.
    assert rate_limiter.acquire("M", "f", seconds(661)).probe
    rate_limiter.end_probe(seconds(662), is_open=True)
    after = [rate_limiter.acquire("M", f"g{n}", seconds(662)) for n in range(4)]
    assert {(one.probe, one.blocked_until) for one in after} == {(False, None)}


def test_a_probe_that_meets_a_block_ends_with_it(make: type[LocalRateLimiter]) -> None:
    rate_limiter = make()
    rate_limiter.record_block(seconds(600), "425", START)
    assert rate_limiter.acquire("M", "f", seconds(601)).probe
    rate_limiter.record_block(seconds(1200), "425", seconds(602))
    # A late good answer to the probe before says nothing of the newer block.
    rate_limiter.end_probe(seconds(603), is_open=True)
    assert rate_limiter.acquire("N", "f", seconds(1199)).blocked_until == seconds(1200)
    assert rate_limiter.acquire("N", "f", seconds(1200)).probe


def test_a_probe_that_never_left_is_the_next_callers(make: type[LocalRateLimiter]) -> None:
    rate_limiter = make()
    rate_limiter.record_block(seconds(600), "425", START)
    assert rate_limiter.acquire("M", "f", seconds(601)).probe
    rate_limiter.end_probe(seconds(602), is_open=False)
    assert rate_limiter.acquire("N", "g", seconds(602)).probe


def test_a_probe_is_granted_only_to_a_call_that_leaves(make: type[LocalRateLimiter]) -> None:
    rate_limiter = make(Limits(error_budget=1))
    rate_limiter.record_fault("M", seconds(590))
    rate_limiter.record_block(seconds(600), "425", START)
    assert rate_limiter.acquire("M", "f", seconds(601)).budget_until is not None
    assert rate_limiter.acquire("N", "f", seconds(602)).probe


def test_a_refused_call_takes_no_slot(make: type[LocalRateLimiter]) -> None:
    rate_limiter = make()
    for _ in range(20):
        rate_limiter.acquire("M", "same", START)
    assert rate_limiter.acquire("M", "other", START).wait_seconds == 0


def rate_limiters(engine: sa.Engine, *scopes: str) -> list[SharedRateLimiter]:
    return [
        SharedRateLimiter(engine, scope, method_per_minute=235, ip_per_minute=940, error_budget=8)
        for scope in scopes
    ]


def test_a_block_survives_a_restart(engine: sa.Engine) -> None:
    (before,) = rate_limiters(engine, scope_of("chave"))
    before.record_block(seconds(900), "425", START)
    other = open_engine(engine.url.render_as_string(hide_password=False))
    after, foreign = rate_limiters(other, scope_of("chave"), scope_of("outra"))
    assert after.acquire("M", "f", seconds(10)).blocked_until == seconds(900)
    assert after.blocked_until(seconds(10)) == seconds(900)
    assert after.blocked_until(seconds(901)) is None
    assert foreign.acquire("M", "f", seconds(10)).blocked_until is None
    with other.connect() as connection:
        query = sa.text("SELECT b::text FROM omie_sync.block b")
        stored: str = connection.execute(query).scalar_one()
    assert "chave" not in stored
    other.dispose()


def simulate(callers: dict[str, RateLimiter], until_seconds: float) -> list[tuple[str, float]]:
    """Each caller asks again as soon as its call has left: ``(caller, moment)`` of every call."""
    queue = [(0.0, name, 0) for name in callers]
    left: list[tuple[str, float]] = []
    while queue:
        at, name, number = heapq.heappop(queue)
        admission = callers[name].acquire("M", f"{name}{number}", seconds(at))
        moment = at + admission.wait_seconds
        if moment < until_seconds:
            left.append((name, moment))
            heapq.heappush(queue, (moment, name, number + 1))
    return left


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scopes", "ceiling"), [(1, OMIES_MINUTE), (2, 2 * OMIES_MINUTE), (6, OMIES_IP_MINUTE)]
)
def test_callers_share_one_pace_fairly(engine: sa.Engine, scopes: int, ceiling: int) -> None:
    """Two callers per app key, each with its own rate limiter, all going as fast as they may."""
    names = [f"s{scope}-{caller}" for scope in range(scopes) for caller in range(2)]
    callers: dict[str, RateLimiter] = {
        name: rate_limiters(engine, name.split("-")[0])[0] for name in names
    }
    left = simulate(callers, 90)
    for scope in {name.split("-")[0] for name in names}:
        mine = sorted(at for name, at in left if name.startswith(scope))
        assert most_in_a_minute(mine) <= OMIES_MINUTE
    assert most_in_a_minute(sorted(at for _, at in left)) <= OMIES_IP_MINUTE
    assert len(left) / 1.5 >= 0.97 * ceiling
    shares = Counter(name for name, _ in left).values()
    assert max(shares) <= 1.1 * min(shares)


def test_threads_reserve_no_slot_twice(engine: sa.Engine) -> None:
    moments: list[float] = []
    barrier = threading.Barrier(4)

    def ask(number: int) -> None:
        (rate_limiter,) = rate_limiters(engine, "a")
        barrier.wait()
        for call in range(40):
            moments.append(rate_limiter.acquire("M", f"{number}-{call}", START).wait_seconds)

    running = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    moments.sort()
    assert len(moments) == 160
    assert moments[:4] == [0, 0, 0, 0]
    steps = [b - a for a, b in pairwise(moments[3:])]
    assert all(step == pytest.approx(60 / 235, abs=0.001) for step in steps)


def test_what_one_gave_up_another_knows_until_somebody_answers(
    make: type[LocalRateLimiter],
) -> None:
    rate_limiter = make()
    assert not rate_limiter.nobody_there(START)
    rate_limiter.record_nobody_there(seconds(180), "conexão recusada", START)
    assert rate_limiter.nobody_there(seconds(179))
    assert not rate_limiter.nobody_there(seconds(181))
    assert rate_limiter.acquire("M", "f", START).paused_until is None, "it closes nothing"
    rate_limiter.somebody_there()
    assert not rate_limiter.nobody_there(START)
