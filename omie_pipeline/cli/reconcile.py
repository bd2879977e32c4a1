"""``omie-pipeline reconcile``: clinic, ledger and Omie compared; what Omie lost, sent again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from omie_pipeline.cli.errors import FAILED, UNFINISHED
from omie_pipeline.cli.outbox import tell_back
from omie_pipeline.cli.output import Column, count, day, emit, moment, money, say, show, show_table
from omie_pipeline.cli.prompts import confirm
from omie_pipeline.cli.push_loop import deliver
from omie_pipeline.cli.push_report import report_lines, show_reports, show_worst, unfinished
from omie_pipeline.cli.push_report import worst_of as worst_of_push
from omie_pipeline.cli.selection import (
    EmpresaOption,
    JsonOption,
    YesOption,
    chosen_empresas,
)
from omie_pipeline.texts.cli import push as texts

if TYPE_CHECKING:
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.app.push_all import PushRequest
    from omie_pipeline.push.report import PushReport
    from omie_pipeline.reconcile.by_field import FieldDifference
    from omie_pipeline.reconcile.differences import DayCount, Difference
    from omie_pipeline.reconcile.resend import LostRows

_SHOWN_DIFFERENCES = 10
_SHOWN_DAYS = 31


def reconcile(
    empresa: EmpresaOption = None,
    resend: Annotated[
        bool,
        typer.Option(
            "--resend-missing",
            help="Envia de novo o que foi entregue e comprovadamente não está mais no Omie.",
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Com --resend-missing: só diz o que sairia.")
    ] = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Compara clínica, envios e Omie. Saída: 0 tudo igual, 3 há diferenças, 1 falhou."""
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.reconcile.by_field import by_field
    from omie_pipeline.reconcile.differences import DIFFERENCES, counts_by_day, worst_differences

    if (dry_run or yes) and not resend:
        raise typer.BadParameter(texts.ONLY_WITH_RESEND, param_hint="--dry-run/--yes")
    deployment = Deployment()
    empresas = chosen_empresas(deployment, empresa)
    counts = counts_by_day(deployment.engine, empresas)
    worst = worst_differences(deployment.engine, empresas, _SHOWN_DIFFERENCES)
    fields = by_field(deployment.engine, worst)
    if as_json:
        _emit(counts, worst)
        for one in fields:
            emit({"kind": "field", **asdict(one)})
    else:
        _show(counts, worst)
        _show_fields(fields)
    if resend:
        _resend(deployment, empresas, dry_run=dry_run, yes=yes, as_json=as_json)
    elif any(one.state in DIFFERENCES for one in counts):
        raise typer.Exit(UNFINISHED)


def _resend(
    deployment: Deployment, empresas: tuple[str, ...], *, dry_run: bool, yes: bool, as_json: bool
) -> None:
    from omie_pipeline.app.reconcile import lost_rows, set_back

    found = lost_rows(deployment, empresas)
    _tell_gone(found, as_json=as_json)
    proved = [gone for gone in found if gone.proved]
    total = sum(len(gone.proved) for gone in proved)
    if dry_run:
        say(texts.dry_resend(count(total)))
        return
    if not total:
        say(texts.NOTHING_TO_RESEND)
        return
    if not confirm(texts.resend_rows(count(total)), yes=yes):
        say(texts.NOTHING_SENT)
        return
    requests = set_back(
        deployment,
        proved,
        on_wait=lambda gone: say(texts.waiting_for_push(_label(gone))),
        on_set_back=lambda gone, rows: say(
            texts.back_in_queue(label=_label(gone), rows=count(rows))
        ),
    )
    _push(deployment, requests, as_json=as_json)


def _label(gone: LostRows) -> str:
    return f"{gone.endpoint} ({gone.empresa})"


def _push(deployment: Deployment, requests: Sequence[PushRequest], *, as_json: bool) -> None:
    reports: list[PushReport] = []
    failed = False
    for wanted in requests:
        done = deliver(deployment, wanted, lambda _report: None)
        failed = failed or done.failed
        reports += done.reports
    if as_json:
        for report in reports:
            empty = report.empresa if report.endpoint.grain == "register" else ".."
            for line in report_lines(report, empty, dry_run=False):
                emit({"kind": "resent", **line})
    elif reports:
        show_reports(reports)
        show_worst(worst_of_push(deployment.engine, reports))
        show(texts.IMPORT_NEXT)
    tell_back(deployment, sorted({name for wanted in requests for name in wanted.empresas}))
    if failed:
        raise typer.Exit(FAILED)
    if unfinished(reports):
        raise typer.Exit(UNFINISHED)


