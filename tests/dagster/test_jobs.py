"""Both jobs over a small clinic, through Dagster, into the simulator."""

from __future__ import annotations

from collections import Counter
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa

from omie_pipeline.simulator.engine.server import Simulator
from tests.dagster.conftest import START_DATE
from tests.dagster.mirror_world import EMPRESA, checks, today

pytestmark = pytest.mark.slow  # builds the whole mapping, twice

_RANGE = {
    "dagster/asset_partition_range_start": f"{START_DATE}|principal",
    "dagster/asset_partition_range_end": "2026-01-10|principal",
}


def _materializations(result: dg.ExecuteInProcessResult, key: str) -> list[dg.AssetMaterialization]:
    asset_key = dg.AssetKey(key.split("/"))
    events = result.get_asset_materialization_events()
    return [
        event.step_materialization_data.materialization
        for event in events
        if event.asset_key == asset_key
    ]


def _value(materialization: dg.AssetMaterialization, name: str) -> Any:
    return materialization.metadata[name].value


def test_a_clinic_reaches_omie_changes_nothing_twice_and_is_reconciled(
    deployed: dg.Definitions, simulator: Simulator, engine: sa.Engine
) -> None:
    with dg.instance_for_test() as instance:
        registers = deployed.resolve_job_def("cadastros")
        first = registers.execute_in_process(instance=instance, partition_key="principal")
        assert first.success
        (clientes,) = _materializations(first, "push/clientes")
        assert _value(clientes, "entregues") == _value(clientes, "selecionadas") > 0
        assert len(simulator.control.records("clientes")) == _value(clientes, "entregues")
        passed = {e.check_name: e.passed for e in first.get_asset_check_evaluations()}
        assert passed["identidade_contabil"]
        assert passed["linhas_rejeitadas"]
        assert passed["validacao"]

        planned = dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED
        announced = instance.all_logs(first.run_id, of_type=planned)
        assert not [one for one in announced if "push" in str(one.dagster_event)]

        facts = deployed.resolve_job_def("lancamentos")
        second = facts.execute_in_process(instance=instance, tags=_RANGE)
        assert second.success
        copied = _materializations(second, "canonica/recebimentos")
        with engine.connect() as connection:
            days = "SELECT substr(data, 1, 10) FROM clinic_raw.recebimentos"
            truth = Counter(connection.scalars(sa.text(days)))
        told = {one.partition.split("|")[0]: _value(one, "linhas") for one in copied}
        assert told == {day: truth[day] for day in told}
        assert len(told) == 10
        whole = [one.partition for one in copied if one.metadata.get("lidas")]
        assert whole == [max(one.partition for one in copied)]
        by_day = _materializations(second, "push/contas_receber")
        assert len(by_day) == 10
        sent = sum(_value(day, "entregues") for day in by_day)
        assert sent == len(simulator.control.records("contas_receber"))

        simulator.control.clear_calls()
        again = facts.execute_in_process(
            instance=instance,
            tags=_RANGE,
            asset_selection=[dg.AssetKey(["push", "contas_receber"])],
        )
        assert again.success
        writes = {call.method for call in simulator.control.calls()}
        assert not any(name.startswith(("Upsert", "Incluir", "Excluir")) for name in writes)
        repeated = _materializations(again, "push/contas_receber")
        assert sum(_value(day, "inalteradas") for day in repeated) == sent
        _reconcile(deployed, instance, engine)


def _reconcile(deployed: dg.Definitions, instance: dg.DagsterInstance, engine: sa.Engine) -> None:
    """What was sent comes back, agrees with the clinic, and a lost título is seen."""

    def run(job: str, *names: str, **how: Any) -> dg.ExecuteInProcessResult:
        chosen = [dg.AssetKey(name.split("/")) for name in names] or None
        return deployed.resolve_job_def(job).execute_in_process(
            instance=instance, asset_selection=chosen, **how
        )

    included = {
        "dagster/asset_partition_range_start": f"{today()}|{EMPRESA}",
        "dagster/asset_partition_range_end": f"{today()}|{EMPRESA}",
    }
    run("espelho_cadastros", "omie/clientes", partition_key=EMPRESA)
    tables = ("omie/contas_receber", "omie/contas_pagar", "omie/baixas")
    run("espelho_lancamentos", *tables, tags=included)
    agreed = run("conciliacao", partition_key=EMPRESA)
    assert checks(agreed)["confere"].passed
    assert checks(agreed)["duplicados"].passed
    (told,) = _materializations(agreed, "conciliacao/titulos")
    assert _value(told, "situacao_igual") > 0

    first = "SELECT ctid FROM omie.contas_receber LIMIT 1"
    lose = f"UPDATE omie.contas_receber SET excluido_em = now() WHERE ctid IN ({first})"
    with engine.begin() as connection:
        connection.execute(sa.text(lose))
    lost = run("conciliacao", "conciliacao/titulos", partition_key=EMPRESA)
    assert not checks(lost)["confere"].passed
    assert checks(lost)["confere"].severity == dg.AssetCheckSeverity.ERROR
    (told,) = _materializations(lost, "conciliacao/titulos")
    assert _value(told, "faltam_no_omie") == 1
    assert "excluido_no_omie" in _value(told, "divergencias")
    assert "| contas_receber |" in _value(told, "por_dia")
