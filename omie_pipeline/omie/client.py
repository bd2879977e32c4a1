"""One POST to Omie, and what became of it.

``write`` sends once and never repeats; ``read`` waits and asks again where the fault allows it.
Nothing in here logs: the request body holds the secret.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import tenacity
from pydantic import SecretStr

from omie_pipeline.catalog import Service
from omie_pipeline.catalog.promises import promise_of
from omie_pipeline.clock import Clock
from omie_pipeline.errors import (
    Blocked,
    BudgetSpent,
    ConfigurationError,
    FaultDetail,
    OmieFault,
    Redundant,
    RetryLater,
    TurnedAway,
)
from omie_pipeline.omie import wire
from omie_pipeline.omie.faults import HttpAnswer, read_answer, says_open, unreachable
from omie_pipeline.omie.governor import Governor
from omie_pipeline.omie.masking import mask, personal_texts

_READ_ATTEMPTS = 6
_CONNECT_TIMEOUT_SECONDS = 10.0
_UNREACHABLE_WAIT_SECONDS = 5.0
_NO_SUCH_PLACE = (404, 405)
# A server that closes idle connections turns a reused one into an unknown outcome: keep none long.
_KEEPALIVE_SECONDS = 4.0

# At DEBUG it logs headers, Omie's fault text with a CPF among them (PROTOCOL section 10, REAL).
logging.getLogger("httpcore").setLevel(logging.INFO)
logging.getLogger("httpx").setLevel(logging.WARNING)  # at INFO it logs addresses


@dataclass(frozen=True, slots=True)
class Credentials:
    """The static key pair of one Omie app; the secret never shows in ``repr``."""

    app_key: SecretStr
    app_secret: SecretStr


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A masked trace of one HTTP call, for the attempt log.

    Attributes:
        request: the param with personal fields masked; key and secret are not in it.
        fault: the error this call ended in, ``None`` when it was good.
    """

    method: str
    request: wire.Json
    response: wire.Json | None
    http_status: int
    fault: OmieFault | None
    duration_ms: float


@dataclass(frozen=True, slots=True)
class Answered:
    """A good answer.

    Attributes:
        asked_at: just before the question left.
    """

    body: wire.Json
    text: str
    asked_at: datetime


def _never(_: RetryLater) -> bool:
    return False


