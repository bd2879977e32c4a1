"""How alike a clinic's value and a code of Omie's are, as numbers: names, records, patterns.

Nothing here decides: :mod:`suggest` weighs the numbers. Names are compared word by word, since
``locação do imóvel`` and ``aluguel`` have no letters in common; letters by rapidfuzz, which sees
typing mistakes.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz, process

from omie_pipeline.list_mapping.model import SourceItem, TargetCode
from omie_pipeline.list_mapping.words import Word, meanings, plain, words_of

Numbers = npt.NDArray[np.float32]

FEATURES: Final = (
    *("name", "name_squared", "item_covered", "target_covered", "head", "letters", "same_name"),
    *("parent", "description", "own_records", "own_chosen", "same_party"),
    *("same_party_and_value", "same_text", "pattern"),
)
"""What is told of each pair, in the order of the last axis of :func:`features`."""

_TYPO: Final = 86.0
"""rapidfuzz' ratio below which two words are not one written wrongly."""
_CUT_SHORT: Final = 0.9
_SAME: Final = 0.97
_LIKE_TEXT: Final = 88.0
_MOST_TEXTS: Final = 3_000
_SETTLED, _CHOSEN = 1.0, 2.0
_HALF_LIFE_DAYS: Final = 365.0
_PRIOR: Final = 1.0
"""Records that stand against a share: one record proves little."""


@dataclass(frozen=True, slots=True)
class Use:
    """Records in Omie that are alike but for their number.

    Attributes:
        code: the code they have there.
        kind, source: the clinic's value they came from; empty where a person typed them in Omie.
        party: who pays or is paid, as Omie's id of a company; ``None`` for persons.
        text: what stands in them, as the clinic or a person wrote it; compared, never shown.
        band: power of two of the sum in R$.
        records: how many.
        settled: of these, settled ones: what was paid was looked at.
        chosen: of these, ones whose code somebody put there: typed in Omie, changed after us, or
            said by the clinic's own row. The others have what stood in for a code that nobody gave.
        last: day of the latest.
    """

    code: str
    kind: str = ""
    source: str = ""
    party: int | None = None
    text: str = ""
    band: int | None = None
    records: int = 1
    settled: int = 0
    chosen: int = 0
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """What the rows of a value are like.

    Attributes:
        parties: the companies they are with, as Omie's ids.
        bands: powers of two of their sums.
        texts: what is often written in them.
        revenue: income or expense; ``None`` where both or unknown.
    """

    kind: str
    source: str
    parties: frozenset[int] = frozenset()
    bands: frozenset[int] = frozenset()
    texts: tuple[str, ...] = ()
    revenue: bool | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """Records behind one reason: how many have the code, settled ones among them, of how many."""

    records: int
    settled: int
    of: int


def features(
    items: Sequence[SourceItem],
    targets: Sequence[TargetCode],
    profiles: Mapping[tuple[str, str], Profile],
    history: History,
) -> Numbers:
    """Every pair told by :data:`FEATURES`: items × targets × features. ``pattern`` stays 0.

    Args:
        items: values of the clinic's.
        targets: codes of Omie's.
        profiles: what the rows of each value are like, by kind and value.
        history: which codes records got in Omie.
    """
    found = np.zeros((len(items), len(targets), len(FEATURES)), dtype=np.float32)
    if not items or not targets:
        return found
    names = _Names(targets)
    by_name = names.compared([words_of(item.name) for item in items])
    letters = np.asarray(
        process.cdist(
            [plain(item.name) for item in items],
            [plain(target.name) for target in targets],
            scorer=fuzz.token_sort_ratio,
            dtype=np.float32,
        )
    )
    parents = _Names(targets, of_parents=True).compared([words_of(item.name) for item in items])
    told = names.compared(
        [_described(item, profiles.get((item.kind, item.source))) for item in items]
    )
    found[:, :, 0] = by_name.dice
    found[:, :, 1] = by_name.dice**2
    found[:, :, 2] = by_name.item
    found[:, :, 3] = by_name.target
    found[:, :, 4] = by_name.head
    found[:, :, 5] = np.clip((letters - 50.0) / 50.0, 0.0, 1.0)
    found[:, :, 6] = (by_name.item > _SAME) & (by_name.target > _SAME)
    found[:, :, 7] = parents.dice
    found[:, :, 8] = told.dice
    found[:, :, 9:14] = history.shares(items, [target.code for target in targets], profiles)
    return found


