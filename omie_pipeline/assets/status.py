"""The page of status: every table of every empresa, last and next reading, alerts."""

from datetime import datetime

import dagster as dg

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.assets.labels import BOTH_WAYS, OWNERS
from omie_pipeline.catalog.lists import MIRROR, STATEMENT
from omie_pipeline.config.settings import clinic_zone
from omie_pipeline.imports.status import TableStatus, import_status, inbox_status, next_tick
from omie_pipeline.omie.rate_limiter import block_in_force, scope_of
from omie_pipeline.resources.connections import OmieResource, WarehouseResource
from omie_pipeline.texts import dagster as texts

KEY = dg.AssetKey(["omie_pipeline", "situacao"])
_STATES = {"active": "ativa", "error": "erro", "disabled": "desativada"}


@dg.asset(
    key=KEY,
    group_name="situacao",
    kinds={"markdown"},
    owners=OWNERS,
    tags=BOTH_WAYS,
    description="Shows how each table of each empresa stands: active, failing or switched off; its "
    "last and next reading; alerts. The same as `omie-pipeline status`.",
)
def situacao(omie: OmieResource, warehouse: WarehouseResource) -> dg.MaterializeResult[None]:
    """Nothing is asked of Omie."""
    opened = warehouse.open(omie)
    now = opened.clock.now()
    pages = {empresa: _tables(opened, empresa, now) for empresa in opened.empresas}
    alerts = {empresa: _alerts(opened, empresa, now) for empresa in opened.empresas}
    wrong = sum(one.state == "error" for rows in pages.values() for one in rows)
    page = "\n\n".join(
        _page(empresa, rows, alerts[empresa], _coming(opened, empresa, now))
        for empresa, rows in pages.items()
    )
    return dg.MaterializeResult(
        metadata={
            "situacao": dg.MetadataValue.md(page),
            "tabelas_com_erro": wrong,
            "alertas": sum(map(len, alerts.values())),
        }
    )


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
    if not opened.has_credentials(empresa):
        return [texts.NO_KEY]
    found = []
    scope = scope_of(opened.access(empresa).app_key.get_secret_value())
    block = block_in_force(opened.engine, scope, now)
    if block is not None:
        found.append(texts.key_blocked(_moment(block.until)))
    inbox = inbox_status(opened.engine, empresa)
    if inbox.pending and inbox.oldest_at is not None:
        since = _moment(inbox.oldest_at)
        found.append(texts.events_wait(events=inbox.pending, since=since))
    return found


def _page(
    empresa: str,
    rows: list[TableStatus],
    alerts: list[str],
    coming: dict[str, datetime | None],
) -> str:
    lines = [f"### {empresa}", *(f"- **{alert}**" for alert in alerts), "", texts.TABLES_HEAD,
             "|" + "---|" * 7]  # fmt: skip
    for one in rows:
        tick = coming[one.table]
        expected = _moment(tick) if tick else "manual"
        told = f"{one.error} {one.fix}".strip().replace("|", "/").replace("\n", " ")
        last = _moment(one.last_read_at) if one.last_read_at else "nunca"
        following = "–" if one.state == "disabled" else expected
        lines.append(
            f"| {one.table} | {_STATES[one.state]} | {last} | {following} | {one.rows} "
            f"| {one.days_unproved} | {told} |"
        )
    return "\n".join(lines)


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(clinic_zone()):%d/%m/%Y %H:%M}"
