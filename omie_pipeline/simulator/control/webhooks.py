"""Webhooks from Omie's side: their address, their outcomes, sending one again."""

from __future__ import annotations

from collections.abc import Iterable

from omie_pipeline.simulator import company, webhooks
from omie_pipeline.simulator.control.base import ControlBase
from omie_pipeline.simulator.webhooks import Delivery, Target, WebhookStats


class WebhookControl(ControlBase):
    """A person does this in the developer portal; no API exists (omie-api.md#webhook-setup)."""

    def set_webhook(
        self,
        url: str | None,
        *,
        topics: Iterable[str] = (),
        timeout_seconds: float | None = None,
        ping: bool = False,
        app_key: str = company.APP_KEY,
    ) -> None:
        """Send every change of the app to ``url`` from now on, ``None`` for no more.

        ``topics`` (whole names, any case) narrows it; ``timeout_seconds`` replaces Omie's 7 and
        20 s; ``ping`` sends the test body first, as the portal does.

        Args:
            url: ``None`` stops the sending.
            topics: only these; all by default.
            timeout_seconds: for an answer.
            ping: whether the test body is sent first.
            app_key: key of the simulated app.

        Raises:
            ConfigurationError: the address is not http on this machine.
        """
        self._app(app_key)
        wanted = frozenset(topic.casefold() for topic in topics)
        target = None if url is None else Target(url, wanted, timeout_seconds)
        self._engine.webhooks.aim(app_key, target)
        if ping:
            self.ping_webhook(app_key=app_key)

    def ping_webhook(self, *, app_key: str = company.APP_KEY) -> None:
        """Send the test body ``{"ping":"omie"}``."""
        self._engine.webhooks.send(webhooks.ping(app_key, self._engine.clock.now()))

    def flush_webhooks(
        self, *, retry_now: bool = False, timeout_seconds: float = 10.0
    ) -> WebhookStats:
        """Wait (at most ``timeout_seconds`` real seconds) until no message is due.

        ``retry_now`` makes the second queue due without waiting for its 10 minutes; advancing
        the clock does the same in simulated time.
        """
        return self._engine.webhooks.flush(retry_now=retry_now, timeout_seconds=timeout_seconds)

    def webhook_stats(self) -> WebhookStats:
        """Messages waiting, in the second queue, delivered and given up."""
        return self._engine.webhooks.stats()

    def webhook_deliveries(self) -> tuple[Delivery, ...]:
        """Every try so far, oldest first."""
        return self._engine.webhooks.deliveries()

    def resend_webhook(self, message_id: str) -> None:
        """Deliver a message once more: Omie promises at least once.

        Raises:
            ConfigurationError: no such message.
        """
        self._engine.webhooks.resend(message_id)
