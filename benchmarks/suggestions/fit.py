"""``python -m benchmarks.suggestions.fit``: fit the weights of the suggestions and keep them.

A conditional logit: for each value every code of its plan and "none of them" is a choice, and the
weights are those under which what the accountant chose is likeliest (maximum likelihood, a small
penalty on large weights). Then the confidence: each earlier list is left out once, the weights are
fitted to the others, and a rising table turns what they say of its first suggestions into how often
these were right (isotonic regression).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.suggestions.labelled import CUT, EARLIER, Case, nameless, names_of, with_history
from omie_pipeline.list_mapping import suggest as suggesting
from omie_pipeline.list_mapping.scores import FEATURES, History, features
from omie_pipeline.list_mapping.suggest import Fitted, allowed

KEPT = Path(suggesting.__file__).with_name("fitted.json")
BY_HAND = {"pattern": 20.0}
"""Weights that no label can tell: a person wrote the pattern for what it matches."""
_PENALTY = 0.3
_STEPS = 40
_BLOCK = 40
Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Choice:
    """One value: its codes told by numbers, and the places of the right ones."""

    name: str
    numbers: Array
    right: tuple[int, ...]


def choices(cases: Iterable[Case]) -> list[Choice]:
    """Every value of the cases."""
    found = []
    for case in cases:
        targets = [one for one in case.targets if one.active and not one.total_line]
        profiles = {(one.kind, one.source): one for one in case.profiles}
        numbers = features(case.items, targets, profiles, History(case.uses, CUT))
        may = allowed(case.items, targets, profiles, ())
        for row, right in enumerate(case.right):
            kept = np.flatnonzero(may[row])
            codes = [targets[column].code for column in kept]
            found.append(
                Choice(
                    case.name.removesuffix(" with history"),
                    numbers[row, kept].astype(np.float64),
                    tuple(codes.index(code) for code in right),
                )
            )
    return found


def weights_for(all_choices: Sequence[Choice]) -> tuple[Array, float]:
    """The likeliest weights, and what speaks for "none": Newton's method."""
    count = len(FEATURES)
    most = max(len(one.numbers) for one in all_choices)
    # The last choice is "none": no number tells of it but a 1 of its own.
    told = np.zeros((len(all_choices), most + 1, count + 1))
    there = np.zeros((len(all_choices), most + 1), dtype=np.bool_)
    right = np.zeros_like(there)
    for row, one in enumerate(all_choices):
        told[row, : len(one.numbers), :count] = one.numbers
        there[row, : len(one.numbers)] = True
        right[row, list(one.right) or most] = True
    told[:, most, count] = 1.0
    there[:, most] = True
    free = np.array([name not in BY_HAND for name in FEATURES] + [True])
    penalty = np.append(np.full(count, _PENALTY), 1e-6)
    while True:
        weights = np.where(free, 1.0, 0.0)
        for _ in range(_STEPS):
            likely = _shares(told @ weights, there)
            wanted = _shares(told @ weights, right)
            slope = np.einsum("nt,ntf->f", wanted - likely, told) - penalty * weights
            middle = np.einsum("nt,ntf->nf", likely, told)
            bend = np.einsum("nt,ntf,ntg->fg", likely, told, told) - middle.T @ middle
            bend += np.diag(penalty)
            weights[free] += np.linalg.solve(bend[np.ix_(free, free)], slope[free])
        # More in common is never a reason against: what would be one is left out.
        against = free & (weights < 0)
        against[-1] = False
        if not against.any():
            break
        free &= ~against
    return weights[:-1], float(weights[-1])


def _shares(told: Array, there: npt.NDArray[np.bool_]) -> Array:
    """By row, what each choice that is there is likely to be."""
    bounded = np.where(there, told, -np.inf)
    weight: Array = np.exp(bounded - bounded.max(axis=1, keepdims=True))
    return weight / weight.sum(axis=1, keepdims=True)


def first_of(one: Choice, weights: Array, none: float) -> tuple[float, bool]:
    """What is said of the first suggestion, and whether it is right."""
    told = np.append(one.numbers @ weights, none)
    likely = np.exp(told - told.max())
    likely /= likely.sum()
    best = int(np.argmax(likely[:-1]))
    return float(likely[best]), best in one.right


def table_for(said: Sequence[tuple[float, bool]]) -> tuple[tuple[float, float], ...]:
    """What was said, and how often it was right: isotonic regression in blocks of some size.

    Blocks of :data:`_BLOCK` suggestions, those said nearest to each other; neighbours that would
    fall are put together (pool adjacent violators). A block's share is drawn a little to a half, so
    that none says never or always.
    """
    ordered = sorted(said)
    blocks: list[list[float]] = []
    for start in range(0, len(ordered), _BLOCK):
        part = ordered[start : start + _BLOCK]
        blocks.append([sum(s for s, _ in part), sum(was for _, was in part), len(part)])
        while len(blocks) > 1 and blocks[-2][1] / blocks[-2][2] >= blocks[-1][1] / blocks[-1][2]:
            last = blocks.pop()
            blocks[-1] = [one + other for one, other in zip(blocks[-1], last, strict=True)]
    return tuple(
        (round(told / of, 4), round((right + 0.5) / (of + 1), 4)) for told, right, of in blocks
    )


def fit(lists: Sequence[str]) -> Fitted:
    """Fit to some lists: by names alone, with two histories each, and by a history alone."""
    plain = names_of(lists)
    made = [
        with_history(nameless(case) if seed == 3 else case, seed, noise=noise)
        for case in plain
        for seed, noise in ((1, 0.1), (2, 0.25), (3, 0.15))
    ]
    all_choices = choices([*plain, *made])
    said = []
    for left_out in lists:
        weights, none = weights_for([one for one in all_choices if one.name != left_out])
        said += [first_of(one, weights, none) for one in all_choices if one.name == left_out]
    table = table_for(said)
    weights, none = weights_for(all_choices)
    kept = {**dict(zip(FEATURES, weights, strict=True)), **BY_HAND}
    origin = (
        f"benchmarks/suggestions/fit.py: {len(all_choices)} values of {', '.join(lists)}, by name "
        "alone, with two made histories each, and by history alone; confidence from lists "
        "left out in turn"
    )
    ordered = tuple(round(float(kept[name]), 3) for name in FEATURES)
    return Fitted(ordered, round(none, 3), table, origin)


def main() -> None:
    """Fit to the earlier lists and write ``fitted.json``."""
    found = fit(EARLIER)
    told = {
        "origin": found.origin,
        "weights": dict(zip(FEATURES, found.weights, strict=True)),
        "none": found.none,
        "table": found.table,
    }
    KEPT.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
