"""Poolers: refused where sessions are shared, nothing to notice where they are not."""

from __future__ import annotations

import threading

import psycopg
import pytest
import sqlalchemy as sa

from omie_pipeline.errors import WarehouseError
from omie_pipeline.warehouse import poolers
from omie_pipeline.warehouse.engine import open_engine
from omie_pipeline.warehouse.poolers import behind_pooler, refuse_shared_sessions
from tests.fencing.pgbouncer import pgbouncer

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
