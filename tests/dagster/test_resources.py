"""What the Resources page shows: each connection as configured, a secret by its variable only."""

from __future__ import annotations

import gc
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.config.settings import Settings
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.resources.connections import (
    ClinicResource,
    OmieResource,
    WarehouseResource,
    connections,
)
from omie_pipeline.resources.dbt import ensure_manifest
from tests.dagster.conftest import fresh_definitions
from tests.dagster.served import served

SECRETS = {
    "OMIE_APP_KEY": "4444444444444",
    "OMIE_APP_SECRET": "segredo-da-principal",
    "NORTE_APP_KEY": "5555555555555",
    "NORTE_APP_SECRET": "segredo-do-norte",
    "NORTE_CLINIC": "mysql+pymysql://medico:senha-do-norte@127.0.0.1/norte",
    "WAREHOUSE_URL": "postgresql://omie:senha-do-armazem@127.0.0.1:1/base",
    "CLINIC_URL": "mysql+pymysql://medico:senha-da-clinica@127.0.0.1/clinica",
}
BEGINS = ("subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.system")
_EMPRESAS = """
empresas:
  - {nome: principal, app_key_env: OMIE_APP_KEY, app_secret_env: OMIE_APP_SECRET}
  - {nome: norte, app_key_env: NORTE_APP_KEY, app_secret_env: NORTE_APP_SECRET,
     clinic_url_env: NORTE_CLINIC}
"""
_RESOURCES = """{ repositoriesOrError { ... on RepositoryConnection { nodes {
  allTopLevelResourceDetails { name description configuredValues { key value type }
    configFields { name description defaultValueAsJson } assetKeysUsing { path } } } } } }"""


