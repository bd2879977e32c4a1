"""From the stage into the copy: by key, only what differs."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from omie_pipeline.clinic.failures import ClinicSourceError
from omie_pipeline.clinic.raw_tables import EMPRESA, EXTRACTED_AT
from omie_pipeline.clinic.sources import RAW_SCHEMA, SourceTable
from omie_pipeline.clinic.staging import Stage
from omie_pipeline.clinic.windows import DateWindow, in_window


def check_key(connection: sa.Connection, stage: Stage, table: SourceTable) -> None:
    """Refuses rows that the declared key does not tell apart.

    Raises:
        ClinicSourceError: the key is empty in some rows, or the same in several.
    """
    key = [stage.table.columns[name] for name in table.key]
    of_key = f"Tabela '{table.name}': a chave ({', '.join(table.key)})"
    empty = sa.select(sa.func.count()).where(sa.or_(*(column.is_(None) for column in key)))
    if found := connection.scalar(empty):
        raise ClinicSourceError(f"{of_key} está vazia em {found} linha(s)")
    repeated = sa.select(sa.literal(1)).select_from(stage.table).group_by(*key)
    repeated = repeated.having(sa.func.count() > 1)
    found = connection.scalar(sa.select(sa.func.count()).select_from(repeated.subquery()))
    if found:
        raise ClinicSourceError(f"{of_key} se repete: {found} valor(es) em mais de uma linha")


def _staged(
    connection: sa.Connection, stage: Stage, raw: sa.Table, name: str
) -> sa.ColumnElement[Any]:
    """A staged column, cast where the copy was made with another type."""
    column, kept = stage.table.columns[name], raw.columns[name]
    dialect = connection.dialect
    same = column.type.compile(dialect=dialect) == kept.type.compile(dialect=dialect)
    return column if same else sa.cast(column, kept.type)


def delete_absent(
    connection: sa.Connection,
    raw: sa.Table,
    stage: Stage,
    table: SourceTable,
    empresa: str,
    window: DateWindow,
) -> int:
    """Removes the empresa's rows in ``window`` (all, when open) that the stage does not hold."""
    present = sa.exists().where(
        *(raw.columns[name] == _staged(connection, stage, raw, name) for name in table.key)
    )
    conditions = [raw.columns[EMPRESA] == empresa, ~present]
    if window and table.business_date is not None:
        conditions.append(in_window(raw.columns[table.business_date], window))
    return connection.execute(sa.delete(raw).where(*conditions)).rowcount


def upsert(
    connection: sa.Connection, raw: sa.Table, stage: Stage, table: SourceTable, empresa: str
) -> tuple[int, int]:
    """Inserts new rows and updates those that differ.

    Returns:
        Rows inserted and rows updated.

    Raises:
        ClinicSourceError: a column has another type than when the copy was made, and a value of it
            does not fit.
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
    try:
        counts = connection.execute(sa.select(inserted, sa.func.count()).select_from(merged)).one()
    except sa.exc.DataError as error:
        raise ClinicSourceError(
            f"Tabela '{table.name}': uma coluna mudou de tipo na fonte e um valor dela não cabe em "
            f"{RAW_SCHEMA}.{table.name} ({type(error.orig).__name__}); "
            "apague essa tabela para copiar de novo"
        ) from None
    return int(counts[0]), int(counts[1] - counts[0])
