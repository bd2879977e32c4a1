"""Settlements, orders and notes as they are told, ours and other people's."""

from __future__ import annotations

from decimal import Decimal

import pytest
import sqlalchemy as sa

from tests.effects import rows
from tests.outbox.conftest import House


@pytest.mark.slow
def test_payments_of_both_sides_and_one_that_is_taken_back(house: House) -> None:
    world = house.world
    rows.with_settled_title(world, rows.baixa(1, "100.00"))
    theirs = world.control.settle("contas_receber", "REC-1", value=Decimal("20.10"))
    house.read()
    told = house.told()
    ours = told["baixas_receber", "BXR-1"]
    assert (ours.only_in_omie, ours.paid_amount, ours.state) == (False, Decimal("100.00"), "paid")
    assert (ours.clinic_table, ours.clinic_id) == ("pagamentos", "1")
    assert ours.titulo_id == told["contas_receber", "REC-1"].omie_id
    other = told["baixas_receber", str(theirs)]
    assert (other.only_in_omie, other.paid_amount) == (True, Decimal("20.10"))
    assert told["contas_receber", "REC-1"].open_amount == Decimal("30.00")
    world.control.undo_settlement(theirs)
    house.read()
    told = house.told()
    assert told["baixas_receber", str(theirs)].state == "removed"
    assert told["contas_receber", "REC-1"].open_amount == Decimal("50.10")
    assert ("baixas_receber", "BXR-1") not in told


@pytest.mark.slow
def test_an_order_its_note_and_the_titulo_that_came_of_it(house: House) -> None:
    world = house.world
    rows.with_order(world, rows.ordem(1))
    order = house.told()["ordens_servico", "OS-1"]
    assert (order.state, order.note_state, order.clinic_id) == ("open", None, "1")
    rows.model(world, "faturar_os", rows.faturamento(1))
    rows.push(world, "faturar_os")
    house.read()
    told = house.told()
    order = told["ordens_servico", "OS-1"]
    assert (order.state, order.order_id) == ("billed", order.omie_id)
    (title,) = (one for one in told.values() if one.kind == "contas_receber")
    # Omie made it, of an order of the clinic's: it is the clinic's.
    assert (title.only_in_omie, title.integration_code) == (False, None)
    assert (title.order_code, title.clinic_table, title.clinic_id) == ("OS-1", "recebimentos", "1")
    with world.engine.begin() as connection:
        connection.execute(
            sa.text(
                "UPDATE omie_sync.nfse SET state = 'issued', numero = '77', "
                "url_pdf = 'https://exemplo/77.pdf'"
            )
        )
    told = house.told()
    for one in told.values():
        assert (one.note_state, one.note_number, one.note_pdf) == (
            "issued", "77", "https://exemplo/77.pdf",
        )  # fmt: skip
    assert {kind for kind, _ in told} == {"ordens_servico", "contas_receber"}


@pytest.mark.parametrize("how", ["deleted", "same_as"])
def test_what_the_ledger_says_of_a_record(house: House, how: str) -> None:
    """A título that we deleted is gone; one that stands for ours under another id is ours."""
    world = house.world
    house.deliver(1)
    house.read()
    first = house.told()["contas_receber", "REC-1"]
    with world.engine.begin() as connection:
        if how == "deleted":
            connection.execute(
                sa.text(
                    "UPDATE omie_sync.ledger SET state = 'deleted' WHERE endpoint <> 'clientes'"
                )
            )
        else:
            connection.execute(
                sa.text(
                    "UPDATE omie_sync.ledger SET same_as = omie_id, omie_id = NULL "
                    "WHERE endpoint <> 'clientes'"
                )
            )
    told = house.told()
    if how == "deleted":
        assert told["contas_receber", "REC-1"].state == "removed"
        assert told["contas_receber", "REC-1"].version == first.version + 1
    else:
        assert told == {}