class OmieClient:
    """Calls the API of one empresa.

    Args:
        base_url: ``https://app.omie.com.br/api/v1/`` or a simulator's.
        on_call: told of every HTTP call that left, good or bad.
        transport: an httpx transport, for tests that need no socket.
    """

    def __init__(
        self,
        credentials: Credentials,
        base_url: str,
        governor: Governor,
        clock: Clock,
        *,
        timeout_seconds: float = 60.0,
        on_call: Callable[[CallRecord], None] | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._credentials = credentials
        self._base_url = base_url.rstrip("/") + "/"
        self._governor = governor
        self._clock = clock
        self._on_call = on_call
        self.calls = 0
        self._block: Blocked | None = None
        self._http = httpx.Client(
            timeout=httpx.Timeout(timeout_seconds, connect=_CONNECT_TIMEOUT_SECONDS),
            limits=httpx.Limits(keepalive_expiry=_KEEPALIVE_SECONDS),
            transport=transport,
            trust_env=False,
        )

    def __repr__(self) -> str:
        return f"OmieClient({self._base_url})"

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> OmieClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(
        self,
        service: Service,
        method: str,
        param: Mapping[str, Any],
        *,
        before: Callable[[], None] | None = None,
    ) -> wire.Json:
        """Send once.

        Args:
            before: called when the slot is there and nothing is waited for any more, just before
                the request leaves; what it raises keeps the request from leaving.

        Raises:
            OmieFault: ``OutcomeUnknown`` when the call may have taken effect.
            ConfigurationError: the address is not the API's; nothing happened.
        """
        return self._call(service, method, param, is_write=True, before=before).body

    def read(self, service: Service, method: str, param: Mapping[str, Any]) -> wire.Json:
        """Ask, and ask again after the wait where Omie says "later".

        Raises:
            OmieFault: every fault but a ``RetryLater`` that a few repetitions resolve.
        """
        return self._repeated(_never)(self._call, service, method, param, is_write=False).body

    def read_text(
        self,
        service: Service,
        method: str,
        param: Mapping[str, Any],
        *,
        give_up: Callable[[RetryLater], bool] = _never,
    ) -> Answered:
        """Like :meth:`read`, with the answer's text beside its body, for readers of whole pages.

        The body is parsed fast, floats included: good for counts and keys, never for money.

        Args:
            give_up: told of every "later"; true ends the asking with that fault.
        """
        repeated = self._repeated(give_up)
        return repeated(
            self._call, service, method, param, is_write=False, parse=wire.inexact_object
        )

    def _repeated(self, give_up: Callable[[RetryLater], bool]) -> tenacity.Retrying:
        def again(error: BaseException) -> bool:
            return isinstance(error, RetryLater) and not give_up(error)

        return tenacity.Retrying(
            retry=tenacity.retry_if_exception(again),
            wait=_wait_as_told,
            stop=tenacity.stop_after_attempt(_READ_ATTEMPTS),
            sleep=self._clock.sleep,
            reraise=True,
        )

    def _call(
        self,
        service: Service,
        method: str,
        param: Mapping[str, Any],
        *,
        is_write: bool,
        parse: wire.Parse = wire.json_object,
        before: Callable[[], None] | None = None,
    ) -> Answered:
        fingerprint = wire.fingerprint(method, param)
        probe = self._wait_for_slot(method, fingerprint, is_write=is_write)
        if before is not None:
            # The slot stays remembered: it may be the very request of whoever took over.
            before()
        started = time.perf_counter()
        status, body, fault = 0, None, None
        asked_at = self._clock.now()
        try:
            answer = self._post(service, method, param, is_write=is_write)
            status = answer.status
            now, hidden = self._clock.now(), self._hidden(param)
            body = read_answer(
                answer,
                is_write=is_write,
                now=now,
                hidden=hidden,
                parse=parse,
                promise=promise_of(service, method),
                param=param,
            )
        except OmieFault as raised:
            fault = raised
            self._remember(method, fingerprint, raised)
            if probe and (is_open := says_open(raised)) is not None:
                self._governor.end_probe(self._clock.now(), is_open=is_open)
            raise
        except ConfigurationError:
            self._governor.forget(fingerprint)
            raise
        finally:
            self.calls += 1
            duration_ms = round((time.perf_counter() - started) * 1000, 1)
            if self._on_call is not None:
                asked, told = mask(dict(param)), mask(body)
                self._on_call(CallRecord(method, asked, told, status, fault, duration_ms))
        if probe:
            self._governor.end_probe(self._clock.now(), is_open=True)
        return Answered(body, answer.text, asked_at)

    def _wait_for_slot(self, method: str, fingerprint: str, *, is_write: bool) -> bool:
        """Wait for the moment to leave; true for the one call that tries a key after a block."""
        admission = self._governor.admit(method, fingerprint, self._clock.now(), durable=is_write)
        if admission.blocked_until is not None:
            detail = FaultDetail("A API desta chave está bloqueada pelo Omie", "425")
            raise Blocked(detail, admission.blocked_until)
        if admission.budget_until is not None:
            detail = FaultDetail(f"Limite próprio de erros do método {method} atingido", "budget")
            raise BudgetSpent(detail, admission.budget_until)
        if admission.redundant_seconds > 0:
            detail = FaultDetail("Requisição idêntica há menos de 60 segundos", "redundant")
            raise Redundant(detail, admission.redundant_seconds + 0.5)
        self._clock.sleep(admission.wait_seconds)
        # Another lane of this client may have met a block while this one waited for its slot.
        met = self._block
        if met is not None and met.until > self._clock.now():
            raise Blocked(met.detail, met.until)
        return admission.probe

    def _hidden(self, param: Mapping[str, Any]) -> tuple[str, ...]:
        """What no error may repeat of a request: the keys, and who the record is about."""
        keys = (self._credentials.app_secret, self._credentials.app_key)
        return (*(key.get_secret_value() for key in keys), *personal_texts(param))

    def _remember(self, method: str, fingerprint: str, fault: OmieFault) -> None:
        if isinstance(fault, TurnedAway):
            self._governor.forget(fingerprint)
        if isinstance(fault, Blocked):
            self._block = fault
            self._governor.record_block(fault.until, fault.detail.text, self._clock.now())
        elif fault.detail.http_status >= 500 or fault.detail.http_status == 200:
            self._governor.record_fault(method, self._clock.now())

    def _post(
        self, service: Service, method: str, param: Mapping[str, Any], *, is_write: bool
    ) -> HttpAnswer:
        content = wire.dumps(
            {
                "call": method,
                "app_key": self._credentials.app_key.get_secret_value(),
                "app_secret": self._credentials.app_secret.get_secret_value(),
                "param": [param],
            }
        )
        url = self._base_url + service.path
        try:
            answer = self._http.post(
                url, content=content, headers={"Content-Type": "application/json"}
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            # No connection, so nothing left: safe to repeat, reads and writes alike.
            raise TurnedAway(_no_answer(error), _UNREACHABLE_WAIT_SECONDS) from None
        except httpx.RequestError as error:
            raise unreachable(_no_answer(error), is_write=is_write) from None
        status = answer.status_code
        if 300 <= status < 400:
            raise ConfigurationError(f"OMIE_BASE_URL redireciona (HTTP {status}): não é a API")
        if status in _NO_SUCH_PLACE and wire.json_object(answer.text) is None:
            raise ConfigurationError(f"OMIE_BASE_URL não leva à API do Omie (HTTP {status})")
        return HttpAnswer(status, answer.text, _retry_after(answer))


def _no_answer(error: httpx.RequestError) -> FaultDetail:
    """The kind of failure only: an httpx message could quote the request."""
    return FaultDetail(f"Sem resposta do Omie ({type(error).__name__})")


def _retry_after(answer: httpx.Response) -> float | None:
    value = answer.headers.get("Retry-After", "")
    return float(value) if value.isdigit() else None


def _wait_as_told(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    return error.wait_seconds if isinstance(error, RetryLater) else 0.0
