"""The sample company by time: records before a day are known, what comes after has to be guessed.

Its expenses and purchases by what is written in them, its procedures by name. The codes are those
that the sample's files give; nothing of ours chose them.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from benchmarks.suggestions.labelled import Case, plan
from omie_pipeline.list_mapping.model import SourceItem, SourceKind
from omie_pipeline.list_mapping.scores import Profile, Use

SAMPLE = Path(__file__).parents[2] / "sample"
CUT = date(2023, 9, 1)


@dataclass(frozen=True, slots=True)
class _Record:
    kind: SourceKind
    value: str
    name: str
    day: date
    code: str
    party: int | None
    band: int
    revenue: bool


def _rows(path: str) -> list[dict[str, str]]:
    with (SAMPLE / path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _records() -> Iterator[_Record]:
    for path, column, revenue in (
        ("brasil/br_despesas.csv", "descricao", False),
        ("brasil/br_compras_produtos.csv", "produto", False),
        ("brasil/br_vendas_produtos.csv", "produto", True),
    ):
        for row in _rows(path):
            yield _Record(
                "category",
                f"{'sale' if revenue else 'expense'} {row[column]}",
                row[column],
                date.fromisoformat(row["data"]),
                row["codigo_categoria"],
                None if revenue else int(row["fornecedor_id"]),
                _band(row["valor"]),
                revenue,
            )
    procedures = {row["codigo"]: row for row in _rows("brasil/br_procedimentos.csv")}
    for row in _rows("synthea/procedures.csv"):
        known = procedures.get(row["CODE"])
        if known is not None:
            yield _Record(
                "procedure",
                row["CODE"],
                known["nome"],
                date.fromisoformat(row["START"][:10]),
                known["codigo_categoria"],
                None,
                _band(known["valor"]),
                revenue=True,
            )


def _band(value: str) -> int:
    return max(1, int(Decimal(value))).bit_length()


def case(*, history: bool) -> tuple[Case, dict[str, bool]]:
    """The values of records after the cut; and by value, whether one had been seen before."""
    records = sorted(_records(), key=lambda one: (one.day, one.kind, one.value))
    after: dict[tuple[SourceKind, str], list[_Record]] = defaultdict(list)
    for record in records:
        if record.day >= CUT:
            after[record.kind, record.value].append(record)
    items, right, profiles = [], [], []
    for (kind, value), mine in after.items():
        items.append(SourceItem(kind, value, mine[0].name))
        right.append(frozenset(filter(None, (one.code for one in mine))))
        parties = frozenset(one.party for one in mine if one.party is not None)
        bands = frozenset(one.band for one in mine)
        profiles.append(Profile(kind, value, parties, bands, (), mine[0].revenue))
    before = [record for record in records if record.day < CUT and record.code]
    uses = tuple(
        Use(one.code, one.kind, one.value, one.party, one.name, one.band, 1, 1, 1, one.day)
        for one in before
    )
    seen = {(one.kind, one.value) for one in before}
    found = Case(
        "sample company",
        tuple(items),
        plan("simulator"),
        tuple(right),
        uses if history else (),
        tuple(profiles),
    )
    return found, {item.source: (item.kind, item.source) in seen for item in items}
