"""``importar: agenda``: which tables of which empresa a strike of the schedules reads."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.switches import pause
from omie_pipeline.assets.jobs import mirror_jobs
from omie_pipeline.assets.status import KEY as STATUS_KEY
from omie_pipeline.clock import BRASILIA
from omie_pipeline.resources.connections import connections
from omie_pipeline.sensors.import_schedules import mirror_schedules
from tests.dagster.mirror_world import MirrorWorld, mirror_definitions, today

EMPRESAS = """
empresas:
  - nome: sul
    app_key_env: OMIE_APP_KEY
    app_secret_env: OMIE_APP_SECRET
    importar: {agenda: {titulos: daily, baixas: 6h, movimentacoes: manual, cadastros: daily}}
  - {nome: norte, app_key_env: NORTE_APP_KEY, app_secret_env: NORTE_APP_SECRET}
"""
MIDNIGHT = datetime.combine(today(), datetime.min.time(), BRASILIA)


@pytest.fixture
def agenda(mirror: MirrorWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dg.Definitions:
    file = tmp_path / "empresas.yaml"
    file.write_text(EMPRESAS, "utf-8")
    monkeypatch.setenv("OMIE_PIPELINE_CONFIG", str(file))
    return mirror_definitions()


def _struck(definitions: dg.Definitions, name: str, hours: int) -> dict[str, set[str] | None]:
    """Tables by empresa; ``None`` for everything the job has."""
    schedule = definitions.resolve_schedule_def(name)
    with (
        dg.instance_for_test() as instance,
        dg.build_schedule_context(
            instance=instance,
            scheduled_execution_time=MIDNIGHT + timedelta(hours=hours),
            repository_def=definitions.get_repository_def(),
            resources=definitions.resources,
        ) as context,
    ):
        requests = schedule.evaluate_tick(context).run_requests or []
    return {
        one.tags["omie_pipeline/empresa"]: (
            None if one.asset_selection is None else {key.path[-1] for key in one.asset_selection}
        )
        for one in requests
    }


@pytest.mark.slow
def test_a_strike_reads_what_is_due(agenda: dg.Definitions) -> None:
    notes = {"notas_servico", "notas_produto"}
    titles = {"contas_receber", "contas_pagar", "baixas"}
    assert _struck(agenda, "espelho_mudancas", 6) == {"sul": {"baixas"} | notes, "norte": None}
    assert _struck(agenda, "espelho_mudancas", 0) == {"sul": titles | notes, "norte": None}
    # All registers of one empresa wait for midnight.
    assert _struck(agenda, "espelho", 18) == {"norte": None}
    assert _struck(agenda, "espelho", 0) == {"sul": None, "norte": None}
    # The night's whole reading leaves out only what nobody wants by schedule.
    assert _struck(agenda, "conferencia_completa", 4) == {"sul": titles | notes, "norte": None}


def test_the_schedules_strike_as_often_as_a_table_wants(
    agenda: dg.Definitions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMIE_PIPELINE_SCHEDULE", "manual")
    definitions = mirror_definitions()
    assert definitions.resolve_schedule_def("espelho").cron_schedule == "0 */6 * * *"
    assert _struck(definitions, "espelho_mudancas", 12) == {"sul": {"baixas"}}
    assert _struck(definitions, "espelho", 12) == {}


def test_an_empresa_that_rests_and_a_list_that_is_only_exported_are_left_alone(
    agenda: dg.Definitions, mirror: MirrorWorld
) -> None:
    deployment = Deployment()
    now = deployment.clock.now()
    deployment.switches.decide("sul", "contas_receber", "direction", "export", "ANA", now)
    read = _struck(agenda, "espelho_mudancas", 0)["sul"]
    assert read is not None
    assert "contas_receber" not in read
    assert "contas_pagar" in read
    pause(deployment, "sul", "troca de sistema", "ANA")
    assert set(_struck(agenda, "espelho_mudancas", 0)) == {"norte"}
    pause(deployment, "norte", "férias", "BIA")
    for name in ("espelho", "espelho_mudancas", "conferencia_completa"):
        assert _skipped(agenda, name).count("está desativada desde") == 2


def _skipped(definitions: dg.Definitions, name: str) -> str:
    with (
        dg.DagsterInstance.ephemeral() as instance,
        dg.build_schedule_context(
            instance=instance,
            scheduled_execution_time=MIDNIGHT,
            repository_def=definitions.get_repository_def(),
            resources=definitions.resources,
        ) as context,
    ):
        tick = definitions.resolve_schedule_def(name).evaluate_tick(context)
    assert not tick.run_requests
    return tick.skip_message or ""


def test_only_an_empresa_with_a_clinic_is_reconciled(
    agenda: dg.Definitions, monkeypatch: pytest.MonkeyPatch
) -> None:
    def struck() -> list[str | None]:
        deployment = Deployment()
        jobs = mirror_jobs()
        schedules = mirror_schedules(deployment.settings, jobs, deployment.config)
        found = {one.name: one for one in schedules}
        assert [
            found[name].job_name for name in ("conciliacao_diaria", "conferencia_completa")
        ] == [
            jobs.reconciliation.name,
            jobs.facts.name,
        ]
        with (
            dg.instance_for_test() as instance,
            dg.build_schedule_context(
                instance=instance,
                scheduled_execution_time=MIDNIGHT,
                resources={"warehouse": connections(deployment)["warehouse"]},
            ) as context,
        ):
            asked = list(found["conciliacao_diaria"](context))
        return [one.partition_key if isinstance(one, dg.RunRequest) else None for one in asked]

    assert struck() == [None]
    monkeypatch.setenv("CLINIC_URL", "clinica")
    assert struck() == ["sul", "norte"]


@pytest.mark.slow
def test_the_page_of_status_tells_each_table_its_next_reading(
    mirror: MirrorWorld, agenda: dg.Definitions, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NORTE_APP_KEY", "NORTE_APP_SECRET"):
        monkeypatch.setenv(name, "1")
    result = agenda.resolve_job_def("situacao").execute_in_process(instance=mirror.instance)
    events = result.get_asset_materialization_events()
    (event,) = [one for one in events if one.asset_key == STATUS_KEY]
    page = str(event.step_materialization_data.materialization.metadata["leitura"].value)
    sul = page.split("### norte", maxsplit=1)[0]
    midnight = f"{MIDNIGHT + timedelta(days=1):%d/%m/%Y %H:%M}"
    assert "| extrato | ativa | nunca | manual |" in sul
    assert f"| contas_pagar | ativa | nunca | {midnight} |" in sul
    assert "| extrato | ativa | nunca | manual |" not in page.removeprefix(sul)
