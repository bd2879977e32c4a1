"""The history does not grow for ever, and loses nothing that still says how a table stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from omie_pipeline.imports.state import open_import_run

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


def _opened(run_id: str, days_ago: int, mode: str = "incremental") -> dict[str, object]:
    return {
        "run_id": run_id,
        "empresa": "sul",
        "table_name": "clientes",
        "mode": mode,
        "trigger": "cli",
        "started_at": NOW - timedelta(days=days_ago),
        "window_from": None,
        "window_to": None,
        "dagster_run_id": None,
    }


def _ended(engine: sa.Engine, run_id: str, days_ago: int, state: str = "done") -> None:
    open_import_run(engine, _opened(run_id, days_ago))
    with engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE omie_sync.import_run SET state = :s WHERE run_id = :r"),
            {"s": state, "r": run_id},
        )


def test_a_whole_reading_of_a_register_deletes_what_is_old(engine: sa.Engine) -> None:
    for run_id, days_ago in (("oldest", 200), ("newest done", 120)):
        _ended(engine, run_id, days_ago)
    _ended(engine, "old failure", 110, "failed")
    _ended(engine, "failure", 89, "failed")
    with engine.begin() as connection:
        for hours in (25, 23):
            connection.execute(
                sa.text(
                    "INSERT INTO omie_sync.quota_fault (scope, method, at) VALUES ('s','m',:a)"
                ),
                {"a": NOW - timedelta(hours=hours)},
            )
    open_import_run(engine, _opened("now", 0, "full"))
    with engine.connect() as connection:
        left = connection.execute(sa.text("SELECT run_id FROM omie_sync.import_run"))
        assert {row[0] for row in left} == {"newest done", "failure", "now"}
        faults = connection.execute(sa.text("SELECT at FROM omie_sync.quota_fault"))
        assert [row[0] for row in faults] == [NOW - timedelta(hours=23)]


def test_what_is_read_by_changes_deletes_nothing(engine: sa.Engine) -> None:
    for run_id in ("a", "b"):
        _ended(engine, run_id, 100 if run_id == "a" else 95)
    open_import_run(engine, _opened("now", 0))
    with engine.connect() as connection:
        query = sa.text("SELECT count(*) FROM omie_sync.import_run")
        assert connection.execute(query).scalar_one() == 3
