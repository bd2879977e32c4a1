"""Reads of ``omie_sync.nfse`` and of what stands around it.

Every function is one query and raises ``WarehouseError`` when the database is gone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from omie_pipeline.catalog.nfse_states import OPEN, Estado, Fonte
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.nfse_tables import nfse, nfse_transition


@dataclass(frozen=True, slots=True)
class NoteState:
    """Where a note stands: a row of ``omie_sync.nfse``.

    Attributes:
        mensagem: the city hall's words, masked; ``None`` if it said nothing.
        tentativas: times the order was billed.
        enviada_em: last time it was billed.
        proxima_consulta_em: it is not asked for alone before this moment.
    """

    empresa: str
    cod_int_os: str
    estado: Estado
    n_cod_os: int | None
    numero: str | None
    serie: str | None
    codigo_verificacao: str | None
    n_cod_nf: int | None
    url_pdf: str | None
    url_xml: str | None
    url_portal: str | None
    valor: Decimal | None
    municipio: str | None
    mensagem: str | None
    tentativas: int
    enviada_em: datetime
    emitida_em: datetime | None
    cancelamento_pedido_em: datetime | None
    mudou_em: datetime
    consultada_em: datetime | None
    proxima_consulta_em: datetime | None


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of state; ``de`` is ``None`` for the first."""

    de: Estado | None
    para: Estado
    em: datetime
    motivo: str | None
    fonte: Fonte


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many notes of an empresa are in a state, since when the oldest, and their sum in R$."""

    empresa: str
    estado: Estado
    notas: int
    mais_antiga: datetime
    valor: Decimal


_COLUMNS = tuple(nfse.c[name] for name in NoteState.__dataclass_fields__)


def states(engine: sa.Engine, empresa: str, codes: Collection[str]) -> dict[str, NoteState]:
    """The notes of these orders, by our code of the order; orders never billed are not in it.

    Raises:
        WarehouseError: the database is gone.
    """
    if not codes:
        return {}
    found = _notes(engine, nfse.c.empresa == empresa, nfse.c.cod_int_os.in_(list(codes)))
    return {note.cod_int_os: note for note in found}


def open_notes(engine: sa.Engine, empresa: str) -> list[NoteState]:
    """Notes with a pending answer, the longest waiting first."""
    return _notes(engine, nfse.c.empresa == empresa, nfse.c.estado.in_(OPEN))


def settled_since(engine: sa.Engine, empresa: str, since: datetime) -> list[NoteState]:
    """Issued notes since a moment and rejected ones: a person may change them in Omie."""
    return _notes(
        engine,
        nfse.c.empresa == empresa,
        sa.or_(
            sa.and_(nfse.c.estado == "issued", nfse.c.emitida_em >= since),
            sa.and_(nfse.c.estado == "rejected", nfse.c.mudou_em >= since),
        ),
    )


def notes_due(engine: sa.Engine, empresa: str, now: datetime) -> list[NoteState]:
    """Notes of any state that are to be asked for alone by now."""
    due = sa.or_(nfse.c.proxima_consulta_em.is_(None), nfse.c.proxima_consulta_em <= now)
    unfinished = sa.and_(nfse.c.estado == "issued", nfse.c.proxima_consulta_em <= now)
    return _notes(
        engine,
        nfse.c.empresa == empresa,
        sa.or_(sa.and_(nfse.c.estado.in_(OPEN), due), unfinished),
    )


def transitions(engine: sa.Engine, empresa: str, cod_int_os: str) -> list[Transition]:
    """Every change of state of a note, the oldest first."""
    t = nfse_transition.c
    query = (
        sa.select(t.de, t.para, t.em, t.motivo, t.fonte)
        .where(t.empresa == empresa, t.cod_int_os == cod_int_os)
        .order_by(t.transition_id)
    )
    with warehouse_errors(), engine.connect() as connection:
        return [_transition(row) for row in connection.execute(query)]


def counts(engine: sa.Engine, empresas: Collection[str]) -> list[StateCount]:
    """Notes of each empresa by state; ``mais_antiga`` is the oldest change of state."""
    query = (
        sa.select(
            nfse.c.empresa,
            nfse.c.estado,
            sa.func.count(),
            sa.func.min(nfse.c.mudou_em),
            sa.func.coalesce(sa.func.sum(nfse.c.valor), 0),
        )
        .where(nfse.c.empresa.in_(list(empresas)))
        .group_by(nfse.c.empresa, nfse.c.estado)
        .order_by(nfse.c.empresa, nfse.c.estado)
    )
    with warehouse_errors(), engine.connect() as connection:
        return [_count(row) for row in connection.execute(query)]


def in_state(
    engine: sa.Engine, empresas: Collection[str], estados: Sequence[Estado]
) -> list[NoteState]:
    """Notes of these empresas in one of these states, the longest waiting first."""
    return _notes(engine, nfse.c.empresa.in_(list(empresas)), nfse.c.estado.in_(estados))


def newest(engine: sa.Engine, empresas: Collection[str], number: int) -> list[NoteState]:
    """The notes issued last, newest first."""
    query = (
        sa.select(*_COLUMNS)
        .where(nfse.c.empresa.in_(list(empresas)), nfse.c.estado == "issued")
        .order_by(nfse.c.emitida_em.desc(), nfse.c.cod_int_os)
        .limit(number)
    )
    with warehouse_errors(), engine.connect() as connection:
        return [_note(row) for row in connection.execute(query)]


def _notes(engine: sa.Engine, *where: sa.ColumnElement[bool]) -> list[NoteState]:
    query = sa.select(*_COLUMNS).where(*where).order_by(nfse.c.enviada_em, nfse.c.cod_int_os)
    with warehouse_errors(), engine.connect() as connection:
        return [_note(row) for row in connection.execute(query)]


def _note(row: Any) -> NoteState:
    return NoteState(*row)


def _transition(row: Any) -> Transition:
    return Transition(*row)


def _count(row: Any) -> StateCount:
    return StateCount(*row)
