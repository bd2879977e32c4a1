"""A push's report as metadata and checks that a person can read."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import sqlalchemy as sa

from omie_pipeline.clinic.set_aside import listed
from omie_pipeline.omie.masking import mask_text
from omie_pipeline.sync.counts import Counts
from omie_pipeline.sync.policy import EndpointPolicy
from omie_pipeline.sync.push import PushReport
from omie_pipeline.warehouse.warnings import warnings_of
from omie_pipeline.warehouse.worst import WorstRow, worst_rows

IDENTITY, REJECTED, SUITE = "identidade_contabil", "linhas_rejeitadas", "validacao"
DESCRIPTIONS = {
    IDENTITY: "selecionadas = entregues + inalteradas + rejeitadas + quarentena + retidas, e o "
    "livro-razão diz o mesmo",
    REJECTED: "Parcela de linhas que o Omie recusou: avisa com uma, falha acima do limite",
    SUITE: "Great Expectations: linhas que a nossa validação não deixou sair",
}
DOCS_URL, DOCS_FOLDER = "OMIE_PIPELINE_DATA_DOCS_URL", "OMIE_PIPELINE_DATA_DOCS_FOLDER"
"""Set by ``make dev`` for the processes it starts, not by users."""

Metadata = dict[str, dg.MetadataValue | int | float | str]

_PARTITION_LINES = 40
_WORST_LINES = 20
_HEADINGS = ("partição", "selecionadas", "entregues", "inalteradas", "rejeitadas", "quarentena",
             "retidas", "chamadas", "segundos")  # fmt: skip


def run_metadata(engine: sa.Engine, report: PushReport) -> Metadata:
    """What one run has to tell, the same in each of its partitions: totals, counts per partition,
    the worst rows as a table, and the validation report."""
    worst = worst_rows(engine, report.empresa, report.endpoint.name, report.run_id, _WORST_LINES)
    found: Metadata = {
        "execucao": report.run_id,
        "por_particao": dg.MetadataValue.md(_partition_table(report)),
    }
    if worst:
        found["piores_linhas"] = _worst_table(worst)
    found |= _beside_the_counts(engine, report)
    if report.stopped_by:
        found["parou_porque"] = report.stopped_by
    if report.recovered:
        found["recuperadas"] = report.recovered
    if report.data_docs is not None:
        found["data_docs"] = data_docs_link(report.data_docs)
    return found


def _beside_the_counts(engine: sa.Engine, report: PushReport) -> Metadata:
    """What was delivered and yet is not as the clinic has it, and what never came this far."""
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


def data_docs_link(page: Path) -> dg.MetadataValue:
    """A link where ``make dev`` serves the reports, else the path of the page."""
    served, folder = os.environ.get(DOCS_URL), os.environ.get(DOCS_FOLDER)
    if not served or not folder or not page.is_relative_to(folder):
        return dg.MetadataValue.path(str(page))
    return dg.MetadataValue.url(f"{served.rstrip('/')}/{page.relative_to(folder).as_posix()}")


def checks_of(
    report: PushReport, policy: EndpointPolicy, asset_key: dg.AssetKey
) -> Iterator[dg.AssetCheckResult]:
    """The accounting identity, the share of rejected rows, and the suite's expectations."""
    counts = report.total
    yield dg.AssetCheckResult(
        passed=report.closes,
        check_name=IDENTITY,
        asset_key=asset_key,
        severity=dg.AssetCheckSeverity.ERROR,
        description=DESCRIPTIONS[IDENTITY],
        metadata={
            "relatorio": dg.MetadataValue.md(_plain(counts.to_json())),
            "livro_razao": dg.MetadataValue.md(_plain(report.truth)),
        },
    )
    share = counts.rejected / counts.selected if counts.selected else 0.0
    above = share > policy.max_rejected_share
    yield dg.AssetCheckResult(
        passed=counts.rejected == 0,
        check_name=REJECTED,
        asset_key=asset_key,
        severity=dg.AssetCheckSeverity.ERROR if above else dg.AssetCheckSeverity.WARN,
        description=f"{counts.rejected} de {counts.selected} linhas recusadas pelo Omie "
        f"({share:.1%}; limite {policy.max_rejected_share:.1%})",
        metadata={"recusadas": counts.rejected, "parcela": share},
    )
    yield _suite_check(report, asset_key)


def _suite_check(report: PushReport, asset_key: dg.AssetKey) -> dg.AssetCheckResult:
    validation = report.validation
    failing = [item for item in validation.expectations if item.failed] if validation else []
    metadata: Metadata = {
        "avaliadas": validation.evaluated if validation else 0,
        "expectativas": len(validation.expectations) if validation else 0,
    }
    if failing:
        lines = [f"| {i.field} | {i.motivo} | {i.failed} |" for i in failing]
        table = "\n".join(["| campo | motivo | linhas |", "|---|---|---|", *lines])
        metadata["expectativas_com_falha"] = dg.MetadataValue.md(table)
    if report.data_docs is not None:
        metadata["data_docs"] = data_docs_link(report.data_docs)
    return dg.AssetCheckResult(
        passed=report.total.quarantined == 0,
        check_name=SUITE,
        asset_key=asset_key,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{report.total.quarantined} linhas em quarentena; as demais seguiram",
        metadata=metadata,
    )


def _plain(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in values.items())


def _partition_table(report: PushReport) -> str:
    """The total, then partitions with something to tell; the rest is summed up in one line."""
    parts = report.partitions
    shown = [c for c in parts if c.selected != c.unchanged][:_PARTITION_LINES]
    lines = ["| " + " | ".join(_HEADINGS) + " |", "|" + "---|" * len(_HEADINGS)]
    lines += [
        f"| {c.partition} | {c.selected} | {c.delivered} | {c.unchanged} | {c.rejected} | "
        f"{c.quarantined} | {c.held} | {c.calls} | {c.seconds:.1f} |"
        for c in (report.total, *shown)
    ]
    left = len(parts) - len(shown)
    return "\n".join(lines) + (f"\n\nE mais {left} partições sem novidade." if left else "")


def _worst_table(rows: list[WorstRow]) -> dg.TableMetadataValue:
    return dg.MetadataValue.table(
        records=[
            dg.TableRecord(
                {
                    "código": row.codigo_integracao,
                    "partição": row.particao,
                    "situação": row.situacao,
                    "motivo": mask_text(row.motivo),
                    "correção": row.correcao,
                }
            )
            for row in rows
        ],
        schema=dg.TableSchema(
            [
                dg.TableColumn(name)
                for name in ("código", "partição", "situação", "motivo", "correção")
            ]
        ),
    )
