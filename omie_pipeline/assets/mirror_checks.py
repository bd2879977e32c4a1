"""What is checked after each reading: nothing missing, nothing unknown, the money adds up."""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from omie_pipeline.assets.mirror_metadata import partition_table
from omie_pipeline.sync.import_report import ImportReport
from omie_pipeline.warehouse.partition_state import PartitionState
from omie_pipeline.warehouse.statements import CashCheck

COMPLETE, NEW_FIELDS, CASH = "completo", "campos_novos", "saldo_fecha"
DESCRIPTIONS = {
    COMPLETE: "Em cada partição, as linhas aqui são o total que o Omie diz ter",
    NEW_FIELDS: "O Omie só mandou campos que a documentação dele conhece",
}
STATEMENT_DESCRIPTIONS = {
    CASH: "Por conta e mês: variação do saldo do Omie = linhas do extrato = movimentações",
}
_ACCOUNTS = 40


def list_checks(
    report: ImportReport, states: Sequence[PartitionState], key: dg.AssetKey
) -> list[dg.AssetCheckResult]:
    """The two checks of a list."""
    return [_complete(report, states, key), _new_fields(report, key)]


def _complete(
    report: ImportReport, states: Sequence[PartitionState], key: dg.AssetKey
) -> dg.AssetCheckResult:
    failing = [state for state in states if state.fails]
    unproven = sum(state.total_omie is None for state in states)
    if failing:
        told = f"{len(failing)} de {len(states)} partições não fecham com o total do Omie"
    elif not report.completo:
        told = (
            "A lista mudava enquanto era lida: nenhuma leitura ficou estável. A próxima confere "
            "de novo"
        )
    else:
        told = f"{len(states) - unproven} partições conferidas, todas fecham"
    return dg.AssetCheckResult(
        passed=report.completo and not failing,
        check_name=COMPLETE,
        asset_key=key,
        severity=dg.AssetCheckSeverity.ERROR if failing else dg.AssetCheckSeverity.WARN,
        description=told,
        metadata={
            "nao_fecham": len(failing),
            "ainda_sem_conferencia": unproven,
            "por_particao": dg.MetadataValue.md(partition_table(states)),
        },
    )


def _new_fields(report: ImportReport, key: dg.AssetKey) -> dg.AssetCheckResult:
    names = ", ".join(report.campos_novos)
    told = f"Campos sem documento, guardados em raw: {names}" if names else "Nenhum campo novo"
    return dg.AssetCheckResult(
        passed=not names,
        check_name=NEW_FIELDS,
        asset_key=key,
        severity=dg.AssetCheckSeverity.WARN,
        description=told,
        metadata={"campos": names or "nenhum"},
    )


def statement_check(found: Sequence[CashCheck], key: dg.AssetKey) -> dg.AssetCheckResult:
    """Omie's own balances against our movements, to the cent."""
    wrong = [one for one in found if not one.closes]
    lines = [
        "| conta | mês | até | saldo do Omie | linhas do extrato | movimentações |",
        "|---|---|---|---|---|---|",
        *(
            f"| {one.n_cod_cc} | {one.periodo_inicial:%m/%Y} | {one.periodo_final:%d/%m} "
            f"| {one.do_extrato:.2f} | {one.das_linhas:.2f} | {one.dos_movimentos:.2f} |"
            for one in (wrong or found)[:_ACCOUNTS]
        ),
    ]
    told = (
        f"{len(wrong)} de {len(found)} contas e meses não fecham: confira se movimentacoes foi "
        "lida no mesmo período"
        if wrong
        else f"{len(found)} contas e meses fecham ao centavo"
    )
    return dg.AssetCheckResult(
        passed=not wrong,
        check_name=CASH,
        asset_key=key,
        severity=dg.AssetCheckSeverity.ERROR,
        description=told,
        metadata={
            "nao_fecham": len(wrong),
            "contas": ", ".join(sorted({str(one.n_cod_cc) for one in wrong})) or "nenhuma",
            "contas_e_meses": dg.MetadataValue.md("\n".join(lines)),
        },
    )
