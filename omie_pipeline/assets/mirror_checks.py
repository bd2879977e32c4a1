"""What is checked after each reading: nothing missing, nothing unknown, the money adds up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import dagster as dg

from omie_pipeline.assets.checked import Verdict
from omie_pipeline.assets.mirror_metadata import situation
from omie_pipeline.imports.import_report import ImportReport
from omie_pipeline.imports.partition_state import PartitionState
from omie_pipeline.imports.statements import CashCheck

COMPLETE, NEW_FIELDS, CASH = "completo", "campos_novos", "saldo_fecha"
DESCRIPTIONS = {
    COMPLETE: "Em cada partição, as linhas aqui são o total que o Omie diz ter",
    NEW_FIELDS: "O Omie só mandou campos que a documentação dele conhece",
}
STATEMENT_DESCRIPTIONS = {
    CASH: "Por conta e mês: variação do saldo do Omie = linhas do extrato = movimentações",
}
_ACCOUNTS = 40


def list_verdicts(report: ImportReport, state: PartitionState) -> list[Verdict]:
    """The two checks of a list, for one partition."""
    return [_complete(report, state), _new_fields(report)]


def _complete(report: ImportReport, state: PartitionState) -> Verdict:
    if state.fails:
        told = f"{state.linhas} linhas aqui, {state.total_omie} no Omie: não fecha"
    elif not report.completo:
        told = (
            "A lista mudava enquanto era lida: nenhuma leitura ficou estável. A próxima confere "
            "de novo"
        )
    elif state.total_omie is None:
        told = f"{state.linhas} linhas aqui, ainda não conferidas com o total do Omie"
    else:
        told = f"{state.linhas} linhas aqui, {state.total_omie} no Omie: {situation(state)}"
    return Verdict(
        COMPLETE,
        report.completo and not state.fails,
        told,
        dg.AssetCheckSeverity.ERROR if state.fails else dg.AssetCheckSeverity.WARN,
    )


def _new_fields(report: ImportReport) -> Verdict:
    names = ", ".join(report.campos_novos)
    told = f"Campos sem documento, guardados em raw: {names}" if names else "Nenhum campo novo"
    return Verdict(NEW_FIELDS, not names, told, metadata={"campos": names} if names else {})


def statement_verdict(found: Sequence[CashCheck], day: date) -> Verdict:
    """Omie's own balances against our movements, to the cent, in the months that hold a day."""
    month = [one for one in found if one.periodo_inicial.replace(day=1) == day.replace(day=1)]
    wrong = [one for one in month if not one.closes]
    if not wrong:
        return Verdict(
            CASH,
            True,
            f"{len(month)} contas do mês fecham ao centavo",
            dg.AssetCheckSeverity.ERROR,
        )
    return Verdict(
        CASH,
        False,
        f"{len(wrong)} de {len(month)} contas do mês não fecham: confira se movimentacoes foi "
        "lida no mesmo período",
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
        "| conta | mês | até | saldo do Omie | linhas do extrato | movimentações |",
        "|---|---|---|---|---|---|",
        *(
            f"| {one.n_cod_cc} | {one.periodo_inicial:%m/%Y} | {one.periodo_final:%d/%m} "
            f"| {one.do_extrato:.2f} | {one.das_linhas:.2f} | {one.dos_movimentos:.2f} |"
            for one in (wrong or found)[:_ACCOUNTS]
        ),
    ]
    return "\n".join(lines)
