"""What people do in Omie between two runs, and a ledger that was lost: never a second effect."""

from __future__ import annotations

from decimal import Decimal

import pytest
import sqlalchemy as sa

from omie_pipeline.catalog.services import load_service
from omie_pipeline.postgres.tables import intent, ledger
from omie_pipeline.push.policy import EndpointPolicy
from tests.effects import rows
from tests.effects.kinds import categories, situation
from tests.effects.rows import CONFLICT, UNDO, model, push, quarantined, said, settle_down
from tests.push.world import World, titulo

pytestmark = pytest.mark.usefixtures("unvalidated")


def lose_ledger(world: World, *endpoints: str) -> None:
    """As after the warehouse was restored from an old copy."""
    with world.engine.begin() as connection:
        for table in (ledger, intent):
            connection.execute(sa.delete(table).where(table.c.endpoint.in_(endpoints)))
    settle_down(world)


def bill_by_hand(world: World, code: str) -> None:
    """A person bills an order in Omie's own screen."""
    with world.client() as client:
        client.write(load_service("servicos_osp"), "FaturarOS", {"cCodIntOS": code})
    settle_down(world)


def test_an_order_is_found_and_altered(world: World) -> None:
    rows.with_order(world, rows.ordem(1), rows.ordem(2))
    lose_ledger(world, "ordens_servico")
    model(world, "ordens_servico", rows.ordem(1, rows.item("70.00")), rows.ordem(2), rows.ordem(3))
    report = push(world, "ordens_servico")
    assert (report.total.updated, report.total.created) == (2, 1)
    assert [len(world.control.twins("ordens_servico", f"OS-{n}")) for n in (1, 2, 3)] == [1, 1, 1]
    (order,) = world.control.twins("ordens_servico", "OS-1")
    assert [item["nValUnit"] for item in order["ServicosPrestados"]] == [Decimal("70")]


@pytest.mark.parametrize("notes_too", [True, False])
def test_a_billed_order_is_linked_and_not_billed_again(world: World, notes_too: bool) -> None:
    rows.with_billed_order(world)
    lose_ledger(world, "ordens_servico", "faturar_os")
    if notes_too:
        with world.engine.begin() as connection:
            connection.execute(sa.text("DELETE FROM omie_sync.nfse_transition"))
            connection.execute(sa.text("DELETE FROM omie_sync.nfse"))
    assert push(world, "ordens_servico").total.linked == 1
    assert push(world, "faturar_os").total.linked == 1
    assert len(world.control.notes("OS-1")) == 1
    assert world.rows("SELECT count(*) FROM omie_sync.nfse")[0][0] == 1
    assert not any(call.committed for call in world.writes() if call.method != "StatusOS")


def test_a_category_is_linked(world: World) -> None:
    model(world, "categorias", rows.categoria(1), rows.categoria(2, "Exames"))
    assert push(world, "categorias").total.created == 2
    lose_ledger(world, "categorias")
    assert push(world, "categorias").total.linked == 2
    assert len(categories(world)) == 1
    assert world.control.calls(method="IncluirCategoria") == ()


def test_a_payment_is_not_settled_again(world: World) -> None:
    paid = [rows.baixa(1, "50.00"), rows.baixa(2, "50.00")]
    rows.with_settled_title(world, *paid)
    lose_ledger(world, "baixas_receber")
    model(world, "baixas_receber", *paid, rows.baixa(3, "20.00"))
    report = push(world, "baixas_receber")
    assert (report.total.linked, report.total.created) == (2, 1)
    assert len(world.control.calls(method="PesquisarLancamentos")) == 1, "one for each título"
    found = world.control.settlements("REC-1")
    assert [one["codigo_baixa_integracao"] for one in found] == ["BXR-1", "BXR-2", "BXR-3"]
    # What was found again can be taken back.
    model(world, "baixas_receber", *paid[1:], rows.baixa(3, "20.00"))
    model(world, "estornar_baixas_receber", rows.estorno(1))
    assert push(world, "estornar_baixas_receber", policy=CONFLICT).total.deleted == 1
    assert len(world.control.settlements("REC-1")) == 2


