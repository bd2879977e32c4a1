"""Extract of N rows against a bare COPY of the same rows."""

from __future__ import annotations

import json
import resource
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import sqlalchemy as sa

from benchmarks.bench import Bench, worker
from benchmarks.measure import Measure, seconds_of
from omie_pipeline.clinic.extract import ExtractResult, HowToRead, extract_table
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
        # As autovacuum leaves any table that somebody works with.
        connection.exec_driver_sql("analyze bench_fonte.recebimentos")
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


_BEFORE = {
    "extract": "4.6",
    "extract, all unchanged,": "4.0",
    "extract, incremental,": "0.06",
    "extract from CSV": "2.3",
}
_AT_MOST = {"extract": 2.5, "extract, incremental,": 0.03}


def measure(bench: Bench) -> list[Measure]:
    """Each way of reading against the COPY, in one process, and the memory of that process."""
    rows = bench.rows(1_000_000, 50_000)
    with bench.database("bench_extract") as url:
        found = worker("bench_extract", url, rows)
    copy_seconds = found["seconds"].pop("bare COPY")
    return [
        *(
            Measure(
                f"{name} of {rows:,} rows against a bare COPY",
                f"{seconds:.2f} s against {copy_seconds:.2f} s",
                seconds / copy_seconds,
                before=_BEFORE.get(name, ""),
                at_most=_AT_MOST.get(name),
            )
            for name, seconds in found["seconds"].items()
        ),
        Measure(f"extract of {rows:,} rows: peak memory", f"{found['peak_mb']:.0f} MB"),
    ]


def seconds_of_each(url: str, rows: int) -> dict[str, float]:
    """Seconds by way of copying."""
    with prepared(url, rows) as engine, tempfile.TemporaryDirectory() as folder:
        reader = open_clinic(url)

        def extract(full: bool = False) -> ExtractResult:
            return extract_table(
                reader, SOURCE, engine, empresa="principal", how=HowToRead(full=full)
            )

        seconds = {
            "bare COPY": seconds_of(lambda: bare_copy(url)),
            "extract": seconds_of(extract),
            "extract, all unchanged,": seconds_of(lambda: extract(full=True)),
            "extract, incremental,": seconds_of(extract),
        }
        reader.close()
        write_csv(url, Path(folder) / SOURCE.in_file)
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE clinic_raw.bench_recebimentos")
        files = open_clinic(folder)
        of_file = replace(SOURCE, updated_at=None)
        seconds["extract from CSV"] = seconds_of(
            lambda: extract_table(files, of_file, engine, empresa="principal")
        )
        return seconds


def main(url: str, rows: int) -> None:
    """Print the seconds and the peak memory of this process."""
    seconds = seconds_of_each(url, rows)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mb": peak_mb}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
