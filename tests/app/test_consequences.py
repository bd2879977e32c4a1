"""What follows when one endpoint, or one list of Omie, stops: the table, line by line."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from omie_pipeline.app.consequences import after_import, after_probe, after_push, retry_wait
from omie_pipeline.errors import (
    AuthFailed,
    Blocked,
    BudgetSpent,
    ConfigurationError,
    EmpresaPaused,
    FaultDetail,
    GuardrailStopped,
    ModelError,
    OmieFault,
    OmiePipelineError,
    Paused,
    RecordRejected,
    RetryLater,
    SwitchedOff,
    TakenOver,
    Unreachable,
    WarehouseError,
)

SAID = FaultDetail("dito pelo Omie")
LATER = datetime(2026, 1, 5, tzinfo=UTC)


def _known(error: Unreachable) -> Unreachable:
    error.known = True
    return error


@pytest.mark.parametrize(
    ("error", "of_push", "of_import", "wait"),
    [
        (GuardrailStopped(("muitas exclusões",)), "dependents", "all", None),
        (TakenOver("outra execução"), "dependents", "nothing", 0),
        (RetryLater(SAID, 17.0), "empresa", "nothing", 17.0),
        (Unreachable(SAID, "refused"), "empresa", "empresa", 60),
        (_known(Unreachable(SAID, "refused")), "empresa", "empresa", None),
        (Blocked(SAID, LATER), "empresa", "empresa", None),
        (BudgetSpent(SAID, LATER), "empresa", "nothing", None),
        (Paused(SAID, LATER), "empresa", "nothing", None),
        (AuthFailed(SAID), "empresa", "empresa", None),
        (RecordRejected(SAID), "empresa", "nothing", None),
        (OmieFault(SAID), "empresa", "nothing", None),
        (EmpresaPaused("em pausa"), "empresa", "empresa", None),
        (SwitchedOff("desligada"), "all", "nothing", None),
        (ConfigurationError("sem chave"), "all", "all", None),
        (ModelError("sem coluna"), "all", "all", None),
        (WarehouseError("sem banco"), "all", "all", None),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, OmiePipelineError) else "",
)
def test_each_error_stops_as_much_as_the_table_says(
    error: OmiePipelineError, of_push: str, of_import: str, wait: float | None
) -> None:
    assert (after_push(error), after_import(error), retry_wait(error)) == (of_push, of_import, wait)


@pytest.mark.parametrize("kind", [Blocked, BudgetSpent, Paused])
def test_a_look_for_changes_ends_its_round_at_every_closed_line(kind: type[Blocked]) -> None:
    assert after_probe(kind(SAID, LATER)) == "empresa"
    assert after_probe(AuthFailed(SAID)) == "empresa"
    assert after_probe(RetryLater(SAID, 17.0)) == "nothing"
