"""Cancelling an order and its note, the títulos it made, and what is announced."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.simulator.engine.planned_faults import FaultKind
from omie_pipeline.simulator.engine.server import Simulator
from tests.local_http import NO_TLS
from tests.simulator.omie_caller import Api, ordem
from tests.simulator.webhook_receiver import Receiver, receiving

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


@pytest.mark.parametrize(("with_note", "left"), [("S", "C"), ("N", "F"), ("", "C"), (None, "C")])
def test_cancelling_an_issued_note(
    sim: Simulator, clinic: Api, with_note: str | None, left: str
) -> None:
    """Without cCancelarNfse the note goes too (omie-api.md#settled-and-billed-records)."""
    clinic.ok("FaturarOS", **KEY)
    sim.control.advance(40)
    said = {} if with_note is None else {"cCancelarNfse": with_note}
    clinic.ok("CancelarOS", **KEY, **said)
    now = status(clinic)
    assert (now["cCancelada"], now["dDtCanc"]) == ("S", "05/01/2026")
    [note] = listed(clinic)
    assert note["Cabecalho"]["cStatusNFSe"] == left
    assert bool(note.get("Cancelamento")) is (left == "C")
    assert "OS já cancelada" in clinic.fault("CancelarOS", **KEY)[2]
    assert "OS já cancelada" in clinic.fault("FaturarOS", **KEY)[2]


def test_a_cancel_that_meets_the_note_under_way_may_win(sim: Simulator, clinic: Api) -> None:
    clinic.ok("FaturarOS", **KEY)
    clinic.ok("CancelarOS", **KEY, cCancelarNfse="S")
    assert status(clinic)["cCancelada"] == "N"
    assert "já foi solicitado" in clinic.fault("CancelarOS", **KEY)[2]
    sim.control.advance(40)
    assert (status(clinic)["cCancelada"], states(sim)) == ("S", ["cancelled"])
    assert [note["Cabecalho"]["cStatusNFSe"] for note in listed(clinic)] == ["C"]


def test_or_the_authorisation_wins(sim: Simulator, clinic: Api) -> None:
    sim.control.set_behaviour(cancel_race="authorised")
    clinic.ok("FaturarOS", **KEY)
    clinic.ok("CancelarOS", **KEY, cCancelarNfse="S")
    sim.control.advance(40)
    now = status(clinic)
    assert (now["cCancelada"], now["cFaturada"], states(sim)) == ("N", "S", ["authorised"])
    said = [(m["cSituacao"], m["cDescricao"]) for m in now["ListaRpsNfse"][0]["mensagens"]]
    assert ("ALERTA", "Cancelamento recusado: a NFS-e já foi autorizada") in said
    clinic.ok("CancelarOS", **KEY, cCancelarNfse="S")
    assert states(sim) == ["cancelled"]


def test_a_cancelled_order_whose_note_was_rejected_ends_cancelled(
    sim: Simulator, clinic: Api
) -> None:
    sim.control.reject_next_note("x")
    clinic.ok("FaturarOS", **KEY)
    clinic.ok("CancelarOS", **KEY, cCancelarNfse="S")
    sim.control.advance(40)
    assert (status(clinic)["cCancelada"], states(sim)) == ("S", ["rejected"])


def test_a_person_cancels_the_note_alone(sim: Simulator, clinic: Api) -> None:
    with pytest.raises(ConfigurationError, match="no issued note"):
        sim.control.cancel_note_of("OS-1")
    clinic.ok("FaturarOS", **KEY)
    sim.control.advance(40)
    sim.control.cancel_note_of("OS-1", reason="erro")
    assert (status(clinic)["cCancelada"], states(sim)) == ("N", ["cancelled"])
    [note] = listed(clinic)
    assert note["Cancelamento"]["cMotivoCancelamento"] == "erro"


def test_the_older_way_to_cancel_a_note_tells_its_order(sim: Simulator, clinic: Api) -> None:
    clinic.ok("FaturarOS", **KEY)
    sim.control.advance(40)
    sim.control.cancel_note("notas_servico", sim.control.notes("OS-1")[0].id)
    assert states(sim) == ["cancelled"]


def test_only_items_that_say_so_make_no_titulo(sim: Simulator, clinic: Api) -> None:
    clinic.ok("FaturarOS", **KEY)
    assert sim.control.records("contas_receber") == ()
    items = [
        {"cCodIntServico": "SRV-1", "nQtde": 1, "nValUnit": 100},
        {"cCodIntServico": "SRV-1", "nQtde": 1, "nValUnit": 50, "cNaoGerarFinanceiro": "S"},
    ]
    head = {**ordem("OS-2")["Cabecalho"], "cCodParc": "002", "nQtdeParc": 2}
    omie_id = clinic.ordem("OS-2", Cabecalho=head, ServicosPrestados=items)
    clinic.ok("FaturarOS", cCodIntOS="OS-2")
    titles = sim.control.records("contas_receber")
    assert [title["valor_documento"] for title in titles] == [50, 50]
    assert {(title["id_origem"], title["nCodOS"]) for title in titles} == {("VENR", omie_id)}
    assert [title["numero_parcela"] for title in titles] == ["001/002", "002/002"]
    found = clinic.ok("PesquisarLancamentos", nPagina=1, nCodOS=omie_id)["titulosEncontrados"]
    assert len(found) == 2


def test_the_titulos_of_an_order_share_its_fate(sim: Simulator, clinic: Api) -> None:
    item = {"cCodIntServico": "SRV-1", "nQtde": 1}
    sim.control.reject_next_note("x")
    clinic.ordem("OS-2", ServicosPrestados=[item])
    clinic.ok("FaturarOS", cCodIntOS="OS-2")
    sim.control.advance(40)
    assert sim.control.records("contas_receber") == ()
    clinic.ok("FaturarOS", cCodIntOS="OS-2")
    sim.control.advance(40)
    [title] = sim.control.records("contas_receber")
    baixa = sim.control.settle("contas_receber", title["codigo_lancamento_omie"])
    assert "baixa" in clinic.fault("CancelarOS", cCodIntOS="OS-2", cCancelarNfse="S")[2]
    assert clinic.ok("StatusOS", cCodIntOS="OS-2")["cCancelada"] == "N"
    sim.control.undo_settlement(baixa)
    clinic.ok("CancelarOS", cCodIntOS="OS-2", cCancelarNfse="S")
    [title] = sim.control.records("contas_receber")
    assert title["status_titulo"] == "CANCELADO"


@pytest.mark.parametrize(
    ("kind", "billed"),
    [
        ("http_500_after_commit", 1),
        ("html_502_after_commit", 1),
        ("http_500", 0),
        ("html_502", 0),
    ],
)
def test_billing_can_take_effect_behind_an_error(
    sim: Simulator, clinic: Api, kind: FaultKind, billed: int
) -> None:
    sim.control.next_faults(kind)
    assert clinic.post("FaturarOS", KEY).status_code >= 500
    assert len(sim.control.notes("OS-1")) == billed
    assert status(clinic)["cFaturada"] == ("S" if billed else "N")


def test_the_control_api_over_http(sim: Simulator, clinic: Api) -> None:
    def control(name: str, **body: Any) -> Any:
        answer = httpx.post(f"{sim.control_url}{name}", json=body, verify=NO_TLS)
        assert answer.status_code == 200, answer.text
        return answer.json()

    control("reject_next_note", reason="reason")
    clinic.ok("FaturarOS", **KEY)
    control("settle_notes")
    [note] = control("notes", code="OS-1")["notes"]
    assert (note["state"], note["messages"]) == ("rejected", ["reason"])
    control("city_hall_down", down=True)
    assert sim.control.behaviour().city_hall_down
    control("city_hall_down", down=False)
    clinic.ok("FaturarOS", **KEY)
    control("settle_notes")
    control("cancel_note_of", code="OS-1", reason="x")
    assert states(sim) == ["rejected", "cancelled"]
    assert control("behaviour", nfse_seconds=5, cancel_race="authorised")["nfse_seconds"] == 5
    clinic.receber("REC-1")
    assert control("settlements", code="REC-1")["settlements"] == []


@pytest.fixture
def receiver(sim: Simulator) -> Iterator[Receiver]:
    with receiving() as one:
        sim.control.set_webhook(one.url)
        yield one
        sim.control.set_webhook(None)


def test_what_is_announced_of_an_order_and_its_note(
    sim: Simulator, clinic: Api, receiver: Receiver
) -> None:
    clinic.ordem("OS-2")
    clinic.ok("AlterarOS", Cabecalho={"cCodIntOS": "OS-2"}, Observacoes={"cObsOS": "x"})
    clinic.ok("TrocarEtapaOS", cCodIntOS="OS-2", cEtapa="30")
    clinic.ok("ExcluirOS", cCodIntOS="OS-2")
    sim.control.reject_next_note("x")
    clinic.ok("FaturarOS", **KEY)
    sim.control.advance(40)
    clinic.ok("FaturarOS", **KEY)
    sim.control.advance(40)
    clinic.ok("CancelarOS", **KEY, cCancelarNfse="S")
    sim.control.flush_webhooks()
    assert receiver.topics == [
        "OrdemServico.Incluida",
        "OrdemServico.Alterada",
        "OrdemServico.EtapaAlterada",
        "OrdemServico.Excluida",
        "OrdemServico.Faturada",
        "OrdemServico.EtapaAlterada",
        "NFSe.NotaRejeitada",
        "OrdemServico.Faturada",
        "NFSe.NotaAutorizada",
        "NFSe.NotaCancelada",
        "OrdemServico.Cancelada",
    ]
    billed = receiver.bodies[4]["event"]
    assert billed["faturada"] == "S"
    assert set(billed) == {
        "codigoCategoria", "codigoIntegracao", "dataFaturado", "dataPrevisao", "etapa",
        "faturada", "horaFaturado", "idCliente", "idContaCorrente", "idOrdemServico",
        "numeroOrdemServico", "usuarioFaturado", "valorOrdemServico",
    }  # fmt: skip
    issued = receiver.bodies[8]["event"]
    assert issued["id_nf"] == sim.control.notes("OS-1")[-1].id
    assert issued["id_os"] == billed["idOrdemServico"]


def test_a_titulo_paid_while_the_cancel_waits_stays(sim: Simulator, clinic: Api) -> None:
    clinic.ordem("OS-2", ServicosPrestados=[{"cCodIntServico": "SRV-1", "nQtde": 1}])
    clinic.ok("FaturarOS", cCodIntOS="OS-2")
    clinic.ok("CancelarOS", cCodIntOS="OS-2", cCancelarNfse="S")
    [title] = sim.control.records("contas_receber")
    sim.control.settle("contas_receber", title["codigo_lancamento_omie"])
    sim.control.advance(40)
    assert clinic.ok("StatusOS", cCodIntOS="OS-2")["cCancelada"] == "S"
    [title] = sim.control.records("contas_receber")
    assert title["status_titulo"] == "RECEBIDO"
