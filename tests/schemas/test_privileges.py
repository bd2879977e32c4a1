"""The few rights that are needed are enough, and a missing one is named by its GRANT."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from omie_pipeline.clinic.failures import ClinicSourceError
from omie_pipeline.clinic.reader import open_clinic
from omie_pipeline.clinic.sources import SourceTable
from omie_pipeline.errors import WarehouseError
from omie_pipeline.postgres.engine import open_engine, warehouse_errors
from omie_pipeline.postgres.migrate import migrate
from omie_pipeline.postgres.schemas import PURPOSES, Schemas
from tests.old_postgres import OldPostgres
from tests.schemas.conftest import PASSWORD

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
TABLE = SourceTable("minha", "pacientes", "sistema", "register", ("id",),
                    in_database="sistema.pacientes")  # fmt: skip


def test_create_on_the_database_is_all_a_warehouse_needs(old: OldPostgres, house: str) -> None:
    engine = open_engine(old.as_role("medico", PASSWORD, house))
    grant = f"GRANT CREATE ON DATABASE {house} TO medico;"
    with old.administrator(house) as connection:
        connection.exec_driver_sql(f"REVOKE ALL ON DATABASE {house} FROM PUBLIC")
        connection.exec_driver_sql(f"GRANT CONNECT ON DATABASE {house} TO medico")
    with pytest.raises(WarehouseError, match=grant):
        migrate(engine)
    with old.administrator(house) as connection:
        connection.exec_driver_sql(grant)
    migrate(engine)
    temporary = f"GRANT TEMPORARY ON DATABASE {house} TO medico;"
    make = "CREATE TEMPORARY TABLE lida (id integer)"
    with pytest.raises(WarehouseError, match=temporary), warehouse_errors(), engine.begin() as one:
        one.exec_driver_sql(make)
    with old.administrator(house) as connection:
        connection.exec_driver_sql(temporary)
    with engine.begin() as one:
        one.exec_driver_sql(make)
    engine.dispose()


def test_schemas_made_by_an_administrator_do_as_well(old: OldPostgres, house: str) -> None:
    """The role has no right on the database itself; the statements are the manual's."""
    wanted = Schemas("c1_")
    text = OPERATIONS.read_text(encoding="utf-8")
    for plain in PURPOSES:
        statement = f"CREATE SCHEMA {plain} AUTHORIZATION omie_pipeline;"
        assert statement in text
        own = statement.replace(f" {plain} ", f" {wanted.name(plain)} ")
        with old.administrator(house) as connection:
            connection.exec_driver_sql(own.replace("omie_pipeline;", "medico;"))
    engine = open_engine(old.as_role("medico", PASSWORD, house), wanted)
    migrate(engine)
    migrate(engine)
    engine.dispose()


def test_a_clinic_is_read_with_usage_and_select_only(old: OldPostgres, house: str) -> None:
    with old.administrator(house) as connection:
        connection.exec_driver_sql(
            "CREATE SCHEMA sistema;"
            "CREATE TABLE sistema.pacientes (id integer PRIMARY KEY, nome text);"
            "INSERT INTO sistema.pacientes VALUES (1, 'Ana');"
        )
        reader = open_clinic(old.as_role("medico", PASSWORD, house))
        usage, select = (
            "GRANT USAGE ON SCHEMA sistema TO medico;",
            "GRANT SELECT ON sistema.pacientes TO medico;",
        )
        for grant in (usage, select):
            with pytest.raises(ClinicSourceError, match=grant):
                list(reader.batches(TABLE))
            connection.exec_driver_sql(grant)
        assert [batch.num_rows for batch in reader.batches(TABLE)] == [1]
        reader.close()


def test_a_missing_right_inside_the_warehouse_is_named(old: OldPostgres, house: str) -> None:
    with old.administrator(house) as connection:
        connection.exec_driver_sql("CREATE SCHEMA alheio; CREATE TABLE alheio.t (id integer)")
        connection.exec_driver_sql("GRANT USAGE ON SCHEMA alheio TO medico")
    engine = open_engine(old.as_role("medico", PASSWORD, house))
    with (
        pytest.raises(WarehouseError, match=r"GRANT SELECT ON t TO medico;"),
        warehouse_errors(),
        engine.connect() as connection,
    ):
        connection.execute(sa.text("SELECT * FROM alheio.t"))
    engine.dispose()
