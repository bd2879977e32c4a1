"""The sensor: one round a minute over all empresas, told in Portuguese, shown as an asset."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.assets.nfse import KEY, nfse, note_metadata
from omie_pipeline.resources.connections import connections
from omie_pipeline.sensors.nfse import nfse_sensor
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.nfse.conftest import Notes


@pytest.fixture
def opened(
    notes: Notes, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Deployment:
    for name, value in {
        "OMIE_APP_KEY": notes.world.sim.app_key,
        "OMIE_APP_SECRET": notes.world.secret,
        "OMIE_BASE_URL": notes.world.base_url,
        "WAREHOUSE_URL": database_url,
        "OMIE_PIPELINE_HOME": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    deployment = Deployment(clock=notes.clock)
    monkeypatch.setattr(
        "omie_pipeline.resources.connections.Deployment", lambda *_, **__: deployment
    )
    return deployment


def _tick(cursor: str | None = None) -> dg.SensorResult:
    context = dg.build_sensor_context(cursor=cursor, resources=connections(Deployment()))
    result = nfse_sensor()(context)
    assert isinstance(result, dg.SensorResult)
    return result


def _told(result: dg.SensorResult) -> str:
    assert result.skip_reason is not None
    return result.skip_reason.skip_message or ""


def test_without_notes_nothing_is_asked(opened: Deployment, notes: Notes) -> None:
    assert _told(_tick()) == "Nenhuma nota em aberto"
    assert notes.asked() == 0


def test_a_round_follows_and_materializes_once(opened: Deployment, notes: Notes) -> None:
    notes.billed()
    notes.minutes(2)
    notes.control.clear_calls()
    first = _tick()
    assert "1 emitidas" in _told(first)
    assert "0 em aberto" in _told(first)
    (event,) = first.asset_events
    assert isinstance(event, dg.AssetMaterialization)
    assert event.asset_key == KEY
    assert event.metadata["emitidas"].value == 1
    assert "OS-1: PDF pronto" in str(event.metadata["emitidas_por_ultimo"].value)
    told = " ".join(str(one.value) for one in event.metadata.values())
    assert "http" not in told, "a link shows the whole note without a login"
    asked = notes.asked()
    notes.minutes(1)
    again = _tick(first.cursor)
    assert again.asset_events == []
    assert notes.asked() == asked


def test_a_blocked_key_is_left_alone(opened: Deployment, notes: Notes) -> None:
    notes.billed()
    notes.minutes(2)
    notes.control.next_faults(PlannedFault("blocked_425", "ListarNFSEs"))
    assert "parou" in _told(_tick())
    notes.control.clear_calls()
    assert "bloqueou a chave" in _told(_tick())
    assert notes.asked() == 0


def test_the_page_counts_notes_by_state(opened: Deployment, notes: Notes) -> None:
    notes.control.city_hall_down(True)
    notes.billed(1)
    notes.billed(2)
    notes.minutes(2)
    _tick()
    found = note_metadata(opened)
    assert (found["em_processamento"], found["emitidas"]) == (2, 0)
    assert found["mais_antiga_sem_resposta"].startswith("05/01/2026")
    # Held here: the run knows its instance by a weak reference only.
    with dg.DagsterInstance.ephemeral() as instance:
        resources = connections(Deployment())
        assert dg.materialize([nfse], resources=resources, instance=instance).success
