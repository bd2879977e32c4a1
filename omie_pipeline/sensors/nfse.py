"""One sensor over all open notes of all empresas: a minute's round of the follower.

The questions are asked in the sensor itself, as the look at changed lists is: a run a minute would
bury the runs that matter. A round is short (few questions, 40 seconds) and commits note by note, so
the next minute goes on where it ended.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import dagster as dg

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.notes import follow_open_notes
from omie_pipeline.assets.nfse import KEY, NAMES, note_metadata
from omie_pipeline.errors import ConfigurationError, OmieFault
from omie_pipeline.inbox.events import blocked_until
from omie_pipeline.nfse.follow import FollowReport
from omie_pipeline.nfse.state import counts
from omie_pipeline.resources.connections import OmieResource, WarehouseResource
from omie_pipeline.switches.pauses import pause_in_force
from omie_pipeline.texts import dagster as texts

INTERVAL_SECONDS = 60
QUESTIONS = 30
"""About single notes, in one round of one empresa."""

_ROUND = timedelta(seconds=40)
"""Dagster gives a sensor a minute."""


def nfse_sensor() -> dg.SensorDefinition:
    """The sensor ``notas_de_servico``; on from the start, like the inbox: it asks nothing while no
    note is open."""

    @dg.sensor(
        name="notas_de_servico",
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Acompanha as NFS-e em aberto até o PDF: pergunta ao Omie por todas de uma vez "
        "e, uma a uma, cada vez mais espaçado.",
    )
    def notas_de_servico(
        context: dg.SensorEvaluationContext, omie: OmieResource, warehouse: WarehouseResource
    ) -> dg.SensorResult:
        opened = warehouse.open(omie)
        until = opened.clock.now() + _ROUND
        told: list[str] = []
        changed = False
        for empresa, report in _rounds(opened, until, told):
            changed = changed or bool(report.changes or report.files)
            told.append(f"{empresa}: {_words(report)}")
        seen = _signature(opened)
        events = []
        if changed or seen != context.cursor:
            events.append(dg.AssetMaterialization(KEY, metadata=note_metadata(opened)))
        return dg.SensorResult(
            skip_reason="; ".join(told) or texts.NO_OPEN_NOTE,
            cursor=seen,
            asset_events=events,
        )

    return notas_de_servico


def _rounds(
    opened: Deployment, until: datetime, told: list[str]
) -> Iterator[tuple[str, FollowReport]]:
    """A round for each empresa that has notes; why another had none goes into ``told``."""
    having = {one.empresa for one in counts(opened.engine, opened.empresas)}
    for empresa in opened.empresas:
        if empresa not in having:
            continue
        if not opened.has_credentials(empresa):
            told.append(texts.empresa_without_key(empresa))
            continue
        paused = pause_in_force(opened.engine, empresa)
        if paused is not None:
            told.append(paused.told)
            continue
        scope = opened.scope(empresa)
        if blocked_until(opened.engine, scope, opened.clock.now()) is not None:
            told.append(texts.notes_wait(empresa))
            continue
        try:
            yield empresa, follow_open_notes(opened, empresa, most_questions=QUESTIONS, until=until)
        except (OmieFault, ConfigurationError) as error:
            told.append(f"{empresa}: {error}")


def _words(report: FollowReport) -> str:
    parts = [texts.open_notes(report.open), texts.questions(report.questions)]
    changes: Mapping[str, int] = report.changes
    parts += [f"{number} {NAMES[state]}" for state, number in sorted(changes.items())]
    if report.files:
        parts.append(texts.files_stored(report.files))
    if report.unreadable:
        parts.append(texts.unreadable_answers(report.unreadable))
    if report.stopped:
        parts.append(texts.stopped(report.stopped))
    return ", ".join(parts)


def _signature(opened: Deployment) -> str:
    """How many notes are in each state, for the cursor."""
    found = counts(opened.engine, opened.empresas)
    return json.dumps([[one.empresa, one.state, one.notes] for one in found])
