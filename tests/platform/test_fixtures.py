"""The fixtures that every other test stands on."""

from __future__ import annotations

import socket
import time
from copy import copy
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine.interfaces import CacheStats

from omie_pipeline.postgres.engine import open_engine
from omie_pipeline.simulator.engine.server import running_simulator
from tests.compiled_once import SharedStatements
from tests.conftest import ONE_WORKER, SLOW_BEGINNINGS, together


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_gets_a_database_of_its_own(engine: sa.Engine, turn: int) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE only_here (turn int)"))
        connection.execute(sa.text("INSERT INTO only_here VALUES (:turn)"), {"turn": turn})
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT sum(turn) FROM only_here")) == turn


def test_the_database_is_migrated(engine: sa.Engine) -> None:
    assert {"omie_sync", "omie", "clinic_raw", "dagster"} <= set(
        sa.inspect(engine).get_schema_names()
    )


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_no_test_can_connect_beyond_the_machine(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as outside:
        outside.settimeout(0.01)
        with pytest.raises(AssertionError, match="tried to reach"):
            outside.connect((address, 443))


def test_no_test_can_look_a_name_up() -> None:
    with pytest.raises(AssertionError, match="tried to reach"):
        socket.getaddrinfo("example.invalid", 443)


def test_what_shares_a_costly_beginning_runs_in_one_worker(request: pytest.FixtureRequest) -> None:
    tests = Path(__file__).parents[1]
    assert all(next(tests.rglob(name), None) for name in ONE_WORKER)
    build = together("tests/dbt_mapping/test_synthea.py::test_a")
    assert build == together("tests/cli/test_reconcile.py::test_b[a/dagster]") == "dbt"
    alone = "tests/push/test_push.py::test_c[dbt_mapping]"
    assert together(alone) == alone
    groups = [together(item.nodeid) for item in request.session.items]
    first = [group for group in groups if group in ONE_WORKER.values()]
    assert groups[: len(first)] == sorted(first, key=list(ONE_WORKER.values()).index)


def test_what_has_a_slow_beginning_is_slow(request: pytest.FixtureRequest) -> None:
    sources = "".join(file.read_text("utf-8") for file in Path(__file__).parents[1].rglob("*.py"))
    assert not [name for name in SLOW_BEGINNINGS if f"\ndef {name}(" not in sources]
    for item in request.session.items:
        begins_slowly = SLOW_BEGINNINGS & set(getattr(item, "fixturenames", ()))
        assert not begins_slowly or item.get_closest_marker("slow"), item.nodeid


def test_a_statement_is_compiled_once_for_all_engines(engine: sa.Engine, database_url: str) -> None:
    query = sa.select(sa.literal(1).label("asked_only_here"))
    other = open_engine(database_url)
    hits = []
    for one in (engine, other):
        with one.connect() as connection:
            hits.append(connection.execute(query).context.cache_hit)
    other.dispose()
    assert hits == [CacheStats.CACHE_MISS, CacheStats.CACHE_HIT]


def test_servers_of_other_versions_share_no_statement(engine: sa.Engine) -> None:
    with engine.connect():
        ours, older = engine.dialect, copy(engine.dialect)
    older.server_version_info = (15, 0)
    assert SharedStatements.key((ours, 1)) == SharedStatements.key((copy(ours), 1))
    assert SharedStatements.key((ours, 1)) != SharedStatements.key((older, 1))


def test_a_server_stops_at_once() -> None:
    """Hundreds of tests start one and stop it."""
    started = time.perf_counter()
    for _ in range(10):
        with running_simulator():
            pass
    # Left alone, uvicorn takes 100 ms and more for each.
    assert time.perf_counter() - started < 10 * 0.1


def test_a_login_costs_one_hash(engine: sa.Engine) -> None:
    query = "SELECT split_part(split_part(rolpassword, '$', 2), ':', 1) FROM pg_authid"
    with engine.connect() as connection:
        hashes = connection.scalars(sa.text(f"{query} WHERE rolname = current_user")).all()
    assert hashes == ["1"]
