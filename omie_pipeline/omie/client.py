"""One POST to Omie, and its outcome.

``write`` sends once and never repeats; ``read`` waits and asks again if the fault allows it.
Nothing in here logs a request: its body holds the secret.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeGuard

import httpx
from pydantic import SecretStr

from omie_pipeline.catalog import Service
from omie_pipeline.catalog.limits import REDUNDANT_SECONDS, Admission
from omie_pipeline.clock import TOLD_SECONDS, Clock, tell_wait
from omie_pipeline.errors import (
    Blocked,
    Broken,
    BudgetSpent,
    Busy,
    ConfigurationError,
    FaultDetail,
    OmieFault,
    OutcomeUnknown,
    Overloaded,
    Paused,
    Redundant,
    RetryLater,
    TurnedAway,
    Unreachable,
)
from omie_pipeline.omie import wire
from omie_pipeline.omie.faults import (
    HttpAnswer,
    classify,
    promise_of,
    read_answer,
    says_open,
    unreachable,
)
from omie_pipeline.omie.masking import mask, personal_texts
from omie_pipeline.omie.rate_limiter import (
    BROKEN_WAITS_SECONDS,
    GONE_BELIEVED_SECONDS,
    LONGEST_SLEPT_SECONDS,
    UNNAMED_WAIT_SECONDS,
    Patience,
    RateLimiter,
    told_wait_seconds,
)
from omie_pipeline.omie.wire import (
    LARGEST_ANSWER_BYTES,
    LONGEST_ANSWER_SECONDS,
    BoundedTransport,
    read_within,
)
from omie_pipeline.texts import omie as texts

_CONNECT_TIMEOUT_SECONDS = 5.0
_TOO_LARGE_WAIT_SECONDS = 5.0
_LATE_SECONDS = REDUNDANT_SECONDS / 2
_NO_SUCH_PLACE = (404, 405)
_NEVER_CONNECTED = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
# A server that closes idle connections turns a reused one into an unknown outcome: keep none long.
_KEEPALIVE_SECONDS = 4.0

# At DEBUG it logs headers, Omie's fault text with a CPF among them (omie-api.md#headers).
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
class Answer:
    """A good answer.

    Attributes:
        asked_at: just before the question left.
    """

    body: wire.Json
    text: str
    asked_at: datetime


GiveUp = Callable[[RetryLater | Unreachable], bool]


def of_other_sizes(param: Mapping[str, Any], tag: str) -> Iterator[wire.Json]:
    """Other questions for a first page, which bring at least its records.

    Args:
        param: a question for page 1.
        tag: name of its page size.
    """
    for more in (1, 2):
        yield {**param, tag: param[tag] + more}


def _never(_: RetryLater | Unreachable) -> bool:
    return False


def _always(_: RetryLater | Unreachable) -> bool:
    return True


class OmieClient:
    """Calls the API of one empresa.

    Args:
        answer_seconds, largest_answer_bytes: how long an answer may take, and how large it may be.
        base_url: ``https://app.omie.com.br/api/v1/`` or a simulator's.
        on_call: called with every HTTP call that left, good or bad.
        on_wait: called with the reason and the end of every wait that is announced.
        transport: an httpx transport, for tests that need no socket.
    """

    def __init__(
        self,
        credentials: Credentials,
        base_url: str,
        rate_limiter: RateLimiter,
        clock: Clock,
        *,
        timeout_seconds: float = 60.0,
        answer_seconds: float = LONGEST_ANSWER_SECONDS,
        largest_answer_bytes: int = LARGEST_ANSWER_BYTES,
        on_call: Callable[[CallRecord], None] | None = None,
        on_wait: Callable[[str, datetime], None] | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._credentials = credentials
        self._base_url = base_url.rstrip("/") + "/"
        self._rate_limiter = rate_limiter
        self._clock = clock
        self._on_call = on_call
        self._on_wait = on_wait
        self._largest_answer_bytes = largest_answer_bytes
        self.calls = 0
        self._block: Blocked | None = None
        self._gone: Unreachable | None = None
        self._answered = False
        self._patience = Patience()
        self._http = httpx.Client(
            timeout=httpx.Timeout(timeout_seconds, connect=_CONNECT_TIMEOUT_SECONDS),
            transport=transport
            or BoundedTransport(
                keepalive_seconds=_KEEPALIVE_SECONDS, answer_seconds=answer_seconds
            ),
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
            service: service of Omie.
            method: method of Omie.
            param: the one object of the request.
            before: called when the slot is there and nothing is waited for any more, just before
                the request leaves; what it raises keeps the request from leaving.

        Raises:
            OmieFault: ``OutcomeUnknown`` when the call may have taken effect.
            ConfigurationError: the address is not the API's; nothing happened.
        """
        return self._call(service, method, param, is_write=True, before=before).body

    def fault_of_item(self, text: str, code: str, param: Mapping[str, Any]) -> OmieFault:
        """What the status of one record in a lot's answer means.

        Args:
            text: the words of the status, as they came.
            code: the status.
            param: the record as it was sent.
        """
        now, hidden = self._clock.now(), self._hidden(param)
        told = wire.plain_text(text)
        return classify(told, code, 200, is_write=True, now=now, hidden=hidden)

    def count_refusals(self, method: str) -> None:
        """Records of a lot were refused in a good answer: one error of the method, however many."""
        self._rate_limiter.record_fault(method, self._clock.now())

    def read(
        self,
        service: Service,
        method: str,
        param: Mapping[str, Any],
        *,
        others: Iterable[Mapping[str, Any]] = (),
    ) -> wire.Json:
        """Ask, and ask again after the wait if Omie says "later".

        Args:
            service: service of Omie.
            method: method of Omie.
            param: the one object of the request.
            others: other questions whose answers would do as well. After a broken answer the next
                of them goes within seconds, while the same question would be redundant for a
                minute.

        Raises:
            OmieFault: every fault but a ``RetryLater`` that a few repetitions resolve.
        """
        return self._patiently(service, method, param, _never, wire.json_object, others).body

    def read_now(self, service: Service, method: str, param: Mapping[str, Any]) -> wire.Json:
        """Ask once and wait for nothing.

        Raises:
            OmieFault: every fault, ``Redundant`` too if the question left within the minute.
        """
        return self._patiently(service, method, param, _always, wire.json_object).body

    def read_text(
        self,
        service: Service,
        method: str,
        param: Mapping[str, Any],
        *,
        give_up: GiveUp = _never,
        parse: wire.Parse = wire.float_object,
    ) -> Answer:
        """Like :meth:`read`, with the answer's text beside its body, for readers of whole pages.

        The body is parsed fast, floats included: good for counts and keys, never for money.

        Args:
            service: service of Omie.
            method: method of Omie.
            param: the one object of the request.
            give_up: called with every "later"; true ends the asking with that fault.
            parse: from the text to the body.
        """
        return self._patiently(service, method, param, give_up, parse)

    def bear(self, method: str, fault: RetryLater | Unreachable, tries: int) -> None:
        """Wait as a fault asks before ``method`` goes again, while patience lasts.

        Args:
            tries: how often this very request went.

        Raises:
            Unreachable: nobody was there for most of a minute, for this client or a little while
                ago for another of its key; or waiting mends nothing.
            Paused: Omie turns this method away again and again, or for long.
            RetryLater: any other fault that came too often.
        """
        now = self._clock.now()
        if isinstance(fault, Unreachable) and self._rate_limiter.nobody_there(now):
            fault.known, seconds = True, -1.0
        else:
            seconds = self._patience.wait_seconds(method, fault, tries, now)
        if seconds >= 0:
            if not _is_the_lines(fault):  # else the next admission waits, for any caller
                self.wait(method, seconds, fault.detail.text)
            return
        if isinstance(fault, Unreachable):
            self._gone = fault
            until = now + timedelta(seconds=GONE_BELIEVED_SECONDS)
            self._rate_limiter.record_nobody_there(until, fault.detail.text, now)
        elif _is_the_lines(fault) or fault.wait_seconds > LONGEST_SLEPT_SECONDS:
            raise self._paused(method, now + timedelta(seconds=fault.wait_seconds)) from None
        raise fault

    def now(self) -> datetime:
        """The present moment, by the deployment's clock."""
        return self._clock.now()

    def wait(self, what: str, wait_seconds: float, why: str) -> None:
        """Let time pass; a long wait is announced, and ``status`` shows it.

        Args:
            what: the method, or else what waits.
            why: in Portuguese.
        """
        if wait_seconds > TOLD_SECONDS:
            now = self._clock.now()
            until = now + timedelta(seconds=wait_seconds)
            self._rate_limiter.record_wait(what, until, why, now, closes=False)
            self._announce(why, until)
        self._clock.sleep(wait_seconds)

    def _announce(self, why: str, until: datetime) -> None:
        tell_wait(why, until)
        if self._on_wait is not None:
            self._on_wait(why, until)

    def _paused(self, method: str, until: datetime) -> Paused:
        return Paused(FaultDetail(texts.PAUSED.format(method=method), "429", 429), until)

    def _patiently(
        self,
        service: Service,
        method: str,
        param: Mapping[str, Any],
        give_up: GiveUp,
        parse: wire.Parse,
        others: Iterable[Mapping[str, Any]] = (),
    ) -> Answer:
        asked, left, tries = param, iter(others), 0
        while True:
            tries += 1
            try:
                return self._call(
                    service, method, asked, is_write=False, parse=parse, give_up=give_up
                )
            except (RetryLater, Unreachable) as fault:
                if give_up(fault) or fault is self._gone:
                    raise
                other = next(left, None) if _may_be_asked_otherwise(fault, asked, param) else None
                if other is None:
                    self.bear(method, fault, tries)
                    continue
                if isinstance(fault, Broken):
                    self.wait(method, BROKEN_WAITS_SECONDS[0], fault.detail.text)
                asked, tries = other, 0

    def _call(
        self,
        service: Service,
        method: str,
        param: Mapping[str, Any],
        *,
        is_write: bool,
        parse: wire.Parse = wire.json_object,
        before: Callable[[], None] | None = None,
        give_up: GiveUp = _never,
    ) -> Answer:
        if self._gone is not None:
            raise self._gone
        fingerprint = wire.fingerprint(method, param)
        probe = self._wait_for_slot(method, fingerprint, give_up, is_write=is_write)
        if before is not None:
            # The slot stays remembered: it may be the very request of the run that took over.
            before()
        started = time.perf_counter()
        status, body, fault = 0, None, None
        told_seconds: float | None = None
        asked_at = self._clock.now()
        try:
            answer = self._post(service, method, param, is_write=is_write)
            status, told_seconds = answer.status, answer.retry_after_seconds
            self._patience.answered("", None)
            self._remember_answer()
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
            self._remember(method, fingerprint, raised, told_seconds)
            if status:
                self._patience.answered(method, raised)
            if probe and (is_open := says_open(raised)) is not None:
                self._rate_limiter.end_probe(self._clock.now(), is_open=is_open)
            raise
        except ConfigurationError:
            self._rate_limiter.forget(fingerprint)
            raise
        finally:
            self.calls += 1
            duration_ms = round((time.perf_counter() - started) * 1000, 1)
            if self._on_call is not None:
                asked, told = mask(dict(param)), mask(body)
                self._on_call(CallRecord(method, asked, told, status, fault, duration_ms))
        self._patience.answered(method, None)
        if probe:
            self._rate_limiter.end_probe(self._clock.now(), is_open=True)
        return Answer(body, answer.text, asked_at)

    def _wait_for_slot(
        self, method: str, fingerprint: str, give_up: GiveUp, *, is_write: bool
    ) -> bool:
        """Wait for the moment to leave; true for the one call that tries a key after a block."""
        admission = self._admitted(method, fingerprint, give_up, is_write=is_write)
        asked_at = self._clock.now()
        self.wait(method, admission.wait_seconds, texts.CALLS_PER_MINUTE)
        late_seconds = (self._clock.now() - asked_at).total_seconds() - admission.wait_seconds
        if is_write and late_seconds > _LATE_SECONDS:
            # This process was paused: what is remembered of the request is too old to guard it.
            admission = self._admitted(method, fingerprint, give_up, is_write=is_write)
        # Another lane of this client may have met a block while this one waited for its slot.
        met = self._block
        if met is not None and met.until > self._clock.now():
            raise Blocked(met.detail, met.until)
        return admission.probe

    def _admitted(
        self, method: str, fingerprint: str, give_up: GiveUp, *, is_write: bool
    ) -> Admission:
        """A reserved slot, once what Omie asked this method to wait is over."""
        slept_seconds = 0.0
        while True:
            now = self._clock.now()
            admission = self._rate_limiter.acquire(method, fingerprint, now, durable=is_write)
            if admission.paused_until is None:
                break
            slept_seconds += admission.paused_seconds
            paused = FaultDetail(admission.paused_reason, "429", 429)
            later = TurnedAway(paused, admission.paused_seconds)
            if give_up(later):
                raise later
            if slept_seconds > LONGEST_SLEPT_SECONDS:
                raise self._paused(method, admission.paused_until)
            if admission.paused_seconds > TOLD_SECONDS:
                self._announce(admission.paused_reason, admission.paused_until)
            self._clock.sleep(admission.paused_seconds)
        if admission.blocked_until is not None:
            detail = FaultDetail(texts.KEY_BLOCKED, "425")
            raise Blocked(detail, admission.blocked_until)
        if admission.budget_until is not None:
            detail = FaultDetail(texts.budget_spent(method), "budget")
            raise BudgetSpent(detail, admission.budget_until)
        if admission.redundant_seconds > 0:
            detail = FaultDetail(texts.REDUNDANT, "redundant")
            raise Redundant(detail, admission.redundant_seconds + 0.5)
        return admission

    def _remember_answer(self) -> None:
        if not self._answered:
            self._answered = True
            self._rate_limiter.somebody_there()

    def _hidden(self, param: Mapping[str, Any]) -> tuple[str, ...]:
        """What no error may repeat of a request: the keys, and who the record is about."""
        keys = (self._credentials.app_secret, self._credentials.app_key)
        return (*(key.get_secret_value() for key in keys), *personal_texts(param))

    def _remember(
        self, method: str, fingerprint: str, fault: OmieFault, told_seconds: float | None
    ) -> None:
        if isinstance(fault, (TurnedAway, Unreachable)):
            self._rate_limiter.forget(fingerprint)
        status = fault.detail.http_status
        if _is_the_lines(fault) or (told_seconds is not None and status >= 500):
            # Every process heeds it at its next admission.
            unnamed = UNNAMED_WAIT_SECONDS if status == 429 else 0.0
            seconds = told_seconds or unnamed
            if isinstance(fault, RetryLater):
                seconds = fault.wait_seconds = seconds or fault.wait_seconds
            now = self._clock.now()
            until, why = now + timedelta(seconds=seconds), texts.PAUSED.format(method=method)
            self._rate_limiter.record_wait(method, until, why, now, closes=True)
        if isinstance(fault, Blocked):
            self._block = fault
            self._rate_limiter.record_block(fault.until, fault.detail.text, self._clock.now())
        elif fault.detail.http_status >= 500 or fault.detail.http_status == 200:
            self._rate_limiter.record_fault(method, self._clock.now())

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
            headers = {"Content-Type": "application/json"}
            with self._http.stream("POST", url, content=content, headers=headers) as answer:
                found = read_within(answer, self._largest_answer_bytes)
        except httpx.InvalidURL:
            raise ConfigurationError(texts.ADDRESS_INVALID) from None
        except _NEVER_CONNECTED as error:
            # No connection, so nothing left: safe to repeat, reads and writes alike.
            raise wire.unreachable(error) from None
        except httpx.RequestError as error:
            raise unreachable(_no_answer(error), is_write=is_write) from None
        status = answer.status_code
        if found is None:
            raise _too_large(status, self._largest_answer_bytes, is_write=is_write)
        text = _decoded(found, answer)
        if 300 <= status < 400:
            raise ConfigurationError(texts.address_redirects(status))
        if status in _NO_SUCH_PLACE and wire.json_object(text) is None:
            raise ConfigurationError(texts.address_leads_elsewhere(status))
        told_seconds = told_wait_seconds(answer.headers, self._clock.now())
        return HttpAnswer(status, text, told_seconds)


