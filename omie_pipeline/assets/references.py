"""Omie's reference lists, read whole: what validation checks categories and accounts against."""

import dagster as dg

from omie_pipeline.assets.partitions import Partitions, covered
from omie_pipeline.assets.pools import reference_pool
from omie_pipeline.assets.retries import retried_as_omie_says
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.resources.dagster_resource import DeploymentResource
from omie_pipeline.resources.deployment import REFERENCES

GROUP = "omie_referencias"


def reference_asset(name: str, partitions: Partitions) -> dg.AssetsDefinition:
    """The asset of one list (``omie.categorias``, ``omie.contas_correntes``, ``omie.empresas``)."""

    @dg.asset(
        key=["omie", name],
        group_name=GROUP,
        partitions_def=partitions.empresas,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=reference_pool(name),
        kinds={"omie"},
        description=f"`omie.{name}`: {REGISTRY[name].title}, lista inteira lida do Omie.",
    )
    def reference(
        context: dg.AssetExecutionContext, deployment: DeploymentResource
    ) -> dg.MaterializeResult[None]:
        with retried_as_omie_says():
            rows = deployment.open().refresh_reference(name, covered(context).empresa)
        return dg.MaterializeResult(metadata={"dagster/row_count": rows, "registros": rows})

    return reference


def reference_assets(partitions: Partitions) -> list[dg.AssetsDefinition]:
    """All lists."""
    return [reference_asset(name, partitions) for name in REFERENCES]
