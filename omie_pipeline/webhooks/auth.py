"""Access to the receiver: one secret address and one app key per empresa."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.config.empresas import webhook_secret_variable
from omie_pipeline.config.settings import environment
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.texts import webhooks as texts


@dataclass(frozen=True, slots=True)
class WebhookAddress:
    """The address of one empresa; ``repr`` shows no secret."""

    empresa: str
    secret: str = field(repr=False)
    app_key: str = field(repr=False)

    def owns(self, app_key: str) -> bool:
        """Whether a body's ``appKey`` is this empresa's, compared in constant time."""
        return hmac.compare_digest(_digest(app_key), _digest(self.app_key))


class WebhookAddresses:
    """The doors of a deployment."""

    def __init__(self, doors: Iterable[WebhookAddress]) -> None:
        self._doors = {door.empresa: door for door in doors}
        # What an unknown empresa is compared with: the same work, and it never fits.
        self._nobody = WebhookAddress("", secrets.token_urlsafe(32), "")

    @property
    def empresas(self) -> tuple[str, ...]:
        """Names of the empresas that have a door."""
        return tuple(self._doors)

    def at(self, path: str) -> WebhookAddress | None:
        """The door of ``/omie/{empresa}/{secret}``; ``None`` for wrong empresa and secret alike."""
        parts = path.split("/")
        shaped = len(parts) == 4 and parts[0] == "" and parts[1] == "omie"
        empresa, secret = (parts[2], parts[3]) if shaped else ("", "")
        door = self._doors.get(empresa, self._nobody)
        fits = hmac.compare_digest(_digest(secret), _digest(door.secret))
        return door if fits and door is not self._nobody else None


def _digest(text: str) -> bytes:
    """Of one length for all: comparing tells not even how long the secret is."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


# The webhook addresses from the environment and the YAML of empresas.

_SAFE_SECRET = re.compile(r"[A-Za-z0-9_-]{24,200}")


def configured_doors(
    deployment: Deployment, variables: Mapping[str, str] | None = None
) -> tuple[WebhookAddress, ...]:
    """One door for each empresa whose webhook secret is set, in the order of the file.

    Raises:
        ConfigurationError: a secret is short or no part of a URL, or the app key is not set; the
            variables are named, their values are not shown.
    """
    found = environment() if variables is None else variables
    doors: list[WebhookAddress] = []
    for empresa in deployment.config.empresas:
        variable = webhook_secret_variable(empresa, deployment.config)
        secret = found.get(variable, "") if variable else ""
        if not secret:
            continue
        if not _SAFE_SECRET.fullmatch(secret):
            raise ConfigurationError(texts.secret_unsafe(variable))
        app_key = found.get(empresa.app_key_env, "")
        if not app_key:
            raise ConfigurationError(
                texts.key_missing(empresa=empresa.nome, variable=empresa.app_key_env)
            )
        doors.append(WebhookAddress(empresa.nome, secret, app_key))
    return tuple(doors)
