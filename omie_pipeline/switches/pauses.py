"""Empresas that rest: schedules, sensors and alerts leave them alone, and nothing reaches Omie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from omie_pipeline.clock import BRASILIA
from omie_pipeline.errors import EmpresaPaused
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import pause
from omie_pipeline.texts import switches as texts

PAUSED: Final = "empresa_paused"
"""``error_code`` of rows that a pause kept back."""

Action = Literal["pause", "resume"]


@dataclass(frozen=True, slots=True)
class PauseChange:
    """A pause that somebody began or ended.

    Attributes:
        reason: why, as they put it; ``""`` if they did not say.
    """

    empresa: str
    action: Action
    reason: str
    decided_by: str
    decided_at: datetime

    @property
    def told(self) -> str:
        """The pause for people: since when, who decided it and why."""
        return texts.paused(
            empresa=self.empresa,
            since=self.decided_at.astimezone(BRASILIA),
            by=self.decided_by,
            reason=self.reason,
        )


def pauses_in_force(engine: sa.Engine, empresas: Sequence[str]) -> Mapping[str, PauseChange]:
    """The empresas that rest, with the decision that stands.

    Raises:
        WarehouseError: the database is gone.
    """
    p = pause.c
    newest = (
        sa.select(pause)
        .ext(distinct_on(p.empresa))
        .where(p.empresa.in_(empresas))
        .order_by(p.empresa, p.pause_id.desc())
        .subquery("newest")
    )
    query = sa.select(newest).where(newest.c.action == "pause").order_by(newest.c.empresa)
    with warehouse_errors(), engine.connect() as connection:
        return {row.empresa: _change(row) for row in connection.execute(query)}


def pause_in_force(engine: sa.Engine, empresa: str) -> PauseChange | None:
    """The pause of an empresa, if it rests."""
    return pauses_in_force(engine, [empresa]).get(empresa)


def refuse_paused(engine: sa.Engine, empresa: str) -> None:
    """Stop if the empresa rests.

    Raises:
        EmpresaPaused: says since when, who decided it and why.
    """
    found = pause_in_force(engine, empresa)
    if found is not None:
        raise EmpresaPaused(found.told)


def change_pause(
    engine: sa.Engine, empresa: str, action: Action, reason: str, by: str, now: datetime
) -> PauseChange | None:
    """Pause an empresa or resume it; what others decided before stays in the log.

    Args:
        engine: the warehouse.
        empresa: its name.
        action: what is decided.
        reason: why.
        by: who decides.
        now: when.

    Returns:
        The decision that stood before; ``None`` if there was none.
    """
    p = pause.c
    standing = sa.select(pause).where(p.empresa == empresa).order_by(p.pause_id.desc()).limit(1)
    # Two at once come one after the other: each learns what it put an end to.
    alone = sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"omie_sync.pause:{empresa}")))
    with warehouse_errors(), engine.begin() as connection:
        connection.execute(alone)
        before = connection.execute(standing).first()
        connection.execute(
            sa.insert(pause).values(
                empresa=empresa,
                action=action,
                reason=reason or None,
                decided_by=by,
                decided_at=now,
            )
        )
    return None if before is None else _change(before)


def pause_history(engine: sa.Engine, empresas: Sequence[str]) -> tuple[PauseChange, ...]:
    """Every decision, the newest first."""
    query = sa.select(pause).where(pause.c.empresa.in_(empresas)).order_by(pause.c.pause_id.desc())
    with warehouse_errors(), engine.connect() as connection:
        return tuple(_change(row) for row in connection.execute(query))


def _change(row: sa.Row[tuple[object, ...]]) -> PauseChange:
    return PauseChange(row.empresa, row.action, row.reason or "", row.decided_by, row.decided_at)
