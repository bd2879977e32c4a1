"""Rates, calls at once, redundancy, and the block for misuse, all on a clock that tests move."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import pytest

from omie_pipeline.simulator.engine import faults
from omie_pipeline.simulator.engine.limits import Gate, Limits
from omie_pipeline.simulator.engine.server import Simulator
from tests.local_http import NO_TLS
from tests.simulator.omie_caller import Api


def _only(**numbers: Any) -> Limits:
    return Limits.off().changed(**numbers)


def _miss(api: Api, number: int = 1) -> httpx.Response:
    return api.post("ConsultarCliente", {"codigo_cliente_omie": number})


def test_the_call_after_240_in_a_minute_is_429(sim: Simulator, api: Api) -> None:
    sim.control.set_limits(_only(method_per_minute=240))
    for number in range(240):
        assert api.post("ListarCategorias", {"pagina": number + 1}).status_code == 200
    refused = api.post("ListarCategorias", {"pagina": 1})
    assert refused.status_code == 429
    assert refused.json()["error_code"] == 429
    assert refused.json()["error_message"] == "Too Many Requests"
    assert "faultstring" not in refused.json()
    assert api.post("ListarEmpresas", {"pagina": 1}).status_code == 200
    sim.control.advance(60)
    assert api.post("ListarCategorias", {"pagina": 1}).status_code == 200


def test_the_address_has_a_rate_over_all_methods_and_keys(sim: Simulator, api: Api) -> None:
    sim.control.add_app("777", "outro-segredo", "Filial")
    branch = Api(api.http, "777", "outro-segredo")
    sim.control.set_limits(_only(ip_per_minute=3))
    assert api.ok("ListarCategorias")
    assert api.ok("ListarEmpresas")
    assert branch.ok("ListarEmpresas")
    assert branch.post("ListarCategorias", {"pagina": 1}).status_code == 429


def test_the_minute_slides(sim: Simulator, api: Api) -> None:
    sim.control.set_limits(_only(method_per_minute=2))
    api.ok("ListarCategorias")
    sim.control.advance(40)
    api.ok("ListarCategorias")
    sim.control.advance(21)
    api.ok("ListarCategorias")
    assert api.post("ListarCategorias", {}).status_code == 429


def test_asking_the_same_again_within_a_minute_is_redundant(sim: Simulator, api: Api) -> None:
    sim.control.set_limits(_only(redundancy_seconds=60))
    api.ok("ListarCategorias", pagina=1)
    sim.control.advance(44)
    assert api.fault("ListarCategorias", pagina=1) == (
        500,
        "Client-6",
        "ERROR: Consumo redundante detectado. Aguarde 60 segundos para tentar novamente "
        "(REDUNDANT).",
    )
    api.ok("ListarCategorias", pagina=2)
    sim.control.advance(59)  # 103 s after the first call: only the question above is in the way
    assert api.fault("ListarCategorias", pagina=1)[1] == "Client-6"
    sim.control.advance(60)
    api.ok("ListarCategorias", pagina=1)


def test_the_window_can_count_down_instead_of_restarting(sim: Simulator, api: Api) -> None:
    sim.control.set_limits(_only(redundancy_seconds=60, redundancy_restarts=False))
    api.ok("ListarCategorias", pagina=1)
    sim.control.advance(44)
    assert "Aguarde 16 segundos" in api.fault("ListarCategorias", pagina=1)[2]
    sim.control.advance(16)
    api.ok("ListarCategorias", pagina=1)


def test_writes_can_be_redundant_too(sim: Simulator, api: Api) -> None:
    sim.control.set_limits(_only(redundancy_seconds=60))
    api.cliente("A")
    again = {"codigo_cliente_integracao": "A", "razao_social": "Maria de Souza"}
    assert api.fault("UpsertCliente", **again)[1] == "Client-6"
    assert api.cliente("A", email="a@b.c")


def _block(api: Api) -> None:
    for number in range(10):
        assert _miss(api, number + 1).status_code == 500


def test_ten_errors_of_a_method_close_it_for_half_an_hour(sim: Simulator, api: Api) -> None:
    sim.control.set_limits(_only(block_after_errors=10))
    _block(api)
    sim.control.advance(3)
    response = _miss(api, 11)
    assert response.status_code == 425
    assert response.json() == {
        "faultstring": "ERROR: API bloqueada por consumo indevido. "
        "Tente novamente em 1797 segundos.",
        "faultcode": "MISUSE_API_PROCESS",
    }
    assert api.ok("ListarCategorias")


def test_knocking_during_the_block_makes_it_longer(sim: Simulator, api: Api) -> None:
    sim.control.set_limits(_only(block_after_errors=10))
    _block(api)
    sim.control.advance(1700)
    assert _miss(api).status_code == 425
    sim.control.advance(1700)
    assert _miss(api).status_code == 425
    sim.control.advance(1800)
    assert _miss(api).status_code == 500


def test_pages_without_rows_count_as_errors(sim: Simulator, api: Api) -> None:
    sim.control.set_limits(_only(block_after_errors=10))
    for page in range(10):
        assert api.fault("ListarClientes", pagina=page + 1)[1] == "Client-5113"
    assert api.post("ListarClientes", {"pagina": 1}).status_code == 425


@pytest.mark.parametrize(("counting", "status"), [("rolling", 425), ("consecutive", 500)])
def test_a_success_between_errors_forgives_only_in_one_reading(
    sim: Simulator, api: Api, counting: str, status: int
) -> None:
    sim.control.set_limits(_only(block_after_errors=10, block_counting=counting))
    omie_id = api.cliente()
    for number in range(9):
        _miss(api, number + 1)
    api.ok("ConsultarCliente", codigo_cliente_omie=omie_id)
    _miss(api, 10)
    assert _miss(api, 11).status_code == status


def test_old_errors_are_forgotten_after_half_an_hour(sim: Simulator, api: Api) -> None:
    sim.control.set_limits(_only(block_after_errors=10))
    for number in range(9):
        _miss(api, number + 1)
    sim.control.advance(1801)
    _miss(api, 10)
    assert _miss(api, 11).status_code == 500


def test_a_refused_write_of_one_app_does_not_close_another(sim: Simulator, api: Api) -> None:
    sim.control.add_app("777", "outro-segredo", "Filial")
    sim.control.set_limits(_only(block_after_errors=1))
    _miss(api)
    assert _miss(api).status_code == 425
    assert _miss(Api(api.http, "777", "outro-segredo")).status_code == 500


def _hold(
    sim: Simulator, api: Api, call: str, param: dict[str, Any], count: int
) -> list[threading.Thread]:
    """Start ``count`` calls that stay in flight until the control lets them go."""
    threads = []
    for _ in range(count):
        sim.control.next_faults("timeout_after_commit")
        thread = threading.Thread(target=_hang, args=(sim, api, call, param))
        thread.start()
        threads.append(thread)
    while len(sim.control.calls(method=call)) < count:
        threading.Event().wait(0.005)
    return threads


def _let_go(sim: Simulator, threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join()
    while sim.control.in_flight():  # the server learns a moment later that its callers are gone
        threading.Event().wait(0.005)


def _hang(sim: Simulator, api: Api, call: str, param: dict[str, Any]) -> None:
    with (
        httpx.Client(verify=NO_TLS, base_url=sim.base_url, timeout=0.4) as http,
        pytest.raises(httpx.ReadTimeout),
    ):
        Api(http).post(call, param)


def test_a_fifth_read_at_once_is_busy(sim: Simulator, api: Api) -> None:
    sim.control.set_limits(_only(reads_at_once=4))
    threads = _hold(sim, api, "ListarCategorias", {"pagina": 1}, 4)
    status, code, text = api.fault("ListarCategorias", pagina=1)
    assert (status, code) == (500, "Client-1880")
    assert text.startswith("ERROR: Já existe uma requisição desse método sendo executada")
    _let_go(sim, threads)
    assert api.ok("ListarCategorias", pagina=1)


def test_writes_have_one_lane_and_an_abandoned_call_keeps_it(sim: Simulator, api: Api) -> None:
    sim.control.set_limits(_only(writes_at_once=1, abandoned_lock_seconds=30))
    param = {"codigo_cliente_integracao": "A", "razao_social": "Maria"}
    threads = _hold(sim, api, "UpsertCliente", param, 1)
    other = {"codigo_cliente_integracao": "B", "razao_social": "Maria"}
    assert api.fault("UpsertCliente", **other)[1] == "Client-1880"
    _let_go(sim, threads)
    assert api.fault("UpsertCliente", **other)[1] == "Client-1880"
    sim.control.advance(30)
    assert api.ok("UpsertCliente", **other)


def test_every_limit_is_on_unless_told() -> None:
    assert Limits().method_per_minute == 240
    assert Limits().ip_per_minute == 960
    gate = Gate(Limits())
    gate.enter(("k", "UpsertCliente"), False, 0.0)
    with pytest.raises(faults.SimulatedFaultError, match="Já existe"):
        gate.enter(("k", "UpsertCliente"), False, 0.0)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"nada": 1}, TypeError),
        ({"block_counting": "x"}, ValueError),
        ({"ip_per_minute": -1}, ValueError),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(
    changes: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        Limits().changed(**changes)
