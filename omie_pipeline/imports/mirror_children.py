"""Rows that stand inside a record (the baixas of a título): the record's answer is all of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert

from omie_pipeline.catalog.lists import ChildTable, MirrorTable
from omie_pipeline.errors import ModelError
from omie_pipeline.imports.mirror_records import (
    ASKED_AT,
    EMPRESA,
    Fields,
    array_or_empty,
    elements,
    page_records,
)
from omie_pipeline.postgres.mirror_tables import child_table, mirror_table

_EMPRESA = sa.bindparam(EMPRESA, type_=sa.Text)
_ASKED_AT = sa.bindparam(ASKED_AT, type_=sa.DateTime(timezone=True))


def merge_children(connection: sa.Connection, mirror: MirrorTable, values: dict[str, Any]) -> None:
    """Make the children of a page's records what the page says; to be called after the records.

    Only records whose stored version is this answer count: an older answer changes nothing.
    """
    child, table = _of(mirror)
    connection.execute(_upsert(mirror, child, table), values)
    connection.execute(_forget(mirror, child, table), values)


def forget_children(
    connection: sa.Connection, mirror: MirrorTable, empresa: str, now: datetime
) -> None:
    """Mark the children of excluded records.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        mirror: declaration of the list.
        empresa: the empresa whose rows are meant.
        now: time of the mark.
    """
    child, table = _of(mirror)
    parent = mirror_table(mirror)
    statement = (
        sa.update(table)
        .where(
            table.c.empresa == empresa,
            table.c.excluido_em.is_(None),
            parent.c.empresa == empresa,
            parent.c[mirror.key[0]] == table.c[child.parent],
            parent.c.excluido_em.is_not(None),
        )
        .values(excluido_em=now, excluido_por=parent.c.excluido_por)
    )
    connection.execute(statement)


def _of(mirror: MirrorTable) -> tuple[ChildTable, sa.Table]:
    table = child_table(mirror)
    if mirror.child is None or table is None:
        raise ModelError(f"{mirror.name} não tem linhas internas")
    return mirror.child, table


def _current_parents(mirror: MirrorTable) -> sa.CTE:
    """Records of the page whose stored version is this very answer."""
    records, parent = page_records(mirror), mirror_table(mirror)
    record = records.c.value
    number = mirror.column(mirror.key[0])
    fields = Fields(records, [number], ())
    return (
        sa.select(parent.c[mirror.key[0]].label("pai"), record.label("registro"))
        .select_from(fields.source)
        .join(
            parent,
            sa.and_(
                parent.c.empresa == _EMPRESA,
                parent.c[mirror.key[0]] == fields.typed(number),
                parent.c.raw == record,
                parent.c.excluido_em.is_(None),
            ),
        )
        .cte("pais")
    )


def _children(child: ChildTable, parents: sa.CTE) -> sa.Select[Any]:
    items = elements(array_or_empty(parents.c.registro[child.path])).lateral("filho")
    fields = Fields(items, child.columns, ())
    values = {c.name: fields.typed(c) for c in child.columns}
    columns: list[sa.ColumnElement[Any]] = [
        _EMPRESA.label("empresa"),
        *(value.label(name) for name, value in values.items()),
        parents.c.pai.label(child.parent),
        items.c.value.label("raw"),
        _ASKED_AT.label("lido_em"),
    ]
    return (
        sa.select(*columns)
        .select_from(sa.join(parents, fields.source, sa.true()))
        .where(values[child.key].is_not(None))
        .ext(distinct_on(values[child.key]))
    )


def _upsert(mirror: MirrorTable, child: ChildTable, table: sa.Table) -> Any:
    rows = _children(child, _current_parents(mirror)).cte("filhos")
    merge = insert(table).from_select([c.name for c in rows.c], sa.select(rows))
    values = {
        c.name: merge.excluded[c.name] for c in rows.c if c.name not in ("empresa", child.key)
    }
    return merge.on_conflict_do_update(
        index_elements=["empresa", child.key],
        set_={**values, "excluido_em": None, "excluido_por": None},
        where=sa.or_(
            table.c.raw.is_distinct_from(merge.excluded.raw),
            table.c[child.parent].is_distinct_from(merge.excluded[child.parent]),
            table.c.excluido_em.is_not(None),
        ),
    )


def _forget(mirror: MirrorTable, child: ChildTable, table: sa.Table) -> Any:
    parents = _current_parents(mirror)
    rows = _children(child, parents).cte("filhos")
    return (
        sa.update(table)
        .where(
            table.c.empresa == _EMPRESA,
            table.c.excluido_em.is_(None),
            table.c.lido_em < _ASKED_AT,
            table.c[child.parent].in_(sa.select(parents.c.pai)),
            table.c[child.key].not_in(sa.select(rows.c[child.key])),
        )
        .values(excluido_em=_ASKED_AT, excluido_por="reconciliacao")
    )
