"""One complete pass over a range of a list: read, merge, and prove that nothing was missed.

Offsets shift during a reading: a record deleted behind the reader moves all later ones up, and
one of them is never served. Two things give that away. Omie's total and the different records
received disagree; or, if a new record made up for it, that record was created after the pass
began, because the day of inclusion never changes. Either way the range is read again, with another
page size, so that no request is identical to one of the last minute (docs/adr/0014). Lists of
several pages whose records have no such day are read until two passes agree.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date

import sqlalchemy as sa

from omie_pipeline.catalog.lists import MirrorTable, Window
from omie_pipeline.clock import Clock
from omie_pipeline.errors import Broken, Overloaded
from omie_pipeline.imports.filter import MirrorFilter
from omie_pipeline.imports.merge import PartitionCount, Pass, open_pass
from omie_pipeline.imports.paging import SMALLEST_PAGE, Lanes, PageReader
from omie_pipeline.imports.report import Tally
from omie_pipeline.imports.state import rows_here
from omie_pipeline.omie import OmieClient

_PASSES = 4
_SETTLE_SECONDS = 5.0
"""A pause before another pass: what was created just before it must not seem created within it."""
_SMALLER = {500: 100, 100: SMALLEST_PAGE}

Days = tuple[date, date]


@dataclass(frozen=True, slots=True)
class ListRange:
    """What one pass reads.

    Attributes:
        window: request tags of the range, ``None`` for the whole list.
        proves: the range is made of whole partitions: what it no longer has, Omie deleted.
    """

    window: Window | None
    days: Days | None
    proves: bool


@dataclass(frozen=True, slots=True)
class PassResult:
    """What was read of a range; ``complete`` says whether it is proven to be everything."""

    tally: Tally
    complete: bool
    page_size: int
    days: frozenset[date] = frozenset()
    fields: frozenset[str] = frozenset()
    partitions: tuple[PartitionCount, ...] = ()


class RangeTooLarge(Exception):
    """A range holds more than was to be read in one go; never leaves the engine.

    Attributes:
        total: records that Omie has there.
    """

    def __init__(self, total: int) -> None:
        super().__init__(total)
        self.total = total


class Lister:
    """Reads ranges of one list of one empresa.

    Args:
        on_rows: called after each page with how many records are read, of how many.
    """

    def __init__(
        self,
        engine: sa.Engine,
        client: OmieClient,
        clock: Clock,
        mirror: MirrorTable,
        empresa: str,
        filters: MirrorFilter,
        lanes: Lanes,
        on_rows: Callable[[int, int], None] | None = None,
    ) -> None:
        self._engine = engine
        self._client = client
        self._clock = clock
        self._mirror = mirror
        self._empresa = empresa
        self._filters = filters
        self._lanes = lanes
        self._on_rows = on_rows
        self._empty_once = False
        self._at_most: int | None = None
        self._digest = ""
        self._parses = False
        self._new_fields: set[str] = set()

    def total(self, window: Window | None, days: Days | None) -> int:
        """How many records Omie has in a window, by one small question."""
        return self._reader(ListRange(window, days, proves=False), 1).total()

    def read(
        self, what: ListRange, page_size: int, run_id: str, *, at_most: int | None = None
    ) -> PassResult:
        """Read a range, again if rows shifted, and prove it.

        Args:
            what: window and days.
            page_size: to begin with; the declaration's by default.
            run_id: id of the run.
            at_most: records beyond which the range is too large.

        Raises:
            RangeTooLarge: Omie has more than ``at_most`` records in it; one page is merged.
            OmieFault: what is merged stays; the range is not proven.
        """
        size, less, tally = page_size, 0, Tally(page_size=page_size)
        days: set[date] = set()
        fields: set[str] = set()
        self._digest = ""
        self._empty_once, self._at_most = False, at_most
        for attempt in range(_PASSES):
            # One less asks another question: Omie refuses the same one within a minute.
            asked = max(1, size - less)
            tally.rereads = attempt
            try:
                complete, partitions = self._pass(what, asked, tally, days, fields, run_id)
            except Overloaded:
                if size not in _SMALLER:
                    raise
                size, less = _SMALLER[size], 0
                tally.page_size = size
                continue
            if complete:
                found = (frozenset(days), frozenset(fields), partitions)
                return PassResult(tally, True, size, *found)
            less += 1
            if 0 < tally.page_size_served < asked and tally.read < tally.total_omie:
                # Where Omie caps the page it may yet count its pages by the size asked.
                size, less = tally.page_size_served, 0
            if attempt + 1 < _PASSES:
                self._clock.sleep(_SETTLE_SECONDS)
        return PassResult(tally, False, size, frozenset(days), frozenset(fields))

    def _pass(
        self,
        what: ListRange,
        page_size: int,
        tally: Tally,
        days: set[date],
        fields: set[str],
        run_id: str,
    ) -> tuple[bool, tuple[PartitionCount, ...]]:
        totals: list[int] = []
        young = received = left_out = 0
        with open_pass(
            self._engine,
            self._mirror,
            self._empresa,
            self._clock.now(),
            self._filters,
            run_id,
            self._new_fields,
        ) as one:
            reader = self._reader(what, page_size)
            reader.parses = self._parses
            with closing(reader.pages()) as pages:
                for page in pages:
                    if self._at_most is not None and page.total > self._at_most:
                        raise RangeTooLarge(page.total)
                    try:
                        merged = one.merge(page.records, page.asked_at)
                    except Broken:
                        # Its question was taken for answered: no lane asks another in its place.
                        self._parses = True
                        return False, ()
                    reader.parses = self._parses or not one.knows_most
                    totals.append(page.total)
                    young += merged.young
                    received += merged.first_seen
                    left_out += merged.left_out
                    days.update(merged.days)
                    fields.update(merged.fields)
                    tally.pages += 1
                    tally.inserted += merged.inserted
                    tally.updated += merged.updated
                    tally.page_size_served = max(tally.page_size_served, len(page.records))
                    if self._on_rows is not None:
                        self._on_rows(received, page.total)
            total = totals[-1] if totals else 0
            tally.total_omie, tally.read, tally.filtered = total, received, left_out
            if not received and self._doubts_emptiness(what):
                return False, ()
            still = len(totals) <= 1 or (len(set(totals)) == 1 and not young)
            if not (still and received == total and self._confirmed(one, len(totals))):
                return False, ()
            return self._settle(what, one, tally, days, run_id)

    def _doubts_emptiness(self, what: ListRange) -> bool:
        """Nothing where rows stand here: two answers have to say so before all of them are gone."""
        if self._empty_once or not what.proves:
            return False
        self._empty_once = True
        return rows_here(self._engine, self._mirror, self._empresa, what.days) > 0

    def _confirmed(self, one: Pass, pages: int) -> bool:
        """Where records do not say when they were made, two passes have to agree on them."""
        if pages <= 1 or self._mirror.audit.included_day:
            return True
        before, self._digest = self._digest, one.digest()
        return before == self._digest

    def _settle(
        self, what: ListRange, one: Pass, tally: Tally, days: set[date], run_id: str
    ) -> tuple[bool, tuple[PartitionCount, ...]]:
        """What a complete pass allows: marking deletions and writing down the totals."""
        if not what.proves:
            return True, ()
        first, last = what.days or (None, None)
        gone = one.mark_excluded(first, last)
        tally.excluded += sum(gone.values())
        days.update(day for day in gone if day is not None)
        if first is not None and last is not None and one.outside(first, last):
            return False, ()
        partitions = one.prove(first, last, run_id)
        tally.filtered = tally.total_omie - sum(part.total_omie for part in partitions)
        return all(part.rows == part.total_omie for part in partitions), tuple(partitions)

    def _reader(self, what: ListRange, page_size: int) -> PageReader:
        param = dict(self._mirror.call.fixed)
        if what.window is not None and what.days is not None:
            first, last = what.days
            param |= {
                what.window.first: first.strftime("%d/%m/%Y"),
                what.window.last: last.strftime("%d/%m/%Y"),
                **dict(what.window.fixed),
            }
        return PageReader(self._client, self._mirror, param, page_size, self._lanes)


def with_unchanged(tally: Tally) -> Tally:
    """The tally with the records that stood here already, the same."""
    unchanged = tally.read - tally.inserted - tally.updated - tally.filtered
    return replace(tally, unchanged=max(0, unchanged))
