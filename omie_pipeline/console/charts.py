"""Small charts drawn as SVG on the server: nothing to load, and a table says the same beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from markupsafe import Markup

_WIDTH: Final = 320
_HEIGHT: Final = 64
_GAP: Final = 3


def bars(days: Sequence[tuple[str, Mapping[str, Decimal | int]]]) -> Markup:
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
            height = float(value) / float(most) * _HEIGHT
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


def strips(parts: Sequence[tuple[str, Decimal, str]]) -> Markup:
    """A horizontal bar for each part, the longest as wide as the chart.

    Args:
        parts: a label, its sum, and the sum in words.
    """
    most = max((abs(value) for _, value, _ in parts), default=Decimal()) or Decimal(1)
    rows = []
    for number, (label, value, told) in enumerate(parts):
        width = float(abs(value) / most) * _WIDTH
        rows.append(
            Markup(
                '<rect class="series-{}" x="0" y="{}" width="{:.1f}" height="{}">'
                "<title>{}: {}</title></rect>"
            ).format(int(value < 0), number * _STRIP, width, _STRIP - _GAP, label, told)
        )
    return Markup(
        '<svg class="strips" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true"'
        ' focusable="false">{}</svg>'
    ).format(_WIDTH, max(len(parts), 1) * _STRIP, Markup("").join(rows))


_STRIP: Final = 12
