"""A program of the clinic's that is called with every change, over real HTTP."""

from __future__ import annotations

import base64
import http.server
import json
import threading
from collections.abc import Callable
from typing import Any

KEY = "whsec_" + base64.b64encode(b"k" * 32).decode()
Answering = Callable[[dict[str, Any]], tuple[int, bytes]]


def received(body: dict[str, Any]) -> tuple[int, bytes]:
    """As the protocol asks."""
    return 200, json.dumps({"received": body["changes"][-1]["number"]}).encode()


class Receiver:
    """A clinic's program that is called."""

    def __init__(self) -> None:
        self.answering: Answering = received
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self.slow = threading.Event()
        self.slow.set()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.calls.append(({k.lower(): v for k, v in self.headers.items()}, body))
                outer.slow.wait(5)
                status, answer = outer.answering(json.loads(body))
                self.send_response(status)
                self.send_header("content-length", str(len(answer)))
                if status == 302:
                    self.send_header("location", "http://127.0.0.1:1/")
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None: ...

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/omie?clinica=1"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        self.slow.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def numbers(self) -> list[int]:
        """Numbers in the order in which they came."""
        return [one["number"] for _, body in self.calls for one in json.loads(body)["changes"]]
