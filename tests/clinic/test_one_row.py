"""One row by its key: the copy ends as a whole reading would leave it, whatever the source is."""

from __future__ import annotations

import csv
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from omie_pipeline.clinic import extract
from omie_pipeline.clinic.extract import extract_table
from omie_pipeline.clinic.failures import ClinicSourceError
from omie_pipeline.clinic.one_row import RowCopy, copy_row, key_of
from omie_pipeline.clinic.raw_tables import ensure_raw_schema, lock_reading
from omie_pipeline.clinic.reader import open_clinic
from omie_pipeline.clinic.set_aside import listed
from omie_pipeline.clinic.sources import SourceTable

TABLE = SourceTable(
    set_name="fonte",
    name="pacientes",
    schema="clinic_raw",
    grain="register",
    key=("empresa", "id"),
    updated_at="atualizado_em",
    empresa_column="empresa",
    in_file="pacientes.csv",
    in_database="pacientes",
)
HEADER = ("empresa", "id", "nome", "cpf", "atualizado_em")
NOW = "2026-01-05 10:00:00"
OTHER = ("sul", "7", "Outra empresa", "", NOW)
KINDS = ("postgresql", "sqlite", "csv", pytest.param("mariadb", marks=pytest.mark.slow))

Row = tuple[str, str, str, str, str]


def person(id_: int, name: str = "Ana", cpf: str = "1") -> Row:
    return ("norte", str(id_), name, cpf, NOW)


@dataclass(frozen=True, slots=True)
class Clinic:
    """A clinic whose one table is written anew for every state it is to have."""

    url: str
    write: Callable[[Sequence[Row]], None]


