"""Nobody at Omie's address: told at once with its kind, over within a minute, resumed later."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from omie_pipeline.omie import client as client_module
from tests.cli.conftest import Terminal
from tests.push.world import World, cliente, titulo

pytestmark = pytest.mark.slow

NOBODY = "http://127.0.0.1:1/api/v1/"


def _between_attempts(slept: list[float]) -> float:
    """Seconds of the waits between attempts; waits below five are the pace of calls."""
    return sum(seconds for seconds in slept if seconds >= 5)


def rows(clinic: World) -> None:
    clinic.model("clientes", [cliente(1), cliente(2)])
    clinic.model("contas_receber", [titulo(1)])


def unknown_name(monkeypatch: pytest.MonkeyPatch, _folder: Path) -> str:
    for name, value in (("OMIE_CALLS_PER_MINUTE", "235"), ("OMIE_CALLS_PER_MINUTE_IP", "940")):
        monkeypatch.setenv(name, value)
    real = socket.getaddrinfo

    def lookup(host: Any, *rest: Any, **more: Any) -> Any:
        if host == "app.omie.com.br":
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return real(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    return "https://app.omie.com.br/api/v1/"


def refused(_monkeypatch: pytest.MonkeyPatch, _folder: Path) -> str:
    return NOBODY


def hanging(monkeypatch: pytest.MonkeyPatch, _folder: Path) -> str:
    """The kernel drops what knocks at a full queue."""
    monkeypatch.setattr(client_module, "_CONNECT_TIMEOUT_SECONDS", 0.05)
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    filling = [socket.socket() for _ in range(3)]
    for one in filling:
        one.setblocking(False)
        one.connect_ex(listener.getsockname())
    KEPT.extend([listener, *filling])
    return f"http://127.0.0.1:{listener.getsockname()[1]}/api/v1/"


def mute(monkeypatch: pytest.MonkeyPatch, _folder: Path) -> str:
    """Takes the connection and never says a word of TLS."""
    monkeypatch.setattr(client_module, "_CONNECT_TIMEOUT_SECONDS", 0.05)
    listener = socket.create_server(("127.0.0.1", 0), backlog=100)
    KEPT.append(listener)
    return f"https://127.0.0.1:{listener.getsockname()[1]}/api/v1/"


def untrusted(_monkeypatch: pytest.MonkeyPatch, folder: Path) -> str:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*_certificate(folder))
    return f"https://127.0.0.1:{_answering(context)}/api/v1/"


def no_tls(_monkeypatch: pytest.MonkeyPatch, _folder: Path) -> str:
    return f"https://127.0.0.1:{_answering(None)}/api/v1/"


def _certificate(folder: Path) -> tuple[Path, Path]:
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
               "-nodes", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
               "-days", "2", "-keyout", str(key), "-out", str(certificate)]  # fmt: skip
    if shutil.which("openssl") is None:
        pytest.skip("openssl is missing: install the Debian package openssl")
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


def _answering(context: ssl.SSLContext | None) -> int:
    """A server that greets whoever comes, with or without TLS."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=100)
    KEPT.append(listener)

    def serve() -> None:
        while True:
            with contextlib.suppress(ssl.SSLError, ConnectionError):
                try:
                    taken, _ = listener.accept()
                except OSError:
                    return
                with taken:
                    if context is None:
                        taken.recv(100)
                        taken.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    else:
                        context.wrap_socket(taken, server_side=True).close()

    threading.Thread(target=serve, daemon=True).start()
    return int(listener.getsockname()[1])


KEPT: list[socket.socket] = []


@pytest.fixture(autouse=True)
def _closed_afterwards() -> Iterator[None]:
    yield
    while KEPT:
        KEPT.pop().close()


Place = Callable[[pytest.MonkeyPatch, Path], str]


@pytest.mark.parametrize(
    ("place", "kind", "words"),
    [
        (refused, "refused", "conexão recusada"),
        (unknown_name, "dns", "não foi encontrado"),
        (hanging, "no_answer", "não aceitou a conexão a tempo"),
        (mute, "no_answer", "não aceitou a conexão a tempo"),
        (untrusted, "certificate", "certificado do servidor não é de confiança"),
        (no_tls, "tls", "conexão segura (TLS)"),
    ],
)
def test_it_is_told_with_its_kind_stops_the_empresa_and_is_resumed(
    terminal: Terminal,
    clinic: World,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    slept: list[float],
    place: Place,
    kind: str,
    words: str,
) -> None:
    rows(clinic)
    terminal("refs")
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("OMIE_BASE_URL", place(elsewhere, tmp_path))
        told = terminal("check", "--json")
        assert told.lines, told.err
        (found,) = told.lines
        assert (found["cause"], found["ok"]) == (kind, False)
        assert found["fix"]
        forget_the_place(clinic)
        said = terminal("push", "clientes", "contas_receber")
        assert said.code == 3
        assert words in said.err
        hopeless = kind == "certificate"
        assert said.err.count("Tento de novo por até 45 segundos") == (0 if hopeless else 1)
        tried_seconds = _between_attempts(slept)
        assert tried_seconds == 0 if hopeless else 30 < tried_seconds <= 45
        assert "contas_receber (principal): planejando" not in said.err
        assert clinic.open_intents() == 0
        assert set(clinic.ledger().values()) == {"held"}
        slept.clear()
        for command in (("refs",), ("import", "clientes", "categorias")):
            said = terminal(*command)
            assert (said.code, words in said.err) == (1, True)
            assert said.err.count("O que fazer") <= 2
        assert _between_attempts(slept) == 0, "one attempt is enough once it is known"
        assert words in terminal("status").out
        (known,) = [one for one in terminal("status", "--json").lines if one["line"]]
        assert (known["empresa"], known["direction"], known["line"]) == (
            "principal",
            "wait",
            "omie",
        )
        assert words in known["wait_reason"]
        assert known["waits_until"] > known["wait_since"]
    slept.clear()
    forget_the_place(clinic)
    assert terminal("push", "clientes", "contas_receber").code == 0
    assert set(clinic.ledger().values()) == {"confirmed"}
    assert _between_attempts(slept) == 0
    still = [one for one in terminal("status", "--json").lines if one["line"]]
    assert not still, "an answer ends what was known"


def test_a_line_that_comes_back_within_the_minute_goes_on(
    terminal: Terminal, clinic: World, monkeypatch: pytest.MonkeyPatch, slept: list[float]
) -> None:
    rows(clinic)
    terminal("refs")
    real, turns = socket.create_connection, iter(range(3))

    def knock(address: Any, *rest: Any, **more: Any) -> Any:
        if next(turns, None) is not None:
            raise ConnectionRefusedError
        return real(address, *rest, **more)

    monkeypatch.setattr(socket, "create_connection", knock)
    said = terminal("push", "clientes", "contas_receber")
    assert said.code == 0
    assert said.err.count("conexão recusada") == 1
    assert sum(slept) == 15
    assert set(clinic.ledger().values()) == {"confirmed"}


def forget_the_place(clinic: World) -> None:
    """The ledger is bound to one Omie: this one stands for it, out of order."""
    with clinic.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM omie_sync.binding"))
