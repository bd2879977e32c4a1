"""What Dagster asks of dbt."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest
from dagster_dbt import DbtCliResource

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.models import Making
from omie_pipeline.assets.mapping import mapping_assets
from omie_pipeline.config.dbt_project import BUILD
from omie_pipeline.models.memory import DbtNeeded, Reason
from omie_pipeline.models.refresh import Refreshed
from omie_pipeline.resources.connections import ClinicResource, WarehouseResource
from omie_pipeline.resources.dbt import dbt_resource, ensure_manifest
from omie_pipeline.texts import dagster as texts

# dbt parses the project for the assets that it gives.
pytestmark = pytest.mark.slow

_asked: list[Sequence[str]] = []


class _Dbt(DbtCliResource):
    """Runs nothing."""

    def cli(self, args: Sequence[str], **_: Any) -> Any:
        _asked.append(args)
        return SimpleNamespace(
            stream_raw_events=lambda: iter(()), target_path=None, get_error=lambda: None
        )


class _Warehouse(WarehouseResource):
    """Is never opened."""

    def open(self, *_: Any) -> Any:
        return SimpleNamespace(
            adopt_defaults=lambda: None,
            prepare_dbt=lambda: SimpleNamespace(hints=()),
            refuse_foreign_relations=lambda: None,
            empresas=("norte", "sul"),
        )


@pytest.fixture
def asked() -> Iterator[list[Sequence[str]]]:
    _asked.clear()
    yield _asked
    _asked.clear()


CHOSEN = [
    dg.AssetKey(["staging", "stg_synthea__recebimentos"]),
    dg.AssetKey(["clinica", "recebimentos"]),
    dg.AssetKey(["omie_payload", "omie_clientes"]),
]
NAMES = {"staging.stg_synthea__recebimentos", "clinica.recebimentos", "omie_payload.omie_clientes"}


@dataclass
class Mapping:
    """The mapping's assets, of which dbt and the refresh only say that they were asked."""

    assets: dg.AssetsDefinition
    dbt: _Dbt
    stands: bool = True
    refreshed: list[tuple[tuple[str, ...], frozenset[str]]] = field(default_factory=list)

    def run(self, *, checks: bool = False, **tags: str) -> dg.ExecuteInProcessResult:
        @dg.asset(deps=CHOSEN)
        def depois() -> None: ...

        chosen = dg.AssetSelection.assets(*CHOSEN)
        job = dg.define_asset_job(
            "um", (chosen if checks else chosen.without_checks()) | dg.AssetSelection.assets(depois)
        )
        definitions = dg.Definitions(
            assets=[self.assets, depois],
            jobs=[job],
            resources={"dbt": self.dbt, "warehouse": _Warehouse(), "clinic": ClinicResource()},
        )
        return definitions.resolve_job_def("um").execute_in_process(
            tags={name.replace("__", "/"): value for name, value in tags.items()}
        )

    def refresh(
        self,
        _opened: Any,
        _project: Any,
        empresas: tuple[str, ...],
        wanted: Collection[str],
        _wait: Any,
    ) -> tuple[Refreshed, ...] | DbtNeeded:
        self.refreshed.append((empresas, frozenset(wanted)))
        if not self.stands:
            return DbtNeeded((Reason.ALTERED,), ("clinica.pacientes",))
        tested = {
            "not_null_omie_clientes_empresa": 3,
            "not_null_omie_clientes_codigo_cliente_integracao": 0,
        }
        done = Refreshed("omie_clientes", empresas, 7, 1, 2, tested)
        return (done,)


@pytest.fixture
def mapping(home: Path, asked: list[Sequence[str]], monkeypatch: pytest.MonkeyPatch) -> Mapping:
    monkeypatch.setenv("OMIE_PIPELINE_HOME", str(home))
    monkeypatch.setenv("OMIE_PIPELINE_STAGING", "synthea")
    settings = Deployment().settings
    manifest = ensure_manifest(settings)
    delivered = dbt_resource(settings)
    dbt = _Dbt(
        project_dir=delivered.project_dir,
        profiles_dir=delivered.profiles_dir,
        dbt_executable=delivered.dbt_executable,
    )
    made = Mapping(mapping_assets(manifest), dbt)
    monkeypatch.setattr("omie_pipeline.app.models.refresh_models", made.refresh)
    monkeypatch.setattr("omie_pipeline.app.models.making_models", lambda *_: nullcontext(Making()))
    return made


def test_where_dbt_has_nothing_to_do_the_tables_are_filled_and_what_follows_runs(
    mapping: Mapping, asked: list[Sequence[str]]
) -> None:
    done = mapping.run(dagster__partition="2026-01-05|sul")
    assert mapping.refreshed == [(("sul",), frozenset(NAMES))]
    assert not asked
    told = {
        event.asset_key: event.step_materialization_data.materialization.metadata
        for event in done.get_asset_materialization_events()
        if event.asset_key is not None
    }
    _, view, table = (told[key] for key in CHOSEN)
    assert view["situacao"].value == texts.VIEW_STANDS
    assert table["situacao"].value == texts.TABLE_FILLED
    assert [table[name].value for name in ("linhas", "entraram", "sairam")] == [7, 2, 1]
    assert dg.AssetKey("depois") in told
    failed, lifted = done.get_asset_check_evaluations()
    assert (lifted.check_name, lifted.passed) == (
        "not_null_omie_clientes_codigo_cliente_integracao",
        True,
    )
    assert (failed.check_name, failed.asset_key, failed.passed, failed.severity) == (
        "not_null_omie_clientes_empresa",
        CHOSEN[-1],
        False,
        dg.AssetCheckSeverity.WARN,
    )


def test_a_run_of_no_empresa_is_about_all_of_them(mapping: Mapping) -> None:
    mapping.run()
    assert mapping.refreshed[0][0] == ("norte", "sul")


@pytest.mark.parametrize(
    ("stands", "how"),
    [(False, {}), (True, {"omie_pipeline__full": "true"}), (True, {"checks": True})],
)
def test_a_run_that_dbt_has_to_make_or_test_builds_and_leaves_the_examples_out(
    mapping: Mapping, asked: list[Sequence[str]], stands: bool, how: dict[str, Any]
) -> None:
    asset_checks = {check.name for check in mapping.assets.check_specs}
    assert asset_checks
    # dbt's unit tests are no checks of what is in the warehouse.
    assert "parcelas_somam_o_recebimento_ao_centavo" not in asset_checks
    mapping.stands = stands
    mapping.run(**how)
    (arguments,) = asked
    assert tuple(arguments[: len(BUILD)]) == BUILD
    (selected,) = arguments[arguments.index("--select") + 1 :]
    made = {name.rsplit(".", 1)[-1] for name in selected.split()}
    assert made == {name.rsplit(".", 1)[-1] for name in NAMES}
