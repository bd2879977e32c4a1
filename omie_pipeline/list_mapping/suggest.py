"""Which code a value of the clinic's probably means: ranked, with a probability and a reason.

The numbers of :mod:`scores` are weighed by a conditional logit over all codes and "none of them"
(``fitted.json``, made by ``benchmarks/suggestions/fit.py`` from labelled lists). What it says is
then held against how often it was right on lists it had not seen, so that of a hundred suggestions
with 0.8 some eighty are right (``benchmarks/bench_suggestions.py`` measures it).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from omie_pipeline.list_mapping.model import SourceItem, Suggestion, TargetCode
from omie_pipeline.list_mapping.patterns import Pattern, matches
from omie_pipeline.list_mapping.scores import (
    FEATURES,
    Count,
    History,
    Profile,
    Use,
    counted,
    features,
)
from omie_pipeline.texts import list_mapping as texts

MOST: Final = 3
LEAST_CONFIDENCE: Final = 0.05
"""What is less likely is not worth a person's look."""
_MOST_SURE: Final = 0.99
_LEAST_LEFT: Final = 1e-6
_FITTED: Final = Path(__file__).with_name("fitted.json")
_TELLING: Final = 0.35
"""How alike names are at least for a reason to speak of it."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known besides the names.

    Attributes:
        today: records fade with age, counted from here.
        uses: records in Omie.
        profiles: what the rows of each value are like.
        patterns: what persons wrote.
        rejected: (kind, source, code) that a person refused: never suggested again.
    """

    today: date
    uses: Sequence[Use] = ()
    profiles: Sequence[Profile] = ()
    patterns: Sequence[Pattern] = ()
    rejected: Collection[tuple[str, str, str]] = ()


@dataclass(frozen=True, slots=True)
class Fitted:
    """How much each number tells.

    Attributes:
        weights: one for each of ``FEATURES``, in their order.
        none: what speaks for "none of them".
        table: what the logit says of its first suggestion, and how often that was right; rising.
        origin: from what, and how, it was fitted.
    """

    weights: tuple[float, ...]
    none: float
    table: tuple[tuple[float, float], ...]
    origin: str = field(default="", compare=False)


@cache
def fitted() -> Fitted:
    """What was fitted, as it is kept beside this file."""
    kept = json.loads(_FITTED.read_text(encoding="utf-8"))
    return Fitted(
        tuple(float(kept["weights"][name]) for name in FEATURES),
        float(kept["none"]),
        tuple((float(said), float(right)) for said, right in kept["table"]),
        str(kept["origin"]),
    )


def suggest(
    items: Sequence[SourceItem],
    targets: Sequence[TargetCode],
    known: Known,
    *,
    most: int = MOST,
    by: Fitted | None = None,
) -> dict[tuple[str, str], tuple[Suggestion, ...]]:
    """For each (kind, source) the codes that may be meant, the likeliest first; maybe none.

    Args:
        items: values that look for a code.
        targets: the codes of one list. What is inactive or a total line is never suggested, nor is
            income for what is paid.
        known: records, patterns, refusals.
        most: suggestions for one value.
        by: other weights than the kept ones; the measures compare them.
    """
    usable = [target for target in targets if target.active and not target.total_line]
    if not items or not usable:
        return {(item.kind, item.source): () for item in items}
    weighed = by or fitted()
    profiles = {(one.kind, one.source): one for one in known.profiles}
    history = History(known.uses, known.today)
    numbers = features(items, usable, profiles, history)
    numbers[:, :, FEATURES.index("pattern")] = _patterned(items, usable, known.patterns)
    likely = probabilities(numbers, allowed(items, usable, profiles, known.rejected), weighed)
    reasons = _Reasons(items, usable, known, profiles, history)
    found: dict[tuple[str, str], tuple[Suggestion, ...]] = {}
    for row, item in enumerate(items):
        best = np.argsort(-likely[row], kind="stable")[:most]
        found[item.kind, item.source] = tuple(
            Suggestion(
                usable[column].code,
                round(float(likely[row, column]), 3),
                reasons.told(row, column, numbers[row, column]),
            )
            for column in map(int, best)
            if likely[row, column] >= LEAST_CONFIDENCE
        )
    return found


