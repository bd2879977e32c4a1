"""How good the suggestions of the de-para are, on lists and months that nothing was fitted to.

Held against what is always there: the most frequent category, and names compared by their trigrams
alone. And what it costs to suggest for a large company.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from random import Random
from time import process_time

import sqlalchemy as sa

from benchmarks.bench import Bench
from benchmarks.measure import Measure, seconds_of
from benchmarks.suggestions import sample_company
from benchmarks.suggestions.labelled import CUT, LATER, Case, names_of, with_history
from omie_pipeline.list_mapping.model import SourceItem, TargetCode
from omie_pipeline.list_mapping.scores import Profile, Use
from omie_pipeline.list_mapping.suggest import Known, suggest
from omie_pipeline.list_mapping.usage import uses_of
from omie_pipeline.list_mapping.words import plain
from omie_pipeline.postgres.engine import open_engine

THRESHOLD = 0.8
_BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 1.01)


@dataclass(frozen=True, slots=True)
class Said:
    """The first suggestion for one value.

    Attributes:
        confidence: 0 where nothing was suggested.
        right: it is one of the accountant's.
        mapped: the accountant has a code for the value at all.
        name: of the value; for those who read the errors.
    """

    confidence: float
    right: bool
    mapped: bool
    name: str = ""


Guess = Callable[[Case], list[tuple[str, float]]]
"""By item, the first code and how sure it is."""


def ours(case: Case, today: date = CUT) -> list[tuple[str, float]]:
    """By :func:`omie_pipeline.list_mapping.suggest.suggest`."""
    found = suggest(case.items, case.targets, Known(today, case.uses, case.profiles))
    return [
        (told[0].code, told[0].confidence) if told else ("", 0.0)
        for told in (found[item.kind, item.source] for item in case.items)
    ]


def most_frequent(case: Case) -> list[tuple[str, float]]:
    """The code that most records had; without records, that most of the right answers are."""
    revenue = {(one.kind, one.source): one.revenue for one in case.profiles}
    side = {target.code: target.revenue for target in case.targets}
    found = []
    for item in case.items:
        mine = revenue.get((item.kind, item.source))
        seen = Counter(code for right in case.right for code in right if side[code] == mine)
        if case.uses:
            seen = Counter(use.code for use in case.uses if side[use.code] == mine)
        best = seen.most_common(1)
        found.append((best[0][0], best[0][1] / seen.total()) if best else ("", 0.0))
    return found


def by_trigrams(case: Case) -> list[tuple[str, float]]:
    """The code whose name has most trigrams in common, as PostgreSQL's ``similarity`` counts."""
    revenue = {(one.kind, one.source): one.revenue for one in case.profiles}
    found = []
    for item in case.items:
        mine = _trigrams(item.name)
        side = revenue.get((item.kind, item.source))
        scores = [
            (len(mine & theirs) / len(mine | theirs), target.code)
            for target in case.targets
            if target.active and target.revenue == side and (theirs := _trigrams(target.name))
        ]
        share, code = max(scores, key=lambda one: one[0])
        found.append((code, share) if share else ("", 0.0))
    return found


def _trigrams(text: str) -> frozenset[str]:
    words = "".join(char if char.isalnum() else " " for char in plain(text)).split()
    return frozenset(
        f"  {word} "[start : start + 3] for word in words for start in range(len(word) + 1)
    )


def judged(cases: Iterable[Case], guess: Guess) -> list[Said]:
    """Every value of the cases, guessed and held against the accountant."""
    return [
        Said(confidence, code in right, bool(right), item.name)
        for case in cases
        for item, right, (code, confidence) in zip(case.items, case.right, guess(case), strict=True)
    ]


def precision(said: Sequence[Said]) -> float:
    """Of the values that have a right code, how many first suggestions are right."""
    mapped = [one for one in said if one.mapped]
    return sum(one.right for one in mapped) / len(mapped)


def sure(said: Sequence[Said], at_least: float = THRESHOLD) -> tuple[float, float]:
    """Share of all values with that confidence, and how many of these are right."""
    told = [one for one in said if one.confidence >= at_least]
    return len(told) / len(said), sum(one.right for one in told) / max(1, len(told))


def reliability(said: Sequence[Said]) -> list[tuple[str, int, float, float]]:
    """By bin: how many, the mean confidence, how many are right."""
    found = []
    for low, high in pairwise(_BINS):
        mine = [one for one in said if low <= one.confidence < high]
        if mine:
            found.append(
                (
                    f"{low:.1f} to {min(high, 1.0):.1f}",
                    len(mine),
                    sum(one.confidence for one in mine) / len(mine),
                    sum(one.right for one in mine) / len(mine),
                )
            )
    return found


def calibration_error(said: Sequence[Said]) -> float:
    """ECE: by bin, how far the mean confidence is from what is right, weighed by size."""
    return sum(count * abs(told - right) for _, count, told, right in reliability(said)) / len(said)


def brier(said: Sequence[Said]) -> float:
    """Mean square of confidence less right; a guess of a half everywhere is 0.25."""
    return sum((one.confidence - one.right) ** 2 for one in said) / len(said)


