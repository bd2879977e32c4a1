"""The first commands of somebody new: what is mistyped, what was never read, what does not exist."""

from __future__ import annotations

import pytest

from omie_pipeline.simulator.server import Simulator
from tests.cli.conftest import Terminal
from tests.sync.world import World, cliente


@pytest.mark.parametrize(
    ("variable", "mistyped"),
    [("OMIE_APP_KEY", "1234567899"), ("OMIE_BASE_URL", "http://localhost:1/api/v1/")],
)
def test_a_mistyped_key_or_host_binds_nothing(
    terminal: Terminal,
    clinic: World,
    sim: Simulator,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    mistyped: str,
) -> None:
    clinic.model("clientes", [cliente(1)])
    with monkeypatch.context() as typed:
        typed.setenv(variable, mistyped)
        typed.setattr("omie_pipeline.clock.SystemClock.sleep", lambda *_: None)
        assert terminal("push", "clientes").code != 0
    assert terminal("push", "clientes").code == 0
    assert clinic.ledger() == {"PAC-1": "confirmed"}
    # From here on another app is refused, before any call.
    monkeypatch.setenv("OMIE_APP_KEY", "9876543210")
    clinic.control.clear_calls()
    said = terminal("push", "clientes")
    assert said.code == 1
    assert "db religar principal" in said.err
    assert clinic.control.calls() == ()
