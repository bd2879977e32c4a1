"""SQLite as a foreign database; values that do not travel easily; what errors may say."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pyarrow as pa
import pytest
import sqlalchemy as sa

from omie_pipeline.clinic.extract import HowToRead, extract_table
from omie_pipeline.clinic.failures import ClinicSourceError
from omie_pipeline.clinic.reader import ClinicReader, open_clinic
from omie_pipeline.clinic.sql_reader import SqlReader
from omie_pipeline.clinic.sql_types import SUBSTITUTE
from omie_pipeline.errors import ConfigurationError
from tests.clinic.conftest import RECEBIMENTOS

TABLE = replace(RECEBIMENTOS, in_database="recebimentos")
Rows = Callable[[str], list[tuple[object, ...]]]


def sqlite_clinic(tmp_path: Path, *rows: tuple[object, ...]) -> ClinicReader:
    file = tmp_path / "clinica.db"
    with sqlite3.connect(file) as connection:
        connection.execute(
            "create table if not exists recebimentos "
            "(id integer, data date, valor decimal(10,2), nota text, atualizado_em datetime)"
        )
        connection.executemany("insert into recebimentos values (?, ?, ?, ?, ?)", rows)
    connection.close()
    return open_clinic(f"sqlite:///{file}")


def test_sqlite_is_incremental_over_any_iso_time(
    tmp_path: Path, engine: sa.Engine, rows: Rows
) -> None:
    reader = sqlite_clinic(tmp_path, (1, "2024-03-01", 10.5, "a", "2024-03-01T10:00:00Z"))
    assert extract_table(reader, TABLE, engine, empresa="e").inserted == 1
    sqlite_clinic(
        tmp_path,
        (2, "2024-03-01", 1, "mesmo instante", "2024-03-01 07:00:00-03:00"),
        (3, "2024-03-02", 1, "antes", "2024-02-01 10:00:00"),
        (4, "2024-03-02", 1, "sem hora que se leia", "ontem"),
    )
    result = extract_table(reader, TABLE, engine, empresa="e")
    assert result.incremental
    assert (result.read, result.inserted) == (4, 3)  # the old stamp too: its key is new
    assert rows("select id, valor, data from clinic_raw.recebimentos where id = '1'") == [
        ("1", "10.5", "2024-03-01")
    ]


def test_sqlite_dates(tmp_path: Path) -> None:
    reader = sqlite_clinic(
        tmp_path,
        (1, "2024-03-01", 1, "", "2024-03-01 10:00:00"),
        (2, "2024-03-02 08:00:00", 1, "", "2024-03-02 10:00:00"),
        (3, "que data?", 1, "", "2024-03-02 10:00:00"),
        (4, None, 1, "", "2024-03-02 10:00:00"),
    )
    since = datetime(2024, 3, 1, 10, tzinfo=UTC)
    assert reader.changed_dates(TABLE, since) == [date(2024, 3, 2)]
    assert reader.undated_rows(TABLE) == 2
    day = date(2024, 3, 2)
    (batch,) = reader.batches(TABLE, date_from=day, date_to=day)
    # What has no day is in every window: the mapping refuses it on the start date.
    assert batch.column("id").to_pylist() == ["2", "3", "4"]


def test_hard_texts_arrive_whole_and_nul_is_marked(
    tmp_path: Path, engine: sa.Engine, rows: Rows
) -> None:
    texts = [
        "Médica 👩🏽‍⚕️ e 𝔘nicode",
        'aspas " vírgula , barra \\ \\. fim',
        "linha\r\nquebrada\ttab",
        "\\.",
        "",
        "NULL",
        "x" * 300_000 + "fim",
    ]
    reader = sqlite_clinic(
        tmp_path,
        *((number, "2024-03-01", 1, text, None) for number, text in enumerate(texts)),
        (99, "2024-03-01", 1, "Ma\x00ria", None),
        (98, "2024-03-01", 1, None, None),
    )
    result = extract_table(reader, TABLE, engine, empresa="e")
    assert result.nul_marked == 1
    found = dict(rows("select id, nota from clinic_raw.recebimentos"))
    assert [found[str(number)] for number in range(len(texts))] == texts
    assert found["99"] == f"Ma{SUBSTITUTE}ria"
    assert found["98"] is None
    again = extract_table(reader, TABLE, engine, empresa="e")
    assert (again.unchanged, again.updated) == (9, 0)


def test_special_numbers_and_odd_types_arrive_as_they_are(
    source: sa.Engine, reader: ClinicReader, engine: sa.Engine, run: Callable[..., None], rows: Rows
) -> None:
    run("drop table fonte.recebimentos")
    run(
        "create table fonte.recebimentos as select 1 as id, date '2024-01-01' as data, "
        "'NaN'::numeric as valor, 'NaN'::float8 as taxa, 12345678901234567890.123456789 as exato, "
        "gen_random_uuid() as codigo, '{\"a\": \"é\"}'::jsonb as extra, '\\x00ff'::bytea as foto, "
        "true as pago, array[1,2] as lista, time '10:00' as hora, now() as atualizado_em, "
        "timestamp '2024-01-01 10:00:00.123456' as local"
    )
    assert extract_table(reader, RECEBIMENTOS, engine, empresa="e").inserted == 1
    same = (
        "select r.valor::text = 'NaN' and r.taxa = 'NaN' and r.exato = f.exato "
        "and r.codigo = f.codigo::text and r.extra::jsonb = f.extra and r.foto = f.foto "
        "and r.pago and r.lista = '[1, 2]' and r.hora = '10:00:00' and r.local = f.local "
        "and r.atualizado_em = f.atualizado_em "
        "from clinic_raw.recebimentos r, fonte.recebimentos f"
    )
    assert rows(same) == [(True,)]
    again = extract_table(reader, RECEBIMENTOS, engine, empresa="e", how=HowToRead(full=True))
    assert again.unchanged == 1


def test_infinity_and_years_before_christ_stop_no_table(
    source: sa.Engine, reader: ClinicReader, engine: sa.Engine, run: Callable[..., None], rows: Rows
) -> None:
    run("alter table fonte.recebimentos add column dia timestamp, add column preco real")
    run("alter table fonte.recebimentos add column duracao interval, add column faixa int4range")
    run(
        "insert into fonte.recebimentos values "
        "('1', 'infinity', 1, 'a', 'infinity', '-infinity', 12500.53, '36:00', '[1,5)'), "
        "('2', '0044-03-15 BC', 1, 'b', '0044-03-15 BC', '0044-03-15 BC', 0.1, null, null), "
        "('3', '2026-02-07', 1, 'c', '2026-02-07 10:00-03', '2026-02-07', 16777216, null, null)"
    )
    assert extract_table(reader, RECEBIMENTOS, engine, empresa="e").inserted == 3
    same = (
        "select bool_and(r.data = f.data and r.dia = f.dia and r.atualizado_em = f.atualizado_em) "
        "from clinic_raw.recebimentos r join fonte.recebimentos f using (id)"
    )
    assert rows(same) == [(True,)]
    assert rows("select preco::text, duracao, faixa from clinic_raw.recebimentos order by id") == [
        ("12500.53", "36:00:00", "[1,5)"),
        ("0.1", None, None),
        ("16777216", None, None),
    ]
    assert (
        extract_table(reader, RECEBIMENTOS, engine, empresa="e", how=HowToRead(full=True)).unchanged
        == 3
    )
    newest = reader.newest_change(RECEBIMENTOS, until=datetime.now(UTC))
    assert newest == datetime(2026, 2, 7, 13, tzinfo=UTC)
    assert reader.undated_rows(RECEBIMENTOS) == 2
    assert reader.changed_dates(RECEBIMENTOS, datetime(2020, 1, 1, tzinfo=UTC)) == [
        date(2026, 2, 7)
    ]


def test_numbers_of_sqlite_are_exact_and_say_that_they_have_a_point(
    tmp_path: Path, engine: sa.Engine, rows: Rows
) -> None:
    reader = sqlite_clinic(
        tmp_path,
        (1, "2024-03-01", 1280.0, "1.280", None),
        (2, "2024-03-01", 1e16, b"\xff", None),
        (3, "2024-03-01", 1.5e-7, None, None),
    )
    file = tmp_path / "clinica.db"
    with sqlite3.connect(file) as connection:
        connection.execute("update recebimentos set nota = cast(x'4a6f73e9' as text) where id = 3")
    connection.close()
    extract_table(reader, TABLE, engine, empresa="e")
    assert rows("select id, valor, nota from clinic_raw.recebimentos order by id") == [
        ("1", "1280", "1.280"),
        ("2", "10000000000000000", "\\xff"),
        ("3", "0.00000015", f"Jos{SUBSTITUTE}"),
    ]
    marked = (
        "select attname from pg_attribute where attrelid = 'clinic_raw.recebimentos'::regclass "
        "and col_description(attrelid, attnum) = 'omie_pipeline decimal=.' order by 1"
    )
    assert rows(marked) == [("id",), ("valor",)]


def test_batches_are_bounded_whatever_the_number_of_rows(
    source: sa.Engine, run: Callable[..., None]
) -> None:
    run(
        "insert into fonte.recebimentos select i::text, '2024-01-01', i, repeat('x', 100), now() "
        "from generate_series(1, 20000) i"
    )
    reader = SqlReader(source, batch_rows=1000)
    before = pa.total_allocated_bytes()
    most, sizes = 0, []
    for batch in reader.batches(RECEBIMENTOS):
        sizes.append(batch.num_rows)
        most = max(most, pa.total_allocated_bytes() - before)
    assert sizes == [1000] * 20
    assert most < 1_000_000


@pytest.mark.parametrize("password", ["s3nh4-secreta", "a/b c@d%"])
def test_password_is_in_no_error(password: str) -> None:
    url = sa.URL.create(
        "postgresql", "medico", password, host="127.0.0.1", port=1, database="clinica"
    )
    reader = open_clinic(url.render_as_string(hide_password=False))
    with pytest.raises(ClinicSourceError, match="não respondeu") as error:
        reader.columns(TABLE)
    seen: BaseException | None = error.value
    while seen is not None:
        assert password not in f"{seen} {seen!r}"
        seen = None if seen.__suppress_context__ else seen.__context__
    assert password not in reader.fingerprint


@pytest.mark.parametrize(
    "url",
    [
        "nada://u:s3nh4@h/b",
        "postgresql://u:s3nh4@h:porta/b",
        "oracle+oracledb://u:s3nh4@h/b",
        "warehouse://",
    ],
)
def test_wrong_urls_are_configuration_errors_without_the_password(url: str) -> None:
    with pytest.raises(ConfigurationError, match="CLINIC_URL") as error:
        open_clinic(url)
    assert "s3nh4" not in str(error.value)


def test_absent_table_and_column_are_named(tmp_path: Path) -> None:
    reader = sqlite_clinic(tmp_path)
    absent = replace(TABLE, name="repasses", in_database="repasses")
    assert reader.missing_tables([TABLE, absent]) == ("repasses",)
    with pytest.raises(ConfigurationError, match="'repasses'"):
        reader.columns(absent)
    with pytest.raises(ConfigurationError, match="faltam as colunas emitido, numero"):
        reader.columns(replace(TABLE, key=("numero",), business_date="emitido"))


@pytest.mark.parametrize("written", ["a b@c", "a%20b%40c", "a+b%40c"])
def test_what_a_driver_says_of_an_unknown_failure_is_not_repeated(written: str) -> None:
    def refuse() -> None:
        raise psycopg.OperationalError(f"cannot reach postgresql://medico:{written}@h\nsecond line")

    url = sa.URL.create("postgresql+psycopg", "medico", "a b@c", host="h", database="clinica")
    reader = SqlReader(sa.create_engine(url, creator=refuse))
    with pytest.raises(ClinicSourceError, match=r"recusou \(OperationalError\)$"):
        reader.columns(TABLE)
