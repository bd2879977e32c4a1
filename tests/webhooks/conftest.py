"""A running receiver over a database of its own, and what a sender sees."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
import sqlalchemy as sa

from omie_pipeline.webhooks.auth import WebhookAddress
from omie_pipeline.webhooks.server import Receiver
from tests.local_http import NO_TLS
from tests.webhooks.bodies import APP_KEY, SECRET

DOOR = WebhookAddress("principal", SECRET, APP_KEY)


@pytest.fixture
def receiver(database_url: str) -> Iterator[Receiver]:
    with Receiver([DOOR], database_url, port=0) as running:
        yield running


@pytest.fixture
def url(receiver: Receiver) -> str:
    """The address given to Omie."""
    return receiver.url(DOOR)


@pytest.fixture
def omie() -> Iterator[httpx.Client]:
    """A sender that waits as long as Omie does."""
    with httpx.Client(verify=NO_TLS, timeout=7, trust_env=False) as client:
        yield client


class Stored:
    """What the inbox holds."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def rows(self) -> list[sa.RowMapping]:
        query = sa.text("SELECT * FROM omie_inbox.events ORDER BY received_at, message_id")
        with self._engine.connect() as connection:
            return list(connection.execute(query).mappings())

    def one(self) -> sa.RowMapping:
        (row,) = self.rows()
        return row


@pytest.fixture
def stored(engine: sa.Engine) -> Stored:
    return Stored(engine)
