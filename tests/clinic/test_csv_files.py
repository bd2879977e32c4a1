"""Files that lie about their rows: read exactly, told line by line, or refused with the line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omie_pipeline.clinic.csv_layout import count_records, csv_layout
from omie_pipeline.clinic.csv_reader import CsvReader
from omie_pipeline.clinic.extract import ExtractResult, extract_table
from omie_pipeline.clinic.failures import ClinicSourceError
from omie_pipeline.clinic.reader import open_clinic
from omie_pipeline.clinic.set_aside import listed, reason_of
from omie_pipeline.errors import ConfigurationError
from tests.clinic.conftest import RECEBIMENTOS

CsvFolder = Callable[[str, str], Path]
Rows = Callable[[str], list[tuple[object, ...]]]
TABLE = replace(RECEBIMENTOS, updated_at=None)
HEADER = "id,data,valor,nota\n"
DAY = "2026-01-05"


def row(number: int, note: str = "ok") -> str:
    return f"{number},{DAY},100.00,{note}\n"


def read(folder: Path, **of_table: object) -> list[dict[str, object]]:
    table = replace(TABLE, **of_table)  # type: ignore[arg-type]
    return pa.Table.from_batches(list(CsvReader(folder).batches(table))).to_pylist()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEADER + row(1) + row(2, '"ligar amanha') + row(3), "linha 3: as aspas .* não fecham"),
        (
            HEADER + row(1) + row(2, '"ligar amanha') + row(3) + row(4, 'sem falta"'),
            r"linha 3: as aspas .* parece outra linha da tabela \(linha 4\)",
        ),
        (
            HEADER + row(1, '"ligar amanha') + row(2, '"sem falta"'),
            "linha 2: há aspas no meio de um valor",
        ),
        (HEADER + row(1, '"diz "oi" a ela"'), "linha 2: há aspas no meio de um valor"),
        (HEADER + row(1) + "2,2026-01-05,1,234.00,ok,x\n3,a\n", "linha 3: tem 6 colunas"),
        ("id,data,valor,obs\n1,2026-01-05,5,\n" + "2,2026-01-05,1280,50,\n" * 2, "linha 3: tem 5"),
        ("id,data,valor,obs\n1,2026-01-05,1280,50,\n", "linha 2: tem uma coluna a mais"),
        ("id,data,valor,\n1,2026-01-05,5,\n2,2026-01-05,5,surpresa\n", "linha 3: há um valor na"),
        ("id,data,valor\n1,2026-01-05,5\n\n2,2026-01-05,é\n", None),
    ],
)
def test_a_file_whose_rows_are_in_doubt_is_refused_with_the_line(
    csv_folder: CsvFolder, text: str, told: str | None
) -> None:
    folder = csv_folder("recebimentos.csv", text)
    if told is None:
        assert [one["id"] for one in read(folder)] == ["1", "2"]
        return
    with pytest.raises(ClinicSourceError, match=told) as error:
        read(folder)
    assert "recebimentos.csv" in str(error.value)
    assert "ligar" not in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\r\nid;data;valor\r\n1;2026-01-05;1,50\r\n",
        "\ufeffid\tdata\tvalor\n1\t2026-01-05\t1,50\n",
        "id|data|valor\n\n1|2026-01-05|1,50",
        "id;data;valor;\n1;2026-01-05;1,50;\n",
        'id,data,valor\n1,2026-01-05,"1,50",\n',
        "id;data;valor;\n1;2026-01-05;1,50\n",
        "id;data;valor\n1;2026-01-05;1,50;;\n",
        "id;data;valor\r1;2026-01-05;1,50\r",
        'id;data;valor\n"1";"2026-01-05";"1,50"\n;;\n',
    ],
)
def test_forms_of_a_file_that_are_read_exactly(
    csv_folder: CsvFolder, engine: sa.Engine, rows: Rows, text: str
) -> None:
    reader = open_clinic(str(csv_folder("recebimentos.csv", text)))
    result = extract_table(reader, TABLE, engine, empresa="e")
    assert (result.inserted, result.set_aside) == (1, ())
    assert rows("select id, data, valor from clinic_raw.recebimentos") == [("1", DAY, "1,50")]


def test_notes_over_several_lines_are_no_rows(csv_folder: CsvFolder) -> None:
    note = '"ligar\n10h, com Ana, sem falta, obrigado\n\nfim ""logo"""'
    folder = csv_folder("recebimentos.csv", HEADER + row(1, note) + row(2, 'TV 42" nova') + row(3))
    assert [one["id"] for one in read(folder)] == ["1", "2", "3"]


