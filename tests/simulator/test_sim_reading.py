"""What a reader of whole lists meets: short lists, notas, faults, changes between pages."""

from __future__ import annotations

import json
import threading
from typing import Any

import httpx
import pytest

from omie_pipeline.catalog.lists import MIRROR, MirrorTable
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.simulator.clock import ManualClock
from omie_pipeline.simulator.engine.planned_faults import FaultKind
from omie_pipeline.simulator.engine.server import Simulator, running_simulator
from tests.local_http import NO_TLS
from tests.simulator.omie_caller import START, Api

LISTS = ("ListarMovimentos", "PesquisarLancamentos", "ListarLancCC", "ListarContasPagar")


def test_short_lists_of_the_model_company(api: Api) -> None:
    departamentos = api.ok("ListarDepartamentos", pagina=1)["departamentos"]
    assert {type(row["codigo"]) for row in departamentos} == {str}
    projetos = api.ok("ListarProjetos", pagina=1)["cadastro"]
    assert {type(row["codigo"]) for row in projetos} == {int}
    assert projetos[0]["info"]["data_inc"] == "05/01/2026"
    vendedores = api.ok("ListarVendedores", pagina=1)
    assert vendedores["total_de_registros"] == len(vendedores["cadastro"]) == 2
    dre = api.ok("ListarCadastroDRE")
    assert dre["totalRegistros"] == len(dre["dreLista"])
    assert set(dre) == {"totalRegistros", "dreLista"}
    active = api.ok("ListarCadastroDRE", apenasContasAtivas="S")
    assert active["totalRegistros"] == dre["totalRegistros"] - 1
    lines = {row["codigoDRE"] for row in dre["dreLista"]}
    categorias = api.ok("ListarCategorias", pagina=1)["categoria_cadastro"]
    named = {row["codigo_dre"] for row in categorias if row["codigo_dre"]}
    assert named
    assert named <= lines


@pytest.mark.parametrize("table", MIRROR.values(), ids=lambda table: table.name)
def test_every_list_that_the_importer_asks_for_is_served(
    sim: Simulator, api: Api, table: MirrorTable
) -> None:
    """With all the tags it sends: fixed ones, the window of births, the window of changes."""
    _one_of_each(sim, api)
    call = table.call
    paging = {
        "snake": ("pagina", "registros_por_pagina"),
        "hungarian": ("nPagina", "nRegPorPagina"),
    }
    asked: dict[str, Any] = dict(call.fixed)
    if call.paging != "none":
        page, size = paging[call.paging]
        asked |= {page: 1, size: call.page_size}
    for window in (None, call.created, call.changed):
        more: dict[str, Any] = {}
        if window is not None:
            more = {window.first: "05/01/2026", window.last: "05/01/2026", **dict(window.fixed)}
        response = api.post(call.method, {**asked, **more}, table.service.path)
        assert response.status_code == 200, response.text
        rows = response.json()[table.array]
        assert rows
        known = {field.name for field in table.record.fields}
        assert {tag for row in rows for tag in row} <= known
        if window is not None:
            later = {window.first: "06/01/2026", window.last: "06/01/2026", **dict(window.fixed)}
            answer = api.post(call.method, {**asked, **later}, table.service.path).json()
            assert not answer.get(table.array)


def _one_of_each(sim: Simulator, api: Api) -> None:
    cliente = api.cliente(cnpj_cpf="52998224725")
    api.receber("R")
    api.pagar("P")
    sim.control.settle("contas_receber", "R")
    sim.control.lancar_em_conta(9100000001, 5)
    for kind in ("notas_servico", "notas_produto"):
        sim.control.issue_note(kind, "10.50", cliente=cliente)


