"""Each kind of alert from rows of the warehouse, when it ends, and none where all is well."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from omie_pipeline.alerts.conditions import evaluate_alerts
from omie_pipeline.alerts.deduplication import Alert
from omie_pipeline.push.policy import EndpointPolicy, Policies
from tests.alerts.conftest import NOW, Rows, minutes

PRIVATE = "Maria de Souza 529.982.247-25"


def _alerts(engine: sa.Engine, policies: Policies | None = None) -> list[Alert]:
    return evaluate_alerts(engine, ("principal", "outra"), policies or Policies(), NOW)


def _kinds(engine: sa.Engine) -> list[str]:
    return [alert.kind for alert in _alerts(engine)]


def test_an_empty_warehouse_has_no_alerts(engine: sa.Engine) -> None:
    assert _alerts(engine) == []


def test_a_healthy_deployment_has_no_alerts(engine: sa.Engine, rows: Rows) -> None:
    rows.push("failed", ago=60, error_class="RetryLater", error="x")
    rows.push("done", ago=30)
    rows.push("dry_run", ago=5, counts={"selected": 10, "rejected": 10})
    rows.push("running", ago=1, counts={"selected": 0})
    rows.reading("stopped", ago=60, error_class="RetryLater", error="x")
    rows.reading("done", ago=30)
    rows.reading("done", ago=20, complete=False)
    rows.block(NOW - minutes(1))
    rows.event(ago=14)
    rows.event(ago=60, state="done")
    rows.event(ago=60, state="ignored")
    assert _alerts(engine) == []


def test_a_failed_push_is_told_since_its_first_failure(engine: sa.Engine, rows: Rows) -> None:
    rows.push("failed", ago=300, error_class="RetryLater", error="antes")
    rows.push("done", ago=200)
    rows.push("failed", ago=100, error_class="ModelError", error=PRIVATE)
    rows.push("stopped", ago=50, error_class="GuardrailStopped", error=PRIVATE)
    rows.push("running", ago=1)
    (alert,) = _alerts(engine)
    assert (alert.kind, alert.empresa, alert.since) == (
        "failed_sync", "principal", NOW - minutes(100),
    )  # fmt: skip
    assert alert.title == "principal: o envio de clientes falhou"
    # 100 minutes before 12:00 UTC, in São Paulo.
    assert "05/01/2026 07:20" in alert.text
    assert "trava" in alert.text
    assert "--approve" in alert.text
    assert "Maria" not in alert.title + alert.text
    assert "529" not in alert.title + alert.text


def test_a_failed_reading_is_told_with_the_fix_of_its_fault(engine: sa.Engine, rows: Rows) -> None:
    rows.reading("stopped", ago=20, error_class="UnknownFault", error=PRIVATE, fix="Faça isso")
    rows.reading("failed", ago=20, table_name="extrato", error="O processo foi interrompido")
    told = {alert.title: alert.text for alert in _alerts(engine)}
    assert set(told) == {
        "principal: a leitura de clientes falhou",
        "principal: a leitura de extrato falhou",
    }
    assert "Faça isso" in told["principal: a leitura de clientes falhou"]
    assert "interrompido" in told["principal: a leitura de extrato falhou"]
    assert not any("Maria" in text for text in told.values())


def test_a_push_and_a_reading_of_the_same_name_are_two_alerts(
    engine: sa.Engine, rows: Rows
) -> None:
    rows.push("failed", error_class="RetryLater", error="x")
    rows.reading("stopped", error_class="RetryLater", error="x")
    assert len({alert.key for alert in _alerts(engine)}) == 2


def test_a_block_is_its_own_alert_and_hides_no_earlier_failure(
    engine: sa.Engine, rows: Rows
) -> None:
    rows.reading("stopped", ago=40, error_class="UnknownFault", error="x")
    rows.reading("stopped", ago=5, error_class="Blocked", error="x")
    rows.push("failed", ago=5, error_class="Blocked", error="x")
    rows.block(NOW + minutes(25))
    assert sorted(_kinds(engine)) == ["blocked", "failed_sync"]
    block = next(alert for alert in _alerts(engine) if alert.kind == "blocked")
    assert "até 05/01/2026 09:25" in block.title
    assert block.since == NOW - minutes(5)


def test_a_refused_key_is_one_alert_for_all_its_tables(engine: sa.Engine, rows: Rows) -> None:
    rows.push("done", ago=90)
    for ago, table in ((60, "clientes"), (50, "projetos"), (40, "vendedores")):
        rows.reading("stopped", ago=ago, table_name=table, error_class="AuthFailed", error="x")
    # Nothing to send, so no call: it does not prove that the key is good again.
    rows.push("done", ago=30, counts={"selected": 5, "calls": 0})
    (alert,) = _alerts(engine)
    assert (alert.kind, alert.key, alert.since) == (
        "key_refused",
        "key_refused:principal",
        NOW - minutes(60),
    )
    assert "omie-pipeline check" in alert.text
    rows.reading("done", ago=10, table_name="projetos")
    assert _alerts(engine) == []


@pytest.mark.parametrize(("rejected", "kinds"), [(5, []), (6, ["rejected_rows"])])
def test_rejected_rows_above_the_limit(
    engine: sa.Engine, rows: Rows, rejected: int, kinds: list[str]
) -> None:
    rows.push(counts={"selected": 100, "rejected": rejected, "calls": 100})
    assert _kinds(engine) == kinds


def test_the_limit_of_rejected_rows_is_the_endpoints_own(engine: sa.Engine, rows: Rows) -> None:
    rows.push(counts={"selected": 100, "rejected": 30, "calls": 100})
    own = Policies(endpoints={"clientes": EndpointPolicy(max_rejected_share=0.3)})
    assert _alerts(engine, own) == []
    (alert,) = _alerts(engine)
    assert "30 de 100 linhas" in alert.title
    assert "5.0%" in alert.text


def test_events_that_wait_are_told_by_empresa(engine: sa.Engine, rows: Rows) -> None:
    for ago in (16, 90, 2):
        rows.event(ago)
    rows.event(30, empresa="outra")
    rows.event(30, empresa="de-ninguem")
    told = {alert.empresa: alert for alert in _alerts(engine)}
    assert set(told) == {"principal", "outra"}
    assert told["principal"].title.startswith("principal: 2 eventos")
    assert told["principal"].since == NOW - minutes(90)


def test_counts_that_do_not_close_twice_in_a_row(engine: sa.Engine, rows: Rows) -> None:
    rows.reading("done", ago=90)
    for ago in (60, 50, 40):
        rows.reading("done", ago=ago, complete=False)
    rows.reading("done", ago=60, table_name="projetos", complete=False)
    rows.reading("stopped", ago=50, table_name="projetos", complete=False, error_class="Busy")
    counts = [alert for alert in _alerts(engine) if alert.kind == "counts"]
    assert [alert.key for alert in counts] == ["counts:principal:clientes"]
    assert counts[0].since == NOW - minutes(60)
    rows.reading("done", ago=10)
    assert "counts" not in _kinds(engine)


def test_an_empresa_that_is_not_configured_is_left_alone(engine: sa.Engine, rows: Rows) -> None:
    rows.push("failed", empresa="antiga", error_class="ModelError", error="x")
    rows.block(NOW + minutes(9), empresa="antiga")
    assert _alerts(engine) == []
    assert evaluate_alerts(engine, (), Policies(), NOW) == []


def test_quarantined_rows_are_told_by_reason(engine: sa.Engine, rows: Rows) -> None:
    rows.quarantined(3, ago=100)
    rows.quarantined(2, reasons=[{"field": "estado", "rule": "obrigatorio", "reason": PRIVATE}])
    (alert,) = _alerts(engine)
    assert alert.title == "principal: 5 linhas de clientes em quarentena"
    assert "cnpj_cpf (cpf_invalido): 3; estado (obrigatorio): 2." in alert.text
    assert PRIVATE not in alert.text
    assert alert.since == NOW - minutes(100)
    few = Policies(endpoints={"clientes": EndpointPolicy(tell_quarantined=6)})
    assert _alerts(engine, few) == []
    never = Policies(endpoints={"clientes": EndpointPolicy(tell_quarantined=0)})
    assert _alerts(engine, never) == []


def test_a_schedule_that_stands_still_is_told(engine: sa.Engine, rows: Rows) -> None:
    def silent(hours: float | None) -> list[str]:
        limit = None if hours is None else timedelta(hours=hours)
        found = evaluate_alerts(engine, ("principal", "outra"), Policies(), NOW, limit)
        return [alert.title for alert in found]

    rows.push(ago=60 * 14)  # by hand: nobody expects another one
    assert silent(13) == []
    rows.push(ago=60 * 14, trigger="schedule")
    rows.reading(ago=60 * 20, trigger="sensor")
    assert silent(None) == []
    assert silent(24) == []
    assert silent(13) == [
        "principal: nada é enviado desde 04/01/2026 19:00",
        "principal: nada é lido do Omie desde 04/01/2026 13:00",
    ]
    rows.push(ago=5)
    rows.reading(ago=5)
    assert silent(13) == []
