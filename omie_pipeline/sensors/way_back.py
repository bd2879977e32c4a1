"""One sensor over the ways back of all empresas: what changed is written down and delivered.

It is done in the sensor itself, as the notes are followed: a run a minute would bury the runs that
matter. A round without news asks three small questions and compares nothing. Dagster gives a sensor
a minute: what a target did not take in time goes on with the next round, which begins with the
empresa that had no turn.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

import dagster as dg

from omie_pipeline.app.way_back import WayBackReport, tick
from omie_pipeline.assets.way_back import KEY, way_back_metadata
from omie_pipeline.resources.connections import OmieResource, WarehouseResource
from omie_pipeline.texts import dagster as texts

INTERVAL_SECONDS = 60

_ROUND = timedelta(seconds=50)
"""For all empresas together: nothing is begun that might not be over then."""


def way_back_sensor() -> dg.SensorDefinition:
    """The sensor ``volta_a_clinica``; on from the start: the YAML of an empresa asks for it."""

    @dg.sensor(
        name="volta_a_clinica",
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Conta aos sistemas da clínica o que mudou no Omie: escreve na caixa de saída "
        "e entrega aos destinos, na ordem dos números.",
    )
    def volta_a_clinica(
        context: dg.SensorEvaluationContext, omie: OmieResource, warehouse: WarehouseResource
    ) -> dg.SensorResult:
        opened = warehouse.open(omie)
        before, place = _cursor(context.cursor)
        done = tick(opened, opened.clock.now() + _ROUND, place)
        told = [*done.told, *map(_words, done.reports)]
        if done.place:
            told.append(texts.goes_on_with(done.place))
        page = way_back_metadata(opened)
        shown = "".join(f"{name}={getattr(one, 'value', one)}" for name, one in page.items())
        seen = hashlib.sha256(shown.encode()).hexdigest()
        events = [] if seen == before else [dg.AssetMaterialization(KEY, metadata=page)]
        return dg.SensorResult(
            skip_reason="; ".join(told) or texts.NO_WAY_BACK,
            cursor=f"{seen} {done.place}".rstrip(),
            asset_events=events,
        )

    return volta_a_clinica


def _cursor(text: str | None) -> tuple[str, str]:
    """What was shown last, and the empresa to begin with."""
    seen, _, place = (text or "").partition(" ")
    return seen, place


def _words(report: WayBackReport) -> str:
    parts = [texts.changes_written(report.written)]
    for one in report.deliveries:
        target = texts.WAY_BACK_TARGETS[one.target]
        parts.append(texts.changes_delivered(target=target, sent=one.sent))
        if one.error:
            parts.append(texts.stopped(one.error))
    return f"{report.empresa}: " + ", ".join(parts)
