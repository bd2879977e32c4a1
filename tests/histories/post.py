"""The way of Omie's webhooks in a history: events come late, twice, out of order, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from omie_pipeline import decimal_json
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.inbox.events import INSERT_EVENTS, NewEvent, as_arrays
from omie_pipeline.simulator.engine.server import Simulator
from omie_pipeline.simulator.webhooks import Message
from omie_pipeline.webhooks.auth import WebhookAddress
from omie_pipeline.webhooks.message import read_message
from tests.push.world import EMPRESA

_TOPICS = {"ClienteFornecedor.": "clientes", "Financas.ContaReceber.": "contas_receber"}
_NOWHERE = "http://127.0.0.1:9/omie"


@dataclass(frozen=True)
class Arrived:
    """What an event is about.

    Attributes:
        endpoint, code: of the record; the code is empty where the event does not say it.
        made_at: when it happened in Omie.
        ours: it is of our own change.
    """

    endpoint: str
    code: str
    made_at: datetime
    ours: bool


@dataclass
class Post:
    """Events that Omie has sent and that have not arrived.

    Attributes:
        waiting: the oldest first.
    """

    simulator: Simulator
    engine: sa.Engine
    waiting: list[Message] = field(default_factory=list)

    def begin(self) -> None:
        """Take whatever Omie sends from now on; nothing reaches an address by itself."""
        self.waiting.clear()
        webhooks = self.simulator.control._engine.webhooks
        self.simulator.control.set_webhook(_NOWHERE)
        webhooks.__dict__["send"] = self.waiting.append

    def arrive(self, place: int, now: datetime, *, again: bool = False) -> Arrived | None:
        """One of those that wait arrives; ``again``: it will come once more.

        Args:
            place: which one, counted round.
            now: time of the arrival.
            again: whether Omie sends it a second time.
        """
        if not self.waiting:
            return None
        place %= len(self.waiting)
        message = self.waiting[place] if again else self.waiting.pop(place)
        door = WebhookAddress(EMPRESA, "s" * 32, message.app_key)
        event = read_message(message.body, door, now)
        assert isinstance(event, NewEvent)
        with self.engine.begin() as connection:
            connection.exec_driver_sql(INSERT_EVENTS, as_arrays([event]))
        content = decimal_json.loads(message.body)
        endpoint = next((to for of, to in _TOPICS.items() if event.topic.startswith(of)), "")
        code = _code(endpoint, content["event"])
        ours = content["author"]["name"] == "Integração"
        return Arrived(endpoint, code, datetime.fromtimestamp(message.made_at, UTC), ours)


def _code(endpoint: str, event: Any) -> str:
    if not endpoint or not isinstance(event, Mapping):
        return ""
    return str(event.get(REGISTRY[endpoint].integration_key) or "")
