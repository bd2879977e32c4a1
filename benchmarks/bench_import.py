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
from benchmarks.measure import Measure, alternate
from omie_pipeline.clock import BRASILIA, SystemClock
from omie_pipeline.postgres.engine import open_engine

TARGET_RATIO = 1.5
FLAT_RATIO = 1.25
_DAYS = 30


def measure(bench: Bench) -> list[Measure]:
    """Ratios to the floor at 20 and 300 ms a page, beside dlt; unchanged merge; peak memory."""
    rows = bench.rows(100_000, 2_000)
    found: list[Measure] = []
    with bench.database("bench_import") as url:
        with _company(rows, 20) as omie:
            found += _against_floor(bench, url, omie, rows, 20)
            found.append(_against_dlt(url, omie, rows))
            found.append(_unchanged(bench, url, omie, rows))
        with _company(rows, 300) as omie:
            found += _against_floor(bench, url, omie, rows, 300)
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
    return [Measure(name, times.told, times.ratio, at_most=TARGET_RATIO)]


def _against_dlt(url: str, omie: SimulatorProcess, rows: int) -> Measure:
    def theirs() -> float:
        return float(_work("dlt", url, omie)["seconds"])

    def ours() -> float:
        empty(url)
        return float(_work("ours", url, omie)["seconds"])

    times = alternate(1, theirs, ours)
    return Measure(f"import of {rows:,} receivables, against dlt", times.told, times.ratio)


def _unchanged(bench: Bench, url: str, omie: SimulatorProcess, rows: int) -> Measure:
    def first() -> float:
        empty(url)
        return float(_work("ours", url, omie)["seconds"])

    def again() -> float:
        forget_questions(url)
        return float(_work("ours", url, omie)["seconds"])

    times = alternate(bench.repetitions, first, again)
    return Measure(f"merge of {rows:,} unchanged rows, against the first", times.told, times.ratio)


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
