"""What the project declares: documentation, Omie's field names, canonical columns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from omie_pipeline.catalog import WRITABLE, Endpoint
from omie_pipeline.catalog.money_years import FIRST_MONEY_YEAR, LAST_MONEY_YEAR
from omie_pipeline.clinic.tables import CLINIC_TABLES
from tests.dbt_mapping.scenario import PROJECT, Scenario

OWN_COLUMNS = ("empresa", "data_particao")


@pytest.fixture(scope="session")
def manifests(synthea: Scenario, company: Scenario) -> dict[str, dict[str, Any]]:
    """Manifest of each delivered staging set."""
    return {
        scenario.staging: json.loads((scenario.target / "manifest.json").read_text())
        for scenario in (synthea, company)
    }


def _models(manifest: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (node["schema"], node["alias"]): node
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed")
    }


@pytest.mark.parametrize("staging", ["synthea", "canonica"])
def test_every_model_and_every_documented_column_says_what_it_is(
    manifests: dict[str, dict[str, Any]], staging: str
) -> None:
    models = _models(manifests[staging])
    files = {path.relative_to(PROJECT / "models") for path in PROJECT.rglob("models/**/*.sql")}
    built = {one for one in files if one.parts[0] != "staging" or one.parts[1] == staging}
    assert sum(node["resource_type"] == "model" for node in models.values()) == len(built)
    undescribed = [
        f"{name}.{column}"
        for (_, name), node in models.items()
        for column, description in [
            ("", node["description"]),
            *((c["name"], c["description"]) for c in node["columns"].values()),
        ]
        if not description.strip()
    ]
    assert undescribed == []


def test_every_column_in_the_database_is_documented(
    synthea: Scenario, manifests: dict[str, dict[str, Any]]
) -> None:
    models = _models(manifests["synthea"])
    found = synthea.rows(
        "select table_schema, table_name, column_name from information_schema.columns"
        " where table_schema in ('staging', 'clinica', 'omie_payload', 'analise')"
    )
    assert {row["table_schema"] for row in found} == {
        "staging",
        "clinica",
        "omie_payload",
        "analise",
    }
    # The query of a payload table stands in staging under the table's name.
    queries = {("staging", name) for schema, name in models if schema == "omie_payload"}
    missing = [
        f"{row['table_name']}.{row['column_name']}"
        for row in found
        if (row["table_schema"], row["table_name"]) not in queries
        and row["column_name"] not in models[row["table_schema"], row["table_name"]]["columns"]
    ]
    assert missing == []


@pytest.mark.parametrize("staging", ["synthea", "canonica"])
def test_every_source_table_tells_the_extract_what_it_needs(
    manifests: dict[str, dict[str, Any]], staging: str
) -> None:
    declared = list(manifests[staging]["sources"].values())
    sources = [source for source in declared if source["source_name"] == staging]
    others = {source["source_name"] for source in declared} - {staging}
    assert others == {"omie", "omie_sync"}
    for source in sources:
        meta = source["meta"]
        assert meta["grain"] in ("register", "fact")
        assert meta["key"]
        assert {"updated_at", "empresa", "in_file"} <= set(meta)
        assert ("business_date" in meta) == (meta["grain"] == "fact"), source["name"]


@pytest.mark.parametrize("staging", ["synthea", "canonica"])
def test_every_payload_model_is_bound_by_its_contract(
    manifests: dict[str, dict[str, Any]], staging: str
) -> None:
    nodes = manifests[staging]["nodes"].values()
    bound = {node["name"] for node in nodes if node["config"].get("contract", {}).get("enforced")}
    assert bound == {endpoint.model for endpoint in WRITABLE}


@pytest.mark.parametrize("endpoint", WRITABLE, ids=lambda endpoint: endpoint.name)
def test_omie_takes_every_payload_column(synthea: Scenario, endpoint: Endpoint) -> None:
    columns = synthea.rows(
        "select column_name, data_type from information_schema.columns"
        " where table_schema = 'omie_payload' and table_name = %s",
        endpoint.model,
    )
    kinds = {row["column_name"]: row["data_type"] for row in columns}
    assert {"empresa", endpoint.key_column or endpoint.section} <= set(kinds)
    assert ("data_particao" in kinds) == (endpoint.grain == "fact")
    postgres = {
        "string": "text",
        "text": "text",
        "integer": "bigint",
        "decimal": "numeric",
        "date": "date",
        "object": "jsonb",
        "array": "jsonb",
    }
    for name, kind in kinds.items():
        if name in OWN_COLUMNS or name.startswith("_"):
            continue
        field = endpoint.payload.field(name)
        assert field is not None, f"Omie does not know {name}"
        assert not field.read_only, name
        marker = field.kind == "integer" and kind == "jsonb"
        assert marker or kind == postgres[field.kind], name


@pytest.mark.parametrize("name", list(CLINIC_TABLES))
def test_clinica_has_the_documented_columns_in_order(synthea: Scenario, name: str) -> None:
    found = synthea.rows(
        "select attname as nome, format_type(atttypid, atttypmod) as tipo from pg_attribute"
        " where attrelid = %s::regclass and attnum > 0 order by attnum",
        f"clinica.{name}",
    )
    assert found.pop()["nome"] == "_unreadable"
    short = {"timestamp with time zone": "timestamptz", "numeric": "numeric(15,2)"}
    assert [(row["nome"], short.get(row["tipo"], row["tipo"])) for row in found] == [
        (column.name, column.type) for column in CLINIC_TABLES[name].columns
    ]


def test_dbt_tells_nobody_about_itself(manifests: dict[str, dict[str, Any]]) -> None:
    assert {m["metadata"]["send_anonymous_usage_stats"] for m in manifests.values()} == {False}


def test_the_years_of_money_are_those_of_the_rules() -> None:
    project = Path(__file__).parents[2] / "dbt_mapping" / "dbt_project.yml"
    declared = yaml.safe_load(project.read_text())
    assert declared["vars"]["anos_do_dinheiro"] == [FIRST_MONEY_YEAR, LAST_MONEY_YEAR]
