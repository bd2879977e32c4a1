"""``omie-pipeline import``: tables of Omie into the warehouse."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from omie_pipeline.catalog.lists import MIRROR, STATEMENT
from omie_pipeline.cli.errors import FAILED, UNFINISHED, error_fix, print_error, without_secrets
from omie_pipeline.cli.output import Column, count, emit, moment, say, show, show_table
from omie_pipeline.cli.progress import reading_progress
from omie_pipeline.cli.selection import (
    Dates,
    EmpresaOption,
    JsonOption,
    chosen_dates,
    chosen_empresas,
    chosen_tables,
    parsed_date,
)
from omie_pipeline.errors import (
    AuthFailed,
    Blocked,
    BudgetSpent,
    LineClosed,
    OmieFault,
    Paused,
    TakenOver,
)

if TYPE_CHECKING:
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.imports.report import ImportReport, Mode


# The report of a reading, as people and programs read it.

_COUNTS = {
    "total_omie": "total no Omie",
    "read": "lidas",
    "inserted": "novas",
    "updated": "alteradas",
    "unchanged": "iguais",
    "excluded": "excluídas",
    "filtered": "filtradas",
}
_MORE = ("pages", "rereads", "page_size", "page_size_served")
_MODES = {"full": "tudo", "incremental": "o que mudou"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One table of one empresa: its report, or why there is none.

    Attributes:
        asked: false for a table that was not tried, because its empresa's key was stopped before.
    """

    empresa: str
    table: str
    report: ImportReport | None = None
    error: OmieFault | TakenOver | None = None
    asked: bool = True

    @property
    def state(self) -> str:
        """``done``, ``incomplete``, ``failed`` or ``not_read``."""
        if self.report is not None:
            return "done" if self.report.complete else "incomplete"
        return "failed" if self.asked else "not_read"


