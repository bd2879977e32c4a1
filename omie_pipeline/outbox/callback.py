"""A receiver of the clinic's that is told every change by a signed call.

One call tells up to a hundred changes of one empresa in their order, and the next leaves only when
the receiver has said up to which number it has them: so the order of every record is kept, and a
receiver that was away goes on from its number. An answer that does not say so proves nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from omie_pipeline.outbox.read import Change
from omie_pipeline.outbox.targets import TargetError, TargetName
from omie_pipeline.signed_post import Answer, NotDelivered
from omie_pipeline.texts import outbox as texts


class Post(Protocol):
    """How a body gets to the receiver: see :class:`omie_pipeline.signed_post.SignedPost`."""

    def send(self, message_id: str, body: bytes) -> Answer:
        """Post ``body``, signed."""


class Callback:
    """The target ``callback``."""

    name: TargetName = "callback"
    batch = 100

    def __init__(self, post: Post) -> None:
        self._post = post

    def check(self) -> None:
        """Nothing can be seen of a receiver without calling it."""

    def highest(self, empresa: str) -> int | None:  # noqa: ARG002 (the protocol's form)
        """A receiver is not asked what it has."""
        return None

    def deliver(self, changes: Sequence[Change]) -> int:
        """See :class:`omie_pipeline.outbox.targets.Target`."""
        first, last = changes[0], changes[-1]
        message_id = f"{first.empresa}-{first.number}-{last.number}"
        try:
            answer = self._post.send(message_id, body_of(changes))
        except NotDelivered as error:
            raise TargetError(texts.receiver_unreachable(str(error))) from None
        if not 200 <= answer.status < 300:
            raise TargetError(texts.receiver_status(answer.status))
        received = _received(answer.body)
        if received is None or not first.number <= received <= last.number:
            raise TargetError(texts.receiver_no_number(first=first.number, last=last.number))
        return received


def body_of(changes: Sequence[Change]) -> bytes:
    """What is posted: the empresa and the changes, sums as text (exact), days as ISO 8601."""
    content = {"empresa": changes[0].empresa, "changes": [asdict(one) for one in changes]}
    return json.dumps(content, ensure_ascii=False, default=_plain).encode()


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):  # a moment is one, too
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _received(body: bytes) -> int | None:
    try:
        content = json.loads(body)
    except ValueError:
        return None
    number = content.get("received") if isinstance(content, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else None
