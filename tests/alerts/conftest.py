"""Rows as the engine leaves them, a receiver of messages on loopback, and channels in memory."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import sqlalchemy as sa

from omie_pipeline.alerts.send import Message
from omie_pipeline.postgres.omie_tables import import_run
from omie_pipeline.postgres.tables import binding, block, events, quarantine, run

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
TOKEN = "token-que-ninguem-deve-ver"


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


class Rows:
    """Puts history into the warehouse; ``ago`` is in minutes before ``NOW``."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._number = 0

    def _insert(self, table: sa.Table, **values: Any) -> None:
        with self._engine.begin() as connection:
            connection.execute(sa.insert(table).values(**values))

    def push(self, state: str = "done", ago: float = 10, **values: Any) -> None:
        self._number += 1
        counts = values.pop("counts", None) or {"selected": 10, "rejected": 0, "calls": 10}
        self._insert(
            run,
            **{
                "run_id": f"p{self._number}", "empresa": "principal", "endpoint": "clientes",
                "trigger": "cli", "state": state, "started_at": NOW - minutes(ago),
                "counts": [counts], **values,
            },
        )  # fmt: skip

    def reading(self, state: str = "done", ago: float = 10, **values: Any) -> None:
        self._number += 1
        self._insert(
            import_run,
            **{
                "run_id": f"i{self._number}", "empresa": "principal", "table_name": "clientes",
                "mode": "incremental", "trigger": "cli", "state": state,
                "started_at": NOW - minutes(ago), "complete": state == "done", **values,
            },
        )  # fmt: skip

    def block(self, until: datetime, empresa: str = "principal") -> None:
        self._insert(binding, empresa=empresa, scope=f"s-{empresa}", host="127.0.0.1")
        self._insert(block, scope=f"s-{empresa}", until=until, reason="x", seen_at=NOW - minutes(5))

    def quarantined(self, rows: int, ago: float = 10, **values: Any) -> None:
        reason = {"field": "cnpj_cpf", "rule": "cpf_invalido", "reason": "x", "fix": "x"}
        for _ in range(rows):
            self._number += 1
            self._insert(
                quarantine,
                **{
                    "empresa": "principal", "endpoint": "clientes", "row_key": f"q{self._number}",
                    "partition": "principal", "reasons": [reason], "row_masked": {},
                    "first_seen_at": NOW - minutes(ago), "last_seen_at": NOW, "run_id": "r",
                    **values,
                },
            )  # fmt: skip

    def event(self, ago: float, state: str = "pending", empresa: str = "principal") -> None:
        self._number += 1
        self._insert(
            events, empresa=empresa, message_id=f"e{self._number}", topic="x",
            received_at=NOW - minutes(ago), raw={}, records={}, tables=[], missing=[],
            state=state,
        )  # fmt: skip


@pytest.fixture
def rows(engine: sa.Engine) -> Rows:
    return Rows(engine)


@dataclass
class FakeChannel:
    """Keeps what it was sent; refuses while ``broken``."""

    digest: str = "aaaaaaaa"
    service: str = "Teste"
    empresas: tuple[str, ...] = ("principal", "")
    broken: bool = False
    taken: list[Message] = field(default_factory=list)
    tried: int = 0

    def covers(self, empresa: str) -> bool:
        return empresa in self.empresas

    def send(self, message: Message) -> bool:
        self.tried += 1
        if not self.broken:
            self.taken.append(message)
        return not self.broken


@pytest.fixture
def channel() -> FakeChannel:
    return FakeChannel()


class Mailbox:
    """An HTTP service that takes messages, or refuses them while ``status`` is not 200."""

    def __init__(self) -> None:
        self.status = 200
        self.taken: list[dict[str, Any]] = []
        self.paths: list[str] = []
        mailbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                mailbox.paths.append(self.path)
                if mailbox.status == 200:
                    mailbox.taken.append(json.loads(body))
                self.send_response(mailbox.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        """As apprise writes it, with a token in the path."""
        return f"json://127.0.0.1:{self._server.server_port}/{TOKEN}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    opened = Mailbox()
    yield opened
    opened.close()
