"""One record from the clinic's row to what Omie holds, as far as the session may see it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from omie_pipeline.catalog import REGISTRY, WRITABLE, Endpoint
from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.clinic.origins import Origin, origins_of
from omie_pipeline.clinic.sources import RAW_SCHEMA, SourceTable
from omie_pipeline.nfse.state import NoteState, Transition, states, transitions
from omie_pipeline.postgres.all_tables import tables
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import (
    attempt,
    conflict,
    console_action,
    ledger,
    quarantine,
    stored_plan,
    stored_plan_row,
)
from omie_pipeline.status.history import (
    ListFilter,
    RefusedEntry,
    held_rows,
    quarantined_rows,
    rejected_rows,
)
from omie_pipeline.status.seen_rows import Row, codes_naming, payload_rows, rows_seen

_MOST_CALLS: Final = 30
_MOST_DEPENDENTS: Final = 50
_NOTES: Final = frozenset({"ordens_servico", "faturar_os"})


@dataclass(frozen=True, slots=True)
class RecordKey:
    """Which record."""

    empresa: str
    endpoint: str
    code: str


@dataclass(frozen=True, slots=True)
class InLedger:
    """What is remembered of a record.

    Attributes:
        omie_id: Omie's id, or its code where that is no number; ``""`` if there is none.
        created_here: we made the record; otherwise it was there and is ours now.
        parent_code: code of the record that this one acts upon, ``""`` for none.
    """

    key: RecordKey
    state: str
    omie_id: str
    created_here: bool
    parent_code: str
    attempts: int
    last_error: str
    held_until: datetime | None
    first_seen_at: datetime
    confirmed_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Call:
    """One call to Omie and its answer, masked as they are kept."""

    at: datetime
    method: str
    request: Any
    response: Any
    http_status: int
    fault_text: str
    duration_ms: float


@dataclass(frozen=True, slots=True)
class CopiedRow:
    """A row of the clinic, as it was copied; personal data."""

    table: str
    row: Row


@dataclass(frozen=True, slots=True)
class OmieRecord:
    """What Omie had of the record when it was last read.

    Attributes:
        columns: comment and value of each column; of those that tell of a person also ``True``.
    """

    title: str
    columns: tuple[tuple[str, Any, bool], ...]
    read_at: datetime
    gone_at: datetime | None
    changed_at: datetime | None
    changed_by: str


@dataclass(frozen=True, slots=True)
class RecordDeed:
    """Something that a person did to the record: the kind of it, and what stands since."""

    at: datetime
    by: str
    kind: str
    what: str


@dataclass(frozen=True, slots=True)
class OneRecord:
    """All that is known of one record.

    Attributes:
        refused: why it is not in Omie as the clinic has it now.
        calls: the newest first, thirty at most.
        dependents: what acts upon it or names it, fifty at most.
    """

    key: RecordKey
    known: InLedger | None
    refused: tuple[RefusedEntry, ...]
    copies: tuple[CopiedRow, ...]
    payloads: tuple[Row, ...]
    calls: tuple[Call, ...]
    in_omie: tuple[OmieRecord, ...]
    dependents: tuple[InLedger, ...]
    note: NoteState | None
    note_steps: tuple[Transition, ...]
    deeds: tuple[RecordDeed, ...]

    @property
    def unknown(self) -> bool:
        """Whether nothing at all is known of it."""
        return not (self.known or self.refused or self.payloads or self.copies)


def one_record(
    engine: sa.Engine, key: RecordKey, behind: Mapping[str, Sequence[SourceTable]]
) -> OneRecord:
    """Gather what is known of a record.

    Args:
        engine: one that shows some empresas only.
        key: the record.
        behind: canonical table -> the copied tables that it reads.

    Raises:
        WarehouseError: the database is gone.
    """
    endpoint = REGISTRY[key.endpoint]
    wanted = ListFilter((key.empresa,), (key.endpoint,), codes=(key.code,))
    with warehouse_errors(), engine.connect() as connection:
        known = _ledger(connection, key.empresa, (key.endpoint,), (key.code,))
        made = payload_rows(connection, endpoint, [key.code])
        payloads = tuple(made.get((key.empresa, key.code), ()))
        copies = _copies(connection, key, payloads, behind)
        calls = _calls(connection, key)
        in_omie = _in_omie(connection, key, known[0] if known else None)
        deeds = _deeds(connection, key)
    note = states(engine, key.empresa, [key.code]).get(key.code) if key.endpoint in _NOTES else None
    return OneRecord(
        key=key,
        known=known[0] if known else None,
        refused=(
            *quarantined_rows(engine, wanted),
            *rejected_rows(engine, wanted),
            *held_rows(engine, wanted),
        ),
        copies=copies,
        payloads=payloads,
        calls=calls,
        in_omie=in_omie,
        dependents=_dependents(engine, key),
        note=note,
        note_steps=tuple(transitions(engine, key.empresa, key.code)) if note else (),
        deeds=deeds,
    )


def find_records(
    engine: sa.Engine, empresas: Sequence[str], codes: Collection[str]
) -> tuple[RecordKey, ...]:
    """Records with one of these codes, whatever they are.

    Args:
        engine: one that shows some empresas only.
        empresas: whose.
        codes: our codes.
    """
    endpoints = tuple(one.name for one in WRITABLE)
    found: dict[RecordKey, None] = {}
    with warehouse_errors(), engine.connect() as connection:
        for table in (ledger, quarantine):
            c = table.c
            query = sa.select(c.empresa, c.endpoint, c.codigo_integracao).where(
                c.empresa.in_(empresas),
                c.endpoint.in_(endpoints),
                c.codigo_integracao.in_(sorted(codes)),
            )
            for row in connection.execute(query):
                found[RecordKey(row[0], row[1], row[2])] = None
    return tuple(sorted(found, key=lambda one: (endpoints.index(one.endpoint), one.empresa)))


def _ledger(
    connection: sa.Connection, empresa: str, endpoints: Collection[str], codes: Collection[str]
) -> list[InLedger]:
    c = ledger.c
    query = sa.select(ledger).where(
        c.empresa == empresa, c.endpoint.in_(endpoints), c.codigo_integracao.in_(codes)
    )
    return [_known(row) for row in connection.execute(query)]


def _known(row: sa.Row[Any]) -> InLedger:
    return InLedger(
        key=RecordKey(row.empresa, row.endpoint, row.codigo_integracao),
        state=row.state,
        omie_id=str(row.omie_id or row.omie_code or ""),
        created_here=row.created_here,
        parent_code=row.parent_code or "",
        attempts=row.attempts,
        last_error=row.last_error or "",
        held_until=row.held_until,
        first_seen_at=row.first_seen_at,
        confirmed_at=row.confirmed_at,
        updated_at=row.updated_at,
    )


def _copies(
    connection: sa.Connection,
    key: RecordKey,
    payloads: Sequence[Row],
    behind: Mapping[str, Sequence[SourceTable]],
) -> tuple[CopiedRow, ...]:
    told = [
        Origin(str(row["_origem_tabela"]), str(row["_origem_id"]))
        for row in payloads
        if row.get("_origem_tabela") and row.get("_origem_id")
    ]
    found = []
    for origin in dict.fromkeys((*told, *origins_of(key.endpoint, key.code))):
        for table in behind.get(origin.table, ()):
            if len(table.key) != 1:
                continue
            rows = rows_seen(connection, RAW_SCHEMA, table.name, table.key[0], [origin.id])
            found += [
                CopiedRow(table.name, row) for row in rows if row.get("_empresa") == key.empresa
            ]
    return tuple(found)


def _calls(connection: sa.Connection, key: RecordKey) -> tuple[Call, ...]:
    c = attempt.c
    query = (
        sa.select(attempt)
        .where(
            c.empresa == key.empresa,
            c.endpoint == key.endpoint,
            c.codigo_integracao == key.code,
        )
        .order_by(c.attempt_id.desc())
        .limit(_MOST_CALLS)
    )
    return tuple(
        Call(
            row.at,
            row.method,
            row.request,
            row.response,
            row.http_status,
            row.fault_text or "",
            row.duration_ms,
        )
        for row in connection.execute(query)
    )


def _in_omie(
    connection: sa.Connection, key: RecordKey, known: InLedger | None
) -> tuple[OmieRecord, ...]:
    if known is None or not known.omie_id:
        return ()
    found = []
    for mirror in MIRROR.values():
        if mirror.ledger != key.endpoint or len(mirror.key) != 1:
            continue
        table = tables.metadata.tables[f"{tables.OMIE}.{mirror.table}"]
        c = table.c
        mine = sa.cast(known.omie_id, c[mirror.key[0]].type)
        query = sa.select(table).where(c.empresa == key.empresa, c[mirror.key[0]] == mine)
        found += [
            OmieRecord(
                mirror.title,
                tuple(
                    (column.comment, getattr(row, column.name), bool(column.personal))
                    for column in mirror.columns
                    if getattr(row, column.name) not in (None, "", [], {})
                ),
                row.lido_em,
                row.excluido_em,
                row.alterado_em,
                row.alterado_por or "",
            )
            for row in connection.execute(query)
        ]
    return tuple(found)


def _dependents(engine: sa.Engine, key: RecordKey) -> tuple[InLedger, ...]:
    """What acts upon the record, by the ledger, and what names it, by the payload tables."""
    c = ledger.c
    acts = [one.name for one in WRITABLE if _acts_upon(one, key.endpoint)]
    with warehouse_errors(), engine.connect() as connection:
        query = sa.select(ledger).where(
            c.empresa == key.empresa, c.endpoint.in_(acts), c.parent_code == key.code
        )
        found = {
            one.key: one for one in map(_known, connection.execute(query.limit(_MOST_DEPENDENTS)))
        }
    for name, rows in codes_naming(engine, key.endpoint, [key.code]).items():
        column = REGISTRY[name].key_column
        codes = [str(row[column]) for row in rows if row["empresa"] == key.empresa]
        with warehouse_errors(), engine.connect() as connection:
            for one in _ledger(connection, key.empresa, (name,), codes[:_MOST_DEPENDENTS]):
                found.setdefault(one.key, one)
    newest = sorted(found.values(), key=lambda one: one.updated_at, reverse=True)
    return tuple(newest[:_MOST_DEPENDENTS])


def _acts_upon(endpoint: Endpoint, target: str) -> bool:
    return bool(endpoint.parent_field) and (endpoint.parent_field, target) in endpoint.references


def _deeds(connection: sa.Connection, key: RecordKey) -> tuple[RecordDeed, ...]:
    a, f, p, r = console_action.c, conflict.c, stored_plan.c, stored_plan_row.c
    mine = (key.empresa, key.endpoint, key.code)
    asked = sa.select(a.asked_at, a.done_by, a.kind, a.state).where(
        a.empresa == key.empresa,
        a.subject["endpoint"].astext == key.endpoint,
        a.subject["code"].astext == key.code,
    )
    decided = sa.select(f.decided_at, f.decided_by, f.state, f.field).where(
        sa.tuple_(f.empresa, f.endpoint, f.codigo_integracao) == mine, f.decided_by.is_not(None)
    )
    planned = (
        sa.select(p.made_at, p.made_by, sa.literal("plan"), p.plan_id)
        .where(
            p.empresas.contains([key.empresa]),
            sa.exists().where(
                r.plan_id == p.plan_id,
                sa.tuple_(r.empresa, r.endpoint, r.codigo_integracao) == mine,
            ),
        )
        .order_by(p.made_at.desc())
        .limit(_MOST_CALLS)
    )
    found = [
        RecordDeed(row[0], row[1] or "", row[2], row[3])
        for query in (asked, decided, planned)
        for row in connection.execute(query)
    ]
    return tuple(sorted(found, key=lambda one: one.at, reverse=True))
