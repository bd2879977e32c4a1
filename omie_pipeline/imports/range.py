"""Which ranges of a list one reading asks for, and what it found in them.

Whole ranges are read by the month; after a window of changes Omie's totals are compared with ours,
and if they differ the months that differ are read whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import sqlalchemy as sa

from omie_pipeline.catalog.lists import MirrorTable
from omie_pipeline.clock import BRASILIA, Clock
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.imports.listing import Days, Lister, ListRange, RangeTooLarge, with_unchanged
from omie_pipeline.imports.merge import PartitionCount
from omie_pipeline.imports.paging import READS_AT_ONCE, Lanes
from omie_pipeline.imports.report import ImportRequest, Tally
from omie_pipeline.imports.state import (
    Cursor,
    proved_since,
    proved_total,
    read_cursor,
    rows_here,
    write_cursor,
)
from omie_pipeline.omie import OmieClient
from omie_pipeline.texts import imports as texts

# Ranges of days as the months they are read in: small enough to resume, large enough to be few.


def by_month(first: date, last: date) -> list[tuple[date, date]]:
    """``first`` to ``last``, both included, cut at the ends of months."""
    spans = []
    while first <= last:
        end = min(month_end(first), last)
        spans.append((first, end))
        first = end + timedelta(days=1)
    return spans


def month_end(day: date) -> date:
    """Last day of the month of ``day``."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def spanned(days: tuple[date, date] | None) -> tuple[date | None, date | None]:
    """A range as two optional ends."""
    return days or (None, None)


_OVERLAP = timedelta(days=1)
# Lists without a window on change (NFS-e): a note is cancelled within weeks of its emission.
_REREAD = timedelta(days=35)
# So many records are read in one go: some twenty pages, which a stop may cost again.
_AT_ONCE = 10_000


