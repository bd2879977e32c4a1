"""Stop before the first call when a plan looks like an accident."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from statistics import median

from omie_pipeline.push.policy import Guardrails

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
            f"{figures.quarantined} de {figures.selected} linhas em quarentena, mais que "
            f"{limits.max_quarantined_share:.0%} (max_quarantined_share)"
        )
    if figures.deletes > limits.max_deletes:
        reasons.append(f"{figures.deletes} exclusões, mais que {limits.max_deletes} (max_deletes)")
    many = figures.deletes >= _DELETES_BEFORE_SHARE and figures.known_rows > 0
    if many and figures.deletes / figures.known_rows > limits.max_delete_share:
        reasons.append(
            f"{figures.deletes} exclusões de {figures.known_rows} registros, mais que "
            f"{limits.max_delete_share:.0%} (max_delete_share)"
        )
    for name, rows in sorted(figures.emptied.items()):
        share = rows / max(figures.known_rows, 1)
        if rows >= _DELETES_BEFORE_SHARE and share > limits.max_emptied_share:
            reasons.append(
                f"o campo {name} ficaria vazio em {rows} de {figures.known_rows} registros, mais "
                f"que {limits.max_emptied_share:.0%}: a coluna da origem mudou de nome? "
                "(max_emptied_share)"
            )
    if len(figures.recent_selected) >= _RUNS_BEFORE_MEDIAN:
        usual = median(figures.recent_selected)
        few = figures.model_rows < usual * limits.min_rows_vs_median
        if few and usual >= _ROWS_BEFORE_SHARE:
            reasons.append(
                f"só {figures.model_rows} linhas, quando o habitual são {usual:.0f} "
                f"(min_rows_vs_median {limits.min_rows_vs_median:.0%})"
            )
    ceiling = limits.max_value_sum
    if ceiling is not None and figures.value_sum is not None and figures.value_sum > ceiling:
        reasons.append(
            f"soma de R$ {figures.value_sum:.2f} acima do teto de R$ {ceiling:.2f} (max_value_sum)"
        )
    return tuple(reasons)
