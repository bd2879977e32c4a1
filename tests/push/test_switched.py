"""What is switched off is not planned, a paused empresa sends nothing, and a field that is left out
is neither sent nor emptied, and makes no row differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.errors import ConfigurationError, EmpresaPaused
from omie_pipeline.omie import CallRecord
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.switches.decisions import FileChoices, Switches
from omie_pipeline.switches.pauses import change_pause, pause_history, pause_in_force
from omie_pipeline.switches.settings import ExportChoice, required_fields
from omie_pipeline.validation import ClinicRules
from tests.push.world import EMPRESA, World, cliente

pytestmark = pytest.mark.usefixtures("unvalidated")


def decide(world: World, setting: Any, value: Any, endpoint: str = "clientes") -> None:
    """A person decides, by command."""
    switches = Switches(world.engine)
    switches.decide(EMPRESA, endpoint, setting, value, "maria", world.clock.now())


def without(world: World, *names: str) -> None:
    """Leave fields of clientes out."""
    fields = [name for name in CLIENTE_FIELDS if name not in names]
    decide(world, "fields", fields)


CLIENTE_FIELDS = tuple(one.name for one in REGISTRY["clientes"].payload.fields if not one.read_only)


@pytest.mark.parametrize(("setting", "value"), [("state", "off"), ("direction", "import")])
def test_what_is_switched_off_is_neither_planned_nor_deleted(
    world: World, setting: str, value: str
) -> None:
    world.confirmed(1, 2)
    world.model("clientes", [cliente(1, email="novo@exemplo.com.br")])
    decide(world, setting, value)
    report = world.push(policy=EndpointPolicy(mode="mirror"))
    assert report.total.selected == 0
    assert report.switched_off.startswith("clientes de principal ")
    assert "por maria" in report.switched_off
    assert not world.control.calls()
    assert world.ledger() == {"PAC-1": "confirmed", "PAC-2": "confirmed"}
    assert world.rows("SELECT state FROM omie_sync.run ORDER BY started_at")[-1] == ("off",)
    decide(world, setting, None)
    assert world.push().total.updated == 1


def test_only_new_records_are_sent(world: World) -> None:
    world.confirmed(1)
    world.model("clientes", [cliente(1, email="novo@exemplo.com.br"), cliente(2)])
    decide(world, "state", "so_novos")
    report = world.push(policy=EndpointPolicy(mode="mirror"))
    assert (report.total.created, report.total.unchanged, report.closes) == (1, 1, True)
    assert report.new_only
    assert world.held_by_omie()["PAC-1"]["email"] == "p1@exemplo.com.br"


def test_a_field_that_is_left_out_is_neither_sent_nor_emptied_and_sends_no_row_again(
    world: World,
) -> None:
    world.confirmed(1, 2, 3)
    rows = [cliente(1), cliente(2, nome_fantasia="Outro nome"), cliente(3)]
    without(world, "email", "observacao")
    world.model("clientes", rows)
    seen = world.push(dry_run=True)
    assert (seen.total.unchanged, seen.would_send) == (2, 1)
    assert world.rows("SELECT * FROM omie_sync.field_basis") == []
    report = world.push()
    assert (report.total.updated, report.total.unchanged, report.closes) == (1, 2, True)
    assert set(report.left_out) == {"email", "observacao"}
    ((call,),) = [world.writes("PAC-2")]
    assert "email" not in call.param
    # The clinic's value changes, and is emptied: Omie keeps its own, and nobody asks.
    rows = [cliente(1, email=None), cliente(2, nome_fantasia="Outro nome", email="x@y.com")]
    world.model("clientes", [*rows, cliente(3)])
    world.clock.sleep(120)
    assert world.push(policy=EndpointPolicy(on_emptied="empty")).total.unchanged == 3
    held = world.held_by_omie()
    assert [held[f"PAC-{n}"]["email"] for n in (1, 2)] == [
        "p1@exemplo.com.br",
        "p2@exemplo.com.br",
    ]
    # It comes back: what differs is sent, and what the clinic emptied meanwhile is emptied.
    decide(world, "fields", None)
    world.clock.sleep(120)
    report = world.push(policy=EndpointPolicy(on_emptied="empty"))
    assert report.closes
    held = world.held_by_omie()
    assert [held[f"PAC-{n}"]["email"] for n in (1, 2, 3)] == ["", "x@y.com", "p3@exemplo.com.br"]
    world.clock.sleep(120)
    assert world.push().total.unchanged == 3


def test_required_and_unknown_fields_cannot_be_chosen_wrongly(world: World) -> None:
    required = required_fields(REGISTRY["clientes"], ClinicRules())
    assert {"razao_social", "cnpj_cpf", "codigo_cliente_integracao", "cep"} <= required
    assert not {"email", "observacao", "tags"} & required
    no_address = ClinicRules(require_address=False)
    assert "cep" not in required_fields(REGISTRY["clientes"], no_address)
    with pytest.raises(ConfigurationError, match=r"e_mail .seria email"):
        decide(world, "fields", ["e_mail"])
    with pytest.raises(ConfigurationError, match="não so_novos"):
        decide(world, "state", "so_novos", "excluir_contas_receber")
    with pytest.raises(ConfigurationError, match="não tem lista"):
        decide(world, "direction", "import", "servicos")
    with pytest.raises(ConfigurationError, match="continua sendo lida"):
        decide(world, "direction", "export", "categorias")
    # Only this one, said a person: those without which nothing works go along.
    decide(world, "fields", ["email"])
    assert Switches(world.engine).of(EMPRESA, "clientes").left_out(("email", "cep", "tags")) == (
        "tags",
    )


def test_a_command_comes_before_the_file_and_the_empresa_before_all(world: World) -> None:
    file = FileChoices(
        {"clientes": ExportChoice.model_validate({"state": False, "direction": "import"})},
        {EMPRESA: {"clientes": ExportChoice(state="so_novos")}},
    )
    switches = Switches(world.engine, file)
    found = switches.of(EMPRESA, "clientes")
    assert (found.state, found.origin("state").source) == ("so_novos", "empresa")
    assert (found.direction, found.origin("direction").source) == ("import", "file")
    assert switches.of("outra", "clientes").state == "off"
    done = switches.decide(EMPRESA, "clientes", "state", "on", "ana", world.clock.now())
    assert (done.before, done.value) == ("so_novos", "on")
    switches.decide(EMPRESA, "clientes", "state", "off", "bia", world.clock.now())
    assert switches.of(EMPRESA, "clientes").origin("state").decided_by == "bia"
    switches.decide(EMPRESA, "clientes", "state", None, "ana", world.clock.now())
    assert switches.of(EMPRESA, "clientes").state == "so_novos"
    told = [(one.before, one.value, one.decided_by) for one in switches.history([EMPRESA])]
    assert told == [("off", None, "ana"), ("on", "off", "bia"), ("so_novos", "on", "ana")]


def pause(world: World, action: Any = "pause", by: str = "maria") -> Any:
    return change_pause(world.engine, EMPRESA, action, "férias", by, world.clock.now())


def test_a_paused_empresa_sends_nothing_and_goes_on_when_it_is_resumed(world: World) -> None:
    world.model("clientes", [cliente(1)])
    assert pause(world) is None
    with pytest.raises(EmpresaPaused, match="desativada desde 05/01/2026 09:00, por maria: férias"):
        world.push()
    assert not world.control.calls()
    assert world.rows("SELECT * FROM omie_sync.run") == []
    # Two people at once: the last one is heard, and both are remembered.
    before = pause(world, "resume", "ana")
    assert before is not None
    assert before.decided_by == "maria"
    assert pause_in_force(world.engine, EMPRESA) is None
    assert world.push().total.created == 1
    assert [one.action for one in pause_history(world.engine, [EMPRESA])] == ["resume", "pause"]


@pytest.mark.parametrize("stop", [pause, lambda world: decide(world, "state", "off")])
def test_a_pause_in_the_middle_holds_what_has_not_left(
    world: World, stop: Callable[[World], Any]
) -> None:
    numbers = range(1, 121)
    world.model("clientes", [cliente(n) for n in numbers])

    def at_the_first_call(_: CallRecord) -> None:
        world.on_call = None
        stop(world)

    world.on_call = at_the_first_call
    report = world.push()
    assert (report.total.created, report.total.held, report.closes) == (50, 70, True)
    assert "por maria" in report.stopped_by
    assert world.open_intents() == 0
    codes = world.rows("SELECT DISTINCT error_code FROM omie_sync.ledger WHERE state = 'held'")
    assert codes in [[("empresa_paused",)], [("switched_off",)]]
    pause(world, "resume")
    decide(world, "state", None)
    world.clock.sleep(120)
    report = world.push()
    assert (report.total.created, report.total.unchanged, report.closes) == (70, 50, True)
    assert len(world.held_by_omie()) == len(numbers)


def test_a_pause_leaves_an_answer_that_never_came_to_the_next_run(world: World) -> None:
    world.model("clientes", [cliente(1)])
    world.control.set_behaviour(stale_reads_seconds=300)
    world.control.next_faults("cut_after_commit")
    world.on_call = lambda _: pause(world) and None
    report = world.push()
    assert (report.total.held, report.closes, world.open_intents()) == (1, True, 1)
    world.on_call = None
    pause(world, "resume")
    world.clock.sleep(600)
    report = world.push()
    assert (report.recovered, report.closes, world.open_intents()) == (1, True, 0)
    assert list(world.held_by_omie()) == ["PAC-1"]