def _may_be_asked_otherwise(
    fault: OmieFault, asked: Mapping[str, Any], first: Mapping[str, Any]
) -> bool:
    """After a broken answer; and if the question in its place left within the minute itself."""
    if isinstance(fault, Redundant):
        return asked is not first and not fault.detail.http_status
    return isinstance(fault, Broken)


def _no_answer(error: httpx.RequestError) -> FaultDetail:
    """The kind of failure only: an httpx message could quote the request."""
    return FaultDetail(texts.no_answer(type(error).__name__))


def _is_the_lines(fault: OmieFault) -> TypeGuard[TurnedAway]:
    """A wait of the whole method: "busy" is the question's alone."""
    return isinstance(fault, TurnedAway) and not isinstance(fault, Busy)


def _decoded(body: bytes, answer: httpx.Response) -> str:
    """The text, as httpx itself decodes it."""
    return body.decode(answer.encoding or "utf-8", errors="replace")


def _too_large(status: int, most_bytes: int, *, is_write: bool) -> OmieFault:
    """A write's outcome is unknown; a read may be tried with a smaller page."""
    text = texts.answer_too_large(most_bytes // 2**20)
    detail = FaultDetail(text, "size", status)
    return OutcomeUnknown(detail) if is_write else Overloaded(detail, _TOO_LARGE_WAIT_SECONDS)
