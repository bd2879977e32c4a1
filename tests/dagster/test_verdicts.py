"""A push's verdicts and metadata by partition: of two empresas, and of many days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import dagster as dg
import pytest
import sqlalchemy as sa

from omie_pipeline.app.deployment import REFERENCES, Deployment
from omie_pipeline.assets.partitions import partitions_for
from omie_pipeline.assets.plot import stacked_bars
from omie_pipeline.assets.push import push_asset, push_key
from omie_pipeline.assets.push_report import PLOTTED, data_docs_link
from omie_pipeline.assets.status import KEY as STATUS_KEY
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.resources.connections import connections
from omie_pipeline.sensors.status import status_sensor
from omie_pipeline.simulator.clock import ManualClock
from omie_pipeline.simulator.engine.server import Simulator
from tests.push.world import World, cliente, titulo

_CONFIG = """
empresas:
  - {nome: norte, app_key_env: NORTE_APP_KEY, app_secret_env: NORTE_APP_SECRET}
  - {nome: sul, app_key_env: SUL_APP_KEY, app_secret_env: SUL_APP_SECRET}
"""
SVG = "http://www.w3.org/2000/svg"
ACCOUNTING = ("selecionadas", "entregues", "inalteradas", "rejeitadas", "quarentena", "retidas")


@dataclass(frozen=True)
class Pushes:
    """Two pushes as assets, over payload models that the test fills."""

    world: World
    definitions: dg.Definitions
    instance: dg.DagsterInstance

    def run(self, endpoint: str, **how: Any) -> dg.ExecuteInProcessResult:
        job = self.definitions.resolve_implicit_global_asset_job_def()
        chosen = job.get_subset(
            asset_selection={push_key(REGISTRY[endpoint])}, asset_check_selection=set()
        )
        return chosen.execute_in_process(instance=self.instance, **how)

    def shown(self, endpoint: str, check: str) -> dict[str, str]:
        """What Dagster's page shows of a check, by partition."""
        key = dg.AssetCheckKey(push_key(REGISTRY[endpoint]), check)
        found = self.instance.event_log_storage.get_asset_check_partition_info([key])
        return {
            str(one.partition_key): one.latest_execution_status.value
            for one in found
            if one.is_current
        }


@pytest.fixture
def pushes(
    engine: sa.Engine,
    database_url: str,
    simulator: Simulator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Pushes]:
    config = tmp_path / "empresas.yaml"
    config.write_text(_CONFIG, "utf-8")
    for name, value in {
        "OMIE_PIPELINE_CONFIG": str(config),
        "NORTE_APP_KEY": simulator.app_key,
        "NORTE_APP_SECRET": simulator.app_secret,
        "SUL_APP_KEY": "9" * 10,
        "SUL_APP_SECRET": "de-outra-empresa",
        "OMIE_BASE_URL": simulator.base_url,
        "OMIE_CALLS_PER_MINUTE": "60000",
        "OMIE_CALLS_PER_MINUTE_IP": "240000",
        "WAREHOUSE_URL": database_url,
        "OMIE_PIPELINE_HOME": str(tmp_path),
        "OMIE_PIPELINE_START_DATE": "2026-01-01",
    }.items():
        monkeypatch.setenv(name, value)
    deployment = Deployment()
    partitions = partitions_for(deployment.settings, deployment.empresas)
    definitions = dg.Definitions(
        assets=[
            push_asset(REGISTRY[name], deployment.policy(name), partitions)
            for name in ("clientes", "contas_receber")
        ],
        resources=connections(deployment),
    )
    clock = ManualClock(datetime(2026, 1, 5, 12, 0, tzinfo=UTC))
    with dg.DagsterInstance.ephemeral() as instance:
        yield Pushes(World(engine, simulator, clock), definitions, instance)


@pytest.mark.slow
def test_the_verdict_of_one_empresa_does_not_hide_that_of_another(pushes: Pushes) -> None:
    pushes.world.model("clientes", [cliente(1, empresa="sul", cnpj_cpf="123")])
    assert pushes.run("clientes", partition_key="sul").success
    assert pushes.run("clientes", partition_key="norte").success
    assert pushes.shown("clientes", "validacao") == {"sul": "FAILED", "norte": "SUCCEEDED"}
    pushes.world.model("clientes", [])
    assert pushes.run("clientes", partition_key="sul").success
    assert pushes.shown("clientes", "validacao") == {"sul": "SUCCEEDED", "norte": "SUCCEEDED"}


