"""What goes over the line: JSON without losing a cent, answers that end, why nobody was there.

Money travels as JSON numbers and must never pass through a float (omie-api.md#amounts); dates
are ``dd/mm/aaaa`` on the wire only (official).
"""

from __future__ import annotations

import errno
import hashlib
import html
import json
import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import httpcore
import httpx
import simplejson

from omie_pipeline.catalog import ComplexType, Service
from omie_pipeline.decimal_json import dumps, loads
from omie_pipeline.errors import ConfigurationError, FaultDetail, Unreachable
from omie_pipeline.texts import omie as texts

Json = dict[str, Any]
Parse = Callable[[str], Json | None]


# Omie gives these back with punctuation of its own (omie-api.md#documents-and-cities).
_PUNCTUATED = re.compile(r"cpf|cnpj|cep$|telefone|fax|doc_titular", re.IGNORECASE)


_ODD_ESCAPE = re.compile(r"\\u(0000|[dD][89a-fA-F])")


def json_object(text: str) -> Json | None:
    """The object a body holds; ``None`` for anything else.

    A NUL and half a surrogate pair become ``?``: no database stores them.
    """
    try:
        body = loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(body, dict):
        return None
    return _storable(body) if _ODD_ESCAPE.search(text) else body


def float_object(text: str) -> Json | None:
    """The object a body holds, its decimals as floats: for counts and keys only."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def storable_text(text: str) -> str:
    """``text`` as a database can store it: see :func:`json_object`; most often ``text`` itself."""
    return dumps(json_object(text)) if _ODD_ESCAPE.search(text) else text


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "?").encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(item) for name, item in value.items()}
    return value


def fingerprint(method: str, param: Mapping[str, Any]) -> str:
    """Digest under which Omie would call two requests identical."""
    text = simplejson.dumps(param, use_decimal=True, sort_keys=True)
    return hashlib.sha256(f"{method}\n{text}".encode()).hexdigest()


def to_wire(payload: Mapping[str, Any], complex_type: ComplexType, service: Service) -> Json:
    """A payload as Omie wants it: ISO dates become ``dd/mm/aaaa``, nested types included.

    Anything that is no ISO date passes unchanged: validation has judged it before.
    """
    result: Json = {}
    for name, value in payload.items():
        field = complex_type.field(name)
        if field is None or value is None:
            result[name] = value
        elif field.kind == "date":
            result[name] = _date_to_wire(value)
        elif field.kind == "object" and isinstance(value, Mapping):
            result[name] = to_wire(value, service.type_of(field), service)
        elif field.kind == "array" and isinstance(value, list):
            item_type = service.type_of(field)
            result[name] = [
                to_wire(item, item_type, service) if isinstance(item, Mapping) else item
                for item in value
            ]
        else:
            result[name] = value
    return result


def _date_to_wire(value: Any) -> Any:
    if isinstance(value, str) and len(value) == 10 and value[4] == "-":
        try:
            value = date.fromisoformat(value)
        except ValueError:
            return value
    return value.strftime("%d/%m/%Y") if isinstance(value, date) else value


def plain_text(text: str) -> str:
    """Fault text as a person reads it: HTML entities resolved, surrounding space gone."""
    return html.unescape(text).strip()


def same_record(sent: Mapping[str, Any], read: Mapping[str, Any]) -> bool:
    """Whether what was sent is what stands there, field by field, nested ones too.

    Omie punctuates CPF/CNPJ, CEP and telephone numbers, turns ``150.00`` into ``150``, trims texts
    and fills objects with keys of its own. Any other difference counts: taking an old record for
    the one just sent would lose a change, taking a new one for an old only repeats an upsert.
    """
    return all(_same(value, read.get(name), name) for name, value in sent.items())


def _same(sent: Any, read: Any, name: str) -> bool:
    if isinstance(sent, Mapping):
        return isinstance(read, Mapping) and same_record(sent, read)
    if isinstance(sent, list):
        return (
            isinstance(read, list)
            and len(sent) == len(read)
            and all(_same(a, b, name) for a, b in zip(sent, read, strict=True))
        )
    if isinstance(sent, (int, Decimal)) and isinstance(read, (int, Decimal)):
        return Decimal(sent) == Decimal(read)
    left, right = _text(sent), _text(read)
    if _PUNCTUATED.search(name):
        return _bare(left) == _bare(right)
    return left == right


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _bare(text: str) -> str:
    return "".join(char for char in text if char.isalnum()).casefold()


# One TLS context for all connections of a process: reading the authorities costs 30 ms each time.
#
# Which authorities are trusted is what httpx would read: those of the file in SSL_CERT_FILE or of
# the folder in SSL_CERT_DIR if one is set (a network whose proxy signs by itself), else certifi's.

_FILE: Final = "SSL_CERT_FILE"
_FOLDER: Final = "SSL_CERT_DIR"


def shared_context() -> ssl.SSLContext:
    """The context of this process. Nobody may change it: every connection has it.

    Raises:
        ConfigurationError: what a variable names cannot be read as certificates.
    """
    return _context(os.environ.get(_FILE, ""), os.environ.get(_FOLDER, ""))


def no_authorities() -> ssl.SSLContext:
    """A context that trusts nobody and costs nothing: for addresses that are ``http`` anyway."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@lru_cache(maxsize=4)
def _context(file: str, folder: str) -> ssl.SSLContext:
    """One for each setting of the two variables: a process has one, a test may have two."""
    try:
        return httpx.create_ssl_context()
    except OSError as error:
        name, place = (_FILE, file) if file else (_FOLDER, folder)
        raise ConfigurationError(
            texts.certificates_unreadable(variable=name, place=place, cause=error.strerror or error)
        ) from None


# An HTTP transport whose answers end, and why nobody could be reached.

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


# Why Omie could not be reached: the kind of a failed connection, and what a person does about
# it.

PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")

HOPELESS = ("certificate", "scheme")
"""Kinds that waiting cannot cure; they are reported at once."""


def unreachable(error: httpx.RequestError) -> Unreachable:
    """The fault for a connection that never came about; httpx's own words stay out of it."""
    kind = _kind(error)
    text, fix = texts.FAILURES[kind]
    return Unreachable(FaultDetail(text, kind, 0, f"{fix[0].upper()}{fix[1:]}."), kind)


def _kind(error: httpx.RequestError) -> str:
    chain = list(_chain(error))
    if isinstance(error, httpx.UnsupportedProtocol):
        return "scheme"
    if any(isinstance(one, ssl.SSLCertVerificationError) for one in chain):
        return "certificate"
    if any(isinstance(one, ssl.SSLError) for one in chain):
        return "tls"
    if any(isinstance(one, ConnectionRefusedError) for one in chain):
        return "refused"
    if isinstance(error, httpx.ProxyError) or any(os.environ.get(n) for n in PROXY_VARIABLES):
        return "proxy"
    if any(isinstance(one, socket.gaierror) for one in chain):
        return "dns"
    unroutable = (errno.ENETUNREACH, errno.EHOSTUNREACH)
    if any(isinstance(one, OSError) and one.errno in unroutable for one in chain):
        return "network"
    return "no_answer"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


__all__ = [
    "Json",
    "Parse",
    "dumps",
    "fingerprint",
    "float_object",
    "json_object",
    "loads",
    "plain_text",
    "same_record",
    "storable_text",
    "to_wire",
]
