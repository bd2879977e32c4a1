"""Tables that a clinic may lack, and columns that it gets later."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa

from omie_pipeline.clinic.extract import extract_table
from omie_pipeline.clinic.reader import ClinicReader, open_clinic
from omie_pipeline.errors import ConfigurationError
from tests.clinic.conftest import RECEBIMENTOS
from tests.clinic.test_extract import Rows, Run, add, counts

OPTIONAL = replace(RECEBIMENTOS, name="pagamentos", in_database="fonte.pagamentos", optional=True)


@pytest.mark.parametrize("by_date", [False, True])
def test_an_optional_table_that_the_clinic_never_had_is_complete_with_nothing(
    reader: ClinicReader, engine: sa.Engine, rows: Rows, by_date: bool
) -> None:
    window = {"date_from": date(2024, 3, 1), "date_to": date(2024, 3, 1)} if by_date else {}
    result = extract_table(reader, OPTIONAL, engine, empresa="e", **window)
    assert (counts(result), result.absent) == ((0, 0, 0, 0, 0), True)
    assert rows("select to_regclass('clinic_raw.pagamentos')") == [(None,)]
    with pytest.raises(ConfigurationError, match="pagamentos"):
        extract_table(reader, replace(OPTIONAL, optional=False), engine, empresa="e")


def test_an_optional_table_that_went_away_is_an_error_where_it_had_rows(
    source: sa.Engine, database_url: str, engine: sa.Engine, run: Run, rows: Rows
) -> None:
    run("create table fonte.pagamentos (like fonte.recebimentos)")
    run("insert into fonte.pagamentos values ('1', '2024-03-01', 10, 'Ana', now())")
    opened = open_clinic(database_url)
    assert counts(extract_table(opened, OPTIONAL, engine, empresa="e"))[:2] == (1, 1)
    opened.close()
    run("drop table fonte.pagamentos")
    opened = open_clinic(database_url)
    with pytest.raises(ConfigurationError, match="não tem a tabela"):
        extract_table(opened, OPTIONAL, engine, empresa="e")
    assert extract_table(opened, OPTIONAL, engine, empresa="outra").absent
    opened.close()
    assert rows("select id from clinic_raw.pagamentos") == [("1",)]


def test_a_source_with_a_new_column_is_read_in_full(
    source: sa.Engine, database_url: str, engine: sa.Engine, run: Run, rows: Rows
) -> None:
    add(run, "velho", em="2024-01-01 10:00+00")
    add(run, "novo")
    for wanted in ((2, 2, 0, 0, 0), (1, 0, 0, 0, 1)):
        opened = open_clinic(database_url)
        result = extract_table(opened, RECEBIMENTOS, engine, empresa="e")
        opened.close()
        assert counts(result) == wanted
    run("alter table fonte.recebimentos add column gerar_os boolean default true")
    opened = open_clinic(database_url)
    result = extract_table(opened, RECEBIMENTOS, engine, empresa="e")
    assert (counts(result), result.incremental) == ((2, 0, 2, 0, 0), False)
    assert extract_table(opened, RECEBIMENTOS, engine, empresa="e").incremental
    opened.close()
    assert rows("select id, gerar_os from clinic_raw.recebimentos order by 1") == [
        ("novo", True),
        ("velho", True),
    ]
