"""Role ``omie_outbox`` may read the outbox and acknowledge, and nothing else."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tests.docs.pages import ROOT, blocks
from tests.outbox.conftest import House

PAGE = ROOT / "docs" / "way-back.md"


@pytest.fixture
def system(engine: sa.Engine) -> Iterator[sa.Engine]:
    """The engine of a login that polls."""
    name, password = f"sistema_{secrets.token_hex(4)}", secrets.token_hex(8)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            f"CREATE ROLE {name} LOGIN PASSWORD '{password}' IN ROLE omie_outbox"
        )
    opened = sa.create_engine(
        engine.url.set(username=name, password=password), poolclass=sa.pool.NullPool
    )
    yield opened
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP ROLE {name}")


def test_a_system_polls_with_sql_and_can_do_nothing_else(house: House, system: sa.Engine) -> None:
    house.deliver(1)
    house.write()
    role, poll = blocks(PAGE, "sql")[:2]
    assert "IN ROLE omie_outbox" in role
    query, ack = poll.replace("500)", "2)").split(";")[:2]
    with system.begin() as connection:
        assert [row.number for row in connection.exec_driver_sql(query)] == [1, 2]
        assert [row.number for row in connection.exec_driver_sql(query)] == [1, 2]
        assert connection.exec_driver_sql(ack).scalar_one() == 2
        assert connection.exec_driver_sql(query).all() == []
    with system.connect() as connection:
        assert connection.exec_driver_sql("SELECT * FROM omie_saida.cuts").all() == []
    for refused in (
        "DELETE FROM omie_saida.changes",
        "UPDATE omie_saida.acknowledgements SET number = 0",
        "INSERT INTO omie_saida.changes SELECT * FROM omie_saida.changes",
        "SELECT * FROM omie_sync.outbox_last",
        "SELECT * FROM omie.clientes",
        "SELECT * FROM omie_sync.ledger",
    ):
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
            system.connect().execute(sa.text(refused))
    for wrong in ("3", "NULL", "-1"):
        call = f"SELECT omie_saida.acknowledge('principal', 'meu', {wrong})"
        with pytest.raises(sa.exc.DataError, match="vai de 1 a 2"):
            system.connect().execute(sa.text(call))
