"""The status of one endpoint of one empresa: delivered rows, waiting rows, obstacles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from omie_pipeline.catalog import Endpoint
from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.errors import ModelError
from omie_pipeline.payload import PARTITION_COLUMN, load_payload_model
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.omie_tables import mirror_table
from omie_pipeline.postgres.tables import intent, ledger, quarantine
from omie_pipeline.status.history import ListFilter, RunEntry, recent_runs

_LISTS = {
    name: mirror_table(MIRROR[name]) for name in ("categorias", "contas_correntes", "empresas")
}


@dataclass(frozen=True, slots=True)
class EndpointStatus:
    """Where one endpoint of one empresa stands.

    Attributes:
        ledger: rows of the ledger by state: ``confirmed``, ``rejected``, ``held``, ``deleted``.
        quarantined: rows our own validation refused and that have not passed since.
        open_intents: calls whose outcome is not known yet; the next run reads them back first.
        not_emptied: records of which Omie keeps a value that the clinic emptied.
        before_start: rows of the payload model that no partition selects, being dated before the
            start date or not at all; ``None`` if there is no usable model, 0 for registers.
        last_run: the latest sync, ``None`` when there was none.
    """

    empresa: str
    endpoint: str
    ledger: Mapping[str, int]
    quarantined: int
    open_intents: int
    not_emptied: int
    before_start: int | None
    last_run: RunEntry | None


def endpoint_status(
    engine: sa.Engine, empresa: str, endpoint: Endpoint, start_date: date
) -> EndpointStatus:
    """Read the status of one endpoint.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        endpoint: its declaration.
        start_date: the start date.

    Raises:
        WarehouseError: the database is gone.
    """
    mine = ListFilter(empresas=(empresa,), endpoints=(endpoint.name,), limit=1)
    states = (
        sa.select(ledger.c.state, sa.func.count())
        .where(ledger.c.empresa == empresa, ledger.c.endpoint == endpoint.name)
        .group_by(ledger.c.state)
    )
    refused = sa.select(sa.func.count()).where(
        quarantine.c.empresa == empresa, quarantine.c.endpoint == endpoint.name
    )
    unclear = sa.select(sa.func.count()).where(
        intent.c.empresa == empresa,
        intent.c.endpoint == endpoint.name,
        intent.c.closed_at.is_(None),
    )
    kept = sa.select(sa.func.count()).where(
        ledger.c.empresa == empresa,
        ledger.c.endpoint == endpoint.name,
        ledger.c.not_emptied.is_not(None),
        ledger.c.state != "deleted",
    )
    with warehouse_errors(), engine.connect() as connection:
        by_state = {row[0]: row[1] for row in connection.execute(states)}
        quarantined = connection.execute(refused).scalar_one()
        open_intents = connection.execute(unclear).scalar_one()
        not_emptied = connection.execute(kept).scalar_one()
    last = recent_runs(engine, mine)
    return EndpointStatus(
        empresa=empresa,
        endpoint=endpoint.name,
        ledger={s: by_state.get(s, 0) for s in ("confirmed", "rejected", "held", "deleted")},
        quarantined=quarantined,
        open_intents=open_intents,
        not_emptied=not_emptied,
        before_start=_before_start(engine, empresa, endpoint, start_date),
        last_run=last[0] if last else None,
    )


def was_read(engine: sa.Engine, reference: str, empresa: str) -> bool:
    """Whether the warehouse holds anything of one of Omie's lists (``categorias``, ...)."""
    table = _LISTS[reference]
    query = sa.select(sa.exists().where(table.c.empresa == empresa))
    with warehouse_errors(), engine.connect() as connection:
        return bool(connection.execute(query).scalar_one())


def _before_start(
    engine: sa.Engine, empresa: str, endpoint: Endpoint, start_date: date
) -> int | None:
    try:
        model = load_payload_model(engine, endpoint)
    except ModelError:
        return None
    if endpoint.grain == "register":
        return 0
    p = model.table()
    day = p.c[PARTITION_COLUMN]
    query = (
        sa.select(sa.func.count())
        .select_from(p)
        .where(p.c.empresa == empresa, sa.or_(day < start_date, day.is_(None)))
    )
    with warehouse_errors(), engine.connect() as connection:
        return connection.execute(query).scalar_one()
