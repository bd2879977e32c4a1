"""The dbt project as assets: staging -> clinica -> payload models."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtCliResource,
    dbt_assets,
)

from omie_pipeline.assets.extract import GROUP as CLINIC_GROUP
from omie_pipeline.assets.labels import BOTH_WAYS, FROM_OMIE, OWNERS, TO_OMIE
from omie_pipeline.assets.pools import DBT_POOL
from omie_pipeline.config.dbt_project import BUILD
from omie_pipeline.postgres.schemas import ANALYSIS, SYNC, Schemas
from omie_pipeline.resources.connections import ClinicResource, WarehouseResource
from omie_pipeline.texts import dagster as texts

RECONCILING = "conciliacao"
"""dbt's tag of the views that need the payload models as well as the mirror of Omie."""


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
        named = _for_dagster(dbt_resource_props).get("asset_key")
        if named:
            return dg.AssetKey(list(named))
        if dbt_resource_props["resource_type"] == "source":
            return dg.AssetKey([dbt_resource_props["source_name"], dbt_resource_props["name"]])
        schema = self._schemas.plain(dbt_resource_props["schema"])
        return dg.AssetKey([schema, dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The schema."""
        return self._schemas.plain(str(dbt_resource_props["schema"]))

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """What the YAML says, without the SQL: a page shows that by itself, and it changes often.

        Comments of the views for analysts are Portuguese; ``meta.dagster.description`` says the
        same in English.
        """
        said = _for_dagster(dbt_resource_props).get("description")
        named = f"dbt {dbt_resource_props['resource_type']} `{dbt_resource_props['name']}`"
        return str(said or dbt_resource_props.get("description") or named).strip()

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str] | None:
        """The YAML's, else ours."""
        return super().get_owners(dbt_resource_props) or OWNERS

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
        """Those of dbt, and which way the model goes."""
        tags, schema = super().get_tags(dbt_resource_props), dbt_resource_props["schema"]
        way = TO_OMIE
        if self._schemas.plain(str(schema)) == ANALYSIS:
            way = BOTH_WAYS if RECONCILING in tags else FROM_OMIE
        return {**tags, **way}


def _for_dagster(props: Mapping[str, Any]) -> Mapping[str, Any]:
    meta = (props.get("config") or {}).get("meta") or props.get("meta") or {}
    return meta.get("dagster") or {}


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
    def mapping(
        context: dg.AssetExecutionContext,
        dbt: DbtCliResource,
        clinic: ClinicResource,
        warehouse: WarehouseResource,
    ) -> Iterator[Any]:
        opened = warehouse.open(clinic)
        adopted = opened.adopt_defaults()
        if adopted is not None:
            context.log.info(texts.DEFAULTS_ADOPTED, ", ".join(adopted.sources))
            for reason in adopted.left_out:
                context.log.warning(texts.DEFAULT_LEFT_OUT, reason)
        project = opened.prepare_dbt()
        for hint in project.hints:
            context.log.warning("%s", hint)
        opened.refuse_foreign_relations()
        # Cautious: a test that also needs models of the other job runs there, not here.
        arguments = [*BUILD, "--indirect-selection", "cautious"]
        yield from dbt.cli(arguments, context=context).stream()

    return mapping


def source_specs(
    manifest: Path, schemas: Schemas, read: Collection[dg.AssetKey]
) -> list[dg.AssetSpec]:
    """The tables that models read and no asset of ours fills: shown with what is known of them.

    Args:
        manifest: of the dbt project.
        schemas: of the installation.
        read: keys that a model depends on and that no asset makes.
    """
    translator = MappingTranslator(schemas, DagsterDbtTranslatorSettings())
    sources = json.loads(manifest.read_text(encoding="utf-8"))["sources"].values()
    found = {translator.get_asset_key(source): source for source in sources}
    specs = []
    for key in sorted(set(found) & set(read)):
        ours = schemas.plain(str(found[key]["schema"])) == SYNC
        specs.append(
            dg.AssetSpec(
                key,
                # A clinic that is read in place stands where its copy would.
                group_name=SYNC if ours else CLINIC_GROUP,
                kinds={"postgres"},
                owners=OWNERS,
                tags=BOTH_WAYS if ours else TO_OMIE,
                description=translator.get_description(found[key]),
            )
        )
    return specs
