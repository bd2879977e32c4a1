"""A connection that sends its request slowly, or never, is closed; punctual ones go on."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import httpx
import pytest

from omie_pipeline.webhooks.server import Receiver
from tests.local_http import NO_TLS
from tests.webhooks.bodies import body, title
from tests.webhooks.conftest import DOOR

LIMIT_SECONDS = 0.3
PATIENCE_SECONDS = 20.0


@pytest.fixture
def receiver(database_url: str) -> Iterator[Receiver]:
    with Receiver([DOOR], database_url, port=0, request_seconds=LIMIT_SECONDS) as running:
        yield running


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"POST /omie HTTP/1.1\r\nHost: a\r\nX-Slow: ",
        b"POST /omie/x/y HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{",
    ],
    ids=["nothing", "half a head", "half a body"],
)
def test_a_slow_request_is_closed(receiver: Receiver, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", receiver.port), PATIENCE_SECONDS) as slow:
        slow.sendall(sent)
        try:
            rest = b"".join(iter(lambda: slow.recv(4096), b""))
        except ConnectionResetError:
            rest = b""
        assert rest == b"" or rest.startswith(b"HTTP/1.1 4")


def test_the_second_request_of_a_connection_is_bounded_too(receiver: Receiver) -> None:
    with socket.create_connection(("127.0.0.1", receiver.port), PATIENCE_SECONDS) as kept:
        kept.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert kept.recv(4096).startswith(b"HTTP/1.1 404")
        kept.sendall(b"POST /omie HTTP/1.1\r\nHost:")
        with contextlib.suppress(ConnectionResetError):
            assert kept.recv(4096) == b""


def test_a_punctual_one_is_answered_on_a_kept_connection(receiver: Receiver) -> None:
    with httpx.Client(verify=NO_TLS) as omie:
        for number in range(3):
            sent = body(
                "Financas.ContaReceber.Alterado", title(number + 1), message_id=f"m{number}"
            )
            assert omie.post(receiver.url(DOOR), content=sent).status_code == 200
