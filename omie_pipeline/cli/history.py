"""``omie-pipeline history``: what was sent and what was read, newest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from omie_pipeline.catalog import WRITABLE
from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.cli.errors import next_step, reading_step, without_secrets
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
    CsvOption,
    EndpointOption,
    LimitOption,
    TableOption,
    default_limit,
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
from omie_pipeline.texts.cli import status as texts

if TYPE_CHECKING:
    import sqlalchemy as sa

    from omie_pipeline.status.history import ReadingEntry, RefusedReason, RunEntry


# Runs of single endpoints or tables put together as what a person started: one sync, one line.

_LONGEST_PAUSE = timedelta(minutes=5)
"""Between two runs of one sync: reading a list of Omie's takes some seconds, a block ends it."""
_WORST_STATES = ("running", "failed", "stopped", "incomplete")
_TOLD_ERRORS = 3


def syncs_of(records: Sequence[Record]) -> list[list[Record]]:
    """Runs of one direction, grouped: of one empresa, begun by the same, one soon after another,
    none twice. In each, the first run stands first."""
    groups: list[list[Record]] = []
    last: dict[tuple[str, str, str, bool], list[Record]] = {}
    for one in sorted(records, key=lambda record: record["started_at"]):
        who = (one["empresa"], one["trigger"], one["dagster_run_id"], one["state"] == "dry_run")
        group = last.get(who)
        if group is None or not _goes_on(group, one):
            group = last[who] = []
            groups.append(group)
        group.append(one)
    return groups


def show_syncs(
    syncs: Sequence[Sequence[Record]],
    *,
    states: tuple[Mapping[str, str], Mapping[str, str]],
    rows_told: Callable[[Record], str],
) -> None:
    """A line for each sync, and below what went wrong in it and what to do.

    Args:
        states: what states are called, of what is sent and of what is read.
        rows_told: counts in words.
    """
    several = len({sync[0]["empresa"] for sync in syncs}) > 1
    heads = [Column(texts.BEGINNING), *([Column("empresa")] if several else [])]
    heads += [Column(title) for title in ("sentido", texts.WHAT, "por", "resultado")]
    heads.append(Column("linhas"))
    rows = []
    for sync in syncs:
        total = _total(sync)
        sent = sync[0]["direction"] == "push"
        state = next((s for s in _WORST_STATES if any(one["state"] == s for one in sync)), None)
        state = state or sync[0]["state"]
        rows.append(
            [
                moment(sync[0]["started_at"]),
                *([sync[0]["empresa"]] if several else []),
                "envio" if sent else "leitura",
                _what(sync, "endpoints" if sent else "tabelas"),
                sync[0]["trigger"],
                states[0 if sent else 1].get(state, state),
                rows_told(total),
            ]
        )
    show_table(heads, rows, plain_width=LIST_WIDTH)
    for sync in syncs:
        for one in [one for one in sync if one["error"]][:_TOLD_ERRORS]:
            show(f"{moment(one['started_at'])} {_name(one)} ({one['empresa']}): {one['error']}")
            if one["fix"]:
                show(f"    → {one['fix']}")
    show(texts.DETAILS_NEXT)


def _goes_on(group: Sequence[Record], one: Record) -> bool:
    if any(_name(other) == _name(one) for other in group):
        return False
    if one["dagster_run_id"]:
        return True
    ended = group[-1]["finished_at"]
    return ended is not None and one["started_at"] - ended <= _LONGEST_PAUSE


def _total(sync: Sequence[Record]) -> Record:
    added: Counter[str] = Counter()
    for one in sync:
        added.update({k: v for k, v in one.items() if isinstance(v, int | float)})
    return added


def _what(sync: Sequence[Record], plural: str) -> str:
    return _name(sync[0]) if len(sync) == 1 else f"{len(sync)} {plural}"


def _name(one: Record) -> str:
    return str(one["endpoint"] if one["direction"] == "push" else one["table"])


_SHOWN_RUNS = 20
_READ_COUNTS = ("total_omie", "read", "inserted", "excluded", "filtered")
_FIELDS = (
    "run_id", "empresa", "direction", "endpoint", "table", "started_at", "seconds", "trigger",
    "state", "selected", "delivered", "created", "updated", "linked", "deleted", "unchanged",
    "rejected", "quarantined", "held", "calls", "mode", *_READ_COUNTS, "complete", "error_class",
    "error", "fix",
)  # fmt: skip
READING_STATES = {**texts.RUN_STATES, "stopped": "interrompida", "incomplete": "incompleta"}
_CONFLICTING = frozenset({"já cadastrad", "ja cadastrad", "já existe"})