def emit_outcome(outcome: Outcome) -> None:
    """One JSON object with the keys ``--json`` promises."""
    report, error = outcome.report, outcome.error
    record: dict[str, Any] = {
        "empresa": outcome.empresa,
        "table": outcome.table,
        "state": outcome.state,
    }
    if report is not None:
        record |= {
            "mode": report.mode,
            "window_from": report.window_from,
            "window_to": report.window_to,
            **{name: getattr(report, name) for name in (*_COUNTS, *_MORE)},
            "complete": report.complete,
            "new_fields": list(report.new_fields),
            "partitions": len(report.partitions),
            "reused": report.reused,
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
        rows.append([*cells, outcome.table, *_cells(outcome)])
    show_table(heads, rows)
    for outcome in outcomes:
        _show_remarks(outcome)
    show("Próximo passo: omie-pipeline status")


def _cells(outcome: Outcome) -> list[str]:
    report = outcome.report
    if report is None:
        word = "falhou" if outcome.asked else "não lida"
        return [word, *("–" for _ in _COUNTS), "não"]
    mode = "há pouco, por outra" if report.reused else _MODES[report.mode]
    counts = [count(getattr(report, name)) for name in _COUNTS]
    return [mode, *counts, "sim" if report.complete else "não"]


def _show_remarks(outcome: Outcome) -> None:
    report, label = outcome.report, f"{outcome.table} ({outcome.empresa})"
    if report is None:
        return
    if report.new_fields:
        show(f"{label}: campos novos do Omie, guardados em raw: {', '.join(report.new_fields)}")
    if not report.complete:
        show(
            f"{label}: as linhas lidas não fecharam com o total do Omie, talvez porque alguém "
            f"trabalhava nele. O que fazer: omie-pipeline import {outcome.table} --full"
        )


_DATE = "AAAA-MM-DD"
_NEEDED_FIRST = {STATEMENT: "contas_correntes"}


@dataclass(frozen=True, slots=True)
class ImportCommand:
    """What was typed.

    Attributes:
        mode: how to read; ``None``: what changed, or everything if nothing was read yet.
    """

    tables: tuple[str, ...]
    empresas: tuple[str, ...]
    dates: Dates
    mode: Mode | None


def import_(
    tables: Annotated[list[str], typer.Argument(metavar="TABELA...")],
    empresa: EmpresaOption = None,
    first: Annotated[
        date | None,
        typer.Option(
            "--from",
            parser=parsed_date,
            metavar=_DATE,
            help="Lê por inteiro o que foi incluído no Omie desta data em diante.",
        ),
    ] = None,
    last: Annotated[
        date | None,
        typer.Option("--to", parser=parsed_date, metavar=_DATE, help="Até esta data, inclusive."),
    ] = None,
    full: Annotated[
        bool,
        typer.Option("--full", help="Lê tudo de novo, desde OMIE_PIPELINE_START_DATE."),
    ] = False,
    changed: Annotated[
        bool,
        typer.Option("--incremental", help="Só o que mudou desde a última leitura (o padrão)."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Lê tabelas do Omie. Saída: 0 completas, 3 alguma incompleta, 1 alguma falhou, 2 uso."""
    from omie_pipeline.app.deployment import Deployment

    chosen, dates = chosen_tables(tables), chosen_dates(None, first, last)
    if changed and (full or dates.given):
        told = "não combina com --full, --from e --to"
        raise typer.BadParameter(told, param_hint="--incremental")
    if full and dates.given:
        raise typer.BadParameter("não combina com --from e --to", param_hint="--full")
    _refuse_useless_dates(chosen, dates)
    deployment = Deployment()
    _refuse_days_to_come(deployment, dates)
    mode: Mode | None = "full" if full or dates.given else "incremental" if changed else None
    asked = ImportCommand(chosen, chosen_empresas(deployment, empresa), dates, mode)
    for name in asked.empresas:
        deployment.access(name)
    outcomes = []
    for outcome in _outcomes(deployment, asked):
        outcomes.append(outcome)
        if as_json:
            emit_outcome(outcome)
    if not as_json:
        show_outcomes(outcomes)
    if any(outcome.report is None for outcome in outcomes):
        raise typer.Exit(FAILED)
    if any(outcome.report and not outcome.report.complete for outcome in outcomes):
        raise typer.Exit(UNFINISHED)
    if dates.given and _nothing_there(outcomes):
        names = ", ".join(dict.fromkeys(one.table for one in outcomes if _is_cut(one.table)))
        # A whole answer, and no failure: a crontab that reads yesterday meets Sundays.
        say(f"O Omie não tem linha nenhuma de {names} incluída {dates.told()}: confira as datas")


def _is_cut(table: str) -> bool:
    """Whether the table is read by dates."""
    return table == STATEMENT or MIRROR[table].call.born is not None


def _nothing_there(outcomes: Sequence[Outcome]) -> bool:
    """Whether Omie has nothing of the dates in any table, as far as it was asked now."""
    reports = [one.report for one in outcomes if one.report and _is_cut(one.table)]
    return bool(reports) and not any(
        report.total_omie or report.read or report.reused for report in reports
    )


def _refuse_days_to_come(deployment: Deployment, dates: Dates) -> None:
    """Omie includes nothing before its day: a date in the future is a slip."""
    today = deployment.clock.now().astimezone(ZoneInfo(deployment.settings.time_zone)).date()
    if dates.first is not None and dates.first > today:
        raise typer.BadParameter(
            f"{dates.first:%d/%m/%Y} ainda não chegou, e as datas são as de inclusão no Omie",
            param_hint="--from",
        )


def _outcomes(deployment: Deployment, asked: ImportCommand) -> Iterator[Outcome]:
    """Read table by table; a closed or refused key ends its empresa, any other fault, and another
    reading that took the lane, its table."""
    for empresa in asked.empresas:
        tables = _with_what_they_need(deployment, asked.tables, empresa)
        for position, table in enumerate(tables):
            outcome = _read(deployment, asked, table, empresa)
            yield outcome
            # Our own limit and a pause are one method's; a block, a refused key and a road that
            # is down are everybody's.
            error = outcome.error
            ours = isinstance(error, (BudgetSpent, Paused))
            if isinstance(error, (LineClosed, AuthFailed)) and not ours:
                rest = tables[position + 1 :]
                _tell_stop(error, asked, empresa, table, rest)
                yield from (
                    Outcome(empresa, left, error=outcome.error, asked=False) for left in rest
                )
                break


def _read(deployment: Deployment, asked: ImportCommand, table: str, empresa: str) -> Outcome:
    from omie_pipeline.imports.state import read_cursor
    from omie_pipeline.imports.status import resumable_since

    label = f"{table} ({empresa})"
    cursor = read_cursor(deployment.engine, empresa, table)
    mode: Mode = asked.mode or ("full" if cursor.read_until is None else "incremental")
    cut = _is_cut(table)
    since = None
    if mode == "full":
        since = resumable_since(deployment.engine, empresa, table, deployment.clock.now())
    if since is not None:
        say(f"{label}: retomando a leitura que parou ({moment(since)}); o conferido não é repetido")
    try:
        # Whatever a library prints must not end up between the objects of --json.
        with reading_progress(label) as progress, redirect_stdout(sys.stderr):
            report = deployment.import_table(
                table,
                empresa,
                mode=mode,
                date_from=asked.dates.first if cut else None,
                date_to=asked.dates.last if cut else None,
                not_before=since,
                progress=progress,
            )
    except (OmieFault, TakenOver) as error:
        print_error(error, about=label, reading=True)
        return Outcome(empresa, table, error=error)
    return Outcome(empresa, table, report)


def _with_what_they_need(
    deployment: Deployment, tables: tuple[str, ...], empresa: str
) -> tuple[str, ...]:
    """``tables``, and before them those that they cannot do without and that were never read."""
    from omie_pipeline.status.endpoints import was_read

    missing = []
    for table, needed in _NEEDED_FIRST.items():
        wanted = table in tables and needed not in tables
        if wanted and not was_read(deployment.engine, needed, empresa):
            say(f"{table} ({empresa}): precisa de {needed}, que é lida antes")
            missing.append(needed)
    return (*missing, *tables)


def _tell_stop(
    error: LineClosed | AuthFailed,
    asked: ImportCommand,
    empresa: str,
    table: str,
    rest: tuple[str, ...],
) -> None:
    if rest:
        say(f"{empresa}: não lidas: {', '.join(rest)}")
    if isinstance(error, Blocked):
        words = ["omie-pipeline import", table, *rest]
        words += [f"--from {asked.dates.first}"] if asked.dates.first else []
        words += [f"--to {asked.dates.last}"] if asked.dates.last else []
        whole = asked.mode == "full" and not asked.dates.given
        words += ["--full"] if whole else []
        say(
            f"{empresa}: o Omie não responde a esta chave até {moment(error.until)}; o que foi "
            f"lido fica. Depois: {' '.join(words)} --empresa {empresa}"
        )


def _refuse_useless_dates(tables: tuple[str, ...], dates: Dates) -> None:
    uncut = [t for t in tables if not _is_cut(t)]
    if not dates.given or not uncut:
        return
    if len(uncut) == len(tables):
        raise typer.BadParameter(
            f"{', '.join(uncut)} não se divide por data", param_hint="--from/--to"
        )
    say(f"As datas não valem para {', '.join(uncut)}: é lido por inteiro")
