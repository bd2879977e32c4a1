"""A first load of orders: what is looked for first must not spend the error budget."""

from __future__ import annotations

import pytest

from tests.effects.rows import model, ordem, push, with_service
from tests.push.world import World


@pytest.mark.usefixtures("unvalidated")
def test_looking_for_many_new_orders_costs_one_error(world: World) -> None:
    """An empty list is an error answer, and eight of them would hold the rest for half an hour."""
    with_service(world)
    model(world, "ordens_servico", *(ordem(number) for number in range(1, 121)))
    assert push(world, "ordens_servico").total.created == 120
    looks = [call for call in world.control.calls() if call.method == "ListarOS"]
    assert len(looks) == 3
    faults = world.rows("SELECT method FROM omie_sync.quota_fault")
    assert [method for (method,) in faults] == ["ListarOS"]
    assert len(world.control.records("ordens_servico")) == 120
