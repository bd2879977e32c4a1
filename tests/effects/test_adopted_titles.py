"""``on_lookalike: adopt``: a título that a person typed into Omie is taken for the clinic's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from omie_pipeline.errors import WarehouseError
from omie_pipeline.omie import CallRecord
from omie_pipeline.payload import Selection
from omie_pipeline.push.effects import RecordEffect
from omie_pipeline.push.policy import EndpointPolicy, Policies
from omie_pipeline.reconcile.resend import set_back
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.effects.rows import OPEN, baixa, model, push, quarantined
from tests.push.world import EMPRESA, World, titulo

pytestmark = pytest.mark.usefixtures("unvalidated")


class Crash(BaseException):
    """Stands for a process that ends."""


ADOPT = EndpointPolicy(on_lookalike="adopt", guardrails=OPEN)


def typed(world: World, **changes: Any) -> None:
    """What a person typed into Omie for the customer PAC-1."""
    world.control.seed("contas_receber", [{
        "codigo_cliente_fornecedor": world.held_by_omie()["PAC-1"]["codigo_cliente_omie"],
        "data_vencimento": "07/02/2026",
        "valor_documento": Decimal("150.10"),
        "codigo_categoria": "1.01.01",
        "id_conta_corrente": 9100000001,
        **changes,
    }])  # fmt: skip


def ready(world: World, *hand_typed: dict[str, Any]) -> None:
    """A customer, and what was typed for them, read into the mirror."""
    world.confirmed(1)
    world.read_references()
    for changes in hand_typed:
        typed(world, **changes)
    world.import_table("contas_receber")
    world.clock.sleep(120)
    world.control.clear_calls()


def written(world: World) -> list[str]:
    return [call.method for call in world.writes() if not call.is_read]


def in_omie(world: World) -> list[dict[str, Any]]:
    return [dict(record) for record in world.control.records("contas_receber")]


@pytest.mark.slow
def test_it_is_taken_over_and_not_made_again(world: World) -> None:
    ready(world, {})
    model(world, "contas_receber", titulo(1))
    report = push(world, "contas_receber", policy=ADOPT)
    assert (report.total.linked, report.total.created) == (1, 0)
    (record,) = in_omie(world)
    assert record["data_vencimento"] == "05/02/2026"
    assert written(world) == ["AlterarContaReceber"]
    ((omie_id, same_as, created_here),) = world.rows(
        "SELECT omie_id, same_as, created_here FROM omie_sync.ledger"
        " WHERE endpoint = 'contas_receber'"
    )
    assert omie_id == same_as == record["codigo_lancamento_omie"]
    assert created_here is False, "mirror never deletes what a person made"
    world.clock.sleep(120)
    assert push(world, "contas_receber", policy=ADOPT).total.unchanged == 1


@pytest.mark.slow
def test_its_changes_and_payments_go_to_the_same_record(world: World) -> None:
    ready(world, {})
    model(world, "contas_receber", titulo(1))
    push(world, "contas_receber", policy=ADOPT)
    world.clock.sleep(120)
    model(world, "contas_receber", titulo(1, valor_documento=Decimal("160.00")))
    assert push(world, "contas_receber", policy=ADOPT).total.delivered == 1
    world.clock.sleep(120)
    model(world, "baixas_receber", baixa(1, "160.00"))
    assert push(world, "baixas_receber").total.created == 1
    (record,) = in_omie(world)
    assert Decimal(record["valor_documento"]) == 160
    ((paid,),) = [tuple(record["_baixas"])] if "_baixas" in record else [({},)]
    assert Decimal(paid["valor"]) == 160
    world.clock.sleep(120)
    model(world, "estornar_baixas_receber", {
        "empresa": EMPRESA, "data_particao": date(2026, 1, 6), "codigo_baixa_integracao": "BXR-1",
    })  # fmt: skip
    assert push(world, "estornar_baixas_receber").total.deleted == 1


@pytest.mark.parametrize("changes", [
    {"valor_documento": Decimal("150.11")},
    {"data_vencimento": "11/02/2026"},
    {"codigo_lancamento_integracao": "OUTRO-1"},
    {"_baixas": [{"valor": Decimal("150.10")}]},
    {"_cancelado": True},
])  # fmt: skip
def test_another_one_is_left_alone(world: World, changes: dict[str, Any]) -> None:
    ready(world, changes)
    model(world, "contas_receber", titulo(1))
    assert push(world, "contas_receber", policy=ADOPT).total.created == 1
    assert len(in_omie(world)) == 2


def test_without_the_policy_ours_is_made(world: World) -> None:
    ready(world, {})
    model(world, "contas_receber", titulo(1))
    assert push(world, "contas_receber").total.created == 1
    assert len(in_omie(world)) == 2


def test_two_of_them_are_for_a_person(world: World) -> None:
    ready(world, {}, {})
    model(world, "contas_receber", titulo(1))
    assert push(world, "contas_receber", policy=ADOPT).total.quarantined == 1
    assert "titulo_parecido" in str(quarantined(world, "contas_receber"))
    assert written(world) == []
    one = Selection(EMPRESA, key="REC-1")
    assert push(world, "contas_receber", policy=ADOPT, selection=one, approve=True).total.created


def test_two_receipts_of_one_value_are_for_a_person(world: World) -> None:
    """One of them is the typed one, and which of them nobody can know."""
    ready(world, {})
    model(world, "contas_receber", titulo(1), titulo(2))
    assert push(world, "contas_receber", policy=ADOPT).total.quarantined == 2
    assert len(in_omie(world)) == 1


def test_one_is_adopted_once(world: World) -> None:
    ready(world, {})
    model(world, "contas_receber", titulo(1))
    push(world, "contas_receber", policy=ADOPT)
    world.clock.sleep(120)
    model(world, "contas_receber", titulo(1), titulo(2))
    report = push(world, "contas_receber", policy=ADOPT)
    assert (report.total.created, report.total.unchanged) == (1, 1)


def test_it_was_settled_since_the_last_reading(world: World) -> None:
    ready(world, {})
    (record,) = in_omie(world)
    world.control.settle("contas_receber", record["codigo_lancamento_omie"])
    model(world, "contas_receber", titulo(1))
    assert push(world, "contas_receber", policy=ADOPT).total.quarantined == 1
    assert written(world) == []


def test_without_a_reading_nothing_is_made(world: World) -> None:
    world.confirmed(1)
    world.read_references()
    typed(world)
    world.control.clear_calls()
    model(world, "contas_receber", titulo(1))
    assert push(world, "contas_receber", policy=ADOPT).total.held == 1
    assert written(world) == []


@pytest.mark.parametrize("kind", ["html_502", "html_502_after_commit"])
def test_an_unclear_answer_makes_no_second_one(world: World, kind: Any) -> None:
    ready(world, {})
    world.control.next_faults(PlannedFault(kind, method="AlterarContaReceber"))
    model(world, "contas_receber", titulo(1))
    push(world, "contas_receber", policy=ADOPT)
    world.clock.sleep(3600)
    push(world, "contas_receber", policy=ADOPT)
    assert len(in_omie(world)) == 1
    assert world.ledger("contas_receber") == {"REC-1": "confirmed"}


def test_one_that_is_settled_while_its_change_waits_is_for_a_person(world: World) -> None:
    ready(world, {})
    (record,) = in_omie(world)
    model(world, "contas_receber", titulo(1))
    world.control.next_faults(PlannedFault("busy", method="AlterarContaReceber"))

    def settle(call: CallRecord) -> None:
        if call.method == "AlterarContaReceber":
            world.on_call = None
            world.control.settle("contas_receber", record["codigo_lancamento_omie"])

    world.on_call = settle
    assert push(world, "contas_receber", policy=ADOPT).total.quarantined == 1
    assert written(world) == ["AlterarContaReceber"]
    assert world.open_intents() == 0


@pytest.mark.parametrize("crash_at", ["adopting", "changing"])
def test_a_crash_right_after_the_call_is_proved_by_its_id(world: World, crash_at: str) -> None:
    ready(world, {})
    model(world, "contas_receber", titulo(1))
    if crash_at == "changing":
        push(world, "contas_receber", policy=ADOPT)
        world.clock.sleep(120)
        model(world, "contas_receber", titulo(1, valor_documento=Decimal("160.00")))

    def crash(call: CallRecord) -> None:
        if call.method == "AlterarContaReceber":
            raise WarehouseError("gone")

    world.on_call = crash
    with pytest.raises(WarehouseError):
        push(world, "contas_receber", policy=ADOPT)
    world.on_call = None
    world.clock.sleep(600)
    world.control.clear_calls()
    report = push(world, "contas_receber", policy=ADOPT)
    assert (report.recovered, report.total.linked) == (1, 1)
    assert written(world) == []
    ((omie_id, same_as),) = world.rows(
        "SELECT omie_id, same_as FROM omie_sync.ledger WHERE endpoint = 'contas_receber'"
    )
    assert omie_id == same_as is not None


@contextmanager
def ending_after_the_change(world: World) -> Iterator[None]:
    """The process ends once the título was changed, before it hears so."""

    def end(record: CallRecord) -> None:
        if record.method == "AlterarContaReceber":
            raise Crash

    world.on_call = end
    with pytest.raises(Crash):
        yield
    world.on_call = None
    world.clock.sleep(3600)


def test_a_run_that_ended_while_it_adopted_makes_no_second_one(world: World) -> None:
    """Though the clinic's value is another by now, so that the two are alike no more."""
    ready(world, {})
    model(world, "contas_receber", titulo(1))
    with ending_after_the_change(world):
        push(world, "contas_receber", policy=ADOPT)
    model(world, "contas_receber", titulo(1, valor_documento=Decimal("160.00")))
    push(world, "contas_receber", policy=ADOPT)
    (record,) = in_omie(world)
    assert record["valor_documento"] == 160
    ((same_as, created_here),) = world.rows(
        "SELECT same_as, created_here FROM omie_sync.ledger WHERE endpoint = 'contas_receber'"
    )
    assert (same_as, created_here) == (record["codigo_lancamento_omie"], False)


