"""A settlement is taken back only where its título may change and it may be made again."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.switches.decisions import Switches
from omie_pipeline.switches.settings import known_fields
from tests.effects.rows import UNDO, baixa, model, push, quarantined, with_settled_title
from tests.push.world import EMPRESA, World, titulo

pytestmark = pytest.mark.usefixtures("unvalidated")

TITLES, STEPS = "contas_receber", ("estornar_baixas_receber", "contas_receber", "baixas_receber")


def decide(world: World, endpoint: str, setting: Any, value: Any) -> None:
    now = world.clock.now()
    Switches(world.engine).decide(EMPRESA, endpoint, setting, value, "maria", now)


def clinic_says(world: World, **changes: Any) -> None:
    model(world, TITLES, titulo(1, **changes))
    model(world, "baixas_receber", baixa(1, str(changes.get("valor_documento", "150.10"))))
    model(world, "estornar_baixas_receber")


def test_a_field_that_is_left_out_takes_no_settlement_back(world: World) -> None:
    """Not even before the first run of the títulos that leaves it out."""
    with_settled_title(world)
    without = [name for name in known_fields(REGISTRY[TITLES]) if name != "observacao"]
    decide(world, TITLES, "fields", without)
    clinic_says(world, observacao="outra")
    for endpoint in (*STEPS, *STEPS):
        report = push(world, endpoint, policy=UNDO)
        assert (report.total.selected, report.closes) == (report.total.unchanged, True)
    assert not world.writes()
    clinic_says(world, observacao="outra", valor_documento=Decimal("160.00"))
    for endpoint in STEPS:
        push(world, endpoint, policy=UNDO)
    record = world.control.record(TITLES, "REC-1")
    assert record is not None
    assert Decimal(str(record["valor_documento"])) == Decimal("160.00")
    assert not record.get("observacao")


@pytest.mark.parametrize(
    ("endpoint", "state"),
    [
        (TITLES, "off"),
        (TITLES, "so_novos"),
        ("baixas_receber", "off"),
        ("baixas_receber", "so_novos"),
    ],
)
def test_nothing_is_taken_back_that_could_not_be_made_again(
    world: World, endpoint: str, state: str
) -> None:
    with_settled_title(world)
    decide(world, endpoint, "state", state)
    clinic_says(world, valor_documento=Decimal("160.00"))
    for one in STEPS:
        push(world, one, policy=UNDO)
    assert not world.writes()
    waits = quarantined(world, TITLES)
    assert bool(waits) == (endpoint != TITLES)
    # Once all of it is on again, the change goes its way.
    decide(world, endpoint, "state", None)
    world.clock.sleep(120)
    for one in STEPS:
        push(world, one, policy=UNDO)
    record = world.control.record(TITLES, "REC-1")
    assert record is not None
    assert Decimal(str(record["valor_documento"])) == Decimal("160.00")
    assert [one["valor"] for one in world.control.settlements("REC-1")] in ([160], ["160.00"])
