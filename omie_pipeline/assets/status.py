"""The page of status: every endpoint and every table of every empresa, and what is wrong."""

from datetime import datetime

import dagster as dg

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.assets.labels import BOTH_WAYS, OWNERS
from omie_pipeline.catalog import WRITABLE
from omie_pipeline.catalog.lists import MIRROR, STATEMENT
from omie_pipeline.config.settings import clinic_zone
from omie_pipeline.imports.status import TableStatus, import_status, inbox_status, next_tick
from omie_pipeline.omie.masking import mask_text
from omie_pipeline.omie.rate_limiter import block_in_force
from omie_pipeline.resources.connections import OmieResource, WarehouseResource
from omie_pipeline.status.endpoints import EndpointStatus, endpoint_status
from omie_pipeline.switches.pauses import pause_in_force
from omie_pipeline.texts import dagster as texts

KEY = dg.AssetKey(["omie_pipeline", "situacao"])
_STATES = {"active": "ativa", "error": "erro", "disabled": "desativada"}
_FAILED = ("stopped", "failed")


@dg.asset(
    key=KEY,
    group_name="situacao",
    kinds={"markdown"},
    owners=OWNERS,
    tags=BOTH_WAYS,
    description="Shows how each endpoint and each table of each empresa stands: what was delivered "
    "and what is to be fixed, the last and the next reading, alerts. The same as `omie-pipeline "
    "status`; nothing is asked of Omie. The sensor `pagina_de_situacao` refreshes it.",
)
def situacao(omie: OmieResource, warehouse: WarehouseResource) -> dg.MaterializeResult[None]:
    """Nothing is asked of Omie."""
    return dg.MaterializeResult(metadata=status_metadata(warehouse.open(omie)))


def status_metadata(opened: Deployment) -> dict[str, dg.MetadataValue | int]:
    """The page over both directions: numbers, then what is wrong, then every endpoint and table.

    Raises:
        WarehouseError: the database is gone.
    """
    now = opened.clock.now()
    sent = {empresa: _endpoints(opened, empresa) for empresa in opened.empresas}
    read = {empresa: _tables(opened, empresa, now) for empresa in opened.empresas}
    alerts = {empresa: _alerts(opened, empresa, now) for empresa in opened.empresas}
    pushes = [one for found in sent.values() for one in found]
    tables = [one for found in read.values() for one in found]
    told: dict[str, dg.MetadataValue | int] = {
        "linhas_a_corrigir": sum(one.quarantined + one.ledger["rejected"] for one in pushes),
        "linhas_retidas": sum(one.ledger["held"] for one in pushes),
        "envios_com_erro": sum(_run_state(one) in _FAILED for one in pushes),
        "tabelas_com_erro": sum(one.state == "error" for one in tables),
        "alertas": sum(map(len, alerts.values())),
    }
    wrong = [
        f"- {empresa}: {text}"
        for empresa in opened.empresas
        for text in [*alerts[empresa], *_errors(sent[empresa], read[empresa])]
    ]
    if wrong:
        told["o_que_olhar"] = dg.MetadataValue.md("\n".join(wrong))
    told["envio"] = dg.MetadataValue.md(_page({e: _sent_rows(sent[e]) for e in sent}))
    told["leitura"] = dg.MetadataValue.md(
        _page({e: _read_rows(read[e], _coming(opened, e, now)) for e in read})
    )
    return told


def _endpoints(opened: Deployment, empresa: str) -> list[EndpointStatus]:
    """Those that were ever sent."""
    start = opened.settings.start_date
    found = [endpoint_status(opened.engine, empresa, one, start) for one in WRITABLE]
    return [one for one in found if one.last_run is not None]


def _run_state(one: EndpointStatus) -> str:
    return one.last_run.state if one.last_run is not None else ""


def _tables(opened: Deployment, empresa: str, now: datetime) -> list[TableStatus]:
    filters = opened.config.empresa(empresa).importar.filters()
    return import_status(opened.engine, empresa, filters, opened.settings.start_date, now)


def _coming(opened: Deployment, empresa: str, now: datetime) -> dict[str, datetime | None]:
    """The next reading of every table by the schedule."""
    wanted, default = opened.config.empresa(empresa).importar, opened.settings.schedule
    return {
        name: next_tick(wanted.schedule_of(name, default), now, opened.settings.zone)
        for name in (*MIRROR, STATEMENT)
    }


def _alerts(opened: Deployment, empresa: str, now: datetime) -> list[str]:
    paused = pause_in_force(opened.engine, empresa)
    if paused is not None:
        return [texts.empresa_paused(paused.told)]
    if not opened.has_credentials(empresa):
        return [texts.NO_KEY]
    found = []
    scope = opened.scope(empresa)
    block = block_in_force(opened.engine, scope, now)
    if block is not None:
        found.append(texts.key_blocked(_moment(block.until)))
    inbox = inbox_status(opened.engine, empresa)
    if inbox.pending and inbox.oldest_at is not None:
        since = _moment(inbox.oldest_at)
        found.append(texts.events_wait(events=inbox.pending, since=since))
    return found


def _errors(sent: list[EndpointStatus], read: list[TableStatus]) -> list[str]:
    found = [
        f"{one.endpoint} ({texts.RUN_STATES[one.last_run.state]}): {one.last_run.error}"
        for one in sent
        if one.last_run is not None and one.last_run.state in _FAILED
    ]
    found += [f"{one.table}: {one.error} {one.fix}" for one in read if one.error]
    return [mask_text(text.strip().replace("\n", " ")) for text in found]


def _sent_rows(sent: list[EndpointStatus]) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = [texts.SENT_HEAD]
    for one in sent:
        run = one.last_run
        last = (_moment(run.started_at), texts.RUN_STATES[run.state]) if run else ("nunca", "")
        to_fix = one.quarantined + one.ledger["rejected"]
        rows.append((one.endpoint, *last, one.ledger["confirmed"], to_fix, one.ledger["held"]))
    return rows


def _read_rows(
    read: list[TableStatus], coming: dict[str, datetime | None]
) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = [texts.READ_HEAD]
    for one in read:
        tick = coming[one.table]
        expected = _moment(tick) if tick else "manual"
        last = _moment(one.last_read_at) if one.last_read_at else "nunca"
        following = "–" if one.state == "disabled" else expected
        rows.append((one.table, _STATES[one.state], last, following, one.rows, one.days_unproved))
    return rows


def _page(found: dict[str, list[tuple[object, ...]]]) -> str:
    """A table for each empresa; the first row is its heading."""
    lines: list[str] = []
    for empresa, (heading, *rows) in found.items():
        shown = [heading, ["---"] * len(heading), *rows] if rows else [[texts.NOTHING_YET], ["---"]]
        lines += [f"### {empresa}", ""]
        lines += ["| " + " | ".join(map(str, row)) + " |" for row in shown]
        lines.append("")
    return "\n".join(lines)


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(clinic_zone()):%d/%m/%Y %H:%M}"