def test_a_contracts_situation_is_seen(world: World) -> None:
    rows.with_contract(world)
    model(world, "situacao_contratos", rows.situacao("10"))
    assert push(world, "situacao_contratos").total.delivered == 1
    lose_ledger(world, "situacao_contratos")
    assert push(world, "situacao_contratos").total.linked == 1
    assert world.control.calls(method="AtivarContrato") == ()


def test_a_contract_that_is_made_again_is_brought_into_its_situation(world: World) -> None:
    """Suspended at the clinic, deleted in Omie, changed at the clinic: made anew it is active."""
    rows.with_contract(world)
    for code in ("10", "90"):
        model(world, "situacao_contratos", rows.situacao(code))
        assert push(world, "situacao_contratos").total.delivered == 1
        settle_down(world)
    world.control.delete("contratos", "CTR-1")
    model(world, "contratos", rows.contrato(cNumCtr="2026/2", cCodSit="90"))
    assert push(world, "contratos").total.created == 1
    settle_down(world)
    assert situation(world) == ["10"]
    assert "refeito" in said(world, "situacao_contratos", "CTR-1")
    assert push(world, "situacao_contratos").total.delivered == 1
    assert situation(world) == ["90"]
    model(world, "contratos", rows.contrato(cNumCtr="2026/3", cCodSit="90"))
    assert push(world, "contratos").total.updated == 1
    assert push(world, "situacao_contratos").total.unchanged == 1


def test_a_service_that_was_there_is_changed_and_never_mirrors_to_delete(world: World) -> None:
    """Its answer says so under another name than that of a cliente."""
    rows.with_service(world)
    lose_ledger(world, "servicos")
    assert push(world, "servicos").total.updated == 1
    settle_down(world)
    model(world, "servicos")
    mirror = EndpointPolicy(mode="mirror", guardrails=rows.OPEN)
    assert push(world, "servicos", policy=mirror).total.deleted == 0
    assert len(world.control.twins("servicos", "SRV-1")) == 1


def test_a_person_bills_the_order(world: World) -> None:
    rows.with_order(world)
    bill_by_hand(world, "OS-1")
    model(world, "faturar_os", rows.faturamento(1))
    assert push(world, "faturar_os").total.linked == 1
    assert len(world.control.notes("OS-1")) == 1


def test_a_person_bills_the_order_and_the_clinic_changes_it(world: World) -> None:
    rows.with_order(world)
    bill_by_hand(world, "OS-1")
    model(world, "ordens_servico", rows.ordem(1, rows.item("70.00")))
    assert push(world, "ordens_servico").total.rejected == 1
    assert said(world, "ordens_servico", "OS-1")
    assert len(world.control.notes("OS-1")) == 1


def test_a_person_cancels_the_order(world: World) -> None:
    rows.with_order(world)
    with world.client() as client:
        client.write(load_service("servicos_osp"), "CancelarOS", {"cCodIntOS": "OS-1"})
    settle_down(world)
    model(world, "faturar_os", rows.faturamento(1))
    assert push(world, "faturar_os").total.rejected == 1
    assert "cancelada" in said(world, "faturar_os", "OS-1")
    assert world.control.notes("OS-1") == ()
    assert world.control.calls(method="FaturarOS") == ()


def test_a_person_deletes_the_order(world: World) -> None:
    rows.with_order(world)
    world.control.delete("ordens_servico", "OS-1")
    assert push(world, "ordens_servico").total.unchanged == 1
    model(world, "faturar_os", rows.faturamento(1))
    assert push(world, "faturar_os").total.held == 1
    assert "não mostra a OS" in said(world, "faturar_os", "OS-1")
    model(world, "ordens_servico", rows.ordem(1, rows.item("70.00")))
    assert push(world, "ordens_servico").total.rejected == 1
    assert said(world, "ordens_servico", "OS-1")
    assert world.control.twins("ordens_servico", "OS-1") == ()


