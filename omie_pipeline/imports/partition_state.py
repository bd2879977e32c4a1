"""Each partition of a mirrored table now: rows here, and what Omie said when it was proven."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from omie_pipeline.catalog.lists import MirrorTable
from omie_pipeline.imports.mirror_merge import WHOLE
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.mirror_tables import import_partition, import_run, mirror_table


@dataclass(frozen=True, slots=True)
class PartitionState:
    """One partition; counts are rows of the table.

    Attributes:
        linhas: rows here that Omie still has, as far as we know.
        total_omie: Omie's total less what filters keep out; ``None`` if it was not proved.
        provada_em: the question that proved it.
        mexida: rows came, changed or went after the proof: its total says nothing any more.
    """

    particao: str
    linhas: int
    total_omie: int | None = None
    provada_em: datetime | None = None
    mexida: bool = False

    @property
    def fails(self) -> bool:
        """Proven, untouched since, and still not the same number."""
        return self.total_omie is not None and not self.mexida and self.linhas != self.total_omie


def partition_states(
    engine: sa.Engine, mirror: MirrorTable, empresa: str, particoes: Iterable[str]
) -> list[PartitionState]:
    """The states of the partitions named (ISO days; ``tudo`` for a register), in their order.

    Args:
        engine: the warehouse.
        mirror: declaration of the list.
        empresa: the empresa whose rows are meant.
        particoes: names of partitions.
    """
    wanted = sorted(set(particoes))
    t, p = mirror_table(mirror), import_partition.c
    name: Any = sa.cast(t.c.data_particao, sa.Text)
    if mirror.grain == "register":
        name = sa.literal(WHOLE, sa.Text)
    mine = [t.c.empresa == empresa, name == sa.any_(sa.cast(wanted, sa.ARRAY(sa.Text)))]
    mine += [t.c[column] == value for column, value in mirror.constants]
    touched = sa.func.max(sa.func.greatest(t.c.lido_em, t.c.excluido_em))
    here = (
        sa.select(
            name.label("particao"),
            sa.func.count().filter(t.c.excluido_em.is_(None)).label("linhas"),
            touched.label("mexida_em"),
        )
        .where(*mine)
        .group_by(name)
    )
    ended = sa.func.coalesce(import_run.c.finished_at, p.lido_em)
    proven = (
        sa.select(p.particao, p.total_omie - p.filtradas, p.lido_em, ended)
        .select_from(import_partition.outerjoin(import_run, import_run.c.run_id == p.run_id))
        .where(
            p.empresa == empresa,
            p.tabela == mirror.name,
            p.particao == sa.any_(sa.cast(wanted, sa.ARRAY(sa.Text))),
        )
    )
    with warehouse_errors(), engine.connect() as connection:
        counted = {row[0]: (row[1], row[2]) for row in connection.execute(here)}
        proofs = {row[0]: row[1:] for row in connection.execute(proven)}
    return [_state(particao, counted.get(particao), proofs.get(particao)) for particao in wanted]


def _state(particao: str, counted: Any, proof: Any) -> PartitionState:
    rows, touched_at = counted or (0, None)
    if proof is None:
        return PartitionState(particao, rows)
    total, asked_at, ended_at = proof
    touched = touched_at is not None and touched_at > ended_at
    return PartitionState(particao, rows, total, asked_at, touched)


def followed_since(engine: sa.Engine, empresa: str, tabela: str, start: date) -> date:
    """The first day of the unbroken run of proven days that ends just before ``start``.

    ``start`` itself if the day before it was never proven: what lies further back was read once,
    by hand, and is not followed.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        tabela: name of the list.
        start: the first day of the window.
    """
    c = import_partition.c
    query = (
        sa.select(c.particao)
        .where(c.empresa == empresa, c.tabela == tabela, c.particao < start.isoformat())
        .order_by(c.particao.desc())
    )
    with warehouse_errors(), engine.connect() as connection:
        days: list[str] = list(connection.execute(query).scalars())
    for particao in days:
        if particao != (start - timedelta(days=1)).isoformat():
            break
        start -= timedelta(days=1)
    return start