@pytest.fixture
def configured(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "empresas.yaml"
    file.write_text(_EMPRESAS, encoding="utf-8")
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("OMIE_PIPELINE_CONFIG", str(file))
    monkeypatch.setenv("OMIE_PIPELINE_HOME", str(home))
    monkeypatch.setenv("OMIE_PIPELINE_STAGING", "synthea")
    monkeypatch.setenv("OMIE_TIMEOUT_SECONDS", "7.5")


@pytest.fixture
def page(configured: None) -> Iterator[list[dict[str, Any]]]:
    with dg.instance_for_test() as instance:
        (repository,) = served(instance, _RESOURCES)["repositoriesOrError"]["nodes"]
        yield repository["allTopLevelResourceDetails"]


def _values(page: list[dict[str, Any]], name: str) -> dict[str, tuple[str, str]]:
    (one,) = [resource for resource in page if resource["name"] == name]
    return {value["key"]: (value["type"], value["value"]) for value in one["configuredValues"]}


@pytest.mark.slow
def test_the_page_names_variables_and_shows_no_secret(page: list[dict[str, Any]]) -> None:
    assert {one["name"] for one in page} == {"omie", "warehouse", "clinic", "dbt"}
    omie = _values(page, "omie")
    assert omie["app_key"] == ("ENV_VAR", "OMIE_APP_KEY")
    assert omie["app_secret"] == ("ENV_VAR", "OMIE_APP_SECRET")
    assert omie["timeout_seconds"] == ("VALUE", "7.5")
    assert json.loads(omie["variables"][1]) == {
        "NORTE_APP_KEY": {"env": "NORTE_APP_KEY"},
        "NORTE_APP_SECRET": {"env": "NORTE_APP_SECRET"},
    }
    clinic = _values(page, "clinic")
    assert clinic["clinic_url"] == ("ENV_VAR", "CLINIC_URL")
    assert json.loads(clinic["variables"][1]) == {"NORTE_CLINIC": {"env": "NORTE_CLINIC"}}
    assert _values(page, "warehouse")["warehouse_url"] == ("ENV_VAR", "WAREHOUSE_URL")
    shown = json.dumps(page)
    assert [value for value in SECRETS.values() if value in shown] == []
    assert "senha" not in shown


@pytest.mark.slow
def test_the_page_says_what_each_field_is_and_which_assets_use_it(
    page: list[dict[str, Any]],
) -> None:
    for resource in page:
        assert resource["description"]
        fields = {field["name"]: field["description"] for field in resource["configFields"]}
        ours = set(fields) & set(Settings.model_fields)
        assert {name: fields[name] for name in ours} == {
            name: Settings.model_fields[name].description for name in ours
        }
    using = {one["name"]: {"/".join(key["path"]) for key in one["assetKeysUsing"]} for one in page}
    assert "push/clientes" in using["omie"] & using["warehouse"]
    assert "synthea/patients" in using["clinic"]
    assert "omie_payload/omie_clientes" in using["dbt"]
    assert "conciliacao/titulos" not in using["omie"]


def test_neither_a_text_nor_an_error_of_a_resource_holds_a_secret(configured: None) -> None:
    found = connections(Deployment())
    asked: list[str] = []

    @dg.op
    def look(omie: OmieResource, warehouse: WarehouseResource, clinic: ClinicResource) -> None:
        assert omie.app_secret == SECRETS["OMIE_APP_SECRET"]
        assert omie.variables["NORTE_APP_KEY"] == SECRETS["NORTE_APP_KEY"]
        opened = warehouse.open(omie, clinic)
        assert opened is warehouse.open(omie, clinic)
        assert opened.access("norte").app_secret.get_secret_value() == "segredo-do-norte"
        assert opened.settings.timeout_seconds == 7.5
        asked.extend([f"{omie!r} {omie} {opened.settings!r}", repr(warehouse), str(clinic)])
        raise dg.Failure(f"{omie} {warehouse} {clinic}", allow_retries=False)

    @dg.job(resource_defs=found)
    def looking() -> None:
        look()

    with dg.DagsterInstance.ephemeral() as instance:
        ended = looking.execute_in_process(instance=instance, raise_on_error=False)
        kept = [
            str(one.event_log_entry) for one in instance.get_records_for_run(ended.run_id).records
        ]
        snapshot = str(instance.get_run_by_id(ended.run_id))
    assert len(asked) == 3
    told = " ".join([*asked, *kept, snapshot])
    assert [value for value in SECRETS.values() if value in told] == []
    assert "senha" not in told


def test_a_test_swaps_one_of_them(configured: None, tmp_path: Path) -> None:
    other = OmieResource(
        base_url="http://127.0.0.1:9/api/v1",
        variables={"NORTE_APP_KEY": "1", "NORTE_APP_SECRET": "outro"},
    )
    warehouse = WarehouseResource(warehouse_url="postgresql://x@127.0.0.1:1/x", home=str(tmp_path))
    opened = warehouse.open(other)
    assert opened.settings.home == tmp_path
    assert opened.access("norte").base_url == "http://127.0.0.1:9/api/v1/"
    assert opened.access("norte").app_secret.get_secret_value() == "outro"
    # What it does not say is the installation's.
    assert opened.access("principal").app_key.get_secret_value() == SECRETS["OMIE_APP_KEY"]
    with pytest.raises(ConfigurationError, match="OMIE_BASE_URL"):
        WarehouseResource().open(OmieResource(base_url="http://exemplo.com"))


def test_what_stands_in_the_env_file_alone_is_found_too(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    file.write_text("OMIE_APP_KEY=123\nOMIE_APP_SECRET=a${b}c\n", encoding="utf-8")
    monkeypatch.setattr("omie_pipeline.config.settings.env_file", lambda: file)
    monkeypatch.setenv("OMIE_APP_KEY", "")  # restored after the test, as is what is set below
    monkeypatch.setenv("OMIE_APP_SECRET", "")
    omie = connections(Deployment())["omie"]
    with dg.build_resources({"omie": omie}) as built:
        assert (built.omie.app_key, built.omie.app_secret) == ("123", "a${b}c")


def test_the_definitions_start_no_process_once_dbt_has_parsed(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMIE_PIPELINE_HOME", str(home))
    monkeypatch.setenv("OMIE_PIPELINE_STAGING", "synthea")
    ensure_manifest(Deployment().settings)
    begun: list[str] = []
    watching = True

    def note(event: str, _: object) -> None:
        if watching and event in BEGINS:
            begun.append(event)

    # Nobody can take such a hook away again: it only stops looking.
    sys.addaudithook(note)
    fresh_definitions()
    assert begun == []
    subprocess.run([sys.executable, "-c", ""], check=True)
    assert begun, "the hook sees what starts"
    watching = False
    assert not (home / "postgres").exists()


@pytest.mark.slow
def test_loading_the_definitions_loads_nothing_that_only_a_step_needs(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every run's process loads them: Arrow, migrations and rules are for those who use them."""
    monkeypatch.setenv("OMIE_PIPELINE_HOME", str(home))
    monkeypatch.setenv("OMIE_PIPELINE_STAGING", "synthea")
    ensure_manifest(Deployment().settings)
    code = (
        "import gc, sys, omie_pipeline.definitions;"
        "heavy = ('pyarrow', 'pandas', 'numpy', 'alembic', 'great_expectations', 'dbt.graph');"
        "print([name for name in heavy if name in sys.modules], gc.isenabled())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "[] True"


def test_definitions_that_cannot_be_made_leave_the_collector_of_garbage_at_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused() -> None:
        raise ConfigurationError("empresas.yaml")

    spec = importlib.util.find_spec("omie_pipeline.definitions")
    assert spec is not None
    assert spec.loader is not None
    monkeypatch.setattr("omie_pipeline.app.deployment.Deployment", refused)
    try:
        with pytest.raises(ConfigurationError):
            spec.loader.exec_module(importlib.util.module_from_spec(spec))
        assert gc.isenabled()
    finally:
        gc.enable()
