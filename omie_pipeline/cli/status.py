"""``omie-pipeline status``: the state of every empresa, endpoint by endpoint, table by table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from omie_pipeline.catalog import WRITABLE
from omie_pipeline.cli.history import RUN_STATES
from omie_pipeline.cli.listings import (
    AllOption,
    CsvOption,
    EndpointOption,
    TableOption,
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
from omie_pipeline.cli.status_tables import (
    TABLE_FIELDS,
    show_tables,
    show_waiting_events,
    table_concerns,
    table_records,
)
from omie_pipeline.cli.status_waits import WAIT_FIELDS, show_waits, waits_of

if TYPE_CHECKING:
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.status.status import BlockInForce, EndpointStatus

_FIELDS = ("empresa", "direction", "endpoint", "state", "confirmed", "rejected", "quarantined",
           "held", "deleted", "open_intents", "not_emptied", "warnings",
           "before_start", "set_aside", "last_run_at", "last_run_trigger",
           "last_run_state", "last_run_error", "blocked_until", "blocked_reason",
           *TABLE_FIELDS, *WAIT_FIELDS)  # fmt: skip
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
    from omie_pipeline.push.warnings import warnings_of
    from omie_pipeline.status.status import endpoint_status

    refuse_two_outputs(as_json, csv)
    endpoints = chosen_endpoints([endpoint]) if endpoint else () if table else WRITABLE
    tables = chosen_tables([table]) if table else () if endpoint else chosen_tables(["tudo"])
    deployment = Deployment()
    empresas = chosen_empresas(deployment, empresa)
    told = warnings_of(deployment.engine, empresas) if endpoints else ()
    warned = Counter((one.empresa, one.endpoint) for one in told)
    sent, read = [], []
    for name in empresas:
        closed = _block(deployment, name)
        for one in endpoints:
            found = endpoint_status(deployment.engine, name, one, deployment.settings.start_date)
            sent.append(_record(found, closed) | {"warnings": warned[(name, one.name)]})
        read += table_records(deployment, name, tables, closed) if tables else []
    aside = [] if endpoint or table else _set_aside(deployment, empresas)
    waits = waits_of(deployment, empresas)
    if write_records(_FIELDS, [*sent, *read, *aside, *waits], as_json=as_json, csv=csv):
        return
    everything = everything or endpoint is not None or table is not None
    shown_sent = sent if everything else [one for one in sent if _concerns(one)]
    shown_read = read if everything else [one for one in read if table_concerns(one)]
    if shown_sent:
        _show(shown_sent)
    elif sent:
        show("Envio ao Omie: nada ainda. Comece com: omie-pipeline push tudo --dry-run")
    if shown_read:
        show_tables(shown_read)
    elif read:
        show("Leitura do Omie: nada ainda. Comece com: omie-pipeline import tudo")
    show_waiting_events(read)
    hidden = len(sent) + len(read) - len(shown_sent) - len(shown_read)
    if hidden:
        show(f"Mais {count(hidden)} sem nada a dizer: omie-pipeline status --all")
    _show_hints(sent, read)
    show_waits(waits)
    _show_counts(sent, "not_emptied", "A clínica esvaziou e o Omie ainda tem", "not-emptied")
    _show_counts(sent, "warnings", "Entregues com aviso", "warnings")
    _show_counts(aside, "set_aside", "Linhas da clínica que não foram copiadas", "quarantine")


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


def _show_counts(records: Sequence[Record], name: str, what: str, command: str) -> None:
    """One line of what is not zero, over all empresas, and the command that lists it."""
    counted: Counter[str] = Counter()
    for one in records:
        counted[one["table"] if name == "set_aside" else one["endpoint"]] += one[name]
    if told := ", ".join(f"{count(n)} em {key}" for key, n in sorted(counted.items()) if n):
        show(f"{what}: {told}; motivos: omie-pipeline {command}")


def _block(deployment: Deployment, empresa: str) -> BlockInForce | None:
    """The block on the empresa's key; without a key there is none to know of."""
    from omie_pipeline.config.empresas import has_credentials
    from omie_pipeline.omie.quota import scope_of
    from omie_pipeline.status.status import block_in_force

    if not has_credentials(deployment.config.empresa(empresa)):
        return None
    scope = scope_of(deployment.access(empresa).app_key.get_secret_value())
    return block_in_force(deployment.engine, scope, deployment.clock.now())


def _concerns(one: Record) -> bool:
    """Whether an endpoint has rows or a failure; an empty one is not shown."""
    numbers = (*_NUMBERS, "not_emptied", "warnings")
    return (one["state"] == "error" and one["last_run_at"] is not None) or any(
        one[name] for name in numbers
    )


def _record(found: EndpointStatus, closed: BlockInForce | None) -> dict[str, Any]:
    last = found.last_run
    broken = closed is not None or (last is not None and last.state in _FAILED_STATES)
    return {
        "empresa": found.empresa,
        "direction": "push",
        "endpoint": found.endpoint,
        "state": "error" if broken else "active",
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


_NUMBERS = {
    "confirmed": "no Omie",
    "rejected": "rejeitadas",
    "quarantined": "quarentena",
    "held": "retidas",
    "deleted": "excluídas",
    "open_intents": "sem resposta",
    "before_start": "antes do início",
}


def _show(records: Sequence[Record]) -> None:
    # A column of zeros says nothing, and the empresa's name where there is one neither.
    numbers = {
        name: title
        for name, title in _NUMBERS.items()
        if name == "confirmed" or any(one[name] for one in records)
    }
    several = len({one["empresa"] for one in records}) > 1
    heads = [Column("empresa")] if several else []
    heads += [Column("endpoint"), Column("situação")]
    heads += [Column(title, right=True) for title in numbers.values()]
    heads.append(Column("última execução"))
    rows = []
    for one in records:
        cells = [one["empresa"]] if several else []
        cells += [one["endpoint"], "erro" if one["state"] == "error" else "ativo"]
        rows.append([*cells, *(count(one[name]) for name in numbers), _last_run(one)])
    show("Envio ao Omie" if several else f"Envio ao Omie ({records[0]['empresa']})")
    show_table(heads, rows, plain_width=LIST_WIDTH)


def _last_run(one: Record) -> str:
    if one["last_run_at"] is None:
        return "nunca"
    state = RUN_STATES.get(one["last_run_state"], one["last_run_state"])
    return f"{moment(one['last_run_at'])} ({one['last_run_trigger']}): {state}"


def _show_hints(sent: Sequence[Record], read: Sequence[Record]) -> None:
    blocks = {one["empresa"]: one for one in [*read, *sent] if one["blocked_until"] is not None}
    for empresa, one in blocks.items():
        until, reason = moment(one["blocked_until"]), one["blocked_reason"]
        show(
            f"{empresa}: o Omie fechou a API até {until} ({reason}); depois: omie-pipeline retry, "
            "e repita o import"
        )
    if any(one["before_start"] for one in sent):
        show(
            "Linhas antes de OMIE_PIPELINE_START_DATE (ou sem data) não são enviadas; "
            "OMIE_PIPELINE_INCLUDE_BEFORE_START=true as inclui."
        )
    if any(one["last_run_state"] in _FAILED_STATES for one in [*sent, *read]):
        show("Causa das falhas e o que fazer: omie-pipeline history")
