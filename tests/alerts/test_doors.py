"""The command and the sensor: the same alerts, told once, whichever comes first."""

import json
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.cli.app import app
from omie_pipeline.resources.connections import connections
from omie_pipeline.sensors.alerts import alerts_sensor, ended_runs
from tests.alerts.conftest import TOKEN, Mailbox, Rows


@pytest.fixture
def configured(
    database_url: str, mailbox: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Mailbox:
    monkeypatch.setenv("WAREHOUSE_URL", database_url)
    monkeypatch.setenv("OMIE_PIPELINE_HOME", str(tmp_path))
    monkeypatch.setenv("OMIE_NOTIFY_URLS", mailbox.url)
    monkeypatch.setenv("COLUMNS", "200")
    return mailbox


def _type(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert TOKEN not in result.output
    return result.exit_code, result.output


def test_the_test_command_tells_per_channel(
    configured: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _type("notify", "test") == (0, "JSON: enviada\n")
    assert configured.taken[0]["title"] == "omie_pipeline: mensagem de teste"
    monkeypatch.setenv("OMIE_NOTIFY_URLS", f"{configured.url} json://127.0.0.1:1/{TOKEN}")
    code, said = _type("notify", "test")
    assert code == 1
    assert "JSON: enviada\nJSON: não foi aceita\n" in said
    assert "apprise -vv" in said


def test_the_test_command_needs_no_database(
    configured: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", "postgresql://omie@127.0.0.1:1/nada")
    assert _type("notify", "test")[0] == 0


@pytest.mark.parametrize("command", ["test", "send"])
def test_without_a_channel_it_says_which_variable(
    configured: Mailbox, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.delenv("OMIE_NOTIFY_URLS")
    code, said = _type("notify", command)
    assert code != 0
    assert "OMIE_NOTIFY_URLS" in said


@pytest.mark.slow
def test_send_tells_once_and_status_says_so(configured: Mailbox, rows: Rows) -> None:
    assert "Nenhum alerta" in _type("notify", "status")[1]
    rows.push("failed", error_class="ModelError", error="x")
    configured.status = 503
    assert _type("notify", "send")[0] == 1
    (line,) = [json.loads(text) for text in _type("notify", "status", "--json")[1].splitlines()]
    assert (line["kind"], line["told_at"], line["times"]) == ("failed_sync", None, 0)
    configured.status = 200
    assert _type("notify", "send") == (0, "1 alertas em aberto; 1 mensagens\nJSON: enviada\n")
    assert _type("notify", "send") == (0, "1 alertas em aberto; 0 mensagens\n")
    assert len(configured.taken) == 1
    shown = _type("notify", "status")[1]
    assert "principal: o envio de clientes falhou" in shown
    assert "omie-pipeline build" in shown


@pytest.mark.slow
def test_apprise_loads_only_when_something_is_sent() -> None:
    program = (
        "import sys, omie_pipeline.cli.app, omie_pipeline.sensors.alerts\n"
        "sys.exit('apprise' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@dg.op
def may_fail(context: dg.OpExecutionContext) -> None:
    if "falha" in context.run.tags:
        raise dg.Failure("x")


@dg.job
def trabalho() -> None:
    may_fail()


def _tick(instance: dg.DagsterInstance) -> str:
    definitions = dg.Definitions(
        jobs=[trabalho],
        sensors=[alerts_sensor(["trabalho"])],
        resources=connections(Deployment()),
    )
    context = dg.build_sensor_context(
        instance=instance, resources=definitions.resources, definitions=definitions
    )
    ticked = definitions.resolve_sensor_def("alertas").evaluate_tick(context)
    assert not ticked.run_requests
    return ticked.skip_message or ""


def _run(instance: dg.DagsterInstance, empresa: str, *, fails: bool) -> str:
    tags = {"omie_pipeline/empresa": empresa, **({"falha": "1"} if fails else {})}
    return trabalho.execute_in_process(instance=instance, tags=tags, raise_on_error=False).run_id


def test_the_sensor_tells_and_skips_without_a_channel(
    configured: Mailbox, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows.push("failed", error_class="ModelError", error="x")
    with dg.DagsterInstance.ephemeral() as instance:
        assert _tick(instance) == "1 alertas; 1 de 1 mensagens entregues"
        assert _tick(instance) == "1 alertas; 0 de 0 mensagens entregues"
        monkeypatch.delenv("OMIE_NOTIFY_URLS")
        assert "sem canal configurado" in _tick(instance)
    assert len(configured.taken) == 1


def test_a_dagster_run_that_died_is_told_until_the_next_one_passes(configured: Mailbox) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        _run(instance, "principal", fails=True)
        _tick(instance)
        # Without Dagster nobody looks for such runs, so they do not end.
        assert _type("notify", "send")[0] == 0
        _tick(instance)
        _run(instance, "principal", fails=False)
        _tick(instance)
    titles = [taken["title"] for taken in configured.taken]
    assert titles == [
        "omie_pipeline: ALERTA: principal: a execução trabalho do Dagster falhou",
        "omie_pipeline: RESOLVIDO: principal: a execução trabalho do Dagster falhou",
    ]


def test_a_run_whose_failure_our_history_knows_is_told_once(
    configured: Mailbox, rows: Rows
) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        run_id = _run(instance, "principal", fails=True)
        rows.push("failed", error_class="ModelError", error="x", dagster_run_id=run_id)
        _tick(instance)
    (taken,) = configured.taken
    assert taken["title"] == "omie_pipeline: ALERTA: principal: o envio de clientes falhou"


def _failing(instance: dg.DagsterInstance, job: str, *empresas: str) -> list[str]:
    found = ended_runs(instance, [job], empresas)
    return [one.empresa for one in found.values() if one.failed]


def test_a_failed_run_counts_by_job_and_empresa(engine: sa.Engine) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        _run(instance, "sul", fails=True)
        _run(instance, "norte", fails=False)
        assert _failing(instance, "trabalho", "sul", "norte") == ["sul"]
        assert _failing(instance, "outro", "sul") == []
        _run(instance, "sul", fails=False)
        assert _failing(instance, "trabalho", "sul", "norte") == []


@pytest.mark.slow
def test_among_sixty_empresas_a_failure_ends_only_when_its_own_run_passes(
    configured: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"e{number}" for number in range(60)]
    lines = ["empresas:"]
    for name in names:
        lines += [
            f"  - nome: {name}",
            f"    app_key_env: CLINICA_{name.upper()}_APP_KEY",
            f"    app_secret_env: CLINICA_{name.upper()}_APP_SECRET",
        ]
    config = tmp_path / "empresas.yaml"
    config.write_text("\n".join(lines), "utf-8")
    monkeypatch.setenv("OMIE_PIPELINE_CONFIG", str(config))
    with dg.DagsterInstance.ephemeral() as instance:
        _run(instance, names[0], fails=True)
        _tick(instance)
        for name in names[1:]:
            _run(instance, name, fails=False)
        assert _tick(instance) == "1 alertas; 0 de 0 mensagens entregues"
        assert len(configured.taken) == 1
        _run(instance, names[0], fails=False)
        for name in names[1:]:
            _run(instance, name, fails=False)
        assert _tick(instance) == "0 alertas; 1 de 1 mensagens entregues"
    assert configured.taken[-1]["title"].startswith("omie_pipeline: RESOLVIDO: e0:")
