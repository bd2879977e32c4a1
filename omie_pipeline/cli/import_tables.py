"""``omie-pipeline import``: tables of Omie into the warehouse."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from omie_pipeline.cli.errors import FAILED, UNFINISHED, error_fix, print_error, without_secrets
from omie_pipeline.cli.outbox import tell_back
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
from omie_pipeline.errors import Blocked, EmpresaPaused, SwitchedOff
from omie_pipeline.texts.cli import imports as texts

if TYPE_CHECKING:
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.app.import_all import ImportAllRequest, TableResult
    from omie_pipeline.imports.report import ImportProgress, Mode


# The report of a reading, as people and programs read it.

_MORE = ("pages", "rereads", "page_size", "page_size_served")


def emit_result(result: TableResult) -> None:
    """One JSON object with the keys ``--json`` promises."""
    report, error = result.report, result.error
    record: dict[str, Any] = {
        "empresa": result.empresa,
        "table": result.table,
        "state": result.state,
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


def show_results(results: Sequence[TableResult]) -> None:
    """The table list × counts and what it does not say, on stdout."""
    several = len({result.empresa for result in results}) > 1
    heads = [Column("empresa")] if several else []
    heads += [Column("tabela"), Column("leitura")]
    heads += [Column(title, right=True) for title in texts.COUNTS.values()]
    heads.append(Column("completo"))
    rows = []
    for result in results:
        cells = [result.empresa] if several else []
        rows.append([*cells, result.table, *_cells(result)])
    show_table(heads, rows)
    for result in results:
        _show_remarks(result)
    show(texts.STATUS_NEXT)


def _cells(result: TableResult) -> list[str]:
    report = result.report
    if report is None:
        word = "falhou" if result.asked else texts.NOT_READ
        return [word, *("–" for _ in texts.COUNTS), texts.NO]
    mode = texts.JUST_READ_BY_ANOTHER if report.reused else texts.MODES[report.mode]
    counts = [count(getattr(report, name)) for name in texts.COUNTS]
    return [mode, *counts, "sim" if report.complete else texts.NO]


def _show_remarks(result: TableResult) -> None:
    report, label = result.report, _label(result)
    if report is None:
        return
    if report.new_fields:
        show(texts.new_fields(label=label, fields=", ".join(report.new_fields)))
    if not report.complete:
        show(texts.counts_differ(label=label, table=result.table))


_DATE = "AAAA-MM-DD"


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
    from omie_pipeline.app.import_all import ImportAllRequest, read_by_dates

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
    empresas = chosen_empresas(deployment, empresa)
    asked = ImportAllRequest(empresas, chosen, mode, dates.first, dates.last)
    results = []
    for result in _results(deployment, asked):
        results.append(result)
        if as_json:
            emit_result(result)
    if not as_json:
        show_results(results)
    tell_back(deployment, empresas)
    if any(_failed(result, asked) for result in results):
        raise typer.Exit(FAILED)
    if any(result.report and not result.report.complete for result in results):
        raise typer.Exit(UNFINISHED)
    if dates.given and _nothing_there(results):
        names = ", ".join(dict.fromkeys(one.table for one in results if read_by_dates(one.table)))
        # A whole answer, and no failure: a crontab that reads yesterday meets Sundays.
        say(texts.none_created_at(names=names, dates=dates.told()))


def _failed(result: TableResult, asked: ImportAllRequest) -> bool:
    """Whether a list was not read that a person wanted: one of many that a switch leaves alone is
    no failure, nor one of an empresa that rests beside others."""
    if result.report is not None:
        return False
    if isinstance(result.error, EmpresaPaused) and len(asked.empresas) > 1:
        return False
    return len(asked.tables) == 1 or not isinstance(result.error, SwitchedOff)


def _nothing_there(results: Sequence[TableResult]) -> bool:
    """Whether Omie has nothing of the dates in any table, as far as it was asked now."""
    from omie_pipeline.app.import_all import read_by_dates

    reports = [one.report for one in results if one.report and read_by_dates(one.table)]
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


def _results(deployment: Deployment, asked: ImportAllRequest) -> Iterator[TableResult]:
    """Read list by list, and say on stderr what the results do not."""
    from omie_pipeline.app.import_all import ImportListener, import_all

    listener = ImportListener(on_needed=_tell_needed, on_resume=_tell_resumed, reading=_reading)
    for result in import_all(deployment, asked, listener):
        stopped = result.error is not None and result.asked
        if result.error is not None and stopped:
            print_error(result.error, about=_label(result), reading=True)
        yield result
        if stopped:
            _tell_stop(asked, result)


def _tell_needed(table: str, empresa: str, needed: str) -> None:
    say(texts.needs_before(table=table, empresa=empresa, needed=needed))


def _tell_resumed(table: str, empresa: str, since: datetime) -> None:
    say(texts.goes_on(label=f"{table} ({empresa})", since=moment(since)))


@contextmanager
def _reading(table: str, empresa: str) -> Iterator[ImportProgress]:
    # Whatever a library prints must not end up between the objects of --json.
    with reading_progress(f"{table} ({empresa})") as progress, redirect_stdout(sys.stderr):
        yield progress


def _tell_stop(asked: ImportAllRequest, result: TableResult) -> None:
    """What was left out, and what reads it once the key is answered again."""
    error, rest = result.error, result.left_out
    if rest:
        say(texts.not_read_tables(empresa=result.empresa, tables=", ".join(rest)))
    if isinstance(error, Blocked) and result.ends_empresa:
        words = [texts.IMPORT_COMMAND, result.table, *rest]
        words += [f"--from {asked.date_from}"] if asked.date_from else []
        words += [f"--to {asked.date_to}"] if asked.date_to else []
        whole = asked.mode == "full" and asked.date_from is None and asked.date_to is None
        words += ["--full"] if whole else []
        say(
            texts.key_not_answered(
                empresa=result.empresa, until=moment(error.until), command=" ".join(words)
            )
        )


def _label(result: TableResult) -> str:
    return f"{result.table} ({result.empresa})"


def _refuse_useless_dates(tables: tuple[str, ...], dates: Dates) -> None:
    from omie_pipeline.app.import_all import read_by_dates

    uncut = [t for t in tables if not read_by_dates(t)]
    if not dates.given or not uncut:
        return
    if len(uncut) == len(tables):
        raise typer.BadParameter(texts.not_by_date(", ".join(uncut)), param_hint="--from/--to")
    say(texts.read_whole(", ".join(uncut)))
