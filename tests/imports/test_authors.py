"""Who made a row: our push, another integration, or a person."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from tests.imports.mirrored import later, merge, stored
from tests.imports.titles import info, seed
from tests.push.world import World, titulo

pytestmark = pytest.mark.usefixtures("unvalidated")

DAY = date(2026, 1, 2)


def test_who_made_a_row(world: World) -> None:
    world.read_references()
    world.confirmed(1)
    world.model("contas_receber", [titulo(1)])
    assert world.push("contas_receber").total.created == 1
    seed(world, 1, DAY)
    robot = info(DAY, by="WEBSERVICE")
    seed(world, 1, DAY, info={**robot, "cImpAPI": "S"}, codigo_lancamento_integracao="OUTRO-1")
    later(world, minutes=2)
    world.import_table("contas_receber")
    found = {
        (row["codigo_integracao"], row["feito_por"], row["ledger_codigo"])
        for row in stored(world.engine, "contas_receber")
    }
    assert found == {
        ("REC-1", "omie_pipeline", "REC-1"),
        (None, "pessoa", None),
        ("OUTRO-1", "integracao", None),
    }


def test_a_row_read_before_the_ledger_knew_it_is_linked_by_the_next_reading(
    world: World,
) -> None:
    world.confirmed(1)
    (held,) = world.control.records("clientes")
    bare = {k: v for k, v in held.items() if k[0] != "_"}
    with world.engine.begin() as connection:
        ledger = connection.execute(
            sa.text("SELECT omie_id, created_here FROM omie_sync.ledger")
        ).one()
        connection.execute(sa.text("UPDATE omie_sync.ledger SET omie_id = NULL"))
    merge(world.engine, "clientes", [bare], asked_at=world.clock.now())
    with world.engine.begin() as connection:
        connection.execute(sa.text("UPDATE omie_sync.ledger SET omie_id = :id"), {"id": ledger[0]})
    later(world, minutes=2)
    report = world.import_table("clientes")
    assert report.updated == 1
    (row,) = stored(world.engine, "clientes")
    assert (row["feito_por"], row["ledger_codigo"]) == ("omie_pipeline", "PAC-1")
