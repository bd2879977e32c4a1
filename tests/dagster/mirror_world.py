"""The way back through Dagster: a simulated Omie, a warehouse, and the definitions over both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import sqlalchemy as sa

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.assets.imports import mirror_assets
from omie_pipeline.assets.jobs import mirror_jobs
from omie_pipeline.assets.nfse import nfse
from omie_pipeline.assets.partitions import partitions_for
from omie_pipeline.assets.status import situacao
from omie_pipeline.resources.connections import connections
from omie_pipeline.sensors.changes import watch_sensors
from omie_pipeline.sensors.import_schedules import mirror_schedules
from omie_pipeline.sensors.resume import resume_readings_sensor
from omie_pipeline.simulator.engine.server import Simulator
from tests.imports.titles import title

EMPRESA, FACTS = "principal", "espelho_lancamentos"
CHANGES = {"omie_pipeline/mode": "incremental"}


def today() -> date:
    return datetime.now(ZoneInfo("America/Sao_Paulo")).date()


@dataclass(frozen=True)
class MirrorWorld:
    """One empresa whose start date is nine days ago."""

    simulator: Simulator
    engine: sa.Engine
    definitions: dg.Definitions
    instance: dg.DagsterInstance

    def day(self, ago: int) -> date:
        return today() - timedelta(days=ago)

    def seed(self, ago: int, count: int = 1) -> tuple[Any, ...]:
        made = [title(number, self.day(ago)) for number in range(1, count + 1)]
        return self.simulator.control.seed("contas_receber", made)

    def run(
        self,
        names: Sequence[str],
        first: int,
        last: int = 0,
        tags: Mapping[str, str] | None = None,
        *,
        fails: bool = False,
    ) -> dg.ExecuteInProcessResult:
        """Run tables over the days from ``first`` to ``last`` days ago."""
        job = self.definitions.resolve_job_def(FACTS)
        return job.execute_in_process(
            instance=self.instance,
            asset_selection=[dg.AssetKey(["omie", name]) for name in names],
            tags={**self.range(first, last), **(tags or {})},
            raise_on_error=not fails,
        )

    def scheduled(self, names: Sequence[str], first: int, last: int) -> dg.ExecuteInProcessResult:
        """Run tables as schedules and sensors ask for it: without announcing their checks."""
        job = self.definitions.resolve_job_def(FACTS)
        chosen = {dg.AssetKey(["omie", name]) for name in names}
        return job.get_subset(
            asset_selection=chosen, asset_check_selection=set()
        ).execute_in_process(
            instance=self.instance, tags=self.range(first, last), raise_on_error=False
        )

    def shown(self, name: str, check: str) -> dict[str, str]:
        """What Dagster's page shows of a check, by partition."""
        key = dg.AssetCheckKey(dg.AssetKey(["omie", name]), check)
        found = self.instance.event_log_storage.get_asset_check_partition_info([key])
        return {
            str(one.partition_key): one.latest_execution_status.value
            for one in found
            if one.is_current
        }

    def request(self, request: dg.RunRequest) -> dg.ExecuteInProcessResult:
        """Run what a sensor asked for."""
        job = self.definitions.resolve_job_def(request.job_name or "")
        return job.execute_in_process(
            instance=self.instance,
            asset_selection=list(request.asset_selection or []),
            tags=request.tags,
            partition_key=request.partition_key,
        )

    def range(self, first: int, last: int = 0) -> dict[str, str]:
        return {
            "dagster/asset_partition_range_start": f"{self.day(first)}|{EMPRESA}",
            "dagster/asset_partition_range_end": f"{self.day(last)}|{EMPRESA}",
        }

    def tick(self, sensor: str, cursor: str | None = None) -> Any:
        """One evaluation of a sensor: ``run_requests``, ``skip_message``, ``cursor``."""
        context = dg.build_sensor_context(
            instance=self.instance,
            cursor=cursor,
            resources=self.definitions.resources,
            definitions=self.definitions,
        )
        return self.definitions.resolve_sensor_def(sensor).evaluate_tick(context)

    def execute(self, statement: str, **values: Any) -> None:
        with self.engine.begin() as connection:
            connection.execute(sa.text(statement), values)

    def rows(self, query: str) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(sa.text(query)))

    def calls(self, method: str = "") -> int:
        return len(self.simulator.control.calls(method=method))

    def a_minute_later(self) -> None:
        """Both sides forget that they were asked, as after a minute."""
        self.simulator.control.forget_limits()
        self.execute("DELETE FROM omie_sync.quota_request")

    def block_is_over(self) -> None:
        past = datetime.now(UTC) - timedelta(seconds=5)
        self.execute("UPDATE omie_sync.block SET until = :past", past=past)
        self.a_minute_later()


def mirror_definitions() -> dg.Definitions:
    """The way back alone, as this moment's environment shapes it: no dbt, so it loads at once."""
    deployment = Deployment()
    jobs = mirror_jobs()
    partitions = partitions_for(deployment.settings, deployment.empresas)
    schedules = mirror_schedules(deployment.settings, jobs, deployment.config)
    kept = [jobs.registers, jobs.facts, jobs.status]
    return dg.Definitions(
        assets=[*mirror_assets(partitions), situacao, nfse],
        jobs=kept,
        schedules=[one for one in schedules if one.job_name in {job.name for job in kept}],
        sensors=[resume_readings_sensor(jobs), *watch_sensors(jobs)],
        resources=connections(deployment),
    )


def mirror_world(simulator: Simulator, engine: sa.Engine) -> Iterator[MirrorWorld]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield MirrorWorld(simulator, engine, mirror_definitions(), instance)


def materializations(
    result: dg.ExecuteInProcessResult, name: str
) -> dict[str, dg.AssetMaterialization]:
    """By partition."""
    return {
        str(event.partition).split("|")[0]: event.step_materialization_data.materialization
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(["omie", name])
    }


def checks(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    """What each check says of the run's last partition."""
    return {one.check_name: one for one in result.get_asset_check_evaluations()}


def verdicts(result: dg.ExecuteInProcessResult, check: str) -> dict[str, bool]:
    """What a check says of each partition, by day (facts) or empresa (registers)."""
    return {
        str(one.partition).split("|")[0]: one.passed
        for one in result.get_asset_check_evaluations()
        if one.check_name == check
    }


def skipped(tick: Any) -> str:
    return str(tick.skip_message or "")
