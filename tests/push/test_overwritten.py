"""What a person typed between our look at a record and our change of it is told by its event."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from omie_pipeline.catalog.topics import records_of
from omie_pipeline.omie import CallRecord
from omie_pipeline.postgres.tables import events
from omie_pipeline.push.both_sides.overwritten import LOOKS_LAST, after_reading
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.effects import rows
from tests.push.test_both_sides import begin, clinic, conflicts, policy, read, typed
from tests.push.world import EMPRESA, World, cliente

pytestmark = pytest.mark.usefixtures("unvalidated")

OURS, THEIRS = "89", "12"


def event(world: World, author: str | None, topic: str = "ClienteFornecedor.Alterado") -> None:
    """An event of Omie's about PAC-1 arrives."""
    ((omie_id,),) = world.rows("SELECT omie_id FROM omie_sync.ledger")
    ((number,),) = world.rows("SELECT count(*) FROM omie_inbox.events")
    topics = {"ClienteFornecedor": "clientes", "Servico": "servicos"}
    named = {topics[topic.partition(".")[0]]: [str(omie_id)]}
    with world.engine.begin() as connection:
        connection.execute(
            sa.insert(events).values(
                empresa=EMPRESA, message_id=f"m{number}", topic=topic, author=author, raw={},
                received_at=world.clock.now(), records=named, tables=[], missing=[], state="done",
            )
        )  # fmt: skip


def typed_on_the_way(world: World, arrives: bool = True) -> None:
    """A person types between our reading of the record and our change of it."""

    def types(call: CallRecord) -> None:
        if call.method == "ConsultarCliente":
            world.clock.sleep(1)
            world.control.edit("clientes", "PAC-1", {"email": "certo@omie.com.br"})
            if arrives:
                event(world, THEIRS)

    world.on_call = types
    world.clock.sleep(7200)


def told(world: World) -> list[Any]:
    read(world)
    after_reading(world.engine, EMPRESA, "clientes", "r1", world.clock.now())
    return [one[:2] for one in conflicts(world)]


def test_an_event_that_arrives_after_our_change_counts(world: World) -> None:
    wins = policy("pessoa")
    begin(world, wins)
    event(world, OURS, "ClienteFornecedor.Incluido")
    typed_on_the_way(world, arrives=False)
    assert clinic(world, wins, bairro="Sé").total.updated == 1
    world.on_call = None
    world.clock.sleep(20)
    event(world, THEIRS)
    event(world, OURS)
    assert told(world) == [("*", "overwritten")]
    assert told(world) == [("*", "overwritten")]


def test_a_reading_of_changes_that_does_not_show_the_record_tells_too(world: World) -> None:
    """The event came when our change had been read already: nothing brings the record again."""
    wins = policy("pessoa")
    begin(world, wins)
    event(world, OURS, "ClienteFornecedor.Incluido")
    typed_on_the_way(world, arrives=False)
    assert clinic(world, wins, bairro="Sé").total.updated == 1
    world.on_call = None
    read(world)
    event(world, THEIRS)
    world.clock.sleep(7200)
    world.import_table("clientes", "incremental")
    after_reading(world.engine, EMPRESA, "clientes", "r1", world.clock.now())
    assert [one[:2] for one in conflicts(world)] == [("*", "overwritten")]


def test_what_was_typed_after_our_change_stands_and_is_not_told(world: World) -> None:
    wins = policy("pessoa")
    begin(world, wins)
    event(world, OURS, "ClienteFornecedor.Incluido")
    world.clock.sleep(7200)
    assert clinic(world, wins, bairro="Sé").total.updated == 1
    typed(world, email="certo@omie.com.br")
    event(world, THEIRS)
    assert told(world) == []


def test_our_own_events_tell_of_nobody_else(world: World) -> None:
    wins = policy("pessoa")
    begin(world, wins)
    event(world, OURS, "ClienteFornecedor.Incluido")

    def ours(call: CallRecord) -> None:
        if call.method != "ListarClientes":
            event(world, OURS)

    world.on_call = ours
    world.clock.sleep(7200)
    assert clinic(world, wins, bairro="Sé").total.updated == 1
    world.on_call = None
    event(world, OURS)
    assert told(world) == []


