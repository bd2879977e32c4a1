"""What Dagster asks of dbt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest
from dagster_dbt import DbtCliResource

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.assets.mapping import mapping_assets
from omie_pipeline.config.dbt_project import BUILD
from omie_pipeline.resources.connections import ClinicResource, WarehouseResource
from omie_pipeline.resources.dbt import dbt_resource, ensure_manifest

_asked: list[Sequence[str]] = []


class _Dbt(DbtCliResource):
    """Runs nothing."""

    def cli(self, args: Sequence[str], **_: Any) -> Any:
        _asked.append(args)
        return SimpleNamespace(stream=lambda: iter(()))


class _Warehouse(WarehouseResource):
    """Is never opened."""

    def open(self, *_: Any) -> Any:
        return SimpleNamespace(
            adopt_defaults=lambda: None,
            prepare_dbt=lambda: SimpleNamespace(hints=()),
            refuse_foreign_relations=lambda: None,
        )


@pytest.fixture
def asked() -> Iterator[list[Sequence[str]]]:
    _asked.clear()
    yield _asked
    _asked.clear()


def test_a_run_builds_and_leaves_the_examples_out(
    home: Path, asked: list[Sequence[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMIE_PIPELINE_HOME", str(home))
    monkeypatch.setenv("OMIE_PIPELINE_STAGING", "synthea")
    settings = Deployment().settings
    mapping = mapping_assets(ensure_manifest(settings))
    asset_checks = {check.name for check in mapping.check_specs}
    assert asset_checks
    # dbt's unit tests are no checks of what is in the warehouse.
    assert "parcelas_somam_o_recebimento_ao_centavo" not in asset_checks
    delivered = dbt_resource(settings)
    dbt = _Dbt(
        project_dir=delivered.project_dir,
        profiles_dir=delivered.profiles_dir,
        dbt_executable=delivered.dbt_executable,
    )
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize(
            [mapping],
            instance=instance,
            selection=[dg.AssetKey(["clinica", "recebimentos"])],
            resources={"dbt": dbt, "warehouse": _Warehouse(), "clinic": ClinicResource()},
        )
    assert result.success
    (arguments,) = asked
    assert tuple(arguments[: len(BUILD)]) == BUILD
