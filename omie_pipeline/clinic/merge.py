"""From the stage into the copy: by key, only what differs."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from omie_pipeline.clinic.failures import ClinicSourceError
from omie_pipeline.clinic.raw_tables import EMPRESA, EXTRACTED_AT
from omie_pipeline.clinic.sources import SourceTable
from omie_pipeline.clinic.staging import Stage
from omie_pipeline.clinic.windows import DateWindow, in_window


def _staged(
    connection: sa.Connection, stage: Stage, raw: sa.Table, name: str
) -> sa.ColumnElement[Any]:
    """A staged column, cast if the copy was made with another type."""
    column, kept = stage.table.columns[name], raw.columns[name]
    dialect = connection.dialect
    same = column.type.compile(dialect=dialect) == kept.type.compile(dialect=dialect)
    return column if same else sa.cast(column, kept.type)


MOST_LOST = 10
"""So few rows may leave a copy at once whatever share of it they are."""


def delete_absent(
    connection: sa.Connection,
    raw: sa.Table,
    present: Stage,
    table: SourceTable,
    empresa: str,
    window: DateWindow,
    kept: sa.Table | None = None,
    *,
    accept_shrunk: bool = False,
) -> int:
    """Removes the empresa's rows in ``window`` (all, when open) that ``present`` does not hold.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        raw: the copy.
        present: keys that the source has.
        table: declaration of the clinic's table.
        empresa: the empresa whose rows are meant.
        window: business dates that were read.
        kept: keys whose rows stay although ``present`` lacks them.
        accept_shrunk: a person said that the source may have lost half of its rows.

    Raises:
        ClinicSourceError: more than half of the copy would go.
    """
    there = sa.exists().where(
        *(raw.columns[name] == _staged(connection, present, raw, name) for name in table.key)
    )
    looked_at = [raw.columns[EMPRESA] == empresa]
    if window and table.business_date is not None:
        looked_at.append(in_window(raw.columns[table.business_date], window))
    conditions = [*looked_at, ~there]
    if kept is not None:
        pairs = (
            raw.columns[name] == sa.cast(kept.columns[name], raw.columns[name].type)
            for name in table.key
        )
        conditions.append(~sa.exists().where(*pairs))
    gone = connection.execute(sa.delete(raw).where(*conditions)).rowcount
    if gone >= MOST_LOST and not accept_shrunk:
        left = connection.scalar(sa.select(sa.func.count()).select_from(raw).where(*looked_at)) or 0
        if gone > left:
            raise ClinicSourceError(
                f"Tabela '{table.name}': a fonte perdeu {gone} de {gone + left} linhas desde a "
                "última leitura; a cópia ficou como estava. Confira a fonte (arquivo cortado, "
                "período menor, ids novos); se estiver certo, rode: omie-pipeline build "
                f"--accept-shrunk {table.name}"
            )
    return gone


def upsert(
    connection: sa.Connection, raw: sa.Table, stage: Stage, table: SourceTable, empresa: str
) -> tuple[int, int]:
    """Inserts new rows and updates those that differ.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        raw: the copy.
        stage: the temporary table with the rows just read.
        table: declaration of the clinic's table.
        empresa: the empresa whose rows are meant.

    Returns:
        Rows inserted and rows updated.
    """
    names = [column.name for column in stage.columns]
    rows = sa.select(
        sa.literal(empresa, sa.Text),
        *(_staged(connection, stage, raw, name) for name in names),
        sa.func.now(),
    )
    insert = pg.insert(raw).from_select([EMPRESA, *names, EXTRACTED_AT], rows)
    key = [raw.columns[EMPRESA], *(raw.columns[name] for name in table.key)]
    rest = [name for name in names if name not in table.key]
    if not rest:
        merge = insert.on_conflict_do_nothing(index_elements=key)
    else:
        merge = insert.on_conflict_do_update(
            index_elements=key,
            set_={
                **{name: insert.excluded[name] for name in rest},
                EXTRACTED_AT: insert.excluded[EXTRACTED_AT],
            },
            where=sa.or_(
                *(raw.columns[name].is_distinct_from(insert.excluded[name]) for name in rest)
            ),
        )
    # xmax is 0 in a row version that an insert made, and not in one that an update made.
    merged = merge.returning((sa.literal_column("xmax::text") == "0").label("inserted")).cte()
    inserted = sa.func.count().filter(merged.c.inserted)
    counts = connection.execute(sa.select(inserted, sa.func.count()).select_from(merged)).one()
    return int(counts[0]), int(counts[1] - counts[0])
