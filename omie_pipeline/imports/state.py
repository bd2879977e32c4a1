"""The history of readings, how far each table has come, and what was proved of each partition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.catalog.lists import MirrorTable
from omie_pipeline.imports.merge import WHOLE
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.omie_tables import (
    import_cursor,
    import_partition,
    import_run,
    mirror_table,
)
from omie_pipeline.postgres.tables import quota_fault
from omie_pipeline.texts import imports as texts

# Delete what is no longer needed: old readings, and errors that no longer count.

READINGS_KEPT = timedelta(days=90)
FAULTS_KEPT = timedelta(days=1)


def delete_old_rows(engine: sa.Engine, now: datetime) -> int:
    """Delete readings of over 90 days and errors of over a day; how many rows went.

    Of each (empresa, tabela, modo) the newest reading stays, and the newest of each state: what
    stands of a table that is read by hand alone is still known. Two processes that do it at once
    do not wait for each other.

    Raises:
        WarehouseError: the database is gone.
    """
    newer = import_run.alias("mais_nova")
    followed = sa.exists().where(
        *(
            newer.c[name] == import_run.c[name]
            for name in ("empresa", "table_name", "mode", "state")
        ),
        newer.c.started_at > import_run.c.started_at,
    )
    old_readings = (
        sa.select(import_run.c.run_id)
        .where(import_run.c.started_at < now - READINGS_KEPT, followed)
        .with_for_update(skip_locked=True, of=import_run)
    )
    old_faults = (
        sa.select(quota_fault.c.fault_id)
        .where(quota_fault.c.at < now - FAULTS_KEPT)
        .with_for_update(skip_locked=True)
    )
    gone = 0
    for table, key, old in (
        (import_run, import_run.c.run_id, old_readings),
        (quota_fault, quota_fault.c.fault_id, old_faults),
    ):
        with warehouse_errors(), engine.begin() as connection:
            gone += connection.execute(sa.delete(table).where(key.in_(old))).rowcount
    return gone


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a table has come.

    Attributes:
        read_until: changes before this moment are all here; ``None`` before a first whole reading.
        page_size: the size that worked last, if Omie refused a larger one.
        signature: what the last cheap look saw.
    """

    read_until: datetime | None = None
    page_size: int | None = None
    signature: str | None = None


def read_cursor(engine: sa.Engine, empresa: str, table: str) -> Cursor:
    """The cursor of a table; an empty one if nothing was read yet."""
    c = import_cursor.c
    query = sa.select(c.read_until, c.page_size, c.signature).where(
        c.empresa == empresa, c.table_name == table
    )
    with warehouse_errors(), engine.connect() as connection:
        row = connection.execute(query).one_or_none()
    return Cursor() if row is None else Cursor(row.read_until, row.page_size, row.signature)


def write_cursor(
    engine: sa.Engine,
    empresa: str,
    table: str,
    *,
    read_until: datetime | None = None,
    page_size: int | None = None,
    signature: str | None = None,
) -> None:
    """Set what is given; ``read_until`` never goes back.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        table: name of the list.
        read_until: changes up to this moment were read.
        page_size: the page size that worked last.
        signature: the signature of the filters.
    """
    given = {"read_until": read_until, "page_size": page_size, "signature": signature}
    values = {name: value for name, value in given.items() if value is not None}
    statement = insert(import_cursor).values(empresa=empresa, table_name=table, **values)
    changes: dict[str, Any] = {name: statement.excluded[name] for name in values}
    if read_until is not None:
        changes["read_until"] = sa.func.greatest(
            import_cursor.c.read_until, statement.excluded.read_until
        )
    statement = statement.on_conflict_do_update(
        index_elements=["empresa", "table_name"], set_=changes
    )
    with warehouse_errors(), engine.begin() as connection:
        connection.execute(statement)


def open_import_run(engine: sa.Engine, values: Mapping[str, Any]) -> None:
    """Record the start of a reading, and close those of the same table whose process died.

    To be called while holding the table's lane. A whole reading of a register, which is short and
    regular, also deletes what is old in the history.
    """
    if values["mode"] == "full" and values["window_from"] is None:
        delete_old_rows(engine, values["started_at"])
    dead = (
        import_run.c.empresa == values["empresa"],
        import_run.c.table_name == values["table_name"],
        import_run.c.state == "running",
    )
    ended = {"state": "failed", "error": texts.INTERRUPTED}
    with warehouse_errors(), engine.begin() as connection:
        connection.execute(
            sa.update(import_run).where(*dead).values(**ended, finished_at=values["started_at"])
        )
        connection.execute(sa.insert(import_run).values(**values, state="running"))


