"""What a build makes: the tables and views of the dbt project, by schema and name."""

from __future__ import annotations

from omie_pipeline.database.schemas import ANALYSIS, CLINIC, PAYLOAD, STAGING
from omie_pipeline.resources.dbt_project import assemble_project
from omie_pipeline.resources.settings import Settings
from omie_pipeline.warehouse.ownership import Relation

_FOLDERS = {CLINIC: "clinica", PAYLOAD: "omie", ANALYSIS: "analise"}
"""Schema -> folder of models, as ``macros/generate_schema_name.sql`` has it."""


def built_relations(settings: Settings) -> tuple[Relation, ...]:
    """Every relation that a build of the chosen staging set makes, seeds among them."""
    root = assemble_project(settings).folder
    models = root / "models"
    folders = {**{s: models / f for s, f in _FOLDERS.items()}, STAGING: models / "staging"}
    folders[STAGING] /= settings.staging
    made = [
        Relation(schema, file.stem)
        for schema, folder in folders.items()
        for file in sorted(folder.rglob("*.sql"))
    ]
    seeds = [Relation(CLINIC, file.stem, seed=True) for file in sorted(root.rglob("seeds/*.csv"))]
    return (*made, *seeds)
