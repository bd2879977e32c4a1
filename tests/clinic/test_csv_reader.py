"""A folder of CSV files as a clinic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa

from omie_pipeline.clinic.csv_reader import CsvReader
from omie_pipeline.clinic.extract import extract_table
from omie_pipeline.clinic.failures import ClinicSourceError
from omie_pipeline.clinic.reader import open_clinic
from omie_pipeline.errors import ConfigurationError
from tests.clinic.conftest import RECEBIMENTOS

CsvFolder = Callable[[str, str], Path]
TABLE = replace(RECEBIMENTOS, updated_at=None)


def read(folder: Path, **options: object) -> list[dict[str, object]]:
    batches = list(CsvReader(folder).batches(TABLE, **options))  # type: ignore[arg-type]
    return pa.Table.from_batches(batches).to_pylist()


def test_every_column_is_text_and_empty_is_null(csv_folder: CsvFolder) -> None:
    folder = csv_folder("recebimentos.csv", 'id,data,valor\n007,2024-01-31,"1,5"\n8,,""\n')
    assert read(folder) == [
        {"id": "007", "data": "2024-01-31", "valor": "1,5"},
        {"id": "8", "data": None, "valor": None},
    ]


def test_semicolons_byte_order_mark_and_line_ends_inside_values(csv_folder: CsvFolder) -> None:
    text = '\ufeffid;data;nota\r\n1;01/02/2024;"duas\nlinhas, aspas "" e 👩‍⚕️"\r\n'
    folder = csv_folder("recebimentos.csv", text)
    assert read(folder) == [
        {"id": "1", "data": "01/02/2024", "nota": 'duas\nlinhas, aspas " e 👩‍⚕️'}
    ]
    day = date(2024, 2, 1)
    assert len(read(folder, date_from=day, date_to=day)) == 1
    assert read(folder, date_from=date(2024, 2, 2)) == []


def test_file_without_rows_gives_one_empty_batch(csv_folder: CsvFolder) -> None:
    folder = csv_folder("recebimentos.csv", "id,data\n")
    (batch,) = CsvReader(folder).batches(TABLE)
    assert batch.num_rows == 0
    assert batch.schema.names == ["id", "data"]


def test_dates_and_rows_that_have_none(csv_folder: CsvFolder) -> None:
    folder = csv_folder(
        "recebimentos.csv",
        "id,data,em\n1,2024-01-31T10:00:00Z,2024-02-01T00:00:00Z\n2,31/12/2023,x\n"
        "3,ontem,\n4,,\n5,2024-02-31,\n6,2022-01-01,2022-01-01 10:00:00\n",
    )
    reader = CsvReader(folder)
    all_dates = [date(2022, 1, 1), date(2023, 12, 31), date(2024, 1, 31)]
    since = datetime(2024, 1, 1, tzinfo=UTC)
    assert reader.changed_dates(TABLE, since) == all_dates
    assert reader.changed_dates(replace(TABLE, updated_at="em"), since) == all_dates[1:]
    assert reader.undated_rows(TABLE) == 3


def test_memory_is_a_number_of_blocks_whatever_the_length(csv_folder: CsvFolder) -> None:
    lines = "".join(f"{number},2024-01-01,{'x' * 90}\n" for number in range(60_000))
    folder = csv_folder("recebimentos.csv", "id,data,nota\n" + lines)
    before = pa.total_allocated_bytes()
    rows = most = 0
    for batch in CsvReader(folder, block_bytes=16 * 1024).batches(TABLE):
        rows += batch.num_rows
        most = max(most, pa.total_allocated_bytes() - before)
    assert rows == 60_000
    assert most < 2_000_000  # of 6.6 MB in the file


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"id,data\n1,2024-01-01,3\n", "número errado de colunas"),
        ("id,data\n1,josé\n".encode("latin-1"), "não está em UTF-8"),
        ("id,datá\n".encode("latin-1"), "não está em UTF-8"),
        (b"id,data\n1," + b"x" * 200_000 + b"\n", "mais de 65536 bytes"),
    ],
)
def test_bad_files_are_named_without_their_values(
    tmp_path: Path, content: bytes, told: str
) -> None:
    (tmp_path / "recebimentos.csv").write_bytes(content)
    with pytest.raises(ClinicSourceError, match=told) as error:
        list(CsvReader(tmp_path, block_bytes=64 * 1024).batches(TABLE))
    assert "'recebimentos'" in str(error.value)
    assert "jos" not in str(error.value)


@pytest.mark.parametrize("text", ["", "id,data,id\n", "id,,data\n", "id,valor\n"])
def test_bad_headers_are_configuration_errors(csv_folder: CsvFolder, text: str) -> None:
    with pytest.raises(ConfigurationError, match="'recebimentos'"):
        CsvReader(csv_folder("recebimentos.csv", text)).columns(TABLE)


def test_absent_file_and_absent_folder(tmp_path: Path) -> None:
    reader = open_clinic(f"csv://{tmp_path}")
    assert reader.missing_tables([TABLE]) == ("recebimentos",)
    with pytest.raises(ConfigurationError, match=r"recebimentos\.csv"):
        reader.columns(TABLE)
    with pytest.raises(ConfigurationError, match="não existe"):
        open_clinic(str(tmp_path / "nada"))


def test_partition_and_whole_reads_agree_on_what_left(
    csv_folder: CsvFolder,
    engine: sa.Engine,
    rows: Callable[[str], list[tuple[object, ...]]],
) -> None:
    header = "id,data,valor\n"
    folder = csv_folder(
        "recebimentos.csv", header + "1,01/02/2024,5\n2,2024-02-01T03:00:00Z,5\n3,2024-1-5,5\n"
    )
    reader = open_clinic(str(folder))
    assert extract_table(reader, TABLE, engine, empresa="e").inserted == 3
    csv_folder("recebimentos.csv", header + "2,2024-02-01T03:00:00Z,7\n3,2024-1-5,5\n")
    day = date(2024, 2, 1)
    result = extract_table(reader, TABLE, engine, empresa="e", date_from=day, date_to=day)
    # A day that is written otherwise is in every window.
    assert (result.read, result.updated, result.deleted) == (2, 1, 1)
    year = extract_table(
        reader, TABLE, engine, empresa="e", date_from=date(2024, 1, 1), date_to=date(2024, 12, 31)
    )
    assert (year.read, year.unchanged, year.deleted) == (2, 2, 0)
    assert rows("select id, valor from clinic_raw.recebimentos order by 1") == [
        ("2", "7"),
        ("3", "5"),
    ]


def test_repository_sample_is_read_whole() -> None:
    reader = open_clinic(str(Path(__file__).parents[2] / "sample"))
    table = replace(
        TABLE,
        name="claims_transactions",
        key=("ID",),
        business_date="FROMDATE",
        in_file="synthea/claims_transactions.csv",
    )
    batches = list(reader.batches(table))
    rows = pa.Table.from_batches(batches).to_pylist()
    assert len(rows) == 5228
    assert sum(row["TYPE"] == "PAYMENT" for row in rows) == 1843
