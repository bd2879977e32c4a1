"""How far a long step is, on stderr: a live line on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from omie_pipeline.cli.output import console, say
from omie_pipeline.texts.cli import usage as texts

if TYPE_CHECKING:
    from omie_pipeline.app.deployment import Progress
    from omie_pipeline.imports.report import ImportProgress
    from omie_pipeline.progress import Headway

_PLAIN_EVERY_SECONDS = 10.0
_BEGIN_SECONDS = 60.0
"""A work that takes longer says so at its beginning."""


@contextmanager
def push_progress(label: str) -> Iterator[Progress]:
    """Hooks for one push that show ``label`` and how far it is."""
    from omie_pipeline.app.deployment import Progress

    with _shown(label, texts.planning(label), texts.sending(label)) as show:

        def on_recovering(codes: Sequence[str], until: datetime) -> None:
            show.text(_recovering(label, codes, until))

        yield Progress(
            on_wait=lambda: show.text(texts.push_waits(label)),
            on_recovering=on_recovering,
            on_headway=show.headway,
        )


@contextmanager
def reading_progress(label: str) -> Iterator[ImportProgress]:
    """Hooks for one reading that show ``label`` and how far it is."""
    from omie_pipeline.imports.report import ImportProgress

    with _shown(label, texts.asking(label), texts.reading(label)) as show:
        yield ImportProgress(
            on_wait=lambda: show.text(texts.reading_waits(label)), on_headway=show.headway
        )


@contextmanager
def copying_progress(label: str) -> Iterator[Callable[[Headway], None]]:
    """A hook for one table's copy that shows ``label`` and how far it is."""
    with _shown(label, texts.copying(label), "") as show:
        yield show.headway


@contextmanager
def _shown(label: str, live: str, plain: str) -> Iterator[_Live | _Plain]:
    """Where the figures go, with the first words of either kind; ``""`` says nothing."""
    if not sys.stderr.isatty():
        if plain:
            say(plain)
        yield _Plain(label)
        return
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=console(sys.stderr), transient=True) as bar:
        task = bar.add_task(live, total=None)

        def update(text: str, headway: Headway | None) -> None:
            bar.update(task, description=text)
            if headway is not None:
                bar.update(task, completed=headway.done, total=headway.total)

        yield _Live(label, update)


class _Live:
    """One line that is written anew."""

    def __init__(self, label: str, update: Callable[[str, Headway | None], None]) -> None:
        self._label = label
        self._update = update

    def text(self, text: str) -> None:
        """Words alone."""
        self._update(text, None)

    def headway(self, headway: Headway) -> None:
        """The figures."""
        self._update(_told(self._label, headway), headway)


class _Plain:
    """Lines that stay: of the plan, now and then, and whenever it waits."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._told_at = time.monotonic()

    def text(self, text: str) -> None:
        """Words alone."""
        say(text)

    def headway(self, headway: Headway) -> None:
        """The figures, unless they were told a moment ago."""
        if headway.total == 0:
            return
        begins = not headway.done and (headway.seconds_left() or 0.0) >= _BEGIN_SECONDS
        # What it waits for says a line of its own.
        due = time.monotonic() - self._told_at >= _PLAIN_EVERY_SECONDS and headway.wait is None
        if begins or due:
            self._told_at = time.monotonic()
            say(_told(self._label, headway))


def _told(label: str, headway: Headway) -> str:
    from omie_pipeline.config.settings import clinic_zone
    from omie_pipeline.progress import told

    return f"{label}: {told(headway, clinic_zone())}"


def _recovering(label: str, codes: Sequence[str], until: datetime) -> str:
    from omie_pipeline.push.report import recovery_told

    return f"{label}: {recovery_told(codes, until)}"
