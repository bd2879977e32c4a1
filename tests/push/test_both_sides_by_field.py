"""``reconcile`` field by field: which side changed, with and without ``wins``."""

from __future__ import annotations

import pytest

from omie_pipeline.reconcile.by_field import by_field
from omie_pipeline.reconcile.differences import Difference
from tests.push.test_both_sides import policy, read, typed
from tests.push.world import EMPRESA, World, cliente

pytestmark = pytest.mark.usefixtures("unvalidated")


def sides(world: World) -> dict[str, str]:
    found = [
        Difference(EMPRESA, "clientes", "PAC-1", None, None, "different", None, None, None),
        Difference(EMPRESA, "clientes", "PAC-9", None, None, "missing_in_omie", None, None, None),
    ]
    return {one.field: one.side for one in by_field(world.engine, found)}


@pytest.mark.parametrize(
    ("wins", "clinic_alone", "person_alone"),
    [(policy("pessoa"), "clinica", "omie"), (None, "both", "both")],
)
def test_who_changed_what(world: World, wins: object, clinic_alone: str, person_alone: str) -> None:
    options = {"policy": wins} if wins is not None else {}
    world.model("clientes", [cliente(1)])
    world.push(**options)  # type: ignore[arg-type]
    read(world)
    assert sides(world) == {}
    world.push(**options)  # type: ignore[arg-type]
    typed(world, email="certo@omie.com.br", nome_fantasia="Ana")
    read(world)
    assert sides(world) == {"email": "omie", "nome_fantasia": "omie"}
    world.model("clientes", [cliente(1, bairro="Sé", nome_fantasia="Bia")])
    # Without both sides kept it is known of the record only, not of each field.
    assert sides(world) == {
        "email": person_alone,
        "bairro": clinic_alone,
        "nome_fantasia": "both",
    }
