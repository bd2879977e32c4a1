"""What people do in the console: once, and remembered.

A form carries the id of its action, made when the page was: a second click, or a form that is sent
again after the database was away, is the same action, and gets the outcome of the first. Short
actions are done while the person waits. Long ones are left to a process of their own
(``console.worker``), so that a closed page or a stopped console ends none.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.clock import Clock
from omie_pipeline.errors import OmiePipelineError
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import console_action

ACTION_FIELD: Final = "action_id"
"""Field of every form that does something."""

State = Literal["asked", "running", "done", "failed"]
_ID_BYTES: Final = 18


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks for.

    Attributes:
        action_id: from the form.
        kind: what is to be done, ``pause`` say.
        subject: what it is about: codes and choices, never a name or a document.
        before: what stood when it was asked.
    """

    action_id: str
    empresa: str
    kind: str
    by: str
    subject: Mapping[str, Any]
    before: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What came of an action.

    Attributes:
        after: what stands now.
        result: what the person is told.
    """

    after: Mapping[str, Any] | None = None
    result: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Action:
    """An action as it is remembered."""

    action_id: str
    empresa: str
    kind: str
    by: str
    subject: Mapping[str, Any]
    state: State
    asked_at: datetime
    began_at: datetime | None
    finished_at: datetime | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    result: Mapping[str, Any]

    @property
    def over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state in ("done", "failed")


def new_action() -> str:
    """An id for the action of a form that is being made."""
    return secrets.token_urlsafe(_ID_BYTES)


def ask(engine: sa.Engine, clock: Clock, asked: Asked) -> bool:
    """Remember what is asked for; false if it was asked for before.

    Args:
        engine: the warehouse.
        clock: the deployment's.
        asked: by whom and what.
    """
    statement = insert(console_action).values(
        action_id=asked.action_id,
        empresa=asked.empresa,
        kind=asked.kind,
        done_by=asked.by,
        subject=dict(asked.subject),
        before=None if asked.before is None else dict(asked.before),
        asked_at=clock.now(),
        state="asked",
    )
    new = statement.on_conflict_do_nothing().returning(console_action.c.action_id)
    with warehouse_errors(), engine.begin() as connection:
        return connection.execute(new).first() is not None


def perform(engine: sa.Engine, clock: Clock, asked: Asked, do: Callable[[], Done]) -> Action:
    """Do a short action, once; a second time its first outcome is told.

    Args:
        engine: the warehouse.
        clock: the deployment's.
        asked: by whom and what.
        do: does it. Two at the same moment: the use case decides, as everywhere.

    Raises:
        OmiePipelineError: what ``do`` refused; it is remembered as failed.
    """
    new = ask(engine, clock, asked)
    if not new:
        before = find_action(engine, asked.action_id)
        # Another's id, or one that was broken off: the use cases are safe to be called again.
        if before is not None and before.by == asked.by and before.over:
            return before
    begin(engine, clock, asked.action_id)
    try:
        done = do()
    except OmiePipelineError as error:
        end(engine, clock, asked.action_id, "failed", Done(result={"error": str(error)}))
        raise
    end(engine, clock, asked.action_id, "done", done)
    return _known(engine, asked.action_id)


def begin(engine: sa.Engine, clock: Clock, action_id: str) -> None:
    """Remember that somebody is at it."""
    _change(engine, action_id, {"state": "running", "began_at": clock.now()})


def note_progress(engine: sa.Engine, action_id: str, so_far: Done) -> None:
    """Remember what a long action has done so far, for who looks meanwhile."""
    _change(engine, action_id, {"result": dict(so_far.result)})


def end(
    engine: sa.Engine, clock: Clock, action_id: str, state: Literal["done", "failed"], done: Done
) -> None:
    """Remember what came of it.

    Args:
        engine: the warehouse.
        clock: the deployment's.
        action_id: of the action.
        state: how it ended.
        done: what stands now, and what people are told.
    """
    values = {
        "state": state,
        "finished_at": clock.now(),
        "after": None if done.after is None else dict(done.after),
        "result": dict(done.result),
    }
    _change(engine, action_id, values)


def _known(engine: sa.Engine, action_id: str) -> Action:
    query = sa.select(console_action).where(console_action.c.action_id == action_id)
    with warehouse_errors(), engine.connect() as connection:
        return _action(connection.execute(query).one())


def find_action(engine: sa.Engine, action_id: str) -> Action | None:
    """One action; through a confined engine only that of an empresa that may be seen."""
    query = sa.select(console_action).where(console_action.c.action_id == action_id)
    with warehouse_errors(), engine.connect() as connection:
        row = connection.execute(query).first()
    return None if row is None else _action(row)


def actions_of(
    engine: sa.Engine, empresas: Sequence[str], *, unfinished: bool = False, limit: int = 50
) -> tuple[Action, ...]:
    """What was done of late, newest first.

    Args:
        engine: the warehouse.
        empresas: whose.
        unfinished: only those that are not over.
        limit: so many at most.
    """
    c = console_action.c
    query = sa.select(console_action).where(c.empresa.in_(empresas))
    if unfinished:
        query = query.where(c.state.in_(("asked", "running")))
    with warehouse_errors(), engine.connect() as connection:
        rows = connection.execute(query.order_by(c.asked_at.desc()).limit(limit)).all()
    return tuple(_action(row) for row in rows)


def _change(engine: sa.Engine, action_id: str, values: Mapping[str, Any]) -> None:
    statement = sa.update(console_action).where(console_action.c.action_id == action_id)
    with warehouse_errors(), engine.begin() as connection:
        connection.execute(statement.values(**values))


def _action(row: sa.Row[Any]) -> Action:
    return Action(
        row.action_id,
        row.empresa,
        row.kind,
        row.done_by,
        row.subject,
        row.state,
        row.asked_at,
        row.began_at,
        row.finished_at,
        row.before,
        row.after,
        row.result or {},
    )
