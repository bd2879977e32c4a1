"""The demo's simulator: what it told once is still to be had when it is started again."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx
import pytest

from omie_pipeline.cli import sandbox
from tests.local_http import NO_TLS


@pytest.mark.slow
def test_the_simulator_comes_back_at_its_address(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The demo tells links to PDFs; `make dev`, which is started afterwards, answers them."""
    monkeypatch.setattr(sandbox, "demo_home", lambda: tmp_path)
    with sandbox.simulator_process() as first:
        assert (
            httpx.get(first.replace("/api/v1/", "/_control/calls"), verify=NO_TLS).status_code < 500
        )
    with sandbox.simulator_process() as second:
        assert second == first
    # Where somebody else sits there meanwhile, another address is better than none.
    port = int(first.split(":")[2].split("/")[0])
    with socket.create_server(("127.0.0.1", port)), sandbox.simulator_process() as third:
        assert third != first
