"""The request for a reading, and its report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from omie_pipeline.imports.filter import MirrorFilter
from omie_pipeline.imports.merge import PartitionCount
from omie_pipeline.progress import Headway

Mode = Literal["full", "incremental"]


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """Callbacks for the progress of a reading.

    Attributes:
        on_wait: another process reads the same table.
        on_rows: so many records are read, over all ranges (months, say), of so many; ``None``: Omie
            did not say yet how many there are in all.
        on_headway: how far it is now, as often as a screen can use it.
    """

    on_wait: Callable[[], None] | None = None
    on_rows: Callable[[int, int | None], None] | None = None
    on_headway: Callable[[Headway], None] | None = None


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What to read.

    Attributes:
        date_from, date_to: creation days, for ``full`` of a fact.
        start: first day that this deployment wants at all.
        not_before: a reading whose question was asked since then is good enough.
    """

    empresa: str
    mode: Mode
    start: date
    date_from: date | None = None
    date_to: date | None = None
    filters: MirrorFilter = field(default_factory=MirrorFilter)
    trigger: str = "cli"
    dagster_run_id: str | None = None
    not_before: datetime | None = None


@dataclass(slots=True)
class Tally:
    """Sums of a reading while it goes on; counts are rows."""

    total_omie: int = 0
    read: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    excluded: int = 0
    filtered: int = 0
    pages: int = 0
    rereads: int = 0
    page_size: int = 0
    page_size_served: int = 0

    def add(self, other: Tally) -> None:
        """Add another span's sums."""
        for name in (
            "total_omie", "read", "inserted", "updated", "unchanged", "excluded", "filtered",
            "pages", "rereads",
        ):  # fmt: skip
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.page_size = other.page_size or self.page_size
        self.page_size_served = max(self.page_size_served, other.page_size_served)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What a reading found; counts are rows of the table.

    Attributes:
        total_omie: records Omie says it has in what was read.
        read: different records received.
        unchanged: records that stood here already, the same.
        excluded: rows marked because a complete reading no longer has them.
        filtered: records that the empresa's filters keep out.
        rereads: passes beyond the first, because rows shifted between pages.
        page_size_served: rows on the fullest page; below ``page_size`` Omie caps the page.
        complete: Omie's total, the records received and the rows here agree.
        new_fields: fields that no document of Omie names; kept in ``raw``.
        days: partitions with inserted, changed or excluded rows.
        partitions: what a complete reading proved.
        reused: another reading had just done it; Omie was not asked.
    """

    run_id: str
    table: str
    empresa: str
    mode: Mode
    window_from: date | None
    window_to: date | None
    total_omie: int = 0
    read: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    excluded: int = 0
    filtered: int = 0
    pages: int = 0
    rereads: int = 0
    page_size: int = 0
    page_size_served: int = 0
    complete: bool = True
    new_fields: tuple[str, ...] = ()
    days: tuple[date, ...] = ()
    partitions: tuple[PartitionCount, ...] = ()
    reused: bool = False

    def counts(self) -> dict[str, Any]:
        """For the history: the numbers that are not zero, and the new fields."""
        names = (
            "total_omie", "read", "inserted", "updated", "unchanged", "excluded", "filtered",
            "pages", "rereads", "page_size", "page_size_served",
        )  # fmt: skip
        numbers = {name: getattr(self, name) for name in names}
        return {**numbers, "new_fields": list(self.new_fields)}
