"""The pages of one list, up to four at once, as Omie's limits allow.

Never ends on a short page: the end is Omie's total of pages, and if the size served is smaller
than the size asked, the total of records over the size served (omie-api.md#page-size).
After a broken answer the same question would be redundant for a minute. So the same records are
asked for in pages of another size, by one lane at a time until an answer is good. The proof of a
complete reading does not rely on how the pages were cut (docs/adr/0014).
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from omie_pipeline.catalog.lists import MirrorTable
from omie_pipeline.errors import (
    Busy,
    Empty,
    FaultDetail,
    Overloaded,
    Redundant,
    RetryLater,
    UnknownFault,
    Unreachable,
)
from omie_pipeline.imports.page_sql import typing_version
from omie_pipeline.imports.records import Records, RecordTexts, parse_texts
from omie_pipeline.omie import Answer, OmieClient
from omie_pipeline.omie.rate_limiter import BUSY_WAITS_SECONDS
from omie_pipeline.texts import imports as texts

READS_AT_ONCE = 4
"""Per key and method (omie-api.md#calls-at-once)."""

SMALLEST_PAGE = 50
_AHEAD = 2
_OTHER_SIZES = 8
_TAGS = {
    "snake": ("pagina", "registros_por_pagina", "total_de_paginas", "total_de_registros"),
    "hungarian": ("nPagina", "nRegPorPagina", "nTotPaginas", "nTotRegistros"),
    "none": ("", "", "", "totalRegistros"),
}


@dataclass(frozen=True, slots=True)
class Page:
    """One answered page.

    Attributes:
        body: JSON text as the database can store it.
        total: records Omie says the list has.
    """

    number: int
    records: Records
    total: int
    asked_at: datetime


class Lanes:
    """How many reads of one method may be in flight; falls to one for good when Omie says busy."""

    def __init__(self, at_once: int) -> None:
        self._limit = at_once
        self._active = 0
        self._free = threading.Condition()

    def __enter__(self) -> None:
        with self._free:
            self._free.wait_for(lambda: self._active < self._limit)
            self._active += 1

    def __exit__(self, *_: object) -> None:
        with self._free:
            self._active -= 1
            self._free.notify_all()

    def narrow(self) -> None:
        """From now on one at a time."""
        with self._free:
            self._limit = 1

    @property
    def limit(self) -> int:
        """Reads at once at present."""
        return self._limit


class PageReader:
    """Reads the pages of one list under fixed filters.

    Args:
        param: filters and order; paging tags are added.
        lanes: shared by all readers of the method in this process.
        parses: records are parsed as they come; off where most are expected to be known again.
    """

    def __init__(
        self,
        client: OmieClient,
        mirror: MirrorTable,
        param: Mapping[str, Any],
        page_size: int,
        lanes: Lanes,
    ) -> None:
        self._client = client
        self._mirror = mirror
        self._param = dict(param)
        self._size = page_size
        self._lanes = lanes
        self._parse = parse_texts(mirror.array)
        self.parses = False

    def total(self) -> int:
        """What Omie says the list holds, asked with the smallest question there is."""
        page = self._first(range(1, 1 + _OTHER_SIZES))
        return 0 if page is None else page.total

    def pages(self) -> Generator[Page]:
        """Every page as it arrives, the first one first.

        Raises:
            Overloaded: Omie broke over the answer; a smaller page may pass.
            UnknownFault: an answer without the list or its total: it would prove an empty list.
            OmieFault: anything else but a normal end.
        """
        first = self._first(range(self._size, max(0, self._size - _OTHER_SIZES), -1))
        if first is None:
            return
        yield first
        if self._mirror.call.paging == "none" or not len(first.records):
            return
        if len(first.records) < min(self._size, first.total):
            self._served = len(first.records)
        last = _page_count(first, self._size)
        if last > 1:
            yield from self._rest(last)

    def _first(self, sizes: Sequence[int]) -> Page | None:
        """Page 1 at the first of ``sizes`` that was not asked for within the last minute.

        Another size makes another question; only if none is left is the minute waited for.
        """
        if self._mirror.call.paging == "none":
            return self._page(1, self._size)
        for size in sizes[:-1]:
            self._size, self._impatient = size, True
            try:
                return self._page(1, size)
            except Redundant:
                if not self._impatient:
                    raise
            finally:
                self._impatient = False
        self._size = sizes[-1]
        return self._page(1, self._size)

    def _rest(self, last: int) -> Iterator[Page]:
        numbers = iter(range(2, last + 1))
        with ThreadPoolExecutor(READS_AT_ONCE, "omie-read") as pool:
            flying: set[Future[Page | None]] = set()
            try:
                while True:
                    for number in numbers:
                        flying.add(pool.submit(self._page, number, self._size))
                        if len(flying) >= READS_AT_ONCE + _AHEAD:
                            break
                    if not flying:
                        return
                    done, flying = wait(flying, return_when=FIRST_COMPLETED)
                    for future in done:
                        page = future.result()
                        if page is not None:
                            yield page
            finally:
                for future in flying:
                    future.cancel()

    def _page(self, number: int, size: int) -> Page | None:
        waits = iter(BUSY_WAITS_SECONDS)
        while True:
            try:
                with self._lanes:
                    return self._read(number, self._ask(number, size))
            except Empty:
                return None
            except Busy as fault:
                # The place in the lanes is given back first: who waits in it would ask again
                # together with the others, and every refusal counts towards a block.
                wait_seconds = next(waits, None)
                if wait_seconds is None:
                    raise
                self._client.wait(self._mirror.call.method, wait_seconds, fault.detail.text)

    def _ask(self, number: int, size: int) -> Answer:
        param = {**self._param, **self._paging(number, size)}
        return self._client.read_text(
            self._mirror.service,
            self._mirror.call.method,
            param,
            give_up=self._give_up,
            parse=self._parse,
        )

    def _paging(self, number: int, size: int) -> dict[str, int]:
        page_tag, size_tag, _, _ = _TAGS[self._mirror.call.paging]
        return {page_tag: number, size_tag: size} if page_tag else {}

    def _give_up(self, fault: RetryLater | Unreachable) -> bool:
        if isinstance(fault, Busy):
            self._lanes.narrow()
            return True
        if isinstance(fault, Redundant) and not fault.detail.http_status:
            return self._impatient
        # A question was refused: the next refusal is of that one, and another would be one more.
        self._impatient = False
        return isinstance(fault, Overloaded) and self._size > SMALLEST_PAGE

    def _read(self, number: int, answer: Answer) -> Page:
        found = answer.body.get(self._mirror.array)
        if found is None:
            found = RecordTexts([], split=False)
        told = answer.body.get(_TAGS[self._mirror.call.paging][3])
        if not isinstance(found, RecordTexts):
            raise UnknownFault(FaultDetail(texts.NO_LIST, http_status=200, fix=texts.NO_LIST_FIX))
        if told is None and self._mirror.call.paging == "none" and found.texts:
            told = len(found.texts)
        if not str(told).isdecimal():
            raise UnknownFault(FaultDetail(texts.NO_LIST, http_status=200, fix=texts.NO_LIST_FIX))
        records = Records(self._mirror, typing_version(self._mirror), found)
        if self.parses:
            records = records.checked()
        return Page(number, records, int(str(told)), answer.asked_at)


def _page_count(first: Page, asked: int) -> int:
    """Pages to read: enough for the total at the size that was served."""
    return -(-first.total // max(1, min(asked, len(first.records))))
