"""A database that refuses is told with its cause and what to do, and without any secret."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.postgres.failures import CLINIC, Place, cause, parsed_url
from tests.cli.conftest import Terminal
from tests.old_postgres import OldPostgres
from tests.schemas.conftest import PASSWORD


class _MySqlError(Exception):
    """As pymysql raises them: a number and words."""


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"password": "errada-de-todo"}, "usuário ou senha errados em WAREHOUSE_URL"),
        ({"username": "ninguem"}, "usuário ou senha errados em WAREHOUSE_URL"),
        ({"database": "inexistente"}, "o banco de dados de WAREHOUSE_URL não existe"),
        ({"port": 1}, "nada responde no endereço de WAREHOUSE_URL"),
        ({"port": 99999}, "a porta em WAREHOUSE_URL deve ser um número de 1 a 65535"),
        ({"query": {"sslmode": "require"}}, "o servidor não tem SSL, e WAREHOUSE_URL o exige"),
        ({"query": {"sslmode": "requer"}}, "sslmode em WAREHOUSE_URL não existe: use disable"),
        ({"query": {"sslmod": "require"}}, "depois de ? uma opção que o PostgreSQL não conhece"),
    ],
)
@pytest.mark.parametrize("command", ["db status", "db start"])
def test_the_warehouse_says_why(
    change: dict[str, object],
    reason: str,
    command: str,
    terminal: Terminal,
    old: OldPostgres,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = sa.make_url(old.as_role("medico", PASSWORD, "postgres"))
    url = url.set(**change)  # type: ignore[arg-type]
    monkeypatch.setenv("WAREHOUSE_URL", url.render_as_string(hide_password=False))
    said = terminal(*command.split())
    assert said.code == 1
    assert reason in said.err
    for secret in (PASSWORD, "errada-de-todo"):
        assert secret not in said.err


def test_who_is_not_in_pg_hba_is_told(
    terminal: Terminal, old: OldPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = old.hba.read_text()
    old.hba.write_text(f"host all medico 127.0.0.1/32 reject\n{allowed}")
    try:
        with old.administrator() as connection:
            connection.exec_driver_sql("SELECT pg_reload_conf()")
        monkeypatch.setenv("WAREHOUSE_URL", old.as_role("medico", PASSWORD, "postgres"))
        said = terminal("db", "status")
    finally:
        old.hba.write_text(allowed)
        with old.administrator() as connection:
            connection.exec_driver_sql("SELECT pg_reload_conf()")
    assert said.code == 1
    assert "pg_hba.conf para medico e postgres" in said.err


def test_an_unknown_host_is_told() -> None:
    words = "failed to resolve host 'nohost': [Errno -2] Name or service not known"
    assert "o nome do servidor em CLINIC_URL não foi encontrado" in cause(
        sa.exc.OperationalError(words, None, Exception()), Place(CLINIC)
    )


@pytest.mark.parametrize("variable", ["WAREHOUSE_URL", "CLINIC_URL"])
@pytest.mark.parametrize("password", ["segr@do9", "s@gr/do9", "segr@do9@x"])
def test_a_password_with_an_at_sign_asks_for_40_and_is_not_shown(
    variable: str,
    password: str,
    terminal: Terminal,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", database_url)
    monkeypatch.setenv(variable, f"postgresql://medico:{password}@127.0.0.1:1/casa")
    said = terminal("build")
    assert said.code == 1
    assert variable in said.err
    assert "%40" in said.err
    for part in password.replace("/", "@").split("@"):
        assert len(part) < 3 or part not in said.err


@pytest.mark.parametrize("password", ["a#b", "a%b", "a?b", "a/b", "a:b"])
def test_other_characters_are_read_as_they_are(password: str) -> None:
    assert parsed_url(f"postgresql://u:{password}@h:1/x", CLINIC).password == password


def test_a_port_that_is_none_hints_at_the_password() -> None:
    with pytest.raises(ConfigurationError, match=r"^CLINIC_URL não é.*%40") as refused:
        parsed_url("postgresql://u:s3nha@h:porta/x", CLINIC)
    assert "s3nha" not in str(refused.value)
    assert "porta" not in str(refused.value)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (1045, "usuário ou senha errados em CLINIC_URL"),
        (1049, "o banco de dados de CLINIC_URL não existe"),
        (2003, "nada responde no endereço de CLINIC_URL"),
        (2005, "o nome do servidor em CLINIC_URL não foi encontrado"),
        (1142, "GRANT SELECT ON clinica.* TO leitor"),
    ],
)
def test_mysql_says_why(number: int, reason: str) -> None:
    error = _MySqlError(number, "Access denied for user 'leitor'@'h' (using password: s3nha)")
    told = cause(error, Place(CLINIC, "leitor", "clinica"))
    assert reason in told
    assert "s3nha" not in told


def test_a_server_that_speaks_portuguese_is_understood() -> None:
    refused = 'FATAL:  autenticação do tipo senha falhou para usuário "medico"'
    assert "usuário ou senha errados" in cause(Exception(refused), Place(CLINIC))
    missing = 'FATAL:  banco de dados "x" não existe'
    assert "não existe no servidor" in cause(Exception(missing), Place(CLINIC))


def test_what_is_not_known_is_not_repeated() -> None:
    assert cause(Exception("row (529.982.247-25) breaks postgresql://u:s3nha@h"), Place("X")) == ""


@pytest.mark.parametrize("condition", [(), ("--where", "id > 3")])
def test_a_table_that_map_may_not_read_is_told_with_its_grant(
    condition: tuple[str, ...],
    terminal: Terminal,
    old: OldPostgres,
    house: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with old.administrator(house) as connection:
        connection.exec_driver_sql(f"GRANT CREATE ON DATABASE {house} TO medico")
        connection.exec_driver_sql("CREATE SCHEMA sistema")
        connection.exec_driver_sql("CREATE TABLE sistema.pessoas (id integer)")
    monkeypatch.setenv("WAREHOUSE_URL", old.as_role("medico", PASSWORD, house))
    said = terminal("map", "clientes", "--table", "sistema.pessoas", "--yes", *condition)
    assert said.code == 1
    assert "GRANT USAGE ON SCHEMA sistema TO medico" in said.err
