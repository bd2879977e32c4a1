"""What a measure comes to, and how it is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure and what it is held against.

    Attributes:
        figure: what was measured, with its unit.
        before: the figure, or the ratio, before small syncs were made to cost what they change
            (November 2026); kept beside the present one. ``""`` where nothing was measured then.
        ratio: the number the target speaks of; ``None`` where there is none.
        at_most, at_least: the target; a measure without one is only reported.
    """

    name: str
    figure: str
    ratio: float | None = None
    at_most: float | None = None
    at_least: float | None = None
    before: str = ""

    @property
    def missed(self) -> bool:
        """The ratio is on the wrong side of the target."""
        if self.ratio is None:
            return False
        too_much = self.at_most is not None and self.ratio > self.at_most
        too_little = self.at_least is not None and self.ratio < self.at_least
        return too_much or too_little

    @property
    def target(self) -> str:
        """``<= 1.25``, or ``""``."""
        if self.at_most is not None:
            return f"<= {self.at_most:g}"
        return f">= {self.at_least:g}" if self.at_least is not None else ""

    @property
    def verdict(self) -> str:
        """``ok``, ``MISSED``, or ``-`` for what is only reported."""
        if not self.target:
            return "-"
        return "MISSED" if self.missed else "ok"

    @property
    def cells(self) -> tuple[str, ...]:
        """The measure as a row of :func:`table`."""
        ratio = "" if self.ratio is None else f"{self.ratio:.3g}"
        return (self.name, self.before, self.figure, ratio, self.target, self.verdict)


_HEADER = ("measure", "before", "figure", "ratio", "target", "verdict")


def table(measures: Sequence[Measure]) -> str:
    """All measures as aligned text."""
    rows = [_HEADER, *(measure.cells for measure in measures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADER))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
             for row in rows]  # fmt: skip
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def seconds_of(act: Callable[[], object]) -> float:
    """Wall time of one call."""
    started = perf_counter()
    act()
    return perf_counter() - started


@dataclass(frozen=True, slots=True)
class Alternated:
    """Seconds of the baseline and of ours, repetition by repetition.

    The ratio is the median of the ratios of neighbours: what else the machine was doing weighs on
    both of a pair.
    """

    baseline: tuple[float, ...]
    ours: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """Median of ours over the baseline beside it."""
        return median(b / a for a, b in zip(self.baseline, self.ours, strict=True))

    @property
    def told(self) -> str:
        """Both medians, in seconds."""
        return f"{median(self.ours):.2f} s against {median(self.baseline):.2f} s"


def alternate(
    repetitions: int, baseline: Callable[[], float], ours: Callable[[], float]
) -> Alternated:
    """Measure both by turns; each callable returns its own seconds."""
    pairs = [(baseline(), ours()) for _ in range(repetitions)]
    return Alternated(tuple(a for a, _ in pairs), tuple(b for _, b in pairs))
