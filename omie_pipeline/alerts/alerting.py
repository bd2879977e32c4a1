"""Alerts about notes: refused by the city hall, or under way for too long.

Texts name empresas, cities, numbers and times, never an order or a person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa

from omie_pipeline.alerts.notifications import Alert
from omie_pipeline.catalog.limits_nfse import NfseLimits, city_name
from omie_pipeline.catalog.nfse_states import OPEN
from omie_pipeline.clock import BRASILIA
from omie_pipeline.nfse.nfse import NoteState
from omie_pipeline.nfse.nfse_reads import in_state

STUCK_NOTES = "nfse_parada"
REJECTED_NOTES = "nfse_rejeitada"
NOTE_KINDS = (STUCK_NOTES, REJECTED_NOTES)


def note_alerts(
    engine: sa.Engine, empresas: Sequence[str], limits: NfseLimits, now: datetime
) -> list[Alert]:
    """Every alert of :data:`NOTE_KINDS` that is on at ``now``.

    Args:
        engine: the warehouse.
        empresas: the empresas whose notes are looked at.
        limits: minutes, by city.
        now: time of the check.

    Raises:
        WarehouseError: the database is gone.
    """
    return [*_stuck(engine, empresas, limits, now), *_refused(engine, empresas)]


def _stuck(
    engine: sa.Engine, empresas: Sequence[str], limits: NfseLimits, now: datetime
) -> Iterator[Alert]:
    late: defaultdict[tuple[str, str], list[NoteState]] = defaultdict(list)
    for note in in_state(engine, empresas, OPEN):
        if now - note.enviada_em > limits.limit_of(note.municipio):
            late[note.empresa, city_name(note.municipio or "")].append(note)
    for (empresa, city), notes in sorted(late.items()):
        since = min(note.enviada_em for note in notes)
        where = city or "município não informado"
        minutes = limits.limit_of(notes[0].municipio).total_seconds() // 60
        wrong = sum(note.estado == "error" for note in notes)
        told = f" {wrong} o Omie não conhece ou diz não faturadas." if wrong else ""
        yield Alert(
            f"{STUCK_NOTES}:{empresa}:{city}",
            empresa,
            STUCK_NOTES,
            f"{empresa}: {len(notes)} NFS-e de {where} sem resposta há mais de {minutes:.0f} "
            "minutos",
            f"A mais antiga foi enviada em {_moment(since)}.{told} O que fazer: veja se a "
            "prefeitura está no ar e, no Omie, o monitor de NFS-e; a situação de cada nota está em "
            "omie-pipeline nfse status.",
            since,
        )


def _refused(engine: sa.Engine, empresas: Sequence[str]) -> Iterator[Alert]:
    by_empresa: defaultdict[str, list[NoteState]] = defaultdict(list)
    for note in in_state(engine, empresas, ["rejected"]):
        by_empresa[note.empresa].append(note)
    for empresa, notes in sorted(by_empresa.items()):
        since = min(note.mudou_em for note in notes)
        yield Alert(
            f"{REJECTED_NOTES}:{empresa}",
            empresa,
            REJECTED_NOTES,
            f"{empresa}: a prefeitura recusou {len(notes)} NFS-e",
            f"Desde {_moment(since)}. O que fazer: veja o motivo e a correção de cada uma em "
            "omie-pipeline rejected --endpoint faturar_os, corrija na clínica e envie de novo: o "
            "que mudou é faturado mais uma vez. O que a prefeitura diz que já conhece só sai com "
            "omie-pipeline nfse issue.",
            since,
        )


def _moment(at: datetime) -> str:
    return at.astimezone(BRASILIA).strftime("%d/%m/%Y %H:%M")
