"""What a small sync costs at the terminal, in CPU seconds of whole processes.

A clinic in CSV files, built and pushed. Then nothing is to be sent (``push tudo``), and then one
patient is corrected (``sync clientes --key PAC-3``), which has to make exactly one call.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from benchmarks.bench import Bench, SimulatorProcess, simulator, worker
from benchmarks.deployment import cpf
from benchmarks.measure import Measure
from omie_pipeline.clinic.tables import CLINIC_TABLES
from omie_pipeline.simulator.company import APP_KEY, APP_SECRET

TARGET_NOTHING_SECONDS = 1.5
TARGET_ONE_SECONDS = 3.0
_COMMAND = (sys.executable, "-m", "omie_pipeline.cli")
_CORRECTED = 3


def measure(bench: Bench) -> list[Measure]:
    """CPU seconds of a push with nothing to send, and of one corrected patient."""
    patients = bench.rows(2_000, 60)
    with (
        tempfile.TemporaryDirectory(prefix="omie-bench-sync-") as folder,
        bench.database("bench_sync") as url,
        simulator("--no-limits") as omie,
    ):
        home = Path(folder)
        environment = _environment(home, url, omie.base_url)
        write_clinic(home / "clinica", patients)
        for words in (("build",), ("push", "tudo")):
            subprocess.run(
                [*_COMMAND, *words], env=environment, check=True, stdout=subprocess.DEVNULL
            )
        nothing = [_seconds(environment, "push", "tudo") for _ in range(bench.repetitions)]
        one = [
            _corrected(environment, home / "clinica", patients, omie, number)
            for number in range(bench.repetitions)
        ]
    return [
        Measure(
            f"push tudo, nothing to send, {patients:,} clientes",
            f"{median(nothing):.2f} s of CPU",
            median(nothing),
            at_most=TARGET_NOTHING_SECONDS,
            before="2.1 s",
        ),
        Measure(
            "sync of one corrected patient, one call",
            f"{median(one):.2f} s of CPU",
            median(one),
            at_most=TARGET_ONE_SECONDS,
            before="30 s",
        ),
    ]


def write_clinic(folder: Path, patients: int, name: str = "Paciente") -> None:
    """Patients and, for half of them, a receipt; the one that is corrected is called ``name``."""
    folder.mkdir(exist_ok=True)
    changed = "2026-01-02 10:00:00"
    rows: dict[str, list[dict[str, object]]] = {
        table.name: [] for table in CLINIC_TABLES.values() if not table.optional
    }
    rows["pacientes"] = [
        {
            "id": number,
            "nome": f"{name if number == _CORRECTED else 'Paciente'} de Souza {number}",
            "cpf": cpf(number),
            "logradouro": "Rua das Palmeiras",
            "numero": number,
            "bairro": "Centro",
            "cidade": "São Paulo",
            "uf": "SP",
            "cep": "01001-000",
            "atualizado_em": changed,
        }
        for number in range(1, patients + 1)
    ]
    rows["procedimentos"] = [{"id": "C1", "nome": "Consulta", "codigo_categoria": "1.01.01"}]
    rows["formas_pagamento"] = [{"id": "PIX", "tipo": "PIX", "codigo_conta_corrente": "9100000001"}]
    rows["recebimentos"] = [
        {
            "id": number,
            "paciente_id": number,
            "procedimento_id": "C1",
            "forma_pagamento_id": "PIX",
            "data": "2026-01-05",
            "data_vencimento": "2026-01-05",
            "valor": "200.00",
            "atualizado_em": changed,
        }
        for number in range(1, patients // 2 + 1)
    ]
    for table, found in rows.items():
        names = [column.name for column in CLINIC_TABLES[table].columns]
        with (folder / f"{table}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows({"empresa": "principal", **row} for row in found)


def _environment(home: Path, url: str, base_url: str) -> dict[str, str]:
    own = {
        "WAREHOUSE_URL": url,
        "CLINIC_URL": str(home / "clinica"),
        "OMIE_APP_KEY": APP_KEY,
        "OMIE_APP_SECRET": APP_SECRET,
        "OMIE_BASE_URL": base_url,
        "OMIE_CALLS_PER_MINUTE": "100000",
        "OMIE_CALLS_PER_MINUTE_IP": "100000",
        "OMIE_PIPELINE_HOME": str(home / "home"),
        "OMIE_PIPELINE_MODELS": str(home / "modelos"),
        "OMIE_PIPELINE_STAGING": "canonica",
        "OMIE_PIPELINE_START_DATE": "2026-01-01",
    }
    return {**os.environ, **own}


def _seconds(environment: Mapping[str, str], *words: str) -> float:
    """CPU seconds of one command with all that it starts.

    Raises:
        SystemExit: it did not end well.
    """
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        used = worker("metered", *_COMMAND, *words)
    finally:
        os.environ.clear()
        os.environ.update(before)
    if used["code"] != 0:
        raise SystemExit(f"{' '.join(words)} ended with {used['code']}.")
    return float(used["cpu"])


def _corrected(
    environment: Mapping[str, str],
    folder: Path,
    patients: int,
    omie: SimulatorProcess,
    number: int,
) -> float:
    """CPU seconds of syncing a patient whose name was corrected."""
    write_clinic(folder, patients, f"Corrigida {chr(ord('a') + number)}")
    before = len(omie.control("calls")["calls"])
    seconds = _seconds(environment, "sync", "clientes", "--key", f"PAC-{_CORRECTED}")
    calls = len(omie.control("calls")["calls"]) - before
    if calls != 1:
        raise SystemExit(f"The sync of one record made {calls} calls.")
    return seconds
