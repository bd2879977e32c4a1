"""Each fault on demand: what the caller sees, and whether Omie took the call."""

from __future__ import annotations

import httpx
import pytest

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.simulator.engine.limits import Limits
from omie_pipeline.simulator.engine.planned_faults import KINDS, FaultKind, PlannedFault
from omie_pipeline.simulator.engine.server import Simulator
from tests.local_http import NO_TLS
from tests.simulator.omie_caller import Api

WRITE = {"codigo_cliente_integracao": "PAC-1", "razao_social": "Maria"}


def _write(api: Api) -> httpx.Response:
    return api.post("UpsertCliente", WRITE)


def _written(sim: Simulator) -> bool:
    return sim.control.record("clientes", "PAC-1") is not None


@pytest.mark.parametrize(
    ("kind", "status", "commits"),
    [
        ("html_502", 502, False),
        ("html_502_after_commit", 502, True),
        ("http_500", 500, False),
        ("http_500_after_commit", 500, True),
        ("truncated_json", 200, False),
        ("truncated_json_after_commit", 200, True),
        ("empty_200", 200, False),
        ("empty_200_after_commit", 200, True),
        ("fault_in_200", 200, False),
        ("http_429", 429, False),
        ("blocked_425", 425, False),
        ("redundant", 500, False),
        ("already_processed", 500, False),
        ("busy", 500, False),
        ("broken_bg", 500, False),
        ("broken_bg_after_commit", 500, True),
        ("proto_byebye", 500, False),
        ("proto_byebye_after_commit", 500, True),
    ],
)
def test_a_fault_with_an_answer(
    sim: Simulator, api: Api, kind: FaultKind, status: int, commits: bool
) -> None:
    sim.control.next_faults(kind)
    assert _write(api).status_code == status
    assert _written(sim) is commits
    [call] = sim.control.calls()
    assert (call.planned, call.committed, call.http_status) == (kind, commits, status)
    assert not call.ok or kind.startswith(("empty", "truncated"))
    assert _write(api).status_code == 200


@pytest.mark.parametrize(
    ("kind", "error", "commits"),
    [
        ("timeout", httpx.ReadTimeout, False),
        ("timeout_after_commit", httpx.ReadTimeout, True),
        ("cut_before", httpx.TransportError, False),
        ("cut_after_commit", httpx.TransportError, True),
    ],
)
def test_a_fault_without_an_answer(
    sim: Simulator, kind: FaultKind, error: type[Exception], commits: bool
) -> None:
    sim.control.next_faults(kind)
    with httpx.Client(verify=NO_TLS, base_url=sim.base_url, timeout=0.15) as http:
        api = Api(http)
        with pytest.raises(error):
            _write(api)
        assert _written(sim) is commits
        assert sim.control.calls()[-1].http_status == 0
        assert _write(api).status_code == 200


def test_every_kind_is_tried_above_or_is_custom() -> None:
    tried = {mark.args[1][n][0] for mark in _parameters() for n in range(len(mark.args[1]))}
    others = {kind for kind in KINDS if kind.startswith("lot_")}  # test_sim_lots.py
    assert set(KINDS) - tried - others == {"custom", "custom_after_commit"}


def _parameters() -> list[pytest.Mark]:
    functions = (test_a_fault_with_an_answer, test_a_fault_without_an_answer)
    return [mark for function in functions for mark in getattr(function, "pytestmark", [])]


def test_a_truncated_read_is_the_true_answer_cut_off(sim: Simulator, api: Api) -> None:
    sim.control.next_faults("truncated_json")
    cut = api.post("ListarCategorias", {"pagina": 1})
    whole = api.post("ListarCategorias", {"pagina": 1})
    assert whole.content.startswith(cut.content)
    with pytest.raises(ValueError, match=r"Expecting|Unterminated|delimiter"):
        cut.json()


