"""How far a long step is, on stderr: a live line on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from omie_pipeline.cli.output import console, count, say

if TYPE_CHECKING:
    from omie_pipeline.resources.deployment import Progress

_PLAIN_EVERY_SECONDS = 10.0


@contextmanager
def push_progress(label: str) -> Iterator[Progress]:
    """Hooks for one push that tell ``label`` and the rows sent so far."""
    if sys.stderr.isatty():
        with _live(label) as hooks:
            yield hooks
    else:
        yield _plain(label)


@contextmanager
def _live(label: str) -> Iterator[Progress]:
    from rich.progress import Progress as Bar
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    from omie_pipeline.resources.deployment import Progress

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Bar(*columns, console=console(sys.stderr), transient=True) as bar:
        task = bar.add_task(f"{label}: planejando e validando")
        sent = 0

        def on_rows(rows: int) -> None:
            nonlocal sent
            sent += rows
            bar.update(task, description=f"{label}: {count(sent)} linhas enviadas")

        def on_wait() -> None:
            bar.update(task, description=_waiting(label))

        yield Progress(on_wait=on_wait, on_rows=on_rows)


def _plain(label: str) -> Progress:
    from omie_pipeline.resources.deployment import Progress

    sent, told_at = 0, time.monotonic()

    def on_rows(rows: int) -> None:
        nonlocal sent, told_at
        sent += rows
        if time.monotonic() - told_at >= _PLAIN_EVERY_SECONDS:
            told_at = time.monotonic()
            say(f"{label}: {count(sent)} linhas enviadas")

    say(f"{label}: planejando, validando e enviando")
    return Progress(on_wait=lambda: say(_waiting(label)), on_rows=on_rows)


def _waiting(label: str) -> str:
    return f"{label}: outra execução está enviando; esperando a vez"
