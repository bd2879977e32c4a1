"""A push's report as metadata and checks that a person can read."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import sqlalchemy as sa

from omie_pipeline.assets.checks import Metadata, Verdict
from omie_pipeline.assets.plot import MOST_BARS, Series, stacked_bars
from omie_pipeline.assets.run_tags import PLAN_TAG
from omie_pipeline.clock import BRASILIA
from omie_pipeline.omie.masking import mask_text
from omie_pipeline.plans.model import StoredPlan
from omie_pipeline.push.lots import LotTally
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.push.report import Counts, PushReport
from omie_pipeline.push.rows_to_fix import STATE_WORDS, WorstRow, worst_by_partition
from omie_pipeline.push.warnings import warnings_of
from omie_pipeline.status.history import ListFilter, recent_runs
from omie_pipeline.texts import dagster as texts
from omie_pipeline.validation.model import ExpectationResult, ValidationReport

IDENTITY, REJECTED, SUITE = "identidade_contabil", "linhas_rejeitadas", "validacao"
PLAN = "plano"
DESCRIPTIONS = {
    IDENTITY: texts.ACCOUNTING_CHECK,
    REJECTED: texts.REJECTED_CHECK,
    SUITE: texts.QUARANTINE_CHECK,
    PLAN: texts.PLAN_CHECK,
}
DOCS_URL, DOCS_FOLDER = "OMIE_PIPELINE_DATA_DOCS_URL", "OMIE_PIPELINE_DATA_DOCS_FOLDER"
"""Set by ``make dev`` for the processes it starts, not by users."""

_PARTITION_LINES = 40
_WORST_LINES, _WORST_OF_MANY = 20, 5
PLOTTED = (
    Series("delivered", "entregues", "green", "verde"),
    Series("held", "retidas", "gold", "amarelo"),
    Series("quarantined", "em quarentena", "darkorange", "laranja"),
    Series("rejected", "rejeitadas", "red", "vermelho"),
)
"""Without the unchanged rows: where most rows never change, nothing else would be seen."""


ORDER = (
    # The accounting line, in the order of the identity.
    "selecionadas", "entregues", "inalteradas", "rejeitadas", "quarentena", "retidas",
    # What a person has to do, then what happened beside it.
    "desligado", "parou_porque", "linhas_a_corrigir", "expectativas_com_falha",
    "linhas_nao_copiadas", "nao_esvaziados", "avisos", "so_novos", "campos_que_nao_saem",
    "em_lotes_modo_nao_comprovado", "lotes", "fora_de_lotes", "lotes_recusados",
    "lotes_lidas_de_volta", "lotes_lidas_no_omie", "lotes_lidas_ausentes", "lotes_lidas_sem_prova",
    "lotes_abandonados", "lotes_suspensos",
    "por_particao", "execucoes_anteriores",
    "criadas", "atualizadas", "vinculadas", "excluidas", "recuperadas", "chamadas", "segundos",
    # Links, then ids.
    "data_docs", "execucao",
)  # fmt: skip
"""What a push tells of itself, in the order in which a person asks; Dagster keeps it."""


def run_metadata(engine: sa.Engine, report: PushReport) -> Metadata:
    """What concerns one run as a whole: counts per partition, the runs before, the validation.

    It belongs into one of the run's partitions: in each, it would be there as often as there are
    days.
    """
    found: Metadata = {}
    if len(report.partitions) > 1:
        found["por_particao"] = dg.MetadataValue.md(_partition_table(report))
    found["execucoes_anteriores"] = dg.MetadataValue.md(_states_by_run(engine, report))
    found |= _beside_the_counts(engine, report)
    if report.switched_off:
        found["desligado"] = report.switched_off
    if report.new_only:
        found["so_novos"] = True
    if report.left_out:
        found["campos_que_nao_saem"] = ", ".join(report.left_out)
    if report.stopped_by:
        found["parou_porque"] = report.stopped_by
    if report.recovered:
        found["recuperadas"] = report.recovered
    found |= _lots(report.lots)
    if failing := _failing(report.validation):
        found["expectativas_com_falha"] = dg.MetadataValue.md(_expectations(failing))
    if link := data_docs_link(report.data_docs):
        found["data_docs"] = link
    return found


def worst_metadata(engine: sa.Engine, report: PushReport) -> dict[str, Metadata]:
    """Partition -> a table of its rows that were not delivered; only of those that have any."""
    who = (report.empresa, report.endpoint.name, report.run_id)
    each = _WORST_LINES if len(report.partitions) == 1 else _WORST_OF_MANY
    found = worst_by_partition(engine, *who, each)
    return {name: {"linhas_a_corrigir": _table_to_fix(rows)} for name, rows in found.items()}


def _beside_the_counts(engine: sa.Engine, report: PushReport) -> Metadata:
    """What was delivered and yet is not as the clinic has it, and what never came this far."""
    from omie_pipeline.clinic.set_aside import listed

    found: Metadata = {}
    if report.not_emptied:
        found["nao_esvaziados"] = dg.MetadataValue.md(_plain(report.not_emptied))
    told = warnings_of(engine, (report.empresa,))
    if warned := sum(one.endpoint == report.endpoint.name for one in told):
        found["avisos"] = warned
    aside: Counter[str] = Counter()
    for one in listed(engine, [report.empresa]):
        aside[one.table] += one.what.rows
    if aside:
        found["linhas_nao_copiadas"] = dg.MetadataValue.md(_plain(aside))
    return found


def _lots(lots: LotTally) -> Metadata:
    """What became of the lots of a run; nothing where none left."""
    found: Metadata = {}
    if lots.calls:
        found["em_lotes_modo_nao_comprovado"] = lots.rows
        found["lotes"], found["fora_de_lotes"] = lots.calls, lots.singly
    if lots.refused:
        found["lotes_recusados"] = lots.refused
    if lots.left_open:
        found["lotes_lidas_de_volta"] = lots.left_open
        found["lotes_lidas_no_omie"] = lots.found
        found["lotes_lidas_ausentes"] = lots.not_there
        found["lotes_lidas_sem_prova"] = lots.unsettled
    if lots.given_up:
        found["lotes_abandonados"] = lots.given_up
    if lots.paused:
        found["lotes_suspensos"] = True
    return found


def count_metadata(counts: Counts) -> Metadata:
    """The counts of one partition, as plain numbers: Dagster plots them over time."""
    return {
        "selecionadas": counts.selected,
        "entregues": counts.delivered,
        "criadas": counts.created,
        "atualizadas": counts.updated,
        "vinculadas": counts.linked,
        "excluidas": counts.deleted,
        "inalteradas": counts.unchanged,
        "rejeitadas": counts.rejected,
        "quarentena": counts.quarantined,
        "retidas": counts.held,
        "chamadas": counts.calls,
        "segundos": round(counts.seconds, 2),
    }


def data_docs_link(page: Path | None) -> dg.UrlMetadataValue | None:
    """Address of a report where ``make dev`` serves it. Elsewhere there is none to show: a path of
    this machine's disk opens in nobody's browser."""
    served, folder = os.environ.get(DOCS_URL), os.environ.get(DOCS_FOLDER)
    if page is None or not served or not folder or not page.is_relative_to(folder):
        return None
    return dg.MetadataValue.url(f"{served.rstrip('/')}/{page.relative_to(folder).as_posix()}")


def _states_by_run(engine: sa.Engine, report: PushReport) -> str:
    """The newest runs of the same endpoint and empresa as a picture, the oldest on the left."""
    wanted = ListFilter((report.empresa,), (report.endpoint.name,), MOST_BARS)
    runs = [one for one in recent_runs(engine, wanted) if one.state != "dry_run"]
    newest = f"{runs[0].started_at.astimezone(BRASILIA):%d/%m/%Y %H:%M}" if runs else ""
    return stacked_bars([one.counts for one in reversed(runs)], PLOTTED, newest)


def verdicts_of(report: PushReport, policy: EndpointPolicy, counts: Counts) -> list[Verdict]:
    """The accounting identity, Omie's refusals and our own, of one partition of a run.

    The ledger is held against a run as a whole: if the two do not agree, no partition with rows
    of it can be trusted.
    """
    return [
        _identity(report, counts),
        _refused_by_omie(report, policy, counts),
        _held_back_by_us(report, counts),
    ]


def plan_verdict(waiting: Sequence[StoredPlan], endpoint: str, empresa: str) -> Verdict:
    """Whether a stored plan waits for a person, with the figures of the newest one.

    Args:
        waiting: open plans of the endpoint, the newest first.
        endpoint: its name.
        empresa: whose rows are meant.
    """
    if not waiting:
        return Verdict(PLAN, True, texts.NO_PLAN_WAITS)
    newest = waiting[0]
    (part,) = [one for one in newest.parts if (one.endpoint, one.empresa) == (endpoint, empresa)]
    figures = part.figures
    metadata: Metadata = {
        "plano": newest.plan_id,
        "criadas": figures.created,
        "atualizadas": figures.updated,
        "excluidas": figures.deleted,
        "quarentena": figures.quarantined,
        "retidas": figures.held,
    }
    if figures.value_after is not None:
        metadata["reais_agora"] = float(figures.value_before or 0)
        metadata["reais_depois"] = float(figures.value_after)
    if part.stops:
        metadata["travas"] = dg.MetadataValue.md("\n".join(f"- {stop}" for stop in part.stops))
    if newest.state == "approved":
        told = texts.plan_to_apply(plan_id=newest.plan_id, by=newest.approved_by, tag=PLAN_TAG)
    else:
        told = texts.plan_to_approve(newest.plan_id)
    return Verdict(PLAN, False, told, metadata=metadata)


def _identity(report: PushReport, counts: Counts) -> Verdict:
    untouched = counts.selected == 0 and len(report.partitions) > 1
    closes = counts.closes and (report.closes or untouched)
    metadata: Metadata = {"execucao": report.run_id}
    if not closes:
        metadata["relatorio"] = dg.MetadataValue.md(_plain(report.total.to_json()))
        metadata["livro_razao"] = dg.MetadataValue.md(_plain(report.truth))
    return Verdict(IDENTITY, closes, DESCRIPTIONS[IDENTITY], dg.AssetCheckSeverity.ERROR, metadata)


def _refused_by_omie(report: PushReport, policy: EndpointPolicy, counts: Counts) -> Verdict:
    whole = report.total
    share = whole.rejected / whole.selected if whole.selected else 0.0
    above = share > policy.max_rejected_share
    return Verdict(
        REJECTED,
        counts.rejected == 0,
        texts.rejected_share(
            rejected=counts.rejected,
            selected=counts.selected,
            share=share,
            most=policy.max_rejected_share,
        ),
        dg.AssetCheckSeverity.ERROR if above else dg.AssetCheckSeverity.WARN,
        {"recusadas": counts.rejected, "parcela": share},
    )


def _held_back_by_us(report: PushReport, counts: Counts) -> Verdict:
    validation = report.validation
    metadata: Metadata = {"quarentena": counts.quarantined}
    if counts.quarantined and validation is not None:
        metadata["avaliadas_na_execucao"] = validation.evaluated
        # Which expectations failed is known of a run, not of each of its days.
        if (failing := _failing(validation)) and len(report.partitions) == 1:
            metadata["expectativas_com_falha"] = dg.MetadataValue.md(_expectations(failing))
        if link := data_docs_link(report.data_docs):
            metadata["data_docs"] = link
    return Verdict(
        SUITE,
        counts.quarantined == 0,
        texts.quarantined(counts.quarantined),
        metadata=metadata,
    )


def _failing(validation: ValidationReport | None) -> list[ExpectationResult]:
    return [item for item in validation.expectations if item.failed] if validation else []


def _expectations(failing: Sequence[ExpectationResult]) -> str:
    lines = [f"| {one.field} | {one.reason} | {one.failed} |" for one in failing]
    return "\n".join([texts.REASONS_HEAD, "|---|---|---|", *lines])


def _plain(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in values.items())


def _partition_table(report: PushReport) -> str:
    """The total, then partitions with something to tell; the rest is summed up in one line."""
    parts = report.partitions
    shown = [c for c in parts if c.selected != c.unchanged][:_PARTITION_LINES]
    lines = ["| " + " | ".join(texts.PUSH_HEADINGS) + " |", "|" + "---|" * len(texts.PUSH_HEADINGS)]
    lines += [
        f"| {c.partition} | {c.selected} | {c.delivered} | {c.unchanged} | {c.rejected} | "
        f"{c.quarantined} | {c.held} |"
        for c in (report.total, *shown)
    ]
    left = len(parts) - len(shown)
    return "\n".join(lines) + (texts.more_partitions(left) if left else "")


def _table_to_fix(rows: Sequence[WorstRow]) -> dg.TableMetadataValue:
    """Two columns: Dagster's pages give a value less than half of their width."""
    records = [
        dg.TableRecord(
            {
                "linha": row.codigo_integracao,
                texts.WHAT_TO_DO: f"{STATE_WORDS[row.state]}: {mask_text(row.reason)} → {row.fix}",
            }
        )
        for row in rows
    ]
    columns = [dg.TableColumn("linha"), dg.TableColumn(texts.WHAT_TO_DO)]
    return dg.MetadataValue.table(records, dg.TableSchema(columns))