def test_notes_can_be_cancelled_and_filtered(sim: Simulator, api: Api) -> None:
    cliente = api.cliente(cnpj_cpf="52998224725")
    first = sim.control.issue_note("notas_servico", 10, cliente=cliente)
    second = sim.control.issue_note("notas_servico", 20)
    sim.control.advance(86_400)
    sim.control.cancel_note("notas_servico", first, reason="erro")

    def found(**asked: Any) -> list[int]:
        rows = api.ok("ListarNFSEs", nPagina=1, **asked)["nfseEncontradas"]
        return [row["Cabecalho"]["nCodNF"] for row in rows]

    assert found() == [first, second]
    assert found(cStatusNFSe="C") == found(nCodigoCliente=cliente) == [first]
    assert found(dEmiInicial="05/01/2026", dEmiFinal="05/01/2026") == [first, second]
    assert found(dEmiInicial="06/01/2026") == []
    row = api.ok("ListarNFSEs", nCodNF=first)["nfseEncontradas"][0]
    assert row["Cancelamento"]["cDataCancelamento"] == "06/01/2026"
    assert row["Alteracao"]["cDataAlteracao"] == "06/01/2026"
    assert row["Cabecalho"]["cCPFDestinatario"] == "529.982.247-25"


def test_the_change_window_of_nf_needs_a_flag(sim: Simulator, api: Api) -> None:
    note = sim.control.issue_note("notas_produto", 10)
    sim.control.issue_note("notas_produto", 20)
    sim.control.advance(86_400)
    sim.control.cancel_note("notas_produto", note)
    later = {"filtrar_por_data_de": "06/01/2026"}
    assert api.ok("ListarNF", **later)["total_de_registros"] == 2
    [row] = api.ok("ListarNF", **later, filtrar_apenas_alteracao="S")["nfCadastro"]
    assert (row["compl"]["nIdNF"], row["ide"]["dCan"]) == (note, "06/01/2026")
    assert api.ok("ListarNF", filtrar_por_status="C")["registros"] == 1
    assert "det" not in api.ok("ListarNF", cApenasResumo="S")["nfCadastro"][0]


@pytest.mark.parametrize("method", LISTS)
@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("truncated_json", 200),
        ("html_502", 502),
        ("http_429", 429),
        ("blocked_425", 425),
        ("busy", 500),
        ("broken_bg", 500),
    ],
)
def test_lists_suffer_planned_faults(
    sim: Simulator, api: Api, method: str, kind: FaultKind, status: int
) -> None:
    _one_of_each(sim, api)
    page = "pagina" if method == "ListarContasPagar" else "nPagina"
    sim.control.next_faults(kind)
    hit = api.post(method, {page: 1})
    assert hit.status_code == status
    if kind == "truncated_json":
        with pytest.raises(json.JSONDecodeError):
            hit.json()
        assert method in {"ListarContasPagar"} or "nTotRegistros" in hit.text
    if kind != "blocked_425":
        assert api.post(method, {page: 1}).status_code == 200


def test_large_pages_break_the_application_server(sim: Simulator, api: Api) -> None:
    _one_of_each(sim, api)
    sim.control.set_behaviour(broken_above_page_size=100)
    text = api.fault("ListarMovimentos", nPagina=1, nRegPorPagina=500)
    assert text == (500, "Server", "SOAP-ERROR: Broken response from Application Server (BG)")
    assert api.ok("ListarMovimentos", nPagina=1, nRegPorPagina=100)["nRegistros"] == 4
    assert api.fault("ListarClientes", pagina=1, registros_por_pagina=500)[1] == "Server"


