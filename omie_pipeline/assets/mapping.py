"""The dbt project as assets: staging -> clinica -> payload models.

A run lets dbt work only where its answer would differ (``app.models``): elsewhere the views stand,
and the payload tables are filled for the empresa of the run. Checks are dbt's data tests: they have
a verdict whenever dbt ran, which a run with ``omie_pipeline/full`` and everything that a person
starts from the page of a model makes sure of. The jobs do not announce them.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtCliInvocation,
    DbtCliResource,
)
from dagster_dbt.dbt_manifest import read_manifest_path

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.assets.extract import GROUP as CLINIC_GROUP
from omie_pipeline.assets.labels import BOTH_WAYS, FROM_OMIE, OWNERS, TO_OMIE
from omie_pipeline.assets.pools import DBT_POOL
from omie_pipeline.assets.run_tags import FULL_TAG, TRUE
from omie_pipeline.config.dbt_project import BUILD
from omie_pipeline.models.memory import DbtNeeded, Reason
from omie_pipeline.models.why import why_dbt
from omie_pipeline.postgres.schemas import ANALYSIS, PAYLOAD, SYNC, Schemas
from omie_pipeline.resources.connections import ClinicResource, WarehouseResource
from omie_pipeline.resources.dagster_internals import PARTITION_TAG, RANGE_START_TAG
from omie_pipeline.texts import dagster as texts

if TYPE_CHECKING:
    from omie_pipeline.models.refresh import Refreshed

RECONCILING = "conciliacao"
"""dbt's tag of the views that need the payload models as well as the mirror of Omie."""

_STORED = ("model", "seed", "snapshot")
"""What of a dbt project has a relation of its own."""


