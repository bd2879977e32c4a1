"""Downloads of a note's PDF and XML: no key, no secret, and from Omie's own hosts only.

A link comes out of an answer, so it is not trusted: https on ``*.omie.com.br``, or the very host
and port of the API's address (a simulator), redirects included. That Omie keeps the files on its
own domain is a guess; links elsewhere are kept as links and not followed.
"""

from __future__ import annotations

import logging
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx

from omie_pipeline.errors import FaultDetail, RetryLater, UnknownFault
from omie_pipeline.omie.wire import LONGEST_ANSWER_SECONDS, BoundedTransport, read_within
from omie_pipeline.texts import omie as texts

LARGEST_BYTES = 20 * 2**20
_DOMAIN = "omie.com.br"
_MOST_REDIRECTS = 3
_WAIT_SECONDS = 60.0
_CONNECT_TIMEOUT_SECONDS = 10.0
_LATER = (404, 408, 425, 429)

# At INFO httpx logs the address, and a link can hold a token; httpcore at DEBUG does.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.INFO)


def is_ours(url: str, base_url: str) -> bool:
    """Whether a link may be followed: see the module."""
    try:
        wanted, base = urlsplit(url), urlsplit(base_url)
        same = _place(wanted) == _place(base)
    except ValueError:
        return False
    if wanted.username or wanted.password or not wanted.hostname:
        return False
    host = wanted.hostname.rstrip(".")
    at_omie = host == _DOMAIN or host.endswith(f".{_DOMAIN}")
    return same or (wanted.scheme == "https" and at_omie and wanted.port in (None, 443))


def download(
    url: str,
    base_url: str,
    *,
    timeout_seconds: float = 60.0,
    answer_seconds: float = LONGEST_ANSWER_SECONDS,
    transport: httpx.BaseTransport | None = None,
) -> bytes:
    """The bytes behind ``url``, at most 20 MB.

    Args:
        url: the address of the file.
        base_url: the address of Omie; files come from its own host.
        timeout_seconds: for each step of the connection.
        answer_seconds: for the whole answer.
        transport: for tests.

    Raises:
        RetryLater: no answer, or one that says "later" (a PDF may come after its link, a guess).
        UnknownFault: a link to another host, a redirect to one, a file that is too large or any
            other answer: asking again would not help.
    """
    with httpx.Client(
        timeout=httpx.Timeout(timeout_seconds, connect=_CONNECT_TIMEOUT_SECONDS),
        transport=transport or BoundedTransport(answer_seconds=answer_seconds),
        trust_env=False,
        follow_redirects=False,
    ) as client:
        for _ in range(1 + _MOST_REDIRECTS):
            if not is_ours(url, base_url):
                raise UnknownFault(FaultDetail(texts.FILE_ELSEWHERE, "host"))
            found = _get(client, url)
            if isinstance(found, bytes):
                return found
            url = urljoin(url, found)
    raise UnknownFault(FaultDetail(texts.ENDLESS_REDIRECTS, "redirect"))


def _get(client: httpx.Client, url: str) -> bytes | str:
    """The file, or where it is said to be."""
    try:
        with client.stream("GET", url) as answer:
            status = answer.status_code
            if 300 <= status < 400:
                return str(answer.headers.get("Location", ""))
            if status >= 500 or status in _LATER:
                detail = FaultDetail(texts.file_not_yet(status), "", status)
                raise RetryLater(detail, _WAIT_SECONDS)
            if status != 200:
                raise UnknownFault(FaultDetail(texts.file_did_not_come(status), "", status))
            return _body(answer)
    except (httpx.RequestError, httpx.InvalidURL) as error:
        # The kind only: a link can hold a token.
        text = texts.file_failed(type(error).__name__)
        raise RetryLater(FaultDetail(text), _WAIT_SECONDS) from None


def _body(answer: httpx.Response) -> bytes:
    found = read_within(answer, LARGEST_BYTES)
    if found is None:
        raise UnknownFault(FaultDetail(texts.file_too_large(LARGEST_BYTES // 2**20), "size"))
    return found


def _place(parts: SplitResult) -> tuple[str, str | None, int | None]:
    ports = {"https": 443, "http": 80}
    return parts.scheme, parts.hostname, parts.port or ports.get(parts.scheme)
