"""Two processes that share one key, as fast as they may, against a simulator with all limits on.

Time is scaled: simulator and both processes share a clock that runs five times as fast, which
makes the same jitter of the machine five times as dangerous as it would be. Both processes read
clientes (four reads at once are allowed; writes have a single lane that pushes take by turns).
"""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from itertools import cycle

from benchmarks.bench import Bench, finished, simulator, start_worker
from benchmarks.deployment import CLIENTES, client, cpf
from benchmarks.measure import Measure
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.errors import OmieFault
from omie_pipeline.postgres.engine import open_engine

SPEED = 5.0
PROCESSES = 2
# More than a minute's worth each, so that no process repeats itself within the minute.
RECORDS_EACH = 300
CEILING_PER_MINUTE = 240
OWN_PER_MINUTE = 235.0
OWN_IP_PER_MINUTE = 940.0
TARGET_SHARE = 0.97
START_SECONDS = 8.0


class SharedFastClock:
    """A clock ``speed`` times as fast that all processes read alike: it starts at one moment."""

    def __init__(self, origin_seconds: float, speed: float) -> None:
        self._origin_seconds = origin_seconds
        self._speed = speed

    def now(self) -> datetime:
        """Scaled instant."""
        elapsed_seconds = (time.time() - self._origin_seconds) * self._speed
        return datetime.fromtimestamp(self._origin_seconds, UTC) + timedelta(
            seconds=elapsed_seconds
        )

    def sleep(self, wait_seconds: float) -> None:
        """Block for as long as ``wait_seconds`` take on this clock."""
        if wait_seconds > 0:
            time.sleep(wait_seconds / self._speed)


def measure(bench: Bench) -> list[Measure]:
    """Accepted calls per minute over the ceiling, and what was refused."""
    minutes = bench.rows(4, 1)
    with bench.database("bench_pacing") as url, simulator("--speed", str(SPEED)) as omie:
        numbers = range(1, PROCESSES * RECORDS_EACH + 1)
        omie.control("seed", endpoint=CLIENTES.name, records=[_record(n) for n in numbers])
        origin_seconds = time.time() + START_SECONDS
        processes = [
            start_worker("bench_pacing", (url, omie.base_url, origin_seconds, minutes, index))
            for index in range(PROCESSES)
        ]
        sent = [finished(process) for process in processes]
        seen = omie.control("calls", method=CLIENTES.read)["calls"]
        refused = len(omie.control("calls", failed=True)["calls"])
    times = sorted(datetime.fromisoformat(call["at"]) for call in seen if call["ok"])
    end = times[0] + timedelta(minutes=minutes)
    per_minute = sum(at < end for at in times) / minutes
    shares = " + ".join(str(calls) for calls in sent)
    return [
        Measure(
            f"pacing, {PROCESSES} processes, {minutes} min",
            f"{per_minute:.1f} accepted per minute of {CEILING_PER_MINUTE} ({shares})",
            per_minute / CEILING_PER_MINUTE,
            at_least=TARGET_SHARE,
        ),
        Measure("pacing: refused by a limit", f"{refused} calls", refused, at_most=0),
    ]


def _record(number: int) -> dict[str, str]:
    return {
        CLIENTES.integration_key: f"PAC-{number}",
        "razao_social": f"Paciente de Souza {number}",
        "nome_fantasia": f"Paciente {number}",
        "cnpj_cpf": cpf(number),
    }


def read_for(url: str, base_url: str, origin_seconds: float, minutes: int, index: int) -> int:
    """Read clientes, other ones in each process, until the minutes are over; calls made."""
    engine = open_engine(url)
    clock = SharedFastClock(origin_seconds, SPEED)
    first = index * RECORDS_EACH + 1
    calls = 0
    with client(
        engine, base_url, clock, per_minute=OWN_PER_MINUTE, ip_per_minute=OWN_IP_PER_MINUTE
    ) as omie:
        contas = REGISTRY["contas_correntes" if index else "categorias"]
        omie.read(contas.service, contas.list, {"pagina": 1, "registros_por_pagina": 1})
        time.sleep(max(0.0, origin_seconds - time.time()))
        end = clock.now() + timedelta(minutes=minutes, seconds=10)
        for number in cycle(range(first, first + RECORDS_EACH)):
            if clock.now() >= end:
                break
            try:
                key = {CLIENTES.integration_key: f"PAC-{number}"}
                # As a write is sent: once, so that a refusal is seen.
                omie.write(CLIENTES.service, CLIENTES.read, key)
            except OmieFault as fault:
                print(type(fault).__name__, fault.detail.text, file=sys.stderr)
            calls += 1
    return calls


if __name__ == "__main__":
    url, base_url, origin, minutes, index = sys.argv[1:]
    print(json.dumps(read_for(url, base_url, float(origin), int(minutes), int(index))))
