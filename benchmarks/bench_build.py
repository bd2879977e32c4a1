"""``omie-pipeline build`` over the sample clinic, the whole process with PostgreSQL beside it."""

from __future__ import annotations

from statistics import median

from benchmarks.bench import Bench
from benchmarks.bench_runs import Cost, run_world
from benchmarks.measure import Measure

_UNCHANGED = 4.0
"""CPU seconds of the process and all that it starts."""
_BEFORE = "15 s, PostgreSQL 30 s"
"""On a machine that did nothing else; on another one 27 s of the process were seen."""


def measure(bench: Bench) -> list[Measure]:
    """A build with nothing new, with one corrected patient, and of everything by dbt."""
    with run_world(bench, "bench_build") as world:
        world.command("build")
        world.command("build")  # the first one has nothing to hold its sources against
        unchanged, corrected = [], []
        for repetition in range(bench.repetitions):
            unchanged.append(world.command("build"))
            world.correct(repetition + 1)
            corrected.append(world.command("build"))
        full = world.command("build", "--full")
    seconds = median(cost.cpu for cost in unchanged)
    return [
        Measure(
            "build, source and models unchanged, CPU",
            _told(unchanged),
            seconds,
            at_most=_UNCHANGED,
            before=_BEFORE,
        ),
        Measure(
            "build, one corrected patient, CPU",
            _told(corrected),
            median(cost.cpu for cost in corrected),
            before=_BEFORE,
        ),
        Measure("build --full, CPU", _told([full]), full.cpu, before=_BEFORE),
    ]


def _told(costs: list[Cost]) -> str:
    cpu, server = (median(getattr(cost, name) for cost in costs) for name in ("cpu", "server"))
    return f"{cpu:.2f} s, PostgreSQL {server:.2f} s"
