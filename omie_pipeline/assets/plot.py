"""A small plot for Dagster's pages: bars of stacked numbers, as a Markdown image.

Dagster plots one number over time by itself; what it cannot show is how the parts of a whole moved.
Its pages render a picture that stands in the text itself (``data:``), and fetch none. A text of
1,000 characters or more they hide behind a link, so the picture is drawn with few words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

MOST_BARS = 12
"""So many fit in that length even if every part of every bar is there."""

_STEP, _BAR, _HEIGHT = 28, 20, 64
_LEAST = 2
"""Height of the smallest part: one row among thousands must still be seen."""
_PLAIN = " '=/:-,.;"
"""Characters of a picture that an address between angle brackets may hold as they are."""


@dataclass(frozen=True, slots=True)
class Series:
    """A part of every bar.

    Attributes:
        key: of its number.
        label: for people.
        color: a colour's name.
        color_name: the same for people, in the legend.
    """

    key: str
    label: str
    color: str
    color_name: str


def stacked_bars(bars: Sequence[Mapping[str, float]], series: Sequence[Series], of: str) -> str:
    """The picture as Markdown, with a legend that tells the last bar's numbers in words.

    Args:
        bars: numbers by the keys of the series, the oldest first; the last ones are drawn.
        series: the parts, the lowest first.
        of: what the last bar is of.
    """
    drawn = bars[-MOST_BARS:]
    picture = quote(_svg(drawn, series), safe=_PLAIN)
    last = drawn[-1] if drawn else {}
    told = ", ".join(f"{one.color_name} {last.get(one.key, 0):g} {one.label}" for one in series)
    return f"![](<data:image/svg+xml,{picture}>)\n\n{of}: {told}"


def _svg(bars: Sequence[Mapping[str, float]], series: Sequence[Series]) -> str:
    tallest = max((sum(_numbers(bar, series)) for bar in bars), default=0) or 1
    paths: list[str] = [""] * len(series)
    for place, bar in enumerate(bars):
        top = _HEIGHT
        for index, number in enumerate(_numbers(bar, series)):
            if number:
                high = max(round(number / tallest * (_HEIGHT - 8)), _LEAST)
                paths[index] += f"M{place * _STEP + _BAR // 2} {top}v-{high}"
                top -= high
    lines = "".join(
        f"<path stroke='{one.color}' d='{path}'/>"
        for one, path in zip(series, paths, strict=True)
        if path
    )
    width = MOST_BARS * _STEP
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{_HEIGHT}' "
        f"stroke-width='{_BAR}'>{lines}</svg>"
    )


def _numbers(bar: Mapping[str, float], series: Sequence[Series]) -> list[float]:
    return [max(bar.get(one.key, 0), 0) for one in series]
