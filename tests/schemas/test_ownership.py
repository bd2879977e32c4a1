"""What belongs to others in the warehouse is never touched, and named."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from omie_pipeline.clinic.raw_tables import RawColumn, ensure_raw_table
from omie_pipeline.clinic.reader import open_clinic
from omie_pipeline.clinic.shape import drop_old
from omie_pipeline.clinic.sources import SourceTable
from omie_pipeline.errors import ConfigurationError, WarehouseError
from omie_pipeline.postgres.engine import open_engine
from omie_pipeline.postgres.migrate import migrate
from omie_pipeline.postgres.ownership import Relation, foreign_relations, refuse_foreign_relations
from omie_pipeline.postgres.schemas import PURPOSES, Schemas, as_named
from tests.cli.conftest import Terminal
from tests.schemas.conftest import FOREIGN, snapshot

_COMMENT = "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = '{}'"


def installation(connection: sa.Connection, name: str) -> str:
    comment = connection.execute(sa.text(_COMMENT.format(name))).scalar_one()
    found = re.search(r"instalação ([0-9a-f-]{36})", comment or "")
    return found[1] if found else ""


@pytest.mark.parametrize("command", ["db start", "build", "db roles", "push clientes"])
def test_schemas_of_others_stop_every_command_before_its_first_change(
    command: str,
    terminal: Terminal,
    empty_database: str,
    administrator: sa.Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", empty_database)
    with administrator.connect() as connection:
        connection.exec_driver_sql(FOREIGN)
        before = snapshot(connection)
        said = terminal(*command.split())
        assert snapshot(connection) == before
    assert said.code == 1
    assert "table clinica.pacientes" in said.err
    assert "view clinica.relatorio" in said.err
    assert "function dagster.dobro(integer)" in said.err
    assert "OMIE_PIPELINE_SCHEMA_PREFIX" in said.err
    monkeypatch.setenv("OMIE_PIPELINE_SCHEMA_PREFIX", "nossa_")
    with administrator.connect() as connection:
        assert terminal("db", "start").code == 0
        assert snapshot(connection, "^nossa_") == before


def test_every_schema_of_ours_is_marked_with_one_id(empty_database: str) -> None:
    engine = open_engine(empty_database)
    migrate(engine)
    with engine.connect() as connection:
        marks = {installation(connection, name) for name in PURPOSES}
        migrate(engine)
        assert {installation(connection, name) for name in PURPOSES} == marks
    assert len(marks) == 1
    assert marks != {""}
    engine.dispose()


def test_an_empty_schema_of_the_login_itself_is_taken(
    empty_database: str, administrator: sa.Engine
) -> None:
    with administrator.connect() as connection:
        connection.exec_driver_sql("CREATE SCHEMA staging")
    engine = open_engine(empty_database)
    migrate(engine)
    with engine.connect() as connection:
        assert installation(connection, "staging") == installation(connection, "omie_sync")
    engine.dispose()


def test_an_empty_schema_of_somebody_else_is_not(
    empty_database: str, administrator: sa.Engine
) -> None:
    with administrator.connect() as connection:
        connection.exec_driver_sql("CREATE SCHEMA staging AUTHORIZATION pg_monitor")
        before = snapshot(connection)
        engine = open_engine(empty_database)
        with pytest.raises(WarehouseError, match=r"staging \(de pg_monitor\).*OWNER TO"):
            migrate(engine)
        assert snapshot(connection) == before
    engine.dispose()


def test_a_type_alone_makes_a_schema_somebodys(
    empty_database: str, administrator: sa.Engine
) -> None:
    with administrator.connect() as connection:
        connection.exec_driver_sql("CREATE SCHEMA analise")
        connection.exec_driver_sql("CREATE TYPE analise.cor AS ENUM ('azul')")
    engine = open_engine(empty_database)
    with pytest.raises(WarehouseError, match=r"type analise\.cor"):
        migrate(engine)
    engine.dispose()


def test_marks_of_two_installations_are_not_mixed(empty_database: str) -> None:
    engine = open_engine(empty_database)
    migrate(engine)
    other = "00000000-0000-4000-8000-000000000000"
    with engine.begin() as connection:
        mark = f"COMMENT ON SCHEMA staging IS 'omie-pipeline, instalação {other}: x'"
        connection.exec_driver_sql(mark)
    with pytest.raises(WarehouseError, match=f"instalações diferentes.*{other}"):
        migrate(engine)
    engine.dispose()


def test_a_warehouse_of_before_the_marks_goes_on(empty_database: str) -> None:
    """Its ledger tells whose it is; what it built is adopted by name, kind and owner."""
    engine = open_engine(empty_database)
    migrate(engine)
    with engine.begin() as connection:
        for name in PURPOSES:
            connection.exec_driver_sql(f"COMMENT ON SCHEMA {name} IS NULL")
        connection.exec_driver_sql(
            "CREATE VIEW clinica.pacientes AS SELECT 1 AS id;"
            "CREATE TABLE clinica.municipios (nome text);"
            "CREATE TABLE omie_payload.omie_clientes (empresa text);"
            "COMMENT ON TABLE omie_payload.omie_clientes IS 'Clientes';"
            "CREATE TABLE clinic_raw.pacientes (id text, _empresa text, _extracted_at timestamptz);"
            # None of these did an earlier version make.
            "CREATE TABLE clinica.recebimentos (id text);"
            "CREATE VIEW analise.minha AS SELECT 1 AS n;"
            "CREATE TABLE clinic_raw.anotacoes (id text);"
        )
    known = [
        Relation("clinica", "pacientes"),
        Relation("clinica", "recebimentos"),
        Relation("clinica", "municipios", seed=True),
        Relation("omie_payload", "omie_clientes"),
    ]
    migrate(engine, lambda: known)
    with engine.connect() as connection:
        assert installation(connection, "clinica") != ""
        marked = connection.exec_driver_sql(
            "SELECT c.oid::regclass::text FROM pg_class AS c WHERE omie_sync.e_nosso(c.oid) "
            "ORDER BY 1"
        ).scalars()
        assert marked.all() == [
            "clinic_raw.pacientes",
            "clinica.municipios",
            "clinica.pacientes",
            "omie_payload.omie_clientes",
        ]
        kept = "SELECT obj_description('omie_payload.omie_clientes'::regclass)"
        assert connection.exec_driver_sql(kept).scalar() == "Clientes [omie-pipeline]"
        assert foreign_relations(connection, Schemas(), known) == ("table clinica.recebimentos",)
    engine.dispose()


def test_what_others_put_into_our_schemas_stands_in_the_way_only_by_name(
    engine: sa.Engine,
) -> None:
    planned = [Relation("clinica", "municipios", seed=True), Relation("analise", "duplicados")]
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE analise.minha (id integer)")
        refuse_foreign_relations(connection, Schemas(), planned)
        connection.exec_driver_sql("CREATE TABLE clinica.municipios (nome text)")
        connection.exec_driver_sql("CREATE VIEW analise.duplicados AS SELECT 1 AS n")
        connection.exec_driver_sql("CREATE TYPE analise.cor AS ENUM ('azul')")
        planned.append(Relation("analise", "cor"))
        with pytest.raises(WarehouseError) as refused:
            refuse_foreign_relations(connection, Schemas(), planned)
        assert "type analise.cor" in str(refused.value)
        assert "table clinica.municipios" in str(refused.value)
        assert "view analise.duplicados" in str(refused.value)
        assert "minha" not in str(refused.value)


def test_what_would_fall_with_a_view_of_ours_is_found_however_far_it_stands(
    engine: sa.Engine,
) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE VIEW analise.nossa AS SELECT 1 AS n;"
            "CREATE VIEW analise.sobre AS SELECT n FROM analise.nossa;"
            "SELECT omie_sync.marcar('analise.nossa'), omie_sync.marcar('analise.sobre');"
        )
        above = "SELECT omie_sync.alheios_sobre('analise.nossa')"
        assert connection.exec_driver_sql(above).scalar() == []
        connection.exec_driver_sql(
            "CREATE VIEW public.alheia AS SELECT n FROM analise.sobre;"
            "CREATE MATERIALIZED VIEW public.guardada AS SELECT n FROM public.alheia;"
            "CREATE FUNCTION public.f() RETURNS bigint LANGUAGE sql "
            "RETURN (SELECT count(*) FROM analise.nossa);"
        )
        assert connection.exec_driver_sql(above).scalar() == [
            "function public.f()",
            "materialized view public.guardada",
            "view public.alheia",
        ]


def test_rights_of_other_peoples_tables_in_our_schemas_stay_as_they_are(
    engine: sa.Engine,
) -> None:
    acl = "SELECT relacl::text FROM pg_class WHERE oid = 'analise.minha'::regclass"
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE analise.minha (id integer)")
        connection.exec_driver_sql("REVOKE ALL ON analise.minha FROM omie_analyst")
        connection.exec_driver_sql("GRANT SELECT ON analise.minha TO PUBLIC")
        before = connection.exec_driver_sql(acl).scalar()
        connection.exec_driver_sql("SELECT omie_sync.conceder_acesso()")
        assert connection.exec_driver_sql(acl).scalar() == before


def test_a_clinic_is_not_read_from_a_schema_of_ours(
    terminal: Terminal, engine: sa.Engine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", database_url)
    monkeypatch.setenv("CLINIC_URL", "warehouse://clinica")
    for _ in range(2):
        said = terminal("build")
        assert said.code == 1
        assert "CLINIC_URL=warehouse://clinica: este esquema é do próprio programa" in said.err
    # An empresa's own address, named in the YAML, comes this way.
    with pytest.raises(ConfigurationError, match="esquema é do próprio programa"):
        open_clinic("warehouse://omie_payload", engine)


def test_a_clinic_called_as_ours_is_read_where_ours_have_a_prefix(empty_database: str) -> None:
    engine = open_engine(empty_database, Schemas("a_"))
    with as_named(engine).begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA clinica")
        connection.exec_driver_sql("CREATE TABLE clinica.pacientes AS SELECT 7 AS id")
    migrate(engine)
    reader = open_clinic("warehouse://clinica", engine)
    table = SourceTable("minha", "pacientes", "clinica", "register", ("id",),
                        in_database="pacientes")  # fmt: skip
    assert [batch.to_pylist() for batch in reader.batches(table)] == [[{"id": 7}]]
    with pytest.raises(ConfigurationError, match="esquema é do próprio programa"):
        open_clinic("warehouse://a_clinica", engine)
    engine.dispose()


def test_an_extract_makes_no_table_out_of_somebody_elses(engine: sa.Engine) -> None:
    columns = [RawColumn("id", "text"), RawColumn("nova", "text")]
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE clinic_raw.anotacoes (id text, _empresa text)")
        with pytest.raises(ConfigurationError, match=r"clinic_raw\.anotacoes, que não foi feita"):
            ensure_raw_table(connection, "anotacoes", columns, ["id"])
        ensure_raw_table(connection, "pacientes", columns[:1], ["id"])
        ensure_raw_table(connection, "pacientes", columns, ["id"])


def test_a_schema_that_somebody_made_in_place_of_ours_is_not_taken(empty_database: str) -> None:
    """The ledger is there, but every schema of ours has been marked since."""
    engine = open_engine(empty_database)
    migrate(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA analise CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA analise")
        connection.exec_driver_sql("CREATE VIEW analise.duplicados AS SELECT 1 AS n")
        before = snapshot(connection, "^omie")
    with pytest.raises(WarehouseError, match=r"view analise\.duplicados"):
        migrate(engine, lambda: [Relation("analise", "duplicados")])
    with engine.begin() as connection:
        assert snapshot(connection, "^omie") == before
        connection.exec_driver_sql("DROP VIEW analise.duplicados")
    migrate(engine)
    with engine.connect() as connection:
        assert installation(connection, "analise") == installation(connection, "omie_sync")
    engine.dispose()


def test_a_mark_counts_in_schemas_of_this_installation_only(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE VIEW analise.nossa AS SELECT 1 AS n;"
            "SELECT omie_sync.marcar('analise.nossa');"
            "CREATE SCHEMA b_analise;"
            "CREATE VIEW b_analise.outra AS SELECT n FROM analise.nossa;"
            "COMMENT ON VIEW b_analise.outra IS 'de outra instalação [omie-pipeline]';"
        )
        above = "SELECT omie_sync.alheios_sobre('analise.nossa')"
        assert connection.exec_driver_sql(above).scalar() == ["view b_analise.outra"]


def test_parts_of_others_that_would_fall_with_a_table_of_ours_are_named(engine: sa.Engine) -> None:
    """Of a table that stays only the part is named: the advice is to drop what is named."""
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE omie_payload.nossa (a text, b text);"
            'CREATE INDEX "0123456789abcdef0123456789abcdef" ON omie_payload.nossa (a);'
            "SELECT omie_sync.marcar('omie_payload.nossa');"
        )
        above = "SELECT omie_sync.alheios_sobre('omie_payload.nossa')"
        assert connection.exec_driver_sql(above).scalar() == []
        connection.exec_driver_sql(
            "CREATE TABLE public.cofre (id integer, dentro omie_payload.nossa);"
            "ALTER TABLE public.cofre ENABLE ROW LEVEL SECURITY;"
            "CREATE POLICY so_nossos ON public.cofre"
            " USING (EXISTS (SELECT FROM omie_payload.nossa));"
            "CREATE RULE tambem AS ON INSERT TO public.cofre"
            " DO ALSO DELETE FROM omie_payload.nossa;"
            "CREATE FUNCTION public.g() RETURNS trigger LANGUAGE plpgsql"
            " AS 'BEGIN RETURN NEW; END';"
            "CREATE TRIGGER audita BEFORE INSERT ON omie_payload.nossa"
            " FOR EACH ROW EXECUTE FUNCTION public.g();"
            "CREATE INDEX do_analista ON omie_payload.nossa (b);"
            "ALTER TABLE omie_payload.nossa ADD CONSTRAINT um_so UNIQUE (a);"
            "CREATE TABLE public.filha (a text REFERENCES omie_payload.nossa (a));"
            "CREATE TYPE public.par AS (x omie_payload.nossa);"
        )
        assert connection.exec_driver_sql(above).scalar() == [
            "column dentro of table public.cofre",
            "column x of composite type public.par",
            "constraint filha_a_fkey on table public.filha",
            "constraint um_so on table omie_payload.nossa",
            "index omie_payload.do_analista",
            "policy so_nossos on table public.cofre",
            "rule tambem on table public.cofre",
            "trigger audita on table omie_payload.nossa",
        ]


def test_only_a_copy_of_ours_that_stepped_aside_is_dropped(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE clinic_raw._antiga_pacientes_1 (nota text)")
        ensure_raw_table(connection, "_antiga_pacientes_2", [RawColumn("id", "text")], ["id"])
        assert drop_old(connection, "pacientes") == ()
        left = sa.inspect(connection).get_table_names(schema="clinic_raw")
        assert [name for name in left if name.startswith("_antiga")] == ["_antiga_pacientes_1"]


def test_a_database_of_a_newer_version_is_told_so(
    terminal: Terminal, empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_engine(empty_database)
    migrate(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE omie_sync.alembic_version SET version_num = '9999'")
    engine.dispose()
    monkeypatch.setenv("WAREHOUSE_URL", empty_database)
    said = terminal("db", "start")
    assert said.code == 1
    assert "versão mais nova" in said.err
    assert "Traceback" not in said.err