@pytest.fixture(params=KINDS)
def clinic(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> Clinic:
    if request.param == "csv":
        return _csv_clinic(tmp_path)
    if request.param == "sqlite":
        return _database(f"sqlite:///{tmp_path}/clinica.db", "integer")
    if request.param == "mariadb":
        mariadb: sa.Engine = request.getfixturevalue("mariadb")
        return _database(mariadb.url.render_as_string(hide_password=False), "int")
    return _database(database_url, "bigint", schema="public")


def _csv_clinic(folder: Path) -> Clinic:
    def write(rows: Sequence[Row]) -> None:
        with (folder / "pacientes.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([HEADER, *rows])

    return Clinic(str(folder), write)


def _database(url: str, key: str, schema: str | None = None) -> Clinic:
    columns = ", ".join(
        f"{name} {key if name == 'id' else 'varchar(60)'}"
        if name != "atualizado_em"
        else f"{name} timestamp null"
        for name in HEADER
    )
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = sa.create_engine(parsed, poolclass=sa.NullPool)
    table = sa.table("pacientes", *(sa.column(name) for name in HEADER), schema=schema)
    with engine.begin() as connection:
        name = f"{schema}.pacientes" if schema else "pacientes"
        connection.exec_driver_sql(f"create table {name} ({columns})")

    def write(rows: Sequence[Row]) -> None:
        with engine.begin() as connection:
            connection.execute(sa.delete(table))
            for row in rows:
                connection.execute(sa.insert(table).values(dict(zip(HEADER, row, strict=True))))

    return Clinic(url, write)


def copies(engine: sa.Engine) -> list[tuple[Any, ...]]:
    query = "select _empresa, empresa, id::text, nome, cpf from clinic_raw.pacientes order by 1, 3"
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def progress(engine: sa.Engine) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        found = connection.execute(sa.text("select * from clinic_raw._watermark"))
        return [tuple(row) for row in found]


def read_whole(clinic: Clinic, engine: sa.Engine) -> None:
    reader = open_clinic(clinic.url)
    extract_table(reader, TABLE, engine, empresa="norte")
    reader.close()


def read_row(clinic: Clinic, engine: sa.Engine, id_: str, table: SourceTable = TABLE) -> RowCopy:
    reader = open_clinic(clinic.url)
    try:
        return copy_row(reader, table, engine, empresa="norte", value=id_)
    finally:
        reader.close()


@pytest.mark.slow
def test_the_row_alone_is_taken_and_what_was_read_stays_as_it_was(
    clinic: Clinic, engine: sa.Engine
) -> None:
    clinic.write([person(3), person(5), OTHER])
    read_whole(clinic, engine)
    before = progress(engine)
    clinic.write([person(3, "Ana Souza"), person(5, "Mudou também"), person(9), OTHER])
    assert read_row(clinic, engine, "3").change == "updated"
    assert copies(engine) == [
        ("norte", "norte", "3", "Ana Souza", "1"),
        ("norte", "norte", "5", "Ana", "1"),
    ]
    assert read_row(clinic, engine, "9").change == "inserted"
    assert read_row(clinic, engine, "9").change == "unchanged"
    assert [row[2] for row in copies(engine)] == ["3", "5", "9"]
    assert progress(engine) == before
    read_whole(clinic, engine)
    assert ("norte", "norte", "5", "Mudou também", "1") in copies(engine)


@pytest.mark.slow
def test_a_row_that_is_not_there_is_gone_only_by_a_reading_of_the_table(
    clinic: Clinic, engine: sa.Engine
) -> None:
    clinic.write([person(3), person(5)])
    read_whole(clinic, engine)
    clinic.write([person(5)])
    done = read_row(clinic, engine, "3")
    assert done.change is None
    assert done.whole is not None
    assert done.whole.deleted == 1
    assert [row[2] for row in copies(engine)] == ["5"]


def test_so_many_rows_gone_stop_it_as_they_stop_a_whole_reading(
    clinic: Clinic, engine: sa.Engine
) -> None:
    clinic.write([person(number) for number in range(1, 31)])
    read_whole(clinic, engine)
    clinic.write([person(1)])
    with pytest.raises(ClinicSourceError, match="--accept-shrunk"):
        read_row(clinic, engine, "3")
    assert len(copies(engine)) == 30


def test_different_rows_of_a_key_leave_the_copy_and_are_told_until_one_is_left(
    clinic: Clinic, engine: sa.Engine
) -> None:
    clinic.write([person(3), person(5)])
    read_whole(clinic, engine)
    clinic.write([person(3, "Ana"), person(3, "Eva"), person(5)])
    done = read_row(clinic, engine, "3")
    assert (done.change, [one.rows for one in done.set_aside]) == ("set_aside", [2])
    assert [row[3] for row in copies(engine)] == ["Ana", "Ana"]
    (entry,) = listed(engine)
    assert (entry.what.kind, entry.what.key) == ("doubled_key", "norte/3")
    assert bool(entry.what.lines) is clinic.url.startswith("/")
    clinic.write([person(3, "Eva"), person(3, "Eva"), person(5)])
    assert read_row(clinic, engine, "3").change == "updated"
    assert listed(engine) == ()


def test_a_table_never_copied_or_of_another_shape_is_read_whole(
    clinic: Clinic, engine: sa.Engine
) -> None:
    clinic.write([person(3)])
    first = read_row(clinic, engine, "3")
    assert first.whole is not None
    assert first.whole.inserted == 1
    with engine.begin() as connection:
        connection.execute(sa.text("alter table clinic_raw.pacientes drop column cpf"))
    again = read_row(clinic, engine, "3")
    assert again.whole is not None
    assert again.whole.new_columns == ("cpf",)


def test_a_key_of_more_parts_names_no_row() -> None:
    assert key_of(TABLE, "norte", "3") == ("norte", "3")
    assert key_of(replace(TABLE, key=("id",)), "norte", "3") == ("3",)
    assert key_of(replace(TABLE, key=("empresa", "id", "item")), "norte", "3") is None


def test_a_reading_under_way_is_waited_for_before_the_source_is_asked(
    clinic: Clinic, engine: sa.Engine
) -> None:
    """What that one read earlier must not be written over what this one reads now."""
    clinic.write([person(3)])
    read_whole(clinic, engine)
    ensure_raw_schema(engine)
    waiting, done = threading.Event(), []

    def read() -> None:
        reader = open_clinic(clinic.url)
        done.append(
            copy_row(reader, TABLE, engine, empresa="norte", value="3", on_wait=waiting.set).change
        )
        reader.close()

    with engine.begin() as other:
        lock_reading(other, "norte", TABLE.name)
        thread = threading.Thread(target=read)
        thread.start()
        assert waiting.wait(20)
        clinic.write([person(3, "Escrita enquanto esperava")])
    thread.join(20)
    assert done == ["updated"]
    assert copies(engine)[0][3] == "Escrita enquanto esperava"


def test_a_whole_reading_waits_its_turn_before_it_asks_the_source(
    clinic: Clinic, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.write([person(3)])

    def others_first(*_: object) -> None:
        clinic.write([person(3, "Escrita enquanto esperava")])

    monkeypatch.setattr(extract, "lock_reading", others_first)
    read_whole(clinic, engine)
    assert copies(engine)[0][3] == "Escrita enquanto esperava"


def test_a_whole_reading_says_that_it_waits(clinic: Clinic, engine: sa.Engine) -> None:
    clinic.write([person(3)])
    ensure_raw_schema(engine)
    waiting = threading.Event()

    def read() -> None:
        reader = open_clinic(clinic.url)
        watch = extract.Watch(on_wait=waiting.set)
        extract.extract_table(reader, TABLE, engine, empresa="norte", watch=watch)
        reader.close()

    thread = threading.Thread(target=read)
    with engine.begin() as other:
        lock_reading(other, "norte", TABLE.name)
        thread.start()
        assert waiting.wait(20)
    thread.join(20)
    assert copies(engine)
