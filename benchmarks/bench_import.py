"""100,000 receivables from the simulator to the warehouse, committed.

The floor is what any importer has to do: httpx with four pages of 500 in flight, JSON parsed, and
the same columns written by COPY into a table without an index. Ours is the whole ``Importer.run``:
paging, pacing, the proof of completeness, merge by id, history. dlt's ``rest_api`` source reads the
same list into the same PostgreSQL, configured as its documentation says. Each runs in a fresh
process and counts from its first call to its last commit.
"""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from datetime import timedelta

import sqlalchemy as sa

from benchmarks import import_dlt, import_floor, import_ours
from benchmarks.bench import Bench, SimulatorProcess, simulator, worker
from benchmarks.deployment import postgres_cpu_seconds
from benchmarks.measure import Alternated, Measure, alternate
from omie_pipeline.clock import BRASILIA, SystemClock
from omie_pipeline.postgres.engine import open_engine

TARGET_RATIO = 1.5
NEAR_RATIO = 1.15
UNCHANGED_RATIO = 0.35
BROKEN_SECONDS = 5.0
FLAT_RATIO = 1.25
_DAYS = 30


def measure(bench: Bench) -> list[Measure]:
    """Ratios to the floor at 20 and 300 ms a page, beside dlt; unchanged rows; a broken answer;
    peak memory."""
    rows = bench.rows(100_000, 2_000)
    found: list[Measure] = []
    with bench.database("bench_import") as url:
        with _company(rows, 20) as omie:
            found += _against_floor(bench, url, omie, rows, 20)
            found.append(_against_dlt(url, omie, rows))
            found += _unchanged(bench, url, omie, rows)
        with _company(rows, 300) as omie:
            found += _against_floor(bench, url, omie, rows, 300)
        found.append(_broken(bench, url))
        found.append(_memory(bench, url))
    return found


def _company(rows: int, latency_ms: int) -> AbstractContextManager[SimulatorProcess]:
    options = ("--latency-ms", str(latency_ms), "--no-limits")
    return simulator(*options, "--receivables", str(rows), "--days", str(_DAYS))


def _against_floor(
    bench: Bench, url: str, omie: SimulatorProcess, rows: int, latency_ms: int
) -> list[Measure]:
    def floor() -> float:
        return float(_work("floor", url, omie)["seconds"])

    def ours() -> float:
        empty(url)
        done = _work("ours", url, omie)
        if done["rows"] != rows or not done["complete"]:
            raise SystemExit(f"The import brought {done['rows']} of {rows} rows.")
        return float(done["seconds"])

    times = alternate(bench.repetitions, floor, ours)
    name = f"import of {rows:,} receivables, {latency_ms} ms a page"
    target, before = (NEAR_RATIO, "1.36") if latency_ms < 100 else (TARGET_RATIO, "1.03")
    return [Measure(name, times.told, times.ratio, at_most=target, before=before)]


def _against_dlt(url: str, omie: SimulatorProcess, rows: int) -> Measure:
    def theirs() -> float:
        return float(_work("dlt", url, omie)["seconds"])

    def ours() -> float:
        empty(url)
        return float(_work("ours", url, omie)["seconds"])

    times = alternate(1, theirs, ours)
    return Measure(f"import of {rows:,} receivables, against dlt", times.told, times.ratio)


def _unchanged(bench: Bench, url: str, omie: SimulatorProcess, rows: int) -> list[Measure]:
    """A second reading, by the CPU of importer and PostgreSQL: what the simulator takes to make up
    the pages is the same in both, and on one machine it is most of what the second one waits for.
    """
    walls: dict[str, list[float]] = {"first": [], "again": []}

    def metered(which: str) -> float:
        before = postgres_cpu_seconds(url)
        done = _work("ours", url, omie)
        walls[which].append(float(done["seconds"]))
        return float(done["cpu_seconds"]) + postgres_cpu_seconds(url) - before

    def first() -> float:
        empty(url)
        return metered("first")

    def again() -> float:
        forget_questions(url)
        return metered("again")

    times = alternate(bench.repetitions, first, again)
    wall = Alternated(tuple(walls["first"]), tuple(walls["again"]))
    name = f"reading of {rows:,} unchanged rows, against the first"
    return [
        Measure(f"{name}, CPU", times.told, times.ratio, at_most=UNCHANGED_RATIO, before="0.96"),
        Measure(f"{name}, with the simulator beside it", wall.told, wall.ratio, before="0.90"),
    ]


def _broken(bench: Bench, url: str) -> Measure:
    """What one broken answer adds to a reading under all of Omie's limits."""
    rows = bench.rows(10_000, 2_000)
    options = ("--receivables", str(rows), "--days", str(_DAYS))

    def reading(*faults: str) -> float:
        empty(url)
        with simulator(*options) as omie:
            if faults:
                omie.control("next_faults", faults=[{"kind": kind} for kind in faults])
            done = _work("ours", url, omie)
        if done["rows"] != rows or not done["complete"]:
            raise SystemExit(f"The import brought {done['rows']} of {rows} rows.")
        return float(done["seconds"])

    plain = reading()
    extra = max(reading(kind) - plain for kind in ("html_502", "truncated_json"))
    name = "seconds that one broken answer adds to a reading"
    return Measure(name, f"{extra:.1f} s", extra, at_most=BROKEN_SECONDS, before="61 to 122 s")


def _memory(bench: Bench, url: str) -> Measure:
    few, many = bench.rows(10_000, 1_000), bench.rows(500_000, 4_000)
    peaks = []
    for rows in (few, many):
        with _company(rows, 0) as omie:
            empty(url)
            peaks.append(float(_work("ours", url, omie)["peak_mb"]))
    figure = f"{peaks[1]:.0f} MB against {peaks[0]:.0f} MB"
    name = f"peak memory of {many:,} rows, against {few:,}"
    return Measure(name, figure, peaks[1] / peaks[0], at_most=FLAT_RATIO)


def _work(who: str, url: str, omie: SimulatorProcess) -> dict[str, float]:
    done: dict[str, float] = worker("bench_import", who, url, omie.base_url)
    return done


def empty(url: str) -> None:
    """Forget what was imported."""
    forget_questions(url)
    engine = open_engine(url)
    with engine.begin() as connection:
        for table in (
            "omie.contas_receber",
            "omie_sync.import_partition",
            "omie_sync.import_cursor",
        ):
            connection.execute(sa.text(f"TRUNCATE {table}"))
    engine.dispose()


def forget_questions(url: str) -> None:
    """Let the same pages be asked again within a minute, as if it had passed."""
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("TRUNCATE omie_sync.quota_request"))
    engine.dispose()


if __name__ == "__main__":
    who, url, base_url = sys.argv[1:]
    today = SystemClock().now().astimezone(BRASILIA).date()
    days = (today - timedelta(days=_DAYS + 1), today)
    run = {"floor": import_floor.run, "ours": import_ours.run, "dlt": import_dlt.run}[who]
    print(run(url, base_url, days))
