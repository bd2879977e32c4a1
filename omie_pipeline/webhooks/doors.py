"""Access to the receiver: one secret address and one app key per empresa."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Door:
    """The address of one empresa; ``repr`` shows no secret."""

    empresa: str
    secret: str = field(repr=False)
    app_key: str = field(repr=False)

    def owns(self, app_key: str) -> bool:
        """Whether a body's ``appKey`` is this empresa's, compared in constant time."""
        return hmac.compare_digest(_digest(app_key), _digest(self.app_key))


class Doors:
    """The doors of a deployment."""

    def __init__(self, doors: Iterable[Door]) -> None:
        self._doors = {door.empresa: door for door in doors}
        # What an unknown empresa is compared with: the same work, and it never fits.
        self._nobody = Door("", secrets.token_urlsafe(32), "")

    @property
    def empresas(self) -> tuple[str, ...]:
        """Names of the empresas that have a door."""
        return tuple(self._doors)

    def at(self, path: str) -> Door | None:
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
