"""The command, what the environment opens, and a receiver that is killed before it answers."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.cli.app import app
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.webhooks.auth import configured_doors
from tests.local_http import NO_TLS
from tests.webhooks.bodies import APP_KEY, SECRET, body, title
from tests.webhooks.conftest import DOOR, Stored


@pytest.fixture
def configured(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    for name, value in {
        "OMIE_APP_KEY": APP_KEY,
        "OMIE_APP_SECRET": "s",
        "OMIE_WEBHOOK_SECRET": SECRET,
        "WAREHOUSE_URL": database_url,
        "OMIE_PIPELINE_HOME": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    return


@contextmanager
def _receiver_process() -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "omie_pipeline.cli", "webhooks", "--port", "0"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield process, line.split()[-1]
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.mark.slow
def test_a_receiver_that_is_killed_before_its_answer_stores_once(
    configured: None, stored: Stored, engine: sa.Engine
) -> None:
    same = body("Financas.ContaReceber.Alterado", title(1), message_id="m-1")
    with _receiver_process() as (process, shown):
        assert SECRET not in shown
        address = shown.replace("(segredo)", SECRET)
        with (
            httpx.Client(verify=NO_TLS, timeout=7, trust_env=False) as omie,
            engine.begin() as held,
        ):
            held.exec_driver_sql("LOCK TABLE omie_inbox.events IN SHARE MODE")
            with pytest.raises(httpx.HTTPError):
                _kill_while_it_stores(omie, address, same, process, engine)
    with (
        _receiver_process() as (_, shown),
        httpx.Client(verify=NO_TLS, timeout=7, trust_env=False) as omie,
    ):
        address = shown.replace("(segredo)", SECRET)
        assert [omie.post(address, content=same).status_code for _ in range(2)] == [200, 200]
    assert stored.one()["message_id"] == "m-1"


def _kill_while_it_stores(
    omie: httpx.Client,
    address: str,
    content: bytes,
    process: subprocess.Popen[str],
    engine: sa.Engine,
) -> None:
    """Kill the process when its insert has reached the database, which may still commit it."""
    import threading

    def kill() -> None:
        waiting = sa.text(
            "SELECT count(*) FROM pg_stat_activity, pg_sleep(0.02) WHERE wait_event_type = 'Lock' "
            "AND application_name = 'omie_pipeline_webhooks'"
        )
        with engine.connect() as connection:
            while not connection.execute(waiting).scalar():
                connection.rollback()
        process.send_signal(signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        omie.post(address, content=content)
    finally:
        killer.join()


def _typed(*words: str) -> Result:
    return CliRunner().invoke(app, ["webhooks", *words], catch_exceptions=False)


def test_a_new_secret_is_good_and_never_the_same(
    configured: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (_typed("--new-secret").stdout.strip() for _ in range(2))
    assert first != second
    monkeypatch.setenv("OMIE_WEBHOOK_SECRET", first)
    (door,) = configured_doors(Deployment())
    assert door.secret == first


def test_the_address_is_shown_to_whoever_asks(configured: None) -> None:
    said = _typed("--show-url", "--public-url", "https://clinica.test/")
    assert said.stdout == f"https://clinica.test/omie/principal/{SECRET}\n"


def test_without_a_secret_the_command_says_how_to_make_one(
    configured: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMIE_WEBHOOK_SECRET")
    said = _typed()
    assert said.exit_code == 1
    assert "--new-secret" in said.stderr


@pytest.mark.parametrize("secret", ["curto", "com/barra-com/barra-com/barra", "x" * 300])
def test_a_weak_secret_is_refused_without_being_shown(
    secret: str, configured: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMIE_WEBHOOK_SECRET", secret)
    with pytest.raises(ConfigurationError, match="OMIE_WEBHOOK_SECRET") as refused:
        configured_doors(Deployment())
    assert secret not in str(refused.value)


def test_each_empresa_has_the_door_it_names(
    configured: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "empresas.yaml"
    file.write_text(
        "empresas:\n"
        "  - {nome: sul, app_key_env: SUL_KEY, app_secret_env: SUL_SECRET,\n"
        "     webhook_secret_env: SUL_WEBHOOK}\n"
        "  - {nome: norte, app_key_env: NORTE_KEY, app_secret_env: NORTE_SECRET}\n",
        "utf-8",
    )
    monkeypatch.setenv("OMIE_PIPELINE_CONFIG", str(file))
    variables = {"SUL_KEY": "1", "SUL_WEBHOOK": SECRET, "OMIE_WEBHOOK_SECRET": SECRET}
    doors = configured_doors(Deployment(), variables)
    assert [(door.empresa, door.app_key) for door in doors] == [("sul", "1")]
    assert not re.search(SECRET, repr(doors))
    with pytest.raises(ConfigurationError, match="SUL_KEY"):
        configured_doors(Deployment(), {"SUL_WEBHOOK": SECRET})


def test_the_only_empresa_has_the_only_secret(configured: None) -> None:
    assert configured_doors(Deployment()) == (DOOR,)
