"""Payload tables from their kept queries: whose rows are written, and when none are."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.errors import WarehouseError
from omie_pipeline.models import refresh as refreshing
from omie_pipeline.models.refresh import Refresh, Refreshed, holding
from omie_pipeline.models.sources import NOBODY
from omie_pipeline.payload import hold_still, load_payload_model
from tests.models.conftest import BOTH, EMPRESAS, NORTE, SUL, Tables

ALL = ["norte PAC-1 Ana", "norte PAC-2 Rui", "outra PAC-9 Ivo", "sul PAC-1 Eva"]
RENAME = "UPDATE clinic_raw.pessoas SET nome = :name WHERE id = '1' AND _empresa = :whose"


def test_the_first_time_all_rows_come_and_then_none(tables: Tables) -> None:
    first = tables.refresh()
    assert [one.added for one in first.values()] == [4, 4]
    assert tables.people() == tables.people("omie_payload.omie_faturar_os") == ALL
    before = tables.rows()
    again = tables.refresh()
    assert [(one.empresas, one.changed) for one in again.values()] == [((), False)] * 2
    assert tables.rows() == before


def test_a_changed_row_alone_is_written_and_only_its_empresa_looked_at(tables: Tables) -> None:
    tables.refresh()
    before = tables.rows()
    tables.run(RENAME, name="Ana Maria", whose=NORTE)
    done = tables.refresh()
    assert {one.empresas for one in done.values()} == {(NORTE,)}
    assert [(one.rows, one.removed, one.added) for one in done.values()] == [(2, 1, 1)] * 2
    kept = set(before) & set(tables.rows())
    assert {row[1:3] for row in kept} == {("PAC-2", "Rui"), ("PAC-9", "Ivo"), ("PAC-1", "Eva")}
    assert "norte PAC-1 Ana Maria" in tables.people("omie_payload.omie_faturar_os")


def test_a_run_of_one_empresa_leaves_the_others_as_they_are(tables: Tables) -> None:
    tables.refresh()
    tables.run(RENAME, name="Bia", whose=SUL)
    tables.run(RENAME, name="Bia", whose=NORTE)
    done = tables.refresh([NORTE])
    assert {one.empresas for one in done.values()} == {(NORTE,)}
    assert "sul PAC-1 Eva" in tables.people()
    assert {one.empresas for one in tables.refresh([SUL]).values()} == {(SUL,)}
    assert "sul PAC-1 Bia" in tables.people()


def test_rows_of_no_empresa_go_with_a_refresh_of_all(tables: Tables) -> None:
    tables.refresh()
    tables.run("UPDATE clinic_raw.pessoas SET _empresa = 'terceira' WHERE id = '9'")
    assert tables.refresh([NORTE])
    assert "outra PAC-9 Ivo" in tables.people()
    # They may make rows of any empresa, and are looked at for all; their own wait for a whole run.
    assert tables.refresh()["omie_clientes"].empresas == (SUL, NOBODY)
    assert "terceira PAC-9 Ivo" in tables.people()


@pytest.mark.parametrize(
    "spoil",
    [
        "DELETE FROM omie_payload.omie_clientes",
        "TRUNCATE omie_payload.omie_clientes",
        "DELETE FROM omie_payload.omie_clientes WHERE empresa = 'sul'",
        "UPDATE omie_payload.omie_clientes SET razao_social = 'x' WHERE empresa = 'norte'",
        "INSERT INTO omie_payload.omie_clientes SELECT * FROM omie_payload.omie_clientes",
    ],
)
def test_what_somebody_did_to_the_table_is_undone(tables: Tables, spoil: str) -> None:
    tables.refresh()
    tables.run(spoil)
    assert tables.people() != ALL
    tables.refresh()
    assert tables.people() == ALL


def test_a_row_given_twice_is_twice_there(tables: Tables) -> None:
    tables.run("ALTER TABLE clinic_raw.pessoas DROP CONSTRAINT pessoas_pkey")
    tables.run("INSERT INTO clinic_raw.pessoas SELECT * FROM clinic_raw.pessoas")
    tables.refresh()
    assert tables.people() == sorted(ALL * 2)
    tables.run("DELETE FROM clinic_raw.pessoas WHERE ctid IN"
               " (SELECT max(ctid) FROM clinic_raw.pessoas GROUP BY _empresa, id)")  # fmt: skip
    assert tables.refresh()["omie_clientes"].removed == 4
    assert tables.people() == ALL


def test_where_the_users_models_say_the_empresa_any_row_counts_for_all(tables: Tables) -> None:
    tables.refresh(by_empresa=False)
    tables.run(RENAME, name="Bia", whose=SUL)
    done = tables.refresh([NORTE], by_empresa=False)
    assert done["omie_clientes"].empresas == (NORTE,)
    assert not done["omie_clientes"].changed


@pytest.mark.parametrize(
    ("word", "looked_at"),
    [("current_date::text", ()), ("now()::text", EMPRESAS), ("clock_timestamp()::text", EMPRESAS),
     ("random()::text", EMPRESAS), ('current_user::text COLLATE "default"', EMPRESAS),
     ("lower('X')", ())],
)  # fmt: skip
def test_a_query_that_asks_for_the_time_is_asked_again(
    tables: Tables, word: str, looked_at: tuple[str, ...]
) -> None:
    tables.run(
        "CREATE OR REPLACE VIEW staging.omie_faturar_os AS SELECT empresa,"
        f' codigo_cliente_integracao AS "cCodIntOS", left({word}, 0) AS _nome'
        " FROM omie_payload.omie_clientes"
    )
    tables.refresh()
    assert tables.refresh(EMPRESAS)["omie_faturar_os"].empresas[:2] == looked_at


def test_tomorrow_a_query_that_asks_for_the_day_is_asked_again(tables: Tables) -> None:
    tables.run("CREATE OR REPLACE VIEW staging.omie_faturar_os AS SELECT empresa,"
               ' codigo_cliente_integracao AS "cCodIntOS", current_date::text AS _nome'
               " FROM omie_payload.omie_clientes")  # fmt: skip
    zones = ("Pacific/Kiritimati", "Etc/GMT+12")  # 26 hours apart: never the same day
    seen = []
    for zone in (zones[0], zones[0], zones[1]):
        with holding(tables.engine, snapshot=True) as connection:
            connection.execute(sa.text(f"SET LOCAL timezone = '{zone}'"))
            done = Refresh(connection, EMPRESAS).run(BOTH, EMPRESAS)
        seen.append(done[-1].changed)
    assert seen == [True, False, True]


def test_a_query_over_a_foreign_function_is_always_asked(tables: Tables) -> None:
    tables.run("CREATE FUNCTION public.f() RETURNS text LANGUAGE sql STABLE RETURN 'x'")
    tables.run("CREATE OR REPLACE VIEW staging.omie_faturar_os AS SELECT empresa,"
               ' codigo_cliente_integracao AS "cCodIntOS", public.f() AS _nome'
               " FROM omie_payload.omie_clientes")  # fmt: skip
    tables.refresh()
    assert tables.refresh()["omie_faturar_os"].empresas == (*EMPRESAS, NOBODY)


def test_killed_between_removing_and_adding_nothing_is_changed(
    tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables.refresh()
    tables.run(RENAME, name="Bia", whose=NORTE)
    before = tables.rows()
    with monkeypatch.context() as patch:
        patch.setattr(refreshing, "_ADD", "SELECT pg_terminate_backend(pg_backend_pid())")
        with pytest.raises(WarehouseError):
            tables.refresh()
    assert tables.rows() == before
    assert tables.refresh()["omie_clientes"].added == 1


def test_rows_of_others_that_hang_on_the_table_stop_it(tables: Tables) -> None:
    tables.refresh()
    tables.run("ALTER TABLE omie_payload.omie_clientes ADD CONSTRAINT k"
               " UNIQUE (empresa, codigo_cliente_integracao)")  # fmt: skip
    tables.run("CREATE TABLE public.notas (e text, c text, FOREIGN KEY (e, c) REFERENCES"
               " omie_payload.omie_clientes (empresa, codigo_cliente_integracao)"
               " ON DELETE CASCADE)")  # fmt: skip
    tables.run("INSERT INTO public.notas VALUES ('norte', 'PAC-1')")
    tables.run(RENAME, name="Bia", whose=NORTE)
    with pytest.raises(WarehouseError, match="notas"):
        tables.refresh()
    assert tables.people() == ALL


def test_a_reader_sees_the_old_rows_and_stops_nobody(tables: Tables) -> None:
    """A push plans in one snapshot: of its own empresa, and of another."""
    tables.refresh()
    model = load_payload_model(tables.engine, REGISTRY["clientes"])
    serial = tables.engine.execution_options(isolation_level="REPEATABLE READ")
    query = sa.text("SELECT razao_social FROM omie_payload.omie_clientes ORDER BY 1")
    with serial.begin() as planning:
        hold_still(planning, model)
        before = planning.execute(query).scalars().all()
        tables.run(RENAME, name="Bia", whose=NORTE)
        assert tables.refresh()["omie_clientes"].changed
        assert planning.execute(query).scalars().all() == before
    assert "norte PAC-1 Bia" in tables.people()


def test_two_at_once_wait_for_one_another(tables: Tables) -> None:
    """The second one sees what the first one wrote, and finds nothing left to do."""
    waits = threading.Event()

    def refresh() -> tuple[Refreshed, ...]:
        with holding(tables.engine, snapshot=True, on_wait=waits.set) as connection:
            return Refresh(connection, EMPRESAS).run(BOTH, EMPRESAS)

    with ThreadPoolExecutor(1) as pool:
        with holding(tables.engine, snapshot=True) as connection:
            second = pool.submit(refresh)
            assert waits.wait(10)
            first = Refresh(connection, EMPRESAS).run(BOTH, EMPRESAS)
        assert [one.added for one in first] == [4, 4]
        assert not any(one.empresas for one in second.result(30))


def test_a_change_while_rows_are_computed_is_seen_the_next_time(tables: Tables) -> None:
    tables.refresh()
    tables.run(RENAME, name="Bia", whose=NORTE)
    with holding(tables.engine, snapshot=True) as connection:
        refresh = Refresh(connection, EMPRESAS)
        connection.execute(sa.text("SELECT 1"))
        tables.run(RENAME, name="Cora", whose=NORTE)
        refresh.run(BOTH, EMPRESAS)
    assert "norte PAC-1 Bia" in tables.people()
    tables.refresh()
    assert "norte PAC-1 Cora" in tables.people()


def test_a_table_of_the_users_that_dbt_fills_is_left_to_dbt(tables: Tables) -> None:
    tables.run("CREATE TABLE analise.resumo AS SELECT 1 AS a")
    tables.run("CREATE TABLE analise.livre AS SELECT 1 AS a")
    tables.run("CREATE VIEW staging.resumo AS SELECT 1 AS a")
    with tables.engine.begin() as connection:
        refresh = Refresh(connection, EMPRESAS)
        assert refresh.has_others(["analise.resumo"])
        assert not refresh.has_others(["analise.livre", "clinica.municipios"])
        assert not refresh.has_others([f"omie_payload.{name}" for name in BOTH])


def test_one_record_is_computed_without_the_others(tables: Tables) -> None:
    tables.refresh()
    tables.run("UPDATE clinic_raw.pessoas SET nome = nome || ' B'")
    with holding(tables.engine, snapshot=True) as connection:
        done = Refresh(connection, EMPRESAS).run_key(REGISTRY["clientes"], NORTE, "PAC-1")
    assert (done.removed, done.added) == (1, 1)
    assert tables.people() == ["norte PAC-1 Ana B", *ALL[1:]]
    # The table's other rows were not looked at: the next refresh does.
    tables.refresh()
    assert tables.people() == [f"{line} B" for line in ALL]


def test_one_record_that_left_the_clinic_leaves_the_table(tables: Tables) -> None:
    tables.refresh()
    tables.run("DELETE FROM clinic_raw.pessoas WHERE id = '1'")
    with holding(tables.engine, snapshot=True) as connection:
        done = Refresh(connection, EMPRESAS).run_key(REGISTRY["clientes"], SUL, "PAC-1")
    assert (done.removed, done.added) == (1, 0)
    assert tables.people() == ALL[:3]


def test_a_view_in_a_payload_tables_place_needs_no_refresh(tables: Tables) -> None:
    tables.run("DROP VIEW staging.omie_clientes CASCADE")
    tables.run("DROP TABLE omie_payload.omie_clientes CASCADE")
    tables.run("CREATE VIEW omie_payload.omie_clientes AS SELECT _empresa FROM clinic_raw.pessoas")
    with holding(tables.engine, snapshot=True) as connection:
        done = Refresh(connection, EMPRESAS).run_key(REGISTRY["clientes"], SUL, "PAC-1")
    assert not done.changed


def test_a_server_that_ends_idle_transactions_leaves_ours(tables: Tables) -> None:
    name = tables.engine.url.database
    tables.run(f"ALTER DATABASE {name} SET idle_in_transaction_session_timeout = '1h'")
    tables.engine.dispose()
    with holding(tables.engine) as connection:
        said = connection.scalar(sa.text("SHOW idle_in_transaction_session_timeout"))
    assert said == "0"


def test_what_a_records_query_reads_comes_first(tables: Tables) -> None:
    tables.refresh()
    tables.run(RENAME, name="Bia", whose=NORTE)
    with holding(tables.engine, snapshot=True) as connection:
        done = Refresh(connection, EMPRESAS).run_key(REGISTRY["faturar_os"], NORTE, "PAC-1")
    assert [(one.model, one.added) for one in done.below] == [("omie_clientes", 1)]
    assert "norte PAC-1 Bia" in tables.people("omie_payload.omie_faturar_os")


def test_dbts_tests_of_a_table_are_run_where_a_row_of_it_changed(tables: Tables) -> None:
    keep = "INSERT INTO omie_sync.model_test (name, reads, statement) VALUES (:n, :r, :s)"
    twice = "select 1 from omie_payload.omie_clientes where razao_social = 'Rui' -- 100 %"
    tables.run(keep, n="ninguem_e_rui", r=["omie_payload.omie_clientes"], s=twice)
    tables.run(keep, n="ok", r=["omie_payload.omie_clientes"], s="select 1 where false")
    tables.run(keep, n="le_visao", r=["omie_payload.omie_clientes", "clinica.x"], s="select 1/0")
    tables.run(keep, n="de_outra", r=["omie_payload.omie_faturar_os"], s="select 2")
    first = tables.refresh()
    assert first["omie_clientes"].tested == {"ninguem_e_rui": 1, "ok": 0}
    assert first["omie_clientes"].failing == {"ninguem_e_rui": 1}
    assert first["omie_faturar_os"].failing == {"de_outra": 1}
    assert not any(one.failing for one in tables.refresh().values())


def test_a_data_test_that_cannot_be_asked_keeps_no_row_away(tables: Tables) -> None:
    keep = "INSERT INTO omie_sync.model_test (name, reads, statement) VALUES (:n, :r, :s)"
    read = ["omie_payload.omie_clientes"]
    nothing = "select 1 from omie_payload.omie_clientes where 1 / (length(razao_social) * 0) = 1"
    tables.run(keep, n="divide_por_zero", r=read, s=nothing)
    tables.run(keep, n="falha", r=read, s="select 1")
    first = tables.refresh()
    assert first["omie_clientes"].failing == {"divide_por_zero": None, "falha": 1}
    assert first["omie_clientes"].added
    # It was kept: there is nothing left to do.
    assert not any(one.changed for one in tables.refresh().values())


def test_ids_that_a_transaction_looks_at_are_its_own(tables: Tables) -> None:
    ids = sa.text("SELECT omie_sync.only_ids('pacientes')")
    with tables.engine.begin() as connection:
        assert connection.scalar(ids) is None
        for wanted in (["1", "a/b, c"], [], None):
            connection.execute(sa.text("SELECT omie_sync.look_only_at('pacientes', :ids)"),
                               {"ids": wanted})  # fmt: skip
            # An empty list looks at nothing; NULL, as ever, at all.
            assert connection.scalar(ids) == (wanted if wanted != [] else [""])
        assert connection.scalar(sa.text("SELECT omie_sync.only_ids('recebimentos')")) is None
        connection.execute(sa.text("SELECT omie_sync.look_only_at('pacientes', ARRAY['1'])"))
    with tables.engine.connect() as connection:
        assert connection.scalar(ids) is None
        # What a role, a database or a session was given hides no row.
        connection.execute(sa.text("SET omie_pipeline.only_pacientes = '1\x1f7'"))
        assert connection.scalar(ids) is None
