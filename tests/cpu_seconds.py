"""How many CPU seconds of Python the tests took, printed at their end.

Wall time says little on a machine that others use too. Counted are the processes of pytest, their
threads, and the programs they started and waited for; the PostgreSQL servers are not.
"""

from __future__ import annotations

import resource
from collections import defaultdict
from collections.abc import Generator, Mapping
from typing import Any

import pytest

START = "(start, collection, reports)"
_KEY = "cpu_seconds"
_SHOWN = 60


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--cpu-by",
        choices=("folder", "file", "test"),
        default="folder",
        help="what the CPU seconds at the end are summed by",
    )


def own_cpu_seconds() -> float:
    """User and system time of this process and of its children that have ended."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in both)


def place(nodeid: str, by: str) -> str:
    """What a test's time is summed under."""
    file, _, _ = nodeid.partition("::")
    if by == "test":
        return nodeid
    return file if by == "file" else file.rpartition("/")[0]


def table(seconds: Mapping[str, float], shown: int) -> list[str]:
    """The costliest places first, the rest in one line, the total last."""
    costly = sorted(seconds.items(), key=lambda each: -each[1])
    lines = [f"{spent:8.1f} {name}" for name, spent in costly[:shown]]
    if costly[shown:]:
        rest = sum(spent for _, spent in costly[shown:])
        lines.append(f"{rest:8.1f} ({len(costly) - shown} more)")
    return [*lines, f"{sum(seconds.values()):8.1f} total"]


class CpuSeconds:
    """Measures in every process of pytest; the one with the terminal adds them up."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._by: str = config.getoption("--cpu-by")
        self.spent: defaultdict[str, float] = defaultdict(float)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        before = own_cpu_seconds()
        try:
            return (yield)
        finally:
            self.spent[place(item.nodeid, self._by)] += own_cpu_seconds() - before

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        self.spent[START] += own_cpu_seconds() - sum(self.spent.values())
        if hasattr(self._config, "workeroutput"):
            self._config.workeroutput[_KEY] = dict(self.spent)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        # A worker that was killed has told nothing.
        for name, seconds in getattr(node, "workeroutput", {}).get(_KEY, {}).items():
            self.spent[name] += seconds

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        terminalreporter.section(f"CPU seconds of Python by {self._by}", sep="-")
        for line in table(self.spent, _SHOWN):
            terminalreporter.write_line(line)
