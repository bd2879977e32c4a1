"""Webhooks: topics and shapes, order, three tries, the second queue, at least once."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.simulator.engine.server import Simulator
from tests.simulator.omie_caller import Api, titulo
from tests.simulator.webhook_receiver import Receiver, receiving

CAIXA, ITAU = 9100000001, 9100000002


@pytest.fixture
def receiver(sim: Simulator) -> Iterator[Receiver]:
    with receiving() as one:
        sim.control.set_webhook(one.url)
        yield one
        sim.control.set_webhook(None)


def test_changes_by_api_and_by_people_are_announced(
    sim: Simulator, api: Api, receiver: Receiver
) -> None:
    api.cliente("PAC-1")
    api.receber("R")
    api.ok("UpsertContaReceber", **titulo("R", valor_documento=10))
    baixa = sim.control.settle("contas_receber", "R", value=Decimal(4), interest=1, account=ITAU)
    sim.control.undo_settlement(baixa)
    api.ok("ExcluirContaReceber", codigo_lancamento_integracao="R")
    sim.control.edit("clientes", "PAC-1", {"email": "a@b.c"})
    sim.control.delete("clientes", "PAC-1")
    stats = sim.control.flush_webhooks()
    assert (stats.waiting, stats.retrying, stats.delivered) == (0, 0, 8)
    assert receiver.topics == [
        "ClienteFornecedor.Incluido",
        "Financas.ContaReceber.Incluido",
        "Financas.ContaReceber.Alterado",
        "Financas.ContaReceber.BaixaRealizada",
        "Financas.ContaReceber.BaixaCancelada",
        "Financas.ContaReceber.Excluido",
        "ClienteFornecedor.Alterado",
        "ClienteFornecedor.Excluido",
    ]
    by_api, by_person = receiver.bodies[0], receiver.bodies[-1]
    assert set(by_api) == {
        "messageId", "topic", "event", "author", "appKey", "appHash", "origin",
    }  # fmt: skip
    assert by_api["appKey"] == sim.app_key
    assert by_api["author"]["name"] == "Integração"
    assert by_person["author"]["name"] == "Financeiro"
    assert len({body["messageId"] for body in receiver.bodies}) == 8


def test_the_event_of_a_title_has_its_own_shape(
    sim: Simulator, api: Api, receiver: Receiver
) -> None:
    api.cliente("PAC-1")
    omie_id = api.receber("R", data_vencimento="20/01/2026")
    sim.control.flush_webhooks()
    event = receiver.bodies[-1]["event"]
    assert event["codigo_lancamento_omie"] == omie_id
    assert event["data_vencimento"] == "2026-01-20T00:00:00-03:00"
    assert event["situacao"] == "A vencer"
    assert event["valor_documento"] == 150.25
    assert "info" not in event


def test_the_event_of_a_settlement_is_an_array(
    sim: Simulator, api: Api, receiver: Receiver
) -> None:
    api.cliente("PAC-1")
    omie_id = api.pagar("P")
    baixa = sim.control.settle("contas_pagar", "P", value=Decimal("1.5"), fine=2, account=ITAU)
    sim.control.flush_webhooks()
    body = receiver.bodies[-1]
    assert body["topic"] == "Financas.ContaPagar.BaixaRealizada"
    [event] = body["event"]
    assert (event["codigo_baixa"], event["valor"], event["multa"]) == (baixa, 1.5, 2)
    assert event["codigo_conta_corrente"] == ITAU
    assert event["conta_a_pagar"][0]["codigo_lancamento_omie"] == omie_id


def test_every_other_family_has_its_topics(sim: Simulator, receiver: Receiver) -> None:
    control = sim.control
    entry = control.lancar_em_conta(CAIXA, 10)
    control.delete("lancamentos_conta_corrente", entry)
    control.transferir(CAIXA, ITAU, 5)
    control.edit("categorias", "1.01.01", {"descricao": "Consultas"})
    control.seed("departamentos", [{"codigo": "1", "descricao": "Novo"}], announce=True)
    control.edit("projetos", "UNIDADE-CENTRO", {"nome": "Centro"})
    control.delete("vendedores", "REC-01")
    control.edit("contas_correntes", CAIXA, {"descricao": "Caixinha"})
    note = control.issue_note("notas_servico", 10)
    control.cancel_note("notas_servico", note)
    control.flush_webhooks()
    assert receiver.topics == [
        "Financas.ContaCorrente.Lancamento.Incluido",
        "Financas.ContaCorrente.Lancamento.Excluido",
        "Financas.ContaCorrente.Transferencia.Incluido",
        "Financas.ContaCorrente.Transferencia.Incluido",
        "Categoria.Alterada",
        "Departamento.Incluido",
        "Projeto.Alterado",
        "Vendedor.Excluido",
        "Financas.ContaCorrente.Alterado",
        "NFSe.NotaAutorizada",
        "NFSe.NotaCancelada",
    ]
    assert receiver.bodies[0]["event"]["nCodLanc"] == entry
    assert receiver.bodies[-1]["event"]["id_nf"] == note


def test_history_is_not_announced_unless_told(sim: Simulator, receiver: Receiver) -> None:
    sim.control.seed("clientes", [{"razao_social": "Antiga"}])
    sim.control.ping_webhook()
    sim.control.flush_webhooks()
    assert receiver.bodies == [{"ping": "omie"}]


def test_a_refused_call_announces_nothing(sim: Simulator, api: Api, receiver: Receiver) -> None:
    assert api.fault("UpsertContaReceber", **titulo("R"))[1] == "Client-103"
    assert sim.control.flush_webhooks().delivered == 0


def test_three_tries_keep_the_order(sim: Simulator, api: Api, receiver: Receiver) -> None:
    receiver.statuses = [500, 503]
    api.cliente("A")
    api.cliente("B")
    assert sim.control.flush_webhooks().delivered == 2
    codes = [body["event"]["codigo_cliente_integracao"] for body in receiver.bodies]
    assert codes == ["A", "B"]
    tries = [(item.attempt, item.status) for item in sim.control.webhook_deliveries()]
    assert tries == [(1, 500), (2, 503), (3, 200), (1, 200)]


def test_the_second_queue_waits_ten_simulated_minutes(
    sim: Simulator, api: Api, receiver: Receiver
) -> None:
    receiver.statuses = [500, 500, 500, 500]
    api.cliente("A")
    stats = sim.control.flush_webhooks()
    assert (stats.retrying, stats.delivered) == (1, 0)
    sim.control.advance(599)
    assert sim.control.flush_webhooks().retrying == 1
    assert len(sim.control.webhook_deliveries()) == 3
    sim.control.advance(1)
    assert sim.control.flush_webhooks().retrying == 1  # the fourth 500
    assert len(sim.control.webhook_deliveries()) == 4
    assert sim.control.flush_webhooks(retry_now=True).delivered == 1
    last = sim.control.webhook_deliveries()[-1]
    assert (last.queue, last.status) == ("segunda", 200)
    assert receiver.topics == ["ClienteFornecedor.Incluido"]


def test_after_five_days_a_message_is_given_up(
    sim: Simulator, api: Api, receiver: Receiver
) -> None:
    receiver.statuses = [500] * 4
    api.cliente("A")
    sim.control.flush_webhooks()
    sim.control.advance(5 * 86_400)
    stats = sim.control.flush_webhooks()
    assert (stats.retrying, stats.dropped, receiver.bodies) == (0, 1, [])


def test_a_receiver_that_is_not_there_costs_nothing(sim: Simulator, api: Api) -> None:
    with receiving() as gone:
        pass
    sim.control.set_webhook(gone.url)
    api.cliente("A")
    assert sim.control.flush_webhooks().retrying == 1
    assert {item.status for item in sim.control.webhook_deliveries()} == {0}


def test_a_message_can_come_twice(sim: Simulator, api: Api, receiver: Receiver) -> None:
    api.cliente("A")
    sim.control.flush_webhooks()
    sim.control.resend_webhook(receiver.bodies[0]["messageId"])
    sim.control.flush_webhooks()
    assert receiver.bodies[0] == receiver.bodies[1]
    with pytest.raises(ConfigurationError):
        sim.control.resend_webhook("nunca")


def test_topics_can_be_chosen(sim: Simulator, api: Api, receiver: Receiver) -> None:
    sim.control.set_webhook(receiver.url, topics=["financas.contareceber.incluido"])
    api.cliente("PAC-1")
    api.receber("R")
    sim.control.flush_webhooks()
    assert receiver.topics == ["Financas.ContaReceber.Incluido"]


@pytest.mark.parametrize("url", ["https://127.0.0.1/x", "http://exemplo.com.br/x", "x"])
def test_nothing_leaves_this_machine(sim: Simulator, url: str) -> None:
    with pytest.raises(ConfigurationError):
        sim.control.set_webhook(url)


def test_the_control_url_configures_and_reports(
    sim: Simulator, api: Api, receiver: Receiver
) -> None:
    url = f"{sim.control_url}webhook"
    api.http.post(url, json={"url": receiver.url, "ping": True})
    answer = api.http.post(url, json={"flush": True}).json()
    assert (answer["delivered"], answer["waiting"]) == (1, 0)
    assert answer["deliveries"][0]["status"] == 200
    assert receiver.bodies == [{"ping": "omie"}]
    assert api.http.post(url, json={"url": "http://exemplo.com"}).status_code == 400
