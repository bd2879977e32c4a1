"""One row of the clinic's table into its copy, by its key: what a person just corrected.

Only a row that the source has is taken so. That a row is *not* there is never concluded from its
key: the table is then read as ever (``extract``), with all that a deletion has to pass. So it is
for a table that was never copied from this source, or whose copy has another shape by now.

How far the table was read stays as it was: other rows were not seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import sqlalchemy as sa

from omie_pipeline.clinic.extract import (
    ExtractResult,
    HowToRead,
    Watch,
    extract_table,
    upsert,
    warehouse_errors_of,
)
from omie_pipeline.clinic.raw_tables import (
    ensure_raw_schema,
    ensure_raw_table,
    lock_reading,
    lock_table,
    read_progress,
)
from omie_pipeline.clinic.reader import ClinicReader
from omie_pipeline.clinic.set_aside import Key, SetAside, remember_key, set_aside, shown_key
from omie_pipeline.clinic.shape import refuse_gone, shape_of
from omie_pipeline.clinic.sources import SourceTable
from omie_pipeline.clinic.staging import load_stage

Change = Literal["inserted", "updated", "unchanged", "set_aside"]


@dataclass(frozen=True, slots=True)
class RowCopy:
    """What became of one row's copy.

    Attributes:
        table: name in ``clinic_raw``.
        change: of the row, if it was read by its key.
        set_aside: why the copy stays as it was: the source has different rows of this key.
        whole: the whole table was read instead.
        in_place: nothing is copied, the source is in the warehouse.
    """

    table: str
    change: Change | None = None
    set_aside: tuple[SetAside, ...] = ()
    whole: ExtractResult | None = None
    in_place: bool = False


def copy_row(
    reader: ClinicReader,
    table: SourceTable,
    warehouse: sa.Engine,
    *,
    empresa: str,
    value: str,
    how: HowToRead | None = None,
    on_wait: Callable[[], None] | None = None,
) -> RowCopy:
    """Brings the copy of one row up to date, or of the table where the row is not to be found.

    Args:
        reader: the clinic.
        table: what to copy. Without an empresa column every row belongs to ``empresa``.
        warehouse: engine with the psycopg 3 driver.
        empresa: whose row.
        value: what the one key column beside the empresa's says, as text.
        how: how the table is read where it has to be.
        on_wait: called once if another reading of the table is on its way.

    Raises:
        ConfigurationError: the table cannot be copied as declared.
        ClinicSourceError: as ``extract_table``. The copy is as it was.
        WarehouseError: the warehouse could not be written; nothing of this remains.
    """
    if reader.in_place:
        return RowCopy(table.name, in_place=True)
    key = key_of(table, empresa, value)
    if key is not None and not reader.missing_tables([table]):
        with warehouse_errors_of(table):
            ensure_raw_schema(warehouse)
            with warehouse.begin() as connection:
                lock_reading(connection, empresa, table.name, on_wait)
                done = _by_key(reader, table, connection, empresa, key)
        if done is not None:
            return done
    watch = Watch(on_wait=on_wait)
    result = extract_table(reader, table, warehouse, empresa=empresa, how=how, watch=watch)
    return RowCopy(table.name, whole=result)


def key_of(table: SourceTable, empresa: str, value: str) -> Key | None:
    """The key of a row; ``None`` where it has more parts than the empresa and one other."""
    others = [name for name in table.key if name != table.empresa_column]
    if len(others) != 1:
        return None
    return tuple(value if name == others[0] else empresa for name in table.key)


def _by_key(
    reader: ClinicReader, table: SourceTable, connection: sa.Connection, empresa: str, key: Key
) -> RowCopy | None:
    """The row read by its key; ``None`` if only the whole table tells."""
    shape = shape_of(connection, table, reader.raw_columns(table), empresa)
    refuse_gone(shape, table)
    if not shape.copied or shape.grew or shape.retyped or shape.rekeyed:
        return None
    if read_progress(connection, empresa, table.name, reader.fingerprint).full_at is None:
        return None
    stage = load_stage(connection, table.name, reader.batches(table, empresa=empresa, keys=(key,)))
    if not stage.rows:
        return None
    lock_table(connection, table.name)
    raw = ensure_raw_table(connection, table.name, stage.columns, table.key)
    file = reader.file_of(table)
    sorted_ = set_aside(connection, stage, table, file=bool(file))
    lines = reader.lines_of(table, {key}) if file and sorted_.found else {}
    found = tuple(
        replace(one, file=file, lines=lines.get(key, ())) if one.key == shown_key(key) else one
        for one in sorted_.found
    )
    inserted, updated = upsert(connection, raw, stage, table, empresa)
    remember_key(connection, empresa, table, key, found)
    if found:
        return RowCopy(table.name, "set_aside", found)
    return RowCopy(table.name, "inserted" if inserted else "updated" if updated else "unchanged")
