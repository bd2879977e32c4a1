"""What a test's own httpx clients need to reach a server of this machine by ``http``."""

from __future__ import annotations

from typing import Final

from omie_pipeline.omie.wire import no_authorities

NO_TLS: Final = no_authorities()
"""For ``verify``: without it each client, and each ``httpx.get``, reads all authorities again."""
