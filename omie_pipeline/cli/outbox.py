"""``omie-pipeline outbox``: what Omie knows, told to the clinic's own systems."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from omie_pipeline.cli.errors import FAILED, UNFINISHED, without_secrets
from omie_pipeline.cli.output import (
    Column,
    Record,
    count,
    day,
    emit,
    moment,
    money,
    say,
    show,
    show_table,
)
from omie_pipeline.cli.portuguese import PortugueseCommand, PortugueseGroup
from omie_pipeline.cli.selection import EmpresaOption, JsonOption, chosen_empresas
from omie_pipeline.errors import OmiePipelineError
from omie_pipeline.texts import outbox as outbox_texts
from omie_pipeline.texts.cli import outbox as texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.app.way_back import WayBackReport
    from omie_pipeline.outbox.read import Change
    from omie_pipeline.outbox.targets import Delivery, TargetName

outbox = typer.Typer(cls=PortugueseGroup, no_args_is_help=True, rich_markup_mode=None)

_SHOWN = 50


def run(empresa: EmpresaOption = None, as_json: JsonOption = False) -> None:
    """Escreve o que mudou e entrega aos destinos. Saída: 0 tudo entregue, 3 falta, 1 falhou."""
    from omie_pipeline.app.way_back import run_way_back

    deployment, names = _opened(empresa)
    reports = [report for name in names if (report := run_way_back(deployment, name, at_once=True))]
    for report in reports:
        if as_json:
            emit(asdict(report))
        else:
            show_report(report)
    states = {one.state for report in reports for one in report.deliveries}
    if "failed" in states:
        raise typer.Exit(FAILED)
    if states - {"done"}:
        raise typer.Exit(UNFINISHED)


def show_report(report: WayBackReport) -> None:
    """What one round wrote and delivered, on stdout."""
    for line in _lines(report):
        show(line)


def _lines(report: WayBackReport) -> list[str]:
    written = count(report.written)
    head = texts.written(empresa=report.empresa, written=written, newest=report.newest)
    return [head, *map(_delivery, report.deliveries)]


def tell_back(deployment: Deployment, empresas: Sequence[str]) -> None:
    """After what was read or delivered: tell it to the clinic's systems, where an empresa asks for
    it. What comes of that is said on stderr and changes no exit code: nothing is lost by a failure,
    and the next round makes up for it.
    """
    from omie_pipeline.app.way_back import run_way_back, tells_back

    for name in empresas:
        if not tells_back(deployment, name):
            continue
        try:
            report = run_way_back(deployment, name)
        except OmiePipelineError as error:
            say(without_secrets(texts.told_back(empresa=name, error=str(error))))
            continue
        if report is not None and (report.written or report.failed):
            for line in _lines(report):
                say(line)


BEHIND_FIELDS = ("target", "reached", "behind", "behind_since", "error")


def behind_of(deployment: Deployment, empresas: Sequence[str]) -> list[dict[str, Any]]:
    """A record for each target that an empresa uses: how far it is, and its last error."""
    from omie_pipeline.outbox.targets import target_states

    used = deployment.config.targets
    return [
        {
            "empresa": one.empresa,
            "direction": "back",
            "target": one.target,
            "reached": one.number,
            "behind": one.behind,
            "behind_since": one.behind_since,
            "error": one.error,
        }
        for one in (target_states(deployment.engine, empresas) if used else ())
        if (one.empresa, one.target) in used
    ]


def show_behind(records: Sequence[Record]) -> None:
    """A line for each target that has not got everything."""
    for one in records:
        if one["behind"]:
            show(
                texts.target_behind(
                    empresa=one["empresa"],
                    target=texts.TARGETS[one["target"]],
                    behind=count(one["behind"]),
                    since=moment(one["behind_since"]),
                    error=texts.because(one["error"]) if one["error"] else "",
                )
            )


def _delivery(one: Delivery) -> str:
    target = texts.TARGETS[one.target]
    if one.state == "failed":
        return texts.target_failed(target=target, error=one.error or "")
    if one.state == "busy":
        return texts.target_busy(target)
    if one.state == "waiting":
        until = moment(one.next_at)
        return texts.target_waits(target=target, error=one.error or "", until=until)
    return texts.delivered(target=target, sent=count(one.sent), number=one.number)


def list_(
    empresa: EmpresaOption = None,
    after: Annotated[
        int, typer.Option("--after", min=0, metavar="N", help="Só as mudanças depois deste número.")
    ] = 0,
    limit: Annotated[
        int, typer.Option("--limit", min=1, metavar="N", help="No máximo tantas.")
    ] = _SHOWN,
    as_json: JsonOption = False,
) -> None:
    """Lista as mudanças da saída, na ordem dos números. Nada é marcado como tratado."""
    from omie_pipeline.outbox.cut import cut_number
    from omie_pipeline.outbox.read import changes_after

    deployment, names = _opened(empresa)
    for name in names:
        if (cut := cut_number(deployment.engine, name)) > after:
            days = deployment.settings.outbox_keep_days
            say(texts.cut_off(empresa=name, number=cut, days=days))
        # One more than is shown tells whether there are more.
        found = changes_after(deployment.engine, name, after, limit + 1)
        if as_json:
            for one in found[:limit]:
                emit(asdict(one))
        else:
            _show_changes(found[:limit])
        if len(found) > limit:
            say(texts.more_with(empresa=name, number=found[limit - 1].number))


def _show_changes(changes: Sequence[Change]) -> None:
    if not changes:
        show(texts.NO_CHANGES)
        return
    heads = [Column(texts.NUMBER, right=True), Column("empresa"), Column("tipo"),
             Column(texts.CODE), Column("id no Omie", right=True), Column(texts.STATE),
             Column(texts.OPEN_AMOUNT, right=True), Column(texts.PAID_AMOUNT, right=True),
             Column(texts.PAID_ON), Column(texts.NOTE)]  # fmt: skip
    show_table(
        heads,
        [
            [
                str(one.number),
                one.empresa,
                one.kind,
                texts.ONLY_IN_OMIE if one.only_in_omie else one.integration_code or "–",
                str(one.omie_id),
                texts.STATES[one.state],
                money(one.open_amount),
                money(one.paid_amount),
                day(one.paid_date),
                one.note_number or "",
            ]
            for one in changes
        ],
    )


def ack(
    consumer: Annotated[
        str, typer.Option("--consumer", metavar="NOME", help="O sistema que leu a saída.")
    ],
    number: Annotated[
        int, typer.Option("--up-to", metavar="N", help="Tudo até este número foi tratado.")
    ],
    empresa: EmpresaOption = None,
    as_json: JsonOption = False,
) -> None:
    """Confirma que um sistema tratou tudo até um número. Nunca volta atrás."""
    from omie_pipeline.outbox.read import acknowledge

    deployment, names = _opened(empresa)
    if len(names) > 1:
        raise typer.BadParameter(texts.ACK_WITH_ONE_EMPRESA, param_hint="--empresa")
    reached = acknowledge(deployment.engine, names[0], consumer, number)
    if as_json:
        emit({"empresa": names[0], "consumer": consumer.strip(), "number": reached})
    else:
        told = texts.acknowledged(empresa=names[0], consumer=consumer.strip(), number=reached)
        show(told)


def status(empresa: EmpresaOption = None, as_json: JsonOption = False) -> None:
    """Mostra até onde cada destino e cada leitor chegou, e por que não vai adiante."""
    from omie_pipeline.outbox.read import readers
    from omie_pipeline.outbox.targets import target_states

    deployment, names = _opened(empresa)
    targets = target_states(deployment.engine, names)
    polling = readers(deployment.engine, names)
    if as_json:
        for state in targets:
            emit(asdict(state))
        for reader in polling:
            emit(asdict(reader))
        return
    if not targets and not polling:
        show(texts.NO_TARGETS)
        return
    heads = [Column("empresa"), Column(texts.TO), Column(texts.UP_TO, right=True),
             Column(texts.BEHIND, right=True), Column(texts.BEHIND_SINCE),
             Column(texts.LAST_DELIVERY), Column(texts.ERROR)]  # fmt: skip
    rows = [
        [
            one.empresa,
            texts.TARGETS[one.target],
            str(one.number),
            count(one.behind),
            moment(one.behind_since),
            moment(one.delivered_at),
            one.error or "",
        ]
        for one in targets
    ]
    rows += [
        [one.empresa, one.consumer, str(one.number), count(one.behind), "–",
         moment(one.acknowledged_at), ""]
        for one in polling
    ]  # fmt: skip
    show_table(heads, rows)


def check(empresa: EmpresaOption = None, as_json: JsonOption = False) -> None:
    """Confere os destinos sem entregar nada: a tabela com as suas colunas, a chave da chamada."""
    from omie_pipeline.app.way_back import check_target

    deployment, names = _opened(empresa)
    good = True
    for name in names:
        saida = deployment.config.empresa(name).saida
        for target in saida.targets if saida is not None else ():
            problem = check_target(deployment, name, target)
            good = good and problem is None
            if as_json:
                emit({"empresa": name, "target": target, "error": problem})
                continue
            fine = texts.TABLE_GOOD if target == "table" else texts.CALLBACK_GOOD
            told = texts.TARGETS[target]
            show(texts.checked(empresa=name, target=told, found=problem or fine))
    if not good:
        raise typer.Exit(FAILED)


def rewind(
    target: Annotated[str, typer.Option("--target", metavar="DESTINO", help="table ou callback.")],
    number: Annotated[
        int, typer.Option("--to", min=0, metavar="N", help="0: tudo, desde o começo.")
    ],
    empresa: EmpresaOption = None,
) -> None:
    """Faz um destino receber de novo tudo depois de um número: a tabela se perdeu, por exemplo."""
    from omie_pipeline.outbox.targets import rewind as go_back

    deployment, names = _opened(empresa)
    if target not in texts.TARGETS:
        raise typer.BadParameter(", ".join(texts.TARGETS), param_hint="--target")
    chosen: TargetName = "table" if target == "table" else "callback"
    for name in names:
        go_back(deployment.engine, name, chosen, number)
        show(texts.rewound(empresa=name, target=texts.TARGETS[target], number=number))


def renumber(
    after: Annotated[
        int, typer.Option("--after", min=0, metavar="N", help="O maior número que alguém já viu.")
    ],
    empresa: EmpresaOption = None,
) -> None:
    """Depois de restaurar o armazém: continua após um número e conta tudo de novo."""
    from omie_pipeline.outbox.write import renumber as go_on_after

    deployment, names = _opened(empresa)
    if len(names) > 1:
        raise typer.BadParameter(texts.ACK_WITH_ONE_EMPRESA, param_hint="--empresa")
    number = go_on_after(deployment.engine, names[0], after)
    show(texts.renumbered(empresa=names[0], number=number))


outbox.command(cls=PortugueseCommand)(run)
outbox.command("list", cls=PortugueseCommand)(list_)
for _command in (ack, status, check, rewind, renumber):
    outbox.command(cls=PortugueseCommand)(_command)


def _opened(empresa: str | None) -> tuple[Deployment, tuple[str, ...]]:
    """The deployment, and those of the empresas meant that tell anything back."""
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.app.way_back import tells_back

    deployment = Deployment()
    names = chosen_empresas(deployment, empresa)
    chosen = tuple(name for name in names if tells_back(deployment, name))
    if not chosen:
        raise typer.BadParameter(
            outbox_texts.not_opted_in(", ".join(names)), param_hint="--empresa"
        )
    return deployment, chosen
