"""Which files are generated, and from what."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from omie_pipeline.postgres import migrate
from scripts.generate.clinic_tables_page import clinic_tables_markdown
from scripts.generate.dbt_canonical import (
    canonical_columns_macro,
    canonical_models_yaml,
    column_blocks,
    staging_models_yaml,
)
from scripts.generate.dbt_exposures import exposures_yaml
from scripts.generate.dbt_mirror import (
    mirror_columns_macro,
    mirror_models_yaml,
    mirror_sources_yaml,
    mirror_views,
)
from scripts.generate.dbt_payload import payload_models_yaml
from scripts.generate.ddl import initial_ddl
from scripts.generate.endpoints_page import endpoints_markdown
from scripts.generate.validation_page import validation_markdown

ROOT = Path(__file__).parents[2]
_MODELS = ROOT / "dbt_mapping" / "models"
_MACROS = ROOT / "dbt_mapping" / "macros"
_MIGRATIONS = Path(migrate.__file__).parent / "migrations" / "versions"


@cache
def generated_files() -> Mapping[Path, str]:
    """Every generated file and the text that its declarations give it."""
    canonica = _MODELS / "staging" / "canonica" / "_canonica__models.yml"
    synthea = _MODELS / "staging" / "synthea" / "_synthea__models.yml"
    payload = _MODELS / "omie" / "_omie__models.yml"
    mirror = _MODELS / "analise" / "espelho"
    return MappingProxyType(
        {
            **{mirror / "tabelas" / f"{name}.sql": text for name, text in mirror_views().items()},
            _MIGRATIONS / "initial.sql": initial_ddl(),
            _MACROS / "colunas_canonicas.sql": canonical_columns_macro(),
            _MACROS / "colunas_do_espelho.sql": mirror_columns_macro(),
            _MODELS / "clinica" / "_clinica__docs.md": column_blocks(),
            _MODELS / "clinica" / "_clinica__models.yml": canonical_models_yaml(),
            canonica: staging_models_yaml("canonica"),
            synthea: staging_models_yaml("synthea", synthea.read_text(encoding="utf-8")),
            mirror / "tabelas" / "_tabelas__models.yml": mirror_models_yaml(),
            mirror / "_espelho__sources.yml": mirror_sources_yaml(),
            payload: payload_models_yaml(payload.read_text(encoding="utf-8")),
            _MODELS / "omie" / "_omie__exposures.yml": exposures_yaml(),
            ROOT / "docs" / "clinic-tables.md": clinic_tables_markdown(),
            ROOT / "docs" / "endpoints.md": endpoints_markdown(),
            ROOT / "docs" / "validation.md": validation_markdown(),
        }
    )
