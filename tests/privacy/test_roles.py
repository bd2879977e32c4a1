"""Who may see, asked with real connections of people in each role."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from omie_pipeline.postgres.roles import ROLES
from tests.privacy.conftest import VIEWS, Login

SEEN = (
    "SELECT razao_social, cnpj_cpf, email, observacao FROM analise.clientes "
    "ORDER BY codigo_cliente_omie"
)
IDS = "SELECT codigo_cliente_omie FROM analise.clientes ORDER BY 1"
MARIA = ("Maria de Souza", "529.982.247-25", "maria@exemplo.com", "liga à tarde")
MASKED = [
    ("M*** d*** S***", "***25", "***", "***"),
    ("J*** L***", "***35", "***", ""),
    (None, None, None, None),
]
INSUFFICIENT_PRIVILEGE = "42501"


def ask(engine: sa.Engine, statement: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(statement))]


def refused(engine: sa.Engine, statement: str) -> bool:
    with pytest.raises(sa.exc.ProgrammingError) as caught:
        ask(engine, statement)
    return getattr(caught.value.orig, "sqlstate", "") == INSUFFICIENT_PRIVILEGE


def test_an_analyst_sees_every_row_masked(views: None, login: Login) -> None:
    assert ask(login("omie_analyst"), SEEN) == MASKED


@pytest.mark.parametrize("roles", [("omie_finance",), ("omie_analyst", "omie_finance"),
                                   ("omie_clinic", "omie_finance")])  # fmt: skip
def test_finance_sees_everything(views: None, login: Login, roles: tuple[str, ...]) -> None:
    person = login(*roles)
    assert ask(person, SEEN)[0] == MARIA
    assert ask(person, IDS) == [(1,), (2,), (3,)]


@pytest.mark.parametrize("roles", [("omie_clinic",), ("omie_analyst", "omie_clinic")])
def test_the_clinic_sees_in_full_what_it_sent(
    views: None, login: Login, roles: tuple[str, ...]
) -> None:
    assert ask(login(*roles), SEEN) == [MARIA]


def test_the_owner_sees_everything(views: None, engine: sa.Engine) -> None:
    assert ask(engine, SEEN)[0] == MARIA
    assert len(ask(engine, IDS)) == 3


def test_a_function_of_the_reader_sees_no_hidden_row(
    views: None, login: Login, engine: sa.Engine
) -> None:
    """Without ``security_barrier`` a cheap condition runs before the view's own row filter."""
    clinic = login("omie_clinic")
    trap = "1 / (codigo_cliente_omie - 2) IS NOT NULL"
    assert ask(clinic, f"{IDS.removesuffix(' ORDER BY 1')} WHERE {trap}") == [(1,)]


def test_replacing_a_view_must_name_the_barrier_again(views: None, engine: sa.Engine) -> None:
    """Why the models say it each time: PostgreSQL forgets it."""
    with engine.begin() as connection:
        replaced = VIEWS.replace("CREATE VIEW", "CREATE OR REPLACE VIEW")
        options = "SELECT reloptions FROM pg_class WHERE oid = 'analise.clientes'::regclass"
        connection.execute(sa.text(replaced))
        assert connection.scalar(sa.text(options)) == ["security_barrier=true"]
        connection.execute(sa.text(replaced.replace("WITH (security_barrier)", "")))
        assert connection.scalar(sa.text(options)) is None


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("table", ["omie.clientes", "omie_sync.ledger", "omie_sync.erasure",
                                   "clinic_raw.pacientes", "clinica.pacientes",
                                   "omie_inbox.events", "dagster.runs"])  # fmt: skip
def test_no_role_reaches_a_base_table(
    engine: sa.Engine, login: Login, role: str, table: str
) -> None:
    schema = table.partition(".")[0]
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE SCHEMA IF NOT EXISTS {schema}"))
        connection.execute(sa.text(f"CREATE TABLE IF NOT EXISTS {table} (id int)"))
    person = login(role)
    assert refused(person, f"SELECT * FROM {table}")
    assert refused(person, f"CREATE TABLE {schema}.novo (id int)")


@pytest.mark.parametrize("role", ROLES)
def test_a_role_writes_nothing(views: None, login: Login, role: str) -> None:
    person = login(role)
    assert refused(person, "UPDATE analise.clientes SET empresa = 'x'")
    assert refused(person, "DELETE FROM analise.clientes")
    assert refused(person, "CREATE VIEW analise.minha AS SELECT 1 AS um")


def test_views_made_and_replaced_later_are_readable(
    views: None, login: Login, engine: sa.Engine
) -> None:
    person = login("omie_analyst")
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE VIEW analise.nova AS SELECT 7 AS n"))
        connection.execute(sa.text("CREATE TABLE analise.tabela AS SELECT 8 AS n"))
    assert ask(
        person, "SELECT n FROM analise.nova UNION SELECT n FROM analise.tabela ORDER BY 1"
    ) == [(7,), (8,)]
    with engine.begin() as connection:
        connection.execute(sa.text("DROP VIEW analise.nova"))
        connection.execute(sa.text("CREATE VIEW analise.nova AS SELECT 9 AS n"))
    assert ask(person, "SELECT n FROM analise.nova") == [(9,)]


def test_public_has_nothing(views: None, login: Login) -> None:
    nobody = login()
    for statement in ("SELECT * FROM analise.clientes", "SELECT * FROM omie.clientes",
                      "SELECT omie.mascarar_nome('x')", "SELECT omie_sync.conceder_acesso()",
                      "SELECT * FROM omie_sync.ledger",
                      "SELECT omie_saida.acknowledge('x', 'y', 0)"):  # fmt: skip
        assert refused(nobody, statement)
    schemas = "analise", "omie", "omie_sync", "clinic_raw", "dagster", "omie_inbox", "omie_saida"
    for schema in schemas:
        has = f"SELECT has_schema_privilege('{schema}', 'USAGE, CREATE')"
        assert ask(nobody, has) == [(False,)]


def test_who_is_in_no_role_sees_masks(views: None, login: Login, engine: sa.Engine) -> None:
    """Somebody gave a reporting tool the view alone: it is refused, never shown in full."""
    tool = login()
    name = tool.url.username
    with engine.begin() as connection:
        connection.execute(sa.text(f"GRANT USAGE ON SCHEMA analise TO {name}"))
        connection.execute(sa.text(f"GRANT SELECT ON analise.clientes TO {name}"))
    assert refused(tool, SEEN)


def test_a_search_path_bends_no_mask(views: None, login: Login, engine: sa.Engine) -> None:
    person = login("omie_analyst")
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE SCHEMA armadilha AUTHORIZATION {person.url.username}"))
    with person.connect() as connection:
        connection.execute(
            sa.text(
                "CREATE FUNCTION armadilha.pg_has_role(name, oid, text) RETURNS boolean "
                "LANGUAGE sql AS 'SELECT true'"
            )
        )
        connection.execute(sa.text("SET search_path = armadilha, pg_catalog"))
        assert [tuple(row) for row in connection.execute(sa.text(SEEN))] == MASKED
