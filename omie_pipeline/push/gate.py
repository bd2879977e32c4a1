"""Where somebody above the engine looks at a plan before its first call: to keep it, to hold it
against one that a person approved, or to ask for an approval."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import sqlalchemy as sa

from omie_pipeline.payload import PayloadModel, PlanRow, Selection
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import plan
from omie_pipeline.push.plan import PlannedPartition
from omie_pipeline.push.policy import EndpointPolicy


@dataclass(frozen=True, slots=True)
class JudgedPlan:
    """The plan of a run once every row of it was judged: ``omie_sync.plan`` has the rows.

    Attributes:
        engine: the warehouse, as the holder of the endpoint's lane.
        selection: as the run was asked for.
        policy: of the endpoint.
        partitions: how many rows were looked at, and how many differ from the ledger.
        as_sent: rows as they would leave, by number: without the fields of which Omie's value
            stands. Rows that leave as they are may be missing.
    """

    engine: sa.Engine
    run_id: str
    model: PayloadModel
    selection: Selection
    policy: EndpointPolicy
    partitions: tuple[PlannedPartition, ...]
    as_sent: Callable[[Sequence[PlanRow]], Mapping[int, PlanRow]]


class PlanGate(Protocol):
    """Looks at the plan of one run; both methods may refuse it by raising."""

    def judged(self, found: JudgedPlan) -> Sequence[int]:
        """Before the guardrails: numbers of the rows that this run leaves alone.

        Raises:
            PlanRefused: the run ends here; nothing is sent and nothing is held.
        """

    def guarded(self, found: JudgedPlan, stops: tuple[str, ...]) -> bool:
        """After the guardrails: whether the run goes on though they say ``stops``.

        Raises:
            ApprovalNeeded: the rows are held until a person approves.
            PlanRefused: the run ends here; nothing is sent and nothing is held.
        """


def leave_out(found: JudgedPlan, numbers: Sequence[int]) -> tuple[PlannedPartition, ...]:
    """Take rows out of the plan; the partitions without them.

    The run answers for the rows that stay: those that it leaves alone count nowhere.
    """
    if not numbers:
        return found.partitions
    statement = (
        sa.delete(plan)
        .where(
            plan.c.run_id == found.run_id,
            plan.c.number == sa.any_(sa.cast(sa.literal(list(numbers), _NUMBERS), _NUMBERS)),
        )
        .returning(plan.c.partition)
    )
    with warehouse_errors(), found.engine.begin() as connection:
        gone: list[str] = list(connection.execute(statement).scalars())
    return tuple(
        replace(
            part,
            selected=part.selected - gone.count(part.partition),
            planned=part.planned - gone.count(part.partition),
        )
        for part in found.partitions
    )


_NUMBERS = sa.ARRAY(sa.BigInteger)
