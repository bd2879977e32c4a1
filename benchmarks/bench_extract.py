"""Extract of N rows against a bare COPY of the same rows.

``python -m benchmarks.bench_extract --rows 1000000`` with ``BENCH_DATABASE_URL`` (or
``--database-url``) naming a PostgreSQL database where schemas ``bench_fonte`` and ``clinic_raw``
may be made and dropped. Prints one line per way of reading and its ratio to the COPY.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import sqlalchemy as sa

from omie_pipeline.clinic.extract import ExtractResult, extract_table
from omie_pipeline.clinic.reader import open_clinic
from omie_pipeline.clinic.sources import SourceTable

SOURCE = SourceTable(
    set_name="bench",
    name="bench_recebimentos",
    schema="clinic_raw",
    grain="fact",
    key=("id",),
    business_date="data",
    updated_at="atualizado_em",
    in_file="recebimentos.csv",
    in_database="bench_fonte.recebimentos",
)
FILL = r"""
create table bench_fonte.recebimentos as
select 'principal' as empresa, i\:\:text as id, (i % 200000)\:\:text as paciente_id,
    (i % 300)\:\:text as procedimento_id, (i % 80)\:\:text as profissional_id,
    'PIX' as forma_pagamento_id,
    date '2024-01-01' + i % 365 as data, date '2024-01-31' + i % 365 as data_vencimento,
    (i % 100000)\:\:numeric(15, 2) / 100 as valor, (i * 7)\:\:text as numero_documento,
    '001/001' as parcela, 'Consulta número ' || i as observacao,
    timestamptz '2024-01-01' + i * interval '1 second' as atualizado_em
from generate_series(1, cast(:rows as integer)) i
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of one way of copying."""

    name: str
    seconds: float


def timed(name: str, act: Callable[[], object]) -> Measured:
    started = time.perf_counter()
    act()
    return Measured(name, time.perf_counter() - started)


@contextmanager
def prepared(url: str, rows: int) -> Iterator[sa.Engine]:
    """The source filled and the target absent; both are dropped afterwards."""
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
    drop = (
        "drop schema if exists bench_fonte cascade",
        "drop table if exists clinic_raw.bench_recebimentos",
    )
    with engine.begin() as connection:
        for statement in (*drop, "create schema bench_fonte"):
            connection.exec_driver_sql(statement)
        connection.execute(sa.text(FILL), {"rows": rows})
        connection.exec_driver_sql("alter table bench_fonte.recebimentos add primary key (id)")
    try:
        yield engine
    finally:
        with engine.begin() as connection:
            for statement in drop:
                connection.exec_driver_sql(statement)
            connection.exec_driver_sql(
                "delete from clinic_raw._watermark where table_name = 'bench_recebimentos'"
            )
        engine.dispose()


def bare_copy(url: str) -> None:
    """COPY out, COPY in, into a table with the same key."""
    plain = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as source, psycopg.connect(plain) as target:
        target.execute(
            "create table bench_fonte.copia (like bench_fonte.recebimentos including all)"
        )
        with (
            source.cursor().copy("copy bench_fonte.recebimentos to stdout") as out,
            target.cursor().copy("copy bench_fonte.copia from stdin") as into,
        ):
            for block in out:
                into.write(block)


def write_csv(url: str, file: Path) -> None:
    plain = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    statement = "copy bench_fonte.recebimentos to stdout (format csv, header)"
    with (
        psycopg.connect(plain) as source,
        file.open("wb") as out,
        source.cursor().copy(statement) as copy,
    ):
        for block in copy:
            out.write(block)


def measure(url: str, rows: int) -> list[Measured]:
    with prepared(url, rows) as engine, tempfile.TemporaryDirectory() as folder:
        reader = open_clinic(url)

        def extract(full: bool = False) -> ExtractResult:
            return extract_table(reader, SOURCE, engine, empresa="principal", full=full)

        measured = [
            timed("bare COPY", lambda: bare_copy(url)),
            timed("extract, first", extract),
            timed("extract, all unchanged", lambda: extract(full=True)),
            timed("extract, incremental", extract),
        ]
        reader.close()
        write_csv(url, Path(folder) / SOURCE.in_file)
        with engine.begin() as connection:
            connection.exec_driver_sql("drop table clinic_raw.bench_recebimentos")
        files = open_clinic(folder)
        of_file = replace(SOURCE, updated_at=None)
        measured.append(
            timed(
                "extract of CSV, first",
                lambda: extract_table(files, of_file, engine, empresa="principal"),
            )
        )
        return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--database-url", default=os.environ.get("BENCH_DATABASE_URL"))
    options = parser.parse_args()
    if not options.database_url:
        parser.error("BENCH_DATABASE_URL or --database-url is needed")
    measured = measure(options.database_url, options.rows)
    for one in measured:
        ratio = one.seconds / measured[0].seconds
        print(f"extract {options.rows} rows: {one.name}: {one.seconds:.2f} s, ratio {ratio:.2f}")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"extract {options.rows} rows: peak memory of the process {peak_mb:.0f} MB")


if __name__ == "__main__":
    main()
