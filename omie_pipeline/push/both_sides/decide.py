"""Fields on which clinic and Omie differ, as a person lists them and decides."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import conflict

Keep = Literal["clinica", "omie"]
ConflictState = Literal["open", "kept_clinica", "kept_omie", "overwritten", "gone"]
"""``open``: waits for a person; ``kept_clinica``, ``kept_omie``: decided, by a person or by the
policy; ``overwritten``: a person's change in Omie was found to have been replaced unseen; ``gone``:
the sides agree again."""

UNDECIDED: tuple[ConflictState, ...] = ("open", "overwritten")


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """One field of one record; values are personal data.

    Attributes:
        policy: who wins by the policy: ``clinica``, ``omie``, ``pessoa``, ``so_se_vazio``.
        clinic_old, omie_old: when Omie last confirmed the record; ``None``: empty or unknown.
        clinic_new, omie_new: as they were compared.
        omie_changed_at, omie_changed_by: the record's last change, as Omie says.
        decided_by: a person; ``None``: the policy, or nobody yet.
        seen_at: when a comparison first showed it.
    """

    conflict_id: int
    empresa: str
    endpoint: str
    codigo_integracao: str
    field: str
    policy: str
    state: ConflictState
    clinic_old: Any
    clinic_new: Any
    omie_old: Any
    omie_new: Any
    omie_changed_at: datetime | None
    omie_changed_by: str | None
    decided_by: str | None
    decided_at: datetime | None
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class WantedConflicts:
    """Which conflicts are meant; empty leaves a side open.

    Attributes:
        code: integration code of the record.
        field: name of one field.
        states: states of the conflicts.
        limit: the newest so many.
        before: those older than this one.
    """

    empresas: tuple[str, ...] = ()
    endpoint: str = ""
    code: str = ""
    field: str = ""
    states: tuple[ConflictState, ...] = ()
    limit: int | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Resolved:
    """What came of a decision.

    Attributes:
        decided: conflicts that it decided.
        before: what had been decided already of the other fields that are meant, the newest of
            each; nothing was changed of these.
        changed: something else waited than the person had been shown, and nothing was decided.
    """

    decided: tuple[FieldConflict, ...]
    before: tuple[FieldConflict, ...]
    changed: bool = False


def conflicts(engine: sa.Engine, wanted: WantedConflicts) -> tuple[FieldConflict, ...]:
    """The conflicts that are meant, the newest first.

    Raises:
        WarehouseError: the database is gone.
    """
    query = (
        sa.select(*_columns()).where(*_meant(wanted)).order_by(conflict.c.conflict_id.desc())
    ).limit(wanted.limit)
    with warehouse_errors(), engine.connect() as connection:
        return _read(connection, query)


def digest_of(lines: Iterable[FieldConflict]) -> str:
    """A digest of conflicts as they are shown: which ones, and both values of each."""
    told = sorted(
        [one.conflict_id, one.state, json.dumps([one.clinic_new, one.omie_new], default=str)]
        for one in lines
    )
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def resolve(
    engine: sa.Engine,
    wanted: WantedConflicts,
    keep: Keep,
    by: str,
    now: datetime,
    seen: str | None = None,
) -> Resolved:
    """Decide what waits for a person: the next push sends the clinic's value, or leaves Omie's
    alone until the clinic's changes again. Of two persons at once, the first decides. What was
    overwritten is taken notice of by keeping the clinic's value: Omie's is gone. All of it is
    decided, or nothing.

    Args:
        engine: the warehouse.
        wanted: the record, and perhaps one field of it.
        keep: whose value stands.
        by: name of the person.
        now: time of the decision.
        seen: digest of what the person was shown (:func:`digest_of`); nothing is decided if
            something else waits by now. ``None``: whatever waits.

    Raises:
        WarehouseError: the database is gone; nothing was decided.
    """
    c = conflict.c
    waiting = (
        sa.select(*_columns())
        .where(*_meant(wanted), c.state.in_(UNDECIDED))
        .order_by(c.conflict_id)
        .with_for_update()
    )
    with warehouse_errors(), engine.begin() as connection:
        found = _read(connection, waiting)
        changed = bool(found) and seen is not None and digest_of(found) != seen
        mine = [one.conflict_id for one in found if keep == "clinica" or one.state == "open"]
        statement = (
            sa.update(conflict)
            .where(c.conflict_id.in_([] if changed else mine))
            .values(state=f"kept_{keep}", decided_by=by, decided_at=now)
            .returning(*_columns())
        )
        decided = _read(connection, statement)
        fields = {(one.empresa, one.endpoint, one.field) for one in decided}
        earlier = (
            sa.select(*_columns())
            .where(*_meant(wanted), c.decided_by.is_not(None))
            .order_by(c.conflict_id.desc())
        )
        before: dict[tuple[str, str, str], FieldConflict] = {}
        for one in _read(connection, earlier):
            name = (one.empresa, one.endpoint, one.field)
            if name not in fields:
                before.setdefault(name, one)
    return Resolved(decided, tuple(before.values()), changed)


@dataclass(frozen=True, slots=True)
class Overwritten:
    """Records of one endpoint of which a change in Omie was replaced unseen."""

    empresa: str
    endpoint: str
    records: int
    since: datetime


def overwritten(engine: sa.Engine, empresas: Sequence[str]) -> tuple[Overwritten, ...]:
    """What nobody has taken notice of yet, by empresa and endpoint.

    Raises:
        WarehouseError: the database is gone.
    """
    c = conflict.c
    query = (
        sa.select(
            c.empresa,
            c.endpoint,
            sa.func.count(c.codigo_integracao.distinct()),
            sa.func.min(c.seen_at),
        )
        .where(c.empresa.in_(empresas), c.state == "overwritten")
        .group_by(c.empresa, c.endpoint)
        .order_by(c.empresa, c.endpoint)
    )
    with warehouse_errors(), engine.connect() as connection:
        return tuple(
            Overwritten(row[0], row[1], row[2], row[3]) for row in connection.execute(query)
        )


def _columns() -> Sequence[sa.Column[Any]]:
    return [conflict.c[name] for name in FieldConflict.__slots__]


def _meant(wanted: WantedConflicts) -> list[sa.ColumnElement[bool]]:
    c = conflict.c
    meant: list[sa.ColumnElement[bool]] = []
    if wanted.empresas:
        meant.append(c.empresa.in_(wanted.empresas))
    if wanted.endpoint:
        meant.append(c.endpoint == wanted.endpoint)
    if wanted.code:
        meant.append(c.codigo_integracao == wanted.code)
    if wanted.field:
        meant.append(c.field == wanted.field)
    if wanted.states:
        meant.append(c.state.in_(wanted.states))
    if wanted.before is not None:
        meant.append(c.conflict_id < wanted.before)
    return meant


def _read(connection: sa.Connection, query: sa.Executable) -> tuple[FieldConflict, ...]:
    return tuple(FieldConflict(**row._mapping) for row in connection.execute(query))
