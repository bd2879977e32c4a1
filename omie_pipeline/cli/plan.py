"""``omie-pipeline plan``: what a push would do, stored, read like a diff, and approved."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from click import Context

from omie_pipeline.cli.errors import FAILED
from omie_pipeline.cli.output import (
    Column,
    console,
    count,
    emit,
    moment,
    money,
    printable,
    say,
    show,
    show_table,
    write_csv,
)
from omie_pipeline.cli.portuguese import PortugueseCommand, PortugueseGroup
from omie_pipeline.cli.push_loop import push_listener
from omie_pipeline.cli.selection import (
    ByOption,
    EmpresaOption,
    JsonOption,
    chosen_dates,
    chosen_empresas,
    chosen_endpoints,
    dates_from_start,
    decider,
    parsed_date,
)
from omie_pipeline.texts.cli import plan as texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omie_pipeline.plans.model import PlanPart, StoredPlan, StoredRow

_DATE = "AAAA-MM-DD"
_ROWS = 50
_MAKE = "make"


class PlanGroup(PortugueseGroup):
    """``plan ENDPOINT…`` makes a plan: a word that is no command begins its endpoints."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Put the command before what are its arguments."""
        if args and args[0] not in self.commands and args[0] != "--help":
            args = [_MAKE, *args]
        return super().parse_args(ctx, args)


plan = typer.Typer(cls=PlanGroup, no_args_is_help=True, rich_markup_mode=None)

PlanArgument = Annotated[
    str, typer.Argument(metavar="PLANO", help="Número do plano, ou o arquivo de plan -o.")
]
RowsOption = Annotated[
    int,
    typer.Option("--rows", metavar="N", min=1, help="Quantas linhas de cada endpoint mostrar."),
]
UnmaskedOption = Annotated[
    bool, typer.Option("--unmasked", help="Mostra nomes, documentos e contatos por inteiro.")
]


@plan.command(_MAKE, cls=PortugueseCommand)
def make(
    endpoints: Annotated[list[str], typer.Argument(metavar="ENDPOINT...")],
    empresa: EmpresaOption = None,
    day: Annotated[
        date | None,
        typer.Option("--date", parser=parsed_date, metavar=_DATE, help="Só esta data de negócio."),
    ] = None,
    first: Annotated[
        date | None,
        typer.Option("--from", parser=parsed_date, metavar=_DATE, help="Desta data em diante."),
    ] = None,
    last: Annotated[
        date | None,
        typer.Option("--to", parser=parsed_date, metavar=_DATE, help="Até esta data, inclusive."),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="CÓDIGO", help="Só este código de integração (REC-17)."),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="ARQUIVO", help="Grava o plano também em JSON."),
    ] = None,
    rows: RowsOption = _ROWS,
    by: ByOption = None,
    unmasked: UnmaskedOption = False,
    as_json: JsonOption = False,
) -> None:
    """Guarda o que um push faria, sem enviar nada: plan contas_receber -o plano.json."""
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.app.plans import PlanRequest, make_plan

    chosen = chosen_endpoints(endpoints)
    dates = chosen_dates(day, first, last)
    deployment = Deployment()
    meant = dates_from_start(dates, deployment.settings.start_date)
    request = PlanRequest(
        chosen_empresas(deployment, empresa),
        chosen,
        decider(by),
        date_from=meant.first,
        date_to=meant.last,
        key=key,
    )
    made = make_plan(deployment, request, push_listener())
    found = _rows_of(deployment.engine, made, unmasked=unmasked)
    if file is not None:
        from omie_pipeline.plans.shown import write_file

        write_file(file, made, found)
        say(texts.written(plan_id=made.plan_id, file=str(file)))
    _tell(made, found, rows, as_json=as_json)
    if not as_json:
        show(texts.approve_next(made.plan_id) if made.leaving else texts.NOTHING_TO_SEND)
    if any(part.error and not part.off for part in made.parts):
        raise typer.Exit(FAILED)


