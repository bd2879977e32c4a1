"""What the engine says while a command runs, on stderr: long waits, and a clock that differs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from omie_pipeline.cli.output import say

_LOGGERS = ("omie_pipeline.waits", "omie_pipeline.clock", "omie_pipeline.line")


class _Terminal(logging.Handler):
    """Says each record; the end of a wait as the clinic's own time."""

    def emit(self, record: logging.LogRecord) -> None:
        until = getattr(record, "until", None)
        if not isinstance(until, datetime):
            say(record.getMessage())
            return
        from omie_pipeline.config.settings import clinic_zone

        at = until.astimezone(clinic_zone())
        say(f"Esperando até {at:%H:%M:%S}: {getattr(record, 'why', '')}")


@contextmanager
def told_on_terminal() -> Iterator[None]:
    """Show these records on the terminal, and nowhere else, while a command runs."""
    handler = _Terminal(logging.INFO)
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [(one.level, one.propagate) for one in loggers]
    for one in loggers:
        one.addHandler(handler)
        one.setLevel(logging.INFO)
        one.propagate = False
    try:
        yield
    finally:
        for one, (level, propagate) in zip(loggers, before, strict=True):
            one.removeHandler(handler)
            one.setLevel(level)
            one.propagate = propagate
