"""A machine whose clock is wrong pushes as one whose clock is right, and is told once."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, tzinfo

import pytest

import omie_pipeline.clock
import omie_pipeline.postgres.clock
from omie_pipeline.clock import SystemClock
from omie_pipeline.simulator.engine.limits import Limits
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.cli.conftest import Terminal
from tests.push.world import World, cliente


def machine_is_ahead(monkeypatch: pytest.MonkeyPatch, skew: timedelta) -> None:
    """Both modules that read the machine's clock see another one."""

    class Crooked(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + skew

    for module in (omie_pipeline.clock, omie_pipeline.postgres.clock):
        monkeypatch.setattr(module, "datetime", Crooked)
    monkeypatch.setattr(omie_pipeline.postgres.clock, "_told", set())
    assert SystemClock().now() - datetime.now().astimezone() > skew / 2


@pytest.mark.slow
def test_one_hour_ahead_for_one_push_delays_nobody(
    terminal: Terminal, clinic: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.model("clientes", [cliente(1)])
    with monkeypatch.context() as crooked:
        machine_is_ahead(crooked, timedelta(hours=1))
        said = terminal("push", "clientes")
        assert said.code == 0
        assert said.err.count("60 minutos adiantado") == 1
    started = time.monotonic()
    clinic.model("clientes", [cliente(1), cliente(2)])
    said = terminal("push", "clientes")
    assert said.code == 0
    assert "relógio" not in said.err
    assert time.monotonic() - started < 30
    ((ahead,),) = clinic.rows(
        "SELECT count(*) FROM omie_sync.quota_request WHERE at > now() + interval '1 minute'"
    )
    assert ahead == 0


@pytest.mark.slow
def test_ten_minutes_ahead_the_minute_of_an_unclear_answer_is_not_over(
    terminal: Terminal, clinic: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row is not sent again before Omie's minute has passed: it waits, and this is told."""
    clinic.control.set_limits(Limits())
    clinic.control.next_faults(PlannedFault("html_502", integration_code="PAC-1"))
    clinic.model("clientes", [cliente(1)])
    slept: list[float] = []

    class Enough(BaseException):
        """The test has seen the wait it came for."""

    def sleep(_self: object, wait_seconds: float) -> None:
        slept.append(wait_seconds)
        if wait_seconds > 30:
            raise Enough

    monkeypatch.setattr(omie_pipeline.postgres.clock.DatabaseClock, "sleep", sleep)
    monkeypatch.setattr(SystemClock, "sleep", sleep)
    with pytest.raises(Enough):
        terminal("push", "clientes")
    machine_is_ahead(monkeypatch, timedelta(minutes=10))
    with pytest.raises(Enough):
        terminal("push", "clientes")
    assert len(clinic.writes("PAC-1")) == 1


@pytest.mark.slow
def test_status_shows_what_is_waited_for(terminal: Terminal, clinic: World) -> None:
    clinic.control.next_faults(
        PlannedFault(
            "custom", method="UpsertCliente", status=429, body="",
            headers=(("Retry-After", "3600"),),
        )
    )  # fmt: skip
    clinic.model("clientes", [cliente(1)])
    said = terminal("push", "clientes")
    assert said.code == 3
    assert "esperar" in said.err
    said = terminal("status")
    assert "principal: UpsertCliente espera até" in said.out
    assert terminal("retry", "clientes").code == 3
    assert len(clinic.writes()) == 1
