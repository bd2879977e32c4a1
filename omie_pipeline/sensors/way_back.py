"""One sensor over the ways back of all empresas: what changed is written down and delivered.

It is done in the sensor itself, as the notes are followed: a run a minute would bury the runs that
matter. A round without news asks three small questions and compares nothing; what a target did not
take in time goes on with the next one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta

import dagster as dg

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.way_back import WayBackReport, run_way_back
from omie_pipeline.assets.way_back import KEY, way_back_metadata
from omie_pipeline.errors import ConfigurationError, EmpresaPaused
from omie_pipeline.resources.connections import OmieResource, WarehouseResource
from omie_pipeline.texts import dagster as texts

INTERVAL_SECONDS = 60

_ROUND = timedelta(seconds=40)
"""Dagster gives a sensor a minute."""


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
        until = opened.clock.now() + _ROUND
        told: list[str] = []
        for report in _rounds(opened, until, told):
            told.append(_words(report))
        page = way_back_metadata(opened)
        shown = "".join(f"{name}={getattr(one, 'value', one)}" for name, one in page.items())
        seen = hashlib.sha256(shown.encode()).hexdigest()
        events = [] if seen == context.cursor else [dg.AssetMaterialization(KEY, metadata=page)]
        return dg.SensorResult(
            skip_reason="; ".join(told) or texts.NO_WAY_BACK, cursor=seen, asset_events=events
        )

    return volta_a_clinica


def _rounds(opened: Deployment, until: datetime, told: list[str]) -> Iterator[WayBackReport]:
    """A round for each empresa that has one; why another had none goes into ``told``."""
    for empresa in opened.empresas:
        try:
            report = run_way_back(opened, empresa, if_news=True, until=until)
        except EmpresaPaused as error:
            told.append(str(error))
            continue
        except ConfigurationError as error:
            told.append(f"{empresa}: {error}")
            continue
        if report is not None:
            yield report


def _words(report: WayBackReport) -> str:
    parts = [texts.changes_written(report.written)]
    for one in report.deliveries:
        target = texts.WAY_BACK_TARGETS[one.target]
        parts.append(texts.changes_delivered(target=target, sent=one.sent))
        if one.error:
            parts.append(texts.stopped(one.error))
    return f"{report.empresa}: " + ", ".join(parts)
