"""The same plan by lots and one by one ends in the same states and the same records."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omie_pipeline.push import lots
from omie_pipeline.push.policy import EndpointPolicy, Guardrails
from omie_pipeline.simulator.engine.planned_faults import FaultKind, PlannedFault
from tests.push.world import TITULO_COLUMNS, World, titulo

pytestmark = pytest.mark.usefixtures("unvalidated")

COLUMNS = {**TITULO_COLUMNS, "numero_documento": sa.Text}
GOOD, REFUSED, SPOILS = "good", "refused", "spoils"
CHANGES: dict[str, dict[str, Any]] = {
    GOOD: {},
    REFUSED: {"codigo_categoria": "9.9"},
    SPOILS: {"numero_documento": "x" * 30},
}
KINDS: tuple[FaultKind, ...] = (
    "cut_before", "cut_after_commit", "html_502", "html_502_after_commit", "busy",
    "lot_names_another_after_commit", "lot_leaves_one_out_after_commit",
    "lot_swaps_ids_after_commit", "lot_bad_status_after_commit",
    "lot_without_statuses_after_commit",
)  # fmt: skip
_WIDE = {"guardrails": Guardrails(max_quarantined_share=1)}


@pytest.fixture
def clinic(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(lots, "LEAST_ROWS", 2)
    world.confirmed(1)
    world.control.set_limits(block_after_errors=None)
    world.error_budget = 99
    return world


def ends(world: World, rows: list[dict[str, Any]], lote: int) -> tuple[object, object, object]:
    """What is left of a push from nothing: states, records, and Omie's words."""
    for record in world.control.records("contas_receber"):
        world.control.delete("contas_receber", record["codigo_lancamento_omie"])
    with world.engine.begin() as connection:
        for name in ("ledger", "rejected", "intent", "quota_request", "quota_fault", "run"):
            where = "" if name.startswith(("quota", "run")) else " WHERE endpoint='contas_receber'"
            connection.execute(sa.text(f"DELETE FROM omie_sync.{name}{where}"))
    world.clock.sleep(120)  # the same requests, which within a minute would be redundant
    world.model("contas_receber", rows, COLUMNS)
    report = world.push("contas_receber", policy=EndpointPolicy(lote=lote, **_WIDE))
    assert report.closes
    assert world.open_intents() == 0
    known = world.rows(
        "SELECT codigo_integracao, state, payload_hash, created_here, omie_id IS NULL"
        " FROM omie_sync.ledger WHERE endpoint = 'contas_receber' ORDER BY 1"
    )
    ids = dict(
        tuple(row)
        for row in world.rows(
            "SELECT codigo_integracao, omie_id FROM omie_sync.ledger"
            " WHERE endpoint = 'contas_receber' AND omie_id IS NOT NULL"
        )
    )
    held = world.held_by_omie("contas_receber")
    assert ids == {code: record["codigo_lancamento_omie"] for code, record in held.items()}
    timeless = {
        code: {**record, "codigo_lancamento_omie": 0, "info": None} for code, record in held.items()
    }
    words = world.rows("SELECT codigo_integracao, fault_text FROM omie_sync.rejected ORDER BY 1")
    return [tuple(row) for row in known], timeless, [tuple(row) for row in words]


@pytest.mark.slow
def test_lots_end_as_single_calls_do(clinic: World) -> None:
    @settings(
        max_examples=12,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        kinds=st.lists(st.sampled_from((GOOD, GOOD, GOOD, REFUSED, SPOILS)), max_size=14),
        size=st.sampled_from((2, 5, 50)),
        fault=st.sampled_from((None, *KINDS)),
    )
    def same(kinds: list[str], size: int, fault: FaultKind | None) -> None:
        rows = [titulo(number, **CHANGES[kind]) for number, kind in enumerate(kinds, 1)]
        clinic.control.clear_faults()
        singly = ends(clinic, rows, 0)
        if fault is not None:
            clinic.control.next_faults(PlannedFault(fault, method="UpsertContaReceberPorLote"))
        assert ends(clinic, rows, size) == singly

    same()
