"""Fields that come and go, edits at the clinic between: leaving one out sends nothing by itself,
and in the end Omie has what the clinic says of every field that is exported."""

from __future__ import annotations

import random
from typing import Any

import pytest

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.switches.decisions import Switches
from omie_pipeline.switches.settings import known_fields
from tests.push.world import EMPRESA, World, cliente

pytestmark = pytest.mark.usefixtures("unvalidated")

CHOSEN = ("email", "nome_fantasia", "observacao")
EMPTIES = EndpointPolicy(on_emptied="empty")


@pytest.mark.parametrize(
    "seed",
    [pytest.param(seed, marks=() if seed == 2 else pytest.mark.slow) for seed in range(1, 7)],
)
def test_choices_of_fields_and_edits_end_as_the_clinic_says(world: World, seed: int) -> None:
    dice = random.Random(seed)
    rows: dict[int, dict[str, Any]] = {n: cliente(n, observacao=f"nota {n}") for n in range(1, 5)}
    left_out: set[str] = set()
    world.model("clientes", list(rows.values()))
    assert world.push(policy=EMPTIES).total.created == len(rows)
    switches = Switches(world.engine)
    for step in range(6):
        world.clock.sleep(120)
        before = {code: dict(one) for code, one in world.held_by_omie().items()}
        now_out = {name for name in CHOSEN if dice.random() < 0.4}
        if dice.random() < 0.3:
            now_out = set(left_out)
        kept = [one for one in known_fields(REGISTRY["clientes"]) if one not in now_out]
        switches.decide(EMPRESA, "clientes", "fields", kept, "ANA", world.clock.now())
        edited = set()
        if dice.random() < 0.7:
            number, name = dice.choice(list(rows)), dice.choice(CHOSEN)
            value = None if name != "nome_fantasia" and dice.random() < 0.4 else f"{name} {step}"
            rows[number] = {**rows[number], name: value}
            edited.add(f"PAC-{number}")
        world.model("clientes", list(rows.values()))
        would = world.push(policy=EMPTIES, dry_run=True).would_send
        world.control.clear_calls()
        report = world.push(policy=EMPTIES)
        assert report.closes
        assert report.total.updated == would, "a dry run sees what leaves"
        if now_out >= left_out:
            touched = {call.param["codigo_cliente_integracao"] for call in world.writes()}
            assert touched <= edited, "leaving a field out sends nothing by itself"
        for code, one in world.held_by_omie().items():
            for name in now_out:
                assert one.get(name) == before[code].get(name), (step, code, name)
        left_out = now_out
    switches.decide(EMPRESA, "clientes", "fields", None, "ANA", world.clock.now())
    world.clock.sleep(120)
    world.push(policy=EMPTIES)
    held = world.held_by_omie()
    for number, row in rows.items():
        for name in CHOSEN:
            assert (held[f"PAC-{number}"].get(name) or None) == row[name], (number, name)
    world.clock.sleep(120)
    assert world.push(policy=EMPTIES).total.unchanged == len(rows)
