"""Whether Omie's lists, as they were read, had to show a record that we delivered.

Proof is a complete reading that was asked a minute after Omie last took the record in (until then a
list may show the former state, omie-api.md#stale-reads): of the day on which the record was
included in Omie if the mirror has it, of every day on which it can have been included if it
does not, of the whole list of clientes. A day from which a filter of the empresa kept rows out
proves nothing about a record that was never seen.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa

from omie_pipeline.catalog import Endpoint
from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.clock import BRASILIA, CLOCKS_APART
from omie_pipeline.imports.merge import WHOLE
from omie_pipeline.postgres.omie_tables import import_partition, mirror_table

SETTLES: Final = timedelta(seconds=60)
"""So long after a confirmation a list may still show the former state."""

_TIMEZONE: Final = str(BRASILIA)


def is_covered(empresa: str, endpoint: Endpoint, row: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether a complete reading since the ledger's confirmation covers the record.

    Args:
        empresa: whose records.
        endpoint: that delivered them.
        row: the ledger, or what was selected of it: ``omie_id``, ``created_here``,
            ``first_seen_at``, ``confirmed_at``.
    """
    if endpoint.grain == "register":
        return _proofs(empresa, endpoint, row, _particao() == WHOLE, unfiltered=True) == 1
    t = mirror_table(MIRROR[endpoint.name])
    born = (
        sa.select(sa.func.to_char(t.c.data_particao, "YYYY-MM-DD"))
        .where(
            t.c.empresa == empresa,
            t.c[MIRROR[endpoint.name].key[0]] == row.c.omie_id,
            t.c.excluido_em.is_not(None),
        )
        .correlate(row)
        .scalar_subquery()
    )
    first = sa.func.least(row.c.first_seen_at, row.c.confirmed_at) - CLOCKS_APART
    last = row.c.confirmed_at + CLOCKS_APART
    between = _particao().between(_day(first), _day(last))
    days = sa.cast(_day(last), sa.Date) - sa.cast(_day(first), sa.Date) + 1
    return sa.case(
        (born.is_not(None), _proofs(empresa, endpoint, row, _particao() == born) == 1),
        (
            row.c.created_here,
            _proofs(empresa, endpoint, row, between, unfiltered=True) == days,
        ),
        else_=sa.false(),
    )


def _proofs(
    empresa: str,
    endpoint: Endpoint,
    row: sa.FromClause,
    which: sa.ColumnElement[bool],
    *,
    unfiltered: bool = False,
) -> sa.ScalarSelect[int]:
    c = import_partition.c
    query = sa.select(sa.func.count()).where(
        c.empresa == empresa,
        c.table_name == endpoint.name,
        c.read_at >= row.c.confirmed_at + SETTLES,
        which,
    )
    if unfiltered:
        query = query.where(c.filtered == 0)
    return query.correlate(row).scalar_subquery()


def _particao() -> sa.ColumnElement[str]:
    return import_partition.c.partition


def _day(moment: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    return sa.func.to_char(sa.func.timezone(_TIMEZONE, moment), "YYYY-MM-DD")
