"""A step is retried only where Omie's fault allows it, and after Omie's own wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from omie_pipeline.errors import RetryLater

_MAX_RETRIES = 3


@contextmanager
def retried_as_omie_says() -> Iterator[None]:
    """Turn ``RetryLater`` into Dagster's retry. A block is none: its rows are held, and the sensor
    resumes them when it ends; knocking before would extend it."""
    try:
        yield
    except RetryLater as fault:
        raise dg.RetryRequested(
            max_retries=_MAX_RETRIES, seconds_to_wait=fault.wait_seconds
        ) from fault
