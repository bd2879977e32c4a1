"""MariaDB as a clinic: every value arrives as the server has it, whatever its driver thinks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from omie_pipeline.clinic.extract import HowToRead, extract_table
from omie_pipeline.clinic.reader import ClinicReader, open_clinic
from omie_pipeline.clinic.sources import SourceTable
from omie_pipeline.clinic.sql_reader import SqlReader
from tests.clinic.conftest import RECEBIMENTOS

TABLE = replace(RECEBIMENTOS, in_database="recebimentos", updated_at="atualizado_em")
Rows = Callable[[str], list[tuple[object, ...]]]


@pytest.fixture
def clinic(mariadb: sa.Engine) -> Iterator[ClinicReader]:
    """A table of every kind of column, with three rows."""
    with mariadb.begin() as connection:
        connection.exec_driver_sql(
            "create table recebimentos (id int primary key, data date, valor float, "
            "valor_fixo float(10,2), taxa double, exato decimal(30,10), hora time, ano year, "
            "criado datetime(3), atualizado_em timestamp null, dias set('seg','ter','qua'), "
            "forma enum('PIX','Dinheiro'), extra json, pago bit(1), marcas bit(8), ativo bool, "
            "grande bigint unsigned, foto varbinary(4), nome varchar(40) character set latin1, "
            "codigo uuid)"
        )
        connection.exec_driver_sql("set time_zone = '-03:00'")
        connection.exec_driver_sql(
            "insert into recebimentos values "
            "(1, '2026-02-07', 12500.53, 12500.53, 0.1, 12345678901234567890.0123456789, "
            "'30:15:00', 2026, '2026-02-07 10:00:00.123', '2026-01-31 22:30:00', 'qua,seg', "
            """'PIX', '{"b": 1, "a": "é"}', b'1', b'101', true, 18446744073709551615, x'00ff', """
            "'José', '123e4567-e89b-12d3-a456-426614174000'), "
            "(2, '0000-00-00', 0.1, 16777216, 1e16, 0, '00:00:00', 0, '0000-00-00 00:00:00', "
            "'2026-02-01 00:00:00', '', '', null, b'0', b'0', false, 0, '', '', null), "
            "(3, '2026-02-00', null, null, null, null, null, null, null, "
            "0, null, null, null, null, null, null, null, null, null, null)"
        )
    reader = open_clinic(mariadb.url.render_as_string(hide_password=False))
    yield reader
    reader.close()


def test_every_kind_of_column_arrives_as_the_server_has_it(
    clinic: ClinicReader, engine: sa.Engine, rows: Rows
) -> None:
    assert extract_table(clinic, TABLE, engine, empresa="e").inserted == 3
    found = rows("select to_jsonb(r) - '{_empresa,_extracted_at}'::text[] from "
                 "(select id, data, valor::text, valor_fixo::text, taxa::text, exato::text, hora, "
                 "ano, criado, atualizado_em, dias, forma, extra, pago::text, marcas::text, ativo, "
                 "grande::text, foto::text, nome, codigo "
                 "from clinic_raw.recebimentos order by id) r")  # fmt: skip
    assert found[0][0] == {
        "id": 1,
        "data": "2026-02-07",
        "valor": "12500.53",
        "valor_fixo": "12500.53",
        "taxa": "0.1",
        "exato": "12345678901234567890.0123456789",
        "hora": "30:15:00",
        "ano": "2026",
        "criado": "2026-02-07 10:00:00.123",
        "atualizado_em": "2026-02-01 01:30:00+00:00",
        "dias": "seg,qua",
        "forma": "PIX",
        "extra": '{"b": 1, "a": "é"}',
        "pago": "1",
        "marcas": "5",
        "ativo": 1,
        "grande": "18446744073709551615",
        "foto": "\\x00ff",
        "nome": "José",
        "codigo": "123e4567-e89b-12d3-a456-426614174000",
    }
    second, third = found[1][0], found[2][0]
    assert (second["data"], second["criado"]) == ("0000-00-00", "0000-00-00 00:00:00.000")
    assert (second["valor"], second["valor_fixo"], second["taxa"]) == ("0.1", "16777216", "1e+16")
    assert (third["data"], third["atualizado_em"]) == ("2026-02-00", "0000-00-00 00:00:00")


def test_nothing_looks_changed_at_the_next_read(clinic: ClinicReader, engine: sa.Engine) -> None:
    extract_table(clinic, TABLE, engine, empresa="e")
    again = extract_table(clinic, TABLE, engine, empresa="e", how=HowToRead(full=True))
    assert (again.unchanged, again.updated) == (3, 0)


def test_days_and_changes_over_zero_dates(clinic: ClinicReader) -> None:
    assert clinic.undated_rows(TABLE) == 2
    assert clinic.newest_change(TABLE, until=datetime.now(UTC)) == datetime(
        2026, 2, 1, 3, tzinfo=UTC
    )
    assert clinic.changed_dates(TABLE, datetime(2020, 1, 1, tzinfo=UTC)) == [date(2026, 2, 7)]
    day = date(2026, 2, 7)
    (batch,) = clinic.batches(TABLE, date_from=day, date_to=day)
    # What has no day that can be read is in every window, or nobody would ever refuse it.
    assert batch.column("id").to_pylist() == [1, 2, 3]


def test_day_of_a_timestamp_is_the_clinics_and_its_window_holds_it(clinic: ClinicReader) -> None:
    table = replace(TABLE, business_date="atualizado_em")
    day = date(2026, 1, 31)  # row 1 is of 22:30 in São Paulo, 01:30 of the next day in UTC
    since = datetime(2026, 2, 1, 1, tzinfo=UTC)
    assert clinic.changed_dates(table, since) == [day, date(2026, 2, 1)]
    read = [
        batch.column("id").to_pylist()
        for batch in clinic.batches(table, date_from=day, date_to=day)
    ]
    assert read == [[1, 2, 3]]  # the third has no day at all


def test_keys_are_counted_by_the_server(
    clinic: ClinicReader, mariadb: sa.Engine, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    extract_table(clinic, TABLE, engine, empresa="e")
    before = clinic.key_digest(TABLE)
    assert before is not None
    assert before.rows == 3
    with mariadb.begin() as connection:
        connection.exec_driver_sql("delete from recebimentos where id = 1")
        connection.exec_driver_sql(
            "insert into recebimentos (id, data, atualizado_em) "
            "values (9, '2026-02-08', '2020-01-01')"
        )
    result = extract_table(clinic, TABLE, engine, empresa="e")
    assert (result.incremental, result.inserted, result.deleted) == (True, 1, 1)
    monkeypatch.setattr(SqlReader, "batches", _only_rows(SqlReader.batches))
    assert extract_table(clinic, TABLE, engine, empresa="e").incremental


def _only_rows(read: Callable[..., Any]) -> Callable[..., Any]:
    def batches(self: SqlReader, table: SourceTable, **options: Any) -> Any:
        assert options.get("columns") is None, "the keys were read although the digests agree"
        return read(self, table, **options)

    return batches


@pytest.mark.parametrize(("zone", "day"), [("America/Sao_Paulo", 1), ("America/Manaus", 31)])
def test_day_of_a_timestamp_is_the_clinics(
    clinic: ClinicReader, mariadb: sa.Engine, zone: str, day: int
) -> None:
    with mariadb.begin() as connection:
        connection.exec_driver_sql("set time_zone = '+00:00'")
        connection.exec_driver_sql("delete from recebimentos where id > 1")
        connection.exec_driver_sql("update recebimentos set atualizado_em = '2026-11-01 03:30:00'")
    by_stamp = replace(TABLE, business_date="atualizado_em", updated_at=None)
    reader = open_clinic(mariadb.url.render_as_string(hide_password=False), time_zone=zone)
    (found,) = reader.changed_dates(by_stamp, datetime(2026, 1, 1, tzinfo=UTC))
    reader.close()
    assert found.day == day
