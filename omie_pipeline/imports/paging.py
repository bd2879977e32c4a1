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
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from omie_pipeline.catalog.lists import MirrorTable
from omie_pipeline.errors import (
    Broken,
    Busy,
    Empty,
    FaultDetail,
    OmieFault,
    Overloaded,
    Redundant,
    RetryLater,
    UnknownFault,
    Unreachable,
)
from omie_pipeline.imports.page_sql import typing_version
from omie_pipeline.imports.records import Records, RecordTexts, parse_texts
from omie_pipeline.omie import Answer, OmieClient
from omie_pipeline.omie.rate_limiter import BROKEN_WAITS_SECONDS, BUSY_WAITS_SECONDS
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
        total: records Omie says the list has.
    """

    number: int
    records: Records
    total: int
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Turn:
    """A place in the lanes.

    Attributes:
        broken: answers in a row that were broken when it was taken.
        wait_seconds: to be waited in it before the question leaves.
    """

    broken: int
    wait_seconds: float


class Lanes:
    """How many reads of one method may be in flight.

    Falls to one for good when Omie says busy, and to one while answers break: four questions into
    an outage would be four errors at each attempt, and ten close the method.
    """

    def __init__(self, at_once: int) -> None:
        self._limit = at_once
        self._active = 0
        self._broken = 0
        self._wait_seconds = 0.0
        self._free = threading.Condition()

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Take a place as soon as one is free."""
        with self._free:
            self._free.wait_for(lambda: self._active < self.limit)
            self._active += 1
            mine = Turn(self._broken, self._wait_seconds)
            self._wait_seconds = 0.0
        answered = False
        try:
            yield mine
            answered = True
        except Broken:
            self._note_broken(mine)
            raise
        except OmieFault as fault:
            answered = fault.detail.http_status > 0
            raise
        finally:
            with self._free:
                if answered and mine.broken == self._broken:
                    self._broken, self._wait_seconds = 0, 0.0
                self._active -= 1
                self._free.notify_all()

    def _note_broken(self, mine: Turn) -> None:
        """Answers to questions that left together break together: that counts once."""
        with self._free:
            if mine.broken == self._broken:
                self._broken += 1
                step = min(self._broken, len(BROKEN_WAITS_SECONDS)) - 1
                self._wait_seconds = BROKEN_WAITS_SECONDS[step]

    def narrow(self) -> None:
        """From now on one at a time."""
        with self._free:
            self._limit = 1

    @property
    def limit(self) -> int:
        """Reads at once at present."""
        return 1 if self._broken else self._limit


class _AskedAlready(Exception):
    """This very question left within the last minute; never leaves the reader."""


class _Broken:
    """How often answers about one page were broken."""

    def __init__(self) -> None:
        self._times = 0

    def again(self, fault: Broken) -> None:
        """Count one more.

        Raises:
            Broken: that was once too often.
        """
        self._times += 1
        if self._times > len(BROKEN_WAITS_SECONDS):
            raise fault


