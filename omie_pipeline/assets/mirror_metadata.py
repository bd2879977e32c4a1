"""A reading's report as metadata that a person can read."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from omie_pipeline.assets.checked import Metadata
from omie_pipeline.imports.import_report import ImportReport
from omie_pipeline.imports.partition_state import PartitionState

_LINES = 40


def reading_metadata(report: ImportReport, states: Sequence[PartitionState]) -> Metadata:
    """What concerns one reading as a whole, shown in one of its partitions."""
    found: Metadata = {
        "modo": report.modo,
        "novas": report.novas,
        "alteradas": report.alteradas,
        "iguais": report.iguais,
        "excluidas": report.excluidas,
        "filtradas": report.filtradas,
        "lidas": report.lidas,
        "total_no_omie": report.total_omie,
        "paginas": report.paginas,
        "releituras": report.releituras,
        "tamanho_de_pagina": f"pedido {report.tamanho_pedido}, servido {report.tamanho_servido}",
        "campos_novos": ", ".join(report.campos_novos) or "nenhum",
        "completa": report.completo,
    }
    if report.janela_de is not None:
        found["janela"] = f"{report.janela_de:%d/%m/%Y} a {report.janela_ate:%d/%m/%Y}"
    if report.reaproveitado:
        found["reaproveitada"] = "outra leitura acabava de ser feita: nada foi perguntado ao Omie"
    if states:
        found["por_particao"] = dg.MetadataValue.md(partition_table(states))
    return found


def partition_metadata(state: PartitionState) -> Metadata:
    """The counts of one partition, as plain numbers: Dagster plots them over time."""
    found: Metadata = {"dagster/partition_row_count": state.linhas, "linhas": state.linhas}
    if state.total_omie is not None:
        found["total_omie"] = state.total_omie
    if state.provada_em is not None:
        found["conferida_em"] = state.provada_em.isoformat()
    return found


def partition_table(states: Sequence[PartitionState]) -> str:
    """Partitions as Markdown, the worst first; those without findings in one line."""
    ranked = sorted(states, key=lambda one: (not one.fails, not one.mexida, -one.linhas))
    told = [one for one in ranked if one.fails or one.linhas or one.total_omie]
    lines = ["| partição | linhas aqui | total no Omie | situação |", "|---|---|---|---|"]
    for one in told[:_LINES]:
        total = "–" if one.total_omie is None else one.total_omie
        lines.append(f"| {one.particao} | {one.linhas} | {total} | {situation(one)} |")
    left = len(states) - min(len(told), _LINES)
    return "\n".join(lines) + (f"\n\nE mais {left} partições sem novidade." if left else "")


def situation(state: PartitionState) -> str:
    """What the two numbers mean."""
    if state.total_omie is None:
        return "ainda não conferida"
    if state.fails:
        return "não fecha"
    return "mudou depois da conferência" if state.mexida else "fecha"