@plan.command("show", cls=PortugueseCommand)
def show_(
    plan_id: PlanArgument,
    rows: RowsOption = _ROWS,
    csv: Annotated[
        str | None,
        typer.Option("--csv", metavar="ARQUIVO", help="Grava todas as linhas; - é a tela."),
    ] = None,
    unmasked: UnmaskedOption = False,
    as_json: JsonOption = False,
) -> None:
    """Mostra um plano como uma comparação: o que cria (+), altera (~), exclui (-), não sai (!)."""
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.app.plans import of_file
    from omie_pipeline.plans.shown import CSV_FIELDS, csv_records, masked, read_file
    from omie_pipeline.plans.store import read_plan

    if csv is not None and as_json:
        raise typer.BadParameter(texts.ONE_OUTPUT, param_hint="--csv/--json")
    deployment = Deployment()
    if Path(plan_id).is_file():
        content = read_file(Path(plan_id))
        stored = of_file(deployment, content)
        found = [one if unmasked else masked(one) for one in content.rows]
    else:
        stored = read_plan(deployment.engine, plan_id)
        found = _rows_of(deployment.engine, stored, unmasked=unmasked)
    if csv is not None:
        write_csv(csv, CSV_FIELDS, list(csv_records(found)))
        return
    _tell(stored, found, rows, as_json=as_json)


@plan.command("list", cls=PortugueseCommand)
def list_(
    empresa: EmpresaOption = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Também os aplicados, recusados e substituídos.")
    ] = False,
    rows: RowsOption = _ROWS,
    as_json: JsonOption = False,
) -> None:
    """Lista os planos que esperam por alguém."""
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.plans.shown import plan_record
    from omie_pipeline.plans.store import list_plans

    deployment = Deployment()
    empresas = chosen_empresas(deployment, empresa)
    found = list_plans(deployment.engine, empresas, rows, open_only=not everything)
    if as_json:
        for one in found:
            emit(plan_record(one))
        return
    if not found:
        show(texts.NO_PLANS_AT_ALL if everything else texts.NO_PLANS)
        return
    heads = [Column(texts.NUMBER), Column(texts.STATE), Column(texts.SUBJECT)]
    heads += [Column(texts.ROWS, right=True), Column(texts.VALUE, right=True)]
    heads += [Column(texts.MADE), Column(texts.MADE_BY)]
    show_table(
        heads,
        [
            [
                one.plan_id,
                texts.STATES[one.state],
                one.subject,
                count(one.leaving),
                money(_after(one)),
                moment(one.made_at),
                one.made_by,
            ]
            for one in found
        ],
    )


