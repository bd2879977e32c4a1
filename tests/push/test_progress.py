"""How far a push is, told while it goes on; and that the time left comes true."""

from __future__ import annotations

from datetime import datetime

import pytest

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.payload import Selection
from omie_pipeline.postgres.work import Work, under_way, works_under_way
from omie_pipeline.progress import UNKNOWN_PACE, Headway
from omie_pipeline.push.pace import push_pace
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.push.report import PushOptions
from omie_pipeline.push.run import Push
from tests.push.world import EMPRESA, World, cliente

ROWS = 300
PER_MINUTE = 235


def pushed(world: World, work: Work) -> None:
    endpoint = REGISTRY["clientes"]
    pace = push_pace(world.engine, endpoint, EndpointPolicy(), PER_MINUTE)
    engine = Push(
        world.engine,
        world.client,
        world.time,
        world.rules,
        on_planned=lambda rows: work.plan(rows, pace),
        on_progress=work.add,
    )
    report = engine.run(endpoint, Selection(EMPRESA), EndpointPolicy(), PushOptions())
    assert report.total.created == ROWS


@pytest.mark.slow
def test_the_time_left_is_what_comes_true(world: World) -> None:
    """Of a first load at Omie's limit, after its first tenth within a fifth; so is the plan's."""
    world.model("clientes", [cliente(number) for number in range(1, ROWS + 1)])
    told: list[tuple[datetime, Headway]] = []
    whose = (EMPRESA, "push", "clientes")
    with under_way(world.engine, world.time, whose, lambda one: told.append((one.at, one))) as work:
        pushed(world, work)
    began, ended = told[0][0], world.time.now()
    planned = told[0][1]
    assert planned.total == ROWS
    assert planned.seconds_left() == pytest.approx((ended - began).total_seconds(), rel=0.2)
    later = [one for _, one in told if ROWS / 10 <= one.done < ROWS * 9 / 10]
    assert len(later) >= 4
    for one in later:
        left = (ended - one.at).total_seconds()
        assert one.seconds_left() == pytest.approx(left, rel=0.2), (one.done, left)
    assert told[-1][1].done == ROWS


def test_of_a_raised_limit_nothing_is_expected(world: World) -> None:
    who = (world.engine, REGISTRY["clientes"], EndpointPolicy())
    assert push_pace(*who, 100_000) == UNKNOWN_PACE
    assert push_pace(*who, PER_MINUTE).per_minute == PER_MINUTE


@pytest.mark.slow
def test_another_terminal_sees_it_while_it_goes_on_and_nothing_afterwards(world: World) -> None:
    world.model("clientes", [cliente(number) for number in range(1, ROWS + 1)])
    seen = []

    def look(_: Headway) -> None:
        seen.extend(works_under_way(world.engine, [EMPRESA], world.time.now()))

    with under_way(world.engine, world.time, (EMPRESA, "push", "clientes"), look) as work:
        pushed(world, work)
    assert {one.name for one in seen} == {"clientes"}
    rows = [one.headway.done for one in seen]
    assert rows == sorted(rows)
    assert len(set(rows)) >= 4
    assert not any(one.silent for one in seen)
    assert works_under_way(world.engine, [EMPRESA], world.time.now()) == ()
