"""The demo clinic's files: how one is described, read and how it writes money."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path


@dataclass(frozen=True, slots=True)
class CsvFile:
    """One file to write: its name, header and rows, all text."""

    name: str
    header: Sequence[str]
    rows: Iterable[Sequence[str]]


def read_csv(path: Path) -> list[Mapping[str, str]]:
    """The lines of a file with a header."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def money(cents: int) -> str:
    """Cents as R$ with two decimals."""
    return f"{Decimal(cents) / 100:.2f}"
