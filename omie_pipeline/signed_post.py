"""JSON posted to an address of the operator's, signed so that the receiver knows who sent it.

The headers and the signature are those of Standard Webhooks (https://www.standardwebhooks.com), for
which there are libraries in most languages: ``webhook-id``, ``webhook-timestamp`` in seconds, and
``webhook-signature``, which is ``v1,`` and the base64 of HMAC-SHA256 over
``<id>.<timestamp>.<body>``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ssl
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import httpx
from pydantic import SecretStr
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    wait_exponential,
)

from omie_pipeline.clock import Clock
from omie_pipeline.texts import outbox as texts

KEY_PREFIX: Final = "whsec_"
_LEAST_KEY_BYTES: Final = 24
_MOST_ANSWER_BYTES: Final = 64 * 1024
_TRIES: Final = 3
_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
TIMEOUT_SECONDS: Final = 15.0
"""For an answer as a whole, however it drips."""


class NotDelivered(Exception):
    """No answer that could be read; the text says why, in Portuguese, without the address."""


class _TryAgain(NotDelivered):
    """What may pass in a moment."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver answered."""

    status: int
    body: bytes


def signing_key(key: SecretStr) -> bytes | None:
    """The bytes of a key ``whsec_<base64>``; ``None`` if it is none, or too short to be safe."""
    text = key.get_secret_value().strip()
    if not text.startswith(KEY_PREFIX):
        return None
    try:
        found = base64.b64decode(text.removeprefix(KEY_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return None
    return found if len(found) >= _LEAST_KEY_BYTES else None


def signature(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of ``webhook-signature``.

    Args:
        key: the secret that both sides know.
        message_id: value of ``webhook-id``.
        timestamp: seconds since 1970, value of ``webhook-timestamp``.
        body: as it is sent.
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


class SignedPost:
    """One address and the key it is told with; ``repr`` shows neither.

    Args:
        url: the address; it comes from the operator's environment alone.
        key: from :func:`signing_key`.
        clock: the deployment's.
        timeout_seconds: for one answer.
        until: nothing is sent, and no answer waited for, after this moment.
    """

    def __init__(
        self,
        url: SecretStr,
        key: bytes,
        clock: Clock,
        timeout_seconds: float = TIMEOUT_SECONDS,
        until: datetime | None = None,
    ) -> None:
        self._url = url
        self._key = key
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._until = until

    def send(self, message_id: str, body: bytes) -> Answer:
        """Post ``body``; what may pass in a moment is tried three times, within some seconds.

        Raises:
            NotDelivered: there was no answer, or none that could be read.
        """
        trying = Retrying(
            stop=self._is_over,
            wait=wait_exponential(multiplier=0.5, max=4),
            retry=retry_if_exception_type(_TryAgain),
            sleep=self._clock.sleep,
            reraise=True,
        )
        last: list[Answer] = []
        try:
            return trying(self._once, message_id, body, last)
        except NotDelivered:
            if last:
                return last[-1]
            raise

    def _is_over(self, state: RetryCallState) -> bool:
        """Whether it was tried often enough, or time would be up before the next try."""
        return state.attempt_number >= _TRIES or self._left() <= state.upcoming_sleep

    def _left(self) -> float:
        """Seconds for one answer from now on."""
        if self._until is None:
            return self._timeout_seconds
        left = (self._until - self._clock.now()).total_seconds()
        return min(self._timeout_seconds, left)

    def _once(self, message_id: str, body: bytes, last: list[Answer]) -> Answer:
        timestamp = int(self._clock.now().timestamp())
        headers = {
            "content-type": "application/json",
            "user-agent": "omie-pipeline",
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(self._key, message_id, timestamp, body),
        }
        last.clear()
        seconds = self._left()
        if seconds <= 0:
            raise NotDelivered(texts.RECEIVER_SLOW)
        try:
            # Another address than the operator's is never asked, so no redirect is followed.
            with httpx.Client(
                timeout=seconds, follow_redirects=False, verify=self._verify()
            ) as client:
                answer = self._ask(client, headers, body, seconds)
        except httpx.TimeoutException:
            raise _TryAgain(texts.RECEIVER_SLOW) from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            # Not chained: the library's words hold the address.
            raise _TryAgain(type(error).__name__) from None
        if answer.status in _AGAIN:
            last.append(answer)
            raise _TryAgain(str(answer.status))
        return answer

    def _verify(self) -> ssl.SSLContext | bool:
        """Plain http goes to this machine alone and has no use for the authorities, which take a
        while to read; without any, no https would be believed."""
        plain = self._url.get_secret_value().startswith("http://")
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if plain else True

    def _ask(
        self, client: httpx.Client, headers: dict[str, str], body: bytes, seconds: float
    ) -> Answer:
        """The answer to one call.

        Args:
            client: to send with.
            headers: with the signature.
            body: what is sent.
            seconds: for the answer as a whole.
        """
        ends = time.monotonic() + seconds
        url = self._url.get_secret_value()
        with client.stream("POST", url, headers=headers, content=body) as response:
            parts: list[bytes] = []
            for part in response.iter_bytes():
                parts.append(part)
                if sum(map(len, parts)) > _MOST_ANSWER_BYTES:
                    raise NotDelivered(texts.RECEIVER_TALKATIVE)
                if time.monotonic() > ends:
                    raise _TryAgain(texts.RECEIVER_SLOW)
            return Answer(response.status_code, b"".join(parts))
