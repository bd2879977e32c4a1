"""Billing: asynchronous, rejected with reasons, doubled by a repeat."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from omie_pipeline.simulator.engine.server import Simulator
from tests.local_http import NO_TLS
from tests.simulator.omie_caller import Api

KEY = {"cCodIntOS": "OS-1"}


@pytest.fixture
def clinic(api: Api) -> Api:
    """OS-1 of 150.50 for PAC-1 is there, not billed."""
    api.tomador()
    api.servico()
    api.ordem()
    return api


def status(api: Api) -> dict[str, Any]:
    return api.ok("StatusOS", **KEY)


def states(sim: Simulator) -> list[str]:
    return [note.state for note in sim.control.notes("OS-1")]


def listed(api: Api, **asked: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = api.ok("ListarNFSEs", nPagina=1, **asked)["nfseEncontradas"]
    return rows


def test_billing_is_answered_before_the_city_hall_answers(sim: Simulator, clinic: Api) -> None:
    before = status(clinic)
    assert (before["cEtapa"], before["cFaturada"], before["ListaRpsNfse"]) == ("10", "N", [])
    answer = clinic.ok("FaturarOS", **KEY)
    assert (answer["cCodIntOS"], answer["cCodStatus"]) == ("OS-1", "0")
    now = status(clinic)
    assert (now["cEtapa"], now["cFaturada"], now["dDtFat"]) == ("60", "S", "05/01/2026")
    [rps] = now["ListaRpsNfse"]
    assert (rps["cStatusRps"], rps["nNfse"], rps["danfe"]) == ("002", "", "")
    assert rps["nLote"]
    assert listed(clinic) == []
    sim.control.advance(39)
    assert states(sim) == ["processing"]
    sim.control.advance(1)
    assert states(sim) == ["authorised"]


def test_an_authorised_note_has_number_code_and_documents(sim: Simulator, clinic: Api) -> None:
    clinic.ok("FaturarOS", **KEY)
    sim.control.advance(40)
    [rps] = status(clinic)["ListaRpsNfse"]
    assert (rps["cStatusRps"], rps["nNfse"]) == ("004", "00000001")
    order = sim.control.records("ordens_servico")[0]["Cabecalho"]
    [note] = listed(clinic, nCodigoOS=order["nCodOS"])
    head = note["Cabecalho"]
    assert (head["nNumeroNFSe"], head["cStatusNFSe"], head["nValorNFSe"]) == (
        "00000001",
        "F",
        Decimal("150.5"),
    )
    assert head["cCPFDestinatario"] == "529.982.247-25"
    assert note["OrdemServico"]["nNumeroOS"] == "1"
    assert note["RPS"]["nNumeroLote"] == rps["nLote"]
    assert note["ListaServicos"][0]["CodigoLC116"] == "4.01"
    assert note["Emissao"]["cHoraEmissao"] == "09:00:40"
    found = clinic.ok("ObterNFSe", nIdNf=head["nCodNF"])
    assert (found["cCodStatus"], found["cNumNFSe"], found["cNumOs"]) == ("0", "00000001", "1")
    assert found["cCodVerif"] == head["cCodigoVerifNFSe"] == rps["cCodVerif"]
    assert rps["danfe"] == found["cPdfNFSe"]
    with httpx.Client(verify=NO_TLS) as http:
        pdf, xml = http.get(found["cPdfNFSe"]), http.get(found["cXmlNFSe"])
        assert pdf.headers["content-type"] == "application/pdf"
        assert pdf.content.startswith(b"%PDF-1.4")
        assert b"00000001" in pdf.content
        assert pdf.content.rstrip().endswith(b"%%EOF")
        assert "<Numero>00000001</Numero>" in xml.text
        assert http.get(found["cLinkPortal"]).status_code == 200
        assert http.get(found["cPdfNFSe"].replace(str(head["nCodNF"]), "1")).status_code == 404
        other_company = f"{found['cPdfNFSe'].partition('?')[0]}?e=00000000"
        assert http.get(other_company).status_code == 404


def test_the_other_documents(sim: Simulator, clinic: Api) -> None:
    clinic.ok("FaturarOS", **KEY)
    sim.control.settle_notes()
    [note] = sim.control.notes("OS-1")
    urls = [
        clinic.ok("ObterRPS", nIdNf=note.id)["cPdfRPS"],
        clinic.ok("ObterRecibo", nIdRec=note.id)["cPdfRecibo"],
        clinic.ok("ObterOS", nIdOs=note.order)["cPdfOs"],
    ]
    for url in urls:
        assert httpx.get(url, verify=NO_TLS).content.startswith(b"%PDF-1.4")
    for method, tag in (("ObterNFSe", "nIdNf"), ("ObterRPS", "nIdNf"), ("ObterOS", "nIdOs")):
        unknown = clinic.ok(method, **{tag: 77})
        assert (unknown["cCodStatus"], "77" in unknown["cDesStatus"]) == ("103", True)
    assert "[nIdNf]" in clinic.fault("ObterNFSe")[2]


def test_a_repeated_billing_issues_a_second_note(sim: Simulator, clinic: Api) -> None:
    clinic.ok("FaturarOS", **KEY)
    clinic.ok("FaturarOS", **KEY)
    sim.control.advance(40)
    clinic.ok("FaturarOS", **KEY)
    sim.control.advance(40)
    assert states(sim) == ["authorised"] * 3
    assert [note["Cabecalho"]["nNumeroNFSe"] for note in listed(clinic)] == [
        "00000001",
        "00000002",
        "00000003",
    ]


def test_where_it_is_set_so_a_repeated_billing_is_refused(sim: Simulator, clinic: Api) -> None:
    sim.control.set_behaviour(repeated_billing_refused=True)
    clinic.ok("FaturarOS", **KEY)
    assert "OS já faturada" in clinic.fault("FaturarOS", **KEY)[2]
    sim.control.reject_next_note("Código inválido")
    sim.control.advance(40)
    clinic.ok("FaturarOS", **KEY)


def test_a_billed_order_is_closed(clinic: Api) -> None:
    clinic.ok("FaturarOS", **KEY)
    assert "OS já faturada" in clinic.fault("AlterarOS", Cabecalho=KEY)[2]
    assert "OS já faturada" in clinic.fault("ExcluirOS", **KEY)[2]
    assert "OS já faturada" in clinic.fault("TrocarEtapaOS", **KEY, cEtapa="20")[2]


def test_a_rejection_gives_the_order_back_with_reasons(sim: Simulator, clinic: Api) -> None:
    sim.control.reject_next_note("Inscrição municipal inválida")
    clinic.ok("FaturarOS", **KEY)
    sim.control.advance(40)
    now = status(clinic)
    assert (now["cFaturada"], now["cEtapa"], now["dDtFat"]) == ("N", "50", "")
    [rps] = now["ListaRpsNfse"]
    [said] = rps["mensagens"]
    assert (said["cSituacao"], said["cDescricao"]) == ("ERRO", "Inscrição municipal inválida")
    assert said["cCodigo"]
    assert said["cCorrecao"]
    assert (rps["cStatusRps"], rps["nNfse"], listed(clinic)) == ("003", "", [])
    clinic.ok("AlterarOS", Cabecalho=KEY, Observacoes={"cObsOS": "corrigida"})
    clinic.ok("FaturarOS", **KEY)
    sim.control.advance(40)
    assert states(sim) == ["rejected", "authorised"]
    assert len(listed(clinic)) == 1


@pytest.mark.parametrize(
    "bad", [{"endereco": ""}, {"cep": ""}, {"cidade": ""}, {"cep": "00000-000"}]
)
def test_a_bad_address_is_rejected_until_it_is_corrected(
    sim: Simulator, clinic: Api, bad: dict[str, str]
) -> None:
    sim.control.edit("clientes", "PAC-1", bad)
    clinic.ok("FaturarOS", **KEY)
    sim.control.advance(40)
    [note] = sim.control.notes("OS-1")
    assert (note.state, note.messages) == ("rejected", ("Endereço do tomador inválido",))
    clinic.tomador()
    clinic.ok("FaturarOS", **KEY)
    sim.control.advance(40)
    assert states(sim) == ["rejected", "authorised"]


def test_a_service_without_codes_is_refused_when_billed_only(sim: Simulator, clinic: Api) -> None:
    clinic.servico("SRV-2", cCodLC116="", cCodServMun="")
    item = {"cCodIntServico": "SRV-2", "nQtde": 1, "nValUnit": 10}
    clinic.ordem("OS-2", ServicosPrestados=[item])
    key = {"cCodIntOS": "OS-2"}
    for method in ("ValidarOS", "FaturarOS"):
        assert "[cCodServLC116]" in clinic.fault(method, **key)[2]
    clinic.servico("SRV-2", cCodLC116="4.03", cCodServMun="")
    assert "[cCodServMun]" in clinic.fault("FaturarOS", **key)[2]
    clinic.servico("SRV-2", cCodLC116="4.03", cCodServMun="04146")
    clinic.ok("ValidarOS", **key)
    assert clinic.ok("StatusOS", **key)["cFaturada"] == "N"
    clinic.ok("FaturarOS", **key)
    sim.control.advance(40)
    assert listed(clinic)[0]["ListaServicos"][0]["CodigoLC116"] == "4.03"


def test_while_the_city_hall_is_down_notes_wait(sim: Simulator, clinic: Api) -> None:
    sim.control.city_hall_down()
    clinic.ok("FaturarOS", **KEY)
    sim.control.advance(100_000)
    assert states(sim) == ["processing"]
    sim.control.city_hall_down(down=False)
    assert states(sim) == ["authorised"]
    assert listed(clinic)[0]["Emissao"]["cDataEmissao"] == "06/01/2026"


def test_the_city_hall_can_be_hurried(sim: Simulator, clinic: Api) -> None:
    sim.control.set_behaviour(nfse_seconds=3600)
    clinic.ok("FaturarOS", **KEY)
    sim.control.settle_notes()
    assert states(sim) == ["authorised"]
    assert listed(clinic)[0]["Emissao"]["cHoraEmissao"] == "09:00:00"
