"""What only cannot be changed any more, and a clinic's few reversals, are no accident."""

from __future__ import annotations

from decimal import Decimal

import pytest

from omie_pipeline.errors import GuardrailStopped
from omie_pipeline.push.policy import EndpointPolicy
from tests.effects.rows import baixa, estorno, model, push, settle_down, with_title
from tests.push.world import EMPRESA, World, titulo

pytestmark = pytest.mark.usefixtures("unvalidated")

SETTLED = 7


def _settled(world: World, titles: int) -> None:
    with_title(world, *[titulo(n) for n in range(1, titles + 1)])
    model(world, "baixas_receber", *[baixa(n, title=n) for n in range(1, SETTLED + 1)])
    push(world, "baixas_receber")
    settle_down(world)


def test_one_reversal_of_few_payments_goes_through(world: World) -> None:
    _settled(world, SETTLED)
    model(world, "estornar_baixas_receber", estorno(1))
    assert push(world, "estornar_baixas_receber").total.deleted == 1
    assert world.control.settlements("REC-1") == ()


@pytest.mark.slow
def test_settled_titles_do_not_stop_new_ones(world: World) -> None:
    _settled(world, 10)
    rows = [titulo(n, id_conta_corrente=9100000002) for n in range(1, 12)]
    model(world, "contas_receber", *rows)
    for new in (1, 0):
        report = push(world, "contas_receber")
        assert (report.total.quarantined, report.total.created) == (SETTLED, new)
        world.clock.sleep(3600)
    assert world.control.record("contas_receber", "REC-11") is not None


def test_a_dry_run_does_not_count_them_either(world: World) -> None:
    _settled(world, SETTLED)
    rows = [titulo(n, valor_documento=Decimal("99.00")) for n in range(1, SETTLED + 1)]
    model(world, "contas_receber", *rows)
    report = world.push("contas_receber", dry_run=True)
    assert (report.total.quarantined, report.would_stop) == (SETTLED, ())


@pytest.mark.slow
def test_changed_payments_are_conflicts_and_the_few_rows_still_count(world: World) -> None:
    _settled(world, SETTLED)
    rows = [baixa(n, "41.00", title=n) for n in range(1, SETTLED + 1)]
    model(world, "baixas_receber", *rows)
    assert push(world, "baixas_receber").total.quarantined == SETTLED
    policy = EndpointPolicy.model_validate({"guardrails": {"min_rows_vs_median": 5}})
    for _ in range(3):
        push(world, "baixas_receber")
        world.clock.sleep(3600)
    with pytest.raises(GuardrailStopped, match="min_rows_vs_median"):
        world.push("baixas_receber", policy=policy)
    assert world.rows(f"select 1 from omie_sync.quarantine where empresa = '{EMPRESA}'")
