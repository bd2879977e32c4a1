"""Validation of clientes against the same checks as plain vectorised pandas.

The ratio of the two times, and the peak memory of a process that validates 100,000 and 300,000
rows in chunks. Both sides get the same chunks of the
same rows, 1 % of them bad, and must find the same failing rows. What is paid once per process,
the import of Great Expectations and its first suite, is told apart.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

from validate_docbr import CNPJ, CPF

from benchmarks.bench import Bench, worker
from benchmarks.measure import Alternated, Measure
from benchmarks.plain_validation import PlainChecks
from omie_pipeline.catalog import REGISTRY, reference
from omie_pipeline.validation import CandidateRow, ClinicRules, References, Validator
from omie_pipeline.validation.addresses import plain_name

CHUNK_ROWS = 50_000
TARGET_RATIO = 2.5
RATIO_BEFORE = "3.8"
# "Flat": what three times the rows may add.
TARGET_GROWTH = 1.1
BREAKS: tuple[dict[str, Any], ...] = (
    {"cnpj_cpf": "390.533.447-06"},
    {"razao_social": "x" * 61},
    {"razao_social": "Maria 😀"},
    {"cep": "99999-999", "estado": "SP", "cidade": "CAMPINAS (SP)"},
    {"bairro": None},
    {"inativo": "X"},
    {"endereco": "Rua\x07"},
    {"caracteristicas": [{"campo": "RG", "conteudo": "1" * 61}]},
)


def clientes(count: int, seed: int = 7) -> Iterator[list[CandidateRow]]:
    """Chunks of ``count`` made-up clientes, every hundredth broken in one of eight ways."""
    chance = random.Random(seed)
    ranges = reference.cep_faixas_por_municipio()
    places = [
        (f"{plain_name(m.nome)} ({m.uf})", m, ranges[m.codigo_ibge][0])
        for m in reference.municipios()
        if m.codigo_ibge in ranges and len(m.nome) <= 35
    ]
    documents = [CPF().generate(mask=True) for _ in range(5000)]
    documents += [CNPJ().generate(mask=True) for _ in range(500)]
    for start in range(0, count, CHUNK_ROWS):
        stop = min(start + CHUNK_ROWS, count)
        yield [_cliente(row, chance, places, documents) for row in range(start, stop)]


def _cliente(
    row: int, chance: random.Random, places: Sequence[Any], documents: Sequence[str]
) -> CandidateRow:
    cidade, municipio, cep = chance.choice(places)
    number = f"{chance.randrange(cep.cep_inicial, cep.cep_final + 1):08d}"
    rg = f"{chance.randrange(10**8):08d}"
    payload: dict[str, Any] = {
        "codigo_cliente_integracao": f"PAC-{row}",
        "razao_social": f"Paciente de Souza {row}",
        "nome_fantasia": f"Paciente {row}",
        "cnpj_cpf": chance.choice(documents),
        "telefone1_ddd": str(municipio.ddd),
        "telefone1_numero": "99999-0000",
        "email": f"p{row}@exemplo.com.br",
        "endereco": "Rua das Palmeiras",
        "endereco_numero": str(chance.randrange(1, 3000)),
        "complemento": None,
        "bairro": "Centro",
        "cidade": cidade,
        "cidade_ibge": str(municipio.codigo_ibge),
        "estado": municipio.uf,
        "cep": f"{number[:5]}-{number[5:]}",
        "codigo_pais": "1058",
        "inativo": "N",
        "observacao": "Prefere a manhã",
        "tags": [{"tag": "Cliente"}],
        "caracteristicas": [
            {"campo": "RG", "conteudo": rg},
            {"campo": "RG_ORGAO_EMISSOR", "conteudo": "SSP/SP"},
        ],
    }
    if row % 100 == 99:
        payload |= BREAKS[row // 100 % len(BREAKS)]
    extra = {"_tipo": "paciente", "_rg": rg, "_rg_orgao_emissor": "SSP/SP"}
    return CandidateRow(row, payload["codigo_cliente_integracao"], payload, extra)


def new_validator() -> Validator:
    """A validator of clientes with every rule of the clinic on."""
    return Validator(REGISTRY["clientes"], ClinicRules(), References())


def measure(bench: Bench) -> list[Measure]:
    """Ratio of the times, and memory beyond 100,000 rows."""
    rows = bench.rows(100_000, 5_000)
    times, first_seconds = measure_time(rows, bench.repetitions)
    small_mb, large_mb = measure_memory(rows), measure_memory(3 * rows)
    name = f"validation of {rows:,} clientes"
    return [
        Measure(
            f"{name} against plain pandas",
            f"{times.told} (+{first_seconds:.1f} s once)",
            times.ratio,
            at_most=TARGET_RATIO,
            before=RATIO_BEFORE,
        ),
        Measure(
            f"{name}: peak memory of {3 * rows:,}",
            f"{large_mb:.0f} MB against {small_mb:.0f} MB",
            large_mb / small_mb,
            at_most=TARGET_GROWTH,
            before="608 MB",
        ),
    ]


def measure_time(rows: int, repetitions: int) -> tuple[Alternated, float]:
    """Both times by turns, and the seconds that the first suite of a process takes."""
    plain = PlainChecks()
    validator = new_validator()
    sample = next(clientes(100))
    started = time.perf_counter()
    validator.validate(sample)
    first_seconds = time.perf_counter() - started
    plain.failing(sample)
    pairs = [_time_both(plain, validator, rows) for _ in range(repetitions)]
    return Alternated(tuple(a for a, _ in pairs), tuple(b for _, b in pairs)), first_seconds


def _time_both(plain: PlainChecks, validator: Validator, rows: int) -> tuple[float, float]:
    """Seconds of the plain checks and of the suites over the same chunks."""
    plain_seconds = suite_seconds = 0.0
    for chunk in clientes(rows):
        started = time.perf_counter()
        expected = plain.failing(chunk)
        plain_seconds += time.perf_counter() - started
        started = time.perf_counter()
        report = validator.validate(chunk)
        suite_seconds += time.perf_counter() - started
        if {failure.row for failure in report.failures} != set(expected):
            raise SystemExit("The two sides disagree about which rows fail.")
    return plain_seconds, suite_seconds


def measure_memory(rows: int) -> float:
    """Peak memory in MB of a fresh process that validates ``rows``."""
    return float(worker("bench_validation", rows))


def own_peak_mb(rows: int) -> float:
    """Validate ``rows`` in chunks; this process's peak memory in MB."""
    validator = new_validator()
    for chunk in clientes(rows):
        validator.validate(chunk)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    print(json.dumps(own_peak_mb(int(sys.argv[1]))))
