"""Plans that look like an accident stop before the first call."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from omie_pipeline.errors import GuardrailStopped
from omie_pipeline.push.policy import EndpointPolicy
from tests.push.accept_all import INVALID
from tests.push.world import EMPRESA, World, cliente, titulo

pytestmark = pytest.mark.usefixtures("unvalidated")


def stopped(world: World, endpoint: str, policy: EndpointPolicy, why: str) -> None:
    """The push stops with this reason, has called nobody and lets one run through if approved."""
    world.control.clear_calls()
    with pytest.raises(GuardrailStopped, match=why):
        world.push(endpoint, policy=policy)
    assert world.control.calls() == ()
    ((state, error_class, counts),) = world.rows(
        "SELECT state, error_class, counts FROM omie_sync.run ORDER BY started_at DESC, "
        "finished_at DESC LIMIT 1"
    )
    assert (state, error_class) == ("stopped", "GuardrailStopped")
    accounted = ("delivered", "unchanged", "rejected", "quarantined", "held")
    assert all(c["selected"] == sum(c[name] for name in accounted) for c in counts)
    world.clock.sleep(1)
    report = world.push(endpoint, policy=policy, approve=True)
    assert report.closes
    assert report.total.held == 0


def limits(mode: str = "upsert", **guardrails: Any) -> EndpointPolicy:
    return EndpointPolicy.model_validate({"mode": mode, "guardrails": guardrails})


def test_too_large_a_share_in_quarantine(world: World) -> None:
    bad = [cliente(n, razao_social=INVALID) for n in range(1, 8)]
    world.model("clientes", [*bad, *(cliente(n) for n in range(8, 13))])
    stopped(world, "clientes", limits(), "7 de 12 linhas em quarentena")
    assert len(world.held_by_omie()) == 5


def test_too_many_deletes(world: World) -> None:
    world.confirmed(*range(1, 7))
    world.model("clientes", [cliente(1), cliente(2), cliente(3)])
    stopped(world, "clientes", limits("mirror", max_deletes=2, max_delete_share=1), "3 exclusões")
    assert len(world.held_by_omie()) == 3


def test_too_large_a_share_of_deletes(world: World) -> None:
    world.confirmed(*range(1, 25))
    world.model("clientes", [cliente(n) for n in range(11, 25)])
    stopped(world, "clientes", limits("mirror"), "10 exclusões de 24 registros")


def test_a_few_deletes_of_a_small_ledger_are_no_accident(world: World) -> None:
    world.confirmed(*range(1, 19))
    world.model("clientes", [cliente(n) for n in range(10, 19)])
    assert world.push(policy=limits("mirror")).total.deleted == 9


def test_too_many_explicit_deletes(world: World) -> None:
    world.confirmed(1)
    world.read_references()
    world.model("contas_receber", [titulo(n) for n in range(1, 13)])
    world.push("contas_receber")
    row = {"empresa": EMPRESA, "data_particao": date(2026, 1, 5)}
    codes = [f"REC-{n}" for n in range(1, 11)]
    world.model(
        "excluir_contas_receber", [{**row, "codigo_lancamento_integracao": code} for code in codes]
    )
    stopped(world, "excluir_contas_receber", limits(), "10 exclusões de 12")
    assert len(world.held_by_omie("contas_receber")) == 2


def test_rows_that_fall_against_the_usual_number(world: World) -> None:
    world.model("clientes", [cliente(n) for n in range(1, 13)])
    for _ in range(3):
        world.push()
        world.clock.sleep(60)
    world.model("clientes", [cliente(n, bairro="B") for n in range(1, 6)])
    stopped(world, "clientes", limits(), "só 5 linhas, quando o habitual são 12")


def test_an_emptied_model_is_noticed_and_a_new_one_is_not(world: World) -> None:
    world.model("clientes", [])
    report = world.push()
    assert (report.total.selected, report.partitions, report.closes) == (0, (), True)
    world.model("clientes", [cliente(n) for n in range(1, 13)])
    for _ in range(3):
        world.push()
        world.clock.sleep(60)
    world.model("clientes", [])
    stopped(
        world,
        "clientes",
        limits("mirror", max_deletes=99, max_delete_share=1),
        "só 0 linhas, quando o habitual são 12",
    )


def test_a_sum_above_the_ceiling(world: World) -> None:
    world.confirmed(1)
    world.read_references()
    rows = [titulo(n, valor_documento=Decimal("400.05")) for n in range(1, 4)]
    world.model("contas_receber", rows)
    policy = limits(max_value_sum=Decimal("1000"))
    stopped(world, "contas_receber", policy, "R\\$ 1200.15 acima do teto de R\\$ 1000.00")


def test_a_day_with_few_rows_is_no_accident(world: World) -> None:
    world.model("clientes", [cliente(1, razao_social=INVALID), cliente(2)])
    assert world.push(policy=limits(max_quarantined_share=0)).total.created == 1
