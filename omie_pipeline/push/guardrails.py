"""Stop before the first call when a plan looks like an accident."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from statistics import median

from omie_pipeline.push.policy import Guardrails
from omie_pipeline.texts import push as texts

_RUNS_BEFORE_MEDIAN = 3
# Below this a share or a median says nothing: a day with two sales and one bad row is no accident.
_ROWS_BEFORE_SHARE = 5
# Fewer deletes, or emptied fields, than this are a clinic's day, whatever part they are of a small
# ledger.
_DELETES_BEFORE_SHARE = 10


@dataclass(frozen=True, slots=True)
class PlanFigures:
    """What a plan would do, in numbers.

    Attributes:
        model_rows: selected rows that the model has; those that ``mirror`` deletes are not.
        quarantined: rows refused for what they say; not those that pass, but can no longer be
            changed in Omie (a settled título, a billed order): in time most títulos cannot.
        known_rows: records of this endpoint the ledger holds as confirmed.
        recent_selected: rows selected by recent runs over the same span.
        value_sum: sum in R$ of what would be sent, ``None`` for registers.
        emptied: field -> records of Omie's that would lose its value.
    """

    selected: int
    model_rows: int
    quarantined: int
    deletes: int
    known_rows: int
    recent_selected: Sequence[int] = ()
    value_sum: Decimal | None = None
    emptied: Mapping[str, int] = field(default_factory=dict)


def refusals(figures: PlanFigures, limits: Guardrails) -> tuple[str, ...]:
    """Why this plan must not run without approval, in Portuguese; empty when it may."""
    reasons = []
    share = figures.quarantined / max(figures.selected, 1)
    if figures.selected >= _ROWS_BEFORE_SHARE and share > limits.max_quarantined_share:
        reasons.append(
            texts.many_quarantined(
                quarantined=figures.quarantined,
                selected=figures.selected,
                most=limits.max_quarantined_share,
            )
        )
    if figures.deletes > limits.max_deletes:
        reasons.append(texts.many_deletes(deletes=figures.deletes, most=limits.max_deletes))
    many = figures.deletes >= _DELETES_BEFORE_SHARE and figures.known_rows > 0
    if many and figures.deletes / figures.known_rows > limits.max_delete_share:
        reasons.append(
            texts.large_share_deleted(
                deletes=figures.deletes, known=figures.known_rows, most=limits.max_delete_share
            )
        )
    for name, rows in sorted(figures.emptied.items()):
        share = rows / max(figures.known_rows, 1)
        if rows >= _DELETES_BEFORE_SHARE and share > limits.max_emptied_share:
            reasons.append(
                texts.field_emptied(
                    field=name, rows=rows, known=figures.known_rows, most=limits.max_emptied_share
                )
            )
    if len(figures.recent_selected) >= _RUNS_BEFORE_MEDIAN:
        usual = median(figures.recent_selected)
        few = figures.model_rows < usual * limits.min_rows_vs_median
        if few and usual >= _ROWS_BEFORE_SHARE:
            reasons.append(
                texts.few_rows(
                    rows=figures.model_rows, usual=usual, least=limits.min_rows_vs_median
                )
            )
    ceiling = limits.max_value_sum
    if ceiling is not None and figures.value_sum is not None and figures.value_sum > ceiling:
        reasons.append(texts.large_sum(total=figures.value_sum, most=ceiling))
    return tuple(reasons)
