"""``check``: the company's name, or the one cause among those known."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from omie_pipeline.simulator.engine.limits import Limits
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from omie_pipeline.simulator.engine.server import Simulator
from tests.cli.conftest import Terminal
from tests.cli.test_clocks import machine_is_ahead
from tests.fencing.pgbouncer import pgbouncer
from tests.push.world import World
from tests.schemas.conftest import empty_database

__all__ = ["empty_database"]


def test_a_good_key_names_the_company_and_needs_no_database(
    terminal: Terminal, sim: Simulator
) -> None:
    said = terminal("check")
    assert said.code == 0
    assert "principal: Conexão estabelecida com sucesso: Clínica Modelo Ltda" in said.out
    (call,) = sim.control.calls()
    assert (call.method, call.param["pagina"]) == ("ListarEmpresas", 1)


def test_json_says_the_same(terminal: Terminal) -> None:
    (line,) = terminal("check", "--json").lines
    assert line["ok"] is True
    assert line["company"] == "Clínica Modelo Ltda"
    assert line["cause"] == ""


@pytest.mark.parametrize(
    ("variable", "value", "cause", "calls"),
    [
        ("OMIE_APP_KEY", None, "no_key", 0),
        ("OMIE_APP_SECRET", None, "no_key", 0),
        ("OMIE_APP_SECRET", " segredo-errado ", "key_with_spaces", 0),
        ("OMIE_APP_KEY", "'1234567890'", "key_with_spaces", 0),
        ("OMIE_APP_SECRET", "segredo-errado", "key_refused", 1),
        ("OMIE_APP_KEY", "999999999999", "unknown_key", 1),
        ("OMIE_BASE_URL", "http://127.0.0.1:1/api/v1/", "refused", 0),
    ],
)
def test_what_is_wrong_with_the_settings(
    terminal: Terminal,
    sim: Simulator,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str | None,
    cause: str,
    calls: int,
) -> None:
    if value is None:
        monkeypatch.delenv(variable)
    else:
        monkeypatch.setenv(variable, value)
    said = terminal("check", "--json")
    (line,) = said.lines
    assert (said.code, line["ok"], line["cause"]) == (1, False, cause)
    assert line["fix"]
    assert len(sim.control.calls()) == calls


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (PlannedFault("blocked_425", seconds=600), "blocked"),
        (PlannedFault("redundant", seconds=30), "limit"),
        (PlannedFault("http_429"), "limit"),
        (PlannedFault("busy"), "limit"),
        (PlannedFault("html_502"), "down"),
        (PlannedFault("http_500"), "down"),
        (PlannedFault("cut_before"), "no_answer"),
        (PlannedFault("empty_200"), "wrong_url"),
        (PlannedFault("custom", status=200, body='{"ola": 1}'), "wrong_url"),
        (PlannedFault("custom", status=404, body="<html>nada</html>"), "wrong_url"),
        (PlannedFault("custom", status=301, body="", headers=(("location", "/"),)), "wrong_url"),
        (
            PlannedFault(
                "custom",
                status=403,
                body='{"faultstring":"O aplicativo está suspenso.","faultcode":"SOAP-ENV:Server"}',
            ),
            "app_suspended",
        ),
    ],
    ids=lambda value: value.kind if isinstance(value, PlannedFault) else value,
)
def test_what_omie_or_the_road_says(
    terminal: Terminal, sim: Simulator, fault: PlannedFault, cause: str
) -> None:
    sim.control.next_faults(fault)
    said = terminal("check", "--json")
    (line,) = said.lines
    assert (said.code, line["cause"]) == (1, cause)
    assert len(sim.control.calls()) == 1


def test_a_suspended_app_is_told_as_far_as_omie_tells(terminal: Terminal, sim: Simulator) -> None:
    sim.control.suspend()
    said = terminal("check")
    assert (said.code, said.out) == (1, "")
    assert "suspenso" in said.err
    assert "App Key e App Secret" in said.err


def test_tls_and_names_and_proxies(
    terminal: Terminal, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cause() -> str:
        (line,) = terminal("check", "--json").lines
        return str(line["cause"])

    monkeypatch.setenv("OMIE_BASE_URL", sim.base_url.replace("http:", "https:"))
    assert cause() == "tls"
    monkeypatch.setattr(socket, "getaddrinfo", _raising(socket.gaierror(-2, "unknown")))
    assert cause() == "dns"
    monkeypatch.setenv("HTTPS_PROXY", "http://usuario:senha-do-banco@proxy:3128")
    assert cause() == "proxy"


def _raising(error: OSError) -> Callable[..., None]:
    def refuse(*_: object, **__: object) -> None:
        raise error

    return refuse


def test_the_block_names_its_end(terminal: Terminal, sim: Simulator) -> None:
    sim.control.next_faults(PlannedFault("blocked_425", seconds=600))
    said = terminal("check")
    assert "fechou a API desta chave até" in said.err
    assert "O que fazer: aguarde o prazo" in said.err


def test_two_checks_in_a_row_are_no_redundant_request(
    terminal: Terminal, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    sim.control.set_limits(Limits())
    for second in (0, 1, 59):
        at = datetime(2026, 1, 5, 12, 0, second, tzinfo=UTC)
        monkeypatch.setattr("omie_pipeline.clock.SystemClock.now", lambda _, at=at: at)
        assert terminal("check").code == 0
    assert len({call.param["registros_por_pagina"] for call in sim.control.calls()}) == 3


def test_the_warehouse_is_told_and_nothing_is_made_in_it(
    terminal: Terminal, empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", empty_database)
    with pgbouncer(empty_database, "session", default_pool_size=20) as behind:
        told = {}
        for url in (empty_database, behind):
            monkeypatch.setenv("WAREHOUSE_URL", url)
            (line,) = terminal("check", "--json").lines
            told[url == behind] = line["database"]
            assert "PostgreSQL" in terminal("check").err
    assert [told[pooled]["state"] for pooled in (False, True)] == ["ok", "ok"]
    assert [told[pooled]["pooled"] for pooled in (False, True)] == [False, True]
    assert abs(told[False]["skew_seconds"]) < 2
    engine = sa.create_engine(sa.make_url(empty_database).set(drivername="postgresql+psycopg"))
    assert not set(sa.inspect(engine).get_schema_names()) - {"information_schema", "public"}
    engine.dispose()


def test_a_pooler_of_transactions_is_told(
    terminal: Terminal, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pgbouncer(database_url, "transaction", default_pool_size=20) as behind:
        monkeypatch.setenv("WAREHOUSE_URL", behind)
        said = terminal("check")
    assert said.code == 0, "it is Omie's connection that the exit code is about"
    assert "pool_mode = session" in said.err


def test_a_warehouse_that_is_not_there_is_told(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert "Banco: O banco do armazém não respondeu" in terminal("check").err
    monkeypatch.delenv("WAREHOUSE_URL")
    said = terminal("check")
    assert (said.code, "ainda não está ligado" in said.err) == (0, True)
    assert not (tmp_path / "home").exists()


def test_a_clock_that_differs_from_the_warehouse_is_told(
    terminal: Terminal, clinic: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert clinic.open_intents() == 0
    machine_is_ahead(monkeypatch, timedelta(hours=1))
    said = terminal("check", "--json")
    (line,) = said.lines
    assert 3590 < line["database"]["skew_seconds"] < 3610
    assert "60 minutos adiantado" in said.err
