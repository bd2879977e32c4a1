"""Old changes go when everybody has them and a newer one of the record says more."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from omie_pipeline.outbox.cut import cut_number, cut_off
from omie_pipeline.outbox.read import acknowledge, changes_after
from omie_pipeline.outbox.targets import rewind
from omie_pipeline.postgres.tables import change, outbox_last, outbox_record, outbox_target
from tests.outbox.conftest import CHANGE
from tests.push.world import EMPRESA

DAY = timedelta(days=1)
NOW = CHANGE.written_at + 500 * DAY


@pytest.fixture
def old(engine: sa.Engine) -> sa.Engine:
    """Two records: one told in 1, 3 and 4, the other in 2; number 3 is of yesterday."""
    written = {3: NOW - DAY, 4: NOW}
    records = {1: 11, 2: 22, 3: 11, 4: 11}
    with engine.begin() as connection:
        for number, omie_id in records.items():
            one = replace(
                CHANGE, number=number, omie_id=omie_id, key=f"k/{number}",
                written_at=written.get(number, CHANGE.written_at),
            )  # fmt: skip
            connection.execute(sa.insert(change).values(**asdict(one)))
        for omie_id, number in ((11, 4), (22, 2)):
            connection.execute(
                sa.insert(outbox_record).values(
                    empresa=EMPRESA, kind=CHANGE.kind, omie_id=omie_id, version=1, number=number,
                    digest="x", whole=True,
                )
            )  # fmt: skip
        connection.execute(sa.insert(outbox_last).values(empresa=EMPRESA, number=4))
    return engine


def numbers(engine: sa.Engine) -> list[int]:
    return [one.number for one in changes_after(engine, EMPRESA, 0)]


def test_what_is_old_replaced_and_taken_by_all_goes(old: sa.Engine) -> None:
    acknowledge(old, EMPRESA, "meu_sistema", 4)
    assert cut_off(old, EMPRESA, (), 400, NOW) == 1
    # The newest of each record stays, however old; so does what is not old.
    assert (numbers(old), cut_number(old, EMPRESA)) == ([2, 3, 4], 1)
    later = NOW + 450 * DAY
    assert cut_off(old, EMPRESA, (), 400, later) == 1
    assert (numbers(old), cut_number(old, EMPRESA)) == ([2, 4], 3)
    assert cut_off(old, EMPRESA, (), 400, later + 2 * DAY) == 0
    assert cut_number(old, EMPRESA) == 3


def test_it_is_looked_for_once_a_day(old: sa.Engine) -> None:
    assert cut_off(old, EMPRESA, (), 400, NOW) == 0  # nobody has said to have anything
    acknowledge(old, EMPRESA, "meu_sistema", 4)
    assert cut_off(old, EMPRESA, (), 400, NOW + DAY / 2) == 0
    assert cut_off(old, EMPRESA, (), 400, NOW + DAY) == 1


@pytest.mark.parametrize(("used", "behind"), [("table", 0), ("callback", 4)])
def test_nothing_goes_that_a_target_or_a_reader_has_not(
    old: sa.Engine, used: str, behind: int
) -> None:
    """A target that was never delivered to counts, one that is not used any more does not."""
    acknowledge(old, EMPRESA, "meu_sistema", 4)
    rewind(old, EMPRESA, "callback", 0)
    with old.begin() as connection:
        connection.execute(sa.update(outbox_target).values(number=behind))
    assert cut_off(old, EMPRESA, ("table",), 400, NOW) == 0
    assert cut_off(old, EMPRESA, (used,), 400, NOW + DAY) == (1 if used == "callback" else 0)
    acknowledge(old, EMPRESA, "outro_sistema", 0)
    assert cut_off(old, EMPRESA, (), 1, NOW + 2 * DAY) == 0
    assert 3 in numbers(old)


def test_who_writes_is_not_waited_for(old: sa.Engine) -> None:
    acknowledge(old, EMPRESA, "meu_sistema", 4)
    with old.begin() as other:
        other.execute(sa.select(outbox_last).with_for_update())
        assert cut_off(old, EMPRESA, (), 400, NOW) == 0
    assert cut_off(old, EMPRESA, (), 400, NOW) == 1
