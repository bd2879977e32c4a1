"""A person's decision to bill, and orders whose note ended: in error, cancelled, order deleted."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.nfse.billing import orders_model
from omie_pipeline.nfse.orders import describe_note
from omie_pipeline.nfse.state import open_notes, transitions
from omie_pipeline.postgres.tables import nfse
from omie_pipeline.push.policy import EndpointPolicy
from tests.effects import rows
from tests.effects.rows import CONFLICT, OPEN, model, push, quarantined, settle_down
from tests.nfse.test_opening import issue, note, notes
from tests.push.conftest import unvalidated, world
from tests.push.world import EMPRESA, World

__all__ = ["unvalidated", "world"]

pytestmark = pytest.mark.usefixtures("unvalidated")

MIRROR = EndpointPolicy(mode="mirror", guardrails=OPEN)


def test_a_note_in_error_is_billed_once_more_by_a_person(world: World) -> None:
    """Omie is asked first: here the order is billed, so the note is only followed again."""
    rows.with_billed_order(world)
    with world.engine.begin() as connection:
        connection.execute(sa.update(nfse).values(state="error"))
    assert push(world, "faturar_os").total.unchanged == 1, "not by itself"
    assert issue(world).total.linked == 1
    assert (note(world).state, len(notes(world))) == ("submitted", 1)


def cancelled(world: World) -> None:
    rows.with_billed_order(world)
    with world.engine.begin() as connection:
        connection.execute(sa.update(nfse).values(state="cancelled"))


def test_a_cancelled_note_is_the_end_of_its_order(world: World) -> None:
    cancelled(world)
    with pytest.raises(ConfigurationError, match="novo recebimento"):
        issue(world)
    assert world.rows("SELECT 1 FROM omie_sync.billing_request") == []
    model(world, "ordens_servico", rows.ordem(1, rows.item("70.00")))
    assert push(world, "ordens_servico", policy=CONFLICT).total.quarantined == 1
    (reason,) = quarantined(world, "ordens_servico")["OS-1"]
    assert "novo recebimento" in reason["fix"]
    assert "nfse cancel" not in reason["fix"]
    model(world, "ordens_servico", rows.ordem(1))
    assert push(world, "ordens_servico", policy=CONFLICT).total.unchanged == 1
    assert quarantined(world, "ordens_servico") == {}


@pytest.mark.parametrize("state", ["error", "rejected", "cancelled"])
def test_the_note_of_a_deleted_order_ends(world: World, state: str) -> None:
    rows.with_order(world)
    model(world, "faturar_os", rows.faturamento(1))
    old = _note_of_nothing(world, state)
    model(world, "ordens_servico")
    assert push(world, "ordens_servico", policy=MIRROR).total.deleted == 1
    assert note(world).state == "deleted"
    assert open_notes(world.engine, EMPRESA) == []
    settle_down(world)
    model(world, "ordens_servico", rows.ordem(1))
    assert push(world, "ordens_servico", policy=MIRROR).total.created == 1
    assert push(world, "faturar_os").total.created == 1
    fresh = note(world)
    assert (fresh.state, fresh.numero, fresh.message) == ("submitted", None, None)
    assert fresh.n_cod_os not in (None, old)
    path = [step.to_state for step in transitions(world.engine, EMPRESA, "OS-1")]
    assert path == ["deleted", "submitted"]


def _note_of_nothing(world: World, state: str) -> int:
    """A note of OS-1 without a billing in Omie; returns Omie's id of the order."""
    (row,) = world.rows("SELECT omie_id FROM omie_sync.ledger WHERE endpoint = 'ordens_servico'")
    now = world.clock.now()
    with world.engine.begin() as connection:
        connection.execute(
            sa.insert(nfse).values(
                empresa=EMPRESA, cod_int_os="OS-1", n_cod_os=row[0], state=state, numero="12",
                message="x", billed_at=now, changed_at=now,
            )
        )  # fmt: skip
    return int(row[0])


def test_a_note_that_a_person_asked_for_has_its_sum_and_city(world: World) -> None:
    rows.with_order(world)
    assert issue(world).total.created == 1
    assert (note(world).valor, note(world).municipio) == (None, None)
    found = orders_model(world.engine)
    assert found is not None
    assert found.endpoint == REGISTRY["ordens_servico"]
    describe_note(world.engine, found, EMPRESA, "OS-1")
    assert note(world).municipio == "SAO PAULO (SP)"
    assert note(world).valor is not None
