"""The history of readings, how far each table has come, and what was proved of its partitions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.catalog.lists import MirrorTable
from omie_pipeline.imports.mirror_merge import WHOLE
from omie_pipeline.imports.old_rows import delete_old_rows
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.mirror_tables import (
    import_cursor,
    import_partition,
    import_run,
    mirror_table,
)


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


def read_cursor(engine: sa.Engine, empresa: str, tabela: str) -> Cursor:
    """The cursor of a table; an empty one if nothing was read yet."""
    c = import_cursor.c
    query = sa.select(c.lido_ate, c.tamanho, c.assinatura).where(
        c.empresa == empresa, c.tabela == tabela
    )
    with warehouse_errors(), engine.connect() as connection:
        row = connection.execute(query).one_or_none()
    return Cursor() if row is None else Cursor(row.lido_ate, row.tamanho, row.assinatura)


def write_cursor(
    engine: sa.Engine,
    empresa: str,
    tabela: str,
    *,
    read_until: datetime | None = None,
    page_size: int | None = None,
    signature: str | None = None,
) -> None:
    """Set what is given; ``read_until`` never goes back.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        tabela: name of the list.
        read_until: changes up to this moment were read.
        page_size: the page size that worked last.
        signature: the signature of the filters.
    """
    given = {"lido_ate": read_until, "tamanho": page_size, "assinatura": signature}
    values = {name: value for name, value in given.items() if value is not None}
    statement = insert(import_cursor).values(empresa=empresa, tabela=tabela, **values)
    changes: dict[str, Any] = {name: statement.excluded[name] for name in values}
    if read_until is not None:
        changes["lido_ate"] = sa.func.greatest(
            import_cursor.c.lido_ate, statement.excluded.lido_ate
        )
    statement = statement.on_conflict_do_update(index_elements=["empresa", "tabela"], set_=changes)
    with warehouse_errors(), engine.begin() as connection:
        connection.execute(statement)


def open_import_run(engine: sa.Engine, values: Mapping[str, Any]) -> None:
    """Record the start of a reading, and close those of the same table whose process died.

    To be called while holding the table's lane. A whole reading of a register, which is short and
    regular, also deletes what is old in the history.
    """
    if values["modo"] == "carga" and values["janela_de"] is None:
        delete_old_rows(engine, values["started_at"])
    dead = (
        import_run.c.empresa == values["empresa"],
        import_run.c.tabela == values["tabela"],
        import_run.c.state == "running",
    )
    ended = {"state": "failed", "error": "O processo foi interrompido"}
    with warehouse_errors(), engine.begin() as connection:
        connection.execute(
            sa.update(import_run).where(*dead).values(**ended, finished_at=values["started_at"])
        )
        connection.execute(sa.insert(import_run).values(**values, state="running"))


def last_done_at(engine: sa.Engine, empresa: str, tabela: str) -> datetime | None:
    """Beginning of the last reading that ran to its end; ``None`` if none has."""
    c = import_run.c
    query = sa.select(sa.func.max(c.started_at)).where(
        c.empresa == empresa, c.tabela == tabela, c.state == "done"
    )
    with warehouse_errors(), engine.connect() as connection:
        found: datetime | None = connection.execute(query).scalar_one()
    return found


def close_import_run(engine: sa.Engine, run_id: str, values: Mapping[str, Any]) -> None:
    """Write how a reading ended."""
    with warehouse_errors(), engine.begin() as connection:
        connection.execute(
            sa.update(import_run).where(import_run.c.run_id == run_id).values(**values)
        )


def proved_since(
    engine: sa.Engine, empresa: str, tabela: str, days: tuple[date, date] | None, since: datetime
) -> bool:
    """Whether every partition of the range was read completely by a question asked since then.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        tabela: name of the list.
        days: first and last day, both included.
        since: readings asked before this do not count.
    """
    c = import_partition.c
    query = sa.select(sa.func.count()).where(
        c.empresa == empresa, c.tabela == tabela, c.lido_em >= since
    )
    if days is None:
        query, wanted = query.where(c.particao == WHOLE), 1
    else:
        first, last = days
        wanted = (last - first).days + 1
        query = query.where(c.particao.between(first.isoformat(), last.isoformat()))
    with warehouse_errors(), engine.connect() as connection:
        return connection.execute(query).scalar_one() >= wanted


def proved_total(
    engine: sa.Engine, empresa: str, tabela: str, days: tuple[date, date] | None
) -> int | None:
    """Records Omie had in a range when each of its days was proved; ``None`` if one was not.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        tabela: name of the list.
        days: first and last day, both included; ``None`` for the whole list.
    """
    c = import_partition.c
    query = sa.select(sa.func.count(), sa.func.sum(c.total_omie)).where(
        c.empresa == empresa, c.tabela == tabela
    )
    if days is None:
        query, wanted = query.where(c.particao == WHOLE), 1
    else:
        first, last = days
        wanted = (last - first).days + 1
        query = query.where(c.particao.between(first.isoformat(), last.isoformat()))
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
