"""Answers without an end: too large, dripping, or a small body that unfolds to a large one."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
from pydantic import SecretStr

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.clock import SystemClock
from omie_pipeline.errors import (
    OmieFault,
    OutcomeUnknown,
    Overloaded,
    RetryLater,
    UnknownFault,
)
from omie_pipeline.omie import Credentials, LocalRateLimiter, OmieClient
from omie_pipeline.omie.downloads import download

SERVICE = REGISTRY["clientes"].service
MEGABYTE = 2**20
GOOD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
BOMB = gzip.compress(b" " * (40 * MEGABYTE), compresslevel=1)
Writer = Callable[[socket.socket, threading.Event], None]


@contextmanager
def serving(write: Writer) -> Iterator[str]:
    """A server that answers each connection with what ``write`` sends."""
    listener, stop = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def serve() -> None:
        while True:
            try:
                taken, _ = listener.accept()
            except OSError:
                return
            with taken:
                try:
                    taken.recv(65536)
                    write(taken, stop)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/api/v1/"
    finally:
        stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def endless(taken: socket.socket, stop: threading.Event) -> None:
    taken.sendall(GOOD + b"\r\n")
    while not stop.is_set():
        taken.sendall(b" " * 65536)


def bomb(taken: socket.socket, _stop: threading.Event) -> None:
    head = f"Content-Encoding: gzip\r\nContent-Length: {len(BOMB)}\r\n\r\n"
    taken.sendall(GOOD + head.encode() + BOMB)


def dripping_body(taken: socket.socket, stop: threading.Event) -> None:
    taken.sendall(GOOD + b"\r\n")
    while not stop.wait(0.02):
        taken.sendall(b" ")


def dripping_head(taken: socket.socket, stop: threading.Event) -> None:
    taken.sendall(GOOD + b"X-Long: ")
    while not stop.wait(0.02):
        taken.sendall(b"a")


def client(url: str) -> OmieClient:
    return OmieClient(
        Credentials(SecretStr("1"), SecretStr("segredo")),
        url,
        LocalRateLimiter(),
        SystemClock(),
        timeout_seconds=5,
        answer_seconds=0.3,
        largest_answer_bytes=2 * MEGABYTE,
    )


@pytest.mark.parametrize("write", [endless, bomb])
def test_a_too_large_answer_ends_at_the_bound(write: Writer) -> None:
    with serving(write) as url, client(url) as one:
        with pytest.raises(OutcomeUnknown, match="2 MB"):
            one.write(SERVICE, "UpsertCliente", {"a": 1})
        with pytest.raises(Overloaded, match="2 MB"):
            one.read_now(SERVICE, "ListarClientes", {"a": 1})


@pytest.mark.parametrize("write", [dripping_body, dripping_head])
def test_a_dripping_answer_is_not_waited_for_as_long_as_it_drips(write: Writer) -> None:
    with serving(write) as url, client(url) as one:
        started = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            one.write(SERVICE, "UpsertCliente", {"a": 1})
        with pytest.raises(RetryLater):
            one.read_now(SERVICE, "ListarClientes", {"a": 1})
        assert time.monotonic() - started < 5


def test_a_connection_is_good_for_another_answer() -> None:
    """The time is each answer's own, on a connection that is kept as well."""

    def twice(taken: socket.socket, _stop: threading.Event) -> None:
        for _ in range(2):
            body = b'{"ok": 1}'
            head = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
            taken.sendall(head + body)
            taken.recv(65536)

    with serving(twice) as url, client(url) as one:
        for number in range(2):
            assert one.read_now(SERVICE, "QualquerOutro", {"a": number}) == {"ok": 1}


@pytest.mark.parametrize(("write", "fault"), [(endless, UnknownFault), (dripping_body, RetryLater)])
def test_a_file_is_bounded_too(write: Writer, fault: type[OmieFault]) -> None:
    with serving(write) as url, pytest.raises(fault):
        # The largest file is 20 MB: loopback brings as much well within the time.
        download(f"{url}nota.pdf", url, answer_seconds=0.3 if write is dripping_body else 30)


def test_a_given_transport_is_used_as_it_is() -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"ok": 1})

    one = OmieClient(
        Credentials(SecretStr("1"), SecretStr("segredo")),
        "http://127.0.0.1:1/",
        LocalRateLimiter(),
        SystemClock(),
        transport=httpx.MockTransport(answer),
    )
    assert one.read_now(SERVICE, "QualquerOutro", {}) == {"ok": 1}
