"""A receiver of webhooks on loopback, that answers what a test tells it to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """What arrived, and the statuses to answer with (200 once they are used up)."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.bodies: list[dict[str, Any]] = []
        self.statuses: list[int] = []

    def take(self, raw: bytes) -> int:
        status = self.statuses.pop(0) if self.statuses else 200
        if status < 300:
            self.bodies.append(json.loads(raw))
        return status

    @property
    def topics(self) -> list[str]:
        return [body.get("topic", "") for body in self.bodies]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver for the length of a ``with`` block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"]))
            self.send_response(receiver.take(raw))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver = Receiver(f"http://127.0.0.1:{server.server_address[1]}/omie?token=t")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
