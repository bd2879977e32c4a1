"""Lots: many records in one call, and every way in which its answer can go wrong."""

from __future__ import annotations

from typing import Any

import pytest

from omie_pipeline.simulator.engine.planned_faults import FaultKind, PlannedFault
from omie_pipeline.simulator.engine.server import Simulator
from tests.simulator.omie_caller import Api, titulo

LOT = "UpsertContaReceberPorLote"


def test_a_lot_of_receivables_answers_item_by_item(sim: Simulator, api: Api) -> None:
    api.cliente()
    items = [titulo("A"), titulo("B", codigo_categoria="9.9"), titulo("C")]
    answer = api.ok("UpsertContaReceberPorLote", lote=7, conta_receber_cadastro=items)
    assert (answer["lote"], answer["codigo_status"]) == (7, "0")
    statuses = {i["codigo_lancamento_integracao"]: i for i in answer["status_lote"]}
    assert [statuses[code]["codigo_status"] for code in "ABC"] == ["0", "102", "0"]
    assert "9.9" in statuses["B"]["descricao_status"]
    assert len(sim.control.records("contas_receber")) == 2


def test_a_lot_of_payables_is_all_or_nothing(sim: Simulator, api: Api) -> None:
    api.cliente()
    items = [titulo("A"), titulo("B", codigo_categoria="9.9")]
    assert api.fault("UpsertContaPagarPorLote", lote=1, conta_pagar_cadastro=items)[0] == 500
    assert sim.control.records("contas_pagar") == ()
    answer = api.ok("UpsertContaPagarPorLote", lote=1, conta_pagar_cadastro=items[:1])
    assert "status_lote" not in answer
    assert len(sim.control.records("contas_pagar")) == 1


def test_one_unknown_tag_refuses_the_whole_lot(sim: Simulator, api: Api) -> None:
    api.cliente()
    items = [titulo("A"), titulo("B", departamentos=[])]
    for call, array in (
        ("UpsertContaReceberPorLote", "conta_receber_cadastro"),
        ("UpsertContaPagarPorLote", "conta_pagar_cadastro"),
    ):
        fault = api.fault(call, lote=1, **{array: items})
        assert fault[1] == "Client-5001"
        assert "[DEPARTAMENTOS]" in fault[2]
    assert sim.control.records("contas_receber") == ()


def _lot(api: Api, *codes: str, number: int = 7) -> dict[str, Any]:
    answer: dict[str, Any] = api.ok(
        LOT, lote=number, conta_receber_cadastro=[titulo(code) for code in codes]
    )
    return answer


def _statuses(answer: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (item["codigo_lancamento_integracao"], item["codigo_status"])
        for item in answer["status_lote"]
    ]


def _held(sim: Simulator) -> list[str]:
    found = sim.control.records("contas_receber")
    return [record["codigo_lancamento_integracao"] for record in found]


def test_a_lot_above_the_limit_is_refused_whole(sim: Simulator, api: Api) -> None:
    api.cliente()
    sim.control.set_behaviour(lot_records=2)
    items = [titulo(code) for code in "ABC"]
    assert "no máximo 2" in api.fault(LOT, lote=1, conta_receber_cadastro=items)[2]
    assert _held(sim) == []
    assert len(_lot(api, "A", "B")["status_lote"]) == 2


def test_the_same_lot_within_a_minute_is_redundant(sim: Simulator, api: Api) -> None:
    api.cliente()
    sim.control.set_limits(redundancy_seconds=60)
    _lot(api, "A", "B")
    items = [titulo(code) for code in "AB"]
    assert api.fault(LOT, lote=7, conta_receber_cadastro=items)[1] == "Client-6"


def test_a_lot_of_which_a_record_is_refused_counts_as_one_error(sim: Simulator, api: Api) -> None:
    """However many records: ten such lots close the method."""
    api.cliente()
    sim.control.set_limits(block_after_errors=10)
    bad = [titulo("A", codigo_categoria="9.9"), titulo("B", codigo_categoria="9.9")]
    for _ in range(10):
        api.ok(LOT, lote=1, conta_receber_cadastro=bad)
    assert api.fault(LOT, lote=1, conta_receber_cadastro=bad)[0] == 425


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        ("lot_names_another_after_commit", ["A", "B", "OUTRO-CODIGO"]),
        ("lot_leaves_one_out_after_commit", ["A", "C"]),
        ("lot_without_statuses_after_commit", []),
        ("lot_bad_status_after_commit", ["A", "B", "C"]),
        ("lot_swaps_ids_after_commit", ["A", "B", "C"]),
    ],
)
def test_an_answer_that_goes_wrong(
    sim: Simulator, api: Api, kind: FaultKind, codes: list[str]
) -> None:
    api.cliente()
    left_out = "B" if kind.startswith("lot_leaves") else ""
    sim.control.next_faults(PlannedFault(kind, integration_code=left_out))
    body = api.post(
        LOT, {"lote": 7, "conta_receber_cadastro": [titulo(code) for code in "ABC"]}
    ).json()
    assert [code for code, _ in _statuses(body)] == codes
    assert _held(sim) == ["A", "B", "C"]
    assert body["codigo_status"] == ("1" if kind.startswith("lot_bad") else "0")
    ids = [item["codigo_lancamento_omie"] for item in body["status_lote"]]
    assert (ids == sorted(ids)) is not kind.startswith("lot_swaps")


def test_a_lot_that_breaks_midway_has_done_a_half(sim: Simulator, api: Api) -> None:
    api.cliente()
    sim.control.next_faults("lot_breaks_midway_after_commit")
    items = [titulo(code) for code in "ABCD"]
    assert api.fault(LOT, lote=7, conta_receber_cadastro=items)[0] == 500
    assert _held(sim) == ["A", "B"]
    (call,) = sim.control.calls(method=LOT)
    assert len(call.param["conta_receber_cadastro"]) == 4, "what was asked, not what was done"


def test_what_is_planned_for_a_lot_leaves_other_calls_alone(sim: Simulator, api: Api) -> None:
    sim.control.next_faults("lot_breaks_midway_after_commit")
    api.cliente()
    assert api.receber()
    assert api.post(LOT, {"lote": 7, "conta_receber_cadastro": [titulo("B")]}).status_code == 500
