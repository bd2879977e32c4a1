"""Who is told of notes that wait too long, by city, and of notes that were refused."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from omie_pipeline.alerts.conditions import KINDS, evaluate_alerts
from omie_pipeline.alerts.deduplication import Alert
from omie_pipeline.catalog.nfse import State
from omie_pipeline.nfse.state import SubmittedOrder, submitted
from omie_pipeline.postgres.tables import nfse
from omie_pipeline.push.policy import Policies
from tests.nfse.conftest import START


def _known(
    engine: sa.Engine, code: str, minutes: int, city: str | None, state: State = "submitted"
) -> None:
    with engine.begin() as connection:
        at = START - timedelta(minutes=minutes)
        submitted(connection, "principal", [SubmittedOrder(code, None, None, city, at)])
        connection.execute(sa.update(nfse).where(nfse.c.cod_int_os == code).values(state=state))


def _alerts(engine: sa.Engine) -> list[Alert]:
    limits = {"limite_minutos": 120, "por_municipio": {"SAO PAULO": 60}}
    policies = Policies.model_validate({"nfse": limits})
    return evaluate_alerts(engine, ("principal",), policies, START)


def test_notes_within_their_citys_limit_are_no_alert(engine: sa.Engine) -> None:
    _known(engine, "OS-1", 59, "São Paulo (SP)")
    _known(engine, "OS-2", 119, "CAMPINAS (SP)")
    _known(engine, "OS-3", 119, None)
    _known(engine, "OS-4", 9999, "SAO PAULO (SP)", "issued")
    _known(engine, "OS-5", 9999, "SAO PAULO (SP)", "cancelled")
    assert _alerts(engine) == []


def test_each_city_that_is_late_is_one_alert(engine: sa.Engine) -> None:
    _known(engine, "OS-1", 61, "SAO PAULO (SP)")
    _known(engine, "OS-2", 90, "São Paulo (SP)", "processing")
    _known(engine, "OS-3", 121, "CAMPINAS (SP)", "error")
    _known(engine, "OS-4", 119, "CAMPINAS (SP)")
    late = {alert.key: alert for alert in _alerts(engine)}
    assert set(late) == {"nfse_stuck:principal:SAO PAULO", "nfse_stuck:principal:CAMPINAS"}
    paulo = late["nfse_stuck:principal:SAO PAULO"]
    assert paulo.title == "principal: 2 NFS-e de SAO PAULO sem resposta há mais de 60 minutos"
    assert paulo.since == START - timedelta(minutes=90)
    assert "1 o Omie não conhece" in late["nfse_stuck:principal:CAMPINAS"].text
    assert all("OS-" not in alert.title + alert.text for alert in late.values())


def test_refused_notes_are_an_alert_until_they_are_billed_again(engine: sa.Engine) -> None:
    _known(engine, "OS-1", 5, None, "rejected")
    (alert,) = _alerts(engine)
    assert (alert.kind, alert.title) == (
        "nfse_rejected", "principal: a prefeitura recusou 1 NFS-e",
    )  # fmt: skip
    assert alert.kind in KINDS
    with engine.begin() as connection:
        submitted(connection, "principal", [SubmittedOrder("OS-1", None, None, None, START)])
    assert _alerts(engine) == []
