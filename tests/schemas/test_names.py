"""The prefix goes before the names of our schemas, and before nothing else."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from omie_pipeline.errors import WarehouseError
from omie_pipeline.postgres.engine import open_engine
from omie_pipeline.postgres.migrate import migrate
from omie_pipeline.postgres.schemas import PURPOSES, Schemas, as_named, schemas_of
from omie_pipeline.postgres.tables import ledger
from omie_pipeline.privacy.export import export_person
from omie_pipeline.privacy.find import find_person
from omie_pipeline.push.warnings import holder_of, warnings_of
from omie_pipeline.status.unread_values import clinic_reading

A = Schemas("a_")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("SELECT * FROM omie_sync.ledger", "SELECT * FROM a_omie_sync.ledger"),
        ("omie.clientes JOIN omie_sync.run", "a_omie.clientes JOIN a_omie_sync.run"),
        ('COPY "clinic_raw"."pacientes"', 'COPY "a_clinic_raw"."pacientes"'),
        ("hashtextextended('omie_sync.admit', 0)", "hashtextextended('a_omie_sync.admit', 0)"),
        ("'omie.clientes'::regclass", "'a_omie.clientes'::regclass"),
        ("CREATE SCHEMA IF NOT EXISTS analise", "CREATE SCHEMA IF NOT EXISTS a_analise"),
        ("ON ALL TABLES IN SCHEMA omie TO x", "ON ALL TABLES IN SCHEMA a_omie TO x"),
        ("omie_sync.ledger.state", "a_omie_sync.ledger.state"),
        # None of these is a schema.
        ("SELECT 'omie', p.omie FROM omie_x.t", "SELECT 'omie', p.omie FROM omie_x.t"),
        ("https://app.omie.com.br/ a@omie.com.br", "https://app.omie.com.br/ a@omie.com.br"),
        ("minha_omie.t, t.omie.x", "minha_omie.t, t.omie.x"),
        ("= 'omie_pipeline'", "= 'omie_pipeline'"),
    ],
)
def test_a_statement_gets_the_prefix_where_it_names_a_schema(written: str, meant: str) -> None:
    assert A.in_statement(written) == meant
    assert Schemas().in_statement(written) == written


def test_a_migration_names_schemas_and_roles_in_texts_too() -> None:
    body = "FOREACH e IN ARRAY ARRAY['omie', 'dagster'] LOOP GRANT omie_clinic; 'omie_pipeline'"
    assert A.in_migration(body) == (
        "FOREACH e IN ARRAY ARRAY['a_omie', 'a_dagster'] LOOP GRANT a_omie_clinic; 'omie_pipeline'"
    )


def test_two_installations_live_in_one_database(empty_database: str) -> None:
    first = open_engine(empty_database, Schemas("a_"))
    second = open_engine(empty_database, Schemas("b_"))
    for engine in (first, second):
        migrate(engine)
        migrate(engine)
    row = {"run_id": "r", "partition": "all", "state": "confirmed"}
    with first.begin() as connection:
        key = {"empresa": "e", "endpoint": "clientes", "codigo_integracao": "PAC-1"}
        connection.execute(sa.insert(ledger).values(**row, **key))
        connection.execute(sa.text("SELECT omie_sync.conceder_acesso()"))
        assert schemas_of(connection).name("omie") == "a_omie"
    with first.connect() as one, second.connect() as other:
        count = sa.select(sa.func.count()).select_from(ledger)
        assert (one.scalar(count), other.scalar(count)) == (1, 0)
        found = set(sa.inspect(other).get_schema_names()) - {"information_schema", "public"}
        assert found == {f"{prefix}{plain}" for prefix in ("a_", "b_") for plain in PURPOSES}
        roles = other.execute(sa.text("SELECT rolname FROM pg_roles WHERE rolname ~ '^[ab]_omie'"))
        assert len(roles.all()) == 8
        bodies = other.execute(
            sa.text(
                "SELECT string_agg(pg_get_functiondef(p.oid), '') FROM pg_proc AS p "
                "JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname ~ '^a_'"
            )
        ).scalar_one()
        assert "a_omie_sync." in bodies
        # Nothing in them names a schema, or a role, without the prefix.
        assert A.in_migration(bodies) == bodies
    for engine in (first, second):
        engine.dispose()


def test_what_dbt_made_is_found_under_the_prefix(empty_database: str) -> None:
    """Also where somebody else has tables of these names."""
    engine = open_engine(empty_database, A)
    migrate(engine)
    unread = '[{"column": "valor", "source_column": "vl", "kind": "number", "text": "x"}]'
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE clinica.recebimentos AS SELECT 'e' AS empresa, '1' AS id, "
            f"'{unread}'::jsonb AS _unreadable"
        )
        connection.exec_driver_sql(
            "CREATE TABLE omie_payload.clientes_codigos AS SELECT 'e' AS empresa, c AS codigo, "
            "'PAC-1' AS titular, true AS na_clinica, false AS nome_difere, "
            "'pacientes' AS _origem_tabela, '1' AS _origem_id, NULL::text AS resumo_documento "
            "FROM unnest(ARRAY['PAC-1', 'PAC-2']) AS c"
        )
    with as_named(engine).begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA clinica")
        connection.exec_driver_sql(f"CREATE TABLE clinica.x AS SELECT '{unread}' AS _unreadable")
    assert [one.table for one in clinic_reading(engine).unread] == ["recebimentos"]
    assert [one.code for one in warnings_of(engine, ("e",))] == ["PAC-2"]
    assert holder_of(engine, "e", "PAC-2") == "PAC-1"
    with engine.connect() as connection:
        person = find_person(connection, "e", code="PAC-2")
        assert person.client_codes == ("PAC-1", "PAC-2")
        (codes,) = export_person(connection, person)
    assert len(codes["rows"]) == 2
    engine.dispose()


def test_the_tables_of_others_are_read_under_their_own_names(empty_database: str) -> None:
    engine = open_engine(empty_database, A)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE public.x AS SELECT 1 AS n")
    with as_named(engine).begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA clinica")
        connection.exec_driver_sql("CREATE TABLE clinica.pacientes AS SELECT 7 AS n")
    with as_named(engine).connect() as connection:
        assert connection.exec_driver_sql("SELECT n FROM clinica.pacientes").scalar() == 7
    with engine.connect() as connection, pytest.raises(sa.exc.ProgrammingError, match="a_clinica"):
        connection.exec_driver_sql("SELECT n FROM clinica.pacientes")
    engine.dispose()


def test_a_server_that_is_too_old_is_refused(
    empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("omie_pipeline.postgres.migrate.OLDEST_POSTGRES", 99)
    engine = open_engine(empty_database)
    with pytest.raises(WarehouseError, match="antigo demais: use da versão 99"):
        migrate(engine)
    engine.dispose()