def test_derived_lists_are_cut_too(sim: Simulator, api: Api) -> None:
    sim.control.seed_receivables(120, days=10)
    for ceiling in (50, 100):
        sim.control.set_behaviour(max_page_size=ceiling)
        answer = api.ok("ListarMovimentos", nPagina=1, nRegPorPagina=500)
        assert (answer["nRegistros"], answer["nTotPaginas"]) == (ceiling, -(-120 // ceiling))
    past = api.fault("ListarMovimentos", nPagina=9)
    assert past == (500, "Client-5113", "ERROR: Não existem registros para a página [9]!")


def test_a_second_read_in_flight_is_busy() -> None:
    with running_simulator(clock=ManualClock(START)) as sim:
        sim.control.set_limits(reads_at_once=1)
        sim.control.seed_receivables(3)
        sim.control.next_faults("timeout_after_commit")
        body = {
            "call": "ListarMovimentos", "app_key": sim.app_key, "app_secret": sim.app_secret,
            "param": [{"nPagina": 1}],
        }  # fmt: skip
        with httpx.Client(verify=NO_TLS, base_url=sim.base_url, timeout=30) as http:
            waiting = threading.Event()

            def hang() -> None:
                waiting.set()
                with pytest.raises(httpx.ReadTimeout):
                    httpx.post(f"{sim.base_url}financas/mf/", json=body, timeout=0.5, verify=NO_TLS)

            thread = threading.Thread(target=hang)
            thread.start()
            waiting.wait()
            while not sim.control.in_flight():
                pass
            other = {**body, "param": [{"nPagina": 2}]}
            answer = http.post("financas/mf/", json=other)
            thread.join()
        assert answer.json()["faultcode"] == "SOAP-ENV:Client-1880"


def test_records_can_change_between_two_pages(sim: Simulator, api: Api) -> None:
    keys = sim.control.seed_receivables(6, days=3)
    page = {"registros_por_pagina": 2, "ordenar_por": "CODIGO"}

    def meanwhile() -> None:
        sim.control.delete("contas_receber", keys[0])
        sim.control.seed_receivables(3, days=1)
        sim.control.edit("contas_receber", keys[5], {"valor_documento": 1})

    sim.control.between_pages("ListarContasReceber", 1, meanwhile)
    first = api.ok("ListarContasReceber", pagina=1, **page)
    assert first["total_de_registros"] == 6
    second = api.ok("ListarContasReceber", pagina=2, **page)
    assert second["total_de_registros"] == 8
    ids = [row["codigo_lancamento_omie"] for row in second["conta_receber_cadastro"]]
    assert ids == [keys[3], keys[4]], "the deletion shifted keys[2] to the page already read"
    assert api.ok("ListarContasReceber", pagina=1, **page)["total_de_registros"] == 8


def test_changes_between_pages_can_be_planned_over_http(sim: Simulator, api: Api) -> None:
    sim.control.seed_receivables(3)
    plan = {
        "method": "ListarMovimentos",
        "page": 1,
        "operations": [
            {"operation": "lancar_em_conta", "account": 9100000001, "value": "3.50"},
            {"operation": "transferir", "source": 9100000001, "target": 9100000002, "value": 1},
        ],
    }
    assert api.http.post(f"{sim.control_url}between_pages", json=plan).json() == {"planned": 2}
    assert api.ok("ListarMovimentos", nPagina=1, nRegPorPagina=2)["nTotRegistros"] == 3
    assert api.ok("ListarMovimentos", nPagina=2, nRegPorPagina=2)["nTotRegistros"] == 6
    wrong = {**plan, "operations": [{"operation": "reset"}]}
    assert api.http.post(f"{sim.control_url}between_pages", json=wrong).status_code == 400


def test_omie_can_add_fields(sim: Simulator, api: Api) -> None:
    _one_of_each(sim, api)
    added = {
        "ListarMovimentos": {"detalhes.cNovo": "x", "nNovo": 1},
        "ListarClientes": {"campo_novo": "y"},
        "ListarCadastroDRE": {"novo": "z"},
    }
    sim.control.set_behaviour(extra_fields=added)
    for row in api.ok("ListarMovimentos", nPagina=1)["movimentos"]:
        assert (row["detalhes"]["cNovo"], row["nNovo"]) == ("x", 1)
        assert row["detalhes"]["cGrupo"]
    assert api.ok("ListarClientes", pagina=1)["clientes_cadastro"][0]["campo_novo"] == "y"
    assert api.ok("ListarCadastroDRE")["dreLista"][0]["novo"] == "z"
    assert "campo_novo" not in sim.control.records("clientes")[0]


def test_generated_receivables_are_spread_evenly(sim: Simulator, api: Api) -> None:
    keys = sim.control.seed_receivables(40, days=4)
    assert len(set(keys)) == 40
    per_day = []
    for day in ("01/01/2026", "02/01/2026", "03/01/2026", "04/01/2026", "05/01/2026"):
        window = {"filtrar_por_data_de": day, "filtrar_por_data_ate": day}
        answer = api.ok("ListarContasReceber", pagina=1, **window, filtrar_apenas_inclusao="S")
        per_day.append(answer["total_de_registros"])
    assert per_day == [0, 10, 10, 10, 10]
    codes = {row["codigo_lancamento_integracao"] for row in sim.control.records("contas_receber")}
    assert len(codes) == 40


def test_a_window_knows_what_changed_since_it_was_first_asked(sim: Simulator, api: Api) -> None:
    keys = sim.control.seed_receivables(10, days=1)
    window = {"filtrar_por_data_de": "06/01/2026", "filtrar_por_data_ate": "06/01/2026"}
    total = "total_de_registros"
    assert api.ok("ListarContasReceber", pagina=1, **window)[total] == 0
    sim.control.advance(86_400)
    sim.control.edit("contas_receber", keys[3], {"valor_documento": 7})
    assert api.ok("ListarContasReceber", pagina=1, **window)[total] == 1
    assert api.ok("ListarContasReceber", **window, filtrar_apenas_inclusao="S")[total] == 0
    sim.control.delete("contas_receber", keys[3])
    assert api.ok("ListarContasReceber", pagina=1, **window)[total] == 0


def test_money_by_control_url(sim: Simulator, api: Api) -> None:
    def ask(operation: str, **body: Any) -> dict[str, Any]:
        answer = api.http.post(f"{sim.control_url}{operation}", json=body)
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()
        return result

    api.cliente()
    api.receber("R")
    settled = ask(
        "settle", endpoint="contas_receber", code="R", value=10, discount=0.5, interest=1.25,
        fine=2, account=9100000002, day="2026-01-04",
    )  # fmt: skip
    assert ask("balance", account=9100000002, day="2026-01-03") == {"balance": 12345.67}
    assert ask("balance", account=9100000002, day="04/01/2026") == {"balance": 12358.92}
    ask("undo_settlement", **settled)
    entry = ask("lancar_em_conta", account=9100000001, value="-0.10", note="tarifa")
    ask("conciliate", **entry)
    ask("transferir", source=9100000001, target=9100000002, value=100)
    assert ask("balance", account=9100000001) == {"balance": 399.9}
    ask("cancel", endpoint="contas_receber", code="R")
    assert sim.control.records("contas_receber")[0]["status_titulo"] == "CANCELADO"
    note = ask("issue_note", kind="notas_produto", value=5)
    ask("cancel_note", kind="notas_produto", **note)
    assert sim.control.record("notas_produto", note["id"])["ide"]["dCan"]  # type: ignore[index]
    assert ask("seed_receivables", count=5, days=2) == {"seeded": 5}
    assert len(ask("records", endpoint="movimentacoes")["records"]) == 9
    wrong = api.http.post(f"{sim.control_url}undo_settlement", json={"codigo_baixa": 1})
    assert wrong.status_code == 400


def test_computed_lists_cannot_be_changed(sim: Simulator) -> None:
    sim.control.lancar_em_conta(9100000001, 1)
    [row] = sim.control.records("movimentacoes")
    assert row["detalhes"]["cOrigem"] == "EXTR"
    assert sim.control.records("extrato") == ()
    with pytest.raises(ConfigurationError, match="computed"):
        sim.control.seed("movimentacoes", [row])
    with pytest.raises(ConfigurationError, match="computed"):
        sim.control.delete("baixas", 1)


def test_many_questions_are_answered_right(sim: Simulator, api: Api) -> None:
    """More questions than are remembered, each asked twice."""
    keys = sim.control.seed_receivables(70, days=1)
    for _ in range(2):
        for key in keys:
            found = api.ok("ListarMovimentos", nCodTitulo=key)["movimentos"]
            assert [row["detalhes"]["nCodTitulo"] for row in found] == [key]


def test_a_person_who_asks_for_nonsense_is_told(sim: Simulator) -> None:
    control = sim.control
    for nonsense in (
        lambda: control.lancar_em_conta(5, 10),
        lambda: control.lancar_em_conta(9100000001, 0),
        lambda: control.transferir(9100000001, 9100000001, 10),
        lambda: control.transferir(9100000001, 9100000004, 10),
        lambda: control.undo_settlement(1),
        lambda: control.balance(5),
    ):
        with pytest.raises(ConfigurationError):
            nonsense()
    assert control.records("lancamentos_conta_corrente") == ()