def test_what_one_is_adopting_another_does_not_adopt(world: World) -> None:
    """The receipt of the run that ended left the clinic: another looks like the título as well."""
    ready(world, {})
    model(world, "contas_receber", titulo(1))
    with ending_after_the_change(world):
        push(world, "contas_receber", policy=ADOPT)
    model(world, "contas_receber", titulo(2))
    world.control.next_faults(*[PlannedFault("html_502", method="ConsultarContaReceber")] * 9)
    push(world, "contas_receber", policy=ADOPT)
    assert [len(in_omie(world)), world.open_intents()] == [2, 1]
    assert written(world).count("AlterarContaReceber") == 1


def test_what_cannot_be_read_is_held(world: World) -> None:
    """It is no change of the título that a person would have to look at."""
    ready(world, {})
    model(world, "contas_receber", titulo(1))
    world.control.next_faults(*[PlannedFault("html_502", method="ConsultarContaReceber")] * 9)
    report = push(world, "contas_receber", policy=ADOPT)
    assert (report.total.held, report.total.quarantined) == (1, 0)
    assert (written(world), world.open_intents()) == ([], 0)
    world.control.clear_faults()
    world.clock.sleep(120)
    assert push(world, "contas_receber", policy=ADOPT).total.linked == 1


@pytest.mark.parametrize("kind", ["busy", "html_502", "html_502_after_commit"])
def test_its_payment_waits_while_others_are_loaded(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: Any
) -> None:
    """The título has no code, so that a payment that forgot its id would be refused."""
    ready(world, {})
    model(world, "contas_receber", titulo(1), titulo(2, valor_documento=Decimal(90)))
    push(world, "contas_receber", policy=ADOPT)
    world.clock.sleep(120)
    monkeypatch.setattr(RecordEffect, "batch_rows", 1)
    model(world, "baixas_receber", baixa(1, "150.10"), baixa(2, "90", title=2))
    for method in ("LancarRecebimento", "PesquisarLancamentos"):
        world.control.next_faults(PlannedFault(kind, method=method, integration_code="BXR-1"))
    assert push(world, "baixas_receber").total.created == 2
    paid = [len(record.get("_baixas", ())) for record in in_omie(world)]
    assert paid == [1, 1]