@dataclass(frozen=True, slots=True)
class _Compared:
    """Items × targets: how much of either's words the other has, both, and the first word."""

    item: Numbers
    target: Numbers
    dice: Numbers
    head: Numbers


class _Names:
    """The targets' names, ready to be compared with many."""

    def __init__(self, targets: Sequence[TargetCode], *, of_parents: bool = False) -> None:
        self._names = [words_of(one.parent if of_parents else one.name) for one in targets]
        self._words = sorted({word.text for name in self._names for word in name})
        place = {word: number for number, word in enumerate(self._words)}
        seen = Counter(word.text for name in self._names for word in name)
        longest = max((len(name) for name in self._names), default=0) or 1
        self._places = np.zeros((len(targets), longest), dtype=np.int64)
        self._weights = np.zeros((len(targets), longest), dtype=np.float32)
        for row, name in enumerate(self._names):
            for column, word in enumerate(name):
                self._places[row, column] = place[word.text]
                self._weights[row, column] = word.weight * _rarity(seen[word.text], len(targets))

    def compared(self, names: Sequence[tuple[Word, ...]]) -> _Compared:
        """Every name against every target."""
        shape = (len(names), len(self._names))
        item, target, head = (np.zeros(shape, dtype=np.float32) for _ in range(3))
        known = {word.text: word for name in names for word in name}
        if self._words and known:
            place = {text: number for number, text in enumerate(known)}
            near = _nearness(list(known.values()), self._words)
            total = np.maximum(self._weights.sum(axis=1), 1e-6)
            for row, name in enumerate(names):
                if not name:
                    continue
                mine = near[[place[word.text] for word in name]][:, self._places]
                mine *= self._weights > 0
                best = mine.max(axis=2)
                weights = np.array([word.weight for word in name], dtype=np.float32)
                item[row] = (weights[:, None] * best).sum(axis=0) / max(1.0, weights.sum())
                target[row] = (mine.max(axis=0) * self._weights).sum(axis=1) / total
                head[row] = best[int(np.argmax(weights >= 0.9 * weights.max()))]
        dice = 2 * item * target / np.maximum(item + target, 1e-6)
        return _Compared(item, target, dice.astype(np.float32), head)


_Weighed = list[tuple[int, float]]


def _rarity(seen: int, of: int) -> float:
    """1 for a word that one name has, less for one that many have."""
    return max(0.2, math.log((of + 1) / seen) / math.log(of + 1)) if of > 1 else 1.0


def _nearness(words: Sequence[Word], known: Sequence[str]) -> Numbers:
    """Words × words: the same, written wrongly, cut short, or of one meaning."""
    texts = [word.text for word in words]
    near: Numbers = process.cdist(
        texts, known, scorer=fuzz.ratio, score_cutoff=_TYPO, score_multiplier=0.01, dtype=np.float32
    ).astype(np.float32)
    short = np.array([len(text) < 4 for text in texts])[:, None] | np.array(
        [len(text) < 4 for text in known]
    )
    near[short & (near < 1)] = 0
    by_group: defaultdict[int, tuple[list[tuple[int, float]], list[tuple[int, float]]]] = (
        defaultdict(lambda: ([], []))
    )
    for side, all_words in enumerate((texts, known)):
        for number, text in enumerate(all_words):
            for group, weight in meanings(text).items():
                by_group[group][side].append((number, weight))
    for ours, theirs in by_group.values():
        if ours and theirs:
            rows, columns = [one for one, _ in ours], [one for one, _ in theirs]
            product = np.outer([weight for _, weight in ours], [weight for _, weight in theirs])
            place = np.ix_(rows, columns)
            near[place] = np.maximum(near[place], product.astype(np.float32))
    for row, word in enumerate(words):
        if word.open and len(word.text) >= 3:
            for column, text in enumerate(known):
                if len(text) > len(word.text) and text.startswith(word.text):
                    near[row, column] = max(near[row, column], _CUT_SHORT)
    return near


