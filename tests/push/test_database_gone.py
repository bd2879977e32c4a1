"""The warehouse fails in the middle: stop at once, send nothing without an intent, then close."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from omie_pipeline.errors import WarehouseError
from omie_pipeline.omie import CallRecord
from omie_pipeline.postgres.engine import open_engine
from tests.push.world import World, cliente

pytestmark = pytest.mark.usefixtures("unvalidated")

DISK_FULL = """
CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';
END $$;
CREATE TRIGGER disk_full BEFORE {event} ON omie_sync.{table}
    FOR EACH ROW EXECUTE FUNCTION disk_full()
"""


def fill_disk(world: World, table: str, event: str) -> None:
    with world.engine.begin() as connection:
        connection.execute(sa.text(DISK_FULL.format(table=table, event=event)))


def free_disk(world: World, table: str) -> None:
    with world.engine.begin() as connection:
        connection.execute(sa.text(f"DROP TRIGGER disk_full ON omie_sync.{table}"))
        connection.execute(sa.text("DROP FUNCTION disk_full"))


def all_delivered_once(world: World, rows: int, *, recovered: int) -> None:
    report = world.push()
    assert report.closes
    assert report.recovered == recovered
    assert report.total.held == 0
    assert len(world.held_by_omie()) == rows
    assert set(world.ledger().values()) == {"confirmed"}
    committed = [call for call in world.writes() if call.committed]
    assert len(committed) == rows
    assert world.open_intents() == 0


@pytest.mark.parametrize("late_seconds", [0, 120])
@pytest.mark.parametrize(
    ("table", "event", "calls", "recovered"),
    [
        ("run", "INSERT", 0, 0),
        ("plan", "INSERT", 0, 0),
        ("intent", "INSERT", 0, 0),
        ("quota_lane", "INSERT", 0, 0),
        ("ledger", "INSERT", 4, 4),
        ("attempt", "INSERT", 4, 4),
        ("intent", "UPDATE", 4, 4),
    ],
)
def test_disk_full(
    world: World, table: str, event: str, calls: int, recovered: int, late_seconds: int
) -> None:
    world.model("clientes", [cliente(n) for n in range(1, 5)])
    fill_disk(world, table, event)
    with pytest.raises(WarehouseError, match="recusou"):
        world.push()
    assert len(world.control.calls()) == calls
    world.clock.sleep(late_seconds)
    free_disk(world, table)
    all_delivered_once(world, 4, recovered=recovered)


def test_the_database_goes_away_between_two_calls(world: World) -> None:
    world.model("clientes", [cliente(n) for n in range(1, 5)])
    name = str(world.engine.url.database)
    admin = sa.create_engine(
        world.engine.url.set(database="postgres"),
        isolation_level="AUTOCOMMIT",
        poolclass=sa.NullPool,
    )
    seen: list[str] = []

    def tell_database(*statements: str) -> None:
        with admin.connect() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))

    def watched(record: CallRecord) -> None:
        seen.append(record.method)
        if len(seen) == 2:
            tell_database(
                f"ALTER DATABASE {name} ALLOW_CONNECTIONS false",
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
            )

    world.on_call = watched
    with pytest.raises(WarehouseError):
        world.push()
    assert len(seen) == 2, "not one call more"

    tell_database(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    world.clock.sleep(120)
    all_delivered_once(world, 4, recovered=2)


def test_no_database_is_said_in_a_sentence(world: World) -> None:
    world.engine = open_engine("postgresql://ninguem@127.0.0.1:9/nada")
    with pytest.raises(WarehouseError, match="não respondeu"):
        world.push()
    assert world.control.calls() == ()