@pytest.mark.slow
def test_refused_rows_stand_in_their_own_days_and_the_run_in_its_last(pushes: Pushes) -> None:
    for name in REFERENCES:
        Deployment().refresh_reference(name, "norte")
    bad = [
        titulo(number, empresa="norte", valor_documento=0, data_particao=date(2026, 1, day))
        for number, day in ((1, 3), (2, 3), (3, 7))
    ]
    pushes.world.model("contas_receber", bad)
    tags = {
        "dagster/asset_partition_range_start": "2026-01-01|norte",
        "dagster/asset_partition_range_end": "2026-01-09|norte",
    }
    result = pushes.run("contas_receber", tags=tags)
    assert result.success
    told = {
        str(one.partition).split("|")[0]: one.step_materialization_data.materialization.metadata
        for one in result.get_asset_materialization_events()
    }
    assert {day for day, found in told.items() if "linhas_a_corrigir" in found} == {
        "2026-01-03",
        "2026-01-07",
    }
    assert {day: found["quarentena"].value for day, found in told.items()} == {
        **{f"2026-01-0{day}": 0 for day in range(1, 10)},
        "2026-01-03": 2,
        "2026-01-07": 1,
    }
    assert [day for day, found in told.items() if "por_particao" in found] == ["2026-01-09"]
    assert list(told["2026-01-07"])[:7] == [*ACCOUNTING, "linhas_a_corrigir"]
    assert list(told["2026-01-09"])[-1] == "execucao"
    for found in told.values():
        numbers = [found[name].value for name in ACCOUNTING]
        assert numbers[0] == sum(numbers[1:])
    table = told["2026-01-03"]["linhas_a_corrigir"]
    assert isinstance(table, dg.TableMetadataValue)
    assert [column.name for column in table.schema.columns] == ["linha", "o que fazer"]
    assert [str(one.data["o que fazer"]).split(":")[0] for one in table.records] == [
        "em quarentena",
        "em quarentena",
    ]
    shown = pushes.shown("contas_receber", "validacao")
    assert {day for day, state in shown.items() if state == "FAILED"} == {
        "2026-01-03|norte",
        "2026-01-07|norte",
    }
    assert len(shown) == 9
    size = sum(len(str(one)) for one in pushes.instance.all_logs(result.run_id))
    assert size < 250_000


@pytest.mark.slow
def test_the_runs_before_are_a_picture_of_what_became_of_the_rows(
    pushes: Pushes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMIE_PIPELINE_DATA_DOCS_URL", "http://127.0.0.1:3001/")
    monkeypatch.setenv("OMIE_PIPELINE_DATA_DOCS_FOLDER", str(tmp_path / "data_docs"))
    pushes.world.model("clientes", [cliente(1, empresa="norte")])
    assert pushes.run("clientes", partition_key="norte").success
    both = [cliente(1, empresa="norte"), cliente(2, empresa="norte", cnpj_cpf="123")]
    pushes.world.model("clientes", both)
    result = pushes.run("clientes", partition_key="norte")
    (event,) = result.get_asset_materialization_events()
    told = event.step_materialization_data.materialization.metadata
    picture = str(told["execucoes_anteriores"].value)
    data, words = picture.removeprefix("![](<data:image/svg+xml,").split(">)\n\n")
    assert words.endswith(
        ": verde 0 entregues, amarelo 0 retidas, laranja 1 em quarentena, vermelho 0 rejeitadas"
    )
    svg = ElementTree.fromstring(unquote(data))
    drawn = {one.get("stroke"): one.get("d") for one in svg.iter(f"{{{SVG}}}path")}
    assert drawn == {"green": "M10 64v-56", "darkorange": "M38 64v-56"}, "first one, then the other"
    assert int(svg.get("width", "0")) <= 340, "Dagster gives a value no more"
    every = dict.fromkeys(("delivered", "held", "quarantined", "rejected"), 123456)
    full = stacked_bars([every] * 30, PLOTTED, "31/12/2026 23:59")
    assert len(full) < 1000, "Dagster hides a longer text behind a link"
    link = told["data_docs"]
    assert isinstance(link, dg.UrlMetadataValue)
    assert str(link.value).startswith("http://127.0.0.1:3001/norte/clientes/")
    assert str(tmp_path) not in " ".join(str(one.value) for one in told.values())
    monkeypatch.delenv("OMIE_PIPELINE_DATA_DOCS_URL")
    assert data_docs_link(tmp_path / "data_docs" / "index.html") is None


@pytest.mark.slow
def test_the_page_of_status_tells_what_was_sent_and_what_is_to_be_fixed(pushes: Pushes) -> None:
    resources = connections(Deployment())

    def tick(cursor: str | None) -> dg.SensorResult:
        context = dg.build_sensor_context(cursor=cursor, resources=resources)
        result = status_sensor()(context)
        assert isinstance(result, dg.SensorResult)
        return result

    empty = tick(None)
    (event,) = empty.asset_events
    assert (event.asset_key, event.metadata["linhas_a_corrigir"].value) == (STATUS_KEY, 0)
    assert tick(empty.cursor).asset_events == [], "nothing has changed"
    both = [cliente(1, empresa="norte"), cliente(2, empresa="norte", cnpj_cpf="123")]
    pushes.world.model("clientes", both)
    assert pushes.run("clientes", partition_key="norte").success
    (event,) = tick(empty.cursor).asset_events
    told = event.metadata
    assert told["linhas_a_corrigir"].value == 1
    sent = str(told["envio"].value)
    assert sent.index("### norte") < sent.index("| clientes |") < sent.index("### sul")
    assert " | feito | 1 | 1 | 0 |" in sent
    assert "### sul" in str(told["leitura"].value)
