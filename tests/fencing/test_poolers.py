"""Poolers: refused where sessions are shared, nothing to notice where they are not."""

from __future__ import annotations

import threading
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from omie_pipeline.errors import WarehouseError
from omie_pipeline.postgres import poolers
from omie_pipeline.postgres.engine import open_engine
from omie_pipeline.postgres.poolers import behind_pooler, refuse_shared_sessions
from tests.fencing.pgbouncer import pgbouncer

pytestmark = pytest.mark.slow

_VALUES = ("datestyle", "intervalstyle", "extra_float_digits", "TimeZone")


def refusal(url: str) -> str:
    engine = open_engine(url)
    try:
        with pytest.raises(WarehouseError) as refused:
            refuse_shared_sessions(engine)
    finally:
        engine.dispose()
    return str(refused.value)


@pytest.mark.parametrize(
    "settings",
    [
        {"default_pool_size": 1},
        {"default_pool_size": 20},
        {"default_pool_size": 20, "server_round_robin": 1},
        {"default_pool_size": 20, "ignore_startup_parameters": "options"},
    ],
)
def test_a_pooler_that_shares_sessions_is_refused(
    database_url: str, settings: dict[str, object]
) -> None:
    with pgbouncer(database_url, "transaction", **settings) as url:
        told = refusal(url)
        assert "troca de sessão a cada transação" in told
        assert "pool_mode = session" in told


def test_busy_sessions_of_others_do_not_hide_it(database_url: str) -> None:
    """Others take and leave sessions all the time."""
    with pgbouncer(database_url, "transaction", default_pool_size=8) as url:
        plain = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        done = threading.Event()

        def use() -> None:
            with psycopg.connect(plain, prepare_threshold=None) as connection:
                while not done.is_set():
                    connection.execute("SELECT 1")
                    connection.commit()

        users = [threading.Thread(target=use) for _ in range(4)]
        for one in users:
            one.start()
        try:
            assert "a cada transação" in refusal(url)
        finally:
            done.set()
            for one in users:
                one.join()


def test_statement_mode_is_refused(database_url: str) -> None:
    with pgbouncer(database_url, "statement") as url:
        assert "troca de sessão a cada comando" in refusal(url)


def test_one_session_is_too_few(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poolers, "_PATIENCE_SECONDS", 0.2)
    with pgbouncer(database_url, "session", default_pool_size=1) as url:
        engine = open_engine(url)
        assert behind_pooler(engine)
        engine.dispose()
        assert "default_pool_size" in refusal(url)


def test_a_pooler_of_sessions_is_as_good_as_none(database_url: str) -> None:
    """Nothing is asked for while connecting, and days and numbers are read as ever."""
    direct = open_engine(database_url)
    assert not behind_pooler(direct)
    refuse_shared_sessions(direct)
    with pgbouncer(database_url, "session") as url:
        pooled = open_engine(url)
        refuse_shared_sessions(pooled)
        assert behind_pooler(pooled)
        with direct.connect() as here, pooled.connect() as there:
            for name in _VALUES:
                show = sa.text(f"SHOW {name}")
                assert here.execute(show).scalar() == there.execute(show).scalar(), name
        pooled.dispose()
    direct.dispose()


def test_dagsters_tables_land_in_their_schema(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dagster as dg

    from omie_pipeline.config.addresses import dagster_environment
    from omie_pipeline.config.settings import Settings
    from omie_pipeline.resources.dagster_home import prepare_dagster_home

    with pgbouncer(database_url, "session") as url:
        prepare_dagster_home(tmp_path)
        for name, value in dagster_environment(Settings(home=tmp_path), url, pooled=True).items():
            monkeypatch.setenv(name, value)
        with dg.DagsterInstance.get() as instance:
            assert instance.get_runs_count() == 0
        engine = open_engine(url)
        with engine.connect() as connection:
            where = sa.text("SELECT schemaname FROM pg_tables WHERE tablename = 'runs'")
            assert list(connection.execute(where).scalars()) == ["dagster"]
        engine.dispose()


def test_dbts_sessions_read_days_as_ours(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg2

    from omie_pipeline.config.addresses import dbt_environment
    from omie_pipeline.config.settings import Settings

    with pgbouncer(database_url, "session") as url:
        variables = dbt_environment(Settings(time_zone="America/Manaus"), url, pooled=True)
        for name in ("PGOPTIONS", "PGDATESTYLE", "PGTZ"):
            monkeypatch.setenv(name, variables[name])
        plain = sa.make_url(url).set(drivername="postgresql")
        connection = psycopg2.connect(plain.render_as_string(hide_password=False))
        with connection.cursor() as cursor:
            found = {}
            for name in _VALUES:
                cursor.execute(f"SHOW {name}")
                found[name] = cursor.fetchone()[0]
        connection.close()
    assert found == {
        "datestyle": "ISO, YMD",
        "intervalstyle": "postgres",
        "extra_float_digits": "1",
        "TimeZone": "America/Manaus",
    }


@pytest.mark.parametrize("command", [["db", "status"], ["status"]])
def test_a_command_tells_what_to_change(
    database_url: str, command: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from typer.testing import CliRunner

    from omie_pipeline.cli.app import app

    monkeypatch.setenv("OMIE_PIPELINE_HOME", str(tmp_path))
    with pgbouncer(database_url, "transaction") as url:
        monkeypatch.setenv("WAREHOUSE_URL", url)
        ended = CliRunner().invoke(app, command)
    assert ended.exit_code == 1, ended.output
    assert "pool_mode = session" in ended.output
