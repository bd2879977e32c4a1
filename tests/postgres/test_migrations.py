"""The migrations make what tables.py says, once or many times, alone or in a crowd."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from omie_pipeline.errors import WarehouseError
from omie_pipeline.postgres import all_tables  # noqa: F401 (registers them)
from omie_pipeline.postgres.engine import open_engine
from omie_pipeline.postgres.migrate import alembic_config, migrate, newest_migration
from omie_pipeline.postgres.tables import INBOX, OMIE, OUTBOX, SYNC, metadata
from tests.docs.pages import ROOT


def _ours(name: str | None, kind: str, _: object) -> bool:
    return kind != "schema" or name in (SYNC, OMIE, INBOX, OUTBOX)


def test_tables_and_migrations_agree(engine: sa.Engine) -> None:
    # The role of the tests is called omie, and so is a schema: without this it is the default one.
    public = sa.create_engine(engine.url, connect_args={"options": "-csearch_path=public"})
    with public.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_schemas": True,
                "include_name": _ours,
                "compare_type": True,
                "compare_server_default": True,
                "version_table_schema": SYNC,
            },
        )
        assert compare_metadata(context, metadata) == []
    public.dispose()


def test_the_newest_migration_is_the_one_that_alembic_ends_with(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        scripts = ScriptDirectory.from_config(alembic_config(connection))
    assert scripts.get_heads() == [newest_migration()]


def test_no_two_steps_have_the_same_number() -> None:
    """Two that were made at the same time: alembic would know only one of them."""
    folder = ROOT / "omie_pipeline" / "postgres" / "migrations" / "versions"
    lines = [
        line
        for file in folder.glob("*.py")
        for line in file.read_text("utf-8").splitlines()
        if line.startswith("revision")
    ]
    assert len(lines) > 10
    assert len(lines) == len(set(lines))


@pytest.mark.parametrize(
    ("version", "words"), [("0013", "versão de desenvolvimento"), ("9999", "versão mais nova")]
)
def test_a_database_of_another_version_is_left_alone(
    engine: sa.Engine, version: str, words: str
) -> None:
    at = sa.text("UPDATE omie_sync.alembic_version SET version_num = :version")
    with engine.begin() as connection:
        connection.execute(at, {"version": version})
    with pytest.raises(WarehouseError, match=words):
        migrate(engine)
    with engine.connect() as connection:
        kept = connection.execute(sa.text("SELECT version_num FROM omie_sync.alembic_version"))
        assert kept.scalars().all() == [version]


@pytest.mark.slow
def test_a_database_from_before_a_list_gets_its_table(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE omie.parcelas"))
        connection.execute(sa.text("UPDATE omie_sync.alembic_version SET version_num = '0020'"))
    migrate(engine)
    test_tables_and_migrations_agree(engine)


def test_a_database_from_before_models_were_remembered_gets_their_tables(
    engine: sa.Engine,
) -> None:
    with engine.begin() as connection:
        for table in (
            "model_made", "model_refresh", "model_evidence", "model_test", "work", "stored_plan",
            "stored_plan_part", "stored_plan_row", "deletion_request", "base", "conflict", "look",
        ):  # fmt: skip
            connection.execute(sa.text(f"DROP TABLE omie_sync.{table}"))
        for table in ("clientes", "contas_receber"):
            connection.execute(sa.text(f"ALTER TABLE omie.{table} DROP COLUMN impressao"))
        connection.execute(sa.text("UPDATE omie_sync.alembic_version SET version_num = '0022'"))
    migrate(engine)
    test_tables_and_migrations_agree(engine)


BEFORE_ENGLISH = """
ALTER TABLE omie_inbox.events RENAME COLUMN state TO estado;
ALTER TABLE omie_inbox.events RENAME COLUMN next_at TO proxima_em;
ALTER INDEX omie_inbox.events_pending RENAME TO events_pendentes;
ALTER TABLE omie_sync.ledger RENAME COLUMN partition TO particao;
ALTER TABLE omie_sync.import_run RENAME COLUMN mode TO modo;
INSERT INTO omie_inbox.events (empresa, message_id, topic, received_at, raw, records, tables,
    missing, estado) VALUES ('principal', 'm', 'x', now(), '{}', '{}', '{}', '{}', 'pendente');
