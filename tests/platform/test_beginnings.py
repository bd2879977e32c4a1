"""A prepared world that is copied is the one that was prepared; a touched one is left alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from omie_pipeline.postgres.engine import open_engine
from omie_pipeline.simulator.clock import ManualClock
from omie_pipeline.simulator.engine.server import running_simulator
from tests.beginnings import Beginnings, Untouched, beginning
from tests.push.conftest import unvalidated
from tests.push.world import World, cliente
from tests.spare_databases import SpareDatabases

__all__ = ["unvalidated"]
pytestmark = pytest.mark.usefixtures("unvalidated")


@pytest.fixture
def new_world(
    postgres_url: str, _spares: SpareDatabases, beginnings: Beginnings
) -> Iterator[Callable[[], World]]:
    with ExitStack() as after:

        def new() -> World:
            clock = ManualClock(datetime(2026, 1, 5, 12, 0, tzinfo=UTC))
            simulator = after.enter_context(running_simulator(clock=clock))
            name = _spares.take()
            url = sa.make_url(postgres_url).set(database=name)
            engine = open_engine(url.render_as_string(hide_password=False))
            after.callback(_spares.leave, name)
            after.callback(engine.dispose)
            world = World(engine, simulator, clock)
            world.beginnings, world.untouched = beginnings, Untouched(world)
            return world

        yield new


@pytest.fixture
def prepared() -> list[World]:
    return []


@pytest.fixture
def prepare(prepared: list[World]) -> Callable[..., None]:
    @beginning
    def two_clientes(world: World, name: str = "Antes") -> None:
        prepared.append(world)
        world.model("clientes", [cliente(1, razao_social=name), cliente(2)])
        assert world.push().total.created == 2
        world.clock.sleep(120)
        world.control.clear_calls()

    return two_clientes


def ids(world: World) -> set[int]:
    return {int(one["codigo_cliente_omie"]) for one in world.held_by_omie().values()}


@pytest.mark.slow
def test_a_copy_stands_as_the_original_and_lives_by_itself(
    new_world: Callable[[], World], prepare: Callable[..., None], prepared: list[World]
) -> None:
    first, second = new_world(), new_world()
    prepare(first)
    # What the first does from here on is nothing to the second.
    first.model("clientes", [cliente(1, razao_social="Depois"), cliente(2), cliente(3)])
    assert first.push().total.delivered == 2
    prepare(second)
    assert prepared == [first]
    assert second.ledger() == {"PAC-1": "confirmed", "PAC-2": "confirmed"}
    assert {one["razao_social"] for one in second.held_by_omie().values()} == {
        "Antes",
        "Paciente Numero 2",
    }
    assert second.clock.now() == datetime(2026, 1, 5, 12, 2, tzinfo=UTC)
    assert second.clock.slept_seconds == 120
    assert second.push().total.calls == 0
    second.model("clientes", [cliente(3)])
    assert second.push().total.created == 1
    ids = [
        {one["codigo_cliente_omie"] for one in w.held_by_omie().values()} for w in (first, second)
    ]
    assert ids[0] == ids[1], "ids go on where the original's did"


@pytest.mark.slow
def test_other_arguments_and_a_touched_world_are_prepared_for_real(
    new_world: Callable[[], World], prepare: Callable[..., None], prepared: list[World]
) -> None:
    worlds = [new_world() for _ in range(6)]
    plain, other, queried, called, changed, faulty = worlds
    prepare(plain)
    prepare(other, "Outro")
    assert other.held_by_omie()["PAC-1"]["razao_social"] == "Outro"
    queried.rows("SELECT 1")
    called.import_table("categorias")
    called.control.clear_calls()
    changed.control.set_behaviour(latency_ms=1)
    faulty.control.next_faults("fault_in_200")
    faulty.control.clear_faults()
    for world in (queried, called, changed):
        prepare(world)
    assert prepared == [plain, other, queried, called, changed]
    prepare(faulty)
    assert prepared[-1] is changed, "what was taken back has touched nothing"


@pytest.mark.slow
def test_one_after_the_other(
    new_world: Callable[[], World], prepare: Callable[..., None], prepared: list[World]
) -> None:
    """What comes second is another thing after another first."""

    @beginning
    def third(world: World) -> None:
        prepared.append(world)
        world.model("clientes", [cliente(3)])
        assert world.push().total.created == 1

    first, second, alone = new_world(), new_world(), new_world()
    for world in (first, second):
        prepare(world)
        third(world)
    third(alone)
    assert prepared == [first, first, alone]
    assert set(second.ledger()) == {"PAC-1", "PAC-2", "PAC-3"}
    assert set(alone.ledger()) == {"PAC-3"}