def deleted(world: World) -> None:
    model(world, "excluir_contas_receber", {
        "empresa": EMPRESA, "data_particao": date(2026, 1, 5),
        "codigo_lancamento_integracao": "REC-1",
    })  # fmt: skip
    foreign = EndpointPolicy(guardrails=OPEN, delete_foreign=True)
    assert push(world, "excluir_contas_receber", policy=foreign).total.deleted == 1
    assert in_omie(world) == []
    world.clock.sleep(120)


def test_its_deletion_deletes_it(world: World) -> None:
    """By its id: under our code Omie has nothing, which would look as if it were gone."""
    ready(world, {})
    model(world, "contas_receber", titulo(1))
    push(world, "contas_receber", policy=ADOPT)
    world.clock.sleep(120)
    deleted(world)


def test_after_its_deletion_ours_is_made_though_it_was_refused_once(world: World) -> None:
    ready(world, {})
    model(world, "contas_receber", titulo(1))
    push(world, "contas_receber", policy=ADOPT)
    world.clock.sleep(120)
    deleted(world)
    model(world, "contas_receber", titulo(1, observacao="de volta"))
    world.control.next_faults(PlannedFault("fault_in_200", method="UpsertContaReceber"))
    assert push(world, "contas_receber").total.rejected == 1
    world.clock.sleep(120)
    report = push(world, "contas_receber")
    assert (report.total.created, report.total.rejected) == (1, 0)


