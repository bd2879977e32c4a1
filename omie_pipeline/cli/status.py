"""``omie-pipeline status``: the state of every empresa, endpoint by endpoint, table by table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from omie_pipeline.catalog import WRITABLE, Endpoint
from omie_pipeline.cli.errors import reading_step, without_secrets
from omie_pipeline.cli.outbox import BEHIND_FIELDS, behind_of, show_behind
from omie_pipeline.cli.output import (
    LIST_WIDTH,
    Column,
    Record,
    count,
    moment,
    show,
    show_table,
)
from omie_pipeline.cli.rows_to_fix import (
    AllOption,
    CsvOption,
    EndpointOption,
    TableOption,
    refuse_two_outputs,
    write_records,
)
from omie_pipeline.cli.selection import (
    EmpresaOption,
    JsonOption,
    chosen_empresas,
    chosen_endpoints,
    chosen_tables,
)
from omie_pipeline.texts import progress as progress_texts
from omie_pipeline.texts.cli import status as texts

if TYPE_CHECKING:
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.imports.status import TableStatus
    from omie_pipeline.omie.rate_limiter import BlockInForce
    from omie_pipeline.postgres.work import WorkUnderWay
    from omie_pipeline.status.endpoints import EndpointStatus
    from omie_pipeline.switches.pauses import PauseChange


# Imported tables in ``omie-pipeline status``: each table's state, times and alerts.

TABLE_FIELDS = ("table", "last_read_at", "next_at", "rows", "complete", "days_unproved",
                "events_waiting", "oldest_event_at", "alerts")  # fmt: skip
_TOLD = {"active": "ativa", "error": "erro", "disabled": "desativada"}


def table_records(
    deployment: Deployment,
    empresa: str,
    tables: Sequence[str],
    closed: BlockInForce | None,
) -> list[dict[str, Any]]:
    """One record per table of ``tables``, with the keys ``--json`` promises.

    Args:
        deployment: the composed deployment.
        empresa: the empresa whose tables these are.
        tables: names of lists; all by default.
        closed: a block that is in force.
    """
    from omie_pipeline.imports.status import import_status, inbox_status, next_tick
    from omie_pipeline.switches.pauses import pause_in_force

    settings, now = deployment.settings, deployment.clock.now()
    wanted = deployment.config.empresa(empresa).importar
    inbox = inbox_status(deployment.engine, empresa)
    found = import_status(deployment.engine, empresa, wanted.filters(), settings.start_date, now)
    paused = pause_in_force(deployment.engine, empresa)
    unread = deployment.switches.unread_lists(empresa)
    records = []
    for one in found:
        if one.table not in tables:
            continue
        why = paused.told if paused else texts.ONLY_EXPORTED if one.table in unread else None
        off = one.state == "disabled" or why is not None
        broken = closed is not None and not off
        schedule = wanted.schedule_of(one.table, settings.schedule)
        following = next_tick(schedule, now, settings.zone)
        records.append(
            {
                "empresa": empresa,
                "direction": "import",
                "table": one.table,
                "state": "disabled" if why else "error" if broken else one.state,
                "off_reason": why,
                "last_read_at": one.last_read_at,
                "next_at": None if off else following,
                "rows": one.rows,
                "complete": one.complete,
                "days_unproved": one.days_unproved,
                "last_run_at": one.last_run_at,
                "last_run_trigger": one.last_run_trigger or None,
                "last_run_state": one.last_run_state or None,
                "last_run_error": without_secrets(one.error) or None,
                "blocked_until": closed.until if closed else None,
                "blocked_reason": closed.reason if closed else None,
                "events_waiting": inbox.pending,
                "oldest_event_at": inbox.oldest_at,
                "alerts": [] if why else _alerts(one),
            }
        )
    return records


def table_concerns(one: Record) -> bool:
    """Whether a table was ever read or has findings; one that the filters leave out has none."""
    return (one["state"] != "disabled" or one["off_reason"] is not None) and (
        one["last_read_at"] is not None or one["last_run_at"] is not None or bool(one["alerts"])
    )


def show_tables(records: Sequence[Record]) -> None:
    """The tables, on stdout."""
    several = len({one["empresa"] for one in records}) > 1
    alerted = any(one["alerts"] for one in records)
    heads = [Column("empresa")] if several else []
    heads += [Column("tabela"), Column(texts.SITUATION), Column(texts.LAST_READING),
              Column(texts.NEXT_READING), Column("linhas", right=True)]  # fmt: skip
    heads += [Column("alertas")] if alerted else []
    rows = []
    for one in records:
        last = "nunca" if one["last_read_at"] is None else moment(one["last_read_at"])
        upcoming = "manual" if one["next_at"] is None else moment(one["next_at"])
        if one["state"] == "disabled":
            last, upcoming = "–", "–"
        rows.append(
            [
                *([one["empresa"]] if several else []),
                one["table"],
                _TOLD[one["state"]],
                last,
                upcoming,
                count(one["rows"]),
                *(["\n".join(one["alerts"])] if alerted else []),
            ]
        )
    show(texts.READING_HEAD if several else texts.reading_head_of(records[0]["empresa"]))
    show_table(heads, rows, plain_width=LIST_WIDTH)


def show_waiting_events(records: Sequence[Record]) -> None:
    """What waits in each empresa's inbox, on stdout."""
    for one in {record["empresa"]: record for record in records}.values():
        if one["events_waiting"]:
            show(
                texts.events_wait(
                    empresa=one["empresa"],
                    events=count(one["events_waiting"]),
                    since=moment(one["oldest_event_at"]),
                )
            )