def test_a_person_edits_the_order(world: World) -> None:
    """An item added by hand is not the clinic's: the next change takes it out."""
    rows.with_order(world)
    (order,) = world.control.twins("ordens_servico", "OS-1")
    mine = order["ServicosPrestados"][0]
    world.control.edit(
        "ordens_servico",
        "OS-1",
        {"ServicosPrestados": [mine, {**mine, "nIdItem": 77, "nSeqItem": 2}]},
    )
    assert push(world, "ordens_servico").total.unchanged == 1
    model(world, "ordens_servico", rows.ordem(1, rows.item("70.00")))
    assert push(world, "ordens_servico").total.updated == 1
    (order,) = world.control.twins("ordens_servico", "OS-1")
    assert [item["nValUnit"] for item in order["ServicosPrestados"]] == [Decimal("70")]


def test_a_person_settles_the_title(world: World) -> None:
    rows.with_title(world)
    world.control.settle("contas_receber", "REC-1")
    model(world, "baixas_receber", rows.baixa(1))
    assert push(world, "baixas_receber").total.quarantined == 1
    (reason,) = quarantined(world, "baixas_receber")["BXR-1"]
    assert reason["rule"] == "baixa_no_omie"
    assert len(world.control.settlements("REC-1")) == 1
    model(world, "contas_receber", titulo(1, valor_documento=Decimal("160.00")))
    assert push(world, "contas_receber", policy=UNDO).total.rejected == 1
    assert "baixa" in said(world, "contas_receber", "REC-1")


def test_a_person_entered_this_very_payment(world: World) -> None:
    """Half of the título, on the same day: to settle the other half would be a guess."""
    rows.with_title(world)
    payment = rows.baixa(1, "50.00")
    manual = world.control.settle(
        "contas_receber", "REC-1", value=Decimal("50.00"), day=rows.PAYMENT_DAY
    )
    model(world, "baixas_receber", payment)
    assert push(world, "baixas_receber").total.quarantined == 1
    (reason,) = quarantined(world, "baixas_receber")["BXR-1"]
    assert "uma baixa de R$ 50,00 em 06/01/2026" in reason["reason"]
    world.control.undo_settlement(manual)
    settle_down(world)
    assert push(world, "baixas_receber").total.created == 1
    assert len(world.control.settlements("REC-1")) == 1


def test_a_person_undoes_our_settlement(world: World) -> None:
    rows.with_settled_title(world)
    (standing,) = world.control.settlements("REC-1")
    world.control.undo_settlement(standing["codigo_baixa"])
    assert push(world, "baixas_receber").total.unchanged == 1, "a person's word stands"
    model(world, "contas_receber", titulo(1, valor_documento=Decimal("160.00")))
    model(world, "baixas_receber", rows.baixa(1, "160.00"))
    model(world, "estornar_baixas_receber")
    for endpoint in ("estornar_baixas_receber", "contas_receber", "baixas_receber"):
        push(world, endpoint, policy=UNDO)
    found = world.control.settlements("REC-1")
    assert [one["valor"] for one in found] == [Decimal("160")]


def test_a_person_deletes_the_title(world: World) -> None:
    rows.with_title(world)
    world.control.delete("contas_receber", "REC-1")
    model(world, "baixas_receber", rows.baixa(1))
    assert push(world, "baixas_receber").total.held == 1
    assert "não mostra o título" in said(world, "baixas_receber", "BXR-1")
    assert world.control.calls(method="LancarRecebimento") == ()


def test_a_category_that_exists_twice_is_for_a_person(world: World) -> None:
    record = {"codigo": "1.01.50", "descricao": "Consultas Novas", "categoria_superior": "1.01"}
    world.control.seed("categorias", [record, {**record, "codigo": "1.01.51"}])
    model(world, "categorias", rows.categoria(1))
    assert push(world, "categorias").total.rejected == 1
    assert "1.01.50, 1.01.51" in said(world, "categorias", "CAT-1")
    ((fix,),) = world.rows("SELECT fix FROM omie_sync.rejected")
    assert fix
    world.control.edit("categorias", "1.01.51", {"conta_inativa": "S"})
    settle_down(world)
    assert push(world, "categorias").total.linked == 1
    assert world.control.calls(method="IncluirCategoria") == ()


