"""Sources for the extract: a schema of the test's own PostgreSQL, SQLite and CSV folders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from omie_pipeline.clinic.reader import ClinicReader, open_clinic
from omie_pipeline.clinic.sources import SourceTable
from tests.servers import mariadb, mariadb_server

__all__ = ["mariadb", "mariadb_server"]

RECEBIMENTOS = SourceTable(
    set_name="fonte",
    name="recebimentos",
    schema="clinic_raw",
    grain="fact",
    key=("id",),
    business_date="data",
    updated_at="atualizado_em",
    in_file="recebimentos.csv",
    in_database="fonte.recebimentos",
)


@pytest.fixture
def source(engine: sa.Engine) -> sa.Engine:
    """The test's database with a schema ``fonte`` holding an empty ``recebimentos``."""
    with engine.begin() as connection:
        connection.execute(sa.schema.CreateSchema("fonte"))
        connection.execute(
            sa.text(
                "create table fonte.recebimentos (id text, data date, valor numeric, "
                "paciente text, atualizado_em timestamptz)"
            )
        )
    return engine


@pytest.fixture
def reader(source: sa.Engine, database_url: str) -> Iterator[ClinicReader]:
    """The database of ``source``, opened as a clinic is."""
    opened = open_clinic(database_url)
    yield opened
    opened.close()


@pytest.fixture
def run(engine: sa.Engine) -> Callable[..., None]:
    """Executes one statement in the test's database."""

    def execute(statement: str, **values: object) -> None:
        with engine.begin() as connection:
            connection.execute(sa.text(statement), values)

    return execute


@pytest.fixture
def rows(engine: sa.Engine) -> Callable[[str], list[tuple[object, ...]]]:
    """Rows of one query in the test's database."""

    def query(statement: str) -> list[tuple[object, ...]]:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(statement))]

    return query


@pytest.fixture
def csv_folder(tmp_path: Path) -> Callable[[str, str], Path]:
    """Writes one CSV file into the test's folder and gives the folder."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / "clinica" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        return tmp_path / "clinica"

    return write
