"""What the payload models are for, as dbt's exposures: the methods of Omie they are sent to."""

from __future__ import annotations

from typing import Any

from omie_pipeline.catalog import WRITABLE, Endpoint
from scripts.generate.dbt_yaml import HEADER, yaml_text

_METHODS = ("upsert", "insert", "update", "delete")


def exposures_yaml() -> str:
    """``models/omie/_omie__exposures.yml``: one exposure for each endpoint that has a model."""
    exposures = [_exposure(endpoint) for endpoint in WRITABLE]
    header = HEADER.format(source="omie_pipeline/catalog")
    return header + yaml_text({"version": 2, "exposures": exposures})


def _exposure(endpoint: Endpoint) -> dict[str, Any]:
    named = [getattr(endpoint, name, "") for name in _METHODS]
    methods = list(dict.fromkeys([*filter(None, named), *(m for _, m in endpoint.by_value[1])]))
    return {
        "name": f"omie_{endpoint.name}_no_omie",
        "label": endpoint.title,
        "type": "application",
        "maturity": "high",
        "url": f"https://app.omie.com.br/api/v1/{endpoint.service.path}",
        "description": f"{endpoint.title}: {', '.join(methods)} of Omie's {endpoint.service.path}",
        "depends_on": [f"ref('{endpoint.model}')"],
        "owner": {"name": "omie_pipeline"},
    }
