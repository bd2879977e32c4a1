"""Short forms for the declarations of this folder."""

from __future__ import annotations

from omie_pipeline.catalog.lists.model import Audit, Column, Personal


def text(name: str, path: str, comment: str, personal: Personal = "") -> Column:
    """A text column.

    Args:
        name: the name of the column.
        path: where the value is in Omie's record, dotted.
        comment: in the database.
        personal: what it says of a person.
    """
    return Column(name, path, "text", comment, personal)


def bigint(name: str, path: str, comment: str) -> Column:
    """An id or a whole number."""
    return Column(name, path, "bigint", comment)


def numeric(name: str, path: str, comment: str, or_path: str = "") -> Column:
    """Money in R$, or another exact number.

    Args:
        name: the name of the column.
        path: where the value is in Omie's record, dotted.
        comment: in the database.
        or_path: where it is if there is none under ``path``.
    """
    return Column(name, path, "numeric", comment, or_path=or_path)


def day(name: str, path: str, comment: str) -> Column:
    """A date (dd/mm/aaaa on the wire)."""
    return Column(name, path, "date", comment)


def jsonb(name: str, path: str, comment: str) -> Column:
    """A nested list or object, as it came."""
    return Column(name, path, "jsonb", comment)


INFO = Audit(
    "info.dInc", "info.hInc", "info.uInc", "info.dAlt", "info.hAlt", "info.uAlt", "info.cImpAPI"
)
"""The audit block of most lists (omie-api.md#audit-block)."""