class RangeReader:
    """Reads the ranges of one reading of one table; its attributes say what was found.

    Attributes:
        started_at: beginning of the reading: what changed later is for the next one.
        tally: sums over all ranges.
        complete: whether everything asked for is proven.
        days: partitions with inserted, changed or excluded rows.
        fields: names of fields seen.
        partitions: what was proved, by name.
    """

    def __init__(
        self,
        engine: sa.Engine,
        make_client: Callable[[str], OmieClient],
        clock: Clock,
        mirror: MirrorTable,
        request: ImportRequest,
        run_id: str,
        cursor: Cursor,
        on_rows: Callable[[int, int | None], None] | None,
    ) -> None:
        self._engine = engine
        self._make_client = make_client
        self._clock = clock
        self._mirror = mirror
        self._request = request
        self._run_id = run_id
        self._cursor = cursor
        self._on_rows = on_rows
        # What Omie says of all that is to be read, where that is read range by range.
        self._in_all: int | None = None
        self._ranges_left = False
        self.started_at = self._current_since = clock.now()
        self.tally = Tally()
        self.complete = True
        self.days: set[date] = set()
        self.fields: set[str] = set()
        self.partitions: dict[str, PartitionCount] = {}

    @property
    def today(self) -> date:
        """Brasília's day on which the reading began."""
        return self.started_at.astimezone(BRASILIA).date()

    # -- which days -------------------------------------------------------------------------------

    def wanted_days(self) -> Days | None:
        """Creation days of a ``full``; ``None`` for a list that is not cut."""
        if self._mirror.call.created is None:
            return None
        request, filters = self._request, self._request.filters
        first = max(request.date_from or request.start, filters.since or date.min)
        last = min(request.date_to or self.today, filters.until or date.max, self.today)
        return first, last

    def changed_days(self) -> Days | None:
        """Days of change that may hold something new."""
        read_until = self._cursor.read_until
        if read_until is None:
            raise ConfigurationError(texts.nothing_read_yet(self._mirror.name))
        since = read_until.astimezone(BRASILIA).date() - _OVERLAP
        return since, self.today

    # -- reading ----------------------------------------------------------------------------------

    def read_whole(self, days: Days | None) -> None:
        with self._make_client(self._request.empresa) as client:
            lister = self._lister(client)
            if days is None:
                self._read_range(lister, ListRange(None, None, proves=True))
            else:
                self._read_months(lister, by_month(*days))
        if self.complete and (days is None or self._is_everything(days)):
            self._move_cursor()

    def _is_everything(self, days: Days) -> bool:
        """Whether these creation days are all that this empresa wants."""
        request, filters = self._request, self._request.filters
        first = max(request.start, filters.since or date.min)
        return days[0] <= first and days[1] >= min(self.today, filters.until or date.max)

    def _read_months(self, lister: Lister, months: list[Days]) -> None:
        """All at once if that is little, else month by month, so that a stop loses little.

        A month without a record is an error answer on most lists, and ten of those close the
        method (omie-api.md#blocks): a quiet year must not cost one for every month.
        """
        call, waiting, reach = self._mirror.call, list(months), len(months)
        while waiting:
            if self._resumed(waiting[0]):
                del waiting[0]
                continue
            taken = 1
            while taken < min(reach, len(waiting)) and not self._resumed(waiting[taken]):
                taken += 1
            what = ListRange(call.created, (waiting[0][0], waiting[taken - 1][1]), proves=True)
            self._ranges_left = taken < len(waiting)
            try:
                found = self._read_range(lister, what, at_most=_AT_ONCE if taken > 1 else None)
            except RangeTooLarge as found_more:
                if taken == len(months):
                    self._in_all = found_more.total
                reach = 1
                continue
            reach = 1 if found > call.page_size else reach * 2
            del waiting[:taken]

    def _resumed(self, span: Days | None) -> bool:
        """Proved already since ``not_before``: the rest of a reading that a block had stopped."""
        since = self._request.not_before
        if since is None or span is None:
            return False
        empresa, name = self._request.empresa, self._mirror.name
        if not proved_since(self._engine, empresa, name, span, since):
            return False
        # What changed there after it was proved is for the next window to find.
        self._current_since = min(self._current_since, since)
        return True

    def read_changes(self, days: Days | None) -> None:
        call = self._mirror.call
        with self._make_client(self._request.empresa) as client:
            # A change does not bring in a record of before the start: it would stand there alone.
            lister = self._lister(client, since=self._request.start)
            if call.changed is None:
                first = min(self.today - _REREAD, days[0] if days else self.today)
                wanted = self.wanted_days() or (first, self.today)
                self._read_months(lister, by_month(max(first, wanted[0]), wanted[1]))
            else:
                found = self._read_range(lister, ListRange(call.changed, days, proves=False))
                if not found and not rows_here(
                    self._engine, self._mirror, self._request.empresa, None
                ):
                    # Nothing before and nothing new: asking again costs one more error answer.
                    self._move_cursor()
                    return
            self._compare_totals(lister)
        if self.complete:
            self._move_cursor()

    def _compare_totals(self, lister: Lister) -> None:
        """Where Omie counts other than we do, something was deleted or missed: read it whole."""
        call, days = self._mirror.call, self.wanted_days()
        if call.created is None:
            total = lister.total(None, None)
            if total != self._here(None):
                self._read_range(lister, ListRange(None, None, proves=True))
        elif days is None or days[0] > days[1]:
            return
        else:
            total = lister.total(call.created, days)
            self._mend(lister, by_month(*days), total)
        self.tally.total_omie = total

    def _mend(self, lister: Lister, months: list[Days], total: int) -> None:
        """Find the months that differ by halves: few questions, and few about empty months."""
        span = (months[0][0], months[-1][1])
        if total == self._here(span):
            return
        if len(months) == 1 or total <= _AT_ONCE:
            self._read_range(lister, ListRange(self._mirror.call.created, span, proves=True))
            return
        half = len(months) // 2
        early, late = (span[0], months[half - 1][1]), (months[half][0], span[1])
        # The half with more rows here is asked about: an empty one would answer with an error.
        if (self._here(early) or 0) >= (self._here(late) or 0):
            first = lister.total(self._mirror.call.created, early)
        else:
            first = total - lister.total(self._mirror.call.created, late)
        self._mend(lister, months[:half], first)
        self._mend(lister, months[half:], total - first)

    def _here(self, days: Days | None) -> int | None:
        """What Omie's total has to be, ``None`` if nothing says so.

        Where filters leave rows out, it is what the last complete reading of each day counted.
        """
        empresa = self._request.empresa
        if self._request.filters.leaves_out(self._mirror):
            return proved_total(self._engine, empresa, self._mirror.name, days)
        return rows_here(self._engine, self._mirror, empresa, days)

    def _read_range(self, lister: Lister, what: ListRange, *, at_most: int | None = None) -> int:
        """Read it; how many records Omie has there.

        Raises:
            RangeTooLarge: there are more than ``at_most``; the first page is merged.
        """
        size = self._cursor.page_size or self._mirror.call.page_size
        listed = lister.read(what, size, self._run_id, at_most=at_most)
        self.tally.add(with_unchanged(listed.tally))
        self.complete = self.complete and listed.complete
        self.days.update(listed.days)
        self.fields.update(listed.fields)
        self.partitions.update({part.partition: part for part in listed.partitions})
        if listed.page_size != size:
            write_cursor(
                self._engine,
                self._request.empresa,
                self._mirror.name,
                page_size=listed.page_size,
            )
            self._cursor = read_cursor(self._engine, self._request.empresa, self._mirror.name)
        return listed.tally.total_omie

    def _tell_rows(self, read: int, total: int) -> None:
        """What a page of one range adds to the reading as a whole."""
        if self._on_rows is None:
            return
        known = self.tally.total_omie + total
        whole = None if self._ranges_left else known
        if self._in_all is not None:
            whole = max(self._in_all, known)
        self._on_rows(self.tally.read + read, whole)

    def _lister(self, client: OmieClient, *, since: date | None = None) -> Lister:
        filters = self._request.filters
        if since is not None:
            filters = replace(filters, since=max(since, filters.since or since))
        return Lister(
            self._engine,
            client,
            self._clock,
            self._mirror,
            self._request.empresa,
            filters,
            Lanes(READS_AT_ONCE),
            self._tell_rows,
        )

    def _move_cursor(self) -> None:
        write_cursor(
            self._engine, self._request.empresa, self._mirror.name, read_until=self._current_since
        )
