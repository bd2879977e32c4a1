"""The same person twice, the same code twice."""

from __future__ import annotations

from datetime import date

import pytest

from omie_pipeline.payload import Selection
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.push.world import EMPRESA, World, cliente, titulo

pytestmark = pytest.mark.usefixtures("unvalidated")

LINK = EndpointPolicy(on_duplicate_document="link")


def somebody_has(world: World, number: int, code: str = "") -> int:
    (key,) = world.control.seed(
        "clientes",
        [
            {
                "cnpj_cpf": cliente(number)["cnpj_cpf"],
                "razao_social": "De antes",
                "codigo_cliente_integracao": code,
            }
        ],
    )
    world.clock.sleep(5)
    return int(key)


def test_a_known_document_is_refused_naming_both(world: World) -> None:
    key = somebody_has(world, 1, "OUTRO-9")
    world.model("clientes", [cliente(1)])
    assert world.push().total.rejected == 1
    ((text,),) = world.rows("SELECT fault_text FROM omie_sync.rejected")
    assert all(name in text for name in ("PAC-1", str(key), "OUTRO-9"))


def test_a_known_document_is_linked_where_policy_says_so(world: World) -> None:
    key = somebody_has(world, 1)
    world.model("clientes", [cliente(1), cliente(2)])
    report = world.push(policy=LINK)
    assert (report.total.linked, report.total.created) == (1, 1)
    assert report.closes
    assert [call.method for call in world.writes()] == [
        "UpsertCliente", "AssociarCodIntCliente", "AlterarCliente", "UpsertCliente",
    ]  # fmt: skip
    record = world.held_by_omie()["PAC-1"]
    assert (record["codigo_cliente_omie"], record["razao_social"]) == (key, "Paciente Numero 1")
    world.clock.sleep(120)
    world.model("clientes", [cliente(1, bairro="Novo"), cliente(2)])
    assert world.push(policy=LINK).total.updated == 1


def test_a_record_of_another_integration_is_never_linked(world: World) -> None:
    somebody_has(world, 1, "ERP-1")
    world.model("clientes", [cliente(1)])
    report = world.push(policy=LINK)
    assert (report.total.linked, report.total.rejected) == (0, 1)
    assert set(world.held_by_omie()) == {"ERP-1"}


def test_our_record_is_not_linked_to_a_second_one(world: World) -> None:
    world.confirmed(1)
    key = somebody_has(world, 2)
    world.model("clientes", [cliente(1, cnpj_cpf=cliente(2)["cnpj_cpf"])])
    report = world.push(policy=LINK)
    assert (report.total.linked, report.total.rejected) == (0, 1)
    ((text,),) = world.rows("SELECT fault_text FROM omie_sync.rejected")
    assert str(key) in text


@pytest.mark.parametrize("method", ["AssociarCodIntCliente", "AlterarCliente"])
@pytest.mark.parametrize("kind", ["html_502", "html_502_after_commit"])
def test_a_link_whose_answer_is_lost(world: World, method: str, kind: str) -> None:
    key = somebody_has(world, 1)
    world.control.next_faults(PlannedFault(kind, method=method))  # type: ignore[arg-type]
    world.model("clientes", [cliente(1)])
    report = world.push(policy=LINK)
    assert report.total.delivered == 1
    assert report.closes
    assert report.total.created == 0, "it was there before: mirror must never delete it"
    record = world.held_by_omie()["PAC-1"]
    assert (record["codigo_cliente_omie"], record["razao_social"]) == (key, "Paciente Numero 1")
    assert world.rows("SELECT created_here FROM omie_sync.ledger") == [(False,)]


def test_a_repeated_code_is_quarantined_whole(world: World) -> None:
    world.model("clientes", [cliente(1), cliente(1, bairro="Outro"), cliente(2)])
    report = world.push()
    assert (report.total.quarantined, report.total.created) == (2, 1)
    assert report.closes


def test_a_changed_twin_of_an_unchanged_row_takes_it_along(world: World) -> None:
    world.confirmed(1, 2)
    world.model("clientes", [cliente(1), cliente(1, bairro="Outro"), cliente(2)])
    report = world.push()
    assert (report.total.quarantined, report.total.unchanged) == (2, 1)
    assert report.closes
    assert world.control.calls() == ()


def test_twins_on_two_days(world: World) -> None:
    world.confirmed(1)
    world.read_references()
    world.model("contas_receber", [titulo(1)])
    world.push("contas_receber")
    twin = titulo(1, data_particao=date(2026, 1, 6), observacao="outra")
    world.model("contas_receber", [titulo(1), twin])
    for day, expected in ((6, (1, 0)), (5, (0, 1))):
        selection = Selection(EMPRESA, date(2026, 1, day), date(2026, 1, day))
        report = world.push("contas_receber", selection=selection)
        assert (report.total.quarantined, report.total.unchanged) == expected
        assert report.closes
    whole = world.push("contas_receber")
    assert whole.total.quarantined == 2
    assert whole.closes


def test_rows_without_a_code_are_quarantined_each(world: World) -> None:
    rows = [cliente(n, codigo_cliente_integracao=code) for n, code in ((1, ""), (2, ""), (3, None))]
    world.model("clientes", [*rows, cliente(4)])
    report = world.push()
    assert (report.total.quarantined, report.total.created) == (3, 1)
    assert report.closes
    assert world.rows("SELECT count(*) FROM omie_sync.quarantine") == [(3,)]
