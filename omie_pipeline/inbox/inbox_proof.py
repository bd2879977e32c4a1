"""What proves that an event is settled, and which days its readings have to cover."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from omie_pipeline.catalog.topics import Named, action_of, rule_for
from omie_pipeline.inbox.inbox_warehouse import KnownRow, WaitingEvent

_JOINED_GAP = timedelta(days=7)


def day_ranges(days: set[date]) -> list[tuple[date, date]]:
    """Days as inclusive ranges; gaps of up to a week are read along rather than asked apart."""
    ranges: list[tuple[date, date]] = []
    for day in sorted(days):
        if ranges and day - ranges[-1][1] <= _JOINED_GAP:
            ranges[-1] = (ranges[-1][0], day)
        else:
            ranges.append((day, day))
    return ranges


def by_named(
    table: str,
    concerned: list[WaitingEvent],
    wanted: Callable[[WaitingEvent, Named], bool],
) -> dict[Named, list[WaitingEvent]]:
    """Events of one list by the place that holds the rows they name."""
    groups: dict[Named, list[WaitingEvent]] = {}
    for event in concerned:
        rule = rule_for(event.topic)
        for named in rule.named if rule is not None else ():
            if named.table == table and wanted(event, named):
                groups.setdefault(named, []).append(event)
    return groups


def removes(event: WaitingEvent, named: Named) -> bool:
    """Whether the event says that the named rows may be gone."""
    return not named.stays and action_of(event.topic) == "excluiu"


def days_of(rows: Mapping[str, list[KnownRow]]) -> set[date]:
    """Days of the rows that still stand."""
    return {
        row.data_particao
        for found in rows.values()
        for row in found
        if row.excluido_em is None and row.data_particao is not None
    }


@dataclass(frozen=True)
class Told:
    """What the events of one round say of the same rows.

    Attributes:
        first_at: when each id was named first; a row that proves the first event may still lack
            what a later one tells of.
        removed: ids that an event says are gone.
    """

    named: Named
    first_at: Mapping[str, datetime]
    removed: frozenset[str]

    @classmethod
    def of(cls, named: Named, some: list[WaitingEvent]) -> Told:
        """From the events that name rows in the same place."""
        first_at: dict[str, datetime] = {}
        removed: set[str] = set()
        for event in some:
            ids = event.registros.get(named.table, ())
            for one in ids:
                first_at[one] = min(event.recebido_em, first_at.get(one, event.recebido_em))
            if removes(event, named):
                removed.update(ids)
        return cls(named, first_at, frozenset(removed))

    def settles(
        self, event: WaitingEvent, rows: Mapping[str, list[KnownRow]], *, late: bool
    ) -> bool:
        """Whether a complete reading settles the event.

        Args:
            rows: what the mirror holds after the reading, by id.
            late: the question was asked when reads could no longer lag behind the event.
        """
        ids = event.registros.get(self.named.table, ())
        if removes(event, self.named):
            left = [row for one in ids for row in rows.get(one, ()) if row.excluido_em is None]
            return late or (bool(ids) and not left)
        wanted = [one for one in ids if one not in self.removed or rows.get(one)]
        if ids and all(self._fresh(one, event, rows.get(one, ())) for one in wanted):
            return True
        return late and (not self.named.must or all(rows.get(one) for one in wanted))

    def _fresh(self, one: str, event: WaitingEvent, found: Sequence[KnownRow]) -> bool:
        """A question asked after the event brought the row, or it is gone."""
        if event.recebido_em > self.first_at[one]:
            return False
        return any(row.lido_em >= event.recebido_em or row.excluido_em is not None for row in found)
