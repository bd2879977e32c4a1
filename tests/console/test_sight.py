"""A person sees the rows of their empresas and of no other one: the database holds that."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from omie_pipeline.console.access.people import Grant
from omie_pipeline.console.access.roles import Role
from omie_pipeline.console.sight import Sight, seeing
from omie_pipeline.postgres import all_tables
from omie_pipeline.postgres.tables import console_grant, ledger, metadata, stored_plan
from tests.console.conftest import House

BY_EMPRESA = [
    one
    for one in metadata.sorted_tables
    if "empresa" in one.c and one is not console_grant and all_tables.__all__
]
CLOSED = {"console_person", "console_grant", "console_session", "console_attempt"}


def _seen(house: House, table: sa.Table, *empresas: str) -> list[str]:
    engine = house.console._backstage.seen.engine
    with seeing(Sight(empresas)), engine.connect() as connection:
        return sorted(connection.scalars(sa.select(table.c.empresa)))


def _fill(house: House, table: sa.Table) -> None:
    """A row of each empresa, whatever the table asks for besides."""
    with house.engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        for number, name in enumerate(("norte", "sul"), start=1):
            values = {
                column.name: _value(column, number)
                for column in table.columns
                if not column.nullable and column.server_default is None and not column.identity
            }
            connection.execute(sa.insert(table).values(values | {"empresa": name}))


def _value(column: sa.Column[object], number: int) -> object:
    kind = column.type
    if isinstance(kind, sa.DateTime):
        return sa.func.now()
    if isinstance(kind, sa.Date):
        return sa.func.current_date()
    if isinstance(kind, sa.ARRAY):
        return []
    if isinstance(kind, sa.JSON):
        return {}
    if isinstance(kind, sa.Boolean):
        return False
    return number if isinstance(kind, sa.Numeric | sa.Integer) else f"{number}"


def test_each_table_shows_the_rows_of_the_empresas_that_are_named(house: House) -> None:
    for table in BY_EMPRESA:
        _fill(house, table)
        assert _seen(house, table, "norte") == ["norte"], table.fullname
        assert _seen(house, table, "norte", "sul") == ["norte", "sul"], table.fullname
        assert _seen(house, table) == [], table.fullname
        assert _seen(house, table, "norte' OR 'a'='a") == [], table.fullname


def test_what_is_not_granted_stays_closed(house: House) -> None:
    engine = house.console._backstage.seen.engine
    for name in CLOSED:
        table = metadata.tables[f"omie_sync.{name}"]
        with (
            seeing(Sight(("norte",))),
            engine.connect() as connection,
            pytest.raises(sa.exc.ProgrammingError),
        ):
            connection.execute(sa.select(table))


def test_pages_write_nothing_by_themselves(house: House) -> None:
    engine = house.console._backstage.seen.engine
    with (
        seeing(Sight(("norte",))),
        pytest.raises(sa.exc.ProgrammingError),
        engine.begin() as connection,
    ):
        connection.execute(sa.delete(ledger))


def test_a_statement_outside_of_a_transaction_sees_nothing(house: House) -> None:
    _fill(house, ledger)
    engine = house.console._backstage.seen.engine.execution_options(isolation_level="AUTOCOMMIT")
    with seeing(Sight(("norte",))), engine.connect() as connection:
        assert connection.execute(sa.select(ledger)).all() == []
        assert connection.scalar(sa.text("SELECT current_user")) == "omie_console"


def test_a_plan_of_several_empresas_is_seen_by_who_sees_all_of_them(house: House) -> None:
    with house.engine.begin() as connection:
        for plan_id, empresas in (("a", ["norte"]), ("b", ["norte", "sul"])):
            values = {
                "plan_id": plan_id, "state": "made", "subject": "x", "origin": "person",
                "empresas": empresas, "endpoints": [], "made_at": sa.func.now(), "made_by": "x",
            }  # fmt: skip
            connection.execute(sa.insert(stored_plan).values(**values))
    engine = house.console._backstage.seen.engine
    for empresas, seen in ((("norte",), ["a"]), (("norte", "sul"), ["a", "b"]), (("sul",), [])):
        with seeing(Sight(empresas)), engine.connect() as connection:
            found = sorted(connection.scalars(sa.select(stored_plan.c.plan_id)))
        assert found == seen


def test_other_roles_keep_what_they_had(house: House) -> None:
    """Policies narrow the console and nobody else."""
    _fill(house, ledger)
    with house.engine.begin() as connection:
        connection.exec_driver_sql("CREATE ROLE somebody_else NOLOGIN")
        connection.exec_driver_sql("GRANT USAGE ON SCHEMA omie_sync TO somebody_else")
        connection.exec_driver_sql("GRANT SELECT ON omie_sync.ledger TO somebody_else")
        connection.exec_driver_sql("SET LOCAL ROLE somebody_else")
        assert len(connection.execute(sa.select(ledger)).all()) == 2
        connection.exec_driver_sql("RESET ROLE")
        connection.rollback()


def test_pages_name_no_empresa_of_others(house: House) -> None:
    browser = house.let_in("norte.so", Grant("norte", Role.MANAGER))
    page = browser.get("/").text
    assert "norte" in page
    assert "sul" not in page.replace("resul", "")
    assert browser.http.post("/e/sul/sincronizar", data=browser.hidden()).status_code == 404