def _described(item: SourceItem, profile: Profile | None) -> tuple[Word, ...]:
    """The words of what else is known of an item than its name."""
    texts = (item.description, *(profile.texts if profile else ()))
    found: dict[str, Word] = {}
    for text in texts:
        for word in words_of(text):
            found.setdefault(word.text, word)
    return tuple(found.values())[:12]


Shares = dict[str, float]


class History:
    """Records in Omie, by what they have in common with a value's rows."""

    def __init__(self, uses: Iterable[Use], today: date) -> None:
        self._by_source: defaultdict[tuple[str, str], list[Use]] = defaultdict(list)
        self._by_party: defaultdict[int, list[Use]] = defaultdict(list)
        self._by_text: defaultdict[str, list[Use]] = defaultdict(list)
        self._today = today
        for use in uses:
            if use.source:
                self._by_source[use.kind, use.source].append(use)
            if use.party is not None:
                self._by_party[use.party].append(use)
            if use.text:
                self._by_text[" ".join(word.text for word in words_of(use.text))].append(use)
        self._by_text.pop("", None)
        self._texts = sorted(
            self._by_text, key=lambda text: -sum(use.records for use in self._by_text[text])
        )[:_MOST_TEXTS]

    def of_source(self, item: SourceItem) -> list[Use]:
        """Records that came from the value itself."""
        return self._by_source.get((item.kind, item.source), [])

    def of_parties(self, profile: Profile | None) -> list[Use]:
        """Records with the companies that the value's rows are with."""
        if profile is None:
            return []
        return [use for party in sorted(profile.parties) for use in self._by_party.get(party, ())]

    def of_texts(self, items: Sequence[SourceItem]) -> list[list[Use]]:
        """By item, records in which something like its name is written."""
        found: list[list[Use]] = [[] for _ in items]
        if not self._texts:
            return found
        names = [" ".join(word.text for word in words_of(item.name)) for item in items]
        near = process.cdist(
            names,
            self._texts,
            scorer=fuzz.token_set_ratio,
            score_cutoff=_LIKE_TEXT,
            dtype=np.float32,
        )
        for row, column in zip(*np.nonzero(near), strict=True):
            if names[row]:
                found[row] += self._by_text[self._texts[column]]
        return found

    def shares(
        self,
        items: Sequence[SourceItem],
        codes: Sequence[str],
        profiles: Mapping[tuple[str, str], Profile],
    ) -> Numbers:
        """Items × codes × (own, own chosen ones, same party, same party and value, same text)."""
        found = np.zeros((len(items), len(codes), 5), dtype=np.float32)
        place = {code: number for number, code in enumerate(codes)}
        for row, (item, like) in enumerate(zip(items, self.of_texts(items), strict=True)):
            profile = profiles.get((item.kind, item.source))
            own, parties = self.of_source(item), self.of_parties(profile)
            bands = profile.bands if profile else frozenset[int]()
            near = [use for use in parties if use.band in bands]
            shares = (
                self._share(own),
                self._share(own, chosen=True),
                *map(self._share, (parties, near, like)),
            )
            for column, by_code in enumerate(shares):
                for code, share in by_code.items():
                    if code in place:
                        found[row, place[code], column] = share
        return found

    def _share(self, uses: Iterable[Use], *, chosen: bool = False) -> Shares:
        weights: defaultdict[str, float] = defaultdict(float)
        for use in uses:
            count = use.chosen if chosen else self._counted(use)
            weights[use.code] += count * self._faded(use)
        total = sum(weights.values()) + _PRIOR
        return {code: weight / total for code, weight in weights.items() if weight}

    def _counted(self, use: Use) -> float:
        """A settled record counts twice, one whose code somebody chose thrice."""
        return use.records + _SETTLED * use.settled + _CHOSEN * use.chosen

    def _faded(self, use: Use) -> float:
        """What is left of a record's weight after its age."""
        if use.last is None:
            return 1.0
        return float(0.5 ** (max(0, (self._today - use.last).days) / _HALF_LIFE_DAYS))


def counted(uses: Iterable[Use], code: str) -> Count:
    """The records of a reason, as a sentence tells them."""
    all_uses = list(uses)
    mine = [use for use in all_uses if use.code == code]
    return Count(
        sum(use.records for use in mine),
        sum(use.settled for use in mine),
        sum(use.records for use in all_uses),
    )
