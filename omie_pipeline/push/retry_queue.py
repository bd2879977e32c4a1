"""Rows that may not be sent or read before their time."""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass, field
from datetime import datetime

from omie_pipeline.payload.rows import PlanRow


@dataclass(order=True, slots=True)
class WaitingRow:
    """A row that may not be sent or read before ``due``.

    ``sent_at`` is when it may have left; ``None`` means that it never did.
    """

    due: datetime
    order: int
    row: PlanRow = field(compare=False)
    sent_at: datetime | None = field(compare=False)
    tries: int = field(compare=False)


class RetryQueue:
    """The waiting rows, the one whose time comes first in front."""

    def __init__(self) -> None:
        self._heap: list[WaitingRow] = []
        self._order = itertools.count()

    def __bool__(self) -> bool:
        return bool(self._heap)

    def is_due(self, now: datetime) -> bool:
        """Whether the time of any row has come."""
        return bool(self._heap) and self._heap[0].due <= now

    def add(self, due: datetime, row: PlanRow, sent_at: datetime | None, tries: int) -> None:
        """Let a row wait until ``due``.

        Args:
            due: when it may go on.
            row: the row of the plan.
            sent_at: when its call left, ``None`` if it did not.
            tries: calls so far.
        """
        heapq.heappush(self._heap, WaitingRow(due, next(self._order), row, sent_at, tries))

    def pop(self) -> WaitingRow:
        """The row whose time comes first."""
        return heapq.heappop(self._heap)

    def first_due(self) -> datetime:
        """When the first row's time comes."""
        return self._heap[0].due

    def codes(self) -> tuple[str, ...]:
        """Integration codes of the waiting rows, the first in front."""
        return tuple(item.row.code for item in sorted(self._heap))

    def clear(self) -> None:
        """Forget every row."""
        self._heap.clear()
