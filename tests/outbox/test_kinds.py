"""Settlements, orders and notes as they are told, ours and other people's."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa

from omie_pipeline.outbox.read import Change, changes_after
from tests.effects import rows
from tests.outbox.conftest import House
from tests.push.world import EMPRESA, World, titulo

SIDES = [("contas_receber", "baixas_receber"), ("contas_pagar", "baixas_pagar")]


@pytest.mark.slow
@pytest.mark.parametrize(("titles", "settlements"), SIDES)
def test_payments_of_both_sides_and_one_that_is_taken_back(
    house: House, titles: str, settlements: str
) -> None:
    world, lists = house.world, ("clientes", titles, "baixas")
    rows.with_settled_title(world, rows.baixa(1, "100.00"), endpoint=titles)
    theirs = world.control.settle(titles, "REC-1", value=Decimal("20.10"))
    house.read(*lists)
    told = house.told()
    ours = told[settlements, "BXR-1"]
    assert (ours.only_in_omie, ours.paid_amount, ours.state) == (False, Decimal("100.00"), "paid")
    assert (ours.clinic_table, ours.clinic_id) == ORIGINS[settlements]
    assert ours.titulo_id == told[titles, "REC-1"].omie_id
    other = told[settlements, str(theirs)]
    assert (other.only_in_omie, other.paid_amount) == (True, Decimal("20.10"))
    assert told[titles, "REC-1"].open_amount == Decimal("30.00")
    world.control.undo_settlement(theirs)
    house.read(*lists)
    told = house.told()
    assert told[settlements, str(theirs)].state == "removed"
    assert told[titles, "REC-1"].open_amount == Decimal("50.10")
    assert (settlements, "BXR-1") not in told
    assert {kind for kind, _ in told} == {titles, settlements}


ORIGINS = {"baixas_receber": ("pagamentos", "1"), "baixas_pagar": ("pagamentos", "1")}


@pytest.mark.parametrize("titles", ["contas_receber", "contas_pagar"])
def test_every_state_of_a_titulo_of_both_sides(house: House, titles: str) -> None:
    world, control, lists = house.world, house.world.control, ("clientes", titles, "baixas")
    rows.with_title(world, *(titulo(number) for number in range(1, 6)), endpoint=titles)
    assert {one.state for one in house.told().values()} == {"unread"}
    control.settle(titles, "REC-2", value=Decimal("50.10"))
    control.settle(titles, "REC-3")
    control.cancel(titles, "REC-4")
    house.read(*lists)
    assert {
        code: state_of(one) for (kind, code), one in house.told().items() if kind == titles
    } == {
        "REC-1": ("open", Decimal("150.10"), Decimal("0.00")),
        "REC-2": ("partly_paid", Decimal("100.00"), Decimal("50.10")),
        "REC-3": ("paid", Decimal("0.00"), Decimal("150.10")),
        "REC-4": ("cancelled", Decimal("0.00"), Decimal("0.00")),
        "REC-5": ("open", Decimal("150.10"), Decimal("0.00")),
    }
    control.delete(titles, "REC-5")
    house.read(*lists)
    ((key, one),) = house.told().items()
    assert (key, one.state) == ((titles, "REC-5"), "removed")


def state_of(one: Change) -> tuple[str, Decimal | None, Decimal | None]:
    return one.state, one.open_amount, one.paid_amount


@pytest.mark.parametrize("kind", ["clientes", *(kind for side in SIDES for kind in side)])
def test_what_went_before_any_list_showed_it_is_told_as_gone(house: House, kind: str) -> None:
    """It would be ``unread`` for ever; and nothing but a whole reading says so."""
    world, control, lists = house.world, house.world.control, ("clientes", "baixas")
    code = {"clientes": "PAC-1"}.get(kind, "REC-1")
    if kind == "clientes":
        world.confirmed(1)
    else:
        titles = kind.replace("baixas", "contas")
        lists = (*lists, titles)
        if kind == titles:
            rows.with_title(world, endpoint=titles)
        else:
            code = "BXR-1"
            rows.with_settled_title(world, endpoint=titles)
    first = house.told()[kind, code]
    assert first.state == "unread"
    if code == "BXR-1":
        control.undo_settlement(first.omie_id)
    else:
        control.delete(kind, first.omie_id)
    world.clock.sleep(120)
    for name in lists:
        world.import_table(name, "incremental")
    house.told()
    house.read(*lists)
    told = house.told().get((kind, code)) or newest(house, kind, first.omie_id)
    assert (told.state, told.version) == ("removed", 2)
    assert house.told() == {}


def newest(house: House, kind: str, omie_id: int) -> Change:
    """What was told last of a record."""
    told = changes_after(house.world.engine, EMPRESA, 0)
    return [one for one in told if (one.kind, one.omie_id) == (kind, omie_id)][-1]


def test_what_no_whole_reading_covers_stays_unread(house: House) -> None:
    house.deliver(1)
    title = house.told()["contas_receber", "REC-1"]
    house.world.control.delete("contas_receber", title.omie_id)
    house.read("clientes")
    house.world.import_table("contas_receber", start=date(2026, 1, 6))
    house.told()
    assert newest(house, "contas_receber", title.omie_id).state == "unread"
    # Nor does one whose pages were asked before Omie had it for sure.
    with house.world.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE omie_sync.ledger SET confirmed_at = confirmed_at + '1h'")
        )
    house.world.import_table("contas_receber")
    assert house.told() == {}


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


NOTES = "omie.notas_fiscais"
GONE = f"UPDATE {NOTES} SET excluido_em = lido_em"


def test_a_note_that_omie_has_no_longer_is_none(house: House) -> None:
    """Billed by a person in Omie, as the list of notes tells; another note stands for it."""
    world = house.world
    rows.with_order(world, rows.ordem(1))
    order = house.told()["ordens_servico", "OS-1"]
    world.control.issue_note("notas_servico", "100.00")
    house.read("notas_servico")
    run(world, f"UPDATE {NOTES} SET codigo_os = {order.omie_id}, numero = '8'")
    told = house.told()["ordens_servico", "OS-1"]
    assert (told.state, told.note_state, told.note_number) == ("billed", "issued", "8")
    # A list that is cleared says nothing of it.
    run(world, f"CREATE TABLE kept AS SELECT * FROM {NOTES}", f"DELETE FROM {NOTES}")
    assert house.told() == {}
    run(world, f"INSERT INTO {NOTES} SELECT * FROM kept", GONE)
    told = house.told()["ordens_servico", "OS-1"]
    assert (told.state, told.note_state, told.note_number) == ("open", "deleted", "8")
    run(
        world,
        "UPDATE kept SET codigo_nf = 1, numero = '9', data_emissao = data_emissao - 1",
        f"INSERT INTO {NOTES} SELECT * FROM kept",
    )
    told = house.told()["ordens_servico", "OS-1"]
    assert (told.state, told.note_state, told.note_number) == ("billed", "issued", "9")
    assert house.told() == {}


def test_a_note_that_we_followed_and_omie_has_no_longer_is_none(house: House) -> None:
    world = house.world
    rows.with_billed_order(world)
    run(world, "UPDATE omie_sync.nfse SET state = 'issued', numero = '8', url_pdf = 'https://x'")
    order = house.told()["ordens_servico", "OS-1"]
    assert (order.state, order.note_state) == ("billed", "issued")
    world.control.issue_note("notas_servico", "100.00")
    house.read("notas_servico")
    run(world, f"UPDATE {NOTES} SET codigo_os = {order.omie_id}, numero = '8'", GONE)
    told = house.told()["ordens_servico", "OS-1"]
    assert (told.state, told.note_state, told.note_pdf) == ("open", "deleted", None)
    run(world, "UPDATE omie_sync.nfse SET changed_at = changed_at + '1 day'")
    assert house.told()["ordens_servico", "OS-1"].note_state == "issued"


def run(world: World, *statements: str) -> None:
    with world.engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


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
