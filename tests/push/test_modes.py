"""What a policy allows: insert only, mirror, links, and deletes on request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from omie_pipeline.payload import Selection
from omie_pipeline.push.policy import EndpointPolicy, Guardrails
from omie_pipeline.push.report import PushReport
from omie_pipeline.simulator.engine.planned_faults import FaultKind, PlannedFault
from tests.push.world import EMPRESA, World, cliente, titulo

pytestmark = pytest.mark.usefixtures("unvalidated")

FREE = Guardrails(max_delete_share=1)
MIRROR = EndpointPolicy(mode="mirror", guardrails=FREE)
LINK = EndpointPolicy(on_duplicate_document="link")


def titulos(world: World, *rows: Mapping[str, Any]) -> PushReport:
    """Deliver these títulos of PAC-1."""
    if "PAC-1" not in world.ledger():
        world.confirmed(1)
        world.read_references()
    world.model("contas_receber", list(rows))
    report = world.push("contas_receber")
    assert report.closes
    world.clock.sleep(120)
    return report


def excluir(world: World, *rows: Mapping[str, Any], **policy: Any) -> PushReport:
    model = [{"empresa": EMPRESA, "data_particao": date(2026, 1, 5), **row} for row in rows]
    world.model("excluir_contas_receber", model)
    allowed = EndpointPolicy(guardrails=FREE, **policy)
    report = world.push("excluir_contas_receber", policy=allowed, approve=True)
    assert report.closes
    return report


def code(text: str) -> dict[str, str]:
    return {"codigo_lancamento_integracao": text}


def omie_id(world: World, integration_code: str) -> int:
    record = world.control.record("contas_receber", integration_code)
    assert record is not None
    return int(record["codigo_lancamento_omie"])


def test_insert_only_never_touches_what_was_delivered(world: World) -> None:
    policy = EndpointPolicy(mode="insert")
    world.model("clientes", [cliente(1)])
    assert world.push(policy=policy).total.created == 1
    assert world.methods_called() == ["IncluirCliente"]
    world.model("clientes", [cliente(1, bairro="Outro"), cliente(2)])
    report = world.push(policy=policy)
    assert (report.total.created, report.total.unchanged) == (1, 1)
    assert report.closes
    assert world.held_by_omie()["PAC-1"]["bairro"] == "Centro"


@pytest.mark.parametrize("named", [True, False])
def test_insert_only_takes_a_record_under_its_code_as_linked(world: World, named: bool) -> None:
    world.control.seed("clientes", [{"codigo_cliente_integracao": "PAC-1", "razao_social": "Era"}])
    if not named:
        text = "Cliente já cadastrado para o Código de Integração"
        world.control.next_faults(PlannedFault("fault_in_200", text=text, code="Client-102"))
    world.model("clientes", [cliente(1)])
    report = world.push(policy=EndpointPolicy(mode="insert"))
    assert (report.total.linked, report.total.rejected) == (1, 0)
    assert report.closes
    assert world.rows("SELECT created_here, omie_id FROM omie_sync.ledger") == [(False, 5500000001)]


@pytest.mark.parametrize("kind", ["html_502", "html_502_after_commit"])
def test_insert_only_is_not_repeated_on_a_guess(world: World, kind: FaultKind) -> None:
    world.control.next_faults(PlannedFault(kind, method="IncluirCliente"))
    world.model("clientes", [cliente(1)])
    report = world.push(policy=EndpointPolicy(mode="insert"))
    assert report.total.created == 1
    assert report.closes
    assert len(world.writes()) == (2 if kind == "html_502" else 1)
    assert len(world.held_by_omie()) == 1


def test_retry_in_insert_mode_leaves_a_delivered_row_alone(world: World) -> None:
    world.confirmed(1)
    world.control.next_faults(PlannedFault("fault_in_200"))
    world.model("clientes", [cliente(1, bairro="B"), cliente(2, razao_social="!ruim")])
    world.push()
    retry = Selection(EMPRESA, unfinished_only=True)
    report = world.push(policy=EndpointPolicy(mode="insert"), selection=retry)
    assert (report.total.selected, report.total.calls) == (0, 0)
    assert report.closes


def test_mirror_deletes_what_this_ledger_created_and_nothing_else(world: World) -> None:
    world.control.seed("clientes", [{"cnpj_cpf": cliente(3)["cnpj_cpf"], "razao_social": "Linha"}])
    world.control.seed("clientes", [{"codigo_cliente_integracao": "X-1", "razao_social": "Alheia"}])
    world.model("clientes", [cliente(1), cliente(2), cliente(3)])
    world.clock.sleep(5)
    assert world.push(policy=LINK).total.linked == 1
    world.clock.sleep(120)
    world.model("clientes", [cliente(1)])
    assert world.push().total.deleted == 0, "off by default"
    report = world.push(policy=MIRROR)
    assert (report.total.deleted, report.total.unchanged, report.total.selected) == (1, 1, 2)
    assert report.closes
    assert set(world.held_by_omie()) == {"PAC-1", "PAC-3", "X-1"}
    assert world.push(policy=MIRROR).total.deleted == 0

    world.clock.sleep(120)
    world.model("clientes", [cliente(1), cliente(2)])
    assert world.push(policy=MIRROR).total.created == 1


def test_mirror_tells_the_truth_of_a_delete_that_omie_refuses(world: World) -> None:
    titulos(world, titulo(1), titulo(2))
    world.control.settle("contas_receber", "REC-2")
    world.model("contas_receber", [titulo(1)])
    report = world.push("contas_receber", policy=MIRROR)
    assert (report.total.rejected, report.total.unchanged) == (1, 1)
    assert report.closes
    ((fix,),) = world.rows("SELECT fix FROM omie_sync.rejected")
    assert "cancele a baixa" in fix


def test_a_row_that_moved_to_another_day_is_not_deleted(world: World) -> None:
    titulos(world, titulo(1), titulo(2))
    world.model("contas_receber", [titulo(1), titulo(2, data_particao=date(2026, 1, 6))])
    day = Selection(EMPRESA, date(2026, 1, 5), date(2026, 1, 5))
    report = world.push("contas_receber", policy=MIRROR, selection=day)
    assert (report.total.deleted, report.total.unchanged) == (0, 1)
    assert report.closes
    assert set(world.held_by_omie("contas_receber")) == {"REC-1", "REC-2"}


def test_deletes_on_request_by_code_and_by_omies_key(world: World) -> None:
    titulos(world, titulo(1), titulo(2), titulo(3))
    report = excluir(world, code("REC-1"), {"chave_lancamento": omie_id(world, "REC-2")})
    assert report.total.deleted == 2
    assert set(world.held_by_omie("contas_receber")) == {"REC-3"}
    assert world.ledger("contas_receber") == {
        "REC-1": "deleted", "REC-2": "deleted", "REC-3": "confirmed",
    }  # fmt: skip
    world.control.clear_calls()
    assert excluir(world, code("REC-1")).total.unchanged == 1
    assert world.control.calls() == ()


def test_what_was_deleted_on_request_does_not_come_back_by_itself(world: World) -> None:
    titulos(world, titulo(1), titulo(2))
    excluir(world, code("REC-1"))
    world.clock.sleep(120)
    report = titulos(world, titulo(1), titulo(2))
    assert (report.total.unchanged, report.total.calls) == (2, 0)
    report = titulos(world, titulo(1, observacao="mudou na clínica"), titulo(2))
    assert (report.total.created, report.total.unchanged) == (1, 1)
    assert excluir(world, code("REC-1")).total.deleted == 1, "it lives again, so it goes again"


def test_a_delete_of_a_foreign_record_is_refused_unless_allowed(world: World) -> None:
    titulos(world, titulo(1))
    (foreign,) = world.control.seed(
        "contas_receber", [{"codigo_lancamento_integracao": "", "valor_documento": 5}]
    )
    report = excluir(world, {"chave_lancamento": foreign}, code("REC-404"))
    assert (report.total.quarantined, report.total.calls) == (2, 0)
    ((reasons,), _) = world.rows("SELECT reasons FROM omie_sync.quarantine")
    assert reasons[0]["rule"] == "registro_alheio"
    report = excluir(world, {"chave_lancamento": foreign}, code("REC-404"), delete_foreign=True)
    assert report.total.deleted == 2, "absent is what was asked for"
    assert world.control.record("contas_receber", foreign) is None


def test_a_delete_that_omie_had_done_already_is_delivered(world: World) -> None:
    titulos(world, titulo(1))
    world.control.delete("contas_receber", "REC-1")
    report = excluir(world, code("REC-1"))
    assert report.total.deleted == 1


def test_a_delete_model_that_contradicts_itself_deletes_nothing(world: World) -> None:
    titulos(world, titulo(1), titulo(2))
    both = {**code("REC-1"), "chave_lancamento": omie_id(world, "REC-2")}
    report = excluir(world, both, code("REC-2"), code("REC-2"))
    assert (report.total.quarantined, report.total.calls) == (3, 0)
    assert len(world.held_by_omie("contas_receber")) == 2


def test_a_settled_titulo_is_refused_with_what_to_do(world: World) -> None:
    titulos(world, titulo(1), titulo(2))
    world.control.settle("contas_receber", "REC-1")
    report = titulos(world, titulo(1, observacao="tarde demais"), titulo(2))
    assert (report.total.rejected, report.total.unchanged) == (1, 1)
    ((fix,),) = world.rows("SELECT fix FROM omie_sync.rejected")
    assert "cancele a baixa" in fix
    assert excluir(world, code("REC-1")).total.rejected == 1