def test_html_is_what_a_proxy_says(sim: Simulator, api: Api) -> None:
    sim.control.next_faults("html_502")
    response = _write(api)
    assert response.headers["content-type"] == "text/html"
    assert "<h1>502 Bad Gateway</h1>" in response.text


def test_a_fault_in_a_200_has_the_text_asked_for(sim: Simulator, api: Api) -> None:
    sim.control.next_faults(PlannedFault("fault_in_200", text="ERROR: x", code="Client-9"))
    assert _write(api).json() == {"faultstring": "ERROR: x", "faultcode": "SOAP-ENV:Client-9"}
    sim.control.next_faults("fault_in_200")
    assert "inválido" in _write(api).json()["faultstring"]


def test_the_stated_waits_can_be_chosen(sim: Simulator, api: Api) -> None:
    sim.control.next_faults(PlannedFault("redundant", seconds=16))
    assert "Aguarde 16 segundos" in _write(api).json()["faultstring"]
    sim.control.next_faults("already_processed")
    assert "novamente às 09:00:00." in _write(api).json()["faultstring"]


def test_a_planned_block_lasts_like_a_real_one(sim: Simulator, api: Api) -> None:
    sim.control.set_limits(Limits.off().changed(block_after_errors=10))
    sim.control.next_faults(PlannedFault("blocked_425", seconds=120))
    assert _write(api).status_code == 425
    sim.control.advance(60)
    assert "Tente novamente em 60 segundos" in _write(api).json()["faultstring"]
    sim.control.advance(1800)
    assert _write(api).status_code == 200


def test_planned_faults_of_omie_count_towards_the_block(sim: Simulator, api: Api) -> None:
    sim.control.set_limits(Limits.off().changed(block_after_errors=2))
    sim.control.next_faults(PlannedFault("broken_bg", times=2))
    _write(api)
    _write(api)
    assert _write(api).status_code == 425


def test_a_custom_answer(sim: Simulator, api: Api) -> None:
    headers = (("content-type", "text/plain"), ("Retry-After", "7"))
    plan = PlannedFault("custom", status=503, body="fora do ar", headers=headers)
    sim.control.next_faults(plan, PlannedFault("custom_after_commit", status=200, body="{}"))
    response = _write(api)
    assert (response.status_code, response.text) == (503, "fora do ar")
    assert (response.headers["Retry-After"], response.headers["content-type"]) == (
        "7",
        "text/plain",
    )
    assert not _written(sim)
    assert _write(api).json() == {}
    assert _written(sim)


def test_faults_wait_for_the_call_they_fit(sim: Simulator, api: Api) -> None:
    sim.control.add_app("777", "outro-segredo", "Filial")
    sim.control.next_faults(
        PlannedFault("html_502", method="ListarCategorias"),
        PlannedFault("empty_200", integration_code="PAC-1", times=2),
        PlannedFault("http_429", app_key="777"),
    )
    api.cliente("PAC-2")
    assert _write(api).content == b""
    assert _write(api).content == b""
    assert _write(api).status_code == 200
    assert api.post("ListarCategorias", {}).status_code == 502
    assert Api(api.http, "777", "outro-segredo").post("ListarEmpresas", {}).status_code == 429


def test_the_queue_can_be_emptied_and_knows_its_kinds(sim: Simulator, api: Api) -> None:
    sim.control.next_faults("html_502", "empty_200")
    sim.control.clear_faults()
    assert _write(api).status_code == 200
    with pytest.raises(ConfigurationError, match="unknown fault kind"):
        sim.control.next_faults("nada")  # type: ignore[arg-type]  # what a typing slip does


def test_a_commit_that_the_rules_refuse_still_ends_in_the_fault(sim: Simulator, api: Api) -> None:
    sim.control.next_faults("html_502_after_commit")
    assert api.post("UpsertCliente", {"codigo_cliente_integracao": "A"}).status_code == 502
    assert not sim.control.calls()[-1].committed
