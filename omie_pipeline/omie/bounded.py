"""An HTTP transport whose answers end: a time for the whole answer, not for each of its bytes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from omie_pipeline.tls import shared_context

LARGEST_ANSWER_BYTES = 64 * 2**20
"""Of an answer in JSON, decompressed; a page of 500 records has about one."""

LONGEST_ANSWER_SECONDS = 300.0
"""From the request's first byte to the answer's last one."""


class _Deadline(threading.local):
    """When the answer that this thread waits for must be there; each thread has one at a time."""

    ends_at = float("inf")

    def left(self, timeout: float | None) -> float:
        """What of ``timeout`` there still is."""
        left = self.ends_at - time.monotonic()
        return max(left if timeout is None else min(left, timeout), 0.0)


class _Stream(httpcore.NetworkStream):
    """A connection that waits for no byte beyond the deadline."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = self._deadline.left(timeout)
        if left <= 0:
            raise httpcore.ReadTimeout("the answer takes too long")
        return self._inner.read(max_bytes, left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, timeout), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.SyncBackend):
    def __init__(self, deadline: _Deadline) -> None:
        super().__init__()
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        found = super().connect_tcp(host, port, timeout, local_address, socket_options)
        return _Stream(found, self._deadline)


class BoundedTransport(httpx.HTTPTransport):
    """httpx's own transport, but that an answer which drips for ever ends as a read timeout.

    Headers count, too: httpx knows a timeout for each read alone, so the bound lies in the
    network stream. The thread that asked must read the answer.
    """

    def __init__(
        self, *, keepalive_seconds: float = 5.0, answer_seconds: float = LONGEST_ANSWER_SECONDS
    ) -> None:
        context = shared_context()
        super().__init__(verify=context)
        self._deadline = _Deadline()
        self._answer_seconds = answer_seconds
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=keepalive_seconds,
            network_backend=_Backend(self._deadline),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One request; its answer's body is under the same deadline."""
        self._deadline.ends_at = time.monotonic() + self._answer_seconds
        return super().handle_request(request)


def read_within(answer: httpx.Response, most_bytes: int) -> bytes | None:
    """The decompressed body, or ``None`` if it is larger; reading stops there."""
    parts: list[bytes] = []
    size = 0
    for part in answer.iter_bytes():
        size += len(part)
        if size > most_bytes:
            return None
        parts.append(part)
    return b"".join(parts)
