"""A small canonical clinic in CSV files, a simulated Omie, and the definitions over both."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa

from omie_pipeline.simulator.engine.limits import Limits
from omie_pipeline.simulator.engine.server import Simulator, running_simulator
from tests.dagster.mirror_world import MirrorWorld, mirror_world, today

START_DATE = "2026-01-01"


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with running_simulator(limits=Limits.off()) as running:
        yield running


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One state folder for all: dbt parses each staging set once."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def deployed(
    simulator: Simulator,
    database_url: str,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> dg.Definitions:
    """The definitions as a user with a key and a CSV clinic loads them."""
    from sample.generator.generate import write_sample

    clinic = tmp_path / "clinica"
    write_sample(12, 0.0, 7, str(clinic))
    for name, value in {
        "OMIE_APP_KEY": simulator.app_key,
        "OMIE_APP_SECRET": simulator.app_secret,
        "OMIE_BASE_URL": simulator.base_url,
        "OMIE_CALLS_PER_MINUTE": "60000",
        "OMIE_CALLS_PER_MINUTE_IP": "240000",
        "WAREHOUSE_URL": database_url,
        "CLINIC_URL": str(clinic),
        "OMIE_PIPELINE_HOME": str(home),
        "OMIE_PIPELINE_STAGING": "canonica",
        "OMIE_PIPELINE_START_DATE": START_DATE,
    }.items():
        monkeypatch.setenv(name, value)
    return fresh_definitions()


def fresh_definitions() -> dg.Definitions:
    """``omie_pipeline.definitions`` as this moment's environment shapes it."""
    module = importlib.import_module("omie_pipeline.definitions")
    return module.build()


@pytest.fixture
def mirror(
    simulator: Simulator,
    engine: sa.Engine,
    database_url: str,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[MirrorWorld]:
    """The way back of one empresa over nine days."""
    for name, value in {
        "OMIE_APP_KEY": simulator.app_key,
        "OMIE_APP_SECRET": simulator.app_secret,
        "OMIE_BASE_URL": simulator.base_url,
        "OMIE_CALLS_PER_MINUTE": "60000",
        "OMIE_CALLS_PER_MINUTE_IP": "240000",
        "WAREHOUSE_URL": database_url,
        "OMIE_PIPELINE_HOME": str(home),
        "OMIE_PIPELINE_START_DATE": (today() - timedelta(days=9)).isoformat(),
    }.items():
        monkeypatch.setenv(name, value)
    yield from mirror_world(simulator, engine)