def _alerts(one: TableStatus) -> list[str]:
    if one.state == "disabled":
        return [texts.OUTSIDE_FILTER]
    alerts = []
    if one.error:
        fixes = (one.fix, reading_step(one.error_class, one.error))
        step = " ".join(text for text in fixes if text)
        alerts.append(f"{without_secrets(one.error)} → {step}" if step else one.error)
    elif one.complete is False:
        alerts.append(texts.did_not_close(one.table))
    if one.days_unproved:
        alerts.append(texts.days_unproven(days=count(one.days_unproved), table=one.table))
    return alerts


# What ``omie-pipeline status`` says of waits: which line, until when and why.

WAIT_FIELDS: Final = ("line", "waits_until", "wait_reason", "wait_since")
ROAD_TO_OMIE: Final = "omie"
"""In the place of a method, for programs: nobody answers at Omie's address."""


def waits_of(deployment: Deployment, empresas: Sequence[str]) -> list[dict[str, Any]]:
    """A record for each thing that the empresas' keys wait for at present."""
    from omie_pipeline.config.empresas import has_credentials
    from omie_pipeline.omie.rate_limiter import ROAD, line_waits

    now, found = deployment.clock.now(), []
    for empresa in empresas:
        if not has_credentials(deployment.config.empresa(empresa)):
            continue
        scope = deployment.scope(empresa)
        found += [
            {
                "empresa": empresa,
                "direction": "wait",
                "line": ROAD_TO_OMIE if one.what == ROAD else one.what,
                "waits_until": one.until,
                "wait_reason": one.reason,
                "wait_since": one.since,
            }
            for one in line_waits(deployment.engine, scope, now)
        ]
    return found


def show_waits(waits: Sequence[Record]) -> None:
    """One line for each."""
    for one in waits:
        empresa, reason = one["empresa"], one["wait_reason"]
        if one["line"] == ROAD_TO_OMIE:
            since = moment(one["wait_since"])
            show(texts.no_way(empresa=empresa, since=since, reason=reason))
        else:
            show(
                texts.line_waits(
                    empresa=empresa,
                    line=one["line"],
                    until=moment(one["waits_until"]),
                    reason=reason,
                )
            )


# Long works under way, in whatever process.

WORK_FIELDS: Final = ("work", "name", "started_at", "told_at", "silent", "rows_done", "rows_total",
                      "rows_per_minute", "seconds_left")  # fmt: skip


