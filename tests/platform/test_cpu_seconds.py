"""The sum of CPU seconds at the end of the tests counts all work, and under the right name."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest

from tests.cpu_seconds import CpuSeconds, own_cpu_seconds, place, table

ITEM = "tests/cli/test_map.py::test_one[a/b::c]"
WORK = "import time\nwhile time.process_time() < 0.05: pass"


@pytest.mark.parametrize(
    ("by", "expected"),
    [("folder", "tests/cli"), ("file", "tests/cli/test_map.py"), ("test", ITEM)],
)
def test_a_test_counts_under_its_place(by: str, expected: str) -> None:
    assert place(ITEM, by) == expected


def test_programs_that_a_test_started_count() -> None:
    before = own_cpu_seconds()
    subprocess.run([sys.executable, "-S", "-c", WORK], check=True)
    assert own_cpu_seconds() - before >= 0.05


def test_workers_are_added_up(pytestconfig: pytest.Config) -> None:
    summed = CpuSeconds(pytestconfig)
    for seconds in (1.5, 2.0):
        output = {"cpu_seconds": {"tests/cli": seconds}}
        summed.pytest_testnodedown(SimpleNamespace(workeroutput=output))
    summed.pytest_testnodedown(SimpleNamespace())  # was killed
    assert summed.spent == {"tests/cli": 3.5}


def test_the_table_leaves_no_second_out() -> None:
    spent = {"tests/cli": 1.0, "tests/omie": 7.0, "tests/push": 2.0}
    assert table(spent, shown=1) == [
        "     7.0 tests/omie",
        "     3.0 (2 more)",
        "    10.0 total",
    ]