@plan.command(cls=PortugueseCommand)
def approve(
    plan_id: PlanArgument,
    by: ByOption = None,
    over_guardrails: Annotated[
        bool,
        typer.Option("--over-guardrails", help="Aprova apesar do que as travas dizem."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Registra quem aprova um plano; depois, apply envia exatamente o que ele mostra."""
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.app.plans import approve_plan
    from omie_pipeline.plans.shown import plan_record

    deployment = Deployment()
    who = decider(by)
    done = approve_plan(
        deployment, meant_plan(deployment, plan_id), who, over_guardrails=over_guardrails
    )
    if as_json:
        emit(plan_record(done))
        return
    show(texts.approved_now(plan_id=done.plan_id, by=done.approved_by))
    show(texts.apply_next(done.plan_id))


@plan.command(cls=PortugueseCommand)
def reject(
    plan_id: PlanArgument,
    by: ByOption = None,
    why: Annotated[str, typer.Option("--why", metavar="TEXTO", help="O motivo.")] = "",
) -> None:
    """Recusa um plano: ele não pode mais ser aprovado nem aplicado."""
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.app.plans import reject_plan

    deployment = Deployment()
    done = reject_plan(deployment, meant_plan(deployment, plan_id), decider(by), why.strip())
    show(texts.rejected_now(plan_id=done.plan_id, why=done.ended_why))


def meant_plan(deployment: Any, typed: str) -> str:
    """The id of the plan that was typed: itself, or of the file that has it.

    Raises:
        ConfigurationError: the file is of no such plan, or of one with other rows.
    """
    from omie_pipeline.app.plans import of_file
    from omie_pipeline.plans.shown import read_file

    if not Path(typed).is_file():
        return typed
    return of_file(deployment, read_file(Path(typed))).plan_id


def _rows_of(engine: Any, stored: StoredPlan, *, unmasked: bool) -> list[StoredRow]:
    from omie_pipeline.plans.shown import masked
    from omie_pipeline.plans.store import plan_rows

    return [one if unmasked else masked(one) for one in plan_rows(engine, stored.plan_id)]


def _after(one: StoredPlan) -> Any:
    values = [part.figures.value_after for part in one.parts]
    told = [value for value in values if value is not None]
    return sum(told) if told else None


# A plan as people read it.


def _tell(stored: StoredPlan, rows: Sequence[StoredRow], most: int, *, as_json: bool) -> None:
    from omie_pipeline.plans.shown import plan_record, row_record

    if as_json:
        emit(plan_record(stored))
        for row in rows:
            emit(row_record(row))
        return
    _tell_head(stored)
    for side, (before, after) in stored.sides.items():
        show(
            texts.side_line(
                side=texts.SIDES[side],
                before=money(before),
                after=money(after),
                more=money(after - before),
            )
        )
    for part in stored.parts:
        _tell_part(part)
        mine = [one for one in rows if (one.empresa, one.endpoint) == (part.empresa, part.endpoint)]
        for row in mine[:most]:
            _tell_row(row)
        if len(mine) > most:
            show(texts.more_rows(count(len(mine) - most)))


def _tell_head(stored: StoredPlan) -> None:
    state = texts.STATES[stored.state]
    show(texts.heading(plan_id=stored.plan_id, state=state, subject=stored.subject))
    show(texts.made(by=stored.made_by, at=moment(stored.made_at)))
    if stored.approved_at is not None:
        show(texts.approved(by=stored.approved_by, at=moment(stored.approved_at)))
    if stored.over_guardrails:
        show(texts.OVER_GUARDRAILS)
    if stored.applied_at is not None:
        show(texts.applied(by=stored.applied_by, at=moment(stored.applied_at)))
    if stored.ended_why:
        show(texts.ended(at=moment(stored.ended_at), why=stored.ended_why))


def _tell_part(part: PlanPart) -> None:
    figures = part.figures
    show("")
    show(texts.part(endpoint=part.endpoint, empresa=part.empresa))
    if part.error:
        show(texts.part_error(part.error))
        return
    show(
        texts.figures(
            created=count(figures.created),
            updated=count(figures.updated),
            deleted=count(figures.deleted),
            unchanged=count(figures.unchanged),
        )
    )
    if figures.quarantined or figures.held or figures.waiting:
        show(
            texts.staying(
                quarantined=count(figures.quarantined),
                held=count(figures.held),
                waiting=count(figures.waiting),
            )
        )
    if figures.value_after is not None:
        show(texts.money_line(before=money(figures.value_before), after=money(figures.value_after)))
    if figures.not_read:
        show(texts.not_read(count(figures.not_read)))
    for one in part.stops:
        show(texts.stop(one))


_SIGNS = {"create": ("+", "green"), "update": ("~", "yellow"), "delete": ("-", "red")}


def _tell_row(row: StoredRow) -> None:
    sign, style = _SIGNS[row.action]
    if row.state in ("quarantined", "held"):
        sign, style = "!", "magenta"
    words = [f"{sign} {row.codigo_integracao}"]
    if row.partition != row.empresa:
        words.append(f"({row.partition})")
    if row.state != "ready":
        words.append(texts.ROW_STATES[row.state])
    if row.value_after is not None and row.state in ("ready", "waiting"):
        words.append(_money_of(row))
    _line("  " + " ".join(words), style)
    if row.action == "update":
        for name, (old, new) in row.changes.items():
            before = _value(old) if row.read else texts.NOT_READ
            _line(texts.field_changed(name=name, old=before, new=_value(new)), "")
    for name in row.left_out:
        show(texts.field_stays(name))
    for one in row.reasons:
        show(f"      {one.get('reason', '')}")
        if one.get("fix"):
            show(f"      → {one['fix']}")


def _money_of(row: StoredRow) -> str:
    if row.action == "create":
        return texts.one_money(money(row.value_after))
    if row.value_before == row.value_after:
        return texts.one_money(money(row.value_after))
    return texts.row_money(before=money(row.value_before), after=money(row.value_after))


def _value(value: Any) -> str:
    if value in (None, ""):
        return texts.NOTHING
    if isinstance(value, (list, dict)):
        from omie_pipeline import decimal_json

        return decimal_json.dumps(value)
    return str(value)


def _line(text: str, style: str) -> None:
    from rich.text import Text

    console(sys.stdout).print(Text(printable(text), style=style), soft_wrap=True)