def works_of(deployment: Deployment, empresas: Sequence[str]) -> tuple[WorkUnderWay, ...]:
    """What goes on at present, on whatever machine."""
    from omie_pipeline.postgres.work import works_under_way

    return works_under_way(deployment.engine, empresas, deployment.clock.now())


def work_record(one: WorkUnderWay, now: datetime) -> dict[str, Any]:
    """A work, with the keys ``--json`` promises."""
    headway = one.headway
    seconds = None if one.silent else headway.seconds_left(now)
    return {
        "empresa": one.empresa,
        "direction": "work",
        "work": one.kind,
        "name": one.name,
        "started_at": one.started_at,
        "told_at": headway.at,
        "silent": one.silent,
        "rows_done": headway.done,
        "rows_total": headway.total,
        "rows_per_minute": headway.per_minute and round(headway.per_minute, 1),
        "seconds_left": None if seconds is None else round(seconds),
        "waits_until": headway.wait.until if headway.wait else None,
        "wait_reason": headway.wait.reason if headway.wait else None,
    }


def show_works(works: Sequence[WorkUnderWay], now: datetime) -> None:
    """One line for each."""
    from omie_pipeline.config.settings import clinic_zone
    from omie_pipeline.progress import rows_told, told

    if works:
        show(progress_texts.UNDER_WAY)
    for one in works:
        said = told(one.headway, clinic_zone(), now)
        if one.silent:
            since = moment(one.headway.at)
            said = progress_texts.silent(rows=rows_told(one.headway), since=since)
        kind = progress_texts.KINDS[one.kind]
        line = progress_texts.work(kind=kind, name=one.name, empresa=one.empresa, told=said)
        show(f"  {line}")


_FIELDS = ("empresa", "direction", "endpoint", "state", "off_reason", "confirmed", "rejected",
           "quarantined",
           "held", "deleted", "open_intents", "not_emptied", "warnings", "plans",
           "conflicts",
           "before_start", "set_aside", "unusable_mappings", "last_run_at", "last_run_trigger",
           "last_run_state", "last_run_error", "blocked_until", "blocked_reason",
           *TABLE_FIELDS, *WAIT_FIELDS, *WORK_FIELDS, *BEHIND_FIELDS)  # fmt: skip
_FAILED_STATES = ("failed", "stopped")


def status(
    empresa: EmpresaOption = None,
    endpoint: EndpointOption = None,
    table: TableOption = None,
    as_json: JsonOption = False,
    csv: CsvOption = None,
    everything: AllOption = False,
) -> None:
    """Mostra, por empresa, o que foi enviado e lido, o que espera e o que impede."""
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.switches.pauses import pauses_in_force

    refuse_two_outputs(as_json, csv)
    endpoints = chosen_endpoints([endpoint]) if endpoint else () if table else WRITABLE
    tables = chosen_tables([table]) if table else () if endpoint else chosen_tables(["tudo"])
    deployment = Deployment()
    empresas = chosen_empresas(deployment, empresa)
    pauses = pauses_in_force(deployment.engine, empresas)
    sent = _sent_records(deployment, empresas, endpoints, pauses)
    read = [
        record
        for name in empresas
        if tables
        for record in table_records(deployment, name, tables, _block(deployment, name))
    ]
    aside = [] if endpoint or table else _set_aside(deployment, empresas)
    waits = waits_of(deployment, empresas)
    now, works = deployment.clock.now(), works_of(deployment, empresas)
    going_on = [work_record(one, now) for one in works]
    back = [] if endpoint or table else behind_of(deployment, empresas)
    unusable = [] if endpoint or table else _unusable_mappings(deployment, empresas)
    records = [*sent, *read, *aside, *waits, *going_on, *back, *unusable]
    if write_records(_FIELDS, records, as_json=as_json, csv=csv):
        return
    for paused in pauses.values():
        show(texts.paused(paused.told))
    show_works(works, now)
    everything = everything or endpoint is not None or table is not None
    switched = [one for one in sent if one["off_reason"] and one["empresa"] not in pauses]
    shown_sent = [one for one in sent if everything or _concerns(one) or one in switched]
    shown_read = read if everything else [one for one in read if table_concerns(one)]
    if shown_sent:
        _show(shown_sent)
    elif sent:
        show(texts.NOTHING_PUSHED)
    if shown_read:
        show_tables(shown_read)
    elif read:
        show(texts.NOTHING_READ)
    show_waiting_events(read)
    hidden = len(sent) + len(read) - len(shown_sent) - len(shown_read)
    if hidden:
        show(texts.more_hidden(count(hidden)))
    _show_hints(sent, read)
    show_waits(waits)
    show_behind(back)
    for found_in, name, what, command in (
        (sent, "not_emptied", texts.EMPTIED_AT_CLINIC, "not-emptied"),
        (sent, "warnings", texts.DELIVERED_WITH_WARNING, "warnings"),
        (sent, "plans", texts.PLANS_WAIT, "plan list"),
        (sent, "conflicts", texts.CONFLICTS_WAIT, "conflicts list"),
        (aside, "set_aside", texts.ROWS_NOT_COPIED, "quarantine"),
        (unusable, "unusable_mappings", texts.DROPPED_CODES, "mapping list"),
    ):
        _show_counts(found_in, name, what, command)


