"""A machine whose clock is wrong."""

from __future__ import annotations

import datetime as standard
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta, tzinfo

import pytest

_APART = "omie_pipeline.simulator"
"""Omie's own machine, whose clock is right."""

Now = Callable[[], standard.datetime]


@contextmanager
def machine_clock(ahead: timedelta = timedelta(), now: Now | None = None) -> Iterator[None]:
    """Inside, whatever module of the package asks the machine gets a time that is off.

    Args:
        ahead: of the real time; the database's is right.
        now: what the machine shows, instead.
    """

    class Kind(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, standard.datetime)

    class Crooked(standard.datetime, metaclass=Kind):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> standard.datetime:  # type: ignore[override]
            return standard.datetime.now(tz) + ahead if now is None else now().astimezone(tz)

    with pytest.MonkeyPatch.context() as patch:
        for name, module in list(sys.modules.items()):
            if name.startswith("omie_pipeline") and not name.startswith(_APART):
                for attribute, found in list(vars(module).items()):
                    if found is standard.datetime:
                        patch.setattr(module, attribute, Crooked)
        yield
