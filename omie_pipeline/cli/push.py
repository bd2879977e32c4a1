"""``omie-pipeline push`` and ``retry``: the clinic's rows to Omie."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from omie_pipeline.catalog import Endpoint
from omie_pipeline.catalog.relations import TITLES
from omie_pipeline.cli.errors import FAILED, UNFINISHED
from omie_pipeline.cli.outbox import tell_back
from omie_pipeline.cli.output import emit, say
from omie_pipeline.cli.push_loop import deliver
from omie_pipeline.cli.push_report import (
    report_lines,
    show_next_step,
    show_not_emptied,
    show_reports,
    show_worst,
    show_would_stay,
    unfinished,
    worst_of,
)
from omie_pipeline.cli.selection import (
    ApproveOption,
    Dates,
    EmpresaOption,
    JsonOption,
    Named,
    chosen_dates,
    chosen_empresas,
    chosen_endpoints,
    dates_from_start,
    nothing_selected,
    parsed_date,
)
from omie_pipeline.texts.cli import push as texts

if TYPE_CHECKING:
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.app.push_all import PushRequest
    from omie_pipeline.push.report import PushOptions, PushReport

_DATE = "AAAA-MM-DD"
_ROWS = 50


def push(
    endpoints: Annotated[list[str], typer.Argument(metavar="ENDPOINT...")],
    empresa: EmpresaOption = None,
    day: Annotated[
        date | None,
        typer.Option("--date", parser=parsed_date, metavar=_DATE, help="Só esta data de negócio."),
    ] = None,
    first: Annotated[
        date | None,
        typer.Option(
            "--from",
            parser=parsed_date,
            metavar=_DATE,
            help="Desta data em diante (sem ela: OMIE_PIPELINE_START_DATE).",
        ),
    ] = None,
    last: Annotated[
        date | None,
        typer.Option("--to", parser=parsed_date, metavar=_DATE, help="Até esta data, inclusive."),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="CÓDIGO", help="Só este código de integração (REC-17)."),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Planeja e valida; nada é enviado."),
    ] = False,
    rows: Annotated[
        int,
        typer.Option(
            "--rows", metavar="N", min=1, max=1000, help="Com --dry-run: quantas linhas mostrar."
        ),
    ] = _ROWS,
    approve: ApproveOption = False,
    same: Annotated[
        bool,
        typer.Option(
            "--same",
            help="Com --key: a baixa que o banco ou alguém fez no Omie é este mesmo pagamento; "
            "vincula e não envia.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Envia linhas ao Omie. Saída: 0 tudo certo, 3 sobraram linhas, 1 falhou, 2 uso incorreto."""
    from omie_pipeline.app.push_all import PushRequest

    chosen = chosen_endpoints(endpoints)
    dates = chosen_dates(day, first, last)
    _refuse_useless_dates(chosen, dates)
    _refuse_useless_same(chosen, key, same=same, approve=approve)
    deployment = _deployment()
    empresas = chosen_empresas(deployment, empresa)
    meant = dates_from_start(dates, deployment.settings.start_date)
    wanted = PushRequest(
        empresas,
        chosen,
        replace(_options(approve=approve, dry_run=dry_run), same=same),
        date_from=meant.first,
        date_to=meant.last,
        key=key,
    )
    named = Named(empresa=empresa is not None, dates=dates.given)
    _run(deployment, wanted, named, as_json=as_json, rows=rows)


def retry(
    endpoints: Annotated[list[str] | None, typer.Argument(metavar="[ENDPOINT...]")] = None,
    empresa: EmpresaOption = None,
    approve: ApproveOption = False,
    as_json: JsonOption = False,
) -> None:
    """Tenta de novo só as linhas rejeitadas e retidas. Saída: como em push."""
    from omie_pipeline.app.push_all import PushRequest

    chosen = chosen_endpoints(endpoints or ["tudo"])
    deployment = _deployment()
    wanted = PushRequest(
        chosen_empresas(deployment, empresa),
        chosen,
        _options(approve=approve, dry_run=False),
        date_from=deployment.settings.start_date,
        unfinished_only=True,
    )
    _run(deployment, wanted, Named(), as_json=as_json)


def _run(
    deployment: Deployment,
    wanted: PushRequest,
    named: Named,
    *,
    as_json: bool,
    rows: int = _ROWS,
) -> None:
    dry_run = wanted.options.dry_run
    dates = Dates(wanted.date_from, wanted.date_to)

    def on_report(report: PushReport) -> None:
        if as_json:
            register = report.endpoint.grain == "register"
            empty = report.empresa if register else dates.partition()
            for line in report_lines(report, empty, dry_run=dry_run):
                emit(line)

    result = deliver(deployment, wanted, on_report)
    if not as_json and result.reports:
        _show(deployment, result.reports, dry_run=dry_run, rows=rows)
    if not dry_run:
        tell_back(deployment, wanted.empresas)
    if result.failed:
        raise typer.Exit(FAILED)
    if result.reports and all(one.switched_off for one in result.reports):
        raise typer.Exit(UNFINISHED)
    if nothing := nothing_selected(deployment, wanted, result.reports, named):
        say(nothing.text)
        raise typer.Exit(nothing.code)
    if unfinished(result.reports):
        raise typer.Exit(UNFINISHED)


def _show(
    deployment: Deployment, reports: tuple[PushReport, ...], *, dry_run: bool, rows: int
) -> None:
    show_reports(reports, dry_run=dry_run)
    if dry_run:
        show_would_stay(reports, rows)
    else:
        show_worst(worst_of(deployment.engine, reports))
    show_not_emptied(reports)
    show_next_step(reports, dry_run=dry_run)


def _refuse_useless_same(
    endpoints: tuple[Endpoint, ...], key: str | None, *, same: bool, approve: bool
) -> None:
    if not same:
        return
    if key is None or any(endpoint.name not in TITLES for endpoint in endpoints):
        raise typer.BadParameter(texts.same_is_for_one(texts.OR_.join(TITLES)), param_hint="--same")
    if approve:
        raise typer.BadParameter(texts.NOT_WITH_APPROVE, param_hint="--same")


def _refuse_useless_dates(endpoints: tuple[Endpoint, ...], dates: Dates) -> None:
    registers = [endpoint.name for endpoint in endpoints if endpoint.grain == "register"]
    if not dates.given or not registers:
        return
    if len(registers) == len(endpoints):
        raise typer.BadParameter(
            texts.not_by_date(", ".join(registers)), param_hint="--date/--from/--to"
        )
    say(texts.sent_whole(", ".join(registers)))


def _deployment() -> Deployment:
    from omie_pipeline.app.deployment import Deployment

    return Deployment()


def _options(*, approve: bool, dry_run: bool) -> PushOptions:
    from omie_pipeline.push.report import PushOptions

    return PushOptions(trigger="cli", approve=approve, dry_run=dry_run)
