"""Alerts into messages: each channel receives each alert once, and its resolution once."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa

from omie_pipeline.alerts.conditions import KINDS, told_moment
from omie_pipeline.alerts.deduplication import (
    Alert,
    DueAlert,
    due_alerts,
    mark_told,
    record_alerts,
    telling_lane,
)
from omie_pipeline.errors import TakenOver
from omie_pipeline.texts import alerts as texts

_LOG = logging.getLogger(__name__)
_ORDER = tuple(texts.HEADS)
_LONGEST_LIST = 20


@dataclass(frozen=True, slots=True)
class Message:
    """What one channel is to be sent; Portuguese, plain text."""

    title: str
    body: str


class Channel(Protocol):
    """Where messages go.

    Attributes:
        digest: what the warehouse remembers the channel by; its address cannot be read from it.
        service: what kind of service it is, ``Slack`` say: all that is ever shown of it.
    """

    @property
    def digest(self) -> str: ...

    @property
    def service(self) -> str: ...

    def covers(self, empresa: str) -> bool:
        """Whether it receives alerts of this empresa (``""``: those that concern all)."""

    def send(self, message: Message) -> bool:
        """Send once; false when the service did not take it. Raises nothing."""


@dataclass(frozen=True, slots=True)
class ChannelResult:
    """How the message to one channel went."""

    service: str
    alerts: int
    ok: bool


def send_test(channels: Sequence[Channel]) -> tuple[ChannelResult, ...]:
    """Send a message of no consequence to each channel, once."""
    message = Message(texts.TEST_TITLE, texts.TEST_TEXT)
    return tuple(ChannelResult(one.service, 0, one.send(message)) for one in channels)


def send_alerts(
    engine: sa.Engine,
    alerts: Sequence[Alert],
    channels: Sequence[Channel],
    now: datetime,
    kinds: Collection[str] = KINDS,
    resting: Collection[str] = (),
) -> tuple[ChannelResult, ...] | None:
    """Remember ``alerts`` and tell every channel what it has not heard, in one message each.

    Alerts are sent when they begin, again every 24 hours, and once when they end. What a
    channel does not take stays due for the next time. A process that dies between sending and
    remembering, or loses its lane there, makes that one message come twice, never not at all.

    Args:
        engine: the warehouse.
        alerts: alerts that hold now.
        channels: channels that are configured.
        now: time of the check.
        kinds: what was looked for: an open alert of these kinds that is not in ``alerts`` ended.
        resting: keys of open alerts that were not looked for: nobody is told of them, and none has
            ended.

    Returns:
        the messages, one per channel that had something to hear; ``None`` when another process is
        telling right now, and this one has told nobody.

    Raises:
        WarehouseError: the database is gone.
    """
    sent: list[ChannelResult] = []
    with telling_lane(engine) as held:
        if held is None:
            return None
        try:
            record_alerts(held.engine, alerts, kinds, now, resting)
            for channel in channels:
                found = due_alerts(held.engine, channel.digest, now)
                due = _for(channel, [one for one in found if one.key not in resting])
                if not due:
                    continue
                held.check()
                ok = channel.send(compose(due))
                sent.append(ChannelResult(channel.service, len(due), ok))
                if ok:
                    mark_told(held.engine, channel.digest, due, now)
                else:
                    _LOG.warning(texts.NOT_SENT, channel.service)
        except TakenOver:
            # The process that has the lane by now sends the others.
            return tuple(sent) or None
    return tuple(sent)


def compose(due: Sequence[DueAlert]) -> Message:
    """All of ``due`` as one message: what is new first, what ended last."""
    ordered = sorted(due, key=lambda one: _ORDER.index(one.stage))
    parts = [_part(one) for one in ordered[:_LONGEST_LIST]]
    if len(ordered) > _LONGEST_LIST:
        parts.append(texts.more_alerts(len(ordered) - _LONGEST_LIST))
    return Message(f"omie_pipeline: {_title(ordered)}", "\n\n".join(parts))


def _title(ordered: Sequence[DueAlert]) -> str:
    if len(ordered) == 1:
        return f"{texts.HEADS[ordered[0].stage]}: {ordered[0].title}"
    numbers = [(sum(one.stage == stage for one in ordered), stage) for stage in _ORDER]
    names = {
        "new": (texts.ONE_NEW, texts.NEW_ALERTS),
        "reminder": (texts.ONE_LASTING, texts.LASTING_ALERTS),
        "resolved": (texts.ONE_RESOLVED, texts.RESOLVED_ALERTS),
    }
    told = [
        names[stage][0] if number == 1 else f"{number} {names[stage][1]}"
        for number, stage in numbers
        if number
    ]
    return ", ".join(told)


def _part(one: DueAlert) -> str:
    head = f"{texts.HEADS[one.stage]}: {one.title}"
    if one.resolved_at is not None:
        return texts.resolved_between(
            head=head, since=told_moment(one.since), until=told_moment(one.resolved_at)
        )
    return f"{head}\n{one.text}"


def _for(channel: Channel, due: Sequence[DueAlert]) -> list[DueAlert]:
    """Send the resolution only to channels that received the alert."""
    return [one for one in due if one.stage == "resolved" or channel.covers(one.empresa)]