def measure(bench: Bench) -> list[Measure]:
    """Names alone, with records, the sample company by time, and CPU seconds."""
    later = names_of(LATER)
    recorded = [with_history(case, 7, noise=0.15) for case in later]
    sample, seen = sample_company.case(history=True)
    unseen, _ = sample_company.case(history=False)
    found: list[Measure] = []
    for name, cases, guess, least_right, most_off in (
        ("names alone", later, ours, 0.7, 0.15),
        ("with records", recorded, ours, 0.85, 0.15),
        ("labelled by others, names alone", names_of(("association",)), ours, 0.7, None),
        ("sample company by time", [sample], _at(sample_company.CUT), 0.9, None),
        ("sample company, its records unknown", [unseen], _at(sample_company.CUT), None, None),
    ):
        said = judged(cases, guess)
        ratio, (covered, right) = precision(said), sure(said)
        frequent = precision(judged(cases, most_frequent))
        trigrams = precision(judged(cases, by_trigrams))
        told = (
            f"{ratio:.3f} of {sum(one.mapped for one in said)} right at first; "
            f"most frequent {frequent:.3f}, trigrams {trigrams:.3f}"
        )
        found.append(Measure(f"suggestions: {name}", told, ratio, at_least=least_right))
        error = calibration_error(said)
        told = (
            f"ECE {error:.3f}, Brier {brier(said):.3f}; {covered:.0%} of {len(said)} values at "
            f"{THRESHOLD} and above, {right:.3f} of these right"
        )
        found.append(Measure(f"suggestions: {name}, confidence", told, error, at_most=most_off))
        for bin_name, count, mean, was in reliability(said):
            print(f"    {name}, {bin_name}: {count} values, said {mean:.2f}, right {was:.2f}")
    new = [
        one
        for one, item in zip(judged([sample], _at(sample_company.CUT)), sample.items, strict=True)
        if not seen[item.source]
    ]
    told = f"{sum(one.right for one in new)} of {sum(one.mapped for one in new)} right at first"
    found.append(Measure("suggestions: sample company, values new after the cut", told))
    found.append(_read_in_sql(bench))
    items, targets, known = large(bench.rows(300, 30), bench.rows(200, 40), bench.rows(20_000, 500))
    started = process_time()
    suggest(items, targets, known)
    seconds = process_time() - started
    told = (
        f"{seconds:.2f} s CPU for {len(items)} values, {len(targets)} codes and "
        f"{len(known.uses)} sums of like records"
    )
    found.append(Measure("suggestions: a large company", told, seconds, at_most=2.0))
    return found


def _read_in_sql(bench: Bench) -> Measure:
    """Seconds of reading the records of a large company, already summed up."""
    rows = bench.rows(100_000, 1_000)
    with bench.database("bench_suggestions") as url:
        engine = open_engine(url)
        with engine.begin() as connection:
            connection.exec_driver_sql(
                "INSERT INTO omie.clientes (empresa, codigo_cliente_omie, cnpj_cpf, raw, lido_em)"
                " SELECT 'x', i, lpad(i::text, 14, '1'), '{}', now()"
                " FROM generate_series(1, 2000) AS i"
            )
            connection.execute(
                sa.text(
                    "INSERT INTO omie.contas_pagar (empresa, codigo_lancamento_omie,"
                    " codigo_cliente_fornecedor, codigo_categoria, valor_documento, observacao,"
                    " status_titulo, data_emissao, raw, lido_em)"
                    " SELECT 'x', i, i % 2000 + 1, '2.01.' || i % 2000 % 40, 10 + i % 2000,"
                    " 'conta ' || i % 2000, 'PAGO', date '2024-01-01' + i % 700, '{}', now()"
                    " FROM generate_series(1, :rows) AS i"
                ),
                {"rows": rows},
            )
        with engine.connect() as connection:
            connection.exec_driver_sql("ANALYZE")
            seconds = seconds_of(lambda: uses_of(connection, "x", "category", "category"))
            uses = len(uses_of(connection, "x", "category", "category"))
        engine.dispose()
    told = f"{seconds:.2f} s for {rows} títulos, {uses} sums of like ones"
    return Measure("suggestions: records read in SQL", told, seconds, at_most=2.0)


def _at(day: date) -> Guess:
    return lambda case: ours(case, day)


def large(values: int, codes: int, uses: int) -> tuple[list[SourceItem], list[TargetCode], Known]:
    """A company of that size; 100,000 records come to some 20,000 sums of like records."""
    chance = Random(1)
    words = sorted(
        {word for case in names_of(LATER) for item in case.items for word in item.name.split()}
    )

    def name() -> str:
        return " ".join(chance.choices(words, k=chance.randint(1, 4)))

    items = [SourceItem("category", f"{number}", name()) for number in range(values)]
    targets = [
        TargetCode("category", f"{number}", name(), name(), revenue=number % 2 == 0)
        for number in range(codes)
    ]
    texts = [name() for _ in range(5_000)]
    records = [
        Use(
            str(chance.randrange(codes)),
            "category",
            str(chance.randrange(values)) if chance.random() < 0.5 else "",
            chance.randrange(2_000),
            chance.choice(texts),
            chance.randint(5, 15),
            5,
            4,
            1,
            CUT - timedelta(days=chance.randrange(900)),
        )
        for _ in range(uses)
    ]
    profiles = [
        Profile(
            "category", item.source, frozenset(chance.choices(range(2_000), k=8)), frozenset({8, 9})
        )
        for item in items
    ]
    return items, targets, Known(CUT, records, profiles)
