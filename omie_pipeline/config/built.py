"""What a build makes: the tables and views of the dbt project, by schema and name."""

from __future__ import annotations

import re
from pathlib import Path

from omie_pipeline.config.dbt_project import assemble_project
from omie_pipeline.config.settings import Settings
from omie_pipeline.postgres.ownership import Relation
from omie_pipeline.postgres.schemas import ANALYSIS, CLINIC, PAYLOAD, STAGING

_STORED_NOWHERE = re.compile(r"\bmaterialized\s*=\s*['\"]ephemeral['\"]")
_ALIAS = re.compile(r"\bconfig\([^)]*\balias\s*=\s*['\"](\w+)['\"]")
_FOLDERS = {CLINIC: "clinica", PAYLOAD: "omie", ANALYSIS: "analise"}
"""Schema -> folder of models, as ``macros/generate_schema_name.sql`` has it."""


def built_relations(settings: Settings) -> tuple[Relation, ...]:
    """Every relation that a build of the chosen staging set makes, seeds among them."""
    root = assemble_project(settings).folder
    models = root / "models"
    folders = {**{s: models / f for s, f in _FOLDERS.items()}, STAGING: models / "staging"}
    folders[STAGING] /= settings.staging
    made = [
        Relation(schema, name)
        for schema, folder in folders.items()
        for file in sorted(folder.rglob("*.sql"))
        if (name := _name(file))
    ]
    seeds = [Relation(CLINIC, file.stem, seed=True) for file in sorted(root.glob("seeds/*.csv"))]
    return (*made, *seeds)


def _name(model: Path) -> str:
    """Name in the database; ``""`` if the model is no relation there."""
    text = model.read_text(encoding="utf-8")
    if _STORED_NOWHERE.search(text):
        return ""
    aliased = _ALIAS.search(text)
    return aliased[1] if aliased else model.stem
