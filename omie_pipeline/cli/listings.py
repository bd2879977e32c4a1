"""``history``, ``quarantine`` and ``rejected``: what the ledger remembers, as a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from omie_pipeline.cli.failing import next_step
from omie_pipeline.cli.output import (
    Column,
    Record,
    count,
    emit,
    moment,
    show,
    show_entry,
    show_table,
    write_csv,
)
from omie_pipeline.cli.selecting import (
    EmpresaOption,
    JsonOption,
    chosen_empresas,
    chosen_endpoints,
)

if TYPE_CHECKING:
    from omie_pipeline.resources.deployment import Deployment
    from omie_pipeline.warehouse.listing import ListFilter, RefusedEntry, RunEntry

CsvOption = Annotated[
    str | None,
    typer.Option("--csv", metavar="ARQUIVO", help="Grava em CSV; - é a saída padrão."),
]
EndpointOption = Annotated[
    str | None, typer.Option("--endpoint", metavar="ENDPOINT", help="Só este endpoint.")
]
LimitOption = Annotated[
    int | None, typer.Option("--limit", metavar="N", min=1, help="No máximo N linhas.")
]
_SHOWN_RUNS = 20
_SHOWN_ROWS = 50
_RUN_FIELDS = (
    "run_id", "empresa", "endpoint", "started_at", "seconds", "trigger", "state", "selected",
    "delivered", "created", "updated", "linked", "deleted", "unchanged", "rejected",
    "quarantined", "held", "calls", "error_class", "error", "fix",
)  # fmt: skip
RUN_STATES = {
    "running": "em andamento",
    "done": "concluída",
    "dry_run": "simulação",
    "stopped": "barrada",
    "failed": "falhou",
}


def history(
    empresa: EmpresaOption = None,
    endpoint: EndpointOption = None,
    limit: LimitOption = None,
    as_json: JsonOption = False,
    csv: CsvOption = None,
) -> None:
    """Mostra as execuções, da mais nova para a mais antiga (20 na tela)."""
    from omie_pipeline.warehouse.listing import recent_runs

    refuse_two_outputs(as_json, csv)
    deployment, wanted = _opened(empresa, endpoint, limit or _default(_SHOWN_RUNS, as_json, csv))
    records = [_run_record(entry) for entry in recent_runs(deployment.engine, wanted)]
    if not write_records(_RUN_FIELDS, records, as_json=as_json, csv=csv):
        _show_runs(records)


def quarantine(
    empresa: EmpresaOption = None,
    endpoint: EndpointOption = None,
    limit: LimitOption = None,
    as_json: JsonOption = False,
    csv: CsvOption = None,
) -> None:
    """Mostra as linhas que a validação segurou, com o motivo e a correção."""
    from omie_pipeline.warehouse.listing import quarantined_rows

    refuse_two_outputs(as_json, csv)
    deployment, wanted = _opened(empresa, endpoint, limit or _default(_SHOWN_ROWS, as_json, csv))
    _list_refused(quarantined_rows(deployment.engine, wanted), wanted, as_json=as_json, csv=csv)


def rejected(
    empresa: EmpresaOption = None,
    endpoint: EndpointOption = None,
    limit: LimitOption = None,
    as_json: JsonOption = False,
    csv: CsvOption = None,
) -> None:
    """Mostra as linhas que o Omie recusou, com as palavras do Omie e a correção."""
    from omie_pipeline.warehouse.listing import rejected_rows

    refuse_two_outputs(as_json, csv)
    deployment, wanted = _opened(empresa, endpoint, limit or _default(_SHOWN_ROWS, as_json, csv))
    _list_refused(rejected_rows(deployment.engine, wanted), wanted, as_json=as_json, csv=csv)


def refuse_two_outputs(as_json: bool, csv: str | None) -> None:
    """``--json`` and ``--csv`` are one or the other."""
    if as_json and csv is not None:
        raise typer.BadParameter("não combina com --json", param_hint="--csv")


def write_records(
    fields: Sequence[str], records: Sequence[Record], *, as_json: bool, csv: str | None
) -> bool:
    """Write JSON Lines or CSV where asked for; false when a table is wanted."""
    if as_json:
        for record in records:
            emit({name: record.get(name) for name in fields})
    elif csv is not None:
        write_csv(csv, fields, records)
    else:
        return False
    return True


def _opened(
    empresa: str | None, endpoint: str | None, limit: int | None
) -> tuple[Deployment, ListFilter]:
    from omie_pipeline.resources.deployment import Deployment
    from omie_pipeline.warehouse.listing import ListFilter

    endpoints = tuple(e.name for e in chosen_endpoints([endpoint])) if endpoint else ()
    deployment = Deployment()
    empresas = chosen_empresas(deployment, empresa) if empresa else ()
    return deployment, ListFilter(empresas, endpoints, limit)


def _default(shown: int, as_json: bool, csv: str | None) -> int | None:
    """A screen has an end; a program wants everything."""
    return None if as_json or csv is not None else shown


def _run_record(entry: RunEntry) -> dict[str, Any]:
    return {
        "run_id": entry.run_id,
        "empresa": entry.empresa,
        "endpoint": entry.endpoint,
        "started_at": entry.started_at,
        "seconds": None if entry.seconds is None else round(entry.seconds, 2),
        "trigger": entry.trigger,
        "state": entry.state,
        **entry.counts,
        "error_class": entry.error_class,
        "error": entry.error,
        "fix": next_step(entry.error_class, entry.error),
    }


def _show_runs(records: Sequence[Record]) -> None:
    if not records:
        show("Nenhuma execução ainda. Comece com: omie-pipeline push tudo --dry-run")
        return
    numbers = ("selected", "delivered", "unchanged", "rejected", "quarantined", "held")
    titles = ("selec.", "entregues", "inalt.", "rejeit.", "quarent.", "retidas")
    heads = [Column(t) for t in ("início", "empresa", "endpoint", "por", "resultado")]
    heads += [Column("segundos", right=True), *(Column(t, right=True) for t in titles)]
    heads.append(Column("erro e o que fazer"))
    rows = []
    for one in records:
        error = "\n".join(text for text in (one["error"], one["fix"] and f"→ {one['fix']}") if text)
        cells = [moment(one["started_at"]), one["empresa"], one["endpoint"], one["trigger"]]
        cells += [RUN_STATES.get(one["state"], one["state"]), count(one["seconds"])]
        rows.append([*cells, *(count(one[name]) for name in numbers), error])
    show_table(heads, rows)


def _list_refused(
    entries: Sequence[RefusedEntry], wanted: ListFilter, *, as_json: bool, csv: str | None
) -> None:
    fields = ("empresa", "endpoint", "code", "partition", "origin", "reasons", "fixes",
              "first_seen_at", "last_seen_at")  # fmt: skip
    records = [_refused_record(entry, joined=csv is not None) for entry in entries]
    if write_records(fields, records, as_json=as_json, csv=csv):
        return
    if not entries:
        show("Nenhuma linha.")
        return
    for entry in entries:
        origin = f", {entry.origin}" if entry.origin else ""
        head = f"{entry.code} ({entry.empresa}, {entry.endpoint}, {entry.partition}{origin})"
        told = [(reason.text, reason.fix) for reason in entry.reasons]
        show_entry(f"{head}, desde {moment(entry.first_seen_at)}", told)
    if wanted.limit == len(entries):
        show(f"Só as primeiras {wanted.limit}; todas: --csv ARQUIVO, ou --limit N")


def _refused_record(entry: RefusedEntry, *, joined: bool) -> dict[str, Any]:
    reasons = [reason.text for reason in entry.reasons]
    fixes = [reason.fix for reason in entry.reasons]
    return {
        "empresa": entry.empresa,
        "endpoint": entry.endpoint,
        "code": entry.code,
        "partition": entry.partition,
        "origin": entry.origin,
        "reasons": " | ".join(reasons) if joined else reasons,
        "fixes": " | ".join(fixes) if joined else fixes,
        "first_seen_at": entry.first_seen_at,
        "last_seen_at": entry.last_seen_at,
    }