def test_what_was_ours_before_does_not_make_it_ours(world: World) -> None:
    """``mirror`` leaves it in Omie though the código was of a título of ours once."""
    ready(world)
    model(world, "contas_receber", titulo(1))
    assert push(world, "contas_receber").total.created == 1
    world.clock.sleep(120)
    deleted(world)
    typed(world)
    world.import_table("contas_receber")
    world.clock.sleep(120)
    model(world, "contas_receber", titulo(1, observacao="de volta"))
    assert push(world, "contas_receber", policy=ADOPT).total.linked == 1
    world.clock.sleep(120)
    model(world, "contas_receber")
    push(world, "contas_receber", policy=EndpointPolicy(mode="mirror", guardrails=OPEN))
    assert len(in_omie(world)) == 1


def test_what_was_ours_before_is_looked_at_as_any_other(world: World) -> None:
    """A person gave the typed título another value since it was read."""
    ready(world)
    model(world, "contas_receber", titulo(1))
    push(world, "contas_receber")
    world.clock.sleep(120)
    deleted(world)
    typed(world)
    world.import_table("contas_receber")
    (record,) = in_omie(world)
    theirs = {"valor_documento": Decimal(500)}
    world.control.edit("contas_receber", record["codigo_lancamento_omie"], theirs)
    world.clock.sleep(120)
    model(world, "contas_receber", titulo(1, observacao="de volta"))
    assert push(world, "contas_receber", policy=ADOPT).total.quarantined == 1
    assert in_omie(world)[0]["valor_documento"] == 500


def test_a_change_of_one_that_a_person_deleted_says_what_to_do(world: World) -> None:
    ready(world, {})
    model(world, "contas_receber", titulo(1))
    push(world, "contas_receber", policy=ADOPT)
    (record,) = in_omie(world)
    world.control.delete("contas_receber", record["codigo_lancamento_omie"])
    world.clock.sleep(120)
    model(world, "contas_receber", titulo(1, observacao="mudou"))
    assert push(world, "contas_receber", policy=ADOPT).total.quarantined == 1
    assert "--resend-missing" in str(quarantined(world, "contas_receber"))
    world.import_table("contas_receber")
    assert set_back(world.engine, EMPRESA, "contas_receber", ["REC-1"], world.clock.now()) == 1
    assert push(world, "contas_receber", policy=ADOPT).total.created == 1
    assert quarantined(world, "contas_receber") == {}


def test_one_that_a_person_deleted_is_made_anew(world: World) -> None:
    ready(world, {})
    model(world, "contas_receber", titulo(1))
    push(world, "contas_receber", policy=ADOPT)
    (record,) = in_omie(world)
    world.control.delete("contas_receber", record["codigo_lancamento_omie"])
    world.clock.sleep(120)
    assert set_back(world.engine, EMPRESA, "contas_receber", ["REC-1"], world.clock.now()) == 1
    assert push(world, "contas_receber").total.created == 1


def test_the_policy_means_something_for_titles_only() -> None:
    with pytest.raises(ValueError, match="on_lookalike"):
        Policies(endpoints={"clientes": ADOPT})
