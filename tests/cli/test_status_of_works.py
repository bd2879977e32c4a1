"""What goes on at present, as another terminal sees it; and how long a plan says it takes."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from omie_pipeline.postgres.tables import work
from tests.cli.conftest import Terminal
from tests.push.world import EMPRESA, World, cliente


def going_on(world: World, kind: str, name: str, **changes: object) -> None:
    now = world.rows("SELECT clock_timestamp()")[0][0]
    values = {"started_at": now - timedelta(hours=1), "told_at": now, "done": 12_000,
              "total": 60_000, "per_minute": 234.0, "most_per_minute": 235.0}  # fmt: skip
    with world.engine.begin() as connection:
        connection.execute(
            sa.insert(work).values(empresa=EMPRESA, kind=kind, name=name, **(values | changes))
        )


def test_status_tells_what_goes_on_and_how_long(terminal: Terminal, clinic: World) -> None:
    going_on(clinic, "push", "clientes")
    going_on(clinic, "import", "contas_receber", total=None, per_minute=None, done=500)
    said = terminal("status")
    assert said.out.startswith("Em andamento:\n")
    assert (
        "  envio de clientes (principal): 12.000 de 60.000 linhas, 234 por minuto (no limite do "
        "Omie), faltam cerca de 3 h 25 min\n" in said.out
    )
    assert "  leitura de contas_receber (principal): 500 linhas\n" in said.out
    told = [one for one in terminal("status", "--json").lines if one["direction"] == "work"]
    (sent,) = [one for one in told if one["work"] == "push"]
    assert (sent["name"], sent["rows_done"], sent["rows_total"]) == ("clientes", 12_000, 60_000)
    assert sent["seconds_left"] == pytest.approx(48_000 / 234 * 60, rel=0.01)
    assert sent["silent"] is False


@pytest.mark.slow
def test_status_tells_what_stopped_without_a_word(terminal: Terminal, clinic: World) -> None:
    long_ago = clinic.rows("SELECT clock_timestamp() - interval '10 minutes'")[0][0]
    going_on(clinic, "push", "clientes", told_at=long_ago)
    said = terminal("status").out
    assert "12.000 de 60.000 linhas, sem sinal de vida desde" in said
    assert "faltam" not in said
    (one,) = [one for one in terminal("status", "--json").lines if one["direction"] == "work"]
    assert (one["silent"], one["seconds_left"]) == (True, None)


def test_status_tells_what_a_work_waits_for(terminal: Terminal, clinic: World) -> None:
    soon = clinic.rows("SELECT clock_timestamp() + interval '30 minutes'")[0][0]
    going_on(clinic, "push", "clientes", wait_reason="o Omie pediu", wait_until=soon)
    assert ": o Omie pediu\n" in terminal("status").out


def test_a_plan_says_how_long_it_will_take(
    terminal: Terminal, clinic: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few rows and a slow limit stand for a first load."""
    monkeypatch.setenv("OMIE_CALLS_PER_MINUTE", "1")
    clinic.model("clientes", [cliente(number) for number in range(1, 7)])
    words = "clientes: 6 linhas a enviar: cerca de 6 min no limite do Omie"
    assert words in terminal("push", "clientes", "--dry-run").err
    assert words in terminal("preview", "clientes").err
    assert "linhas a enviar" not in terminal("preview", "clientes", "--key", "PAC-1").err
