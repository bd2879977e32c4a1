"""Sending events as Omie does: one queue in order, three tries, then a second, slow queue.

omie-api.md#webhook-delivery: success is any 2xx; main queue 7 s and 3 tries, second queue 20 s
every 10 minutes for up to 5 days. Waits between tries are simulated time: nothing sleeps.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import httpx

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.simulator.clock import Clock
from omie_pipeline.tls import no_authorities

TRIES = 3
MAIN_TIMEOUT_SECONDS = 7.0
SECOND_TIMEOUT_SECONDS = 20.0
SECOND_EVERY_SECONDS = 600.0
SECOND_FOR_SECONDS = 5 * 86_400.0
_LOOK_SECONDS = 0.2
"""Real seconds between two checks of a clock that sends no signal (``SystemClock``)."""
_KEPT_DELIVERIES = 20_000
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Message:
    """One event, ready to be sent."""

    id: str
    app_key: str
    topic: str
    body: bytes = field(repr=False)
    made_at: float = 0.0
    due: float = 0.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One try. ``status`` is the HTTP status, 0 when no answer came; ``at`` simulated seconds."""

    message_id: str
    topic: str
    queue: str
    attempt: int
    status: int
    at: float


@dataclass(frozen=True, slots=True)
class WebhookStats:
    """Messages by outcome."""

    waiting: int
    retrying: int
    delivered: int
    dropped: int


@dataclass(frozen=True, slots=True)
class Target:
    """Where events go, and which (``topics`` empty for all)."""

    url: str
    topics: frozenset[str] = frozenset()
    timeout_seconds: float | None = None

    def wants(self, topic: str) -> bool:
        return not self.topics or topic.casefold() in self.topics


class Webhooks:
    """The sender; a thread of its own, started with the first message."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._targets: dict[str, Target] = {}
        self._sent: dict[str, Message] = {}
        self._thread: threading.Thread | None = None
        self._stopped = False
        self._start_over()

    def _start_over(self) -> None:
        self._main: deque[Message] = deque()
        self._second: deque[Message] = deque()
        self._log: deque[Delivery] = deque(maxlen=_KEPT_DELIVERIES)
        self._sent.clear()
        self._busy = False
        self._delivered = self._dropped = 0

    def aim(self, app_key: str, target: Target | None) -> None:
        """Send the events of ``app_key`` there; ``None`` sends none.

        Raises:
            ConfigurationError: the address is not on this machine.
        """
        if target is not None:
            parts = urlsplit(target.url)
            if parts.scheme != "http" or parts.hostname not in _LOOPBACK:
                raise ConfigurationError("o simulador só envia webhooks por http a esta máquina")
        with self._changed:
            if target is None:
                self._targets.pop(app_key, None)
            else:
                self._targets[app_key] = target

    def wanted(self, app_key: str, topic: str) -> bool:
        """Is anybody listening?"""
        target = self._targets.get(app_key)
        return target is not None and target.wants(topic)

    @property
    def silent(self) -> bool:
        """No address at all."""
        return not self._targets

    def send(self, message: Message) -> None:
        """Put one message at the end of the main queue."""
        with self._changed:
            self._sent[message.id] = message
            self._main.append(message)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def resend(self, message_id: str) -> None:
        """Deliver once more what was sent before: Omie promises at least once, not once.

        Raises:
            ConfigurationError: no such message.
        """
        message = self._sent.get(message_id)
        if message is None:
            raise ConfigurationError(f"no webhook message {message_id!r}")
        self.send(message)

    def wake(self) -> None:
        """The clock has jumped."""
        with self._changed:
            self._changed.notify_all()

    def flush(self, *, retry_now: bool, timeout_seconds: float) -> WebhookStats:
        """Wait (real seconds) until nothing is due; ``retry_now`` makes the second queue due."""
        with self._changed:
            if retry_now:
                self._second = deque(replace(message, due=0.0) for message in self._second)
                self._changed.notify_all()
            self._changed.wait_for(self._idle, timeout_seconds)
            return self._stats()

    def stats(self) -> WebhookStats:
        """Counts of now."""
        with self._changed:
            return self._stats()

    def _stats(self) -> WebhookStats:
        waiting = len(self._main) + self._busy
        return WebhookStats(waiting, len(self._second), self._delivered, self._dropped)

    def deliveries(self) -> tuple[Delivery, ...]:
        """Every try, oldest first."""
        with self._changed:
            return tuple(self._log)

    def forget(self) -> None:
        """Drop messages, tries and addresses."""
        with self._changed:
            self._targets.clear()
            self._start_over()

    def stop(self) -> None:
        """End the thread."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    # -- the thread -------------------------------------------------------------------------------

    def _idle(self) -> bool:
        return self._stopped or not (self._busy or self._main or self._due() is not None)

    def _due(self) -> Message | None:
        now = self._clock.seconds()
        return next((message for message in self._second if message.due <= now), None)

    def _work(self) -> None:
        with httpx.Client(trust_env=False, follow_redirects=False, verify=no_authorities()) as http:
            while (taken := self._take()) is not None:
                message, is_first = taken
                self._settle(message, delivered=self._deliver(http, message, is_first))

    def _take(self) -> tuple[Message, bool] | None:
        with self._changed:
            while not self._stopped:
                late = None if self._main else self._due()
                if self._main or late is not None:
                    self._busy = True
                    if late is None:
                        return self._main.popleft(), True
                    self._second.remove(late)
                    return late, False
                self._changed.wait(_LOOK_SECONDS if self._second else None)
            return None

    def _deliver(self, http: httpx.Client, message: Message, is_first: bool) -> bool:
        target = self._targets.get(message.app_key)
        if target is None:
            return False
        usual = MAIN_TIMEOUT_SECONDS if is_first else SECOND_TIMEOUT_SECONDS
        timeout_seconds = target.timeout_seconds or usual
        for attempt in range(1, (TRIES if is_first else 1) + 1):
            status = _post(http, target.url, message.body, timeout_seconds)
            queue = "principal" if is_first else "segunda"
            tried = Delivery(
                message.id, message.topic, queue, attempt, status, self._clock.seconds()
            )
            with self._changed:
                self._log.append(tried)
            if 200 <= status < 300:
                return True
        return False

    def _settle(self, message: Message, *, delivered: bool) -> None:
        now = self._clock.seconds()
        with self._changed:
            self._busy = False
            if message.id not in self._sent:
                pass  # everything was forgotten while it was under way
            elif delivered:
                self._delivered += 1
            elif now - message.made_at >= SECOND_FOR_SECONDS:
                self._dropped += 1
            else:
                self._second.append(replace(message, due=now + SECOND_EVERY_SECONDS))
            self._changed.notify_all()


def _post(http: httpx.Client, url: str, body: bytes, timeout_seconds: float) -> int:
    try:
        answer = http.post(
            url,
            content=body,
            headers={"content-type": "application/json"},
            timeout=timeout_seconds,
        )
    except httpx.HTTPError:
        return 0
    return answer.status_code
