"""A first load of contas a receber, in lots and one by one, at 300 ms a call, with Omie's limits.

The minutes are those of the line and of our own work: 300 ms a call, what pacing lets us wait, and
the CPU of the process and of its PostgreSQL sessions, one after the other, so that other work on
the machine does not count. What the clock showed is reported beside them: time runs four times as
fast, for both sides, and our own work does not, so that it weighs four times what it would.
The load one by one is a sample, extrapolated by its rows.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import sqlalchemy as sa

from benchmarks.bench import Bench, SimulatorProcess, simulator, worker
from benchmarks.bench_pacing import (
    OWN_IP_PER_MINUTE,
    OWN_PER_MINUTE,
    SharedFastClock,
)
from benchmarks.deployment import CLIENTES, EMPRESA, client, cpf
from benchmarks.measure import Measure
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.catalog.limits import LOT_RECORDS
from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.imports.report import ImportRequest
from omie_pipeline.imports.run import Importer
from omie_pipeline.omie import CallRecord, OmieClient
from omie_pipeline.payload import Selection
from omie_pipeline.postgres.engine import open_engine
from omie_pipeline.postgres.tables import ledger
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.push.run import Push
from omie_pipeline.validation.model import ClinicRules

RECEIVABLES = REGISTRY["contas_receber"]
SPEED = 4.0
CALL_MS = 300.0
ROWS, SAMPLE = 60_000, 200
CUSTOMERS = 200
TARGET_MINUTES = 20.0
BEFORE = "5.4 h"
"""One by one, extrapolated from the sample: 5 h are the calls, one after the other."""

_FILL = r"""
CREATE TABLE omie_payload.omie_contas_receber AS
SELECT 'principal' AS empresa, DATE '2026-01-05' + i % 90 AS data_particao,
    'REC-' || i AS codigo_lancamento_integracao,
    'PAC-' || (i % cast(:customers AS integer) + 1) AS codigo_cliente_fornecedor_integracao,
    DATE '2026-02-05' + i % 90 AS data_vencimento, DATE '2026-02-05' + i % 90 AS data_previsao,
    (100 + i % 900)\:\:numeric(15, 2) AS valor_documento, '1.01.01' AS codigo_categoria,
    9100000001 AS id_conta_corrente, 'Consulta ' || i AS observacao,
    'recebimentos' AS _origem_tabela, i\:\:text AS _origem_id
