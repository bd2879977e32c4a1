"""A push that finds nothing to do against the bare SQL anti-join over the same tables.

The anti-join takes the hash of every row of the model as the plan does and asks the ledger for one
that differs, in one statement. Ours is the whole ``Push.run`` in a fresh process: diff, guardrails,
history and the independent count that proves the identity. Its address leads nowhere, so that a
single call would fail it.
"""

from __future__ import annotations

import json
import resource
import sys
from statistics import median

import sqlalchemy as sa

from benchmarks.bench import Bench, worker
from benchmarks.deployment import CLIENTES, EMPRESA, fill_clientes, push_clientes
from benchmarks.measure import Measure, alternate, seconds_of
from omie_pipeline.payload import (
    PayloadModel,
    Selection,
    load_payload_model,
    payload_hash,
    payload_of,
)
from omie_pipeline.postgres.engine import open_engine
from omie_pipeline.postgres.tables import ledger, plan
from omie_pipeline.push.emptied_fields import remember_filled
from omie_pipeline.push.plan import write_plan

TARGET_RATIO = 2.0
TARGET_PEAK_MB = 600.0
TARGET_GROWTH = 1.2
NOWHERE = "http://127.0.0.1:9/api/v1/"


def measure(bench: Bench) -> list[Measure]:
    """Time against the anti-join, and memory against that of a tenth of the rows."""
    rows = bench.rows(1_000_000, 50_000)
    few = rows // 10
    with bench.database("bench_diff_few") as url:
        prepare(url, few)
        few_peak_mb = float(worker("bench_diff", url, few)["peak_mb"])
    peaks_mb: list[float] = []
    with bench.database("bench_diff") as url:
        model = prepare(url, rows)
        engine = open_engine(url)

        def baseline() -> float:
            return seconds_of(lambda: anti_join(engine, model))

        def ours() -> float:
            found = worker("bench_diff", url, rows)
            peaks_mb.append(found["peak_mb"])
            return float(found["seconds"])

        times = alternate(bench.repetitions, baseline, ours)
        engine.dispose()
    peak_mb = median(peaks_mb)
    name = f"diff of {rows:,} unchanged rows"
    return [
        Measure(name, times.told, times.ratio, at_most=TARGET_RATIO),
        Measure(f"{name}: peak memory, MB", f"{peak_mb:.0f} MB", peak_mb, at_most=TARGET_PEAK_MB),
        Measure(
            f"{name}: peak memory against {few:,} rows",
            f"{peak_mb:.0f} MB against {few_peak_mb:.0f} MB",
            peak_mb / few_peak_mb,
            at_most=TARGET_GROWTH,
        ),
    ]


def prepare(url: str, rows: int) -> PayloadModel:
    """A payload model, and a ledger that has every row of it as confirmed."""
    engine = open_engine(url)
    fill_clientes(engine, rows)
    model = load_payload_model(engine, CLIENTES)
    write_plan(engine, "bench", model, Selection(EMPRESA), "upsert")
    confirmed = sa.select(
        sa.literal(EMPRESA),
        sa.literal(CLIENTES.name),
        plan.c.codigo_integracao,
        sa.literal("confirmed"),
        plan.c.payload_hash,
        plan.c.number,
        sa.true(),
        plan.c.partition,
        plan.c.run_id,
    )
    columns = ["empresa", "endpoint", "codigo_integracao", "state", "payload_hash", "omie_id",
               "created_here", "partition", "run_id"]  # fmt: skip
    with engine.begin() as connection:
        connection.execute(sa.insert(ledger).from_select(columns, confirmed))
        connection.execute(sa.delete(plan))
    remember_filled(engine, model, EMPRESA)
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        for table in ("omie_sync.ledger", "omie_sync.plan", "omie_payload.omie_clientes"):
            connection.exec_driver_sql(f"VACUUM ANALYZE {table}")
    engine.dispose()
    return model


def anti_join(engine: sa.Engine, model: PayloadModel) -> None:
    """The one statement, which must find nothing."""
    p = model.table()
    # Not "=": as a part of the hash key the digest would be computed twice for each row.
    confirmed = ledger.c.payload_hash.is_not_distinct_from(payload_hash(payload_of(model, p)))
    same = sa.select(sa.literal(1)).where(
        ledger.c.empresa == EMPRESA,
        ledger.c.endpoint == CLIENTES.name,
        ledger.c.codigo_integracao == p.c[CLIENTES.integration_key],
        confirmed,
    )
    query = sa.select(sa.func.count()).where(p.c.empresa == EMPRESA, ~sa.exists(same))
    with engine.connect() as connection:
        differing = connection.execute(query).scalar_one()
    if differing:
        raise SystemExit(f"{differing} rows differ; none should.")


def push_nothing(url: str, rows: int) -> dict[str, float]:
    """Seconds and peak memory of a push that finds every row unchanged."""
    engine = open_engine(url)

    def push() -> None:
        report = push_clientes(engine, NOWHERE)
        if (report.total.unchanged, report.total.calls, report.closes) != (rows, 0, True):
            raise SystemExit(f"{report.total} is not {rows} unchanged rows without a call.")

    seconds = seconds_of(push)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "peak_mb": peak_mb}


if __name__ == "__main__":
    print(json.dumps(push_nothing(sys.argv[1], int(sys.argv[2]))))