class MappingTranslator(DagsterDbtTranslator):
    """Keys and groups by schema, so that the graph reads staging -> clinica -> omie_payload.

    Args:
        schemas: of the installation: their prefix is no part of a key.
    """

    def __init__(self, schemas: Schemas, settings: DagsterDbtTranslatorSettings) -> None:
        super().__init__(settings)
        self.schemas = schemas

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """``[schema, model]``; sources keep ``[set, table]`` unless they name their asset."""
        named = _for_dagster(dbt_resource_props).get("asset_key")
        if named:
            return dg.AssetKey(list(named))
        if dbt_resource_props["resource_type"] == "source":
            return dg.AssetKey([dbt_resource_props["source_name"], dbt_resource_props["name"]])
        schema = self.schemas.plain(dbt_resource_props["schema"])
        return dg.AssetKey([schema, dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The schema."""
        return self.schemas.plain(str(dbt_resource_props["schema"]))

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
        if self.schemas.plain(str(schema)) == ANALYSIS:
            way = BOTH_WAYS if RECONCILING in tags else FROM_OMIE
        return {**tags, **way}


def _for_dagster(props: Mapping[str, Any]) -> Mapping[str, Any]:
    meta = (props.get("config") or {}).get("meta") or props.get("meta") or {}
    return meta.get("dagster") or {}


def mapping_assets(manifest: Path, schemas: Schemas | None = None) -> dg.AssetsDefinition:
    """All models of the chosen staging set; a run builds just those it selects."""
    # One reading of Omie may fill two tables: both sources are that one asset.
    settings = DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True)
    translator = MappingTranslator(schemas or Schemas(), settings)
    project_manifest = read_manifest_path(manifest.resolve())
    specs, checks = _specs(translator, project_manifest)
    checked = {spec.key for spec in checks}
    made_of = {spec.key: [dep.asset_key for dep in spec.deps] for spec in specs}
    unique = {spec.key: spec.metadata["dagster_dbt/unique_id"] for spec in specs}
    # A model is told after what it is made of.
    nodes = {
        key: project_manifest["nodes"][unique[key]]
        for key in TopologicalSorter(made_of).static_order()
        if key in unique
    }

    @dg.multi_asset(
        name="dbt_mapping",
        specs=specs,
        check_specs=checks,
        can_subset=True,
        pool=DBT_POOL,
        allow_arbitrary_check_specs=True,
    )
    def mapping(
        context: dg.AssetExecutionContext,
        dbt: DbtCliResource,
        clinic: ClinicResource,
        warehouse: WarehouseResource,
    ) -> Iterator[Any]:
        # Arrow comes along.
        from omie_pipeline.app.models import making_models, refresh_models

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
        chosen = {key: node for key, node in nodes.items() if key in context.selected_asset_keys}
        relations = {_relation(translator, node): key for key, node in chosen.items()}
        tags = context.run.tags

        def on_wait() -> None:
            context.log.info(texts.MODELS_WAIT)

        refreshed: Sequence[Refreshed] | DbtNeeded = DbtNeeded((Reason.ASKED,))
        if not context.selected_asset_check_keys and tags.get(FULL_TAG) not in TRUE:
            refreshed = refresh_models(opened, project, _empresas(opened, tags), relations, on_wait)
        if not isinstance(refreshed, DbtNeeded):
            yield from _stand(relations, refreshed)
            for verdict in _verdicts(relations, refreshed):
                if not verdict.passed:
                    context.log.warning("%s", verdict.description)
                if verdict.asset_check_key in checked:
                    yield verdict
            return
        context.log.info(texts.DBT_RUNS, why_dbt(refreshed.reasons, refreshed.relations))
        with making_models(opened, project, on_wait) as making:
            # Cautious: a test that also needs models of the other job runs there, not here.
            arguments = [*BUILD, "--indirect-selection", "cautious", "--select"]
            # In one argument, which dagster-dbt takes apart; several it takes for others.
            arguments.append(" ".join(".".join(node["fqn"]) for node in chosen.values()))
            # Told below: an error within would make us forget what was made beside what failed.
            running = dbt.cli(
                arguments,
                manifest=project_manifest,
                dagster_dbt_translator=translator,
                raise_on_error=False,
            )
            for message in running.stream_raw_events():
                # Without a context: verdicts that no run announced are verdicts as well.
                for event in message.to_default_asset_events(
                    project_manifest, translator, target_path=running.target_path
                ):
                    if isinstance(event, dg.AssetMaterialization):
                        making.made.add(_relation(translator, chosen[event.asset_key]))
                        yield dg.MaterializeResult(event.asset_key, metadata=event.metadata)
                    else:
                        yield event
        _raise_failure(running)

    return mapping


def _raise_failure(running: DbtCliInvocation) -> None:
    failed = running.get_error()
    if failed is not None:
        raise failed


def _relation(translator: MappingTranslator, node: Mapping[str, Any]) -> str:
    """Plain schema and name in the warehouse."""
    return f"{translator.schemas.plain(node['schema'])}.{node['alias']}"


def _empresas(opened: Deployment, tags: Mapping[str, str]) -> tuple[str, ...]:
    """The empresa whose partitions a run is about; all of them where its tags name none."""
    for tag in (PARTITION_TAG, RANGE_START_TAG):
        name = tags.get(tag, "").rsplit("|", 1)[-1]
        if name in opened.empresas:
            return (name,)
    return opened.empresas


def _verdicts(
    relations: Mapping[str, dg.AssetKey], refreshed: Sequence["Refreshed"]
) -> Iterator[dg.AssetCheckEvaluation]:
    """Of data tests over rows that came without dbt; what dbt tests next stands in their place."""
    for table in refreshed:
        for test, rows in table.tested.items():
            told = texts.test_not_asked(test)
            if rows is not None:
                told = texts.test_fails(test=test, rows=rows) if rows else texts.TEST_PASSES
            yield dg.AssetCheckEvaluation(
                asset_key=relations[f"{PAYLOAD}.{table.model}"],
                check_name=test,
                passed=rows == 0,
                severity=dg.AssetCheckSeverity.WARN,
                description=told,
                metadata={} if rows is None else {"linhas": dg.MetadataValue.int(rows)},
            )


def _stand(
    relations: Mapping[str, dg.AssetKey], refreshed: Sequence["Refreshed"]
) -> Iterator[dg.MaterializeResult[None]]:
    """What there is of each model where dbt had nothing to do: its rows, or that it stands."""
    tables = {f"{PAYLOAD}.{one.model}": one for one in refreshed}
    for name, key in relations.items():
        table = tables.get(name)
        if table is None:
            yield dg.MaterializeResult(key, metadata={"situacao": texts.VIEW_STANDS})
            continue
        yield dg.MaterializeResult(
            key,
            metadata={
                "situacao": texts.TABLE_FILLED if table.changed else texts.TABLE_UNCHANGED,
                "linhas": table.rows,
                "entraram": table.added,
                "sairam": table.removed,
                "empresas": ", ".join(table.empresas) or "-",
            },
        )


def _specs(
    translator: DagsterDbtTranslator, manifest: Mapping[str, Any]
) -> tuple[list[dg.AssetSpec], list[dg.AssetCheckSpec]]:
    """Every model and seed of a project, and the data tests that hang on them.

    ``@dbt_assets`` says the same, and loads dbt's own selection to choose all there is: a second of
    every process that loads the definitions.
    """
    specs = []
    checks: dict[str, dg.AssetCheckSpec] = {}
    for name, node in manifest["nodes"].items():
        ephemeral = node["config"].get("materialized") == "ephemeral"
        if node["resource_type"] not in _STORED or ephemeral:
            continue
        spec = translator.get_asset_spec(manifest, name, None)
        specs.append(spec)
        for child in manifest["child_map"].get(name, ()):
            found = None
            if child.startswith("test."):
                found = translator.get_asset_check_spec(spec, manifest, child, None)
            if found is not None:
                checks[found.get_python_identifier()] = found
    return specs, list(checks.values())


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
    sources = read_manifest_path(manifest.resolve())["sources"].values()
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