FROM generate_series(1, cast(:rows AS integer)) i
"""


def measure(bench: Bench) -> list[Measure]:
    """Simulated minutes of the load, and CPU minutes of the process that makes it."""
    rows = bench.rows(ROWS, 2_000)
    sample = min(SAMPLE, rows)
    lots = _load(bench, rows, LOT_RECORDS)
    singly = _load(bench, sample, 0)
    hours = minutes_of(singly) * rows / sample / 60
    minutes = minutes_of(lots)
    name = f"first load of {rows:,} receivables in lots"
    cpu = lots["cpu"] + lots["database"]
    return [
        Measure(
            name,
            f"{minutes:.1f} min, {lots['calls']:.0f} calls, against {hours:.1f} h (from {sample})",
            minutes,
            at_most=TARGET_MINUTES,
            before=BEFORE,
        ),
        Measure(
            "its CPU",
            f"{cpu / 60:.1f} min, {cpu * 1000 / rows:.1f} ms a record",
            cpu / 60,
            at_most=TARGET_MINUTES,
        ),
        Measure(f"what a clock {SPEED:g} times as fast showed", f"{lots['minutes']:.1f} min"),
    ]


def minutes_of(found: dict[str, float]) -> float:
    """Minutes of calls, of pacing and of work, one after the other."""
    seconds = found["calls"] * CALL_MS / 1000 + found["slept"] + found["cpu"] + found["database"]
    return seconds / 60


def _load(bench: Bench, rows: int, lote: int) -> dict[str, float]:
    options = ("--speed", str(SPEED), "--latency-ms", str(CALL_MS / SPEED))
    with bench.database("bench_lots") as url, simulator(*options) as omie:
        prepare(url, omie, rows)
        found: dict[str, float] = worker("bench_lots", url, omie.base_url, rows, lote)
        refused = omie.control("calls", failed=True)["calls"]
        held = len(omie.control("records", endpoint=RECEIVABLES.name)["records"])
    if refused or held != rows:
        raise SystemExit(f"Omie has {held} of {rows} títulos and refused {len(refused)} calls.")
    return found


def prepare(url: str, omie: SimulatorProcess, rows: int) -> None:
    """Títulos of clientes that Omie has."""
    records = [
        {
            CLIENTES.integration_key: f"PAC-{number}",
            "razao_social": f"Paciente de Souza {number}",
            "nome_fantasia": f"Paciente {number}",
            "cnpj_cpf": cpf(number),
        }
        for number in range(1, CUSTOMERS + 1)
    ]
    omie.control("seed", endpoint=CLIENTES.name, records=records)
    found = omie.control("records", endpoint=CLIENTES.name)["records"]
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.execute(
            sa.insert(ledger),
            [
                {
                    "empresa": EMPRESA,
                    "endpoint": CLIENTES.name,
                    "codigo_integracao": one[CLIENTES.integration_key],
                    "state": "confirmed",
                    "omie_id": one[CLIENTES.omie_key],
                    "partition": EMPRESA,
                    "run_id": "",
                }
                for one in found
                if one.get(CLIENTES.integration_key)
            ],
        )
        connection.execute(sa.schema.CreateSchema("omie_payload", if_not_exists=True))
        connection.execute(sa.text(_FILL), {"rows": rows, "customers": CUSTOMERS})
        connection.exec_driver_sql("ANALYZE omie_payload.omie_contas_receber")
    engine.dispose()


def load(url: str, base_url: str, rows: int, lote: int) -> dict[str, float]:
    """Push them all; simulated minutes, and CPU seconds of this process."""
    engine = open_engine(url)
    clock = SleepingClock(time.time(), SPEED)

    def make_client(
        _empresa: str, on_call: Callable[[CallRecord], None] | None = None
    ) -> OmieClient:
        limits = {"per_minute": OWN_PER_MINUTE, "ip_per_minute": OWN_IP_PER_MINUTE}
        return client(engine, base_url, clock, on_call=on_call, **limits)

    for name in ("categorias", "contas_correntes"):
        request = ImportRequest(EMPRESA, "full", date(2026, 1, 1))
        Importer(engine, make_client, clock).run(MIRROR[name], request)
    clock.slept_seconds = 0.0
    started, cpu, database = clock.now(), time.process_time(), sessions_cpu(engine)
    push = Push(engine, make_client, clock, ClinicRules())
    report = push.run(RECEIVABLES, Selection(EMPRESA), EndpointPolicy(lote=lote))
    minutes = (clock.now() - started).total_seconds() / 60
    cpu, database = time.process_time() - cpu, sessions_cpu(engine) - database
    total = report.total
    if (total.created, report.by_lots if lote else rows) != (rows, rows) or not report.closes:
        raise SystemExit(f"{total.created} of {rows} were created, {report.by_lots} in lots.")
    return {
        "minutes": minutes,
        "cpu": cpu,
        "database": database,
        "calls": total.calls,
        "slept": clock.slept_seconds,
    }


class SleepingClock(SharedFastClock):
    """Adds up what it was told to sleep, in its own seconds."""

    slept_seconds = 0.0

    def sleep(self, wait_seconds: float) -> None:
        """Block for as long as ``wait_seconds`` take on this clock."""
        self.slept_seconds += max(0.0, wait_seconds)
        super().sleep(wait_seconds)


def sessions_cpu(engine: sa.Engine) -> float:
    """CPU seconds of the sessions of this database that are there now; they stay to the end."""
    query = sa.text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
    with engine.connect() as connection:
        pids: list[int] = list(connection.execute(query).scalars())
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    _, _url, _base_url, _rows, _lote = sys.argv
    print(json.dumps(load(_url, _base_url, int(_rows), int(_lote))))
