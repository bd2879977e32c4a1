"""The asset graph, as a new user sees it before setting any variable."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import dagster as dg
import pytest

from omie_pipeline.assets.run_tags import DIRECTION_TAG
from omie_pipeline.catalog import WRITABLE
from omie_pipeline.catalog.lists import MIRROR
from scripts.generate.asset_graph import SNAPSHOT, STAGING, asset_graph_text
from tests.dagster.conftest import fresh_definitions

pytestmark = pytest.mark.slow

PORTUGUESE = {"que", "não", "dos", "das", "uma", "cada", "lidos", "para", "sem", "é", "ainda", "na"}


@pytest.fixture
def graph(home: Path, monkeypatch: pytest.MonkeyPatch) -> dg.Definitions:
    monkeypatch.setenv("OMIE_PIPELINE_HOME", str(home))
    monkeypatch.setenv("OMIE_PIPELINE_STAGING", "synthea")
    return _loaded(home)


@cache
def _loaded(_home: Path) -> dg.Definitions:
    """Loaded by the first test that asks; nothing here changes them."""
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
        "push/clientes_cpf_cnpj",
        "push/projetos",
        "push/vendedores",
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
        assert names == {"identidade_contabil", "linhas_rejeitadas", "validacao", "plano"}


def test_every_table_of_omie_comes_in_with_its_checks(graph: dg.Definitions) -> None:
    assets = graph.resolve_asset_graph()
    checks = assets.asset_check_keys
    for mirror in MIRROR.values():
        key = dg.AssetKey(["omie", mirror.name])
        node = assets.get(key)
        assert node.group_name == f"omie_{mirror.family}"
        assert isinstance(node.partitions_def, dg.MultiPartitionsDefinition) == (
            mirror.grain == "fact"
        )
        assert node.pools == {f"leitura_{mirror.name}"}
        assert {c.name for c in checks if c.asset_key == key} == {"completo", "campos_novos"}
    statement = dg.AssetKey(["omie", "extrato"])
    assert {c.name for c in checks if c.asset_key == statement} == {"saldo_fecha"}
    assert assets.get(statement).parent_keys == {
        dg.AssetKey(["omie", "contas_correntes"]),
        dg.AssetKey(["omie", "movimentacoes"]),
    }


def test_the_analysis_hangs_on_the_tables_that_it_reads(graph: dg.Definitions) -> None:
    assets = graph.resolve_asset_graph()
    keys = {key.to_user_string() for key in assets.get_all_asset_keys()}
    # Two tables that are read together with another one are no assets of their own.
    assert not {"omie/saldos_titulos", "omie/extrato_linhas"} & keys
    balances = assets.get(dg.AssetKey(["analise", "saldos_titulos"])).parent_keys
    assert dg.AssetKey(["omie", "baixas"]) in balances
    reconciled = assets.get(dg.AssetKey(["conciliacao", "titulos"]))
    assert dg.AssetKey(["analise", "conciliacao_por_dia"]) in reconciled.parent_keys
    names = {c.name for c in assets.asset_check_keys if c.asset_key == reconciled.key}
    assert names == {"confere", "duplicados"}


def test_every_asset_says_whose_it_is_where_it_goes_and_what_it_does(graph: dg.Definitions) -> None:
    assets = graph.resolve_asset_graph()
    ways: dict[str, set[str]] = {}
    for key in assets.get_all_asset_keys():
        node, name = assets.get(key), key.to_user_string()
        assert list(node.owners) == ["team:omie_pipeline"], name
        assert node.kinds, name
        assert node.group_name != "default", name
        ways.setdefault(node.tags[DIRECTION_TAG], set()).add(name)
        told = node.description or ""
        assert "SQL" not in told, name
        assert "select " not in told, name
        assert told.endswith("."), name
        # Titles and names of tables are Portuguese; sentences are not.
        words = re.sub(r"\*[^*]+\*|`[^`]+`", "", told).lower().split()
        assert not PORTUGUESE & set(words), told
    assert {"push/clientes", "synthea/patients", "omie_payload/omie_clientes"} <= ways["to_omie"]
    assert {"omie/clientes", "analise/clientes"} <= ways["from_omie"]
    assert {"conciliacao/titulos", "analise/conciliacao", "omie_sync/ledger"} <= ways["both"]


def test_the_graph_is_the_one_that_was_reviewed(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMIE_PIPELINE_HOME", str(home))
    monkeypatch.setenv("OMIE_PIPELINE_STAGING", STAGING)
    reviewed = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    now = json.loads(asset_graph_text(fresh_definitions()))
    changed = [
        f"{part}: {name}"
        for part in sorted({*reviewed, *now})
        for name in sorted({*reviewed.get(part, {}), *now.get(part, {})})
        if reviewed.get(part, {}).get(name) != now.get(part, {}).get(name)
    ]
    assert changed == [], "if that is meant: make generate, and commit asset_graph.json"


def test_our_own_tables_that_models_read_are_shown_with_what_they_hold(
    graph: dg.Definitions,
) -> None:
    assets = graph.resolve_asset_graph()
    ledger = assets.get(dg.AssetKey(["omie_sync", "ledger"]))
    assert not ledger.is_materializable
    assert (ledger.group_name, ledger.kinds) == ("omie_sync", {"postgres"})
    assert ledger.description == "One row per integration code: what Omie has confirmed."


def test_the_jobs_cover_every_asset(graph: dg.Definitions) -> None:
    everything = graph.resolve_asset_graph().materializable_asset_keys
    covered = set()
    for name in (
        "cadastros",
        "lancamentos",
        "espelho_cadastros",
        "espelho_lancamentos",
        "conciliacao",
        "situacao",
    ):
        covered |= set(graph.resolve_job_def(name).asset_layer.executable_asset_keys)
    assert {key.to_user_string() for key in everything - covered} == set()


def test_what_starts_by_itself(graph: dg.Definitions, monkeypatch: pytest.MonkeyPatch) -> None:
    running = {one.name: one.default_status.value for one in graph.get_repository_def().sensor_defs}
    assert running == {
        "lancamentos_apos_cadastros": "RUNNING",
        "retomar_retidas": "RUNNING",
        "retomar_leituras": "RUNNING",
        "eventos_do_omie": "RUNNING",
        "notas_de_servico": "RUNNING",
        "pagina_de_situacao": "RUNNING",
        "alertas": "RUNNING",
        "mudancas_titulos": "STOPPED",
        "mudancas_movimentacoes": "STOPPED",
        "mudancas_cadastros": "STOPPED",
        "mudancas_notas": "STOPPED",
    }
    schedules = {
        one.name: (one.cron_schedule, one.default_status.value)
        for one in graph.get_repository_def().schedule_defs
    }
    assert schedules == {
        "sincronizacao": ("0 */6 * * *", "STOPPED"),
        "espelho": ("0 */6 * * *", "STOPPED"),
        "espelho_mudancas": ("15 */6 * * *", "STOPPED"),
        "conferencia_completa": ("0 4 * * *", "STOPPED"),
        "conciliacao_diaria": ("30 5 * * *", "STOPPED"),
        "situacao_por_hora": ("5 * * * *", "STOPPED"),
    }
    monkeypatch.setenv("OMIE_PIPELINE_SCHEDULE", "manual")
    by_hand = {one.name for one in fresh_definitions().get_repository_def().schedule_defs}
    assert set(schedules) - by_hand == {"conferencia_completa", "conciliacao_diaria"}