def allowed(
    items: Sequence[SourceItem],
    targets: Sequence[TargetCode],
    profiles: Mapping[tuple[str, str], Profile],
    rejected: Collection[tuple[str, str, str]],
) -> npt.NDArray[np.bool_]:
    """Items × targets: not refused, and of the side of money that the item's rows have.

    Args:
        items: values of the clinic's.
        targets: codes of Omie's.
        profiles: what the rows of each value are like, by kind and value.
        rejected: kind, value and code of each pair that a person refused.
    """
    refused = frozenset(rejected)
    found = np.ones((len(items), len(targets)), dtype=np.bool_)
    for row, item in enumerate(items):
        profile = profiles.get((item.kind, item.source))
        side = profile.revenue if profile else None
        for column, target in enumerate(targets):
            other_side = None not in (side, target.revenue) and side != target.revenue
            if other_side or (item.kind, item.source, target.code) in refused:
                found[row, column] = False
    return found


def probabilities(
    numbers: npt.NDArray[np.float32], may: npt.NDArray[np.bool_], by: Fitted
) -> npt.NDArray[np.float64]:
    """Items × targets: how often a suggestion like this is right."""
    told = numbers.astype(np.float64) @ np.array(by.weights)
    told = np.where(may, told, -np.inf)
    ceiling = np.maximum(told.max(axis=1, keepdims=True), by.none)
    weight = np.exp(told - ceiling)
    shares = weight / (weight.sum(axis=1, keepdims=True) + np.exp(by.none - ceiling))
    best = shares.max(axis=1, keepdims=True)
    said = [0.0, *(one for one, _ in by.table), 1.0]
    right = [0.0, *(one for _, one in by.table), _MOST_SURE]
    corrected = np.interp(best, said, right)
    # What the first one loses or wins, the others and "none" win or lose.
    others = np.minimum(shares * (1 - corrected) / np.maximum(1 - best, _LEAST_LEFT), corrected)
    return np.where(may, np.where(shares == best, corrected, others), 0.0)


def _patterned(
    items: Sequence[SourceItem], targets: Sequence[TargetCode], patterns: Iterable[Pattern]
) -> npt.NDArray[np.float32]:
    found = np.zeros((len(items), len(targets)), dtype=np.float32)
    place = {(target.target, target.code): number for number, target in enumerate(targets)}
    for pattern in patterns:
        column = place.get((pattern.target, pattern.code))
        if column is not None:
            for row, item in enumerate(items):
                if matches(pattern, item):
                    found[row, column] = 1
    return found


class _Reasons:
    """Why a code is suggested, as a sentence. No name of a person stands in it."""

    def __init__(
        self,
        items: Sequence[SourceItem],
        targets: Sequence[TargetCode],
        known: Known,
        profiles: Mapping[tuple[str, str], Profile],
        history: History,
    ) -> None:
        self._items, self._targets, self._known = items, targets, known
        self._profiles, self._history = profiles, history
        self._like = history.of_texts(items)

    def told(self, row: int, column: int, numbers: npt.NDArray[np.float32]) -> str:
        """The sentence for one pair, its strongest reason first."""
        item, target = self._items[row], self._targets[column]
        value = dict(zip(FEATURES, map(float, numbers), strict=True))
        profile = self._profiles.get((item.kind, item.source))
        reasons: list[str] = []
        if value["pattern"]:
            reasons.append(self._pattern(item, target))
        own = counted(self._history.of_source(item), target.code)
        if own.records:
            reasons.append(texts.own_records(**_said(own)))
        reasons += self._name(value, target)
        party = counted(self._history.of_parties(profile), target.code)
        if party.records:
            reasons.append(texts.same_party(**_said(party)))
        like = counted(self._like[row], target.code)
        if like.records:
            reasons.append(texts.same_text(**_said(like)))
        if not reasons:
            reasons.append(texts.LITTLE_IN_COMMON)
        return texts.sentence(reasons="; ".join(reasons[:3]))

    def _pattern(self, item: SourceItem, target: TargetCode) -> str:
        pattern = next(
            one for one in self._known.patterns if one.code == target.code and matches(one, item)
        )
        if pattern.written_by:
            return texts.pattern_of(glob=pattern.glob, written_by=pattern.written_by)
        return texts.pattern(glob=pattern.glob)

    def _name(self, value: Mapping[str, float], target: TargetCode) -> list[str]:
        if value["same_name"] and value["letters"] > 0.99:
            return [texts.same_name(name=target.name)]
        if value["name"] >= _TELLING:
            alike = value["letters"] >= 0.5
            say = texts.like_letters if alike else texts.like_meaning
            return [say(name=target.name)]
        if value["description"] >= _TELLING:
            return [texts.like_description(name=target.name)]
        return []


def _said(count: Count) -> dict[str, int]:
    return {"records": count.records, "of": count.of, "settled": count.settled}
