"""Every change is told once, in the order of its number, as Omie has the record."""

from __future__ import annotations

import threading
from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa

from omie_pipeline.errors import ConfigurationError, WarehouseError
from omie_pipeline.outbox.read import acknowledge, changes_after, newest_number, readers
from omie_pipeline.outbox.write import write_changes
from omie_pipeline.postgres.tables import ledger
from tests.outbox.conftest import House
from tests.push.world import EMPRESA, titulo


def test_a_record_is_told_when_omie_knows_something_new_of_it(house: House) -> None:
    control, engine = house.world.control, house.world.engine
    house.deliver(1, 2)
    first = house.told()
    title = first["contas_receber", "REC-1"]
    assert (title.state, title.amount, title.open_amount) == ("unread", None, None)
    assert (title.clinic_table, title.clinic_id) == ("recebimentos", "1")
    assert first["clientes", "PAC-2"].omie_id == first["clientes", "PAC-2"].client_id
    assert house.told() == {}

    house.read()
    read = house.told()
    title = read["contas_receber", "REC-1"]
    assert (title.state, title.amount, title.open_amount, title.paid_amount) == (
        "open", Decimal("150.10"), Decimal("150.10"), Decimal("0.00"),
    )  # fmt: skip
    assert (title.version, title.key) == (
        2,
        f"{EMPRESA}/contas_receber/{title.omie_id}/{title.number}",
    )
    assert read["clientes", "PAC-1"].state == "active"
    assert title.client_id == read["clientes", "PAC-1"].omie_id

    control.settle("contas_receber", "REC-1", value=Decimal("50.10"), day=date(2026, 1, 5))
    control.settle("contas_receber", "REC-2", day=date(2026, 1, 5))
    house.read()
    paid = house.told()
    part, whole = paid["contas_receber", "REC-1"], paid["contas_receber", "REC-2"]
    assert (part.state, part.open_amount, part.paid_amount, part.paid_date) == (
        "partly_paid", Decimal("100.00"), Decimal("50.10"), date(2026, 1, 5),
    )  # fmt: skip
    assert (whole.state, whole.open_amount) == ("paid", Decimal("0.00"))
    settlements = [one for one in paid.values() if one.kind == "baixas_receber"]
    assert {(one.titulo_id, one.paid_amount, one.only_in_omie) for one in settlements} == {
        (part.omie_id, Decimal("50.10"), True),
        (whole.omie_id, Decimal("150.10"), True),
    }
    assert {one.number for one in paid.values()} == set(range(9, 13))

    house.read()
    assert house.told() == {}
    numbers = [one.number for one in changes_after(engine, EMPRESA, 0)]
    assert numbers == list(range(1, newest_number(engine, EMPRESA) + 1))


def test_what_omie_alone_has_is_marked_and_what_is_gone_is_told(house: House) -> None:
    world = house.world
    house.deliver(1)
    (theirs,) = world.control.seed_receivables(1, days=1)
    house.read()
    told = house.told()
    assert told["contas_receber", str(theirs)].only_in_omie
    assert told["contas_receber", str(theirs)].clinic_id is None
    assert not told["contas_receber", "REC-1"].only_in_omie
    world.control.delete("contas_receber", theirs)
    world.control.cancel("contas_receber", "REC-1")
    house.read()
    told = house.told()
    assert told["contas_receber", str(theirs)].state == "removed"
    assert told["contas_receber", "REC-1"].state == "cancelled"


def test_what_was_told_is_not_taken_back_while_a_list_is_read_again(house: House) -> None:
    house.deliver(1)
    house.read()
    house.told()
    with house.world.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM omie.saldos_titulos"))
        connection.execute(sa.text("UPDATE omie.contas_receber SET valor_documento = 1"))
    assert house.told() == {}
    with house.world.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM omie.contas_receber"))
        connection.execute(sa.text("DELETE FROM omie.clientes"))
    assert house.told() == {}


def test_the_models_say_which_row_of_the_clinic_it_is(house: House) -> None:
    """``REC-7-2`` alone does not: it may be an instalment or a receipt of that name."""
    world = house.world
    world.confirmed(1)
    rows = [titulo(1, codigo_lancamento_integracao="REC-7-2", _origem_id="7")]
    world.model("contas_receber", rows)
    world.push("contas_receber")
    assert house.told()["contas_receber", "REC-7-2"].clinic_id == "7"


def test_two_writers_and_one_that_fails_leave_no_gap(house: House) -> None:
    engine = house.world.engine
    house.deliver(1, 2)
    with engine.begin() as connection:
        connection.execute(
            sa.text("ALTER TABLE omie_sync.outbox_record ADD CONSTRAINT broken CHECK (false)")
        )
    with pytest.raises(WarehouseError):
        house.write()
    assert changes_after(engine, EMPRESA, 0) == ()
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE omie_sync.outbox_record DROP CONSTRAINT broken"))
    written: list[int] = []
    threads = [threading.Thread(target=lambda: written.append(house.write())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(written) == [0, 0, 4]
    assert [one.number for one in changes_after(engine, EMPRESA, 0)] == [1, 2, 3, 4]


def test_what_goes_away_while_it_is_told_is_told_once(house: House) -> None:
    """A list is cleared, a ledger row goes: what the change said is remembered all the same."""
    engine = house.world.engine
    house.deliver(1)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION omie_saida.goes() RETURNS trigger LANGUAGE plpgsql AS "
            "$$BEGIN DELETE FROM omie_sync.ledger; RETURN NULL; END$$; "
            "CREATE TRIGGER goes AFTER INSERT ON omie_saida.changes "
            "EXECUTE FUNCTION omie_saida.goes()"
        )
        kept = connection.exec_driver_sql("SELECT * FROM omie_sync.ledger").mappings().all()
    assert house.write() == 2
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER goes ON omie_saida.changes")
        assert connection.exec_driver_sql("SELECT FROM omie_sync.outbox_record").rowcount == 2
        connection.execute(sa.insert(ledger), [dict(row) for row in kept])
    assert house.write() == 0


def test_a_reader_gets_the_same_rows_until_it_says_so(house: House) -> None:
    engine = house.world.engine
    house.deliver(1, 2)
    house.write()
    first = changes_after(engine, EMPRESA, 0, 3)
    assert changes_after(engine, EMPRESA, 0, 3) == first
    assert acknowledge(engine, EMPRESA, "meu_sistema", 3) == 3
    assert acknowledge(engine, EMPRESA, "meu_sistema", 1) == 3  # late, or twice
    (reader,) = readers(engine, [EMPRESA])
    assert (reader.number, reader.behind) == (3, 1)
    for wrong in (5, -1):
        with pytest.raises(ConfigurationError, match="vai de 1 a 4"):
            acknowledge(engine, EMPRESA, "meu_sistema", wrong)


def test_kinds_that_were_not_chosen_are_not_told(house: House) -> None:
    house.deliver(1)
    now = house.world.clock.now()
    assert write_changes(house.world.engine, EMPRESA, ("clientes",), now) == 1
    assert house.write() == 1
