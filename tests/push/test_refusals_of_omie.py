"""What Omie answers besides "done" and "this row is wrong": limits, blocks, keys, odd bodies."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from omie_pipeline.errors import AuthFailed, ConfigurationError
from omie_pipeline.postgres.engine import open_engine
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.push.world import World, cliente

pytestmark = pytest.mark.usefixtures("unvalidated")


def many(count: int) -> list[dict[str, object]]:
    return [cliente(number) for number in range(1, count + 1)]


def test_a_fault_in_a_200_is_a_refusal(world: World) -> None:
    world.control.next_faults(PlannedFault("fault_in_200", integration_code="PAC-1"))
    world.model("clientes", many(2))
    report = world.push()
    assert (report.total.rejected, report.total.created) == (1, 1)
    assert report.closes
    ((text,),) = world.rows("SELECT fault_text FROM omie_sync.rejected")
    assert text == "ERROR: O CNPJ ou CPF informado está inválido."


def test_a_status_above_zero_in_a_200_is_a_refusal(world: World) -> None:
    words = "T\\u00edtulo n\\u00e3o aceito &quot;hoje&quot;"
    body = f'{{"codigo_status":"103","descricao_status":"{words}"}}'
    world.control.next_faults(PlannedFault("custom", status=200, body=body))
    world.model("clientes", many(1))
    assert world.push().total.rejected == 1
    ((text, code),) = world.rows("SELECT fault_text, fault_code FROM omie_sync.rejected")
    assert (text, code) == ('Título não aceito "hoje"', "103")


@pytest.mark.parametrize("kind", ["http_429", "busy"])
def test_turned_away_rows_wait_and_are_delivered(world: World, kind: str) -> None:
    world.control.next_faults(PlannedFault(kind, integration_code="PAC-1", times=2))  # type: ignore[arg-type]
    world.model("clientes", many(3))
    started = world.clock.now()
    report = world.push()
    assert (report.total.created, report.total.held) == (3, 0)
    assert report.closes
    assert len(world.writes("PAC-1")) == 3
    waited = (world.clock.now() - started).total_seconds()
    assert 30 <= waited < 35 if kind == "http_429" else 71 <= waited < 75


def test_an_abandoned_call_keeps_its_method_busy_for_a_minute(world: World) -> None:
    world.timeout_seconds = 0.3
    world.control.set_limits(abandoned_lock_seconds=55)
    world.control.next_faults(PlannedFault("timeout_after_commit", integration_code="PAC-1"))
    world.model("clientes", many(3))
    report = world.push()
    assert report.total.created == 3
    assert len(world.writes("PAC-1")) == 1


def test_an_abandoned_question_keeps_only_itself_busy(world: World) -> None:
    world.timeout_seconds = 0.3
    world.control.set_limits(abandoned_lock_seconds=55, busy_by="question")
    world.control.next_faults(PlannedFault("timeout_after_commit", integration_code="PAC-1"))
    world.model("clientes", many(3))
    report = world.push()
    assert report.total.created == 3
    assert [len(world.writes(f"PAC-{number}")) for number in (1, 2, 3)] == [1, 1, 1]


@pytest.mark.parametrize("kind", ["redundant", "already_processed"])
def test_a_redundant_row_waits_its_minute_while_others_go_on(world: World, kind: str) -> None:
    world.control.next_faults(PlannedFault(kind, integration_code="PAC-1", seconds=20))  # type: ignore[arg-type]
    world.model("clientes", many(3))
    report = world.push()
    assert (report.total.created, report.total.held) == (3, 0)
    first, second = world.writes("PAC-1")
    assert second.at - first.at > timedelta(seconds=60)
    assert all(call.at < second.at for call in world.writes("PAC-3"))


def test_back_to_an_earlier_content_within_a_minute(world: World) -> None:
    """A → B → A: the third request equals the first, so it is put off and not refused."""
    world.model("clientes", [cliente(1)])
    world.push()
    world.model("clientes", [cliente(1, bairro="B")])
    world.push()
    world.model("clientes", [cliente(1)])
    report = world.push()
    assert report.total.updated == 1
    assert report.closes
    assert world.held_by_omie()["PAC-1"]["bairro"] == "Centro"
    assert all(call.ok for call in world.control.calls())


def test_a_block_stops_every_lane_until_its_time(world: World) -> None:
    world.control.next_faults(PlannedFault("blocked_425", integration_code="PAC-3", seconds=900))
    world.model("clientes", many(5))
    report = world.push()
    assert (report.total.created, report.total.held) == (2, 3)
    assert report.closes
    until = world.control.now() + timedelta(seconds=900)
    held = world.rows("SELECT held_until FROM omie_sync.ledger WHERE state = 'held'")
    assert all(abs((at - until).total_seconds()) < 5 for (at,) in held)
    seen = len(world.control.calls())

    world.clock.sleep(800)
    world.engine = open_engine(world.engine.url.render_as_string(hide_password=False))
    later = world.push()
    assert (later.total.held, later.total.calls) == (3, 0)
    assert later.closes
    with pytest.raises(Exception, match="bloqueada"):
        world.read_references()
    assert len(world.control.calls()) == seen, "knocking again would extend the block"

    world.clock.sleep(110)
    assert world.push().total.created == 3
    assert set(world.ledger().values()) == {"confirmed"}
    world.engine.dispose()


def test_a_block_met_while_reading_back_keeps_the_row_unknown(world: World) -> None:
    world.control.next_faults(
        PlannedFault("html_502_after_commit", method="UpsertCliente"),
        PlannedFault("blocked_425", method="ConsultarCliente", seconds=600),
    )
    world.model("clientes", many(2))
    report = world.push()
    assert report.total.held == 2
    assert report.closes
    assert world.open_intents() == 1
    world.clock.sleep(700)
    again = world.push()
    assert (again.recovered, again.total.created, again.total.unchanged) == (1, 2, 0)
    assert len(world.writes("PAC-1")) == 1
    assert again.closes


def test_the_error_budget_is_spent_before_omie_closes_the_method(world: World) -> None:
    world.error_budget = 4
    for number in range(1, 10):
        document = cliente(number)["cnpj_cpf"]
        world.control.seed("clientes", [{"cnpj_cpf": document, "razao_social": "Outro"}])
    world.model("clientes", many(12))
    report = world.push()
    counts = report.total
    assert (counts.rejected, counts.created, counts.held) == (4, 3, 5)
    assert report.closes
    assert "erros" in report.stopped_by

    refused = set()
    for _ in range(3):
        world.clock.sleep(1801)
        assert world.push().closes
        found = world.rows("SELECT codigo_integracao FROM omie_sync.rejected")
        refused |= {code for (code,) in found}
    assert len(refused) == 9
    assert not [call for call in world.control.calls() if call.http_status == 425]


@pytest.mark.parametrize("status", [403, 200, 500])
def test_a_wrong_key_makes_one_call_and_holds_the_rows(world: World, status: int) -> None:
    world.control.set_behaviour(refused_key_status=status)
    world.secret = "errado"
    world.model("clientes", many(4))
    with pytest.raises(AuthFailed, match="chave de acesso"):
        world.push()
    assert len(world.control.calls()) == 1
    assert set(world.ledger().values()) == {"held"}
    assert world.open_intents() == 0
    ((state, error_class, counts),) = world.rows(
        "SELECT state, error_class, counts FROM omie_sync.run"
    )
    assert (state, error_class) == ("failed", "AuthFailed")
    assert counts[0]["held"] == 4

    world.secret = world.sim.app_secret
    assert world.push().total.created == 4


def test_nobody_listens_and_nothing_is_lost(world: World) -> None:
    world.base_url = "http://127.0.0.1:9/api/v1/"
    world.model("clientes", many(6))
    report = world.push()
    assert (report.total.held, report.total.delivered) == (6, 0)
    assert report.closes
    assert world.open_intents() == 0

    world.base_url = world.sim.base_url
    again = world.push()
    assert (again.total.created, again.recovered) == (6, 0)
    assert len(world.writes()) == 6


@pytest.mark.parametrize("status", [301, 404])
def test_a_wrong_address_is_named_and_holds_the_rows(world: World, status: int) -> None:
    headers = (("Location", "/outro/"),) if status == 301 else ()
    world.control.next_faults(
        PlannedFault("custom", status=status, body="<html></html>", headers=headers)
    )
    world.model("clientes", many(3))
    with pytest.raises(ConfigurationError, match="OMIE_BASE_URL"):
        world.push()
    assert len(world.control.calls()) == 1
    assert set(world.ledger().values()) == {"held"}
    assert world.push().total.created == 3


def test_unknown_faults_in_a_row_stop_the_endpoint(world: World) -> None:
    body = '{"faultstring":"Algo que ninguém viu","faultcode":"SOAP-ENV:Novo"}'
    world.control.next_faults(PlannedFault("custom", method="UpsertCliente", body=body, times=9))
    world.model("clientes", many(6))
    report = world.push()
    assert (report.total.rejected, report.total.held) == (3, 3)
    assert report.closes
    assert len(world.writes()) == 3


def test_partial_success_off_stops_at_the_first_refusal(world: World) -> None:
    world.control.next_faults(PlannedFault("fault_in_200", integration_code="PAC-2"))
    world.model("clientes", many(4))
    report = world.push(policy=EndpointPolicy(partial_success=False))
    assert (report.total.created, report.total.rejected, report.total.held) == (1, 1, 2)
    assert report.closes
    assert report.stopped_by.startswith("Envio interrompido")
    world.clock.sleep(120)
    again = world.push(policy=EndpointPolicy(partial_success=False))
    assert (again.total.created, again.total.unchanged) == (3, 1)


def test_refused_rows_do_not_stop_the_others(world: World) -> None:
    world.control.next_faults(PlannedFault("fault_in_200", integration_code="PAC-2"))
    world.model("clientes", many(4))
    report = world.push()
    assert (report.total.created, report.total.rejected, report.total.held) == (3, 1, 0)
    with world.engine.connect() as connection:
        run = connection.execute(sa.text("SELECT state, counts FROM omie_sync.run")).one()
    assert run.state == "done"
    assert run.counts[0]["rejected"] == 1
