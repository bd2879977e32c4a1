"""Omie's methods, types, fields and lengths as JSON, one file per service, read once."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from omie_pipeline.catalog.model import ComplexType, Field, Kind, Method, Service

_KINDS: dict[str, Kind] = {
    "string": "string",
    "text": "text",
    "integer": "integer",
    "decimal": "decimal",
    "object": "object",
    "array": "array",
}
_FORMATS: dict[str, Kind] = {"dd/mm/yyyy": "date", "hh:mm:ss": "time"}


def _field(raw: dict[str, Any]) -> Field:
    pattern = raw.get("format", "")
    kind = _FORMATS.get(pattern, _KINDS[raw["type"]])
    return Field(
        name=raw["name"],
        kind=kind,
        max_length=raw.get("max_length"),
        required=raw.get("required", False),
        required_when=raw.get("required_when", ""),
        read_only=raw.get("read_only", False),
        deprecated=raw.get("deprecated", False),
        sensitive=raw.get("sensitive", False),
        values=tuple(raw.get("values", ())),
        type_name=raw.get("ref_type") or raw.get("items", ""),
        pattern="" if pattern in _FORMATS else pattern,
    )


@cache
def load_service(file_name: str) -> Service:
    """Read ``<file_name>.json`` of this folder.

    The files are cut from the field documents of the API (facts; sources in ``NOTICE``).
    """
    text = resources.files(__package__).joinpath(f"{file_name}.json").read_text(encoding="utf-8")
    raw = json.loads(text)
    types = {
        name: ComplexType(name, tuple(_field(field) for field in fields))
        for name, fields in raw["types"].items()
    }
    methods = {
        item["name"]: Method(item["name"], types[item["request"]], types[item["response"]])
        for item in raw["methods"]
    }
    return Service(raw["service"], methods, types, raw["list_array"])
