"""The way back's tests share the engine's world: simulator over HTTP, PostgreSQL, one clock."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.clock import ManualClock
from omie_pipeline.outbox.read import Change, changes_after
from omie_pipeline.outbox.records import KINDS
from omie_pipeline.outbox.write import write_changes
from omie_pipeline.postgres.tables import change, outbox_last
from tests.beginnings import beginning
from tests.push.conftest import unvalidated, world
from tests.push.world import EMPRESA, World, titulo
from tests.servers import mariadb, mariadb_server

__all__ = ["mariadb", "mariadb_server", "unvalidated", "world"]

READ = ("clientes", "contas_receber", "baixas")


CHANGE = Change(
    empresa=EMPRESA, number=7, key="principal/contas_receber/11/7", kind="contas_receber",
    omie_id=11, version=1, clinic_table="recebimentos", clinic_id="1", integration_code="REC-1",
    only_in_omie=False, state="partly_paid", due_date=date(2026, 2, 5), amount=Decimal("150.10"),
    open_amount=Decimal("100.00"), paid_date=date(2026, 1, 5), paid_amount=Decimal("50.10"),
    titulo_id=None, client_id=3, order_id=None, order_code=None, note_number="12",
    note_state="issued", note_pdf="https://exemplo/nota.pdf",
    happened_at=datetime(2026, 1, 5, 12, tzinfo=UTC),
    written_at=datetime(2026, 1, 5, 13, tzinfo=UTC),
)  # fmt: skip


def fill(engine: sa.Engine, changes: int, empresa: str = EMPRESA) -> None:
    """An outbox that has so many changes more, each of another record."""
    with engine.begin() as connection:
        newest = sa.select(sa.func.max(change.c.number)).where(change.c.empresa == empresa)
        first = connection.scalar(newest) or 0
        for number in range(first + 1, first + changes + 1):
            key = f"{empresa}/contas_receber/{number}/{number}"
            one = replace(CHANGE, empresa=empresa, number=number, omie_id=number, key=key)
            connection.execute(sa.insert(change).values(**asdict(one)))
        last = {"empresa": empresa, "number": first + changes}
        connection.execute(
            insert(outbox_last)
            .values(**last)
            .on_conflict_do_update(index_elements=["empresa"], set_=last)
        )


@beginning
def delivered(world: World, *numbers: int) -> None:
    """Títulos that Omie has confirmed, each of its own patient."""
    world.confirmed(*numbers)
    world.model("contas_receber", [titulo(one, one) for one in numbers])
    world.push("contas_receber")


class House:
    """A clinic whose títulos are in Omie, and what the outbox says of them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.known = 0

    def deliver(self, *numbers: int) -> None:
        """So many títulos, each of its own patient, as the clinic has them now."""
        delivered(self.world, *numbers)

    def read(self, *names: str) -> None:
        """What Omie has, read whole."""
        self.world.clock.sleep(120)
        for name in names or READ:
            self.world.import_table(name)

    def write(self) -> int:
        """Changes that one round writes."""
        return write_changes(self.world.engine, EMPRESA, KINDS, self.world.clock.now())

    def told(self) -> dict[tuple[str, str], Change]:
        """What the next round says, by kind and code (Omie's id where there is none)."""
        self.write()
        found = changes_after(self.world.engine, EMPRESA, self.known)
        self.known += len(found)
        return {(one.kind, one.integration_code or str(one.omie_id)): one for one in found}


@pytest.fixture
def house(world: World, unvalidated: None) -> House:
    return House(world)


@pytest.fixture
def clock() -> ManualClock:
    """The deployment's clock in tests that need no Omie."""
    return ManualClock(CHANGE.written_at)
