"""Where each empresa stands, in a handful of questions: what a person looks at first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.imports.status import next_tick
from omie_pipeline.omie.rate_limiter import block_in_force
from omie_pipeline.plans.model import OPEN
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.omie_tables import import_run
from omie_pipeline.postgres.tables import conflict, ledger, quarantine, rejected, run, stored_plan
from omie_pipeline.postgres.work import WorkUnderWay, works_under_way
from omie_pipeline.push.both_sides.decide import UNDECIDED
from omie_pipeline.switches.pauses import PauseChange, pauses_in_force

Standing = Literal["active", "error", "disabled"]
_ENDED: Final = ("done", "stopped", "failed")
_FAILED: Final = ("stopped", "failed")


@dataclass(frozen=True, slots=True)
class DayFigures:
    """Rows of one day, all endpoints together."""

    day: date
    delivered: int
    refused: int


@dataclass(frozen=True, slots=True)
class EmpresaOverview:
    """Where one empresa stands.

    Attributes:
        last_sync: when a push or a reading ended last.
        next_sync: when the schedule strikes next, ``None`` if it never does.
        error: what the newest push or reading of an endpoint or a list failed with.
        blocked_until: Omie takes no call of the key before.
        to_correct: rows in quarantine or rejected.
        held: rows that wait for something else.
        to_decide: conflicts and plans that wait for a person.
        days: the last ones, oldest first.
        works: what goes on.
    """

    empresa: str
    standing: Standing
    pause: PauseChange | None
    last_sync: datetime | None
    next_sync: datetime | None
    error: str
    blocked_until: datetime | None
    to_correct: int
    held: int
    conflicts: int
    plans: int
    days: tuple[DayFigures, ...]
    works: tuple[WorkUnderWay, ...]

    @property
    def to_decide(self) -> int:
        """What waits for a person's decision."""
        return self.conflicts + self.plans


def overview(
    deployment: Deployment, empresas: Sequence[str], days: int = 14
) -> tuple[EmpresaOverview, ...]:
    """Where each of ``empresas`` stands.

    Args:
        deployment: the composed deployment; it may be one that shows some empresas only.
        empresas: names, in the order wanted.
        days: of the figures by day.

    Raises:
        WarehouseError: the database is gone.
    """
    engine, now = deployment.engine, deployment.clock.now()
    zone = deployment.settings.zone
    first = now.astimezone(zone).date() - timedelta(days=days - 1)
    with warehouse_errors(), engine.connect() as connection:
        waiting = _waiting(connection, empresas)
        endings = _endings(connection, empresas)
        by_day = _by_day(connection, empresas, first, str(zone))
    pauses = pauses_in_force(engine, empresas)
    works = works_under_way(engine, empresas, now)
    found = []
    for name in empresas:
        last, error = endings.get(name, (None, ""))
        closed = (
            block_in_force(engine, deployment.scope(name), now)
            if (deployment.has_credentials(name))
            else None
        )
        counts = waiting[name]
        found.append(
            EmpresaOverview(
                name,
                "disabled" if name in pauses else "error" if error or closed else "active",
                pauses.get(name),
                last,
                None if name in pauses else next_tick(deployment.settings.schedule, now, zone),
                error,
                closed.until if closed else None,
                counts["to_correct"],
                counts["held"],
                counts["conflicts"],
                counts["plans"],
                tuple(
                    by_day.get((name, day)) or DayFigures(day, 0, 0)
                    for day in (first + timedelta(days=n) for n in range(days))
                ),
                tuple(one for one in works if one.empresa == name),
            )
        )
    return tuple(found)


def _waiting(connection: sa.Connection, empresas: Sequence[str]) -> Mapping[str, Counter[str]]:
    """What waits for somebody or something, counted by empresa."""

    def counted(what: str, table: sa.Table, *conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
        c = table.c
        mine = sa.select(sa.literal(what), c.empresa, sa.func.count())
        return mine.where(c.empresa.in_(empresas), *conditions).group_by(c.empresa)

    # A plan may be of several empresas: it waits in each of them.
    of_plan = (
        sa.select(sa.func.unnest(stored_plan.c.empresas).label("empresa"))
        .where(stored_plan.c.state.in_(OPEN))
        .subquery("of_plan")
    )
    plans = (
        sa.select(sa.literal("plans"), of_plan.c.empresa, sa.func.count())
        .where(of_plan.c.empresa.in_(empresas))
        .group_by(of_plan.c.empresa)
    )
    everything = sa.union_all(
        counted("to_correct", quarantine),
        counted("to_correct", rejected),
        counted("held", ledger, ledger.c.state == "held"),
        counted("conflicts", conflict, conflict.c.state.in_(UNDECIDED)),
        plans,
    )
    found: dict[str, Counter[str]] = {name: Counter() for name in empresas}
    for row in connection.execute(everything):
        found[row[1]][row[0]] += row[2]
    return found


def _endings(
    connection: sa.Connection, empresas: Sequence[str]
) -> Mapping[str, tuple[datetime | None, str]]:
    """When something ended last, and what the newest run of an endpoint or a list failed with."""
    newest = []
    for table, name in ((run, run.c.endpoint), (import_run, import_run.c.table_name)):
        c = table.c
        newest.append(
            sa.select(c.empresa, c.state, c.error, c.finished_at)
            .where(c.empresa.in_(empresas), c.state.in_(_ENDED))
            .ext(distinct_on(c.empresa, name))
            .order_by(c.empresa, name, c.started_at.desc())
            .subquery()
            .select()
        )
    found: dict[str, tuple[datetime | None, str]] = {}
    for row in connection.execute(sa.union_all(*newest)):
        last, error = found.get(row.empresa, (None, ""))
        if row.finished_at is not None and (last is None or row.finished_at > last):
            last = row.finished_at
        if row.state in _FAILED:
            error = error or row.error or row.state
        found[row.empresa] = (last, error)
    return found


def _by_day(
    connection: sa.Connection, empresas: Sequence[str], first: date, zone: str
) -> Mapping[tuple[str, date], DayFigures]:
    """Rows delivered and refused by the clinic's days, from the counts of each run."""
    c = run.c
    local = sa.cast(sa.func.timezone(zone, c.started_at), sa.Date)
    part = (
        sa.func.jsonb_array_elements(
            sa.case(
                (sa.func.jsonb_typeof(c.counts) == "array", c.counts), else_=sa.text("'[]'::jsonb")
            )
        )
        .table_valued("value")
        .lateral("part")
    )

    def total(*names: str) -> sa.ColumnElement[int]:
        numbers = [sa.cast(part.c.value.op("->>")(name), sa.BigInteger) for name in names]
        return sa.func.sum(sum((sa.func.coalesce(one, 0) for one in numbers), sa.literal(0)))

    query = (
        sa.select(c.empresa, local, total("delivered"), total("rejected", "quarantined"))
        .select_from(run.join(part, sa.true()))
        .where(
            c.empresa.in_(empresas),
            c.started_at >= sa.func.timezone(zone, sa.cast(first, sa.DateTime)),
        )
        .group_by(c.empresa, local)
    )
    rows = connection.execute(query).all()
    return {
        (row[0], row[1]): DayFigures(row[1], int(row[2] or 0), int(row[3] or 0)) for row in rows
    }
