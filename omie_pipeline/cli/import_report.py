"""The report of a reading, as people and programs read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omie_pipeline.cli.failing import error_fix, without_secrets
from omie_pipeline.cli.output import Column, count, emit, show, show_table
from omie_pipeline.errors import Blocked, OmieFault, TakenOver

if TYPE_CHECKING:
    from omie_pipeline.imports.import_report import ImportReport

_COUNTS = {
    "total_omie": "total no Omie",
    "lidas": "lidas",
    "novas": "novas",
    "alteradas": "alteradas",
    "iguais": "iguais",
    "excluidas": "excluídas",
    "filtradas": "filtradas",
}
_MORE = ("paginas", "releituras", "tamanho_pedido", "tamanho_servido")
_MODES = {"carga": "tudo", "alteradas": "o que mudou"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One table of one empresa: its report, or why there is none.

    Attributes:
        asked: false for a table that was not tried, because its empresa's key was stopped before.
    """

    empresa: str
    tabela: str
    report: ImportReport | None = None
    error: OmieFault | TakenOver | None = None
    asked: bool = True

    @property
    def state(self) -> str:
        """``done``, ``incomplete``, ``failed`` or ``not_read``."""
        if self.report is not None:
            return "done" if self.report.completo else "incomplete"
        return "failed" if self.asked else "not_read"


def emit_outcome(outcome: Outcome) -> None:
    """One JSON object with the keys ``--json`` promises."""
    report, error = outcome.report, outcome.error
    record: dict[str, Any] = {
        "empresa": outcome.empresa,
        "tabela": outcome.tabela,
        "state": outcome.state,
    }
    if report is not None:
        record |= {
            "modo": report.modo,
            "janela_de": report.janela_de,
            "janela_ate": report.janela_ate,
            **{name: getattr(report, name) for name in (*_COUNTS, *_MORE)},
            "completo": report.completo,
            "campos_novos": list(report.campos_novos),
            "particoes": len(report.particoes),
            "reaproveitado": report.reaproveitado,
            "run_id": report.run_id,
        }
    if error is not None:
        record |= {
            "error_class": type(error).__name__,
            "error": without_secrets(str(error)),
            "fix": error_fix(error, reading=True),
            "until": error.until if isinstance(error, Blocked) else None,
        }
    emit(record)


def show_outcomes(outcomes: Sequence[Outcome]) -> None:
    """The table list × counts and what it does not say, on stdout."""
    several = len({outcome.empresa for outcome in outcomes}) > 1
    heads = [Column("empresa")] if several else []
    heads += [Column("tabela"), Column("leitura")]
    heads += [Column(title, right=True) for title in _COUNTS.values()]
    heads.append(Column("completo"))
    rows = []
    for outcome in outcomes:
        cells = [outcome.empresa] if several else []
        rows.append([*cells, outcome.tabela, *_cells(outcome)])
    show_table(heads, rows)
    for outcome in outcomes:
        _show_remarks(outcome)
    show("Próximo passo: omie-pipeline status")


def _cells(outcome: Outcome) -> list[str]:
    report = outcome.report
    if report is None:
        word = "falhou" if outcome.asked else "não lida"
        return [word, *("–" for _ in _COUNTS), "não"]
    mode = "há pouco, por outra" if report.reaproveitado else _MODES[report.modo]
    counts = [count(getattr(report, name)) for name in _COUNTS]
    return [mode, *counts, "sim" if report.completo else "não"]


def _show_remarks(outcome: Outcome) -> None:
    report, label = outcome.report, f"{outcome.tabela} ({outcome.empresa})"
    if report is None:
        return
    if report.campos_novos:
        show(f"{label}: campos novos do Omie, guardados em raw: {', '.join(report.campos_novos)}")
    if not report.completo:
        show(
            f"{label}: as linhas lidas não fecharam com o total do Omie, talvez porque alguém "
            f"trabalhava nele. O que fazer: omie-pipeline import {outcome.tabela} --full"
        )
