"""A connection that died while nobody used it is replaced before anybody does."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from omie_pipeline.postgres import engine as engine_module


def _backend(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        return connection.execute(sa.select(sa.func.pg_backend_pid())).scalar_one()


def _kill(engine: sa.Engine, backend: int) -> None:
    separate = engine_module.open_engine(engine.url.render_as_string(hide_password=False))
    with separate.connect() as connection:
        connection.execute(sa.select(sa.func.pg_terminate_backend(backend, 5000)))
    separate.dispose()


def test_a_dead_idle_connection_is_replaced(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "_TRUSTED_SECONDS", 0.0)
    before = _backend(engine)
    assert _backend(engine) == before
    _kill(engine, before)
    assert _backend(engine) != before


def test_a_connection_used_a_moment_ago_is_not_asked(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(engine.dialect, "do_ping", asked.append)
    monkeypatch.setattr(engine_module, "_TRUSTED_SECONDS", 60.0)
    _backend(engine)
    _backend(engine)
    assert asked == []
    monkeypatch.setattr(engine_module, "_TRUSTED_SECONDS", 0.0)
    _backend(engine)
    assert len(asked) == 1
