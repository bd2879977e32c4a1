"""``omie-pipeline history``: what was sent and what was read, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from omie_pipeline.catalog import WRITABLE
from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.cli.failing import next_step, reading_step, without_secrets
from omie_pipeline.cli.listings import (
    CsvOption,
    EndpointOption,
    LimitOption,
    TableOption,
    default_limit,
    refuse_two_outputs,
    write_records,
)
from omie_pipeline.cli.output import (
    LIST_WIDTH,
    Column,
    Record,
    count,
    moment,
    show,
    show_table,
)
from omie_pipeline.cli.selecting import (
    EmpresaOption,
    JsonOption,
    chosen_empresas,
    chosen_endpoints,
    chosen_tables,
)
from omie_pipeline.cli.syncs import show_syncs, syncs_of

if TYPE_CHECKING:
    import sqlalchemy as sa

    from omie_pipeline.status.listing import ReadingEntry, RefusedReason, RunEntry

_SHOWN_RUNS = 20
_READ_COUNTS = ("total_omie", "lidas", "novas", "alteradas", "iguais", "excluidas", "filtradas")
_FIELDS = (
    "run_id", "empresa", "direction", "endpoint", "table", "started_at", "seconds", "trigger",
    "state", "selected", "delivered", "created", "updated", "linked", "deleted", "unchanged",
    "rejected", "quarantined", "held", "calls", "mode", *_READ_COUNTS, "complete", "error_class",
    "error", "fix",
)  # fmt: skip
_TOLD_COUNTS = {
    "delivered": "entregues",
    "unchanged": "inalteradas",
    "rejected": "rejeitadas",
    "quarantined": "em quarentena",
    "held": "retidas",
    "lidas": "lidas",
    "novas": "novas",
    "alteradas": "alteradas",
    "iguais": "iguais",
    "excluidas": "excluídas",
    "filtradas": "filtradas",
}
RUN_STATES = {
    "running": "em andamento",
    "done": "concluída",
    "dry_run": "simulação",
    "stopped": "barrada",
    "failed": "falhou",
}
READING_STATES = {**RUN_STATES, "stopped": "interrompida", "incomplete": "incompleta"}
_MAP_CATEGORY = (
    "Categoria não mapeada: defina-a com omie-pipeline defaults set (códigos em omie-pipeline "
    "refs), rode omie-pipeline build e envie de novo"
)
_CONFLICT = "Conflito: decida qual lado vale (omie-pipeline reconcile) e envie de novo"
_CONFLICTING = ("já cadastrad", "ja cadastrad", "já existe")


def history(
    empresa: EmpresaOption = None,
    endpoint: EndpointOption = None,
    table: TableOption = None,
    limit: LimitOption = None,
    as_json: JsonOption = False,
    csv: CsvOption = None,
    only: Annotated[
        str | None, typer.Option("--sentido", metavar="S", help="Só envio ou só leitura.")
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
    show_syncs(syncs[:most], states=(RUN_STATES, READING_STATES), rows_told=_rows)


def _directions(only: str | None, endpoint: str | None, table: str | None) -> tuple[bool, bool]:
    if only not in (None, "envio", "leitura"):
        raise typer.BadParameter("é envio ou leitura", param_hint="--sentido")
    sends = only != "leitura" and (endpoint is not None or table is None)
    reads = only != "envio" and (table is not None or endpoint is None)
    return sends, reads


def _sent(
    engine: sa.Engine, empresas: tuple[str, ...], endpoints: tuple[str, ...], limit: int | None
) -> list[Record]:
    from omie_pipeline.status.listing import ListFilter, first_reasons, recent_runs

    entries = recent_runs(engine, ListFilter(empresas, endpoints, limit))
    troubled = [e.run_id for e in entries if e.counts["rejected"] or e.counts["quarantined"]]
    reasons = first_reasons(engine, troubled) if troubled else {}
    return [_run_record(entry, reasons.get(entry.run_id, ())) for entry in entries]


def _read(
    engine: sa.Engine, empresas: tuple[str, ...], tables: tuple[str, ...], limit: int | None
) -> list[Record]:
    from omie_pipeline.status.listing import ListFilter, recent_readings

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
        return _MAP_CATEGORY
    if any(words in reason.text.lower() for words in _CONFLICTING):
        return _CONFLICT
    return reason.fix


def _reading_record(entry: ReadingEntry) -> dict[str, Any]:
    step = reading_step(entry.error_class, entry.error)
    incomplete = entry.state == "done" and entry.complete is False
    if incomplete:
        step = f"Leia de novo por inteiro: omie-pipeline import {entry.table} --full"
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
        show(
            "Nenhuma execução ainda. Comece com: omie-pipeline import tudo, ou "
            "omie-pipeline push tudo --dry-run"
        )
        return
    heads = [Column(t) for t in ("início", "empresa", "sentido", "tabela", "por", "resultado")]
    heads += [Column("segundos", right=True), Column("linhas"), Column("erro e o que fazer")]
    rows = []
    for one in records:
        sent = one["direction"] == "push"
        states = RUN_STATES if sent else READING_STATES
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
    told = [f"{count(one[name])} {word}" for name, word in _TOLD_COUNTS.items() if one.get(name)]
    return ", ".join(told) or "nenhuma"
