"""Small charts drawn as SVG on the server: nothing to load, and a table says the same beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from markupsafe import Markup

_WIDTH: Final = 320
_HEIGHT: Final = 64
_GAP: Final = 3


def bars(days: Sequence[tuple[str, Mapping[str, int]]]) -> Markup:
    """Stacked bars, one for each entry; the series take their colours from the style sheet.

    Args:
        days: a label and a number for each series, in the order in which they are stacked.
    """
    most = max((sum(numbers.values()) for _, numbers in days), default=0) or 1
    step = _WIDTH / max(len(days), 1)
    parts = []
    for number, (label, numbers) in enumerate(days):
        top = float(_HEIGHT)
        for series, (name, value) in enumerate(numbers.items()):
            height = value / most * _HEIGHT
            top -= height
            parts.append(
                Markup(
                    '<rect class="series-{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}">'
                    "<title>{}: {} {}</title></rect>"
                ).format(series, number * step, top, step - _GAP, height, label, value, name)
            )
    return Markup(
        '<svg class="bars" viewBox="0 0 {} {}" aria-hidden="true" focusable="false">{}</svg>'
    ).format(_WIDTH, _HEIGHT, Markup("").join(parts))
