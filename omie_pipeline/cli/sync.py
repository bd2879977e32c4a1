"""``omie-pipeline sync``: one record, from the clinic to Omie, while the person waits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from omie_pipeline.cli.build import dbt_running, tell_wait, tell_why
from omie_pipeline.cli.errors import FAILED, UNFINISHED, WRONG_USAGE, without_secrets
from omie_pipeline.cli.outbox import tell_back
from omie_pipeline.cli.output import count, emit, say, show
from omie_pipeline.cli.push_loop import push_listener, tell
from omie_pipeline.cli.push_report import report_lines, show_not_emptied, show_worst, worst_of
from omie_pipeline.cli.selection import (
    ApproveOption,
    EmpresaOption,
    JsonOption,
    chosen_empresas,
    chosen_endpoints,
    missing_key,
)
from omie_pipeline.texts.cli import push as texts

if TYPE_CHECKING:
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.app.sync_one import SyncedRecord, SyncRequest
    from omie_pipeline.catalog import Endpoint
    from omie_pipeline.clinic.one_row import RowCopy
    from omie_pipeline.clinic.origins import Origin
    from omie_pipeline.push.report import Counts


def sync(
    endpoint: Annotated[str, typer.Argument(metavar="ENDPOINT")],
    key: Annotated[
        str, typer.Option("--key", metavar="CÓDIGO", help="O código de integração (PAC-3).")
    ],
    empresa: EmpresaOption = None,
    approve: ApproveOption = False,
    as_json: JsonOption = False,
) -> None:
    """Leva um registro da clínica ao Omie, agora: lê a linha, confere e envia. Saída: como em push.

    O que o registro precisa ter antes no Omie (o cliente de um título) e ainda não está lá vai
    antes. O resto da clínica fica como o último build deixou.
    """
    from omie_pipeline.app.build import BuildListener
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.app.sync_one import SyncListener, SyncRequest, sync_one
    from omie_pipeline.push.report import PushOptions

    (chosen,) = _one(endpoint)
    deployment = Deployment()
    names = chosen_empresas(deployment, empresa)
    if len(names) > 1:
        raise typer.BadParameter(texts.which_empresa(", ".join(names)), param_hint="--empresa")
    request = SyncRequest(names[0], chosen, key, PushOptions(trigger="cli", approve=approve))
    listener = SyncListener(
        on_wait=lambda table: say(texts.table_waits(table)),
        on_copied=_tell_copy,
        on_holder=lambda code, holder: say(texts.delivered_under(code=code, holder=holder)),
        on_before=lambda one, code: say(texts.goes_before(endpoint=one.name, code=code)),
        on_build=lambda: say(texts.BUILDING_FIRST),
        build=BuildListener(on_wait=tell_wait, on_dbt=tell_why, running=dbt_running),
        push=push_listener(),
    )
    records: list[SyncedRecord] = []
    failed = False
    for record in sync_one(deployment, request, listener):
        records.append(record)
        failed = tell(record.result, dry_run=False, one_record=True) or failed
        _show(deployment, request, record, as_json=as_json)
    tell_back(deployment, names)
    _end(deployment, request, records, failed=failed)


def _one(name: str) -> tuple[Endpoint, ...]:
    chosen = chosen_endpoints([name])
    if len(chosen) != 1:
        raise typer.BadParameter(texts.ONE_ENDPOINT, param_hint="ENDPOINT")
    return chosen


def _tell_copy(copy: RowCopy, origin: Origin | None) -> None:
    from omie_pipeline.clinic.set_aside import reason_of
    from omie_pipeline.omie.masking import mask_text

    if copy.whole is not None:
        done = copy.whole
        say(
            texts.table_read(
                table=copy.table,
                inserted=count(done.inserted),
                updated=count(done.updated),
                deleted=count(done.deleted),
            )
        )
    elif copy.change is not None and origin is not None:
        told = texts.ROW_CHANGES[copy.change]
        say(texts.row_read(table=copy.table, id=origin.id, change=told))
    for one in copy.set_aside:
        reason, fix = reason_of(one)
        say(without_secrets(mask_text(f"    {reason}")))
        say(f"    → {fix}")


def _show(
    deployment: Deployment, request: SyncRequest, record: SyncedRecord, *, as_json: bool
) -> None:
    """What became of one record, on stdout."""
    from omie_pipeline.push.report import answered

    report = record.result.report
    if report is None or not report.total.selected:
        return
    if as_json:
        for line in report_lines(report, request.empresa, dry_run=False):
            emit({"key": record.key, **line})
        return
    who = (request.empresa, record.endpoint.name, record.key)
    answer = answered(deployment.engine, *who, report.run_id)
    show(
        texts.record_ended(
            code=record.key,
            endpoint=record.endpoint.name,
            ended=texts.SYNC_ENDED[_ended(report.total)],
            omie_id=texts.with_id(answer.omie_id) if answer.omie_id else "",
            said=texts.omie_answered(answer.words) if answer.words else "",
        )
    )
    show_worst(worst_of(deployment.engine, (report,)))
    show_not_emptied((report,))


def _ended(total: Counts) -> str:
    """The worst that became of the rows of a code: more than one if the clinic has it twice."""
    worst_first = ("rejected", "quarantined", "held", "deleted", "linked", "created", "updated")
    return next((name for name in worst_first if getattr(total, name)), "unchanged")


def _end(
    deployment: Deployment,
    request: SyncRequest,
    records: Sequence[SyncedRecord],
    *,
    failed: bool,
) -> None:
    if failed:
        raise typer.Exit(FAILED)
    reports = [record.result.report for record in records if record.result.report is not None]
    last = records[-1] if records else None
    if reports and reports[-1].switched_off:
        raise typer.Exit(UNFINISHED)
    if last is not None and not last.in_model and not any(one.total.selected for one in reports):
        raise typer.Exit(_tell_nothing(deployment, request, last))
    totals = [report.total for report in reports]
    if any(one.rejected or one.quarantined or one.held for one in totals):
        raise typer.Exit(UNFINISHED)


def _tell_nothing(deployment: Deployment, request: SyncRequest, last: SyncedRecord) -> int:
    """Say why there is no such record; the exit code. One that is gone was no wrong word."""
    from omie_pipeline.app.push_all import PushRequest
    from omie_pipeline.push.report import answered

    read = _what_clinic_says(last.copies)
    code, endpoint = request.key, request.endpoint.name
    state = answered(deployment.engine, request.empresa, endpoint, code, "").state
    if state:
        told = texts.deleted_before if state == "deleted" else texts.gone_at_clinic
        say(told(code=code, endpoint=endpoint, read=read))
        return 0
    wanted = PushRequest(
        (request.empresa,),
        (request.endpoint,),
        request.options,
        date_from=deployment.settings.start_date,
        key=code,
    )
    say(missing_key(deployment, wanted, read))
    return WRONG_USAGE


def _what_clinic_says(copies: Sequence[RowCopy]) -> str:
    """Whether the clinic has the row of which no record came."""
    if any(copy.change is not None for copy in copies):
        return texts.NO_RECORD_OF_IT
    read = [copy.whole for copy in copies if copy.whole is not None]
    if any(one.set_aside for one in read):
        return texts.ROWS_SET_ASIDE
    return texts.NOT_AT_CLINIC if read else texts.NO_ROW_IN_MODEL
