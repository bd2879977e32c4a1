"""Why dbt has to run, in one line for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from omie_pipeline.texts import models as texts

_MOST_RELATIONS: Final = 3


def why_dbt(reasons: Sequence[str], relations: Sequence[str]) -> str:
    """In one line why dbt runs; of many relations the first ones.

    Args:
        reasons: values of ``models.memory.Reason``.
        relations: the relations that they are about.
    """
    text = "; ".join(texts.WHY_DBT[reason] for reason in reasons)
    if not relations:
        return text
    more = len(relations) - _MOST_RELATIONS
    rest = texts.and_more(more) if more > 0 else ""
    return f"{text}: {', '.join(relations[:_MOST_RELATIONS])}{rest}"
