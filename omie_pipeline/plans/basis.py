"""What rows of a plan were made by, beside the clinic's own values: settings that people change."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import empresa_default, mapping, payment_account
from omie_pipeline.push.policy import EndpointPolicy

_DECIDING = frozenset(
    {
        "mode", "on_duplicate_document", "on_settled", "on_emptied", "twin_days", "on_lookalike",
        "lookalike_days", "delete_foreign", "wins",
    }
)  # fmt: skip
"""Settings of a policy that decide what is sent; the others only say how, or whom it is told."""

BASIS_TABLES: Mapping[str, tuple[sa.Table, ...]] = {
    "defaults": (empresa_default, payment_account),
    "mapping": (mapping,),
}
"""Name of a digest -> the tables that it is of; each has a column ``empresa``."""

_ALL = "*"


def basis_of(engine: sa.Engine, empresa: str, policy: EndpointPolicy) -> dict[str, str]:
    """Digest by name: of the policy, and of every table that decides what rows say."""
    told = policy.model_dump_json(include=set(_DECIDING))
    found = {"policy": hashlib.sha256(told.encode()).hexdigest()[:16]}
    with warehouse_errors(), engine.connect() as connection:
        for name, tables in BASIS_TABLES.items():
            parts = [connection.execute(_digest(table, empresa)).scalar() for table in tables]
            found[name] = "-".join(str(part or "") for part in parts)
    return found


def _digest(table: sa.Table, empresa: str) -> sa.Select[tuple[str]]:
    row = sa.cast(sa.func.to_jsonb(table.table_valued()), sa.Text)
    lines = sa.select(row.label("line")).where(table.c.empresa.in_((empresa, _ALL))).subquery()
    text = sa.func.string_agg(lines.c.line, aggregate_order_by(sa.literal("\n"), lines.c.line))
    return sa.select(sa.func.md5(text))
