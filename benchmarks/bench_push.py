"""Push of new clientes against a bare httpx loop that sends the same bodies.

Both send one call at a time, as Omie's write lane wants it, to a simulator in another process with
20 ms of latency and no limits. Ours is the whole ``Push.run``: plan, validation, intents, pacing,
calls, outcomes, proof. It runs twice in each fresh process: the first run also pays for the import
of Great Expectations and its first suite (once per process, whatever the number of rows), the
second does not; each has its ratio.

One new row is measured for itself, in CPU seconds of the pushing process: that is what a person who
corrected a record waits for. A handful of rows is validated without Great Expectations.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import httpx
import sqlalchemy as sa

from benchmarks.bench import Bench, SimulatorProcess, simulator, worker
from benchmarks.deployment import CLIENTES, fill_clientes, give_documents, push_clientes
from benchmarks.measure import Alternated, Measure, seconds_of
from omie_pipeline.omie import wire
from omie_pipeline.payload import load_payload_model, payload_of
from omie_pipeline.postgres.engine import open_engine
from omie_pipeline.simulator.company import APP_KEY, APP_SECRET

LATENCY_MS = 20
TARGET_RATIO = 1.25
TARGET_ONE_SECONDS = 0.25
TARGET_ONE_FRESH_SECONDS = 2.5


def measure(bench: Bench) -> list[Measure]:
    """Ratio of a push to the bare loop, with and without what a process pays once."""
    rows = bench.rows(1000, 100)
    options = ("--latency-ms", str(LATENCY_MS), "--no-limits")
    with bench.database("bench_push") as url, simulator(*options) as omie:
        params = prepare(url, rows)
        loops: list[float] = []
        first: list[float] = []
        second: list[float] = []
        for _ in range(bench.repetitions):
            omie.control("reset")
            loops.append(bare_loop(omie, params))
            by_loop = records(omie)
            ours = worker("bench_push", url, omie.base_url, rows)
            first.append(ours["first"])
            second.append(ours["second"])
            if records(omie) != by_loop:
                raise SystemExit("The push and the bare loop did not leave the same records.")
    whole = Alternated(tuple(loops), tuple(first))
    warm = Alternated(tuple(loops), tuple(second))
    name = f"push of {rows:,} new clientes"
    return [
        Measure(name, warm.told, warm.ratio, at_most=TARGET_RATIO),
        Measure(f"{name}, Great Expectations' import included", whole.told, whole.ratio),
        *measure_one(bench),
    ]


def measure_one(bench: Bench) -> list[Measure]:
    """CPU seconds of pushing one new cliente, in a process that has pushed and in a fresh one."""
    with bench.database("bench_push_one") as url, simulator("--no-limits") as omie:
        prepare(url, 1)
        found = [
            worker("bench_push", url, omie.base_url, 1, "one") for _ in range(bench.repetitions)
        ]
    again = median(one["again"] for one in found)
    fresh = median(one["fresh"] for one in found)
    return [
        Measure("push of one cliente", f"{again:.2f} s of CPU", again, at_most=TARGET_ONE_SECONDS),
        Measure(
            "the same, whole process",
            f"{fresh:.2f} s of CPU",
            fresh,
            at_most=TARGET_ONE_FRESH_SECONDS,
        ),
    ]


def prepare(url: str, rows: int) -> list[wire.Json]:
    """Fill the payload model; the params of the calls it means."""
    engine = open_engine(url)
    fill_clientes(engine, rows)
    give_documents(engine, rows)
    model = load_payload_model(engine, CLIENTES)
    with engine.connect() as connection:
        payloads: list[Any] = list(
            connection.execute(sa.select(payload_of(model, model.table()))).scalars()
        )
    engine.dispose()
    return [wire.to_wire(payload, CLIENTES.payload, CLIENTES.service) for payload in payloads]


def bare_loop(omie: SimulatorProcess, params: list[wire.Json]) -> float:
    """Seconds of sending them all over one connection, each answer parsed."""
    url = omie.base_url + CLIENTES.service.path
    keys = {"call": CLIENTES.upsert, "app_key": APP_KEY, "app_secret": APP_SECRET}
    bodies = [wire.dumps({**keys, "param": [param]}) for param in params]
    headers = {"Content-Type": "application/json"}

    def send_all() -> None:
        with httpx.Client(timeout=60, trust_env=False) as client:
            for body in bodies:
                client.post(url, content=body, headers=headers).raise_for_status().json()

    return seconds_of(send_all)


def records(omie: SimulatorProcess) -> dict[str, Any]:
    """What the simulator holds, by integration code, without what the moment decides."""
    found = omie.control("records", endpoint=CLIENTES.name)["records"]
    return {record[CLIENTES.integration_key]: {**record, "info": None, CLIENTES.omie_key: None}
            for record in found}  # fmt: skip


def push_twice(url: str, base_url: str, rows: int) -> dict[str, float]:
    """Seconds of a push in a fresh process, and of the same push once more."""
    return {name: push_rows(url, base_url, rows, time.perf_counter) for name in ("first", "second")}


def push_one(url: str, base_url: str) -> dict[str, float]:
    """CPU seconds of this process when its one row is there, and of pushing it once more."""
    push_rows(url, base_url, 1, time.process_time)
    fresh = time.process_time()
    again = [push_rows(url, base_url, 1, time.process_time) for _ in range(5)]
    return {"fresh": fresh, "again": median(again)}


def push_rows(url: str, base_url: str, rows: int, seconds: Callable[[], float]) -> float:
    """What pushing all of ``rows`` as new takes, by the clock ``seconds``."""
    engine = open_engine(url)
    SimulatorProcess(base_url).control("reset")
    forget(engine)
    started = seconds()
    total = push_clientes(engine, base_url).total
    taken = seconds() - started
    engine.dispose()
    if (total.created, total.calls) != (rows, rows):
        raise SystemExit(f"{total.created} of {rows} were created in {total.calls} calls.")
    return taken


def forget(engine: sa.Engine) -> None:
    """Empty ``omie_sync``, as before the first push."""
    tables = sa.inspect(engine).get_table_names(schema="omie_sync")
    names = ", ".join(f"omie_sync.{name}" for name in tables if name != "alembic_version")
    with engine.begin() as connection:
        connection.exec_driver_sql(f"TRUNCATE {names}")


if __name__ == "__main__":
    _, _url, _base_url, _rows, *_one = sys.argv
    _found = push_one(_url, _base_url) if _one else push_twice(_url, _base_url, int(_rows))
    print(json.dumps(_found))
