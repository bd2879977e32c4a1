"""The clinic's tables, copied into the warehouse: one asset per declared source table."""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

import dagster as dg

from omie_pipeline.assets.labels import OWNERS, TO_OMIE
from omie_pipeline.assets.partitions import Partitions, covered
from omie_pipeline.assets.pools import EXTRACT_POOL
from omie_pipeline.assets.progress import telling_headway
from omie_pipeline.clinic.sources import SourceTable
from omie_pipeline.omie.masking import mask_text
from omie_pipeline.resources.connections import ClinicResource, WarehouseResource
from omie_pipeline.texts import dagster as texts

if TYPE_CHECKING:
    from omie_pipeline.clinic.extract import ExtractResult

GROUP = "clinica_bruta"
_TOLD = 20


def extract_asset(table: SourceTable, partitions: Partitions) -> dg.AssetsDefinition:
    """The asset of one source table; its key is the one dagster-dbt gives the dbt source."""
    facts = table.grain == "fact"

    @dg.asset(
        key=[table.set_name, table.name],
        group_name=GROUP,
        partitions_def=partitions.days if facts else partitions.empresas,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=EXTRACT_POOL,
        kinds={"postgres"},
        owners=OWNERS,
        tags=TO_OMIE,
        description=f"Copies the clinic's table into `clinic_raw.{table.name}`, "
        + ("by business date." if facts else "incrementally by date of change."),
    )
    def extract(
        context: dg.AssetExecutionContext, clinic: ClinicResource, warehouse: WarehouseResource
    ) -> dg.MaterializeResult[None]:
        from omie_pipeline.clinic.changed_dates import copied_rows
        from omie_pipeline.clinic.set_aside import reason_of
        from omie_pipeline.clinic.windows import DateWindow

        what = covered(context)
        opened = warehouse.open(clinic)
        dates = (what.date_from, what.date_to)
        with telling_headway(context, table.name) as told:
            result = opened.extract(table, what.empresa, *dates, on_headway=told)
        for name, rows in opened.unowned_rows(table, what.empresa).items():
            whose = texts.of_unknown_empresa(name) if name else texts.WITHOUT_EMPRESA
            context.log.warning(texts.rows_not_sent(table=table.name, rows=rows, whose=whose))
        for one in result.set_aside[:_TOLD]:
            context.log.warning(mask_text(": ".join(reason_of(one))))
        found = copied_rows(
            opened.engine,
            table,
            what.empresa,
            opened.settings.zone,
            DateWindow(what.date_from, what.date_to),
        )
        _tell(context, result, found)
        return dg.MaterializeResult()

    return extract


def _tell(
    context: dg.AssetExecutionContext,
    result: "ExtractResult",
    found: Mapping[date | None, int],
) -> None:
    """To each partition its own rows; what concerns the whole reading, to the last one only."""
    names = context.partition_keys
    for name in names:
        day, split, _ = name.partition("|")
        rows = found.get(date.fromisoformat(day), 0) if split else sum(found.values())
        told: dict[str, int | float] = {"linhas": rows}
        if name == names[-1]:
            if split and found.get(None):
                told["linhas_sem_data_legivel"] = found[None]
            told |= _reading(result)
        told["dagster/partition_row_count"] = rows
        context.add_asset_metadata(told, partition_key=name)


def _reading(result: "ExtractResult") -> dict[str, int | float]:
    return {
        "lidas": result.read,
        "novas": result.inserted,
        "alteradas": result.updated,
        "inalteradas": result.unchanged,
        "removidas": result.deleted,
        "separadas": sum(one.rows for one in result.set_aside),
        "incremental": result.incremental,
        "segundos": round(result.seconds, 2),
    }
