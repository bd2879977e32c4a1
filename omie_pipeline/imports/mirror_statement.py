"""The one statement that merges a page: types, filters, writes what is newer, and counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.catalog.lists import MirrorTable
from omie_pipeline.imports.mirror_filter import MirrorFilter, admitted
from omie_pipeline.imports.mirror_records import record_select
from omie_pipeline.postgres.mirror_tables import mirror_table

_STALE_SECONDS = 60
"""A read may lag behind a deletion that long (omie-api.md#stale-reads) and brings no row back."""

YOUNG_FROM, YOUNG_TO = "p_young_from", "p_young_to"

seen_keys = sa.Table(
    "lidas",
    sa.MetaData(),
    sa.Column("chave", sa.Text, primary_key=True),
    sa.Column("particao", sa.Date),
    prefixes=["TEMPORARY"],
)
"""Keys that a pass has seen; lives as long as its connection."""


def key_text(mirror: MirrorTable, columns: Any) -> sa.ColumnElement[str]:
    """The key of a row as one text; ``columns`` is a table or a subquery."""
    constants = dict(mirror.constants)
    parts = [columns.c[name] for name in mirror.key if name not in constants]
    texts = [sa.cast(part, sa.Text) for part in parts]
    joined: sa.ColumnElement[str] = texts[0]
    for part in texts[1:]:
        joined = joined.concat("|").concat(part)
    return joined


def merge_statement(mirror: MirrorTable, filters: MirrorFilter) -> Any:
    """For the parameters of ``mirror_records`` and the moments between which a row is young.

    Answers one row: records, first seen, admitted, inserted, updated, young, partitions touched.
    """
    table = mirror_table(mirror)
    page = record_select(mirror).cte("pagina").prefix_with("MATERIALIZED")
    seen = (
        insert(seen_keys)
        .from_select(["chave", "particao"], sa.select(key_text(mirror, page), page.c.data_particao))
        .on_conflict_do_nothing()
        .returning(seen_keys.c.chave)
        .cte("vistas")
    )
    kept = sa.select(page).where(admitted(mirror, filters, page, table)).cte("admitidas")
    merge = insert(table).from_select([c.name for c in kept.c], sa.select(kept))
    new = merge.excluded
    changed = sa.or_(
        table.c.excluido_em.is_not(None),
        *(
            table.c[name].is_distinct_from(new[name])
            for name in ("raw", "feito_por", "ledger_codigo", "data_particao")
        ),
    )
    theirs, ours = new.alterado_em, table.c.alterado_em
    # Where one side names no time of change, the time of the question decides.
    newer = sa.or_(
        sa.func.coalesce(theirs > ours, sa.false()),
        sa.and_(
            sa.func.coalesce(theirs >= ours, sa.true()),
            new.lido_em >= table.c.lido_em,
        ),
    )
    back = sa.or_(
        table.c.excluido_em.is_(None),
        new.lido_em > table.c.excluido_em + timedelta(seconds=_STALE_SECONDS),
    )
    values = {c.name: new[c.name] for c in kept.c if c.name not in table.primary_key.columns}
    merged = (
        merge.on_conflict_do_update(
            index_elements=list(table.primary_key.columns),
            set_={**values, "excluido_em": None, "excluido_por": None},
            where=sa.and_(changed, newer, back),
        )
        .returning(sa.literal_column("(xmax = 0)", sa.Boolean).label("nova"), table.c.data_particao)
        .cte("gravadas")
    )
    first = sa.bindparam(YOUNG_FROM, type_=sa.DateTime(timezone=True))
    last = sa.bindparam(YOUNG_TO, type_=sa.DateTime(timezone=True))
    young = sa.or_(*(page.c[name].between(first, last) for name in ("incluido_em", "alterado_em")))
    count = sa.func.count()

    def number(source: Any, *where: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
        return sa.select(count).select_from(source).where(*where).scalar_subquery()

    return sa.select(
        number(page),
        number(seen),
        number(kept),
        number(merged, merged.c.nova),
        number(merged, ~merged.c.nova),
        number(page, young),
        sa.select(sa.func.array_agg(sa.distinct(merged.c.data_particao)))
        .where(merged.c.data_particao.is_not(None))
        .scalar_subquery(),
    )