def _unusable_mappings(deployment: Deployment, empresas: Sequence[str]) -> list[dict[str, Any]]:
    """Mappings to codes that Omie does not take any more, counted by empresa."""
    from omie_pipeline.list_mapping.model import ALL
    from omie_pipeline.list_mapping.unusable import unusable

    found = Counter(
        one.mapped.key.empresa
        for one in unusable(deployment.engine, deployment.empresas)
        if one.mapped.key.empresa in (ALL, *empresas)
    )
    return [
        {"empresa": name, "direction": "mapping", "unusable_mappings": number}
        for name, number in sorted(found.items())
    ]


def _sent_records(
    deployment: Deployment,
    empresas: tuple[str, ...],
    endpoints: Sequence[Endpoint],
    pauses: Mapping[str, PauseChange],
) -> list[dict[str, Any]]:
    """One record per endpoint, with the keys ``--json`` promises."""
    from omie_pipeline.app.conflicts import list_conflicts
    from omie_pipeline.plans.store import waiting_by_endpoint
    from omie_pipeline.push.both_sides.decide import UNDECIDED, WantedConflicts
    from omie_pipeline.push.warnings import warnings_of
    from omie_pipeline.status.endpoints import endpoint_status

    if not endpoints:
        return []
    told = warnings_of(deployment.engine, empresas)
    plans = waiting_by_endpoint(deployment.engine, empresas)
    waiting = WantedConflicts(empresas, states=UNDECIDED)
    conflicts = Counter((one.empresa, one.endpoint) for one in list_conflicts(deployment, waiting))
    warned = Counter((one.empresa, one.endpoint) for one in told)
    found = []
    for name in empresas:
        closed = _block(deployment, name)
        switches = deployment.switches.all([name], [one.name for one in endpoints])
        for one, switch in zip(endpoints, switches, strict=True):
            start = deployment.settings.start_date
            state = endpoint_status(deployment.engine, name, one, start)
            off = pauses[name].told if name in pauses else switch.why_not
            beside = {
                "warnings": warned[(name, one.name)],
                "plans": plans.get((name, one.name), 0),
                "conflicts": conflicts[(name, one.name)],
            }
            found.append(_record(state, closed, off) | beside)
    return found


