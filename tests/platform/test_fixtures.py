"""The fixtures that every other test stands on."""

from __future__ import annotations

import socket

import pytest
import sqlalchemy as sa


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_gets_a_database_of_its_own(engine: sa.Engine, turn: int) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE only_here (turn int)"))
        connection.execute(sa.text("INSERT INTO only_here VALUES (:turn)"), {"turn": turn})
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT sum(turn) FROM only_here")) == turn


def test_the_database_is_migrated(engine: sa.Engine) -> None:
    assert {"omie_sync", "omie", "clinic_raw", "dagster"} <= set(
        sa.inspect(engine).get_schema_names()
    )


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_no_test_can_connect_beyond_the_machine(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as outside:
        outside.settimeout(0.01)
        with pytest.raises(AssertionError, match="tried to reach"):
            outside.connect((address, 443))


def test_no_test_can_look_a_name_up() -> None:
    with pytest.raises(AssertionError, match="tried to reach"):
        socket.getaddrinfo("example.invalid", 443)
