"""Contracts: a header, items with computed values, and situations that only contratofat moves."""

from __future__ import annotations

from typing import Any

import pytest

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.simulator.engine.server import Simulator
from tests.simulator.omie_caller import Api

ITEM = {"natOperacao": "01", "codServMunic": "04030", "codLC116": "4.01", "quant": 2,
        "valorUnit": 100.5, "codIntItem": "I-1"}  # fmt: skip


def contrato(api: Api, **head: Any) -> dict[str, Any]:
    cliente = api.cliente()
    cabecalho = {
        "cCodIntCtr": "CTR-1", "nCodCli": cliente, "cNumCtr": "2026/1",
        "dVigInicial": "01/01/2026", "dVigFinal": "31/12/2026", "nDiaFat": 5, "cTipoFat": "01",
        **head,
    }  # fmt: skip
    return {
        "cabecalho": cabecalho,
        "itensContrato": [
            {"itemCabecalho": ITEM, "itemDescrServ": {"descrCompleta": "Acompanhamento"}}
        ],
        "infAdic": {"cCodCateg": "1.01.01", "nCodCC": 9100000001},
    }


def situation(sim: Simulator) -> str:
    [record] = sim.control.records("contratos")
    return str(record["cabecalho"]["cCodSit"])


def test_a_contract_gets_ids_and_totals(sim: Simulator, api: Api) -> None:
    made = api.ok("UpsertContrato", **contrato(api))
    read = api.ok("ConsultarContrato", contratoChave={"cCodIntCtr": "CTR-1"})["contratoCadastro"]
    head, [item] = read["cabecalho"], read["itensContrato"]
    assert (head["nCodCtr"], head["cCodSit"], head["nValTotMes"]) == (made["nCodCtr"], "10", 201)
    assert item["itemCabecalho"]["valorTotal"] == 201
    assert item["itemCabecalho"]["codItem"]
    assert read["infoCadastro"]["cImpAPI"] == "S"
    [record] = sim.control.records("contratos")
    assert REGISTRY["contratos"].keys_of(record)["cCodIntCtr"] == "CTR-1"
    [row] = api.ok("ListarContratos", pagina=1)["contratoCadastro"]
    assert row["cabecalho"]["nCodCtr"] == made["nCodCtr"]
    assert "infoCadastro" not in row
    shown = api.ok("ListarContratos", pagina=1, cExibirInfoCadastro="S")["contratoCadastro"][0]
    assert shown["infoCadastro"]["dInc"] == "05/01/2026"


def test_a_changed_contract_keeps_its_items_ids_and_its_situation(sim: Simulator, api: Api) -> None:
    sent = contrato(api)
    first = api.ok("UpsertContrato", **sent)
    [before] = sim.control.records("contratos")
    sent["cabecalho"]["cCodSit"] = "99"
    sent["itensContrato"] = [
        {"itemCabecalho": {**ITEM, "codIntItem": "I-2"}},
        {"itemCabecalho": {**ITEM, "quant": 1}},
    ]
    for item in sent["itensContrato"]:
        item["itemDescrServ"] = {"descrCompleta": "x"}
    assert api.ok("UpsertContrato", **sent)["nCodCtr"] == first["nCodCtr"]
    [after] = sim.control.records("contratos")
    assert after["cabecalho"]["cCodSit"] == "10"
    assert after["cabecalho"]["nValTotMes"] == 301.5
    old_id = before["itensContrato"][0]["itemCabecalho"]["codItem"]
    new_ids = [item["itemCabecalho"]["codItem"] for item in after["itensContrato"]]
    assert new_ids[1] == old_id
    assert new_ids[0] != old_id


@pytest.mark.parametrize("tag", ["nCodCli", "cNumCtr", "dVigInicial", "nDiaFat", "cTipoFat"])
def test_the_header_is_mandatory(api: Api, tag: str) -> None:
    sent = contrato(api)
    del sent["cabecalho"][tag]
    assert f"[{tag}]" in api.fault("UpsertContrato", **sent)[2]


def test_an_item_needs_a_service_or_its_own_codes(api: Api) -> None:
    sent = contrato(api)
    sent["itensContrato"] = [{"itemCabecalho": {"quant": 1, "valorUnit": 10}}]
    assert "[natOperacao]" in api.fault("UpsertContrato", **sent)[2]
    sent["itensContrato"] = [{"itemCabecalho": {"codServico": 1}}]
    assert "Serviço não cadastrado" in api.fault("UpsertContrato", **sent)[2]
    sent["itensContrato"] = [{"itemCabecalho": {"codServico": api.servico()}}]
    api.ok("UpsertContrato", **sent)
    read = api.ok("ConsultarContrato", contratoChave={"cCodIntCtr": "CTR-1"})["contratoCadastro"]
    item = read["itensContrato"][0]["itemCabecalho"]
    assert (item["codLC116"], item["valorTotal"]) == ("4.01", 200)
    sent["itensContrato"] = []
    assert "[itensContrato]" in api.fault("UpsertContrato", **sent)[2]


def test_references_have_to_be_there(api: Api) -> None:
    sent = contrato(api, nCodCli=1)
    assert "Cliente não cadastrado" in api.fault("UpsertContrato", **sent)[2]
    sent = contrato(api)
    sent["infAdic"] = {"cCodCateg": "9.99.99"}
    assert "Categoria não cadastrada" in api.fault("UpsertContrato", **sent)[2]
    sent["infAdic"] = {"nCodVend": 7}
    assert "Vendedor não cadastrado" in api.fault("UpsertContrato", **sent)[2]
    missing = api.fault("ConsultarContrato", contratoChave={"cCodIntCtr": "X"})
    assert missing[1] == "Client-103"


def test_situations_move_along_their_arrows_only(sim: Simulator, api: Api) -> None:
    sent = contrato(api, cCodSit="00")
    key = {"nCodCtr": api.ok("UpsertContrato", **sent)["nCodCtr"]}
    assert situation(sim) == "00"
    assert "em elaboração" in api.fault("SuspenderContrato", **key)[2]
    api.ok("AtivarContrato", **key)
    assert situation(sim) == "10"
    assert "já está ativo" in api.fault("AtivarContrato", **key)[2]
    api.ok("SuspenderContrato", **key)
    assert situation(sim) == "90"
    assert "já está suspenso" in api.fault("SuspenderContrato", **key)[2]
    assert "suspenso" in api.fault("AtivarContrato", **key)[2]
    api.ok("ReativarContrato", **key)
    api.ok("CancelarContrato", **key)
    assert situation(sim) == "99"
    assert "já está cancelado" in api.fault("CancelarContrato", **key)[2]
    assert "cancelado" in api.fault("UpsertContrato", **sent)[2]
    assert api.fault("AtivarContrato", nCodCtr=1)[1] == "Client-105"


def test_lists_filter_by_cliente(api: Api) -> None:
    api.ok("UpsertContrato", **contrato(api))
    other = api.cliente("PAC-2")
    assert api.fault("ListarContratos", pagina=1, filtrar_cliente=other)[1] == "Client-5113"
