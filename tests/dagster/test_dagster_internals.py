"""Dagster's inside is touched in one module, which agrees with it."""

from __future__ import annotations

import re
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage import tags

from omie_pipeline.resources import dagster_internals

ROOT = Path(__file__).parents[2]
_INSIDE = re.compile(r"^\s*(?:from|import) dagster\w*\._", re.MULTILINE)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (dagster_internals.PARTITION_TAG, tags.PARTITION_NAME_TAG),
        (dagster_internals.RANGE_START_TAG, tags.ASSET_PARTITION_RANGE_START_TAG),
        (dagster_internals.RANGE_END_TAG, tags.ASSET_PARTITION_RANGE_END_TAG),
        (dagster_internals.RUN_KEY_TAG, tags.RUN_KEY_TAG),
    ],
)
def test_the_tags_are_the_ones_that_dagster_reads(ours: str, theirs: str) -> None:
    assert ours == theirs


def test_no_other_module_of_ours_imports_from_dagsters_inside() -> None:
    folders = ("omie_pipeline", "scripts", "tests", "sample", "benchmarks")
    found = {
        str(file.relative_to(ROOT))
        for folder in folders
        for file in (ROOT / folder).rglob("*.py")
        if _INSIDE.search(file.read_text(encoding="utf-8"))
    }
    here = str(Path(__file__).relative_to(ROOT))
    # One asks the webserver's schema without a webserver, one makes runs for a process of their own
    # without a code server: neither has a public name.
    beside = {here, "tests/dagster/served.py", "benchmarks/run_worker.py"}
    assert found == {"omie_pipeline/resources/dagster_internals.py", *beside}


def test_a_name_that_dagster_makes_public_is_taken_from_there() -> None:
    for name in dagster_internals.__all__:
        assert not hasattr(dg, getattr(getattr(dagster_internals, name), "__name__", name)), name
