"""The labelled sets: what companies call their categories, and what an accountant maps them to.

See ``README.md`` beside this file for where the names come from and who labelled them.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from random import Random

from omie_pipeline.list_mapping.model import SourceItem, TargetCode
from omie_pipeline.list_mapping.scores import Profile, Use

FOLDER = Path(__file__).parent
EARLIER = ("dentist", "retailer", "polyclinic")
"""Lists that weights are fitted to. All others came later, and are only measured."""
LATER = ("small company", "association", "eye clinic", "physio")
MONTHS, KNOWN_MONTHS = 36, 24
FIRST = date(2023, 1, 1)
CUT = date(2025, 1, 1)
"""Records before this day are known; what is right is what is right after it."""


@dataclass(frozen=True, slots=True)
class Case:
    """One list of one company, one side of money.

    Attributes:
        right: by item, the codes an accountant would take; none for a name without a right code.
        uses, profiles: what was known on :data:`CUT`.
    """

    name: str
    items: tuple[SourceItem, ...]
    targets: tuple[TargetCode, ...]
    right: tuple[frozenset[str], ...]
    uses: tuple[Use, ...] = ()
    profiles: tuple[Profile, ...] = ()


@cache
def plan(name: str) -> tuple[TargetCode, ...]:
    """A plan of accounts, groups as total lines."""
    with (FOLDER / f"plan_{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = {row["code"]: row["name"] for row in rows}
    groups = {row["parent"] for row in rows}
    return tuple(
        TargetCode(
            "category",
            row["code"],
            row["name"],
            names.get(row["parent"], ""),
            active=row["code"] not in groups,
            total_line=row["code"] in groups,
            revenue=row["side"] == "receipt",
        )
        for row in rows
    )


def names_of(lists: Sequence[str]) -> list[Case]:
    """The lists by their names alone."""
    with (FOLDER / "names.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["list"] in lists]
    found = []
    for name, plan_name, side in dict.fromkeys((r["list"], r["plan"], r["side"]) for r in rows):
        mine = [row for row in rows if row["list"] == name and row["side"] == side]
        items = tuple(SourceItem("category", row["name"], row["name"]) for row in mine)
        found.append(
            Case(
                name,
                items,
                plan(plan_name),
                tuple(frozenset(filter(None, row["right"].split("|"))) for row in mine),
                profiles=tuple(
                    Profile("category", item.source, revenue=side == "receipt") for item in items
                ),
            )
        )
    return found


def nameless(case: Case) -> Case:
    """The list of a company that calls its categories by numbers: only records can tell."""
    items = tuple(
        replace(item, source=f"{number}", name=f"C{number:03d}")
        for number, item in enumerate(case.items, 1)
    )
    profiles = tuple(
        replace(one, source=item.source) for one, item in zip(case.profiles, items, strict=True)
    )
    return replace(case, items=items, profiles=profiles)


def with_history(case: Case, seed: int, *, noise: float) -> Case:
    """The list again, with records as a company of that list may have them.

    Made, not recorded, by chance that knows the labels and no rule of ours:

    - a value is paid to one to three companies, of which some serve other values too;
    - a third of the values are new: none of their records is before :data:`CUT`;
    - a record got the right code, but with ``noise`` another: half of these the default of the
      company, which nobody chose, and half that of another value, by mistake;
    - a tenth of the values were mapped elsewhere in the first year, and are so no more;
    - half of the records of expense were typed in Omie; of those sent wrong a fifth was put right.
    - a value without a right code got the default, or in Omie whatever code came to mind.
    """
    chance = Random(f"{case.name} {seed} {case.items[0].source}")
    side = bool(case.profiles[0].revenue)
    codes = [one.code for one in case.targets if one.active and one.revenue == side]
    default = chance.choice(codes)
    counted: dict[Use, list[int]] = {}
    profiles = []
    party = 0
    parties: list[int] = []
    for item, right in zip(case.items, case.right, strict=True):
        own = []
        for _ in range(chance.choice((1, 1, 2, 3))):
            if parties and chance.random() < 0.25:
                own.append(chance.choice(parties))
            else:
                party += 1
                own.append(party)
        parties += own
        new, moved = chance.random() < 1 / 3, chance.random() < 0.1
        before, usual = chance.choice(codes), chance.randint(5, 13)
        told = frozenset({usual, usual + 1})
        # The companies of a new value are known where they were paid before for something else.
        profiles.append(
            Profile(
                "category", item.source, frozenset() if side else frozenset(own), told, (), side
            )
        )
        truth = sorted(right)
        for month in range(0 if not new else KNOWN_MONTHS, KNOWN_MONTHS):
            for _ in range(chance.choice((0, 1, 1, 2))):
                typed = not side and chance.random() < 0.5
                code = chance.choice(truth) if truth else chance.choice(codes) if typed else default
                if moved and month < 12:
                    code = before
                chosen = typed or bool(truth)
                if chance.random() < noise:
                    code = default if chance.random() < 0.5 else chance.choice(codes)
                    chosen = typed and code != default
                    if not typed and truth and chance.random() < 0.2:
                        code, chosen = chance.choice(truth), True
                use = Use(
                    code,
                    "" if typed else "category",
                    "" if typed else item.source,
                    None if side else chance.choice(own),
                    item.name if typed and chance.random() < 0.3 else "",
                    chance.choice(sorted(told)),
                    last=date(FIRST.year + month // 12, month % 12 + 1, 15),
                )
                count = counted.setdefault(use, [0, 0, 0])
                count[0] += 1
                count[1] += chance.random() < 0.8
                count[2] += chosen
    uses = tuple(
        Use(one.code, one.kind, one.source, one.party, one.text, one.band, *count, one.last)
        for one, count in counted.items()
    )
    return Case(
        f"{case.name} with history", case.items, case.targets, case.right, uses, tuple(profiles)
    )
