"""How far a long step is, on stderr: a live line on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from omie_pipeline.cli.output import console, count, say
from omie_pipeline.texts.cli import usage as texts

if TYPE_CHECKING:
    from omie_pipeline.app.deployment import Progress
    from omie_pipeline.imports.report import ImportProgress

_PLAIN_EVERY_SECONDS = 10.0


@contextmanager
def push_progress(label: str) -> Iterator[Progress]:
    """Hooks for one push that show ``label`` and the rows sent so far."""
    if sys.stderr.isatty():
        with _live(label) as hooks:
            yield hooks
    else:
        yield _plain(label)


@contextmanager
def _live(label: str) -> Iterator[Progress]:
    from rich.progress import Progress as Bar
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    from omie_pipeline.app.deployment import Progress

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Bar(*columns, console=console(sys.stderr), transient=True) as bar:
        task = bar.add_task(texts.planning(label))
        sent = 0

        def on_rows(rows: int) -> None:
            nonlocal sent
            sent += rows
            bar.update(task, description=texts.rows_sent(label=label, rows=count(sent)))

        def on_wait() -> None:
            bar.update(task, description=_waiting(label))

        def on_recovering(codes: Sequence[str], until: datetime) -> None:
            bar.update(task, description=_recovering(label, codes, until))

        yield Progress(on_wait=on_wait, on_rows=on_rows, on_recovering=on_recovering)


def _plain(label: str) -> Progress:
    from omie_pipeline.app.deployment import Progress

    sent, told_at = 0, time.monotonic()

    def on_rows(rows: int) -> None:
        nonlocal sent, told_at
        sent += rows
        if time.monotonic() - told_at >= _PLAIN_EVERY_SECONDS:
            told_at = time.monotonic()
            say(texts.rows_sent(label=label, rows=count(sent)))

    say(texts.sending(label))
    return Progress(
        on_wait=lambda: say(_waiting(label)),
        on_rows=on_rows,
        on_recovering=lambda codes, until: say(_recovering(label, codes, until)),
    )


def _waiting(label: str) -> str:
    return texts.push_waits(label)


def _recovering(label: str, codes: Sequence[str], until: datetime) -> str:
    from omie_pipeline.push.report import recovery_told

    return f"{label}: {recovery_told(codes, until)}"


@contextmanager
def reading_progress(label: str) -> Iterator[ImportProgress]:
    """Hooks for one reading that show ``label`` and the rows read, of how many in this range.

    A long reading goes range by range (month, say): the bar is of the range, the count of all.
    """
    if sys.stderr.isatty():
        with _live_reading(label) as hooks:
            yield hooks
    else:
        yield _plain_reading(label)


class _Read:
    """Rows read over several ranges: each range counts from nought again."""

    def __init__(self) -> None:
        self._before = self._now = 0

    def add(self, read: int) -> int:
        """All rows read so far, ``read`` of them in the present range."""
        if read < self._now:
            self._before += self._now
        self._now = read
        return self._before + read


@contextmanager
def _live_reading(label: str) -> Iterator[ImportProgress]:
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    from omie_pipeline.imports.report import ImportProgress

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=console(sys.stderr), transient=True) as bar:
        task, read_so_far = bar.add_task(texts.asking(label), total=None), _Read()

        def on_rows(read: int, total: int) -> None:
            text = _rows_read(label, read_so_far.add(read), read, total)
            bar.update(task, description=text, completed=read, total=total or None)

        def on_wait() -> None:
            bar.update(task, description=_reading_waits(label))

        yield ImportProgress(on_wait=on_wait, on_rows=on_rows)


def _plain_reading(label: str) -> ImportProgress:
    from omie_pipeline.imports.report import ImportProgress

    told_at, read_so_far = time.monotonic(), _Read()

    def on_rows(read: int, total: int) -> None:
        nonlocal told_at
        all_read = read_so_far.add(read)
        if time.monotonic() - told_at >= _PLAIN_EVERY_SECONDS:
            told_at = time.monotonic()
            say(_rows_read(label, all_read, read, total))

    say(texts.reading(label))
    return ImportProgress(on_wait=lambda: say(_reading_waits(label)), on_rows=on_rows)


def _rows_read(label: str, all_read: int, read: int, total: int) -> str:
    of = texts.some_of(read=count(read), total=count(total))
    return (
        f"{label}: {of}"
        if all_read == read
        else texts.rows_read(label=label, some=of, all_read=count(all_read))
    )


def _reading_waits(label: str) -> str:
    return texts.reading_waits(label)