def history(
    empresa: EmpresaOption = None,
    endpoint: EndpointOption = None,
    table: TableOption = None,
    limit: LimitOption = None,
    as_json: JsonOption = False,
    csv: CsvOption = None,
    only: Annotated[
        str | None,
        typer.Option("--direction", metavar="D", help="Só envio (push) ou só leitura (import)."),
    ] = None,
    details: Annotated[
        bool, typer.Option("--details", help="Uma linha por endpoint ou tabela.")
    ] = False,
) -> None:
    """Mostra envios e leituras, do mais novo para o mais antigo: uma linha por sincronização.

    --json e --csv têm sempre uma linha por endpoint ou tabela.
    """
    from omie_pipeline.app.deployment import Deployment

    refuse_two_outputs(as_json, csv)
    sends, reads = _directions(only, endpoint, table)
    endpoints = tuple(e.name for e in chosen_endpoints([endpoint])) if endpoint else ()
    tables = chosen_tables([table]) if table else ()
    deployment = Deployment()
    empresas = chosen_empresas(deployment, empresa) if empresa else ()
    # With one endpoint or table named, its runs are wanted.
    details = details or as_json or csv is not None or endpoint is not None or table is not None
    most = limit or default_limit(_SHOWN_RUNS, as_json, csv)
    if not details:
        _show_syncs(deployment.engine, empresas, (sends, reads), limit or _SHOWN_RUNS)
        return
    records: list[Record] = []
    if sends:
        records += _sent(deployment.engine, empresas, endpoints, most)
    if reads:
        records += _read(deployment.engine, empresas, tables, most)
    records.sort(key=lambda record: record["started_at"], reverse=True)
    if not write_records(_FIELDS, records[:most], as_json=as_json, csv=csv):
        _show(records[:most])


def _show_syncs(
    engine: sa.Engine, empresas: tuple[str, ...], directions: tuple[bool, bool], most: int
) -> None:
    """The last ``most`` syncs, each with all its endpoints or tables on one line."""
    sends, reads = directions
    # Enough runs for so many syncs of everything.
    sent = _sent(engine, empresas, (), most * len(WRITABLE)) if sends else []
    read = _read(engine, empresas, (), most * len(MIRROR)) if reads else []
    syncs = [*syncs_of(sent), *syncs_of(read)]
    syncs.sort(key=lambda sync: sync[0]["started_at"], reverse=True)
    if not syncs:
        _show(())
        return
    show_syncs(syncs[:most], states=(texts.RUN_STATES, READING_STATES), rows_told=_rows)


def _directions(only: str | None, endpoint: str | None, table: str | None) -> tuple[bool, bool]:
    if only not in (None, "push", "import"):
        raise typer.BadParameter(texts.PUSH_OR_READING, param_hint="--direction")
    sends = only != "import" and (endpoint is not None or table is None)
    reads = only != "push" and (table is not None or endpoint is None)
    return sends, reads


def _sent(
    engine: sa.Engine, empresas: tuple[str, ...], endpoints: tuple[str, ...], limit: int | None
) -> list[Record]:
    from omie_pipeline.status.history import ListFilter, first_reasons, recent_runs

    entries = recent_runs(engine, ListFilter(empresas, endpoints, limit))
    troubled = [e.run_id for e in entries if e.counts["rejected"] or e.counts["quarantined"]]
    reasons = first_reasons(engine, troubled) if troubled else {}
    return [_run_record(entry, reasons.get(entry.run_id, ())) for entry in entries]


def _read(
    engine: sa.Engine, empresas: tuple[str, ...], tables: tuple[str, ...], limit: int | None
) -> list[Record]:
    from omie_pipeline.status.history import ListFilter, recent_readings

    entries = recent_readings(engine, ListFilter(empresas, tables, limit))
    return [_reading_record(entry) for entry in entries]