def last_done_at(engine: sa.Engine, empresa: str, table: str) -> datetime | None:
    """Beginning of the last reading that ran to its end; ``None`` if none has."""
    c = import_run.c
    query = sa.select(sa.func.max(c.started_at)).where(
        c.empresa == empresa, c.table_name == table, c.state == "done"
    )
    with warehouse_errors(), engine.connect() as connection:
        found: datetime | None = connection.execute(query).scalar_one()
    return found


_READINGS_ASKED = 100


def fields_still_here(engine: sa.Engine, mirror: MirrorTable, empresa: str) -> frozenset[str]:
    """Fields that the last readings with any told as new, and that some row here still has.

    Records that are known again are not looked into, so their fields are those told before; a
    reading that was killed told them with each page.

    Args:
        engine: the warehouse.
        mirror: declaration of the list.
        empresa: the empresa whose rows are meant.
    """
    c, t = import_run.c, mirror_table(mirror)
    last = (
        sa.select(c.counts["new_fields"])
        .where(
            c.empresa == empresa,
            c.table_name == mirror.name,
            c.counts["new_fields"].astext != "[]",
        )
        .order_by(c.started_at.desc())
        .limit(_READINGS_ASKED)
    )
    here = (t.c.empresa == empresa, t.c.excluido_em.is_(None))
    with warehouse_errors(), engine.connect() as connection:
        lists: list[list[str] | None] = list(connection.execute(last).scalars())
        told = {field for fields in lists for field in fields or ()}
        return frozenset(
            field
            for field in sorted(told)
            if connection.execute(sa.select(sa.exists().where(*here, _has(t, field)))).scalar_one()
        )


def _has(table: sa.Table, field: str) -> sa.ColumnElement[bool]:
    """Whether a row's record has a field, perhaps a nested one."""
    *outer, name = field.split(".")
    holder: Any = table.c.raw
    for step in outer:
        holder = holder[step]
    has: sa.ColumnElement[bool] = holder.has_key(name)
    return has


def close_import_run(engine: sa.Engine, run_id: str, values: Mapping[str, Any]) -> None:
    """Write how a reading ended."""
    with warehouse_errors(), engine.begin() as connection:
        connection.execute(
            sa.update(import_run).where(import_run.c.run_id == run_id).values(**values)
        )


def proved_since(
    engine: sa.Engine, empresa: str, table: str, days: tuple[date, date] | None, since: datetime
) -> bool:
    """Whether every partition of the range was read completely by a question asked since then.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        table: name of the list.
        days: first and last day, both included.
        since: readings asked before this do not count.
    """
    c = import_partition.c
    query = sa.select(sa.func.count()).where(
        c.empresa == empresa, c.table_name == table, c.read_at >= since
    )
    if days is None:
        query, wanted = query.where(c.partition == WHOLE), 1
    else:
        first, last = days
        wanted = (last - first).days + 1
        query = query.where(c.partition.between(first.isoformat(), last.isoformat()))
    with warehouse_errors(), engine.connect() as connection:
        return connection.execute(query).scalar_one() >= wanted


def proved_total(
    engine: sa.Engine, empresa: str, table: str, days: tuple[date, date] | None
) -> int | None:
    """Records Omie had in a range when each of its days was proved; ``None`` if one was not.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        table: name of the list.
        days: first and last day, both included; ``None`` for the whole list.
    """
    c = import_partition.c
    query = sa.select(sa.func.count(), sa.func.sum(c.total_omie)).where(
        c.empresa == empresa, c.table_name == table
    )
    if days is None:
        query, wanted = query.where(c.partition == WHOLE), 1
    else:
        first, last = days
        wanted = (last - first).days + 1
        query = query.where(c.partition.between(first.isoformat(), last.isoformat()))
    with warehouse_errors(), engine.connect() as connection:
        row = connection.execute(query).one()
    return int(row[1]) if row[0] >= wanted else None


