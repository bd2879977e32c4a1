"""A field that the clinic empties is emptied in Omie, or said not to be."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.catalog.model import emptyings
from omie_pipeline.errors import GuardrailStopped
from omie_pipeline.postgres.tables import ledger
from omie_pipeline.push.emptied_fields import not_emptied
from omie_pipeline.push.policy import EndpointPolicy, Guardrails
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.effects import rows
from tests.effects.rows import model, push, settle_down
from tests.push.world import CLIENTE_COLUMNS, TITULO_COLUMNS, World, cliente, titulo

pytestmark = pytest.mark.usefixtures("unvalidated")

OPEN = Guardrails(max_emptied_share=1, max_quarantined_share=1)
DEFAULT = EndpointPolicy(guardrails=OPEN)
EMPTY = EndpointPolicy(on_emptied="empty", guardrails=OPEN)
KEEP = EndpointPolicy(on_emptied="keep", guardrails=OPEN)
MORE = {
    **CLIENTE_COLUMNS,
    "complemento": sa.Text,
    "telefone1_ddd": sa.Text,
    "telefone1_numero": sa.Text,
    "inscricao_estadual": sa.Text,
    "dadosBancarios": JSONB,
}
BANK = {"codigo_banco": "341", "agencia": "1234", "conta_corrente": "5-6"}
RG = [{"campo": "RG", "conteudo": "1"}]


def people(world: World, *changes: dict[str, Any], columns: Any = None) -> None:
    found = [
        cliente(
            number,
            **{
                "complemento": "ap 1", "telefone1_ddd": "11", "telefone1_numero": "30001234",
                "dadosBancarios": BANK, "caracteristicas": RG, "valor_limite_credito": 10,
                **change,
            },
        )
        for number, change in enumerate(changes, start=1)
    ]  # fmt: skip
    world.model("clientes", found, columns or MORE)


def delivered(world: World, *changes: dict[str, Any]) -> None:
    people(world, *(changes or ({},)))
    assert push(world, "clientes", policy=DEFAULT).total.created == len(changes or ({},))
    settle_down(world)


def in_omie(world: World, code: str = "PAC-1") -> dict[str, Any]:
    record = world.control.record("clientes", code)
    assert record is not None
    return dict(record)


def kept(world: World) -> dict[str, tuple[str, ...]]:
    return {one.codigo_integracao: one.fields for one in not_emptied(world.engine)}


def test_texts_numbers_and_parts_of_objects_are_emptied(world: World) -> None:
    delivered(world)
    gone: dict[str, Any] = {
        "email": None, "complemento": None, "telefone1_ddd": None, "telefone1_numero": None,
        "valor_limite_credito": None, "dadosBancarios": {"codigo_banco": "341"},
    }  # fmt: skip
    people(world, gone)
    report = push(world, "clientes", policy=DEFAULT)
    assert (report.total.updated, report.not_emptied) == (1, {})
    record = in_omie(world)
    assert [record[name] for name in gone if name != "dadosBancarios"] == ["", "", "", "", 0]
    assert (record["dadosBancarios"]["codigo_banco"], record["dadosBancarios"]["agencia"]) == (
        "341", "",
    )  # fmt: skip
    settle_down(world)
    assert push(world, "clientes", policy=DEFAULT).total.unchanged == 1
    assert world.control.calls() == ()
    # What is emptied once is not sent with every later change.
    people(world, {**gone, "bairro": "Sé"})
    assert push(world, "clientes", policy=DEFAULT).total.updated == 1
    assert "email" not in world.writes()[-1].param
    settle_down(world)
    people(world, {**gone, "email": "novo@exemplo.com.br"})
    assert push(world, "clientes", policy=DEFAULT).total.updated == 1
    assert in_omie(world)["email"] == "novo@exemplo.com.br"
    settle_down(world)
    people(world, gone)
    assert push(world, "clientes", policy=DEFAULT).total.updated == 1
    assert in_omie(world)["email"] == ""


def test_a_whole_object_is_emptied_part_by_part(world: World) -> None:
    delivered(world)
    people(world, {"dadosBancarios": None})
    assert push(world, "clientes", policy=DEFAULT).total.updated == 1
    bank = in_omie(world)["dadosBancarios"]
    assert {bank[name] for name in BANK} == {""}


def test_what_nobody_knows_to_empty_is_delivered_and_listed(world: World) -> None:
    delivered(world)
    people(world, {"caracteristicas": None, "tags": None})
    report = push(world, "clientes", policy=DEFAULT)
    assert (report.total.updated, report.not_emptied) == (1, {"caracteristicas": 1, "tags": 1})
    assert in_omie(world)["caracteristicas"] == RG
    settle_down(world)
    # Unchanged from now on, and listed all the same.
    assert push(world, "clientes", policy=DEFAULT).total.unchanged == 1
    assert kept(world) == {"PAC-1": ("tags", "caracteristicas")}
    # A person decides: what was left full goes too, once.
    assert push(world, "clientes", policy=EMPTY).total.updated == 1
    assert (in_omie(world)["caracteristicas"], in_omie(world)["tags"]) == ([], [])
    assert kept(world) == {}
    settle_down(world)
    assert push(world, "clientes", policy=EMPTY).total.unchanged == 1


def test_filled_again_it_is_no_longer_listed(world: World) -> None:
    delivered(world)
    people(world, {"tags": None})
    push(world, "clientes", policy=DEFAULT)
    assert kept(world) == {"PAC-1": ("tags",)}
    settle_down(world)
    people(world, {"tags": [{"tag": "Outra"}]})
    assert push(world, "clientes", policy=DEFAULT).total.updated == 1
    assert kept(world) == {}


def test_the_policy_keeps_what_omie_has(world: World) -> None:
    delivered(world)
    people(world, {"email": None})
    report = push(world, "clientes", policy=KEEP)
    assert (report.total.updated, report.not_emptied) == (1, {"email": 1})
    assert in_omie(world)["email"] == "p1@exemplo.com.br"


def test_what_the_clinic_never_filled_is_nobodys_to_empty(world: World) -> None:
    delivered(world, {"email": None})
    world.control.edit("clientes", "PAC-1", {"email": "financeiro@exemplo.com.br"})
    people(world, {"email": None, "bairro": "Sé"})
    assert push(world, "clientes", policy=EMPTY).total.updated == 1
    assert in_omie(world)["email"] == "financeiro@exemplo.com.br"


def test_a_column_that_left_the_model_is_no_emptying(world: World) -> None:
    delivered(world)
    fewer = {name: kind for name, kind in MORE.items() if name != "email"}
    people(world, {}, columns=fewer)
    report = push(world, "clientes", policy=EMPTY)
    assert (report.total.updated, report.not_emptied) == (1, {})
    assert in_omie(world)["email"] == "p1@exemplo.com.br"


def test_emptied_while_refused_or_held_it_is_emptied_in_the_end(world: World) -> None:
    delivered(world)
    people(world, {"email": None})
    world.control.next_faults(PlannedFault("fault_in_200", integration_code="PAC-1"))
    assert push(world, "clientes", policy=DEFAULT).total.rejected == 1
    settle_down(world)
    world.control.next_faults(PlannedFault("busy", integration_code="PAC-1", times=3))
    assert push(world, "clientes", policy=DEFAULT).total.held == 1
    settle_down(world)
    assert push(world, "clientes", policy=DEFAULT).total.updated == 1
    assert in_omie(world)["email"] == ""


@pytest.mark.parametrize("arrives", [True, False])
def test_a_lost_answer_proves_the_emptying_too(world: World, arrives: bool) -> None:
    delivered(world)
    people(world, {"email": None})
    kind = "http_500_after_commit" if arrives else "html_502"
    world.control.next_faults(PlannedFault(kind, method="UpsertCliente"))  # type: ignore[arg-type]
    assert push(world, "clientes", policy=DEFAULT).total.updated == 1
    assert in_omie(world)["email"] == ""


def test_insert_never_touches_what_is_delivered(world: World) -> None:
    delivered(world)
    people(world, {"email": None})
    insert = EndpointPolicy(mode="insert", guardrails=OPEN)
    assert push(world, "clientes", policy=insert).total.unchanged == 1
    assert in_omie(world)["email"] == "p1@exemplo.com.br"


def test_a_record_that_is_made_again_has_nothing_to_empty(world: World) -> None:
    delivered(world)
    with world.engine.begin() as connection:
        connection.execute(sa.update(ledger).values(state="held", omie_id=None))
    world.control.delete("clientes", "PAC-1")
    people(world, {"email": None})
    assert push(world, "clientes", policy=DEFAULT).total.created == 1
    assert "email" not in world.writes()[-1].param


def test_records_delivered_before_are_learned_from_the_model(world: World) -> None:
    delivered(world, {}, {})
    with world.engine.begin() as connection:
        connection.execute(sa.update(ledger).values(filled=None))
    assert push(world, "clientes", policy=DEFAULT).total.unchanged == 2
    people(world, {"email": None}, {})
    assert push(world, "clientes", policy=DEFAULT).total.updated == 1
    assert in_omie(world)["email"] == ""


def test_a_column_of_nulls_stops_the_push(world: World) -> None:
    """``telefone`` became ``celular`` at the source: nobody emptied a thousand telephones."""
    delivered(world, *({} for _ in range(10)))
    people(world, *({"telefone1_ddd": None, "telefone1_numero": None} for _ in range(10)))
    with pytest.raises(GuardrailStopped, match="telefone1_numero ficaria vazio em 10 de 10"):
        push(world, "clientes")
    assert world.writes() == []
    people(world, *({"tags": None} for _ in range(10)))
    # Nothing is emptied by it: told, not stopped.
    assert push(world, "clientes").not_emptied == {"tags": 10}


@pytest.mark.parametrize("endpoint", ["contas_receber", "contas_pagar"])
def test_titles(world: World, endpoint: str) -> None:
    columns = {**TITULO_COLUMNS, "numero_documento": sa.Text, "codigo_projeto": sa.BigInteger}
    full = titulo(1, numero_documento="NF 1", observacao="retorno")
    world.confirmed(1)
    world.model(endpoint, [full], columns)
    assert push(world, endpoint, policy=DEFAULT).total.created == 1
    settle_down(world)
    world.model(endpoint, [titulo(1)], columns)
    assert push(world, endpoint, policy=DEFAULT).total.updated == 1
    record = world.control.record(endpoint, "REC-1")
    assert record is not None
    assert (record["numero_documento"], record["observacao"]) == ("", "")


def test_orders_sellers_and_services(world: World) -> None:
    rows.with_service(world)
    order = rows.ordem(1)
    order["Observacoes"] = {"cObsOS": "com pressa"}
    columns = {**rows.COLUMNS["ordens_servico"], "Observacoes": JSONB}
    world.model("ordens_servico", [order], columns)
    assert push(world, "ordens_servico", policy=DEFAULT).total.created == 1
    settle_down(world)
    order["Observacoes"] = None
    world.model("ordens_servico", [order], columns)
    assert push(world, "ordens_servico", policy=DEFAULT).total.updated == 1
    (held,) = world.control.twins("ordens_servico", "OS-1")
    assert held["Observacoes"]["cObsOS"] == ""
    seller = {"empresa": "principal", "codInt": "PRO-1", "nome": "Ana", "email": "a@exemplo.com.br"}
    with_mail = {**rows.COLUMNS["vendedores"], "email": sa.Text}
    world.model("vendedores", [seller], with_mail)
    assert push(world, "vendedores", policy=DEFAULT).total.created == 1
    settle_down(world)
    world.model("vendedores", [{**seller, "email": None}], with_mail)
    assert push(world, "vendedores", policy=DEFAULT).total.updated == 1
    (ana,) = [r for r in world.control.records("vendedores") if r["nome"] == "Ana"]
    assert ana["email"] == ""


def test_every_declaration_says_how_sure_it_is() -> None:
    for name in ("clientes", "contas_receber", "contas_pagar", "ordens_servico", "contratos"):
        found = emptyings(REGISTRY[name])
        assert found
        assert all(how.source for how in found.values())
        assert all((how.value is None) == (how.sure == "unknown") for how in found.values())
    assert emptyings(REGISTRY["baixas_receber"]) == {}
    assert "codigo_cliente_integracao" not in emptyings(REGISTRY["clientes"])


def test_settlements_are_never_changed_by_an_emptied_field(world: World) -> None:
    rows.with_settled_title(world, rows.baixa(1, "50.00", juros=1))
    model(world, "baixas_receber", rows.baixa(1, "50.00"))
    assert push(world, "baixas_receber", policy=DEFAULT).total.quarantined == 1
