"""Paging in both dialects, filters, absent keys, full key sets, stale reads."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from omie_pipeline.catalog import REGISTRY, ComplexType, Endpoint, Field, Method, Service
from omie_pipeline.simulator.clock import ManualClock
from omie_pipeline.simulator.engine.limits import Limits
from omie_pipeline.simulator.engine.server import Simulator, running_simulator
from tests.local_http import NO_TLS
from tests.simulator.omie_caller import START, Api


def _seed(sim: Simulator, count: int) -> None:
    sim.control.seed("clientes", [{"razao_social": f"Cliente {i}"} for i in range(count)])


def _codes(answer: dict[str, Any], array: str = "conta_receber_cadastro") -> list[str]:
    return [row["codigo_lancamento_integracao"] for row in answer[array]]


def test_pages_are_counted_and_rise_by_id(sim: Simulator, api: Api) -> None:
    _seed(sim, 7)
    seen = []
    for page in (1, 2, 3):
        answer = api.ok("ListarClientes", pagina=page, registros_por_pagina=3)
        totals = (answer["pagina"], answer["total_de_paginas"], answer["total_de_registros"])
        assert totals == (page, 3, 7)
        assert answer["registros"] == len(answer["clientes_cadastro"])
        seen += [row["codigo_cliente_omie"] for row in answer["clientes_cadastro"]]
    assert seen == sorted(seen)
    assert len(seen) == 7


def test_a_page_past_the_end_and_an_empty_list_are_faults(sim: Simulator, api: Api) -> None:
    assert api.fault("ListarClientes", pagina=1) == (
        500,
        "Client-5113",
        "ERROR: Não existem registros para a página [1]!",
    )
    _seed(sim, 1)
    assert "página [2]" in api.fault("ListarClientes", pagina=2)[2]


def test_some_lists_answer_with_no_rows(api: Api) -> None:
    answer = api.ok("ListarContasReceber", pagina=1)
    assert (answer["total_de_registros"], answer["conta_receber_cadastro"]) == (0, [])
    assert api.ok("ListarCategorias", pagina=9)["registros"] == 0
    assert api.fault("ListarContasPagar", pagina=1)[1] == "Client-5113"
    text = api.fault("ListarContasCorrentes", pagina=9)[2]
    assert text == "ERROR: Nenhuma conta corrente foi encontrada!"


def test_companies_past_the_end_repeat_page_one(api: Api) -> None:
    answer = api.ok("ListarEmpresas", pagina=5)
    assert answer["pagina"] == 1
    assert answer["empresas_cadastro"][0]["razao_social"] == "Clínica Modelo Ltda"


@pytest.mark.parametrize(("ceiling", "served"), [(500, 120), (100, 100), (50, 50)])
def test_large_pages_are_cut_silently(sim: Simulator, api: Api, ceiling: int, served: int) -> None:
    _seed(sim, 120)
    sim.control.set_behaviour(max_page_size=ceiling)
    answer = api.ok("ListarClientes", pagina=1, registros_por_pagina=500)
    assert answer["registros"] == served
    assert answer["total_de_paginas"] == -(-120 // ceiling)


def test_lists_leave_out_keys_without_value_but_keep_codes(sim: Simulator, api: Api) -> None:
    _seed(sim, 1)
    [row] = api.ok("ListarClientes", pagina=1)["clientes_cadastro"]
    assert row["codigo_cliente_integracao"] == ""
    assert "email" not in row
    api.cliente("PAC-1")
    api.receber()
    [titulo] = api.ok("ListarContasReceber", pagina=1)["conta_receber_cadastro"]
    assert titulo["distribuicao"] == []
    assert "boleto" in titulo
    assert "data_emissao" not in titulo
    assert not any(tag.startswith("_") for tag in titulo)


def test_a_read_has_every_key_of_its_type(api: Api) -> None:
    api.cliente()
    api.receber()
    cliente = api.ok("ConsultarCliente", codigo_cliente_integracao="PAC-1")
    assert set(cliente) == {field.name for field in REGISTRY["clientes"].record.fields}
    assert (cliente["email"], cliente["valor_limite_credito"]) == ("", 0)
    assert cliente["enderecoEntrega"] is None
    titulo = api.ok("ConsultarContaReceber", codigo_lancamento_integracao="REC-1")
    assert set(titulo) == {field.name for field in REGISTRY["contas_receber"].record.fields}


@pytest.mark.parametrize(
    ("call", "key"),
    [
        ("ConsultarCategoria", {"codigo": "1.01.01"}),
        ("ConsultarContaCorrente", {"nCodCC": 9100000002}),
        ("ConsultarEmpresa", {"codigo_empresa": 9000000001}),
    ],
)
def test_reference_lists_can_be_read_one_by_one(api: Api, call: str, key: dict[str, Any]) -> None:
    answer = api.ok(call, **key)
    assert answer.items() >= key.items()


def test_missing_references_have_their_own_words(api: Api) -> None:
    assert api.fault("ConsultarContaCorrente", nCodCC=5)[1] == "Client-101"
    assert api.fault("ConsultarContaCorrente", cCodCCInt="X")[1] == "Client-832"
    assert "Categoria não cadastrada" in api.fault("ConsultarCategoria", codigo="9")[2]


def test_the_change_window_has_the_hour_for_clientes(sim: Simulator, api: Api) -> None:
    api.cliente("A")
    sim.control.advance(3600)
    api.cliente("B")
    window = {"filtrar_por_data_de": "05/01/2026", "filtrar_por_hora_de": "09:30:00"}
    rows = api.ok("ListarClientes", pagina=1, **window)["clientes_cadastro"]
    assert [row["codigo_cliente_integracao"] for row in rows] == ["B"]
    until = {"filtrar_por_data_ate": "05/01/2026", "filtrar_por_hora_ate": "09:30:00"}
    rows = api.ok("ListarClientes", pagina=1, **until)["clientes_cadastro"]
    assert [row["codigo_cliente_integracao"] for row in rows] == ["A"]


def test_inclusion_and_change_can_be_told_apart(sim: Simulator, api: Api) -> None:
    api.cliente("A")
    sim.control.advance(86_400)
    api.cliente("A", email="a@b.c")
    later = {"filtrar_por_data_de": "06/01/2026"}
    assert api.ok("ListarClientes", **later, filtrar_apenas_alteracao="S")["registros"] == 1
    assert api.fault("ListarClientes", **later, filtrar_apenas_inclusao="S")[1] == "Client-5113"


def test_clientes_can_be_filtered(sim: Simulator, api: Api) -> None:
    api.cliente("A", razao_social="Ana Lima", cnpj_cpf="52998224725", tags=[{"tag": "Cliente"}])
    api.cliente("B", razao_social="Bia Lima", inativo="S")
    sim.control.seed("clientes", [{"razao_social": "Digitado"}])

    def names(**param: Any) -> list[str]:
        rows = api.ok("ListarClientes", pagina=1, **param)["clientes_cadastro"]
        return [row["razao_social"] for row in rows]

    assert names(clientesFiltro={"razao_social": "lima"}) == ["Ana Lima", "Bia Lima"]
    assert names(clientesFiltro={"cnpj_cpf": "529.982.247-25", "nada": 1}) == ["Ana Lima"]
    assert names(clientesFiltro={"tags": [{"tag": "Cliente"}]}) == ["Ana Lima"]
    assert names(clientesFiltro={"inativo": "S"}) == ["Bia Lima"]
    assert names(clientesPorCodigo=[{"codigo_cliente_integracao": "B"}]) == ["Bia Lima"]
    assert names(apenas_importado_api="S") == ["Ana Lima", "Bia Lima"]


def test_notes_are_shown_on_request(api: Api) -> None:
    api.cliente("A", observacao="nota", caracteristicas=[{"campo": "RG", "conteudo": "1"}])
    [row] = api.ok("ListarClientes", pagina=1)["clientes_cadastro"]
    assert "observacao" not in row
    assert "caracteristicas" not in row
    shown = {"exibir_obs": "S", "exibir_caracteristicas": "S"}
    [row] = api.ok("ListarClientes", pagina=1, **shown)["clientes_cadastro"]
    assert (row["observacao"], row["caracteristicas"][0]["conteudo"]) == ("nota", "1")


def test_titulos_can_be_filtered_and_ordered(sim: Simulator, api: Api) -> None:
    cliente = api.cliente(cnpj_cpf="52998224725")
    api.receber("A", data_vencimento="20/01/2026", data_emissao="01/12/2025")
    api.receber("B", data_vencimento="01/01/2026", id_conta_corrente=9100000002)
    api.receber("C", data_vencimento="05/01/2026")
    sim.control.settle("contas_receber", "A")

    def codes(**param: Any) -> list[str]:
        return _codes(api.ok("ListarContasReceber", pagina=1, **param))

    assert codes(filtrar_por_status="ATRASADO") == ["B"]
    assert codes(filtrar_por_status="VENCEHOJE") == ["C"]
    assert codes(filtrar_por_status="RECEBIDO") == codes(filtrar_por_status="LIQUIDADO") == ["A"]
    assert codes(filtrar_por_status="EMABERTO") == ["B", "C"]
    assert codes(filtrar_apenas_titulos_em_aberto="S") == ["B", "C"]
    assert codes(filtrar_conta_corrente=9100000002) == ["B"]
    assert codes(filtrar_cliente=cliente) == ["A", "B", "C"]
    assert codes(filtrar_por_cpf_cnpj="529.982.247-25") == ["A", "B", "C"]
    assert codes(filtrar_por_emissao_de="01/12/2025") == ["A"]
    assert codes(filtrar_por_registro_ate="04/01/2026") == []
    assert codes(ordenar_por="DATA_VENCIMENTO") == ["B", "C", "A"]
    assert codes(ordenar_por="CODIGO_INTEGRACAO", ordem_descrescente="S") == ["C", "B", "A"]
    assert sim.control.settle("contas_receber", "B", value=Decimal(1))
    assert codes(filtrar_por_status="PAGTO_PARCIAL") == ["B"]


def test_references_can_be_filtered(api: Api) -> None:
    active = api.ok("ListarContasCorrentes", pagina=1, filtrar_apenas_ativo="S")
    assert active["registros"] == 3
    one = api.ok("ListarContasCorrentes", pagina=1, codigo=9100000002)["ListarContasCorrentes"]
    assert one[0]["codigo_banco"] == "341"
    assert api.fault("ListarContasCorrentes", filtrar_por_data_ate="01/01/2026")[1] == "Client-101"
    expenses = api.ok("ListarCategorias", pagina=1, filtrar_por_tipo="D")["categoria_cadastro"]
    assert {row["codigo"][0] for row in expenses} == {"2"}


def test_a_read_can_lag_behind_a_write(sim: Simulator, api: Api) -> None:
    api.cliente("A", razao_social="Antes")
    sim.control.set_behaviour(stale_reads_seconds=30)
    api.cliente("A", razao_social="Depois")
    api.cliente("B")
    key = {"codigo_cliente_integracao": "A"}
    assert api.ok("ConsultarCliente", **key)["razao_social"] == "Antes"
    assert api.fault("ConsultarCliente", codigo_cliente_integracao="B")[1] == "Client-103"
    rows = api.ok("ListarClientes", pagina=1)["clientes_cadastro"]
    assert rows[0]["razao_social"] == "Depois"
    sim.control.advance(31)
    assert api.ok("ConsultarCliente", **key)["razao_social"] == "Depois"
    api.ok("ExcluirCliente", **key)
    assert api.ok("ConsultarCliente", **key)["razao_social"] == "Depois"
    sim.control.advance(31)
    assert api.fault("ConsultarCliente", **key)[1] == "Client-103"


def _hungarian_endpoint() -> Endpoint:
    """A service in the other dialect, declared as data only: the simulator has no line for it."""
    record = ComplexType(
        "cadastro",
        (
            Field("nCodigo", "integer"),
            Field("cCodInt", "string", max_length=20),
            Field("cNome", "string", max_length=10, required=True),
        ),
    )
    key = ComplexType("chave", record.fields[:2])
    asked = ComplexType("pedido", (Field("nPagina", "integer"), Field("nRegPorPagina", "integer")))
    status = ComplexType(
        "status", (*key.fields, Field("cCodStatus", "string"), Field("cDesStatus", "string"))
    )
    listed = ComplexType("lista", (Field("cadastro", "array", type_name="cadastro"),))
    methods = {
        method.name: method
        for method in (
            Method("UpsertCoisa", record, status),
            Method("ExcluirCoisa", key, status),
            Method("ConsultarCoisa", key, record),
            Method("ListarCoisas", asked, listed),
        )
    }
    types = {item.name: item for item in (record, key, asked, status, listed)}
    service = Service("geral/coisas/", methods, types, {"ListarCoisas": "cadastro"})
    return Endpoint(
        name="coisas",
        title="Coisas",
        service=service,
        grain="register",
        omie_key="nCodigo",
        integration_key="cCodInt",
        upsert="UpsertCoisa",
        delete="ExcluirCoisa",
        read="ConsultarCoisa",
        list="ListarCoisas",
        delete_omie_key="nCodigo",
        read_omie_key="nCodigo",
    )


def test_a_new_catalog_entry_is_served_in_the_hungarian_dialect() -> None:
    path = "geral/coisas/"
    with (
        running_simulator(
            clock=ManualClock(START),
            limits=Limits.off(),
            endpoints=[*REGISTRY.values(), _hungarian_endpoint()],
        ) as sim,
        httpx.Client(verify=NO_TLS, base_url=sim.base_url) as http,
    ):
        api = Api(http)

        def call(method: str, **param: Any) -> dict[str, Any]:
            answer: dict[str, Any] = api.post(method, param, path).json()
            return answer

        for number in range(3):
            made = call("UpsertCoisa", cCodInt=f"C{number}", cNome="x")
            assert made["cCodStatus"] == "0"
        page = call("ListarCoisas", nPagina=2, nRegPorPagina=2)
        assert [page[tag] for tag in ("nPagina", "nTotPaginas", "nRegistros", "nTotRegistros")] == [
            2,
            2,
            1,
            3,
        ]
        assert page["cadastro"][0]["cCodInt"] == "C2"
        assert "[NADA]" in call("UpsertCoisa", cCodInt="D", nada=1)["faultstring"]
        assert "é de 10" in call("UpsertCoisa", cCodInt="D", cNome="x" * 11)["faultstring"]
        assert "[cNome]" in call("UpsertCoisa", cCodInt="D")["faultstring"]
        assert call("ConsultarCoisa", cCodInt="C1")["cNome"] == "x"
        assert call("ExcluirCoisa", cCodInt="C1")["cCodStatus"] == "0"
        assert "não cadastrado" in call("ConsultarCoisa", cCodInt="C1")["faultstring"]
        assert call("ListarCoisas", nPagina=9)["faultcode"] == "SOAP-ENV:Client-5113"


def test_every_declared_method_of_the_catalog_has_an_operation() -> None:
    from omie_pipeline.simulator.engine.call import Routes

    routes = Routes(REGISTRY.values())
    for endpoint in REGISTRY.values():
        for name in endpoint.service.methods:
            assert routes.find(endpoint.service.path, name).method.name == name