def _set_aside(deployment: Deployment, empresas: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of the clinic that were not copied: they are in no other count."""
    from omie_pipeline.clinic.set_aside import listed

    by_table: Counter[tuple[str, str]] = Counter()
    for one in listed(deployment.engine, empresas):
        by_table[(one.empresa, one.table)] += one.what.rows
    return [
        {"empresa": name, "direction": "copy", "table": table, "set_aside": rows}
        for (name, table), rows in sorted(by_table.items())
    ]


_PLACES: Final = {"set_aside": "table", "unusable_mappings": "empresa"}
"""What a number is told by, where that is no endpoint."""


def _show_counts(records: Sequence[Record], name: str, what: str, command: str) -> None:
    """One line of what is not zero, over all empresas, and the command that lists it."""
    counted: Counter[str] = Counter()
    for one in records:
        counted[one[_PLACES.get(name, "endpoint")]] += one[name]
    if told := ", ".join(
        texts.some_in(number=count(n), place=key) for key, n in sorted(counted.items()) if n
    ):
        show(texts.see_reasons(what=what, told=told, command=command))


def _block(deployment: Deployment, empresa: str) -> BlockInForce | None:
    """The block on the empresa's key; without a key there is none to know of."""
    from omie_pipeline.config.empresas import has_credentials
    from omie_pipeline.omie.rate_limiter import block_in_force

    if not has_credentials(deployment.config.empresa(empresa)):
        return None
    scope = deployment.scope(empresa)
    return block_in_force(deployment.engine, scope, deployment.clock.now())


def _concerns(one: Record) -> bool:
    """Whether an endpoint has rows or a failure; an empty one is not shown."""
    numbers = (*texts.NUMBERS, "not_emptied", "warnings", "plans", "conflicts")
    return (one["state"] == "error" and one["last_run_at"] is not None) or any(
        one[name] for name in numbers
    )


def _record(found: EndpointStatus, closed: BlockInForce | None, off: str) -> dict[str, Any]:
    last = found.last_run
    broken = closed is not None or (last is not None and last.state in _FAILED_STATES)
    return {
        "empresa": found.empresa,
        "direction": "push",
        "endpoint": found.endpoint,
        "state": "disabled" if off else "error" if broken else "active",
        "off_reason": off or None,
        **found.ledger,
        "quarantined": found.quarantined,
        "open_intents": found.open_intents,
        "not_emptied": found.not_emptied,
        "before_start": found.before_start,
        "last_run_at": last.started_at if last else None,
        "last_run_trigger": last.trigger if last else None,
        "last_run_state": last.state if last else None,
        "last_run_error": last.error or None if last else None,
        "blocked_until": closed.until if closed else None,
        "blocked_reason": closed.reason if closed else None,
    }


def _show(records: Sequence[Record]) -> None:
    # A column of zeros says nothing, and the empresa's name where there is one neither.
    numbers = {
        name: title
        for name, title in texts.NUMBERS.items()
        if name == "confirmed" or any(one[name] for one in records)
    }
    several = len({one["empresa"] for one in records}) > 1
    heads = [Column("empresa")] if several else []
    heads += [Column("endpoint"), Column(texts.SITUATION)]
    heads += [Column(title, right=True) for title in numbers.values()]
    heads.append(Column(texts.LAST_RUN))
    rows = []
    for one in records:
        cells = [one["empresa"]] if several else []
        cells += [one["endpoint"], texts.PUSH_STATES[one["state"]]]
        rows.append([*cells, *(count(one[name]) for name in numbers), _last_run(one)])
    show(texts.PUSH_HEAD if several else texts.push_head_of(records[0]["empresa"]))
    show_table(heads, rows, plain_width=LIST_WIDTH)


def _last_run(one: Record) -> str:
    if one["last_run_at"] is None:
        return "nunca"
    state = texts.RUN_STATES.get(one["last_run_state"], one["last_run_state"])
    return f"{moment(one['last_run_at'])} ({one['last_run_trigger']}): {state}"


def _show_hints(sent: Sequence[Record], read: Sequence[Record]) -> None:
    blocks = {one["empresa"]: one for one in [*read, *sent] if one["blocked_until"] is not None}
    for empresa, one in blocks.items():
        until, reason = moment(one["blocked_until"]), one["blocked_reason"]
        show(texts.key_blocked(empresa=empresa, until=until, reason=reason))
    if any(one["before_start"] for one in sent):
        show(texts.BEFORE_START)
    if any(one["last_run_state"] in _FAILED_STATES for one in [*sent, *read]):
        show(texts.CAUSES_NEXT)
