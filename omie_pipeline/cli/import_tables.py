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
from omie_pipeline.texts.cli import imports as texts

if TYPE_CHECKING:
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.imports.report import ImportReport, Mode


# The report of a reading, as people and programs read it.

_MORE = ("pages", "rereads", "page_size", "page_size_served")


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
            **{name: getattr(report, name) for name in (*texts.COUNTS, *_MORE)},
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
    heads += [Column(title, right=True) for title in texts.COUNTS.values()]
    heads.append(Column("completo"))
    rows = []
    for outcome in outcomes:
        cells = [outcome.empresa] if several else []
        rows.append([*cells, outcome.table, *_cells(outcome)])
    show_table(heads, rows)
    for outcome in outcomes:
        _show_remarks(outcome)
    show(texts.STATUS_NEXT)


def _cells(outcome: Outcome) -> list[str]:
    report = outcome.report
    if report is None:
        word = "falhou" if outcome.asked else texts.NOT_READ
        return [word, *("–" for _ in texts.COUNTS), texts.NO]
    mode = texts.JUST_READ_BY_ANOTHER if report.reused else texts.MODES[report.mode]
    counts = [count(getattr(report, name)) for name in texts.COUNTS]
    return [mode, *counts, "sim" if report.complete else texts.NO]


def _show_remarks(outcome: Outcome) -> None:
    report, label = outcome.report, f"{outcome.table} ({outcome.empresa})"
    if report is None:
        return
    if report.new_fields:
        show(texts.new_fields(label=label, fields=", ".join(report.new_fields)))
    if not report.complete:
        show(texts.counts_differ(label=label, table=outcome.table))


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
        told = texts.NOT_WITH_FULL_FROM_TO
        raise typer.BadParameter(told, param_hint="--incremental")
    if full and dates.given:
        raise typer.BadParameter(texts.NOT_WITH_FROM_TO, param_hint="--full")
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
        say(texts.none_created_at(names=names, dates=dates.told()))


def _is_cut(table: str) -> bool:
    """Whether the table is read by dates."""
    return table == STATEMENT or MIRROR[table].call.created is not None


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
            texts.not_come_yet(dates.first),
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
        say(texts.goes_on(label=label, since=moment(since)))
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
            say(texts.needs_before(table=table, empresa=empresa, needed=needed))
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
        say(texts.not_read_tables(empresa=empresa, tables=", ".join(rest)))
    if isinstance(error, Blocked):
        words = [texts.IMPORT_COMMAND, table, *rest]
        words += [f"--from {asked.dates.first}"] if asked.dates.first else []
        words += [f"--to {asked.dates.last}"] if asked.dates.last else []
        whole = asked.mode == "full" and not asked.dates.given
        words += ["--full"] if whole else []
        say(
            texts.key_not_answered(
                empresa=empresa, until=moment(error.until), command=" ".join(words)
            )
        )


def _refuse_useless_dates(tables: tuple[str, ...], dates: Dates) -> None:
    uncut = [t for t in tables if not _is_cut(t)]
    if not dates.given or not uncut:
        return
    if len(uncut) == len(tables):
        raise typer.BadParameter(texts.not_by_date(", ".join(uncut)), param_hint="--from/--to")
    say(texts.read_whole(", ".join(uncut)))