def rows_here(
    engine: sa.Engine, mirror: MirrorTable, empresa: str, days: tuple[date, date] | None
) -> int:
    """Rows of the range that Omie still has, as far as we know.

    Args:
        engine: the warehouse.
        mirror: declaration of the list.
        empresa: the empresa whose rows are meant.
        days: first and last day, both included; ``None`` for the whole list.
    """
    t = mirror_table(mirror)
    where = [t.c.empresa == empresa, t.c.excluido_em.is_(None)]
    where += [t.c[name] == value for name, value in mirror.constants]
    if days is not None:
        where.append(t.c.data_particao.between(*days))
    query = sa.select(sa.func.count()).select_from(t).where(*where)
    with warehouse_errors(), engine.connect() as connection:
        return connection.execute(query).scalar_one()


# Each partition of a mirrored table now: rows here, and what Omie said when it was proven.


@dataclass(frozen=True, slots=True)
class PartitionState:
    """One partition; counts are rows of the table.

    Attributes:
        rows: rows here that Omie still has, as far as we know.
        total_omie: Omie's total less what filters keep out; ``None`` if it was not proved.
        proved_at: the question that proved it.
        changed_since: rows came, changed or went after the proof: its total says nothing any more.
    """

    partition: str
    rows: int
    total_omie: int | None = None
    proved_at: datetime | None = None
    changed_since: bool = False

    @property
    def fails(self) -> bool:
        """Proven, untouched since, and still not the same number."""
        return (
            self.total_omie is not None and not self.changed_since and self.rows != self.total_omie
        )


def partition_states(
    engine: sa.Engine, mirror: MirrorTable, empresa: str, partitions: Iterable[str]
) -> list[PartitionState]:
    """The states of the partitions named (ISO days; ``all`` for a register), in their order.

    Args:
        engine: the warehouse.
        mirror: declaration of the list.
        empresa: the empresa whose rows are meant.
        partitions: names of partitions.
    """
    wanted = sorted(set(partitions))
    t, p = mirror_table(mirror), import_partition.c
    name: Any = sa.cast(t.c.data_particao, sa.Text)
    if mirror.grain == "register":
        name = sa.literal(WHOLE, sa.Text)
    mine = [t.c.empresa == empresa, name == sa.any_(sa.cast(wanted, sa.ARRAY(sa.Text)))]
    mine += [t.c[column] == value for column, value in mirror.constants]
    touched = sa.func.max(sa.func.greatest(t.c.lido_em, t.c.excluido_em))
    here = (
        sa.select(
            name.label("partition"),
            sa.func.count().filter(t.c.excluido_em.is_(None)).label("rows"),
            touched.label("mexida_em"),
        )
        .where(*mine)
        .group_by(name)
    )
    ended = sa.func.coalesce(import_run.c.finished_at, p.read_at)
    proven = (
        sa.select(p.partition, p.total_omie - p.filtered, p.read_at, ended)
        .select_from(import_partition.outerjoin(import_run, import_run.c.run_id == p.run_id))
        .where(
            p.empresa == empresa,
            p.table_name == mirror.name,
            p.partition == sa.any_(sa.cast(wanted, sa.ARRAY(sa.Text))),
        )
    )
    with warehouse_errors(), engine.connect() as connection:
        counted = {row[0]: (row[1], row[2]) for row in connection.execute(here)}
        proofs = {row[0]: row[1:] for row in connection.execute(proven)}
    return [_state(name, counted.get(name), proofs.get(name)) for name in wanted]


def _state(partition: str, counted: Any, proof: Any) -> PartitionState:
    rows, touched_at = counted or (0, None)
    if proof is None:
        return PartitionState(partition, rows)
    total, asked_at, ended_at = proof
    touched = touched_at is not None and touched_at > ended_at
    return PartitionState(partition, rows, total, asked_at, touched)


def followed_since(engine: sa.Engine, empresa: str, table: str, start: date) -> date:
    """The first day of the unbroken run of proven days that ends just before ``start``.

    ``start`` itself if the day before it was never proven: what lies further back was read once,
    by hand, and is not followed.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        table: name of the list.
        start: the first day of the window.
    """
    c = import_partition.c
    query = (
        sa.select(c.partition)
        .where(c.empresa == empresa, c.table_name == table, c.partition < start.isoformat())
        .order_by(c.partition.desc())
    )
    with warehouse_errors(), engine.connect() as connection:
        days: list[str] = list(connection.execute(query).scalars())
    for partition in days:
        if partition != (start - timedelta(days=1)).isoformat():
            break
        start -= timedelta(days=1)
    return start
