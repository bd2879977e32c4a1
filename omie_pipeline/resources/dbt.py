"""dbt for Dagster: the manifest that the mapping's assets are read from, and the program."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from omie_pipeline.app.deployment import dbt_target
from omie_pipeline.config.dbt_project import assemble_project, assembled_dir, project_digest
from omie_pipeline.config.settings import Settings
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.private_files import make_state_folder
from omie_pipeline.texts import dagster as texts

if TYPE_CHECKING:
    from dagster_dbt import DbtCliResource

_DIGEST = "manifest.sha256"


def ensure_manifest(settings: Settings) -> Path:
    """Path of ``manifest.json`` for the chosen staging set, parsed anew if a file changed.

    Parsing takes some 10 seconds and needs no database; the set-up does it once.

    Raises:
        ConfigurationError: dbt cannot parse the project; its own words are in the message.
    """
    target = dbt_target(settings)
    make_state_folder(target, settings.home)
    manifest, noted = target / "manifest.json", target / _DIGEST
    with _locked(target / ".lock"):
        project = assemble_project(settings).folder
        digest = project_digest(settings, project)
        if manifest.exists() and noted.exists() and noted.read_text("utf-8") == digest:
            return manifest
        _parse(settings, project, target)
        noted.write_text(digest, "utf-8")
    return manifest


def dbt_resource(settings: Settings) -> DbtCliResource:
    """dbt over the assembled project; :func:`ensure_manifest` has assembled it."""
    # Two seconds, which the set-up and the terminal do without.
    from dagster_dbt import DbtCliResource

    folder = str(assembled_dir(settings))
    return DbtCliResource(
        project_dir=folder,
        profiles_dir=folder,
        # The dbt of this environment, whatever PATH says.
        dbt_executable=str(Path(sys.executable).with_name("dbt")),
    )


def _parse(settings: Settings, project: Path, target: Path) -> None:
    variables = {
        **os.environ,
        "OMIE_PIPELINE_STAGING": settings.staging,
        "OMIE_PIPELINE_SCHEMA_PREFIX": settings.schema_prefix,
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(target.parent / "logs"),
        "DBT_PROFILES_DIR": str(project),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }
    command = [sys.executable, "-m", "dbt.cli.main", "--quiet", "parse"]
    done = subprocess.run(  # noqa: S603 - our own command, no shell
        command, cwd=project, env=variables, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip()[-2000:]
        raise ConfigurationError(texts.project_not_understood(project=project, said=said))


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    with file.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