def _emit(counts: Sequence[DayCount], worst: Sequence[Difference]) -> None:
    for one in counts:
        emit({"kind": "count", **asdict(one)})
    for row in worst:
        emit({"kind": "difference", **asdict(row)})


def _show(counts: Sequence[DayCount], worst: Sequence[Difference]) -> None:
    if not counts:
        show(texts.NOTHING_TO_COMPARE)
        return
    _show_totals(counts)
    _show_days(counts)
    if worst:
        show(texts.WORST_FIRST)
        show_table(
            [
                Column(t)
                for t in (
                    "endpoint",
                    texts.CODE,
                    texts.ID_IN_OMIE,
                    "dia",
                    texts.SITUATION,
                    "campos",
                )
            ]
            + [Column(texts.AT_CLINIC, right=True), Column(texts.IN_OMIE, right=True)],
            [
                [
                    row.endpoint,
                    row.codigo_integracao or "–",
                    str(row.omie_id or "–"),
                    day(row.day),
                    texts.STATES.get(row.state, row.state),
                    row.fields or "",
                    money(row.value_clinic),
                    money(row.value_omie),
                ]
                for row in worst
            ],
        )
        if any(row.state in ("missing_in_omie", "excluded_in_omie") for row in worst):
            show(texts.RESEND_NEXT)


def _show_fields(fields: Sequence[FieldDifference]) -> None:
    """Which side changed what, and since when."""
    if not fields:
        return
    show(texts.BY_FIELD)
    heads = [Column(texts.CODE), Column("campo"), Column(texts.WHO_CHANGED),
             Column(texts.CONFIRMED), Column(texts.CHANGED_IN_OMIE)]  # fmt: skip
    rows = [
        [
            one.codigo_integracao,
            f"{one.field} {texts.NOT_SENT_BY_DECISION}" if one.left_out else one.field,
            texts.SIDES_CHANGED[one.side],
            moment(one.confirmed_at),
            f"{moment(one.omie_changed_at)} {one.omie_changed_by or ''}".strip(),
        ]
        for one in fields
    ]
    show_table(heads, rows)


def _show_totals(counts: Sequence[DayCount]) -> None:
    totals: dict[tuple[str, str, str], list[Any]] = {}
    for one in counts:
        sums = totals.setdefault((one.empresa, one.endpoint, one.state), [0, 0, 0])
        for place, value in enumerate((one.rows, one.value_clinic, one.value_omie)):
            sums[place] += value
    heads = [Column("empresa"), Column("endpoint"), Column(texts.SITUATION),
             Column("qtd.", right=True),
             Column(texts.AT_CLINIC, right=True), Column(texts.IN_OMIE, right=True)]  # fmt: skip
    order = list(texts.STATES)
    show_table(
        heads,
        [
            [empresa, endpoint, texts.STATES.get(word, word), count(sums[0]),
             *(money(value) if endpoint != "clientes" else "" for value in sums[1:])]
            for (empresa, endpoint, word), sums in sorted(
                totals.items(), key=lambda item: (*item[0][:2], order.index(item[0][2]))
            )
        ],
    )  # fmt: skip


def _show_days(counts: Sequence[DayCount]) -> None:
    """Days of títulos on which the sides differ, the newest first."""
    from omie_pipeline.reconcile.differences import DIFFERENCES

    apart = [one for one in counts if one.day is not None and one.state in DIFFERENCES]
    if not apart:
        return
    apart.sort(key=lambda one: one.day.isoformat() if one.day else "", reverse=True)
    show(texts.DAYS_THAT_DIFFER)
    show_table(
        [Column("dia"), Column("empresa"), Column("endpoint"), Column(texts.SITUATION),
         Column("qtd.", right=True), Column(texts.AT_CLINIC, right=True),
         Column(texts.IN_OMIE, right=True)],
        [
            [day(one.day), one.empresa, one.endpoint, texts.STATES.get(one.state, one.state),
             count(one.rows), money(one.value_clinic), money(one.value_omie)]
            for one in apart[:_SHOWN_DAYS]
        ],
    )  # fmt: skip
    if len(apart) > _SHOWN_DAYS:
        show(texts.more_days(len(apart) - _SHOWN_DAYS))


def _tell_gone(found: Sequence[LostRows], *, as_json: bool) -> None:
    for gone in found:
        if as_json:
            emit({"kind": "missing", **asdict(gone)})
        else:
            show(
                texts.gone_from_omie(
                    endpoint=gone.endpoint, empresa=gone.empresa, rows=count(len(gone.proved))
                )
            )
        if gone.unproved:
            say(
                texts.perhaps_gone(
                    endpoint=gone.endpoint, empresa=gone.empresa, rows=count(len(gone.unproved))
                )
            )
