"""What may be billed: orders that are as the clinic wants them, and refused notes that open."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from omie_pipeline.nfse.answers import is_refused, read_status
from omie_pipeline.nfse.billing import opens, opens_with, orders_model, request_billing
from omie_pipeline.nfse.follow import follow
from omie_pipeline.nfse.orders import BilledOrder, corrected_at
from omie_pipeline.nfse.state import NoteState, states
from omie_pipeline.payload import Selection
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.push.report import PushReport
from omie_pipeline.push.run import Push
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.effects import rows
from tests.effects.rows import OPEN, model, push, said, settle_down
from tests.nfse.conftest import START
from tests.nfse.test_answers import note as note_of
from tests.push.conftest import unvalidated, world
from tests.push.world import EMPRESA, World, cliente

__all__ = ["unvalidated", "world"]

pytestmark = pytest.mark.usefixtures("unvalidated")

MIRROR = EndpointPolicy(mode="mirror", guardrails=OPEN)
KNOWN_RPS = "RPS já convertido em NFS-e"
_REFUSED = '{"faultstring":"ERROR: Ordem de serviço recusada!","faultcode":"SOAP-ENV:Client-103"}'


def notes(world: World) -> list[str]:
    return [one.state for one in world.control.notes("OS-1")]


def note(world: World) -> NoteState:
    return states(world.engine, EMPRESA, ["OS-1"])["OS-1"]


def look(world: World) -> None:
    settle_down(world)
    with world.client() as client:
        follow(world.engine, client, EMPRESA, world.clock)
    settle_down(world)


def issue(world: World) -> PushReport:
    """What ``nfse issue`` does."""
    asked = request_billing(world.engine, EMPRESA, "OS-1", "ana", world.clock.now())
    engine = Push(world.engine, world.client, world.clock, world.rules)
    selection = Selection(EMPRESA, key="OS-1")
    return engine.run(asked.endpoint, selection, EndpointPolicy(), model=asked)


def refused(world: World, words: str) -> None:
    world.control.reject_next_note(words)
    rows.with_billed_order(world)
    look(world)
    assert (notes(world), note(world).state) == (["rejected"], "rejected")


@pytest.mark.slow
@pytest.mark.parametrize("by_a_person", [False, True])
@pytest.mark.parametrize("how", ["held", "rejected"])
def test_an_order_that_is_yet_to_change_is_not_billed(
    world: World, how: str, by_a_person: bool
) -> None:
    rows.with_order(world)
    model(world, "ordens_servico", rows.ordem(1, rows.item("150.00")))
    model(world, "faturar_os", rows.faturamento(1))
    fault = PlannedFault("html_502", method="AlterarOS", times=30)
    if how == "rejected":
        fault = PlannedFault("custom", method="AlterarOS", times=9, status=500, body=_REFUSED)
    world.control.next_faults(fault)
    push(world, "ordens_servico")
    world.control.clear_faults()
    report = issue(world) if by_a_person else push(world, "faturar_os")
    assert (report.total.held, notes(world)) == (1, [])
    assert "OS-1" in said(world, "faturar_os", "OS-1")
    found = world.rows("SELECT error_code FROM omie_sync.ledger WHERE endpoint = 'faturar_os'")
    assert [row[0] for row in found] == ["reference"]
    settle_down(world, 3600)
    assert push(world, "ordens_servico").total.updated == 1
    assert push(world, "faturar_os").total.created == 1
    (order,) = world.control.records("ordens_servico")
    assert str(order["ServicosPrestados"][0]["nValUnit"]).startswith("150")


def test_an_order_that_was_not_pushed_since_it_changed_is_not_billed(world: World) -> None:
    rows.with_order(world)
    model(world, "ordens_servico", rows.ordem(1, rows.item("150.00")))
    model(world, "faturar_os", rows.faturamento(1))
    assert push(world, "faturar_os").total.held == 1
    model(world, "ordens_servico", rows.ordem(1))
    assert push(world, "faturar_os").total.created == 1


def test_an_order_in_quarantine_is_not_billed(world: World) -> None:
    rows.with_order(world)
    model(world, "faturar_os", rows.faturamento(1))
    with world.engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO omie_sync.quarantine (empresa, endpoint, row_key, codigo_integracao,"
                " partition, reasons, row_masked, first_seen_at, last_seen_at, run_id)"
                " VALUES ('principal', 'ordens_servico', 'x', 'OS-1', '2026-01-05', '[]', '{}',"
                " now(), now(), 'r')"
            )
        )
    assert push(world, "faturar_os").total.held == 1
    assert "quarentena" in said(world, "faturar_os", "OS-1")
    push(world, "ordens_servico")
    assert push(world, "faturar_os").total.created == 1


def test_a_city_hall_that_is_away_is_no_refusal(world: World) -> None:
    """Billed, the answer lost; what Omie shows of it is an RPS that waits for the city hall."""
    rows.with_order(world)
    model(world, "faturar_os", rows.faturamento(1))
    world.control.city_hall_down()
    away = (
        '{"nCodOS":5500000004,"cEtapa":"50","cFaturada":"N","cCancelada":"N","ListaRpsNfse":[{'
        '"nLote":1,"mensagens":[{"cSituacao":"ERRO","cDescricao":"Prefeitura indisponivel, tente'
        ' novamente"}]}]}'
    )

    def show_away(record: object) -> None:
        if getattr(record, "method", "") == "FaturarOS":
            fault = PlannedFault("custom", method="StatusOS", times=99, status=200, body=away)
            world.control.clear_faults()
            world.control.next_faults(fault)

    world.on_call = show_away
    world.control.next_faults(PlannedFault("http_500_after_commit", method="FaturarOS"))
    push(world, "faturar_os")
    settle_down(world, 3600)
    push(world, "faturar_os")
    assert len(notes(world)) == 1


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        ({"cSituacao": "ERRO", "cDescricao": "Endereço inválido"}, True),
        ({"cSituacao": "ERRO", "cDescricao": "Serviço fora do ar"}, False),
        ({"cSituacao": "ERRO"}, False),
        ({"cSituacao": "ALERTA", "cDescricao": "Endereço incompleto"}, False),
    ],
)
def test_engine_and_follower_agree_on_a_refusal(message: dict[str, str], wanted: bool) -> None:
    rps = {"nLote": 1, "mensagens": [message]}
    assert is_refused(rps) == wanted
    body = {"cFaturada": "N", "cEtapa": "50", "ListaRpsNfse": [rps]}
    assert (read_status(body, note_of(), START).state == "rejected") == wanted
    assert not is_refused({**rps, "nNfse": "12"})


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ("E160: Endereço do tomador inválido", {"order", "client"}),
        ("CPF do tomador inexistente", {"order", "client"}),
        ("Código de serviço não habilitado", {"order", "service"}),
        ("Certificado digital vencido", {"order"}),
        ("algo que ninguém viu", {"order"}),
        (KNOWN_RPS, set()),
        ("RPS do tomador já existe", set()),
        ("Nota emitida em duplicidade", set()),
        ("RPS duplicado", set()),
    ],
)
def test_what_opens_a_refused_note(words: str, parts: set[str]) -> None:
    assert opens_with(words) == parts
    hour = timedelta(hours=1)
    billed = BilledOrder("rejected", START + hour, START, words, None)
    for part in ("order", "client", "service"):
        assert opens(billed, {part: START + 2 * hour}) == (part in parts)
        assert not opens(billed, {part: START - hour})
    asked = BilledOrder("rejected", START + hour, START, words, START + 2 * hour)
    assert opens(asked, {}), "a person decides"
    before = BilledOrder("rejected", START + hour, START, words, START)
    assert not opens(before, {}), "the decision led to this refusal"


@pytest.mark.slow
def test_an_rps_that_the_city_hall_knows_is_opened_by_a_person_only(world: World) -> None:
    refused(world, KNOWN_RPS)
    model(world, "servicos", rows.servico(nPrecoUnit=101))
    push(world, "servicos")
    model(world, "clientes", cliente(1, endereco="Rua Certa"))
    push(world, "clientes")
    model(world, "ordens_servico", rows.ordem(1, rows.item("70.00")))
    push(world, "ordens_servico")
    settle_down(world)
    assert push(world, "faturar_os").total.rejected == 1
    assert world.control.calls() == ()
    assert issue(world).total.delivered == 1
    look(world)
    assert notes(world) == ["rejected", "authorised"]


@pytest.mark.slow
def test_an_address_refused_does_not_open_for_a_price(world: World) -> None:
    refused(world, "Endereço do tomador inválido")
    model(world, "servicos", rows.servico(nPrecoUnit=101))
    assert push(world, "servicos").total.updated == 1
    settle_down(world)
    assert push(world, "faturar_os").total.rejected == 1


@pytest.mark.slow
def test_the_same_cliente_sent_once_more_is_no_correction(world: World) -> None:
    refused(world, "Endereço do tomador inválido")
    with world.engine.begin() as connection:
        connection.execute(
            sa.text(
                "UPDATE omie_sync.ledger SET state = 'held', in_doubt = true"
                " WHERE endpoint = 'clientes'"
            )
        )
    assert push(world, "clientes").total.delivered == 1
    settle_down(world)
    assert push(world, "faturar_os").total.rejected == 1


def test_a_cliente_named_by_a_marker_counts_too(world: World) -> None:
    rows.with_service(world)
    order = rows.ordem(1)
    order["Cabecalho"] = {
        **{k: v for k, v in order["Cabecalho"].items() if k != "cCodIntCli"},
        "nCodCli": {"$omie_id": ["clientes_cpf_cnpj", "PAC-1"]},
    }
    model(world, "ordens_servico", order)
    with world.engine.begin() as connection:
        connection.execute(
            sa.text(
                "UPDATE omie_sync.ledger SET endpoint = 'clientes_cpf_cnpj'"
                " WHERE endpoint = 'clientes'"
            )
        )
    found = corrected_at(world.engine, orders_model(world.engine), EMPRESA, ["OS-1"])
    assert set(found["OS-1"]) == {"client", "service"}
