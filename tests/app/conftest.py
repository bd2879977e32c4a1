"""A deployment of two empresas over the simulator; the first one's key is wrong if so asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.config.settings import Settings
from tests.push.conftest import unvalidated, world
from tests.push.world import World

__all__ = ["unvalidated", "world"]

EMPRESAS = """
empresas:
  - {nome: norte, app_key_env: NORTE_KEY, app_secret_env: NORTE_SECRET}
  - nome: sul
    app_key_env: SUL_KEY
    app_secret_env: SUL_SECRET
"""

Deployed = Callable[..., Deployment]


@pytest.fixture
def deployed(world: World, database_url: str, tmp_path: Path) -> Deployed:
    """``deployed(more_yaml, NORTE_SECRET="wrong", settings={"staging": "minha"})``."""

    def made(
        more: str = "", *, settings: Mapping[str, Any] | None = None, **changed: str
    ) -> Deployment:
        file = tmp_path / "empresas.yaml"
        file.write_text(EMPRESAS + more, "utf-8")
        variables = {
            "NORTE_KEY": "777000111222",
            "NORTE_SECRET": "segredo-errado",
            "SUL_KEY": world.sim.app_key,
            "SUL_SECRET": world.sim.app_secret,
        }
        given: dict[str, Any] = {
            "warehouse_url": SecretStr(database_url),
            "base_url": world.base_url,
            "home": tmp_path,
            "config": file,
            **(settings or {}),
        }
        return Deployment(Settings(**given), clock=world.clock, variables=variables | changed)

    return made
