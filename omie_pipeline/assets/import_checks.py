"""What is checked after each reading: nothing missing, nothing unknown, the money adds up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import dagster as dg

from omie_pipeline.assets.checks import Metadata, Verdict
from omie_pipeline.imports.bank_statement import CashCheck
from omie_pipeline.imports.report import ImportReport
from omie_pipeline.imports.state import PartitionState
from omie_pipeline.texts import dagster as texts

# A reading's report as metadata that a person can read.

_LINES = 40
ORDER = (
    # What is here and what Omie has; then what the reading brought.
    "linhas", "total_omie",
    "lidas", "novas", "alteradas", "iguais", "excluidas", "filtradas", "total_no_omie",
    # What a person has to look at.
    "completa", "campos_novos", "por_particao", "contas_e_meses",
    "janela", "modo", "reaproveitada", "conferida_em",
    "paginas", "releituras", "tamanho_de_pagina", "dagster/partition_row_count",
    "leitura",
)  # fmt: skip
"""What a reading tells of itself, in the order in which a person asks; its id is the last."""


def reading_metadata(report: ImportReport, states: Sequence[PartitionState]) -> Metadata:
    """What concerns one reading as a whole, shown in one of its partitions."""
    found: Metadata = {
        "modo": report.mode,
        "novas": report.inserted,
        "alteradas": report.updated,
        "iguais": report.unchanged,
        "excluidas": report.excluded,
        "filtradas": report.filtered,
        "lidas": report.read,
        "total_no_omie": report.total_omie,
        "paginas": report.pages,
        "releituras": report.rereads,
        "tamanho_de_pagina": texts.page_sizes(
            asked=report.page_size, served=report.page_size_served
        ),
        "campos_novos": ", ".join(report.new_fields) or "nenhum",
        "completa": report.complete,
    }
    if report.window_from is not None:
        found["janela"] = texts.window(first=report.window_from, last=report.window_to)
    if report.reused:
        found["reaproveitada"] = texts.JUST_ASKED
    if len(states) > 1:
        found["por_particao"] = dg.MetadataValue.md(partition_table(states))
    return found


def partition_metadata(state: PartitionState) -> Metadata:
    """The counts of one partition, as plain numbers: Dagster plots them over time."""
    found: Metadata = {"dagster/partition_row_count": state.rows, "linhas": state.rows}
    if state.total_omie is not None:
        found["total_omie"] = state.total_omie
    if state.proved_at is not None:
        found["conferida_em"] = state.proved_at.isoformat()
    return found


def partition_table(states: Sequence[PartitionState]) -> str:
    """Partitions as Markdown, the worst first; those without findings in one line."""
    ranked = sorted(states, key=lambda one: (not one.fails, not one.changed_since, -one.rows))
    told = [one for one in ranked if one.fails or one.rows or one.total_omie]
    lines = [texts.COUNTS_HEAD, "|---|---|---|---|"]
    for one in told[:_LINES]:
        total = "–" if one.total_omie is None else one.total_omie
        lines.append(f"| {one.partition} | {one.rows} | {total} | {situation(one)} |")
    left = len(states) - min(len(told), _LINES)
    return "\n".join(lines) + (texts.more_partitions(left) if left else "")


def situation(state: PartitionState) -> str:
    """What the two numbers mean."""
    if state.total_omie is None:
        return texts.NOT_YET_CHECKED
    if state.fails:
        return texts.DOES_NOT_CLOSE
    return texts.CHANGED_SINCE if state.changed_since else "fecha"


COMPLETE, NEW_FIELDS, CASH = "completo", "campos_novos", "saldo_fecha"
DESCRIPTIONS = {
    COMPLETE: texts.COUNTS_CHECK,
    NEW_FIELDS: texts.FIELDS_CHECK,
}
STATEMENT_DESCRIPTIONS = {
    CASH: texts.STATEMENT_CHECK,
}
_ACCOUNTS = 40


def list_verdicts(report: ImportReport, state: PartitionState) -> list[Verdict]:
    """The two checks of a list, for one partition."""
    return [_complete(report, state), _new_fields(report)]


def _complete(report: ImportReport, state: PartitionState) -> Verdict:
    if state.fails:
        told = texts.count_differs(rows=state.rows, total=state.total_omie)
    elif not report.complete:
        told = texts.LIST_MOVED
    elif state.total_omie is None:
        told = texts.count_unchecked(state.rows)
    else:
        told = texts.count_told(rows=state.rows, total=state.total_omie, situation=situation(state))
    return Verdict(
        COMPLETE,
        report.complete and not state.fails,
        told,
        dg.AssetCheckSeverity.ERROR if state.fails else dg.AssetCheckSeverity.WARN,
    )


def _new_fields(report: ImportReport) -> Verdict:
    names = ", ".join(report.new_fields)
    told = texts.unknown_fields(names) if names else texts.NO_NEW_FIELD
    return Verdict(NEW_FIELDS, not names, told, metadata={"campos": names} if names else {})


def statement_verdict(found: Sequence[CashCheck], day: date) -> Verdict:
    """Omie's own balances against our movements, to the cent, in the months that hold a day."""
    month = [one for one in found if one.periodo_inicial.replace(day=1) == day.replace(day=1)]
    wrong = [one for one in month if not one.closes]
    if not wrong:
        return Verdict(
            CASH,
            True,
            texts.accounts_close(len(month)),
            dg.AssetCheckSeverity.ERROR,
        )
    return Verdict(
        CASH,
        False,
        texts.accounts_do_not_close(wrong=len(wrong), accounts=len(month)),
        dg.AssetCheckSeverity.ERROR,
        {
            "nao_fecham": len(wrong),
            "contas": ", ".join(sorted({str(one.n_cod_cc) for one in wrong})),
        },
    )


def statement_table(found: Sequence[CashCheck]) -> str:
    """Accounts and months as Markdown; those that do not close, if there are any."""
    wrong = [one for one in found if not one.closes]
    lines = [
        texts.STATEMENT_HEAD,
        "|---|---|---|---|---|---|",
        *(
            f"| {one.n_cod_cc} | {one.periodo_inicial:%m/%Y} | {one.periodo_final:%d/%m} "
            f"| {one.of_statement:.2f} | {one.of_lines:.2f} | {one.of_movements:.2f} |"
            for one in (wrong or found)[:_ACCOUNTS]
        ),
    ]
    return "\n".join(lines)
