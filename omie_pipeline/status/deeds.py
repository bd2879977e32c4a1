"""What people decided and started, through whatever door, newest first: who, when, before, after.

Each capability keeps a log of its own; this reads them side by side. What a person did in the
console stands in ``console_action``; where that has a log of its own, it is listed from there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import (
    billing_request,
    conflict,
    console_action,
    duplicate_decision,
    mapping_history,
    pause,
    stored_plan,
    switch,
)

CONSOLE: Final = "console"
_DIGITS: Final = 20
_LOGGED: Final = ("pause", "resume", "switch", "conflict")
"""Kinds of actions of the console that stand in the log of what they decided as well."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that a person decided or started.

    Attributes:
        source: which log has it: ``console``, ``switch``, ``pause``, ``mapping``, ``conflict``,
            ``duplicate``, ``plan_made``, ``plan_approved``, ``plan_applied``, ``billing``.
        key: its place among those of the same moment.
        action: what was done, in the words of its log: ``pause``, ``accept``, ``kept_omie``, …
        subject: what it was about. Values of a conflict may tell of a person.
        before, after: what stood and what was decided; ``None`` where the log does not say.
        error: why it failed.
    """

    source: str
    key: str
    at: datetime
    empresa: str
    by: str
    action: str
    subject: Mapping[str, Any]
    before: Any = None
    after: Any = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of a list ended: the next one begins after it."""

    at: datetime
    key: str


def deeds(
    engine: sa.Engine, empresas: Sequence[str], *, after: Place | None = None, limit: int = 50
) -> tuple[Deed, ...]:
    """What people did for these empresas, newest first.

    Args:
        engine: the warehouse; it may be one that shows some empresas only.
        empresas: whose. A plan over several is listed if all of them are named.
        after: the last one of the page before.
        limit: so many at most.

    Raises:
        WarehouseError: the database is gone.
    """
    parts = [_page(one, after, limit) for one in _sources(empresas)]
    together = sa.union_all(*(sa.select(one.subquery()) for one in parts)).subquery("together")
    query = sa.select(together).order_by(together.c.at.desc(), together.c.key.desc()).limit(limit)
    with warehouse_errors(), engine.connect() as connection:
        return tuple(Deed(**row) for row in connection.execute(query).mappings())


def _page(source: sa.Select[Any], after: Place | None, limit: int) -> sa.Select[Any]:
    found = source.subquery("source")
    query = sa.select(found)
    if after is not None:
        place = sa.tuple_(found.c.at, found.c.key)
        query = query.where(place < sa.tuple_(sa.literal(after.at), sa.literal(after.key)))
    return query.order_by(found.c.at.desc(), found.c.key.desc()).limit(limit)


def _sources(empresas: Sequence[str]) -> tuple[sa.Select[Any], ...]:
    a, s, p, m = console_action.c, switch.c, pause.c, mapping_history.c
    c, d, b = conflict.c, duplicate_decision.c, billing_request.c
    return (
        _source(
            CONSOLE, a.action_id, a.asked_at, a.empresa, a.done_by, a.kind,
            a.subject, a.before, a.after, a.result["error"].astext,
        ).where(a.empresa.in_(empresas), sa.or_(a.kind.not_in(_LOGGED), a.state == "failed")),
        _source(
            "switch", s.switch_id, s.decided_at, s.empresa, s.decided_by, s.setting,
            _object(endpoint=s.endpoint), s.before, s.value,
        ).where(s.empresa.in_(empresas)),
        _source(
            "pause", p.pause_id, p.decided_at, p.empresa, p.decided_by, p.action,
            _object(reason=p.reason),
        ).where(p.empresa.in_(empresas)),
        _source(
            "mapping", m.change_id, m.decided_at, m.empresa, m.decided_by, m.action,
            _object(kind=m.kind, source=m.source, target=m.target),
            sa.func.to_jsonb(m.code_before), sa.func.to_jsonb(m.code_after),
        ).where(m.empresa.in_(empresas)),
        _source(
            "conflict", c.conflict_id, c.decided_at, c.empresa, c.decided_by, c.state,
            _object(endpoint=c.endpoint, code=c.codigo_integracao, field=c.field),
            # What was given up, and what stands.
            sa.case((c.state == "kept_omie", c.clinic_new), else_=c.omie_new),
            sa.case((c.state == "kept_omie", c.omie_new), else_=c.clinic_new),
        ).where(c.empresa.in_(empresas), c.decided_by.is_not(None), c.decided_at.is_not(None)),
        _source(
            "duplicate", d.decision_id, d.decided_at, d.empresa, d.decided_by, d.decision,
            _object(endpoint=d.endpoint, code=d.ledger_code, other=d.other_titulo),
        ).where(d.empresa.in_(empresas)),
        _source(
            "billing", b.cCodIntOS, b["_requested_at"], b.empresa, b["_requested_by"],
            sa.literal("billing"), _object(code=b.cCodIntOS),
        ).where(b.empresa.in_(empresas)),
        *(_plans(step, empresas) for step in ("made", "approved", "applied")),
    )  # fmt: skip


def _plans(step: str, empresas: Sequence[str]) -> sa.Select[Any]:
    p = stored_plan.c
    names = sa.func.array_to_string(p.empresas, ", ")
    subject = _object(plan=p.plan_id, subject=p.subject)
    found = _source(
        f"plan_{step}",
        p.plan_id,
        p[f"{step}_at"],
        names,
        p[f"{step}_by"],
        sa.literal(step),
        subject,
    )
    mine = p.empresas.contained_by(list(empresas))
    return found.where(mine, p[f"{step}_at"].is_not(None), p[f"{step}_by"].is_not(None))


def _source(
    name: str,
    number: sa.ColumnElement[Any],
    at: sa.ColumnElement[Any],
    empresa: sa.ColumnElement[Any],
    by: sa.ColumnElement[Any],
    action: sa.ColumnElement[Any],
    subject: sa.ColumnElement[Any],
    before: sa.ColumnElement[Any] | None = None,
    after: sa.ColumnElement[Any] | None = None,
    error: sa.ColumnElement[Any] | None = None,
) -> sa.Select[Any]:
    """One log in the columns of a deed.

    Args:
        name: of the log.
        number: of the entry in its log.
        at: when.
        empresa: whose.
        by: who.
        action: what was done.
        subject: what it was about, as JSON.
        before: what stood, as JSON.
        after: what was decided, as JSON.
        error: why it failed.
    """
    # Numbers sort as they count: their text is padded to one length.
    written = sa.cast(number, sa.Text)
    key = sa.literal(f"{name}:") + sa.func.lpad(written, _DIGITS, "0") + ":" + written
    nothing = sa.cast(sa.null(), JSONB)
    return sa.select(
        sa.literal(name).label("source"),
        key.label("key"),
        at.label("at"),
        empresa.label("empresa"),
        by.label("by"),
        action.label("action"),
        subject.label("subject"),
        (nothing if before is None else before).label("before"),
        (nothing if after is None else after).label("after"),
        sa.func.coalesce(sa.null() if error is None else error, "").label("error"),
    )


def _object(**parts: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    pairs = [one for name, value in parts.items() for one in (sa.literal(name), value)]
    return sa.func.jsonb_build_object(*pairs, type_=JSONB)
