"""The clinic's receiver in a history: what it was told, through failures and deaths."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Literal

import sqlalchemy as sa

from omie_pipeline.outbox.read import Change, changes_after, newest_number
from omie_pipeline.outbox.records import KINDS
from omie_pipeline.outbox.targets import TargetError, TargetName, deliver
from omie_pipeline.outbox.write import write_changes
from omie_pipeline.postgres.tables import (
    acknowledgement,
    change,
    outbox_last,
    outbox_record,
    outbox_target,
)
from omie_pipeline.simulator.rules.titulos import open_balance
from tests.histories.company import Company
from tests.push.world import EMPRESA

Mishap = Literal["none", "down", "killed", "part"]
_TABLES = (change, acknowledgement, outbox_record, outbox_last, outbox_target)


class _Gone(BaseException):
    """The process ends after the delivery and before it is acknowledged."""


class Receiver:
    """The target: a program of the clinic's that keeps the newest change of each record.

    Attributes:
        has: by kind and Omie's id.
        numbers: all that ever arrived, in the order in which they did.
    """

    name: TargetName = "callback"
    batch = 3

    def __init__(self, company: Company) -> None:
        self.company = company
        self.has: dict[tuple[str, int], Change] = {}
        self.numbers: list[int] = []
        self.mishap: Mishap = "none"
        with company.engine.begin() as connection:
            for table in _TABLES:
                connection.execute(sa.delete(table))

    def check(self) -> None: ...

    def highest(self, empresa: str) -> int | None:
        return None

    def deliver(self, changes: Sequence[Change]) -> int:
        """Keeps what is newer, whatever happens afterwards."""
        mishap, self.mishap = self.mishap, "none"
        if mishap == "down":
            raise TargetError("fora do ar")
        taken = changes[:1] if mishap == "part" else changes
        for one in taken:
            key = (one.kind, one.omie_id)
            self.numbers.append(one.number)
            if key not in self.has or self.has[key].number < one.number:
                self.has[key] = one
        if mishap == "killed":
            raise _Gone
        return taken[-1].number

    def round(self, mishap: Mishap) -> None:
        """One round: what changed is written and brought here."""
        company = self.company
        company.start_process()
        self.mishap = mishap
        write_changes(company.engine, EMPRESA, KINDS, company.time.now())
        company.figures.tellings += 1
        with suppress(_Gone):
            deliver(company.engine, EMPRESA, self, company.time, at_once=True)
        self.mishap = "none"
        self._check_numbers()

    def _check_numbers(self) -> None:
        """No gap in the outbox, nothing passed over here, nothing told that says the same again."""
        told = changes_after(self.company.engine, EMPRESA, 0)
        assert [one.number for one in told] == list(range(1, len(told) + 1))
        seen = set(self.numbers)
        assert seen == set(range(1, max(seen, default=0) + 1)), "a change was passed over"
        by_record: dict[tuple[str, int], list[Change]] = {}
        for one in told:
            by_record.setdefault((one.kind, one.omie_id), []).append(one)
        for changes in by_record.values():
            assert [one.version for one in changes] == list(range(1, len(changes) + 1))

    def check_end(self) -> None:
        """After a whole reading the clinic knows every título as Omie has it, and no other."""
        company = self.company
        for table in ("clientes", "contas_receber", "baixas"):
            company.clock.sleep(120)
            company.read(table, "full")
        self.round("none")
        before = newest_number(company.engine, EMPRESA)
        self.round("none")
        assert newest_number(company.engine, EMPRESA) == before, "told twice"
        there = {
            int(one["codigo_lancamento_omie"]): one
            for one in company.control.records("contas_receber")
        }
        told = {key[1]: one for key, one in self.has.items() if key[0] == "contas_receber"}
        assert set(there) <= set(told)
        for omie_id, one in told.items():
            if omie_id not in there:
                assert one.state == "removed", one
                continue
            record = there[omie_id]
            assert one.state != "removed", one
            assert one.open_amount == open_balance(record) or one.state == "cancelled", (
                one,
                record,
            )
            ours = str(record.get("codigo_lancamento_integracao") or "")
            if one.integration_code:
                assert one.integration_code == ours or not ours, (one, record)
            assert one.only_in_omie == (not one.integration_code and not one.order_code), one
