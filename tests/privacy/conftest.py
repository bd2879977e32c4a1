"""Logins of people, as an administrator would make them, and views shaped like dbt's."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

Login = Callable[..., sa.Engine]

VIEWS = """
CREATE VIEW analise.clientes WITH (security_barrier) AS
SELECT empresa, codigo_cliente_omie, feito_por,
       omie.mascarar_nome(razao_social) AS razao_social,
       omie.mascarar_documento(cnpj_cpf) AS cnpj_cpf,
       omie.mascarar_contato(email) AS email,
       omie.mascarar_nota(observacao) AS observacao
FROM omie.clientes
WHERE excluido_em IS NULL AND omie.ve_linha(feito_por)
"""
ROWS = """
INSERT INTO omie.clientes (empresa, codigo_cliente_omie, razao_social, cnpj_cpf, email, observacao,
                           feito_por, raw, lido_em)
VALUES ('principal', 1, 'Maria de Souza', '529.982.247-25', 'maria@exemplo.com', 'liga à tarde',
        'omie_pipeline', '{}', now()),
       ('principal', 2, 'João Lima', '111.444.777-35', 'joao@exemplo.com', '',
        'pessoa', '{}', now()),
       ('principal', 3, NULL, NULL, NULL, NULL, NULL, '{}', now())
"""


@pytest.fixture
def views(engine: sa.Engine) -> None:
    """Three clientes, one of them ours, and the view over them."""
    with engine.begin() as connection:
        connection.execute(sa.text(ROWS))
        connection.execute(sa.text(VIEWS))


@pytest.fixture
def login(engine: sa.Engine) -> Iterator[Login]:
    """Makes a login user in the given roles and connects as it; gone after the test."""
    made: list[tuple[str, sa.Engine]] = []

    def make(*roles: str, attributes: str = "") -> sa.Engine:
        name, password = f"pessoa_{secrets.token_hex(4)}", secrets.token_hex(8)
        with engine.begin() as connection:
            connection.execute(
                sa.text(f"CREATE ROLE {name} LOGIN {attributes} PASSWORD '{password}'")
            )
            for role in roles:
                connection.execute(sa.text(f"GRANT {role} TO {name}"))
        own = sa.create_engine(engine.url.set(username=name, password=password))
        made.append((name, own))
        return own

    yield make
    for name, own in made:
        own.dispose()
        with engine.begin() as connection:
            connection.execute(sa.text(f"DROP OWNED BY {name} CASCADE"))
            connection.execute(sa.text(f"DROP ROLE {name}"))