INSERT INTO omie_sync.ledger (empresa, endpoint, codigo_integracao, state, particao, run_id,
    error_code) VALUES ('principal', 'clientes', 'PAC-1', 'held', 'principal', 'r', 'referencia');
INSERT INTO omie_sync.import_run (run_id, empresa, table_name, modo, trigger, state, started_at,
    counts) VALUES ('r', 'principal', 'clientes', 'carga', 'cli', 'done', now(), '{"lidas": 3}');
INSERT INTO omie_sync.quarantine (empresa, endpoint, row_key, partition, reasons, row_masked,
    first_seen_at, last_seen_at, run_id) VALUES ('principal', 'clientes', 'x', 'principal',
    '[{"campo": "a", "regra": "b", "motivo": "c", "correcao": "d"}]', '{}', now(), now(), 'r');
UPDATE omie_sync.alembic_version SET version_num = '0021';
"""


def test_a_database_with_portuguese_names_keeps_its_rows(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(BEFORE_ENGLISH)
    migrate(engine)
    test_tables_and_migrations_agree(engine)
    expected = {
        "SELECT state FROM omie_inbox.events": "pending",
        "SELECT error_code || partition FROM omie_sync.ledger": "referenceprincipal",
        "SELECT mode FROM omie_sync.import_run": "full",
        "SELECT counts FROM omie_sync.import_run": {"read": 3},
        "SELECT reasons FROM omie_sync.quarantine": [
            {"field": "a", "rule": "b", "reason": "c", "fix": "d"}
        ],
    }
    with engine.connect() as connection:
        found = {query: connection.execute(sa.text(query)).scalar_one() for query in expected}
    assert found == expected


def test_unlogged_tables_and_comments(engine: sa.Engine) -> None:
    query = sa.text(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = 'omie_sync' AND c.relkind = 'r' AND c.relpersistence = 'u'"
    )
    with engine.connect() as connection:
        assert set(connection.execute(query).scalars()) == {"plan", "quota_lane"}


def test_migrating_again_changes_nothing(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO omie_sync.block VALUES ('a', now(), 'x', now(), NULL)")
        )
    migrate(engine)
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM omie_sync.block")).scalar() == 1


def test_many_processes_migrate_at_once(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        for schema in (SYNC, OMIE, INBOX, OUTBOX, "clinic_raw", "dagster"):
            connection.execute(sa.schema.DropSchema(schema, cascade=True, if_exists=True))
    failures: list[BaseException] = []

    def run() -> None:
        own = open_engine(engine.url.render_as_string(hide_password=False))
        try:
            migrate(own)
        except BaseException as error:  # noqa: BLE001 - a thread must not lose it
            failures.append(error)
        finally:
            own.dispose()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM omie_sync.ledger")).scalar() == 0


@pytest.mark.parametrize("url", ["mysql://a@b/c", "nada", "sqlite://"])
def test_only_postgresql_is_a_warehouse(url: str) -> None:
    with pytest.raises(WarehouseError, match="WAREHOUSE_URL"):
        open_engine(url)


def test_an_error_of_the_database_shows_no_values(engine: sa.Engine) -> None:
    from omie_pipeline.postgres.engine import warehouse_errors

    with (
        pytest.raises(WarehouseError) as caught,
        warehouse_errors(),
        engine.connect() as connection,
    ):
        connection.execute(sa.text("SELECT CAST(:v AS integer)"), {"v": "529.982.247-25"})
    assert "529" not in str(caught.value)
