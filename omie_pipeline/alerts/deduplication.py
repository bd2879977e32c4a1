"""Open alerts, the channels that received them, and the messages still due to each channel."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.locks import Lane, lane_if_free
from omie_pipeline.postgres.tables import notification, notification_told

REMINDER_AFTER = timedelta(hours=24)
_FORGOTTEN_AFTER = timedelta(days=7)
_LANE = "avisos"

Stage = Literal["new", "reminder", "resolved"]


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that a person should know of, as long as it lasts.

    Attributes:
        key: the same as long as it is the same alert.
        empresa: ``""`` if it concerns no one of them.
        title, text: Portuguese; no personal data and no secret.
    """

    key: str
    empresa: str
    kind: str
    title: str
    text: str
    since: datetime


@dataclass(frozen=True, slots=True)
class DueAlert:
    """An alert that is due to a channel, and in which form."""

    key: str
    empresa: str
    title: str
    text: str
    since: datetime
    resolved_at: datetime | None
    stage: Stage


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert that is on.

    Attributes:
        told_at: last time a channel took a message about it; ``None`` when none ever did.
        times: messages about it that a channel took.
    """

    empresa: str
    kind: str
    title: str
    text: str
    since: datetime
    told_at: datetime | None
    times: int


def telling_lane(engine: sa.Engine) -> AbstractContextManager[Lane | None]:
    """The lane in which alerts are sent: one process at a time, and the others do not wait."""
    return lane_if_free(engine, _LANE)


def record_alerts(
    engine: sa.Engine,
    alerts: Sequence[Alert],
    kinds: Collection[str],
    now: datetime,
    resting: Collection[str] = (),
) -> None:
    """Write what is on at ``now``; open alerts of ``kinds`` that are not among ``alerts`` end.

    An alert of another kind stays as it is: who evaluated did not look for it.

    Args:
        engine: the warehouse.
        alerts: those that hold now.
        kinds: kinds that were looked for.
        now: time of the change.
        resting: keys of open alerts that nobody looked for, which stay as they are.
    """
    n = notification.c
    ended = (
        sa.update(notification)
        .where(
            n.resolved_at.is_(None),
            n.kind.in_(kinds),
            n.key.not_in([*(alert.key for alert in alerts), *resting]),
        )
        .values(resolved_at=now)
    )
    stale = sa.select(n.key).where(n.resolved_at < now - _FORGOTTEN_AFTER)
    with warehouse_errors(), engine.begin() as connection:
        connection.execute(ended)
        connection.execute(sa.delete(notification_told).where(notification_told.c.key.in_(stale)))
        for alert in alerts:
            connection.execute(_opened(alert, now))


def _opened(alert: Alert, now: datetime) -> sa.Executable:
    n = notification.c
    statement = insert(notification).values(
        key=alert.key,
        empresa=alert.empresa,
        kind=alert.kind,
        title=alert.title,
        text=alert.text,
        first_at=alert.since,
        last_at=now,
    )
    new = statement.excluded
    still_on = n.resolved_at.is_(None)
    return statement.on_conflict_do_update(
        index_elements=[n.key],
        set_={
            "title": new.title,
            "text": new.text,
            "last_at": new.last_at,
            "first_at": sa.case((still_on, n.first_at), else_=new.first_at),
            "sent_at": sa.case((still_on, n.sent_at), else_=None),
            "times": sa.case((still_on, n.times), else_=0),
            "resolved_at": None,
        },
    )


def due_alerts(engine: sa.Engine, channel: str, now: datetime) -> tuple[DueAlert, ...]:
    """The alerts that are due to the channel ``channel`` now, oldest first.

    ``new``: on, and it was never told; ``reminder``: on, told 24 hours ago or more;
    ``resolved``: it was sent, and the alert ended.
    """
    n, told = notification.c, notification_told.c
    mine = sa.and_(told.key == n.key, told.channel == channel)
    stage = sa.case(
        (sa.and_(n.resolved_at.is_(None), told.key.is_(None)), "new"),
        (
            sa.and_(n.resolved_at.is_(None), told.sent_at <= now - REMINDER_AFTER),
            "reminder",
        ),
        (sa.and_(n.resolved_at.is_not(None), told.key.is_not(None)), "resolved"),
    )
    query = (
        sa.select(notification, stage.label("stage"))
        .select_from(notification.outerjoin(notification_told, mine))
        .where(stage.is_not(None))
        .order_by(n.first_at, n.key)
    )
    with warehouse_errors(), engine.connect() as connection:
        return tuple(
            DueAlert(
                row.key, row.empresa, row.title, row.text, row.first_at, row.resolved_at, row.stage
            )
            for row in connection.execute(query)
        )


def mark_told(engine: sa.Engine, channel: str, due: Sequence[DueAlert], now: datetime) -> None:
    """Write that the channel took the message about ``due``.

    Args:
        engine: the warehouse.
        channel: digest of the channel.
        due: alerts that the message was about.
        now: time of the change.
    """
    n, told = notification.c, notification_told.c
    ended = [alert.key for alert in due if alert.stage == "resolved"]
    going = [alert.key for alert in due if alert.stage != "resolved"]
    most = sa.select(sa.func.max(told.times)).where(told.key == n.key).scalar_subquery()
    with warehouse_errors(), engine.begin() as connection:
        connection.execute(
            sa.delete(notification_told).where(told.channel == channel, told.key.in_(ended))
        )
        for key in going:
            statement = insert(notification_told).values(
                key=key, channel=channel, sent_at=now, times=1
            )
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=[told.key, told.channel],
                    set_={"sent_at": statement.excluded.sent_at, "times": told.times + 1},
                )
            )
        connection.execute(
            sa.update(notification).where(n.key.in_(going)).values(sent_at=now, times=most)
        )


def open_of(engine: sa.Engine, kind: str = "") -> tuple[Alert, ...]:
    """Alerts that were on at the last evaluation; of one kind, or of any."""
    n = notification.c
    query = (
        sa.select(n.key, n.empresa, n.kind, n.title, n.text, n.first_at)
        .where(n.resolved_at.is_(None), sa.or_(n.kind == kind, sa.literal(not kind)))
        .order_by(n.key)
    )
    with warehouse_errors(), engine.connect() as connection:
        return tuple(
            Alert(row[0], row[1], row[2], row[3], row[4], row[5])
            for row in connection.execute(query)
        )


def open_alerts(engine: sa.Engine) -> tuple[OpenAlert, ...]:
    """Alerts that were on at the last evaluation, oldest first."""
    n = notification.c
    query = sa.select(notification).where(n.resolved_at.is_(None)).order_by(n.first_at, n.key)
    with warehouse_errors(), engine.connect() as connection:
        return tuple(
            OpenAlert(
                row.empresa, row.kind, row.title, row.text, row.first_at, row.sent_at, row.times
            )
            for row in connection.execute(query)
        )
