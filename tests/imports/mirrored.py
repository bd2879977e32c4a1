"""Looking at the mirror, and putting answers into it without asking anybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.decimal_json import dumps
from omie_pipeline.imports.filter import MirrorFilter
from omie_pipeline.imports.merge import PageResult, open_pass
from omie_pipeline.imports.page_sql import typing_version
from omie_pipeline.imports.records import Records, records_of
from tests.push.world import EMPRESA, World

EVERYTHING = MirrorFilter()
NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def merge(
    engine: sa.Engine,
    name: str,
    records: Sequence[Mapping[str, Any]] | str,
    *,
    asked_at: datetime = NOON,
    filters: MirrorFilter = EVERYTHING,
    empresa: str = EMPRESA,
) -> PageResult:
    """Merge one page of records, or a whole answer's text, as if asked at ``asked_at``."""
    mirror = MIRROR[name]
    body = records if isinstance(records, str) else dumps({mirror.array: list(records)})
    with open_pass(engine, mirror, empresa, asked_at, filters) as one:
        return one.merge(page(name, body), asked_at)


def page(name: str, body: str) -> Records:
    """The records of an answer's text, as a pass takes them."""
    mirror = MIRROR[name]
    return records_of(mirror, typing_version(mirror), body)


def stored(engine: sa.Engine, table: str) -> list[dict[str, Any]]:
    """Every row of ``omie.<table>``, in the order of its key."""
    with engine.connect() as connection:
        rows = connection.execute(sa.text(f"SELECT * FROM omie.{table} ORDER BY 1, 2, 3"))
        return [dict(row) for row in rows.mappings()]


def ids(world: World, name: str = "contas_receber", *, excluded: bool = False) -> list[Any]:
    """Keys of the live (or excluded) rows of a mirror table."""
    mirror = MIRROR[name]
    condition = "IS NOT NULL" if excluded else "IS NULL"
    query = f"SELECT {mirror.key[0]} FROM omie.{mirror.table} WHERE excluido_em {condition}"
    return sorted(row[0] for row in world.rows(query))


def cursor(world: World, name: str = "contas_receber") -> datetime | None:
    """How far the windows of a table have come."""
    query = f"SELECT read_until FROM omie_sync.import_cursor WHERE table_name = '{name}'"
    found = world.rows(query)
    return found[0][0] if found else None


def later(world: World, **time: float) -> None:
    """Let simulated time pass."""
    world.clock.sleep(timedelta(**time).total_seconds())


_FORGOTTEN = (
    "omie.movimentacoes", "omie.extrato", "omie.extrato_linhas", "omie.contas_receber",
    "omie.saldos_titulos", "omie.baixas", "omie.contas_correntes", "omie_sync.import_run",
    "omie_sync.import_cursor", "omie_sync.import_partition", "omie_sync.quota_fault",
    "omie_sync.quota_request", "omie_sync.quota_lane",
)  # fmt: skip


def forget(world: World) -> None:
    """Start over, for one more example: nothing here, nothing there, and the clock at noon."""
    world.control.reset()
    world.control.set_time(NOON)
    with world.engine.begin() as connection:
        for name in _FORGOTTEN:
            connection.execute(sa.text(f"DELETE FROM {name}"))
