"""The asset graph, as a new user sees it before setting any variable."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from omie_pipeline.catalog import WRITABLE
from tests.dagster_doors.conftest import fresh_definitions


@pytest.fixture
def graph(home: Path, monkeypatch: pytest.MonkeyPatch) -> dg.Definitions:
    monkeypatch.setenv("OMIE_PIPELINE_HOME", str(home))
    monkeypatch.setenv("OMIE_PIPELINE_STAGING", "synthea")
    return fresh_definitions()


def test_the_graph_loads_with_no_variable_set_and_holds_together(graph: dg.Definitions) -> None:
    assets = graph.resolve_asset_graph()
    keys = {key.to_user_string() for key in assets.get_all_asset_keys()}
    assert {f"push/{endpoint.name}" for endpoint in WRITABLE} <= keys
    assert {"omie/categorias", "omie/contas_correntes", "omie/empresas"} <= keys
    assert {"synthea/patients", "staging/stg_synthea__pacientes", "clinica/pacientes"} <= keys

    upstream = {
        key.to_user_string()
        for key in assets.get(dg.AssetKey(["push", "contas_receber"])).parent_keys
    }
    assert upstream == {
        "omie_payload/omie_contas_receber",
        "omie/categorias",
        "omie/contas_correntes",
        "push/clientes",
    }
    raw = assets.get(dg.AssetKey(["staging", "stg_synthea__pacientes"])).parent_keys
    assert dg.AssetKey(["synthea", "patients"]) in raw


def test_registers_go_by_empresa_and_facts_by_day_and_empresa(graph: dg.Definitions) -> None:
    assets = graph.resolve_asset_graph()
    register = assets.get(dg.AssetKey(["push", "clientes"])).partitions_def
    fact = assets.get(dg.AssetKey(["push", "contas_pagar"])).partitions_def
    assert register is not None
    assert list(register.get_partition_keys()) == ["principal"]
    assert isinstance(fact, dg.MultiPartitionsDefinition)
    assert {dimension.name for dimension in fact.partitions_defs} == {"data", "empresa"}


def test_every_push_has_the_three_checks(graph: dg.Definitions) -> None:
    checks = graph.resolve_asset_graph().asset_check_keys
    for endpoint in WRITABLE:
        names = {c.name for c in checks if c.asset_key == dg.AssetKey(["push", endpoint.name])}
        assert names == {"identidade_contabil", "linhas_rejeitadas", "validacao"}


def test_the_jobs_cover_every_asset(graph: dg.Definitions) -> None:
    everything = graph.resolve_asset_graph().get_all_asset_keys()
    covered = set()
    for name in ("cadastros", "lancamentos"):
        covered |= set(graph.resolve_job_def(name).asset_layer.executable_asset_keys)
    assert {key.to_user_string() for key in everything - covered} == set()
