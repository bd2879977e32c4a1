"""What a PostgreSQL writes for another is copied as if every value were looked at on its way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from omie_pipeline.clinic.extract import HowToRead, extract_table
from omie_pipeline.clinic.reader import ClinicReader
from omie_pipeline.clinic.sql_reader import SqlReader
from omie_pipeline.clinic.windows import DateWindow
from tests.clinic.conftest import RECEBIMENTOS

Run = Callable[..., None]
Rows = Callable[[str], list[tuple[object, ...]]]
WIDE = replace(RECEBIMENTOS, name="largos", in_database="fonte.largos")
MAKE = """
create table fonte.largos (
    id integer primary key, data date, atualizado_em timestamptz, valor numeric, curto char(5),
    nota text, feito timestamp, hora time, dobro double precision, sim boolean, bytes bytea,
    lista text[], dados jsonb, chave uuid, intervalo interval, endereco inet, preco money,
    grande bigint, "Com Espaço" varchar(20)
)
"""
ROWS = r"""
insert into fonte.largos values
    (1, '2024-03-01', '2024-03-01 10:00:00.123456-03', 10.10, 'ab', E'a\tb\\c\nd\re"f;\\.',
     '2024-03-01 23:59:59.999', '10:00', 0.1, true, '\x00ff0a5c', '{a,"b,c",null}', '{"a": [1]}',
     '00000000-0000-0000-0000-000000000001', '1 day 02:00', '10.0.0.1', 12.34, 9223372036854775807,
     'çãõ'),
    (2, 'infinity', '-infinity', 'NaN', '', '', 'infinity', '24:00', 'Infinity', false, '', '{}',
     'null', null, '-1 mon', '::1/64', -1, -9223372036854775808, '\N'),
    (3, '0044-03-15 BC', null, 1e-20, null, '\N', null, null, 1e300, null, null, null, '"\\N"',
     null, null, null, null, null, null),
    (4, null, '2024-03-01', 123456789012345678901234567890.1, 'é', E'\\', '0001-01-01', '00:00',
     -0.0, true, '\x', '{{1,2},{3,4}}', '1.50', null, '00:00:00.000001', null, 0, 0, ' ')
"""


@pytest.fixture
def wide(source: sa.Engine, run: Run) -> None:
    run(MAKE)
    run(ROWS.replace(":", r"\:"))


def copied(rows: Rows, table: str) -> list[tuple[object, ...]]:
    found = rows(f"select to_jsonb(t) - '_extracted_at' from clinic_raw.{table} t order by id")
    types = rows(
        "select column_name, data_type from information_schema.columns "
        f"where table_schema = 'clinic_raw' and table_name = '{table}' order by 1"
    )
    return [*found, *types]


def test_every_value_arrives_as_it_does_when_it_is_looked_at(
    reader: ClinicReader,
    engine: sa.Engine,
    wide: None,
    rows: Rows,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert reader.text_rows(WIDE, "e", DateWindow()) is not None
    extract_table(reader, WIDE, engine, empresa="e")
    looked_at = replace(WIDE, name="olhados")
    monkeypatch.setattr(SqlReader, "text_rows", lambda *_, **__: None)
    extract_table(reader, looked_at, engine, empresa="e")
    assert copied(rows, "largos") == copied(rows, "olhados")
    again = extract_table(reader, WIDE, engine, empresa="e", how=HowToRead(full=True))
    assert (again.inserted, again.updated, again.unchanged) == (0, 0, 4)


def test_a_single_precision_number_is_looked_at(
    reader: ClinicReader, engine: sa.Engine, source: sa.Engine, run: Run, rows: Rows
) -> None:
    run("alter table fonte.recebimentos add preco real")
    run("insert into fonte.recebimentos (id, preco) values ('1', 12500.53)")
    assert reader.text_rows(RECEBIMENTOS, "e", DateWindow()) is None
    extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    assert rows("select preco::text from clinic_raw.recebimentos") == [("12500.53",)]


def test_a_table_filled_at_once_is_as_one_made_beforehand(
    reader: ClinicReader, engine: sa.Engine, run: Run, rows: Rows
) -> None:
    run("insert into fonte.recebimentos (id, valor) values ('1', 1)")
    extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    made = rows(
        "select column_name, is_nullable, column_default from information_schema.columns "
        "where table_schema = 'clinic_raw' and table_name = 'recebimentos' "
        "and (is_nullable = 'NO' or column_default is not null) order by 1"
    )
    assert made == [("_empresa", "NO", None), ("_extracted_at", "NO", None), ("id", "NO", None)]
    keys = rows(
        "select conname, pg_get_constraintdef(oid) from pg_constraint "
        "where conrelid = 'clinic_raw.recebimentos'::regclass and contype = 'p'"
    )
    assert keys == [("recebimentos_pkey", "PRIMARY KEY (_empresa, id)")]


@pytest.mark.parametrize("bad", ["('2', 2), ('2', 3)", "(null, 2)"])
def test_rows_without_a_key_of_their_own_are_set_aside_by_the_first_copy_too(
    reader: ClinicReader, engine: sa.Engine, run: Run, rows: Rows, bad: str
) -> None:
    run(f"insert into fonte.recebimentos (id, valor) values ('1', 1), ('1', 1), {bad}")
    result = extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    assert (result.inserted, result.repeated, len(result.set_aside)) == (1, 1, 1)
    assert rows("select _empresa, id from clinic_raw.recebimentos") == [("e", "1")]
    run("delete from fonte.recebimentos where id is distinct from '1'")
    assert not extract_table(reader, RECEBIMENTOS, engine, empresa="e").set_aside


def test_what_did_not_change_is_not_read(
    reader: ClinicReader, engine: sa.Engine, run: Run, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the newest row went: nothing has a new stamp, and the keys tell."""
    run("insert into fonte.recebimentos (id, atualizado_em) values ('1', '2024-03-01')")
    run("insert into fonte.recebimentos (id, atualizado_em) values ('2', '2024-03-05')")
    extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    run("delete from fonte.recebimentos where id = '2'")
    asked: list[Any] = []
    read = SqlReader.text_rows

    def text_rows(self: SqlReader, *whose: Any, **options: Any) -> Any:
        asked.append(options.get("columns"))
        return read(self, *whose, **options)

    monkeypatch.setattr(SqlReader, "text_rows", text_rows)
    result = extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    assert (result.read, result.deleted) == (0, 1)
    assert asked == [("id",)]


def test_a_row_that_stands_there_as_it_is_is_not_merged(
    reader: ClinicReader, engine: sa.Engine, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NULL is a value like any other to the comparison."""
    run("insert into fonte.recebimentos (id, valor) values ('1', null), ('2', 2), ('3', 3)")
    extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    run("update fonte.recebimentos set valor = null where id = '2'")
    run("update fonte.recebimentos set valor = 1 where id = '1'")
    result = extract_table(reader, RECEBIMENTOS, engine, empresa="e", how=HowToRead(full=True))
    assert (result.inserted, result.updated, result.unchanged) == (0, 2, 1)
