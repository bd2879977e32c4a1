"""The request for a reading, and its report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from omie_pipeline.imports.filter import MirrorFilter
from omie_pipeline.imports.merge import PartitionCount

Modo = Literal["carga", "alteradas"]


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """Callbacks for the progress of a reading.

    Attributes:
        on_wait: another process reads the same table.
        on_rows: so many records are read of so many.
    """

    on_wait: Callable[[], None] | None = None
    on_rows: Callable[[int, int], None] | None = None


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What to read.

    Attributes:
        date_from, date_to: creation days, for ``carga`` of a fact.
        start: first day that this deployment wants at all.
        not_before: a reading whose question was asked since then is good enough.
    """

    empresa: str
    modo: Modo
    start: date
    date_from: date | None = None
    date_to: date | None = None
    filters: MirrorFilter = field(default_factory=MirrorFilter)
    trigger: str = "cli"
    dagster_run_id: str | None = None
    not_before: datetime | None = None


@dataclass(slots=True)
class Tally:
    """Sums of a reading while it goes on; counts are rows."""

    total_omie: int = 0
    lidas: int = 0
    novas: int = 0
    alteradas: int = 0
    iguais: int = 0
    excluidas: int = 0
    filtradas: int = 0
    paginas: int = 0
    releituras: int = 0
    tamanho_pedido: int = 0
    tamanho_servido: int = 0

    def add(self, other: Tally) -> None:
        """Add another span's sums."""
        for name in (
            "total_omie", "lidas", "novas", "alteradas", "iguais", "excluidas", "filtradas",
            "paginas", "releituras",
        ):  # fmt: skip
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.tamanho_pedido = other.tamanho_pedido or self.tamanho_pedido
        self.tamanho_servido = max(self.tamanho_servido, other.tamanho_servido)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What a reading found; counts are rows of the table.

    Attributes:
        total_omie: records Omie says it has in what was read.
        lidas: different records received.
        iguais: records that stood here already, the same.
        excluidas: rows marked because a complete reading no longer has them.
        filtradas: records that the empresa's filters keep out.
        releituras: passes beyond the first, because rows shifted between pages.
        tamanho_servido: rows on the fullest page; below ``tamanho_pedido`` Omie caps the page.
        completo: Omie's total, the records received and the rows here agree.
        campos_novos: fields that no document of Omie names; kept in ``raw``.
        dias: partitions with inserted, changed or excluded rows.
        partitions: what a complete reading proved.
        reaproveitado: another reading had just done it; Omie was not asked.
    """

    run_id: str
    tabela: str
    empresa: str
    modo: Modo
    janela_de: date | None
    janela_ate: date | None
    total_omie: int = 0
    lidas: int = 0
    novas: int = 0
    alteradas: int = 0
    iguais: int = 0
    excluidas: int = 0
    filtradas: int = 0
    paginas: int = 0
    releituras: int = 0
    tamanho_pedido: int = 0
    tamanho_servido: int = 0
    completo: bool = True
    campos_novos: tuple[str, ...] = ()
    dias: tuple[date, ...] = ()
    partitions: tuple[PartitionCount, ...] = ()
    reaproveitado: bool = False

    def counts(self) -> dict[str, Any]:
        """For the history: the numbers that are not zero, and the new fields."""
        names = (
            "total_omie", "lidas", "novas", "alteradas", "iguais", "excluidas", "filtradas",
            "paginas", "releituras", "tamanho_pedido", "tamanho_servido",
        )  # fmt: skip
        numbers = {name: getattr(self, name) for name in names}
        return {**numbers, "campos_novos": list(self.campos_novos)}
