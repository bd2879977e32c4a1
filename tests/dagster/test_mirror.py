"""The way back's assets: what a run reads, what it proves, and what a person sees of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from omie_pipeline.assets.status import KEY as STATUS_KEY
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.dagster.mirror_world import (
    CHANGES,
    EMPRESA,
    MirrorWorld,
    checks,
    materializations,
    verdicts,
)


@pytest.mark.slow
def test_a_backfill_reads_its_days_and_proves_each(mirror: MirrorWorld) -> None:
    mirror.seed(3, 4)
    mirror.seed(1, 2)
    mirror.seed(8, 5)  # outside of the backfill
    result = mirror.run(["contas_receber"], 3, 1)
    assert result.success
    days = materializations(result, "contas_receber")
    counts = {day: one.metadata["linhas"].value for day, one in days.items()}
    assert counts == {f"{mirror.day(3)}": 4, f"{mirror.day(2)}": 0, f"{mirror.day(1)}": 2}
    assert days[f"{mirror.day(3)}"].metadata["total_omie"].value == 4
    # What concerns the whole reading is told once.
    assert "por_particao" not in days[f"{mirror.day(3)}"].metadata
    told = days[f"{mirror.day(1)}"].metadata
    assert (told["novas"].value, told["iguais"].value, told["total_no_omie"].value) == (6, 0, 6)
    asked = [name for name in told if name not in ("conferida_em", "campos_novos")]
    assert asked[:4] == ["linhas", "total_omie", "lidas", "novas"]
    assert asked[-2:] == ["dagster/partition_row_count", "leitura"]
    assert "pedido 500" in str(told["tamanho_de_pagina"].value)
    assert f"| {mirror.day(3)} | 4 | 4 | fecha |" in str(told["por_particao"].value)
    assert {name: one.passed for name, one in checks(result).items()} == {
        "completo": True,
        "campos_novos": True,
    }
    assert mirror.rows("SELECT trigger, state FROM omie_sync.import_run") == [("ui", "done")]


@pytest.mark.slow
def test_an_incremental_run_marks_the_older_day_that_it_touched(mirror: MirrorWorld) -> None:
    (old,) = mirror.seed(5)
    assert mirror.run(["contas_receber"], 9).success  # up to today: the cursor stands
    mirror.simulator.control.edit("contas_receber", old, {"valor_documento": 77})
    mirror.a_minute_later()
    result = mirror.run(["contas_receber"], 0, tags=CHANGES)
    days = materializations(result, "contas_receber")
    assert set(days) == {f"{mirror.day(0)}", f"{mirror.day(5)}"}
    assert days[f"{mirror.day(0)}"].metadata["alteradas"].value == 1
    assert mirror.rows("SELECT valor_documento FROM omie.contas_receber") == [(77,)]
    assert checks(result)["completo"].passed


@pytest.mark.slow
def test_a_missing_row_turns_the_check_red(mirror: MirrorWorld) -> None:
    mirror.seed(2, 3)
    began = datetime.now(UTC) - timedelta(seconds=1)
    assert checks(mirror.run(["contas_receber"], 2, 2))["completo"].passed
    mirror.execute("DELETE FROM omie.contas_receber WHERE valor_documento = 2")
    asked = mirror.calls()
    # Nothing is asked again: the check looks at what stands here now.
    again = mirror.run(["contas_receber"], 2, 2, {"omie_pipeline/not_before": began.isoformat()})
    assert mirror.calls() == asked
    check = checks(again)["completo"]
    assert not check.passed
    assert check.severity == dg.AssetCheckSeverity.ERROR
    assert check.description == "2 linhas aqui, 3 no Omie: não fecha"
    assert check.partition == f"{mirror.day(2)}|{EMPRESA}"
    mirror.a_minute_later()
    assert checks(mirror.run(["contas_receber"], 2, 2))["completo"].passed


@pytest.mark.slow
def test_the_verdict_of_one_day_stands_beside_that_of_another(mirror: MirrorWorld) -> None:
    mirror.seed(3, 2)
    mirror.seed(1, 2)
    began = datetime.now(UTC) - timedelta(seconds=1)
    assert mirror.run(["contas_receber"], 3, 1).success
    mirror.execute(
        "DELETE FROM omie.contas_receber WHERE data_particao = :day AND valor_documento = 1",
        day=mirror.day(3),
    )
    tags = {"omie_pipeline/not_before": began.isoformat()}
    red = mirror.run(["contas_receber"], 3, 1, tags)
    assert verdicts(red, "completo") == {
        f"{mirror.day(3)}": False,
        f"{mirror.day(2)}": True,
        f"{mirror.day(1)}": True,
    }
    assert verdicts(mirror.run(["contas_receber"], 1, 1, tags), "completo") == {
        f"{mirror.day(1)}": True
    }
    assert mirror.shown("contas_receber", "completo") == {
        f"{mirror.day(3)}|{EMPRESA}": "FAILED",
        f"{mirror.day(2)}|{EMPRESA}": "SUCCEEDED",
        f"{mirror.day(1)}|{EMPRESA}": "SUCCEEDED",
    }


@pytest.mark.slow
def test_what_starts_by_itself_announces_no_check(mirror: MirrorWorld) -> None:
    """What is announced and never evaluated is red; and each day would repeat the whole range."""
    mirror.seed(1)
    assert mirror.run(["contas_receber"], 1, 1).success
    mirror.a_minute_later()
    mirror.simulator.control.next_faults(
        PlannedFault("blocked_425", method="ListarContasReceber", seconds=1200)
    )
    failed = mirror.scheduled(["contas_receber"], 1, 1)
    assert not failed.success
    planned = dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED
    assert mirror.instance.all_logs(failed.run_id, of_type=planned) == []
    assert mirror.shown("contas_receber", "completo") == {f"{mirror.day(1)}|{EMPRESA}": "SUCCEEDED"}


def test_a_check_by_itself_is_refused_with_a_word(mirror: MirrorWorld) -> None:
    key = dg.AssetCheckKey(dg.AssetKey(["omie", "contas_receber"]), "completo")
    job = mirror.definitions.resolve_implicit_global_asset_job_def()
    result = job.get_subset(asset_selection=set(), asset_check_selection={key}).execute_in_process(
        instance=mirror.instance, tags=mirror.range(1, 1), raise_on_error=False
    )
    assert not result.success
    assert mirror.calls() == 0


def test_a_field_that_no_document_names_is_told(mirror: MirrorWorld) -> None:
    mirror.simulator.control.set_behaviour(
        extra_fields={"ListarContasReceber": {"campo_inventado": "x"}}
    )
    mirror.seed(1)
    check = checks(mirror.run(["contas_receber"], 1, 1))["campos_novos"]
    assert not check.passed
    assert check.severity == dg.AssetCheckSeverity.WARN
    assert check.metadata["campos"].value == "campo_inventado"


@pytest.mark.slow
def test_the_statement_agrees_with_the_movements_or_names_the_account(mirror: MirrorWorld) -> None:
    control = mirror.simulator.control
    control.lancar_em_conta(9100000001, 150, day=mirror.day(0))
    control.lancar_em_conta(9100000001, -30, day=mirror.day(0))
    registers = mirror.definitions.resolve_job_def("espelho_cadastros")
    registers.execute_in_process(
        instance=mirror.instance,
        partition_key=EMPRESA,
        asset_selection=[dg.AssetKey(["omie", "contas_correntes"])],
    )
    good = mirror.run(["movimentacoes", "extrato"], 9)
    assert checks(good)["saldo_fecha"].passed
    mirror.execute("UPDATE omie.movimentacoes SET valor_movimentado = valor_movimentado + 1")
    mirror.a_minute_later()
    bad = checks(mirror.run(["extrato"], 9))["saldo_fecha"]
    assert not bad.passed
    assert "9100000001" in str(bad.metadata["contas"].value)


@pytest.mark.slow
def test_the_page_of_status_shows_every_table(mirror: MirrorWorld) -> None:
    mirror.run(["contas_receber"], 9)
    result = mirror.definitions.resolve_job_def("situacao").execute_in_process(
        instance=mirror.instance
    )
    events = result.get_asset_materialization_events()
    (event,) = [one for one in events if one.asset_key == STATUS_KEY]
    told = event.step_materialization_data.materialization.metadata
    page = str(told["leitura"].value)
    assert "nada ainda" in str(told["envio"].value)
    assert told["tabelas_com_erro"].value == 0
    assert "o_que_olhar" not in told
    assert f"### {EMPRESA}" in page
    assert "| contas_receber | ativa |" in page
    assert "| clientes | ativa | nunca |" in page


def test_the_schedules_ask_for_every_empresa(mirror: MirrorWorld) -> None:
    def requests(name: str) -> list[dg.RunRequest]:
        schedule = mirror.definitions.resolve_schedule_def(name)
        # With resources Dagster opens the instance anew, which an ephemeral one does not bear.
        with (
            dg.instance_for_test() as instance,
            dg.build_schedule_context(
                instance=instance,
                scheduled_execution_time=datetime.now(UTC),
                repository_def=mirror.definitions.get_repository_def(),
                resources=mirror.definitions.resources,
            ) as context,
        ):
            return list(schedule.evaluate_tick(context).run_requests or [])

    (registers,) = requests("espelho")
    assert registers.partition_key == EMPRESA
    (changes,) = requests("espelho_mudancas")
    assert changes.tags.items() >= {**mirror.range(0), **CHANGES}.items()
    (everything,) = requests("conferencia_completa")
    assert everything.tags.items() >= mirror.range(9).items()
    assert everything.tags["omie_pipeline/mode"] == "full"