class PageReader:
    """Reads the pages of one list under fixed filters.

    Args:
        param: filters and order; paging tags are added.
        lanes: shared by all readers of the method in this process.

    Attributes:
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
        self._served: int | None = None
        self._total = 0
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
        self._total = first.total
        if len(first.records) < min(self._size, first.total):
            self._served = len(first.records)
        last = _page_count(first, self._size)
        if last > 1:
            yield from self._rest(last)

    def _first(self, sizes: Sequence[int]) -> Page | None:
        """Page 1 at the first of ``sizes`` that was not asked for within the last minute.

        Another size makes another question; only if none is left is the minute waited for. After
        a broken answer the next size goes on, and with it all pages.
        """
        if self._mirror.call.paging == "none":
            return self._page(1, self._size)
        broken = _Broken()
        for size in sizes[:-1]:
            self._size = size
            try:
                return self._page(1, size, impatient=True)
            except _AskedAlready:
                continue
            except Broken as fault:
                broken.again(fault)
        self._size = sizes[-1]
        return self._page(1, self._size)

    def _rest(self, last: int) -> Iterator[Page]:
        numbers = iter(range(2, last + 1))
        with ThreadPoolExecutor(READS_AT_ONCE, "omie-read") as pool:
            flying: set[Future[list[Page]]] = set()
            try:
                while True:
                    for number in numbers:
                        flying.add(pool.submit(self._rows_of, number, self._size, _Broken()))
                        if len(flying) >= READS_AT_ONCE + _AHEAD:
                            break
                    if not flying:
                        return
                    done, flying = wait(flying, return_when=FIRST_COMPLETED)
                    for future in done:
                        yield from future.result()
            finally:
                for future in flying:
                    future.cancel()

    def _rows_of(self, number: int, size: int, broken: _Broken) -> list[Page]:
        """A page, or in its place smaller ones that bring its records."""
        others = self._other_pages(number, size)
        try:
            page = self._page(number, size, impatient=bool(others))
            return [] if page is None else [page]
        except _AskedAlready:
            pass
        except Broken as fault:
            broken.again(fault)
            if not others:
                # There was no other question, so this one was asked as often as one is.
                raise
        return [page for other in others for page in self._rows_of(*other, broken)]

    def _other_pages(self, number: int, size: int) -> list[tuple[int, int]]:
        """Number and size of pages that bring at least the records of this one.

        Halves bring exactly those. Of an odd size, pages one smaller overlap it, and a record that
        comes twice counts once. If Omie caps the page, any size above the cap is the same page.
        """
        if self._served is not None:
            return [(number, size - 1)] if size > self._served else []
        if size == 1:
            return []
        smaller = size // 2 if size % 2 == 0 else size - 1
        first, after = (number - 1) * size, min(number * size, self._total)
        return [(n, smaller) for n in range(first // smaller + 1, -(-after // smaller) + 1)]

    def _page(self, number: int, size: int, *, impatient: bool = False) -> Page | None:
        """One page, ``None`` beyond the end.

        Args:
            impatient: another question would do, so nothing is waited for in order to ask this one.

        Raises:
            _AskedAlready: it left within the last minute.
            Broken: the answer was; another question may go at once.
        """
        waits = iter(BUSY_WAITS_SECONDS)
        while True:
            try:
                with self._lanes.turn() as turn:
                    if turn.wait_seconds:
                        method = self._mirror.call.method
                        self._client.wait(method, turn.wait_seconds, texts.BROKEN_ANSWER)
                    return self._read(number, self._ask(number, size, impatient=impatient))
            except Empty:
                return None
            except Busy as fault:
                # The place in the lanes is given back first: who waits in it would ask again
                # together with the others, and every refusal counts towards a block.
                wait_seconds = next(waits, None)
                if wait_seconds is None:
                    raise
                self._client.wait(self._mirror.call.method, wait_seconds, fault.detail.text)

    def _ask(self, number: int, size: int, *, impatient: bool) -> Answer:
        param = {**self._param, **self._paging(number, size)}
        refused = False

        def give_up(fault: RetryLater | Unreachable) -> bool:
            nonlocal refused
            if isinstance(fault, Busy):
                self._lanes.narrow()
                return True
            if isinstance(fault, Redundant) and not fault.detail.http_status:
                # After a refusal by Omie it is that question which is waited for: another one
                # might be refused too, and each refusal counts towards a block.
                if impatient and not refused:
                    raise _AskedAlready
                return False
            if isinstance(fault, Broken):
                return impatient
            refused = True
            return isinstance(fault, Overloaded) and size > SMALLEST_PAGE

        return self._client.read_text(
            self._mirror.service,
            self._mirror.call.method,
            param,
            give_up=give_up,
            parse=self._parse,
        )

    def _paging(self, number: int, size: int) -> dict[str, int]:
        page_tag, size_tag, _, _ = _TAGS[self._mirror.call.paging]
        return {page_tag: number, size_tag: size} if page_tag else {}

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
