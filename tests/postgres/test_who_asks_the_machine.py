"""Nothing goes by the machine's clock but what is named here, with its reason."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import omie_pipeline

ROOT = Path(omie_pipeline.__file__).parent
APART = ("simulator",)
"""Stands for Omie, whose clock is its own."""

ALLOWED = {
    "clock.py": "the machine's clock itself",
    "postgres/clock.py": "tells staff that the machine differs",
    "assets/progress.py": "when a step ended, in a tag for people",
    "app/connection.py": "one call without a database, which compares nothing",
    "clinic/sql_reader.py": "how far the clinic's zone is from UTC",
    "resources/run_workers.py": "how long a process of this very machine has been running",
    "resources/dagster_internals.py": "how long a run sleeps between two claims, as Dagster counts",
    "config/settings.py": "a first day that the settings do not name, before any database",
    "validation/data_docs.py": "the heading of a page for people",
    "webhooks/server.py": "a receiver that was given no clock",
}
ASKING = {
    ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"),
    ("time", "time"), ("time", "time_ns"), ("time", "localtime"), ("time", "gmtime"),
}  # fmt: skip


def asks(source: str) -> bool:
    """Whether this source asks for the machine's time, or makes a clock that does."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(value=ast.Name(id=name) | ast.Attribute(attr=name), attr=attribute):
                if (name, attribute) in ASKING:
                    return True
            case ast.Call(func=ast.Name(id="SystemClock")):
                return True
    return False


def test_what_counts_as_asking() -> None:
    assert asks("from datetime import UTC, datetime\nx = datetime.now(UTC)")
    assert asks("import datetime as dt\nx = dt.datetime.now()")
    assert asks("clock = SystemClock()")
    assert not asks("import time\nstarted = time.monotonic()\nnow = clock.now()")


@pytest.mark.slow
def test_only_these_ask_the_machine_for_the_time() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*.py")
        if path.relative_to(ROOT).parts[0] not in APART and asks(path.read_text("utf-8"))
    }
    assert found == set(ALLOWED)
