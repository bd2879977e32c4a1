"""The files of the dbt project that a new payload model has to fit."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omie_pipeline.catalog import Endpoint
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.mapping.model_sql import relation_of
from omie_pipeline.mapping.sampling import SampledTable
from omie_pipeline.postgres.schemas import ANALYSIS, CLINIC, STAGING, Schemas
from omie_pipeline.texts.cli import models as texts
from omie_pipeline.yaml_text import FAST_LOADER, load_yaml

_FOLDERS = {name: name for name in (CLINIC, STAGING, ANALYSIS)}
"""Schema -> folder of models, as ``macros/generate_schema_name.sql`` has it."""


def model_file(own: Path, endpoint: Endpoint, given: Path | None) -> Path:
    """Where the model of ``endpoint`` is written: the user's folder, where he names no file.

    Raises:
        ConfigurationError: the name is not the one that ``push`` reads.
    """
    name = f"{endpoint.model}.sql"
    file = given or own / "omie" / name
    if file.name != name:
        raise ConfigurationError(texts.file_must_be_called(name))
    return file


def refuse_overwriting(file: Path, *, overwrite: bool) -> None:
    """An existing model may be a person's work.

    Raises:
        ConfigurationError: it exists and ``overwrite`` is not set.
    """
    if file.exists() and not overwrite:
        raise ConfigurationError(texts.file_exists(file))


def write_model(file: Path, text: str, *, overwrite: bool) -> None:
    """Write the whole file or nothing of it.

    Raises:
        ConfigurationError: it exists and ``overwrite`` is not set, or it cannot be written.
    """
    refuse_overwriting(file, overwrite=overwrite)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, made = tempfile.mkstemp(dir=file.parent, suffix=".novo")
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(made).chmod(0o644)
        Path(made).replace(file)
    except OSError as error:
        raise ConfigurationError(
            texts.not_written(file=file, cause=error.strerror or type(error).__name__)
        ) from None


def described_columns(project: Path, model: str) -> tuple[str, ...]:
    """Columns that the YAML files beside the models describe, and test, for ``model``.

    Their dbt tests, and models that read them, need the columns to be there.
    """
    for file in sorted((project / "models" / "omie").glob("*.yml")):
        content = load_yaml(file.read_text(encoding="utf-8"), FAST_LOADER) or {}
        for entry in content.get("models") or ():
            if entry.get("name") == model:
                columns: Sequence[Mapping[str, Any]] = entry.get("columns") or ()
                return tuple(str(column["name"]) for column in columns)
    return ()


def relation(
    project: Path,
    table: SampledTable,
    sources: Sequence[tuple[str, str, str]],
    schemas: Schemas | None = None,
) -> str:
    """The table as dbt should name it, so that it is built before the model.

    Args:
        project: folder of the dbt project.
        table: the sampled table.
        sources: schema, table and set of what the chosen staging set declares.
        schemas: of the installation; default: those without a prefix.
    """
    names = schemas or Schemas()
    folder = _FOLDERS.get(names.plain(table.schema)) if table.schema in names.names else None
    if folder and any((project / "models" / folder).rglob(f"{table.name}.sql")):
        return relation_of(table, ref=table.name)
    declared = next((s for s in sources if s[:2] == (table.schema, table.name)), None)
    if declared is not None:
        return relation_of(table, source=(declared[2], declared[1]))
    return relation_of(table)
