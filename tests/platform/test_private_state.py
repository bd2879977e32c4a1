"""The state folder holds patients' data: others of the machine read nothing in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from omie_pipeline.config.dbt_project import assemble_project
from omie_pipeline.config.settings import Settings
from omie_pipeline.postgres.embedded import EmbeddedPostgres
from omie_pipeline.resources.dagster_home import prepare_dagster_home
from tests.push.conftest import unvalidated, world
from tests.push.world import World, cliente

__all__ = ["unvalidated", "world"]


@pytest.fixture(autouse=True)
def _generous() -> Iterator[None]:
    """A umask that gives everything to everybody."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(home: Path) -> dict[str, int]:
    """What group and others may do with the state folder and what is right in it."""
    found = {"": home.stat().st_mode & 0o077}
    return found | {one.name: one.stat().st_mode & 0o077 for one in home.iterdir() if one.is_dir()}


WALKED = 0o011 if os.geteuid() == 0 else 0
"""As root the server's account has to walk through, and reads nothing."""


def test_whoever_comes_first_makes_it_private(tmp_path: Path) -> None:
    home = tmp_path / "a" / "home"
    assemble_project(Settings(OMIE_PIPELINE_HOME=str(home)))
    prepare_dagster_home(home)
    assert modes(home) == {"": WALKED, "dbt_project": 0, "dagster": 0}
    assert (tmp_path / "a").stat().st_mode & 0o077 == WALKED


def test_the_servers_home_is_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EmbeddedPostgres, "_locked", lambda *_: (_ for _ in ()).throw(OSError))
    with pytest.raises(OSError):  # noqa: PT011 - only the folder is wanted
        EmbeddedPostgres(tmp_path / "home").ensure_running()
    assert modes(tmp_path / "home") == {"": WALKED}


def test_what_an_earlier_version_left_open_is_closed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for name in ("dagster", "dbt_project"):
        (home / name).mkdir(parents=True)
    assemble_project(Settings(OMIE_PIPELINE_HOME=str(home)))
    prepare_dagster_home(home)
    assert modes(home) == {"": 0o077, "dbt_project": 0, "dagster": 0}


@pytest.mark.slow
def test_the_reports_of_a_push_are_private(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("omie_pipeline.push.run.renewed_page", lambda _, folder: folder)
    docs = tmp_path / "home" / "data_docs"
    world.model("clientes", [cliente(1)])
    world.push("clientes", data_docs_dir=docs)
    assert modes(docs.parent) == {"": WALKED, "data_docs": 0}
