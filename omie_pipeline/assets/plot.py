"""A small plot for Dagster's pages: bars of stacked numbers, as a Markdown image.

Dagster plots one number over time by itself; what it cannot show is how the parts of a whole moved.
Its pages render a picture that stands in the text itself (``data:``), and fetch none.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

_WIDTH, _HEIGHT, _LEGEND, _LEFT = 340, 90, 20, 34
_LEAST = 2.0
"""Height of the smallest part: one row among thousands must still be seen."""


@dataclass(frozen=True, slots=True)
class Series:
    """A part of every bar: its key in the values, its name for people, its colour."""

    key: str
    label: str
    color: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what it is of, and its numbers by the series' keys."""

    label: str
    values: Mapping[str, float]


def stacked_bars(bars: Sequence[Bar], series: Sequence[Series]) -> str:
    """The picture as Markdown; the last bar's numbers in words, for who cannot see it."""
    picture = base64.b64encode(_svg(bars, series).encode()).decode()
    last = bars[-1] if bars else Bar("", {})
    told = ", ".join(f"{last.values.get(one.key, 0):g} {one.label}" for one in series)
    return f"![{last.label}: {told}](data:image/svg+xml;base64,{picture})"


def _svg(bars: Sequence[Bar], series: Sequence[Series]) -> str:
    tallest = max((sum(_numbers(bar, series)) for bar in bars), default=0) or 1
    step = (_WIDTH - _LEFT) / max(len(bars), 1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT + _LEGEND}" '
        'font-family="sans-serif" font-size="10" fill="#555">',
        f'<text x="{_LEFT - 4}" y="10" text-anchor="end">{tallest:g}</text>',
        f'<text x="{_LEFT - 4}" y="{_HEIGHT}" text-anchor="end">0</text>',
        f'<line x1="{_LEFT}" y1="{_HEIGHT}" x2="{_WIDTH}" y2="{_HEIGHT}" stroke="#999"/>',
    ]
    for place, bar in enumerate(bars):
        parts += _bar(bar, series, _LEFT + place * step, min(step * 0.8, 24), tallest)
    at = float(_LEFT)
    for one in series:
        parts.append(f'<rect x="{at:.0f}" y="{_HEIGHT + 8}" width="8" height="8" '
                     f'fill={quoteattr(one.color)}/>')  # fmt: skip
        parts.append(f'<text x="{at + 11:.0f}" y="{_HEIGHT + 16}">{escape(one.label)}</text>')
        at += 20 + 6 * len(one.label)
    return "".join([*parts, "</svg>"])


def _bar(
    bar: Bar, series: Sequence[Series], left: float, width: float, tallest: float
) -> list[str]:
    """One bar from the bottom up.

    Args:
        bar: its numbers.
        series: its parts, the lowest first.
        left, width: where it stands.
        tallest: the sum that fills the height.
    """
    parts, top = [], float(_HEIGHT)
    for one, number in zip(series, _numbers(bar, series), strict=True):
        if number:
            high = max(number / tallest * (_HEIGHT - 12), _LEAST)
            top -= high
            parts.append(
                f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{high:.1f}" '
                f"fill={quoteattr(one.color)}/>"
            )
    return parts


def _numbers(bar: Bar, series: Sequence[Series]) -> list[float]:
    return [max(bar.values.get(one.key, 0), 0) for one in series]
