"""The contracts of the payload models: which columns a delivered model has, and of which type."""

from __future__ import annotations

from typing import Any

import yaml

from omie_pipeline.catalog import WRITABLE, Endpoint
from omie_pipeline.mapping.model_sql import SQL_TYPES
from scripts.generate.dbt_yaml import yaml_text

_HEADER = """\
# Descriptions and tests are written here; `make generate` writes the types and `config` from
# omie_pipeline/catalog. Columns without a leading underscore are Omie's own fields under Omie's own
# names: NULL is not sent, '' is sent empty. Columns with one are ours: the way back to the clinic's
# row, and what validation needs beside the payload. `data_particao` and `empresa` choose the
# partition. A jsonb value {"$omie_id": ["endpoint", "code"]} is a marker: the engine sends Omie's
# id of that record in its place, and holds the row until the record is confirmed.
"""
_OUR_TYPES = {
    "data_particao": "date",
    "_faturar": "boolean",
    "_missing": "jsonb",
    "_unmapped": "jsonb",
    "_unreadable": "jsonb",
    "_valor": "numeric",
    "_warnings": "jsonb",
}
"""Our own columns that are no text."""

_ENFORCED = '{{{{ "{model}" not in var("modelos_proprios", []) }}}}'
"""A model of the user's own in its place may lack columns and have others."""


def payload_models_yaml(written: str) -> str:
    """``models/omie/_omie__models.yml``: each payload model with its contract.

    Args:
        written: the file as it is. Its descriptions, tests and columns stay; a type ``jsonb`` of
            one of Omie's integers stays too, since the model gives a marker there.
    """
    endpoints = {endpoint.model: endpoint for endpoint in WRITABLE}
    models = [_model(model, endpoints) for model in yaml.safe_load(written)["models"]]
    return _HEADER + yaml_text({"version": 2, "models": models})


def _model(model: dict[str, Any], endpoints: dict[str, Endpoint]) -> dict[str, Any]:
    endpoint = endpoints.get(model["name"])
    said = {**model, "description": model["description"].strip()}
    said["columns"] = [_column(column, endpoint) for column in model["columns"]]
    if endpoint is not None:
        enforced = _ENFORCED.format(model=endpoint.model)
        said["config"] = {"contract": {"enforced": enforced}}
    order = ("name", "description", "config", "data_tests", "columns")
    return {key: said[key] for key in order if key in said}


def _column(column: dict[str, Any], endpoint: Endpoint | None) -> dict[str, Any]:
    said = {**column, "description": column["description"].strip()}
    if endpoint is not None:
        said["data_type"] = _type(column["name"], column.get("data_type", ""), endpoint)
    order = ("name", "quote", "data_type", "description", "data_tests")
    return {key: said[key] for key in order if key in said}


def _type(name: str, written: str, endpoint: Endpoint) -> str:
    field = endpoint.payload.field(name)
    if name.startswith("_") or field is None:
        return _OUR_TYPES.get(name, "text")
    if field.kind == "integer" and written == "jsonb":
        return written
    return SQL_TYPES.get(field.kind, "text")
