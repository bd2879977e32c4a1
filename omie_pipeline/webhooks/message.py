"""A body as an event to store (omie-api.md#webhook-events).

What comes through the right door is never refused for its shape: Omie would send it again for days
and hold back every event behind it. It is stored, flagged and ignored.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any

from omie_pipeline import decimal_json
from omie_pipeline.catalog.topics import records_of, rule_for
from omie_pipeline.inbox.events import NewEvent, State
from omie_pipeline.texts import webhooks as texts
from omie_pipeline.webhooks.auth import WebhookAddress

_HIDDEN = ("appKey", "appHash", "app_key", "app_secret")
_ID_LENGTH = 200


class NotStored(Enum):
    """A body that is no event of this empresa.

    ``FOREIGN`` names another app: it is forged, or sent to the wrong address.
    """

    PING = "ping"
    FOREIGN = "foreign"


def read_message(body: bytes, door: WebhookAddress, received_at: datetime) -> NewEvent | NotStored:
    """The event in ``body``; ``PING`` for Omie's test (``{"ping":"omie"}``)."""
    try:
        content = decimal_json.loads(body)
    except (ValueError, RecursionError):
        return _flagged(body, door, received_at, unstorable(body), texts.UNREADABLE)
    if not isinstance(content, Mapping):
        return _flagged(body, door, received_at, unstorable(body), texts.UNKNOWN_SHAPE)
    app_key = content.get("appKey")
    if isinstance(app_key, str | int) and not door.owns(str(app_key)):
        return NotStored.FOREIGN
    if "ping" in content and "topic" not in content:
        return NotStored.PING
    raw = _raw(content, body)
    topic = content.get("topic")
    if not isinstance(topic, str) or not topic.strip() or "event" not in content:
        return _flagged(body, door, received_at, raw, texts.UNKNOWN_SHAPE)
    if not isinstance(app_key, str | int):
        return _flagged(body, door, received_at, raw, texts.WITHOUT_KEY)
    return _event(content, topic.strip(), body, raw, door, received_at)


def unstorable(body: bytes) -> str:
    """JSON text that keeps any bytes at all."""
    return decimal_json.dumps({"corpo_base64": base64.b64encode(body).decode("ascii")})


def _event(
    content: Mapping[str, Any],
    topic: str,
    body: bytes,
    raw: str,
    door: WebhookAddress,
    received_at: datetime,
) -> NewEvent:
    rule = rule_for(topic)
    records = records_of(topic, content["event"])
    state: State = "ignored" if rule is None else "pending"
    return NewEvent(
        empresa=door.empresa,
        message_id=_message_id(content.get("messageId"), body),
        topic=_text(topic),
        received_at=received_at,
        author=_author(content.get("author")),
        raw=raw,
        records=decimal_json.dumps(records),
        tables=() if rule is None else rule.tables,
        state=state,
        error=texts.NOT_MIRRORED if rule is None else "",
        body=body,
    )


def _flagged(
    body: bytes, door: WebhookAddress, received_at: datetime, raw: str, reason: str
) -> NewEvent:
    return NewEvent(
        empresa=door.empresa,
        message_id=_message_id(None, body),
        topic="",
        received_at=received_at,
        author="",
        raw=raw,
        records="{}",
        tables=(),
        state="ignored",
        error=reason,
        body=body,
    )


def _message_id(given: object, body: bytes) -> str:
    """Omie's ``messageId``; a digest of the body if it has none, so that it stays idempotent."""
    if isinstance(given, str) and 0 < len(given) <= _ID_LENGTH:
        return _text(given)
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _author(author: object) -> str:
    """The user's number; the name and the e-mail stay out."""
    number = author.get("userId") if isinstance(author, Mapping) else None
    return str(number) if isinstance(number, int) else ""


def _raw(content: Mapping[str, Any], body: bytes) -> str:
    kept = {name: value for name, value in content.items() if name not in _HIDDEN}
    try:
        return decimal_json.dumps(kept)
    except (ValueError, RecursionError):
        return unstorable(body)


def _text(value: str) -> str:
    """Text that PostgreSQL takes."""
    return value[:_ID_LENGTH].replace("\x00", "").encode("utf-8", "replace").decode()
