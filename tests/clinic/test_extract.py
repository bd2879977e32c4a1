"""Copying a PostgreSQL source: what each way of reading concludes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from omie_pipeline.clinic.changed_dates import moved_dates
from omie_pipeline.clinic.extract import HowToRead, extract_table
from omie_pipeline.clinic.failures import ClinicSourceError
from omie_pipeline.clinic.reader import ClinicReader, open_clinic
from omie_pipeline.clinic.set_aside import listed
from omie_pipeline.clinic.sql_reader import SqlReader
from omie_pipeline.errors import ConfigurationError, WarehouseError
from tests.clinic.conftest import RECEBIMENTOS
from tests.machine_clock import machine_clock

Run = Callable[..., None]
Rows = Callable[[str], list[tuple[object, ...]]]
INSERT = "insert into fonte.recebimentos values (:id, :data, :valor, :paciente, :em)"
COPIES = "select id, valor, paciente from clinic_raw.recebimentos order by id"


def add(run: Run, id: str, day: str = "2024-03-01", em: str = "2024-03-01 10:00+00") -> None:
    run(INSERT, id=id, data=date.fromisoformat(day), valor=10, paciente="Ana", em=em)


def mark(rows: Rows) -> object:
    return rows("select updated_at_max from clinic_raw._watermark")[0][0]


def counts(result: object) -> tuple[int, ...]:
    return tuple(
        getattr(result, name) for name in ("read", "inserted", "updated", "deleted", "unchanged")
    )


def test_copies_columns_types_and_whose_rows_they_are(
    reader: ClinicReader, engine: sa.Engine, run: Run, rows: Rows
) -> None:
    add(run, "1")
    result = extract_table(reader, RECEBIMENTOS, engine, empresa="principal")
    assert counts(result) == (1, 1, 0, 0, 0)
    types = rows(
        "select column_name, data_type from information_schema.columns "
        "where table_schema = 'clinic_raw' and table_name = 'recebimentos' order by 1"
    )
    assert dict(types) == {
        "_empresa": "text",
        "_extracted_at": "timestamp with time zone",
        "atualizado_em": "timestamp with time zone",
        "data": "date",
        "id": "text",
        "paciente": "text",
        "valor": "numeric",
    }
    assert rows("select _empresa from clinic_raw.recebimentos") == [("principal",)]


def test_second_read_changes_nothing_and_keeps_the_time_of_arrival(
    reader: ClinicReader, engine: sa.Engine, run: Run, rows: Rows
) -> None:
    add(run, "1")
    extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    arrived = rows("select _extracted_at from clinic_raw.recebimentos")
    result = extract_table(reader, RECEBIMENTOS, engine, empresa="e", how=HowToRead(full=True))
    assert counts(result) == (1, 0, 0, 0, 1)
    assert rows("select _extracted_at from clinic_raw.recebimentos") == arrived


def test_incremental_read_takes_rows_with_the_watermarks_own_timestamp(
    reader: ClinicReader, engine: sa.Engine, run: Run, rows: Rows
) -> None:
    add(run, "1", em="2024-03-01 10:00+00")
    add(run, "2", em="2024-03-05 10:00+00")
    extract_table(reader, RECEBIMENTOS, engine, empresa="e", how=HowToRead(overlap=timedelta(0)))
    assert mark(rows) == datetime(2024, 3, 5, 10, tzinfo=UTC)
    add(run, "3", em="2024-03-05 10:00+00")
    result = extract_table(
        reader, RECEBIMENTOS, engine, empresa="e", how=HowToRead(overlap=timedelta(0))
    )
    assert result.incremental
    assert counts(result) == (2, 1, 0, 0, 1)


def test_incremental_read_takes_rows_committed_late_and_rows_without_a_time(
    reader: ClinicReader, engine: sa.Engine, run: Run, rows: Rows
) -> None:
    add(run, "1", em="2024-03-05 10:00+00")
    extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    add(run, "2", em="2024-03-05 09:57+00")
    run(INSERT, id="3", data=date(2020, 1, 1), valor=1, paciente="Eva", em=None)
    result = extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    assert counts(result) == (3, 2, 0, 0, 1)


def test_time_in_the_future_does_not_hide_later_rows(
    reader: ClinicReader, engine: sa.Engine, run: Run, rows: Rows
) -> None:
    add(run, "1", em="2199-01-01 00:00+00")
    extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    run(INSERT, id="2", data=date(2024, 1, 1), valor=1, paciente="Eva", em=datetime.now(UTC))
    assert extract_table(reader, RECEBIMENTOS, engine, empresa="e").inserted == 1


def test_a_machine_ahead_hides_no_rows_behind_one_of_tomorrow(
    reader: ClinicReader, engine: sa.Engine, run: Run
) -> None:
    now, weekly = datetime.now(UTC), HowToRead(full_every_days=7)
    add(run, "1", em=str(now + timedelta(hours=20)))
    with machine_clock(timedelta(days=1)):
        extract_table(reader, RECEBIMENTOS, engine, empresa="e", how=weekly)
        run(INSERT, id="2", data=date(2024, 1, 1), valor=1, paciente="Eva", em=now)
        extract_table(reader, RECEBIMENTOS, engine, empresa="e", how=weekly)
        run("update fonte.recebimentos set valor = 9 where id = '2'")
        again = extract_table(reader, RECEBIMENTOS, engine, empresa="e", how=weekly)
    assert again.updated == 1


@pytest.mark.parametrize("days", [-400, -1, 1, 400])
def test_a_machines_wrong_day_neither_puts_off_nor_repeats_the_days_full_read(
    reader: ClinicReader, engine: sa.Engine, run: Run, days: int
) -> None:
    add(run, "1", em="2026-01-01")
    with machine_clock(timedelta(days=days)):
        extract_table(reader, RECEBIMENTOS, engine, empresa="e")
        assert extract_table(reader, RECEBIMENTOS, engine, empresa="e").incremental
        run("update clinic_raw._watermark set full_at = full_at - interval '1 day'")
        assert not extract_table(reader, RECEBIMENTOS, engine, empresa="e").incremental


@pytest.mark.parametrize("key_type", ["text", "integer"])
def test_deletion_shows_in_the_keys_without_a_full_read(
    reader: ClinicReader, engine: sa.Engine, run: Run, rows: Rows, key_type: str
) -> None:
    run(f"alter table fonte.recebimentos alter column id type {key_type} using id::{key_type}")
    for number in range(1, 4):
        add(run, str(number) if key_type == "text" else number)  # type: ignore[arg-type]
    extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    run("delete from fonte.recebimentos where id::text = '1'")
    result = extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    assert result.incremental
    assert result.deleted == 1
    assert rows("select id::text from clinic_raw.recebimentos order by 1") == [("2",), ("3",)]


def test_row_that_comes_late_with_an_old_stamp_is_fetched_by_its_key(
    reader: ClinicReader, engine: sa.Engine, run: Run, rows: Rows
) -> None:
    add(run, "1", em="2026-03-05 10:00+00")
    extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    add(run, "2", em="2020-01-01")
    run("delete from fonte.recebimentos where id = '1'")
    result = extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    assert result.incremental
    assert (result.read, result.inserted, result.deleted) == (1, 1, 1)


def test_clocks_of_writers_may_be_hours_apart_where_stamps_have_no_zone(
    reader: ClinicReader, database_url: str, engine: sa.Engine, run: Run
) -> None:
    run("alter table fonte.recebimentos alter column atualizado_em type timestamp")
    add(run, "1", em="2026-03-05 13:00")
    again = open_clinic(database_url)
    extract_table(again, RECEBIMENTOS, engine, empresa="e")
    run("update fonte.recebimentos set valor = 99, atualizado_em = '2026-03-05 10:05'")
    assert extract_table(again, RECEBIMENTOS, engine, empresa="e").updated == 1
    add(run, "2", em="2027-01-01 00:00")
    extract_table(again, RECEBIMENTOS, engine, empresa="e")
    run("update fonte.recebimentos set valor = 98, atualizado_em = now() where id = '1'")
    run("update fonte.recebimentos set valor = 97 where id = '2'")
    assert extract_table(again, RECEBIMENTOS, engine, empresa="e").updated == 2
    again.close()


def test_keys_that_agree_are_not_read(
    reader: ClinicReader, engine: sa.Engine, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(run, "1")
    extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    asked: list[object] = []
    read = SqlReader.text_rows

    def text_rows(self: SqlReader, *whose: Any, **options: Any) -> Any:
        asked.append(options.get("columns"))
        return read(self, *whose, **options)

    monkeypatch.setattr(SqlReader, "text_rows", text_rows)
    add(run, "2", em="2026-03-02")
    extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    assert asked == [None]


def test_first_read_of_a_clinics_day_is_a_full_one(
    reader: ClinicReader, engine: sa.Engine, run: Run, rows: Rows
) -> None:
    add(run, "1", em="2026-01-01")
    add(run, "2", em="2026-02-01")
    extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    run("update fonte.recebimentos set valor = 99 where id = '1'")  # its stamp says nothing
    assert extract_table(reader, RECEBIMENTOS, engine, empresa="e").updated == 0
    run("update clinic_raw._watermark set full_at = full_at - interval '1 day'")
    weekly = HowToRead(full_every_days=7)
    assert extract_table(reader, RECEBIMENTOS, engine, empresa="e", how=weekly).updated == 0
    assert extract_table(reader, RECEBIMENTOS, engine, empresa="e").updated == 1
    assert extract_table(reader, RECEBIMENTOS, engine, empresa="e").incremental


def test_source_that_lost_half_of_its_rows_is_refused_until_a_person_says_so(
    reader: ClinicReader, engine: sa.Engine, run: Run, rows: Rows
) -> None:
    for number in range(20):
        add(run, str(number))
    extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    run("delete from fonte.recebimentos where id::int >= 8")
    for how in (HowToRead(), HowToRead(full=True), HowToRead(recopy=True)):
        with pytest.raises(
            ClinicSourceError, match=r"perdeu 12 de 20 .* --accept-shrunk recebimentos"
        ):
            extract_table(reader, RECEBIMENTOS, engine, empresa="e", how=how)
    assert rows("select count(*) from clinic_raw.recebimentos") == [(20,)]
    accepted = HowToRead(accept_shrunk=True)
    assert extract_table(reader, RECEBIMENTOS, engine, empresa="e", how=accepted).deleted == 12


def test_partition_read_drops_its_deleted_rows_and_leaves_the_watermark(
    reader: ClinicReader, engine: sa.Engine, run: Run, rows: Rows
) -> None:
    add(run, "1", "2024-03-01")
    add(run, "2", "2024-03-01")
    add(run, "3", "2024-03-02")
    extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    before = mark(rows)
    run("delete from fonte.recebimentos where id in ('1', '3')")
    run("update fonte.recebimentos set valor = 99, atualizado_em = '2024-04-01' where id = '2'")
    add(run, "4", "2024-03-02", em="2024-04-01")
    day = date(2024, 3, 1)
    result = extract_table(reader, RECEBIMENTOS, engine, empresa="e", date_from=day, date_to=day)
    assert counts(result) == (1, 0, 1, 1, 0)
    assert [row[0] for row in rows(COPIES)] == ["2", "3"]
    assert mark(rows) == before
    assert extract_table(reader, RECEBIMENTOS, engine, empresa="e").inserted == 1


def test_partition_read_before_any_other_leaves_no_watermark(
    reader: ClinicReader, engine: sa.Engine, run: Run, rows: Rows
) -> None:
    add(run, "1", "2024-03-01")
    add(run, "2", "2024-01-01", em="2024-01-01")
    day = date(2024, 3, 1)
    extract_table(reader, RECEBIMENTOS, engine, empresa="e", date_from=day, date_to=day)
    assert rows("select * from clinic_raw._watermark") == []
    assert extract_table(reader, RECEBIMENTOS, engine, empresa="e").inserted == 1


def test_row_that_moved_to_another_day_follows_its_new_day(
    reader: ClinicReader, engine: sa.Engine, run: Run, rows: Rows
) -> None:
    add(run, "1", "2024-03-01")
    extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    run("update fonte.recebimentos set data = '2024-03-09', atualizado_em = '2024-03-09'")
    since = datetime(2024, 3, 5, tzinfo=UTC)
    assert reader.changed_dates(RECEBIMENTOS, since) == [date(2024, 3, 9)]
    for day in (date(2024, 3, 9), date(2024, 3, 1)):
        extract_table(reader, RECEBIMENTOS, engine, empresa="e", date_from=day, date_to=day)
    assert rows("select data from clinic_raw.recebimentos") == [(date(2024, 3, 9),)]


def test_dates_of_deleted_and_late_rows_are_told_by_the_keys(
    reader: ClinicReader, engine: sa.Engine, run: Run, rows: Rows
) -> None:
    assert moved_dates(reader, RECEBIMENTOS, engine, "e") == []
    add(run, "1", "2024-03-01")
    add(run, "2", "2024-03-02")
    extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    assert moved_dates(reader, RECEBIMENTOS, engine, "e") == []
    run("delete from fonte.recebimentos where id = '1'")
    add(run, "3", "2024-03-09", em="2020-01-01")
    since = datetime(2026, 1, 1, tzinfo=UTC)
    assert reader.changed_dates(RECEBIMENTOS, since) == []
    moved = moved_dates(reader, RECEBIMENTOS, engine, "e")
    assert moved == [date(2024, 3, 1), date(2024, 3, 9)]
    for day in moved:
        extract_table(reader, RECEBIMENTOS, engine, empresa="e", date_from=day, date_to=day)
    assert moved_dates(reader, RECEBIMENTOS, engine, "e") == []
    assert [row[0] for row in rows(COPIES)] == ["2", "3"]


def test_empresas_do_not_touch_each_other(
    reader: ClinicReader, engine: sa.Engine, run: Run, rows: Rows
) -> None:
    table = replace(RECEBIMENTOS, empresa_column="paciente")
    add(run, "1")
    run(INSERT, id="2", data=date(2024, 3, 1), valor=1, paciente="Eva", em="2024-03-01")
    assert extract_table(reader, table, engine, empresa="Ana").read == 1
    assert extract_table(reader, table, engine, empresa="Eva").read == 1
    run("delete from fonte.recebimentos where id = '1'")
    assert (
        extract_table(reader, table, engine, empresa="Ana", how=HowToRead(full=True)).deleted == 1
    )
    assert rows("select _empresa, id from clinic_raw.recebimentos") == [("Eva", "2")]


def test_row_that_loses_its_empresa_stays_and_is_set_aside(
    reader: ClinicReader, engine: sa.Engine, run: Run, rows: Rows
) -> None:
    table = replace(RECEBIMENTOS, empresa_column="paciente")
    add(run, "1")
    add(run, "2")
    assert extract_table(reader, table, engine, empresa="Ana").set_aside == ()
    run("update fonte.recebimentos set paciente = ' ' where id = '1'")
    run("delete from fonte.recebimentos where id = '2'")
    for how in (HowToRead(), HowToRead(full=True)):
        result = extract_table(reader, table, engine, empresa="Ana", how=how)
        assert (result.deleted, result.kept_absent) == (0, True)
        (told,) = result.set_aside
        assert (told.kind, told.key, told.rows) == ("empty_empresa", "paciente", 1)
    assert [entry.what.kind for entry in listed(engine)] == ["empty_empresa"]
    run("update fonte.recebimentos set paciente = 'Ana' where id = '1'")
    mended = extract_table(reader, table, engine, empresa="Ana", how=HowToRead(full=True))
    assert (mended.deleted, mended.kept_absent, listed(engine)) == (1, False, ())
    assert rows("select id from clinic_raw.recebimentos") == [("1",)]


def test_renamed_column_stops_its_table_until_the_copy_is_made_anew(
    reader: ClinicReader, database_url: str, engine: sa.Engine, run: Run, rows: Rows
) -> None:
    add(run, "1")
    run(INSERT, id="2", data=date(2024, 3, 1), valor=1, paciente=None, em="2024-03-01")
    extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    run("create view public.modelo as select id, paciente from clinic_raw.recebimentos")
    run("alter table fonte.recebimentos rename column paciente to nome")
    again = open_clinic(database_url)
    advice = r"não tem mais a coluna paciente \(novas na fonte: nome\).* --recopy recebimentos"
    for how in (HowToRead(), HowToRead(full=True)):
        with pytest.raises(ClinicSourceError, match=advice):
            extract_table(again, RECEBIMENTOS, engine, empresa="e", how=how)
    result = extract_table(again, RECEBIMENTOS, engine, empresa="e", how=HowToRead(recopy=True))
    assert result.new_columns == ("nome",)
    assert rows("select id, nome from clinic_raw.recebimentos order by 1") == [
        ("1", "Ana"),
        ("2", None),
    ]
    assert result.old_copies == ("_antiga_recebimentos_1",)
    assert rows("select id, paciente from public.modelo order by 1") == [("1", "Ana"), ("2", None)]
    run("drop view public.modelo")
    assert extract_table(again, RECEBIMENTOS, engine, empresa="e").old_copies == ()
    assert rows("select to_regclass('clinic_raw._antiga_recebimentos_1')") == [(None,)]
    again.close()


def test_lost_column_that_was_always_empty_stops_nothing(
    reader: ClinicReader, database_url: str, engine: sa.Engine, run: Run
) -> None:
    run(INSERT, id="1", data=date(2024, 3, 1), valor=1, paciente=None, em="2024-03-01")
    extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    run("alter table fonte.recebimentos drop column paciente")
    again = open_clinic(database_url)
    assert extract_table(again, RECEBIMENTOS, engine, empresa="e").unchanged == 1
    again.close()


def test_column_of_another_type_makes_the_copy_anew_with_all_its_rows(
    reader: ClinicReader, database_url: str, engine: sa.Engine, run: Run, rows: Rows
) -> None:
    add(run, "1")
    extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    extract_table(reader, RECEBIMENTOS, engine, empresa="outra")
    run("create view public.modelo as select valor from clinic_raw.recebimentos")
    run("alter table fonte.recebimentos alter column valor type text")
    run("update fonte.recebimentos set valor = 'doze', atualizado_em = '2024-03-02'")
    again = open_clinic(database_url)
    assert extract_table(again, RECEBIMENTOS, engine, empresa="e").updated == 1
    assert rows("select _empresa, valor from clinic_raw.recebimentos order by 1") == [
        ("e", "doze"),
        ("outra", "10"),
    ]
    run("update fonte.recebimentos set valor = '12.50', atualizado_em = '2024-03-03'")
    run("alter table fonte.recebimentos alter column valor type numeric using valor::numeric")
    once_more = open_clinic(database_url)
    assert extract_table(once_more, RECEBIMENTOS, engine, empresa="e").updated == 1
    again.close()
    once_more.close()
    assert rows("select valor from clinic_raw.recebimentos where _empresa = 'e'") == [("12.50",)]


def test_another_source_is_read_whole(
    reader: ClinicReader, engine: sa.Engine, run: Run, rows: Rows
) -> None:
    add(run, "1", em="2024-03-05")
    extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    run("update clinic_raw._watermark set source = 'outro'")
    add(run, "2", em="2020-01-01")
    result = extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    assert not result.incremental
    assert result.inserted == 1


def test_without_updated_at_every_read_compares_all_rows(
    reader: ClinicReader, engine: sa.Engine, run: Run, rows: Rows
) -> None:
    table = replace(RECEBIMENTOS, updated_at=None)
    add(run, "1")
    add(run, "2")
    extract_table(reader, table, engine, empresa="e")
    run("update fonte.recebimentos set valor = 11 where id = '1'")
    run("delete from fonte.recebimentos where id = '2'")
    result = extract_table(reader, table, engine, empresa="e")
    assert counts(result) == (1, 0, 1, 1, 0)
    assert result.watermark is None


def test_twins_and_rows_without_a_key_are_set_aside_and_the_others_copied(
    reader: ClinicReader, engine: sa.Engine, run: Run, rows: Rows
) -> None:
    for id in ("1", "2", "3"):
        add(run, id)
    extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    run("update fonte.recebimentos set valor = 11, atualizado_em = '2026-01-02'")
    run(INSERT, id="2", data=date(2024, 3, 1), valor=77, paciente="Ana", em="2026-01-02")
    run("insert into fonte.recebimentos select * from fonte.recebimentos where id = '3'")
    for _ in range(2):
        run(INSERT, id=None, data=date(2024, 3, 1), valor=5, paciente="Ana", em="2026-01-02")
    run("delete from fonte.recebimentos where id = '1'")
    for how in (HowToRead(full=True), HowToRead()):
        result = extract_table(reader, RECEBIMENTOS, engine, empresa="e", how=how)
        told = [(one.kind, one.key, one.rows) for one in result.set_aside]
        assert sorted(told) == [("doubled_key", "2", 2), ("empty_key", "", 2)]
        assert result.repeated == 1
        assert result.kept_absent
        assert rows("select id, valor::int from clinic_raw.recebimentos order by 1") == [
            *(("1", 10), ("2", 10)),  # neither deleted nor changed while keys are in doubt
            ("3", 11),
        ]
    assert [(one.table, one.what.kind, one.what.key) for one in listed(engine)] == [
        ("recebimentos", "doubled_key", "2"),
        ("recebimentos", "empty_key", ""),
    ]
    run("delete from fonte.recebimentos where id is null or valor = 77")
    mended = extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    assert (mended.set_aside, mended.deleted, listed(engine)) == ((), 1, ())
    assert rows("select id, valor::int from clinic_raw.recebimentos order by 1") == [
        ("2", 11),
        ("3", 11),
    ]


def test_second_row_of_a_known_key_changes_nothing_of_the_first(
    reader: ClinicReader, engine: sa.Engine, run: Run, rows: Rows
) -> None:
    add(run, "1")
    extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    run(INSERT, id="1", data=date(2024, 3, 1), valor=999, paciente="Ana", em="2026-01-02")
    result = extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    assert [one.key for one in result.set_aside] == ["1"]
    assert rows("select valor::int from clinic_raw.recebimentos") == [(10,)]


def test_keys_of_several_columns(
    reader: ClinicReader, engine: sa.Engine, run: Run, rows: Rows
) -> None:
    table = replace(RECEBIMENTOS, key=("id", "data"))
    add(run, "1", "2024-03-01")
    add(run, "1", "2024-03-02")
    extract_table(reader, table, engine, empresa="e")
    add(run, "1", "2024-03-03", em="2020-01-01")
    add(run, "1", "2024-03-02", em="2020-01-02")
    result = extract_table(reader, table, engine, empresa="e")
    assert [one.key for one in result.set_aside] == ["1/2024-03-02"]
    assert (result.incremental, result.inserted, result.deleted) == (True, 1, 0)


def test_failed_extract_leaves_rows_and_watermark_as_they_were(
    reader: ClinicReader, engine: sa.Engine, run: Run, rows: Rows
) -> None:
    add(run, "1")
    extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    before = rows("select * from clinic_raw._watermark")
    run(
        "create function recusa() returns trigger language plpgsql as "
        "$$ begin raise exception 'não'; end $$"
    )
    run(
        "create trigger recusa before insert or update on clinic_raw._watermark "
        "for each row execute function recusa()"
    )
    add(run, "2", em="2024-06-01")
    with pytest.raises(WarehouseError, match="'recebimentos'"):
        extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    assert [row[0] for row in rows(COPIES)] == ["1"]
    assert rows("select * from clinic_raw._watermark") == before


def test_instants_are_read_for_every_zones_idea_of_the_day(
    reader: ClinicReader, engine: sa.Engine, run: Run, rows: Rows
) -> None:
    run("alter table fonte.recebimentos alter column data type timestamptz")
    for number, instant in enumerate(("2024-03-02 01:00+00", "2024-03-05 00:00+00")):
        run(
            INSERT,
            id=str(number),
            data=datetime.fromisoformat(instant),
            valor=1,
            paciente="a",
            em=None,
        )
    day = date(2024, 3, 1)
    extract_table(reader, RECEBIMENTOS, engine, empresa="e", date_from=day, date_to=day)
    assert [row[0] for row in rows(COPIES)] == ["0"]  # 1 March, 22:00 in São Paulo


@pytest.mark.parametrize(
    ("zone", "late"),
    [
        ("America/Sao_Paulo", "2026-11-01 01:30+00"),  # 31 October, 22:30 there
        ("America/Manaus", "2026-11-01 03:30+00"),  # 23:30 there; in São Paulo it is November
    ],
)
def test_day_of_an_instant_is_the_clinics(
    source: sa.Engine, engine: sa.Engine, run: Run, database_url: str, zone: str, late: str
) -> None:
    reader = open_clinic(database_url, time_zone=zone)
    run("alter table fonte.recebimentos alter column data type timestamptz")
    run(INSERT, id="1", data=late, valor=1, paciente="a", em="2026-11-01")
    halloween = [date(2026, 10, 31)]
    assert reader.changed_dates(RECEBIMENTOS, datetime(2026, 1, 1, tzinfo=UTC)) == halloween
    extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    run("delete from fonte.recebimentos")
    assert moved_dates(reader, RECEBIMENTOS, engine, "e") == halloween
    reader.close()


@pytest.mark.parametrize("type_", ["timestamp", "text"])
def test_business_date_with_a_time_selects_its_day(
    reader: ClinicReader, engine: sa.Engine, run: Run, rows: Rows, type_: str
) -> None:
    for number, day in enumerate(("2024-02-29", "2024-03-01", "2024-03-02")):
        add(run, str(number), day)
    run(f"alter table fonte.recebimentos alter column data type {type_}")
    ending = " || 'T23:59:59'" if type_ == "text" else " + interval '86399 seconds'"
    run(f"update fonte.recebimentos set data = data{ending}")
    day = date(2024, 3, 1)
    extract_table(reader, RECEBIMENTOS, engine, empresa="e", date_from=day, date_to=day)
    assert [row[0] for row in rows(COPIES)] == ["1"]


def test_dates_for_a_table_without_a_business_date_are_refused(
    reader: ClinicReader, engine: sa.Engine
) -> None:
    table = replace(RECEBIMENTOS, grain="register", business_date=None)
    with pytest.raises(ConfigurationError, match="não tem data de negócio"):
        extract_table(reader, table, engine, empresa="e", date_from=date(2024, 1, 1))


def test_changed_key_makes_the_copy_anew(
    reader: ClinicReader, engine: sa.Engine, run: Run, rows: Rows
) -> None:
    add(run, "1", "2024-03-01")
    extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    add(run, "1", "2024-03-02")
    wider = replace(RECEBIMENTOS, key=("id", "data"))
    assert extract_table(reader, wider, engine, empresa="e").inserted == 1
    with pytest.raises(ClinicSourceError, match=r"a chave mudou .* --recopy recebimentos"):
        extract_table(reader, RECEBIMENTOS, engine, empresa="e")
    run("delete from fonte.recebimentos where data = '2024-03-02'")
    how = HowToRead(recopy=True)
    assert extract_table(reader, RECEBIMENTOS, engine, empresa="e", how=how).inserted == 1


def test_reserved_column_is_named(
    reader: ClinicReader, database_url: str, engine: sa.Engine, run: Run
) -> None:
    add(run, "1")
    run("alter table fonte.recebimentos add column _empresa text")
    again = open_clinic(database_url)
    with pytest.raises(ConfigurationError, match="'_empresa'"):
        extract_table(again, RECEBIMENTOS, engine, empresa="e")
    again.close()


def test_source_in_the_warehouse_is_read_in_place(source: sa.Engine, run: Run, rows: Rows) -> None:
    add(run, "1")
    table = replace(RECEBIMENTOS, in_database="recebimentos", schema="fonte")
    opened = open_clinic("warehouse://fonte", source)
    assert opened.in_place
    assert opened.missing_tables([table, replace(table, name="x", in_database="x")]) == ("x",)
    assert sum(batch.num_rows for batch in opened.batches(table)) == 1
    assert extract_table(opened, table, source, empresa="e").in_place
    assert rows("select to_regclass('clinic_raw.recebimentos')") == [(None,)]
    opened.close()
    assert rows("select 1") == [(1,)]


def test_partitions_extracted_at_once_into_a_fresh_warehouse(
    reader: ClinicReader, engine: sa.Engine, run: Run, rows: Rows
) -> None:
    days = [date(2024, 3, number) for number in (1, 2, 3)]
    for number, day in enumerate(days):
        add(run, str(number), day.isoformat())
    with ThreadPoolExecutor(len(days)) as threads:
        results = threads.map(
            lambda day: extract_table(
                reader, RECEBIMENTOS, engine, empresa="e", date_from=day, date_to=day
            ),
            days,
        )
        assert [counts(result) for result in results] == [(1, 1, 0, 0, 0)] * 3
    assert rows("select count(*) from clinic_raw.recebimentos") == [(3,)]
