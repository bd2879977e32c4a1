"""How facts and registers are partitioned, and what a run's partitions mean."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import dagster as dg

from omie_pipeline.config.settings import Settings
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.texts import dagster as texts

DATE, EMPRESA = "data", "empresa"


@dataclass(frozen=True, slots=True)
class Partitions:
    """The partitions of one deployment.

    Attributes:
        empresas: registers: one partition per empresa.
        days: facts: business date × empresa; today is the last.
    """

    empresas: dg.StaticPartitionsDefinition
    days: dg.MultiPartitionsDefinition

    @property
    def per_empresa(self) -> dg.MultiToSingleDimensionPartitionMapping:
        """How a fact's partition depends on a register's."""
        return dg.MultiToSingleDimensionPartitionMapping(EMPRESA)


def partitions_for(settings: Settings, empresas: tuple[str, ...]) -> Partitions:
    """Partitions from the start date on, one line per empresa."""
    names = dg.StaticPartitionsDefinition(list(empresas))
    start = settings.start_date.isoformat()
    days = dg.DailyPartitionsDefinition(start, timezone=settings.time_zone, end_offset=1)
    return Partitions(names, dg.MultiPartitionsDefinition({DATE: days, EMPRESA: names}))


@dataclass(frozen=True, slots=True)
class RunScope:
    """What a run's partitions cover: one empresa, and for facts a range of business dates."""

    empresa: str
    date_from: date | None = None
    date_to: date | None = None


def covered(context: dg.AssetExecutionContext) -> RunScope:
    """The partitions of a run as one selection.

    Raises:
        ConfigurationError: the run mixes empresas; Dagster's single-run backfills never do.
    """
    keys = context.partition_keys
    if not isinstance(context.assets_def.partitions_def, dg.MultiPartitionsDefinition):
        empresas, days = set(keys), []
    else:
        pairs = [dg.MultiPartitionKey({}) if not k else _split(k) for k in keys]
        empresas = {empresa for _, empresa in pairs}
        days = [day for day, _ in pairs]
    if len(empresas) != 1:
        raise ConfigurationError(texts.ONE_EMPRESA_A_RUN)
    (empresa,) = empresas
    if not days:
        return RunScope(empresa)
    return RunScope(empresa, date.fromisoformat(min(days)), date.fromisoformat(max(days)))


def _split(key: str) -> tuple[str, str]:
    """``2026-01-05|principal``: Dagster joins the dimensions in the order of their names."""
    day, empresa = key.split("|")
    return day, empresa