def test_encoding_is_declared_or_refused_with_the_line(tmp_path: Path) -> None:
    text = HEADER + row(1) + row(2, "josé – médico")
    (tmp_path / "recebimentos.csv").write_bytes(text.encode("cp1252"))
    with pytest.raises(ClinicSourceError, match=r"linha 3: o arquivo não está em UTF-8.* cp1252"):
        read(tmp_path)
    assert read(tmp_path, encoding="cp1252")[1]["nota"] == "josé – médico"
    with pytest.raises(ConfigurationError, match=r"'meta\.encoding'"):
        read(tmp_path, encoding="utf-16")
    (tmp_path / "recebimentos.csv").write_bytes(text.encode("utf-16"))
    with pytest.raises(ClinicSourceError, match="UTF-16"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("id,,data", "linha 1, coluna 2"),
        ("id,data,id", "repete a coluna 'id'"),
        ("id,valor", "linha 1: faltam as colunas data"),
        (";;", "cabeçalho está vazio"),
    ],
)
def test_headers_are_refused_with_line_and_column(
    csv_folder: CsvFolder, header: str, told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        CsvReader(csv_folder("recebimentos.csv", header + "\n1,2,3\n")).columns(TABLE)


def extract(folder: Path, engine: sa.Engine) -> ExtractResult:
    return extract_table(open_clinic(str(folder)), TABLE, engine, empresa="e")


def test_single_bad_rows_are_told_with_their_lines_and_delete_nothing(
    csv_folder: CsvFolder, engine: sa.Engine, rows: Rows
) -> None:
    good = "".join(row(number) for number in range(1, 21))
    extract(csv_folder("recebimentos.csv", HEADER + good), engine)
    bad = "1,2026-01-05,7.00,outra\n,2026-01-05,3.00,sem id\n21,2026-01-05,1,234.00,a,b\n"
    changed = HEADER + good.replace(row(20), "").replace("\n" + row(2), "\n" + row(2, "nova")) + bad
    folder = csv_folder("recebimentos.csv", changed + "TOTAL,,2000.00,\n")
    result = extract(folder, engine)
    assert (result.updated, result.deleted, result.kept_absent) == (1, 0, True)
    told = {one.what.kind: reason_of(one.what)[0] for one in listed(engine)}
    assert told == {
        "doubled_key": "a chave '1' está em 2 linhas diferentes: nenhuma delas foi copiada "
        "(recebimentos.csv, linhas 2, 21)",
        "empty_key": "1 linha(s) sem chave: nada diz de qual registro são "
        "(recebimentos.csv, linha 22)",
        "column_count": "1 linha(s) com outro número de colunas que o cabeçalho "
        "(recebimentos.csv, linha 23)",
        "total_line": "1 linha(s) de total ('TOTAL') no lugar de um registro "
        "(recebimentos.csv, linha 24)",
    }
    assert rows("select valor, nota from clinic_raw.recebimentos where id = '1'") == [
        ("100.00", "ok")
    ]
    csv_folder("recebimentos.csv", HEADER + good.replace(row(20), "") + "TOTAL,2000.00\n")
    result = extract(folder, engine)
    assert (result.deleted, [one.kind for one in result.set_aside]) == (1, ["total_line"])
    csv_folder("recebimentos.csv", HEADER + good)
    extract(folder, engine)
    assert listed(engine) == ()


def test_a_file_cut_in_half_deletes_nothing(csv_folder: CsvFolder, engine: sa.Engine) -> None:
    whole = [row(number) for number in range(30)]
    folder = csv_folder("recebimentos.csv", HEADER + "".join(whole))
    extract(folder, engine)
    csv_folder("recebimentos.csv", HEADER + "".join(whole[:10]))
    with pytest.raises(ClinicSourceError, match="perdeu 20 de 30 linhas"):
        extract(folder, engine)


_VALUES = st.text(st.sampled_from('ab1 ,;"\n\r'), max_size=8)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    table=st.lists(st.lists(_VALUES, min_size=2, max_size=2), max_size=6),
    block=st.integers(64, 128),
)
def test_any_well_written_file_is_read_whole_or_refused(
    tmp_path: Path, table: list[list[str]], block: int
) -> None:
    rows = [[f"k{number}x" * 3, DAY, *values] for number, values in enumerate(table)]
    quoted = [
        ",".join('"' + value.replace('"', '""') + '"' for value in one) + "\n" for one in rows
    ]
    (tmp_path / "recebimentos.csv").write_text(HEADER + "".join(quoted), newline="")
    reader = CsvReader(tmp_path, block_bytes=block)
    assert count_records(csv_layout(tmp_path / "recebimentos.csv", TABLE), TABLE, block) == len(
        rows
    )
    found = pa.Table.from_batches(list(reader.batches(TABLE))).to_pylist()
    assert [list(one.values()) for one in found] == [
        [value or None for value in one] for one in rows
    ]


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(lost=st.integers(0, 200), number=st.integers(1, 8))
def test_a_lost_quote_never_loses_a_row_in_silence(tmp_path: Path, lost: int, number: int) -> None:
    text = HEADER + "".join(row(one, f'"nota {one}"' if one % 2 else "ok") for one in range(number))
    quotes = [place for place, letter in enumerate(text) if letter == '"']
    if quotes:
        at = quotes[lost % len(quotes)]
        text = text[:at] + text[at + 1 :]
    (tmp_path / "recebimentos.csv").write_text(text)
    try:
        found = read(tmp_path)
    except ClinicSourceError:
        return
    assert [one["id"] for one in found] == [str(one) for one in range(number)]
