"""Answers of Omie that say nothing: what they do not show is never taken for absent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from omie_pipeline.errors import FaultDetail, UnknownFault
from omie_pipeline.omie import CallRecord, OmieClient
from omie_pipeline.postgres.tables import ledger
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.effects.rows import (
    CONFLICT,
    OPEN,
    baixa,
    categoria,
    model,
    ordem,
    push,
    said,
    settle_down,
    with_order,
    with_settled_title,
    with_title,
)
from tests.push.world import World

pytestmark = pytest.mark.usefixtures("unvalidated")

MIRROR = EndpointPolicy(mode="mirror", guardrails=OPEN)
_NO_TITLE = '{"nPagina":1,"titulosEncontrados":[]}'


def lost_then_answered(world: World, call: str, read: str, body: str) -> None:
    """``call`` takes effect and its answer is lost; from then on ``read`` answers ``body``."""
    seen: list[str] = []

    def watch(record: CallRecord) -> None:
        if record.method == call and not seen:
            seen.append(call)
            world.control.clear_faults()
            fault = PlannedFault("custom", method=read, times=99, status=200, body=body)
            world.control.next_faults(fault)

    world.on_call = watch
    world.control.next_faults(PlannedFault("http_500_after_commit", method=call))


def forget(world: World, endpoint: str) -> None:
    """As after restoring an older backup: the ledger does not know the endpoint's records."""
    with world.engine.begin() as connection:
        connection.execute(sa.delete(ledger).where(ledger.c.endpoint == endpoint))


@pytest.mark.parametrize("body", [_NO_TITLE, "{}"])
def test_a_search_without_the_title_proves_nothing(world: World, body: str) -> None:
    with_title(world)
    model(world, "baixas_receber", baixa(1, "50.00"))
    lost_then_answered(world, "LancarRecebimento", "PesquisarLancamentos", body)
    assert push(world, "baixas_receber").total.held == 1
    world.control.clear_faults()
    settle_down(world, 3600)
    assert push(world, "baixas_receber").recovered == 1
    assert len(world.control.settlements("REC-1")) == 1


def test_a_category_list_without_its_list_proves_nothing(world: World) -> None:
    model(world, "categorias", categoria(1))
    lost_then_answered(world, "IncluirCategoria", "ListarCategorias", "{}")
    push(world, "categorias")
    found = [r["descricao"] for r in world.control.records("categorias")]
    assert found.count("Consultas novas") == 1


@pytest.mark.parametrize("body", ["{}", '{"osCadastro":[]}'])
def test_an_order_list_without_its_pages_proves_nothing(world: World, body: str) -> None:
    with_order(world)
    forget(world, "ordens_servico")
    fault = PlannedFault("custom", method="ListarOS", times=99, status=200, body=body)
    world.control.next_faults(fault)
    assert push(world, "ordens_servico").total.held == 1
    assert len(world.control.records("ordens_servico")) == 1


def test_a_look_that_fails_before_a_call_leaves_the_intent_open(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_title(world)
    model(world, "baixas_receber", baixa(1, "50.00"))
    lost: list[CallRecord] = []

    def blind(name: str) -> None:
        read = getattr(OmieClient, name)

        def unless_lost(
            self: OmieClient, service: Any, method: str, param: Any, **others: Any
        ) -> Any:
            if method == "PesquisarLancamentos" and lost:
                raise UnknownFault(FaultDetail("palavras novas"))
            return read(self, service, method, param, **others)

        monkeypatch.setattr(OmieClient, name, unless_lost)

    blind("read")
    blind("read_now")

    def watch(record: CallRecord) -> None:
        if record.method == "LancarRecebimento":
            lost.append(record)

    world.on_call = watch
    world.control.next_faults(PlannedFault("html_502_after_commit", method="LancarRecebimento"))
    for _ in range(2):
        assert push(world, "baixas_receber").total.held == 1
        assert world.open_intents() == 1
        settle_down(world, 3600)
    lost.clear()
    world.on_call = None
    assert push(world, "baixas_receber").recovered == 1
    assert len(world.control.settlements("REC-1")) == 1
    assert world.open_intents() == 0


@pytest.mark.parametrize("changes", [{"value": "100.00"}, {"data": "other"}])
def test_a_settlement_of_another_value_or_day_is_no_link(
    world: World, changes: dict[str, str]
) -> None:
    with_settled_title(world)
    forget(world, "baixas_receber")
    day: dict[str, Any] = {"data": date(2026, 1, 7)} if "data" in changes else {}
    model(world, "baixas_receber", baixa(1, changes.get("value", "150.10"), **day))
    for _ in range(2):
        assert push(world, "baixas_receber").total.rejected == 1
        assert "outro valor ou dia" in said(world, "baixas_receber", "BXR-1")
        settle_down(world)
    assert [one["valor"] for one in world.control.settlements("REC-1")] == [Decimal("150.10")]
    model(world, "baixas_receber", baixa(1))
    assert push(world, "baixas_receber").total.linked == 1


def test_an_order_made_again_after_a_held_run_is_a_new_one(world: World) -> None:
    with_order(world)
    model(world, "ordens_servico")
    assert push(world, "ordens_servico", policy=MIRROR).total.deleted == 1
    settle_down(world)
    model(world, "ordens_servico", ordem(1))
    world.control.next_faults(PlannedFault("html_502", method="IncluirOS", times=20))
    assert push(world, "ordens_servico", policy=MIRROR).total.held == 1
    world.control.clear_faults()
    settle_down(world, 3600)
    assert push(world, "ordens_servico", policy=MIRROR).total.created == 1
    assert len(world.control.records("ordens_servico")) == 1
    assert push(world, "ordens_servico", policy=CONFLICT).total.unchanged == 1