def test_a_person_renames_a_category(world: World) -> None:
    model(world, "categorias", rows.categoria(1))
    assert push(world, "categorias").total.created == 1
    world.control.edit("categorias", categories(world)[0], {"descricao": "Outra"})
    settle_down(world)
    assert push(world, "categorias").total.unchanged == 1
    assert categories(world) == []


def test_one_description_twice_in_the_model(world: World) -> None:
    model(world, "categorias", rows.categoria(1), rows.categoria(2, "consultas  novás"))
    report = push(world, "categorias")
    assert (report.total.created, report.total.linked) == (1, 1)
    assert len(categories(world)) == 1


def test_a_category_that_changes_after_creation(world: World) -> None:
    model(world, "categorias", rows.categoria(1))
    push(world, "categorias")
    settle_down(world)
    model(world, "categorias", rows.categoria(1, "Consultas"))
    assert push(world, "categorias", policy=CONFLICT).total.quarantined == 1
    (reason,) = quarantined(world, "categorias")["CAT-1"]
    assert reason["fix"]
    assert world.control.calls() == ()
    model(world, "categorias", rows.categoria(1))
    assert push(world, "categorias", policy=CONFLICT).total.unchanged == 1
    assert quarantined(world, "categorias") == {}


def test_a_person_cancels_a_contract(world: World) -> None:
    rows.with_contract(world)
    model(world, "situacao_contratos", rows.situacao("10"))
    push(world, "situacao_contratos")
    world.control.edit("contratos", "CTR-1", {"cabecalho": {"cCodSit": "99"}})
    settle_down(world)
    assert push(world, "situacao_contratos").total.unchanged == 1
    model(world, "situacao_contratos", rows.situacao("90"))
    assert push(world, "situacao_contratos").total.rejected == 1
    assert "cancelado" in said(world, "situacao_contratos", "CTR-1")
    assert situation(world) == ["99"]


def test_a_contract_through_all_its_situations(world: World) -> None:
    rows.with_contract(world)
    assert situation(world) == ["00"]
    called = []
    for code in ("10", "90", "10", "99"):
        model(world, "situacao_contratos", rows.situacao(code))
        assert push(world, "situacao_contratos").total.delivered == 1
        assert situation(world) == [code]
        called += [call.method for call in world.control.calls() if "Consultar" not in call.method]
        settle_down(world)
        assert push(world, "situacao_contratos").total.unchanged == 1
        assert world.control.calls() == ()
    assert called == ["AtivarContrato", "SuspenderContrato", "ReativarContrato", "CancelarContrato"]


def test_a_marker_waits_for_its_record(world: World) -> None:
    rows.with_service(world)
    vendor = {"$omie_id": ["vendedores", "PRO-1"]}
    model(world, "ordens_servico", rows.ordem(1, nCodVend=vendor))
    assert push(world, "ordens_servico").total.held == 1
    assert world.control.calls() == ()
    seller = {"empresa": "principal", "codInt": "PRO-1", "nome": "Ana"}
    model(world, "vendedores", seller)
    push(world, "vendedores")
    assert push(world, "ordens_servico").total.created == 1
    (order,) = world.control.twins("ordens_servico", "OS-1")
    held = world.held_by_omie("vendedores")["PRO-1"]
    assert order["Cabecalho"]["nCodVend"] == held["codigo"]
    settle_down(world)
    assert push(world, "ordens_servico").total.unchanged == 1
    with world.engine.begin() as connection:
        gone = sa.update(ledger).where(ledger.c.endpoint == "vendedores").values(state="deleted")
        connection.execute(gone)
    changed = rows.ordem(1, rows.item("70.00"), nCodVend=vendor)
    model(world, "ordens_servico", changed)
    assert push(world, "ordens_servico").total.held == 1
    assert world.control.calls(method="AlterarOS") == ()
