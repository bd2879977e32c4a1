"""Envelope, keys, escapes, headers and redirects."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from omie_pipeline.simulator.engine.server import Simulator
from tests.local_http import NO_TLS
from tests.simulator.omie_caller import Api


def _envelope(**changes: Any) -> dict[str, Any]:
    body = {
        "call": "ListarCategorias",
        "app_key": Simulator.app_key,
        "app_secret": Simulator.app_secret,
        "param": [{"pagina": 1}],
    }
    return {**body, **changes}


def test_a_wrong_secret_is_http_403(api: Api) -> None:
    response = api.http.post("geral/categorias/", json=_envelope(app_secret="outro"))
    assert response.status_code == 403
    assert response.json() == {
        "faultstring": "A chave de acesso está inválida ou o aplicativo está suspenso.",
        "faultcode": "SOAP-ENV:Server",
    }


def test_a_suspended_app_is_refused_like_a_wrong_secret(sim: Simulator, api: Api) -> None:
    sim.control.suspend()
    assert api.fault("ListarCategorias", pagina=1)[:2] == (403, "Server")
    sim.control.suspend(suspended=False)
    assert api.ok("ListarCategorias", pagina=1)["pagina"] == 1


def test_an_unknown_key_is_named(api: Api) -> None:
    response = api.http.post("geral/categorias/", json=_envelope(app_key="42"))
    assert response.status_code == 403
    assert response.json()["faultstring"] == (
        "ERROR: Chave de acesso não cadastrada para o aplicativo [42]!"
    )


def test_each_app_sees_its_own_records(sim: Simulator, api: Api) -> None:
    sim.control.add_app("777", "outro-segredo", "Filial")
    branch = Api(api.http, "777", "outro-segredo")
    api.cliente("PAC-1")
    assert branch.fault("ConsultarCliente", codigo_cliente_integracao="PAC-1")[1] == "Client-103"
    assert branch.ok("ListarEmpresas")["empresas_cadastro"][0]["razao_social"] == "Filial"


@pytest.mark.parametrize("raw", [b"{", b"[]", b'{"call":1}', b'{"x":1}', b'{"param":[{"v":NaN}]}'])
def test_what_is_no_envelope_is_a_syntax_error(api: Api, raw: bytes) -> None:
    response = api.http.post("geral/clientes/", content=raw)
    assert response.status_code == 500
    assert "SyntaxError" in response.json()["faultstring"]


@pytest.mark.parametrize("param", [None, [], {}, "x", [{}, {}]])
def test_an_empty_param_is_named(api: Api, param: object) -> None:
    response = api.http.post("geral/categorias/", json=_envelope(param=param))
    assert response.json() == {
        "faultstring": "ERROR: Nenhum parâmetro foi recebido em WS_PARAMS!",
        "faultcode": "SOAP-ENV:Client-71",
    }


def test_an_unknown_method_is_named(api: Api) -> None:
    response = api.http.post("geral/categorias/", json=_envelope(call="ApagarTudo"))
    assert "Method ApagarTudo not exists" in response.json()["faultstring"]


def test_bodies_are_ascii_with_escapes(api: Api) -> None:
    response = api.post("ConsultarCliente", {"codigo_cliente_integracao": "nada"})
    assert response.content.isascii()
    assert b"n\\u00e3o" in response.content


def test_a_5xx_repeats_its_fault_in_a_header(api: Api) -> None:
    response = api.post("ConsultarCliente", {"codigo_cliente_omie": 999999999})
    assert response.headers["OmieAPI-Error"].startswith("105 - ERROR: Cliente n")


def test_reads_carry_the_parallel_header_and_writes_do_not(api: Api) -> None:
    read = api.post("ListarCategorias", {"pagina": 1})
    write = api.post("UpsertCliente", {"codigo_cliente_integracao": "A", "razao_social": "B"})
    assert read.headers["X-Omie-ParallelRateLimit"] == "1/4"
    assert "X-Omie-ParallelRateLimit" not in write.headers


def test_without_the_trailing_slash_it_moves(api: Api) -> None:
    response = api.http.post("geral/clientes", json={})
    assert response.status_code == 301
    assert response.headers["Location"] == "/api/v1/geral/clientes/"


def test_an_unknown_path_and_a_get_are_html(api: Api) -> None:
    for response in (api.http.post("geral/nada/"), api.http.get("geral/clientes/")):
        assert response.status_code in {404, 405}
        assert response.headers["content-type"] == "text/html"


@pytest.mark.parametrize(
    ("sent", "raw"), [("150.00", b":150,"), ("150.25", b":150.25,"), ("0.1", b":0.1,")]
)
def test_money_is_an_integer_when_whole_else_a_float(api: Api, sent: str, raw: bytes) -> None:
    api.cliente()
    api.receber(valor_documento=float(sent))
    listed = api.post("ListarContasReceber", {"pagina": 1}).content
    assert b'"valor_documento"' + raw in listed
    read = api.ok("ConsultarContaReceber", codigo_lancamento_integracao="REC-1")
    assert Decimal(read["valor_documento"]) == Decimal(sent)


def test_ids_do_not_fit_32_bits_and_rise(api: Api) -> None:
    first, second = api.cliente("A"), api.cliente("B")
    assert 2**31 < first < second


def test_reads_can_give_texts_html_escaped(sim: Simulator, api: Api) -> None:
    api.cliente("A", razao_social='Bar "do Zé" & Cia', tags=[{"tag": "<x>"}])
    sim.control.set_behaviour(html_escapes=True)
    answer = api.ok("ConsultarCliente", codigo_cliente_integracao="A")
    assert answer["razao_social"] == "Bar &quot;do Zé&quot; &amp; Cia"
    assert answer["tags"] == [{"tag": "&lt;x&gt;"}]


def test_a_control_character_does_not_break_the_header(api: Api) -> None:
    response = api.post("ConsultarCliente", {"codigo_cliente_integracao": "a\r\nX-B: 1\u20ac\x00"})
    assert response.headers["OmieAPI-Error"].startswith("103 - ERROR")
    assert "X-B" not in response.headers


def test_it_listens_on_loopback_only(sim: Simulator) -> None:
    assert sim.base_url.startswith("http://127.0.0.1:")
    assert httpx.get(sim.control_url, verify=NO_TLS).status_code == 200
