"""Clinic and ledger against the mirror: missing, extra, different; and títulos made twice."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import dagster as dg
import sqlalchemy as sa

from omie_pipeline.assets.checks import (
    Metadata,
    Verdict,
    check_specs,
    evaluations,
    refuse_check_alone,
)
from omie_pipeline.assets.labels import BOTH_WAYS, OWNERS
from omie_pipeline.assets.partitions import Partitions, covered
from omie_pipeline.reconcile.differences import (
    DIFFERENCES,
    VIEW_WORDS,
    DayCount,
    Difference,
    Duplicate,
    counts_by_day,
    duplicates,
    worst_differences,
)
from omie_pipeline.resources.connections import WarehouseResource
from omie_pipeline.texts import dagster as texts

KEY = dg.AssetKey(["conciliacao", "titulos"])
AGREES, DOUBLED = "confere", "duplicados"
_DESCRIPTIONS = {
    AGREES: texts.DIFFERENCE_CHECK,
    DOUBLED: texts.DUPLICATE_CHECK,
}
_VIEWS = ("conciliacao", "conciliacao_por_dia", "duplicados")
_MISSING = ("missing_in_omie", "excluded_in_omie")
_EXTRA, _DIFFERENT = ("extra_in_omie",), ("different",)
_TYPED_BY_HAND = "only_in_omie"
_LINES = 50


def reconciliation_asset(partitions: Partitions) -> dg.AssetsDefinition:
    """``conciliacao/titulos``, one partition per empresa."""

    @dg.multi_asset(
        name=KEY.to_python_identifier(),
        specs=[
            dg.AssetSpec(
                KEY,
                group_name="conciliacao",
                deps=[dg.AssetKey(["analise", name]) for name in _VIEWS],
                partitions_def=partitions.empresas,
                kinds={"postgres"},
                owners=OWNERS,
                tags=BOTH_WAYS,
                description="Compares the clinic and the ledger with the mirror of Omie: row by "
                "row by key, and as number and sum in R$ by day.",
            )
        ],
        check_specs=check_specs(KEY, _DESCRIPTIONS, partitions.empresas),
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def conciliacao(
        context: dg.AssetExecutionContext, warehouse: WarehouseResource
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckEvaluation]:
        refuse_check_alone(context)
        empresa = covered(context).empresa
        found = _reconciled(warehouse.open().engine, empresa)
        yield dg.MaterializeResult(KEY, metadata=_metadata(found))
        yield from evaluations(context, KEY, {empresa: [_agrees(found), _doubled(found)]})

    return conciliacao


@dataclass(slots=True)
class _Day:
    """Títulos of one day; sums in R$, what people typed at Omie left out."""

    clinic: Decimal = Decimal(0)
    omie: Decimal = Decimal(0)
    differences: int = 0


@dataclass(frozen=True, slots=True)
class _Reconciliation:
    """One empresa: facts by situation, days of títulos, and what a person has to look at."""

    counts: Counter[str]
    days: dict[tuple[str, date | None], _Day]
    worst: Sequence[Difference] = field(default_factory=list)
    pairs: Sequence[Duplicate] = field(default_factory=list)

    def of(self, situations: tuple[str, ...]) -> int:
        return sum(self.counts[name] for name in situations)


def _reconciled(engine: sa.Engine, empresa: str) -> _Reconciliation:
    counts: Counter[str] = Counter()
    days: defaultdict[tuple[str, date | None], _Day] = defaultdict(_Day)
    for one in counts_by_day(engine, [empresa]):
        counts[one.state] += one.rows
        if one.endpoint != "clientes":
            _add(days[one.endpoint, one.day], one)
    worst = worst_differences(engine, [empresa], _LINES)
    return _Reconciliation(counts, dict(days), worst, duplicates(engine, [empresa]))


def _add(day: _Day, one: DayCount) -> None:
    day.clinic += one.value_clinic
    if one.state != _TYPED_BY_HAND:
        day.omie += one.value_omie
    if one.state in DIFFERENCES:
        day.differences += one.rows


def _metadata(found: _Reconciliation) -> Metadata:
    told: Metadata = {
        "faltam_no_omie": found.of(_MISSING),
        "sobram_no_omie": found.of(_EXTRA),
        "diferentes": found.of(_DIFFERENT),
        "valor_na_clinica": f"R$ {sum(day.clinic for day in found.days.values()):.2f}",
        "valor_no_omie": f"R$ {sum(day.omie for day in found.days.values()):.2f}",
        "duplicados": len(found.pairs),
        **{
            f"situacao_{VIEW_WORDS[state]}": number
            for state, number in sorted(found.counts.items())
        },
    }
    if found.days:
        told["por_dia"] = dg.MetadataValue.md(_day_table(found))
    if found.worst:
        told["divergencias"] = dg.MetadataValue.md(_difference_table(found.worst))
    if found.pairs:
        told["titulos_duplicados"] = dg.MetadataValue.md(_pair_table(found.pairs))
    return told


def _agrees(found: _Reconciliation) -> Verdict:
    missing, extra, different = (found.of(kind) for kind in (_MISSING, _EXTRA, _DIFFERENT))
    lost = bool(missing or extra)
    return Verdict(
        AGREES,
        not (lost or different),
        texts.differences(missing=missing, extra=extra, different=different),
        # A fact on one side only is money lost or counted twice; a differing one is there.
        dg.AssetCheckSeverity.ERROR if lost else dg.AssetCheckSeverity.WARN,
        {"faltam": missing, "sobram": extra, "diferem": different},
    )


def _doubled(found: _Reconciliation) -> Verdict:
    return Verdict(
        DOUBLED,
        not found.pairs,
        texts.twins(len(found.pairs)),
        metadata={"pares": len(found.pairs)},
    )


def _day_table(found: _Reconciliation) -> str:
    """Days that do not agree, the largest difference first; the others in one line."""
    wrong = [
        (key, day) for key, day in found.days.items() if day.differences or day.clinic != day.omie
    ]
    wrong.sort(key=lambda item: (-abs(item[1].clinic - item[1].omie), str(item[0])))
    rows = [
        (endpoint, dia or "–", f"{day.clinic:.2f}", f"{day.omie:.2f}",
         f"{day.clinic - day.omie:.2f}", day.differences)
        for (endpoint, dia), day in wrong[:_LINES]
    ]  # fmt: skip
    headings = texts.DAYS_HEAD
    left = len(found.days) - len(rows)
    return _table(headings, rows) + (texts.more_days(left) if left else "")


def _difference_table(worst: Sequence[Difference]) -> str:
    rows = [
        (one.endpoint, one.codigo_integracao or "–", one.omie_id or "–", one.day or "–",
         VIEW_WORDS[one.state], one.fields or "")
        for one in worst
    ]  # fmt: skip
    return _table(texts.DIFFERENCES_HEAD, rows)


def _pair_table(pairs: Sequence[Duplicate]) -> str:
    rows = [
        (one.natureza, one.ledger_code, one.our_titulo, one.other_titulo,
         f"{one.valor_documento:.2f}", one.fix)
        for one in pairs[:_LINES]
    ]  # fmt: skip
    headings = texts.TWINS_HEAD
    return _table(headings, rows)


def _table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
