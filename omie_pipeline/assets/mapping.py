"""The dbt project as assets: staging -> clinica -> payload models."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtCliResource,
    dbt_assets,
)

from omie_pipeline.assets.pools import DBT_POOL
from omie_pipeline.postgres.schemas import Schemas
from omie_pipeline.resources.dagster_resource import DeploymentResource


class MappingTranslator(DagsterDbtTranslator):
    """Keys and groups by schema, so that the graph reads staging -> clinica -> omie_payload.

    Args:
        schemas: of the installation: their prefix is no part of a key.
    """

    def __init__(self, schemas: Schemas, settings: DagsterDbtTranslatorSettings) -> None:
        super().__init__(settings)
        self._schemas = schemas

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """``[schema, model]``; sources keep ``[set, table]`` unless they name their asset."""
        meta = (dbt_resource_props.get("config") or {}).get("meta") or dbt_resource_props["meta"]
        named = (meta.get("dagster") or {}).get("asset_key")
        if named:
            return dg.AssetKey(list(named))
        if dbt_resource_props["resource_type"] == "source":
            return dg.AssetKey([dbt_resource_props["source_name"], dbt_resource_props["name"]])
        schema = self._schemas.plain(dbt_resource_props["schema"])
        return dg.AssetKey([schema, dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The schema."""
        return self._schemas.plain(str(dbt_resource_props["schema"]))


def mapping_assets(manifest: Path, schemas: Schemas | None = None) -> dg.AssetsDefinition:
    """All models of the chosen staging set; a run builds just those it selects."""
    # One reading of Omie may fill two tables: both sources are that one asset.
    settings = DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True)

    @dbt_assets(
        manifest=manifest,
        name="dbt_mapping",
        dagster_dbt_translator=MappingTranslator(schemas or Schemas(), settings),
        pool=DBT_POOL,
    )
    def mapping(context: dg.AssetExecutionContext, deployment: DeploymentResource) -> Iterator[Any]:
        opened = deployment.open()
        adopted = opened.adopt_defaults()
        if adopted is not None:
            context.log.info("Padrões importados de %s", ", ".join(adopted.sources))
            for reason in adopted.left_out:
                context.log.warning("Padrão que ficou de fora: %s", reason)
        project = opened.prepare_dbt()
        for hint in project.hints:
            context.log.warning("%s", hint)
        opened.refuse_foreign_relations()
        dbt = DbtCliResource(
            project_dir=str(project.folder),
            profiles_dir=str(project.folder),
            # The dbt of this environment, whatever PATH says.
            dbt_executable=str(Path(sys.executable).with_name("dbt")),
        )
        # Cautious: a test that also needs models of the other job runs there, not here.
        arguments = ["build", "--indirect-selection", "cautious"]
        yield from dbt.cli(arguments, context=context).stream()

    return mapping