def _run_record(entry: RunEntry, reasons: Sequence[RefusedReason]) -> dict[str, Any]:
    from omie_pipeline.omie.masking import mask_text

    steps = [next_step(entry.error_class, entry.error), *(_row_step(one) for one in reasons)]
    errors = [without_secrets(entry.error), *(mask_text(one.text) for one in reasons)]
    return {
        "run_id": entry.run_id,
        "empresa": entry.empresa,
        "direction": "push",
        "endpoint": entry.endpoint,
        "started_at": entry.started_at,
        "seconds": None if entry.seconds is None else round(entry.seconds, 2),
        "trigger": entry.trigger,
        "state": entry.state,
        **entry.counts,
        "finished_at": entry.finished_at,
        "dagster_run_id": entry.dagster_run_id,
        "error_class": entry.error_class,
        "error": "; ".join(text for text in errors if text),
        "fix": "; ".join(dict.fromkeys(step for step in steps if step)),
    }


def _row_step(reason: RefusedReason) -> str:
    """What to do about a row's reason; the two commonest have an answer of their own."""
    if "categoria" in reason.field:
        return texts.MAP_CATEGORY
    if any(words in reason.text.lower() for words in _CONFLICTING):
        return texts.CONFLICT
    return reason.fix


def _reading_record(entry: ReadingEntry) -> dict[str, Any]:
    step = reading_step(entry.error_class, entry.error)
    incomplete = entry.state == "done" and entry.complete is False
    if incomplete:
        step = texts.read_whole_fix(entry.table)
    return {
        "run_id": entry.run_id,
        "empresa": entry.empresa,
        "direction": "import",
        "table": entry.table,
        "started_at": entry.started_at,
        "seconds": None if entry.seconds is None else round(entry.seconds, 2),
        "trigger": entry.trigger,
        "state": "incomplete" if incomplete else entry.state,
        "mode": entry.mode,
        **{name: entry.counts.get(name) for name in _READ_COUNTS},
        "complete": entry.complete,
        "finished_at": entry.finished_at,
        "dagster_run_id": entry.dagster_run_id,
        "error_class": entry.error_class,
        "error": without_secrets(entry.error),
        "fix": " ".join(text for text in (entry.fix, step) if text),
    }


def _show(records: Sequence[Record]) -> None:
    if not records:
        show(texts.NO_RUN_YET)
        return
    heads = [
        Column(t) for t in (texts.BEGINNING, "empresa", "sentido", "tabela", "por", "resultado")
    ]
    heads += [Column("segundos", right=True), Column("linhas"), Column(texts.ERROR_AND_FIX)]
    rows = []
    for one in records:
        sent = one["direction"] == "push"
        states = texts.RUN_STATES if sent else READING_STATES
        error = "\n".join(text for text in (one["error"], one["fix"] and f"→ {one['fix']}") if text)
        rows.append(
            [
                moment(one["started_at"]),
                one["empresa"],
                "envio" if sent else "leitura",
                one["endpoint"] if sent else one["table"],
                one["trigger"],
                states.get(one["state"], one["state"]),
                count(one["seconds"]),
                _rows(one),
                error,
            ]
        )
    show_table(heads, rows, plain_width=LIST_WIDTH)


def _rows(one: Record) -> str:
    if one.get("delivered"):
        # What was delivered was created, changed, ...: no rows of their own.
        kinds = {name: one[name] for name in texts.DELIVERED_AS if one.get(name)}
        told = [_delivered(one["delivered"], kinds)]
        names = [name for name in texts.TOLD_COUNTS if name not in (*kinds, "delivered")]
    else:
        told, names = [], list(texts.TOLD_COUNTS)
    told += [f"{count(one[name])} {texts.TOLD_COUNTS[name]}" for name in names if one.get(name)]
    return ", ".join(told) or "nenhuma"


def _delivered(rows: int, kinds: Mapping[str, int]) -> str:
    """Rows delivered, and as what: one row is told once."""
    word = texts.ONE_DELIVERED if rows == 1 else texts.SEVERAL_DELIVERED
    told = f"{count(rows)} {word}"
    if len(kinds) == 1:
        return f"{told} ({texts.DELIVERED_AS[next(iter(kinds))][rows != 1]})"
    parts = (f"{count(n)} {texts.DELIVERED_AS[name][n != 1]}" for name, n in kinds.items())
    return f"{told} ({', '.join(parts)})" if kinds else told
