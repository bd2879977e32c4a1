"""The words for records: one of an endpoint, several, so many."""

from __future__ import annotations

from omie_pipeline.texts.console.records import NAMES, STATES

__all__ = ["STATES", "counted", "many", "one"]


def one(endpoint: str) -> str:
    """How staff call a record of an endpoint."""
    return NAMES.get(endpoint, (endpoint, endpoint))[0]


def many(endpoint: str) -> str:
    """How they call several."""
    return NAMES.get(endpoint, (endpoint, endpoint))[1]


def counted(endpoint: str, rows: int) -> str:
    """So many records of an endpoint."""
    return f"{rows} {one(endpoint) if rows == 1 else many(endpoint)}"
