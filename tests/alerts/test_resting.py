"""What is paused or switched off has not ended: its open alerts rest without a word."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from omie_pipeline.alerts.conditions import evaluate_alerts, resting_alerts
from omie_pipeline.alerts.deduplication import open_alerts
from omie_pipeline.alerts.send import send_alerts
from omie_pipeline.push.policy import Policies
from omie_pipeline.switches.decisions import Switches
from omie_pipeline.switches.pauses import change_pause
from tests.alerts.conftest import NOW, FakeChannel, Rows, minutes

DAY = 24 * 60


def _paused(engine: sa.Engine, *, on: bool) -> None:
    change_pause(engine, "principal", "pause" if on else "resume", "férias", "maria", NOW)


def _off(engine: sa.Engine, *, on: bool) -> None:
    value = "off" if on else None
    Switches(engine).decide("principal", "clientes", "state", value, "maria", NOW)


def _failed(rows: Rows) -> None:
    rows.push("failed", ago=60, error_class="RetryLater", error="x")


def _refused(rows: Rows) -> None:
    rows.quarantined(3)


@pytest.mark.parametrize("goes_wrong", [_failed, _refused])
@pytest.mark.parametrize("rest", [_paused, _off])
@pytest.mark.parametrize("cured", [False, True])
def test_a_resting_alert_is_neither_resolved_nor_told(
    engine: sa.Engine,
    rows: Rows,
    channel: FakeChannel,
    rest: Callable[..., None],
    goes_wrong: Callable[[Rows], None],
    *,
    cured: bool,
) -> None:
    def tell(passed: float) -> list[str]:
        now = NOW + minutes(passed)
        found = evaluate_alerts(engine, ("principal",), Policies(), now)
        resting = resting_alerts(engine, ("principal",))
        send_alerts(engine, found, [channel], now, resting=resting)
        return [one.title.split(": ")[1] for one in channel.taken]

    goes_wrong(rows)
    assert tell(0) == ["ALERTA"]
    rest(engine, on=True)
    # Neither at once nor a day later, when a reminder would be due.
    assert tell(1) == ["ALERTA"]
    assert tell(DAY + 5) == ["ALERTA"]
    assert len(open_alerts(engine)) == 1
    rest(engine, on=False)
    if cured:
        with engine.begin() as connection:
            connection.execute(sa.text("DELETE FROM omie_sync.quarantine"))
            connection.execute(sa.text("UPDATE omie_sync.run SET state = 'done'"))
    assert tell(DAY + 6) == ["ALERTA", "RESOLVIDO" if cured else "CONTINUA"]