def test_it_is_told_though_the_record_is_confirmed_again_before_the_next_reading(
    world: World,
) -> None:
    wins = policy("pessoa")
    begin(world, wins)
    typed_on_the_way(world)
    assert clinic(world, wins, bairro="Sé").total.updated == 1
    world.on_call = None
    world.clock.sleep(7200)
    assert clinic(world, wins, bairro="Lapa").total.updated == 1
    assert told(world) == [("*", "overwritten")]


@pytest.mark.slow
def test_where_no_list_is_read_the_next_run_tells_it(world: World) -> None:
    """``direction: export``, and records that no list shows."""
    wins = policy("pessoa")
    columns = rows.columns_of("servicos")
    world.model("servicos", [rows.servico(1)], columns)
    assert world.push("servicos", policy=wins).total.created == 1

    def types(call: CallRecord) -> None:
        if call.method == "ConsultarCadastroServico":
            world.clock.sleep(1)
            world.control.edit("servicos", "SRV-1", {"cabecalho": {"nPrecoUnit": 120}})
            event(world, THEIRS, "Servico.Alterado")

    world.on_call = types
    world.clock.sleep(7200)
    changed = rows.servico(1, cDescricao="Consulta de retorno")
    world.model("servicos", [changed], columns)
    assert world.push("servicos", policy=wins).total.updated == 1
    world.on_call = None
    assert conflicts(world) == []
    world.clock.sleep(300)
    assert world.push("servicos", policy=wins).total.unchanged == 1
    assert [one[:2] for one in conflicts(world)] == [("*", "overwritten")]


def test_events_of_records_that_no_list_shows_name_them() -> None:
    assert records_of("Servico.Alterado", {"intListar": {"nCodServ": 7}}) == {"servicos": ["7"]}
    assert records_of("ContratoServico.Alterado", {"nCodCtr": 8}) == {"contratos": ["8"]}
    assert records_of("OrdemServico.Alterada", {"nCodOS": 9}) == {}


def test_a_read_waits_for_what_an_event_told_of(world: World) -> None:
    """Omie's reads lag behind its writes by a minute: what the event tells of is seen first."""
    wins = policy("omie")
    begin(world, wins)
    world.clock.sleep(7200)
    world.control.set_behaviour(stale_reads_seconds=60)
    world.control.edit("clientes", "PAC-1", {"email": "certo@omie.com.br"})
    event(world, THEIRS)
    report = clinic(world, wins, email="novo@clinica.com.br", bairro="Sé")
    assert report.total.updated == 1
    assert world.held_by_omie()["PAC-1"]["email"] == "certo@omie.com.br"


def test_a_copy_read_right_after_an_event_is_too_old(world: World) -> None:
    wins = policy("omie")
    begin(world, wins)
    event(world, THEIRS)
    world.clock.sleep(20)
    world.import_table("clientes")
    world.control.clear_calls()
    assert clinic(world, wins, bairro="Sé").total.updated == 1
    assert world.methods_called() == ["ConsultarCliente", "UpsertCliente"]


def test_what_waited_is_compared_again_before_it_leaves(world: World) -> None:
    """Omie was busy, and meanwhile a person typed."""
    wins = EndpointPolicy.model_validate({"wins": {"default": "pessoa", "minutes": 0}})
    begin(world, wins)
    world.clock.sleep(300)
    world.control.next_faults(PlannedFault("busy", method="UpsertCliente"))

    def types(call: CallRecord) -> None:
        if call.method == "UpsertCliente":
            world.control.edit("clientes", "PAC-1", {"email": "certo@omie.com.br"})

    world.on_call = types
    report = clinic(world, wins, bairro="Sé")
    assert (report.total.quarantined, report.total.updated, report.closes) == (1, 0, True)
    assert world.held_by_omie()["PAC-1"]["email"] == "certo@omie.com.br"
    assert [one[:2] for one in conflicts(world)] == [("email", "open")]
    assert world.open_intents() == 0


def test_looks_are_kept_for_a_week(world: World) -> None:
    wins = policy("pessoa")
    begin(world, wins)
    world.model("clientes", [cliente(1, bairro="Sé")])
    assert world.push(policy=wins).total.updated == 1
    assert len(world.rows("SELECT 1 FROM omie_sync.look")) == 1
    world.clock.sleep((LOOKS_LAST + timedelta(hours=1)).total_seconds())
    assert told(world) == []
    assert world.rows("SELECT 1 FROM omie_sync.look") == []
