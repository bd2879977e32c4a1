"""Channels of notifications, through apprise: e-mail, Slack, SMS and whatever else it knows.

An address holds a password or a token, so nothing here shows one: not in ``repr``, not in an error,
and apprise and the HTTP library below it log nothing.
"""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import SecretStr

from omie_pipeline.alerts.send import Message
from omie_pipeline.config.empresas import PipelineConfig
from omie_pipeline.config.settings import Settings, environment, notify_addresses
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.texts import alerts as texts

if TYPE_CHECKING:
    from apprise import AppriseAsset, NotifyBase

_TALKATIVE = (
    "apprise", "urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry",
    "requests_oauthlib.oauth1_auth", "requests_oauthlib.oauth1_session",
    "oauthlib.oauth1.rfc5849", "oauthlib.oauth1.rfc5849.signature",
)  # fmt: skip
_SENDING: ContextVar[bool] = ContextVar("omie_pipeline_sending", default=False)


@dataclass(frozen=True, slots=True)
class AppriseChannel:
    """One address that apprise understands.

    Attributes:
        empresas: those whose alerts it receives; ``""`` for alerts that concern all.
    """

    url: SecretStr
    empresas: frozenset[str]

    @property
    def digest(self) -> str:
        """Eight hexadecimal digits: enough to know it again, too few to guess it from."""
        return hashlib.sha256(self.url.get_secret_value().encode()).hexdigest()[:8]

    @property
    def service(self) -> str:
        """The service's own name, ``Slack`` say; nothing else of the address."""
        with _silence():
            plugin = _plugin(self.url)
        return str(plugin.service_name) if plugin else texts.UNKNOWN_SERVICE

    def covers(self, empresa: str) -> bool:
        """Whether it receives alerts of this empresa."""
        return empresa in self.empresas

    def send(self, message: Message) -> bool:
        """Send once; false when the address is not understood or the service refused."""
        from apprise import Apprise, NotifyFormat

        with _silence():
            plugin = _plugin(self.url)
            if plugin is None:
                return False
            one = Apprise(asset=_asset())
            one.add(plugin)
            return bool(
                one.notify(body=message.body, title=message.title, body_format=NotifyFormat.TEXT)
            )


def notify_channels(
    settings: Settings, config: PipelineConfig, variables: Mapping[str, str] | None = None
) -> tuple[AppriseChannel, ...]:
    """Every channel once: those of ``OMIE_NOTIFY_URLS``, and the empresas' own.

    Alerts of an empresa that names a variable (``notificar_env``) go there and not to the others.

    Raises:
        ConfigurationError: a variable that an empresa names is missing or holds no address.
    """
    found = environment() if variables is None else variables
    heard: defaultdict[str, set[str]] = defaultdict(set)
    common = settings.notify_urls.get_secret_value() if settings.notify_urls else ""
    for url in notify_addresses(common) if common else ():
        heard[url] |= {"", *(one.nome for one in config.empresas if not one.notificar_env)}
    for empresa in config.empresas:
        if empresa.notificar_env:
            for url in _own(empresa.nome, empresa.notificar_env, found):
                heard[url].add(empresa.nome)
    return tuple(AppriseChannel(SecretStr(url), frozenset(names)) for url, names in heard.items())


def _own(empresa: str, variable: str, found: Mapping[str, str]) -> tuple[str, ...]:
    if not found.get(variable):
        raise ConfigurationError(texts.own_address_missing(empresa=empresa, variable=variable))
    try:
        return notify_addresses(found[variable])
    except ValueError as error:
        raise ConfigurationError(f"{variable}: {error}") from None


def _plugin(url: SecretStr) -> NotifyBase | None:
    from apprise import Apprise

    return Apprise.instantiate(url.get_secret_value(), asset=_asset())


def _asset() -> AppriseAsset:
    """How we introduce ourselves; no logo fetched from elsewhere, nothing kept on disk."""
    from apprise import AppriseAsset

    return AppriseAsset(
        app_id="omie_pipeline",
        app_desc="omie_pipeline",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        async_mode=False,
        secure_logging=True,
    )


class _Silent(logging.Filter):
    """Drops what is logged while, and only where, we send: other threads are not concerned."""

    def filter(self, _record: logging.LogRecord) -> bool:
        """False while this thread of execution is sending."""
        return not _SENDING.get()


_SILENT = _Silent()


@contextmanager
def _silence() -> Iterator[None]:
    """No word of what is sent or where to: a path can be the token itself."""
    for name in _TALKATIVE:
        # Added once: ``addFilter`` knows it again.
        logging.getLogger(name).addFilter(_SILENT)
    before = _SENDING.set(True)
    try:
        yield
    finally:
        _SENDING.reset(before)
