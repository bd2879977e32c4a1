"""The command's options for readers: many títulos, pages that break, webhooks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import typer
from typer.testing import CliRunner

from omie_pipeline.simulator.__main__ import simulator_command
from tests.local_http import NO_TLS
from tests.simulator.omie_caller import Api
from tests.simulator.webhook_receiver import receiving


@contextmanager
def running_command(tmp_path: Path, *options: str) -> Iterator[Api]:
    """The real program, as a process of its own."""
    port_file = tmp_path / "porta"
    command = [sys.executable, "-m", "omie_pipeline.simulator", "--no-limits", *options]
    command += ["--port-file", str(port_file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("Simulador do Omie em ")
            base_url = f"http://127.0.0.1:{port_file.read_text().strip()}/api/v1/"
            with httpx.Client(verify=NO_TLS, base_url=base_url) as http:
                yield Api(http)
        finally:
            process.kill()
            process.wait(10)


@pytest.mark.slow
def test_it_generates_receivables_once_and_sends_webhooks(tmp_path: Path) -> None:
    state = tmp_path / "estado.db"
    options = ("--state", str(state), "--receivables", "30", "--days", "3")
    for _ in range(2):
        with receiving() as receiver:
            more = ("--webhook", receiver.url, "--broken-above-page-size", "100")
            with running_command(tmp_path, *options, *more) as api:
                answer = api.ok("ListarContasReceber", pagina=1, registros_por_pagina=100)
                assert answer["total_de_registros"] == 30
                assert api.fault("ListarMovimentos", nRegPorPagina=101)[1] == "Server"
                control = str(api.http.base_url).replace("/api/v1/", "/_control/webhook")
                stats = httpx.post(
                    control, json={"flush": True, "wait_seconds": 10}, verify=NO_TLS
                ).json()
                assert stats["delivered"] == 1
            assert receiver.bodies == [{"ping": "omie"}]


def test_a_webhook_address_elsewhere_is_refused() -> None:
    app = typer.Typer()
    app.command()(simulator_command)
    result = CliRunner().invoke(app, ["--webhook", "http://exemplo.com.br/omie"])
    assert result.exit_code == 1
    assert "só envia webhooks" in result.output


@pytest.mark.parametrize("option", ["--receivables", "--days", "--webhook", "--broken-above"])
def test_the_help_names_the_options(option: str) -> None:
    app = typer.Typer()
    app.command()(simulator_command)
    result = CliRunner().invoke(app, ["--help"])
    assert option in result.output
    assert "Simulador local da API do Omie" in result.output
