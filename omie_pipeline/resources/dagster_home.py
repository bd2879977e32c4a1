"""Dagster's own folder: made, and given our settings."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from omie_pipeline.config.addresses import dagster_home
from omie_pipeline.private_files import make_state_folder

TEMPLATE = "dagster.yaml"


def prepare_dagster_home(home: Path) -> Path:
    """Make ``<home>/dagster`` with the current ``dagster.yaml``; the value for ``DAGSTER_HOME``.

    The file is replaced only if it differs, and in one step: the daemon may be reading it.
    """
    folder = dagster_home(home)
    make_state_folder(folder, home)
    wanted = resources.files("omie_pipeline.resources").joinpath(TEMPLATE).read_text("utf-8")
    target = folder / TEMPLATE
    if not target.exists() or target.read_text("utf-8") != wanted:
        partial = target.with_name(f"{TEMPLATE}.new")
        partial.write_text(wanted, "utf-8")
        partial.replace(target)
    return folder
