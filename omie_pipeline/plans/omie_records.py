"""What the copy of Omie has of the records that a plan touches: their fields and their version."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from omie_pipeline.catalog import Endpoint
from omie_pipeline.catalog.lists import MIRROR, MirrorTable
from omie_pipeline.postgres.omie_tables import mirror_table

_BY_LEDGER: Final = {one.ledger: one for one in MIRROR.values() if one.ledger}
_UNDER_ANOTHER_NAME: Final = {"clientes_cpf_cnpj": "clientes", "associar_clientes": "clientes"}


def copy_of(endpoint: Endpoint) -> MirrorTable | None:
    """The list whose records rows of this endpoint make, change or delete; ``None`` if none is
    read of them."""
    name = endpoint.deletes or endpoint.name
    return _BY_LEDGER.get(_UNDER_ANOTHER_NAME.get(name, name))


def copied(endpoint: Endpoint) -> sa.Subquery | None:
    """The records of that list, one row each: ``empresa``, ``omie_id``, ``mark``, ``raw``,
    ``changed_at`` and ``read_at``; ``None`` if none is read of them.

    The mark is Omie's own time of the last change: a record says other things of itself from day
    to day (``ATRASADO``) without anybody having touched it.
    """
    mirror = copy_of(endpoint)
    if mirror is None:
        return None
    table = mirror_table(mirror)
    c = table.c
    version = sa.func.concat_ws(
        "|",
        sa.cast(sa.func.extract("epoch", c.alterado_em), sa.Text),
        sa.func.coalesce(c.alterado_por, ""),
        sa.case((c.alterado_em.is_(None), sa.func.md5(sa.cast(c.raw, sa.Text))), else_=""),
    )
    key: sa.ColumnElement[Any] = c[mirror.key[0]]
    return sa.select(
        c.empresa,
        key.label("omie_id"),
        sa.case((c.excluido_em.is_not(None), "gone"), else_=version).label("mark"),
        c.raw,
        c.alterado_em.label("changed_at"),
        c.lido_em.label("read_at"),
    ).subquery("copied")
