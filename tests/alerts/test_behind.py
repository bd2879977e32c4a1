"""A target of the way back that does not keep up: told after an hour, and only while in use."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from omie_pipeline.alerts.conditions import TARGET_BEHIND, evaluate_alerts
from omie_pipeline.alerts.deduplication import Alert
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.outbox.targets import remember_failure
from omie_pipeline.push.policy import Policies
from tests.outbox.conftest import CHANGE, fill

SINCE = CHANGE.written_at


def found(engine: sa.Engine, hours: float, targets: set[tuple[str, str]]) -> list[Alert]:
    now = SINCE + timedelta(hours=hours)
    alerts = evaluate_alerts(engine, ("principal",), Policies(), now, targets=targets)
    return [one for one in alerts if one.kind == TARGET_BEHIND]


def test_a_target_that_is_an_hour_behind_is_told(engine: sa.Engine) -> None:
    used = {("principal", "callback")}
    assert found(engine, 5, used) == []
    fill(engine, 3)
    remember_failure(engine, "principal", "callback", ConfigurationError("sem resposta"), SINCE)
    assert found(engine, 0.9, used) == []
    (alert,) = found(engine, 1, used)
    assert "não recebeu 3 mudanças" in alert.title
    assert "sem resposta" in alert.text
    assert alert.since == SINCE
    assert found(engine, 5, {("principal", "table")}) == []
