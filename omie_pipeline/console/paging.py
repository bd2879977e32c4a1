"""Pages of long lists: where one ended, the next one begins."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from starlette.exceptions import HTTPException

PAGE: Final = 50
_BETWEEN: Final = "~"


def place_in(text: str) -> tuple[datetime, str] | None:
    """Where the page before ended, from an address; ``None`` for the first page.

    Raises:
        HTTPException: 422, nobody's page ends like this.
    """
    if not text:
        return None
    at, _, key = text.partition(_BETWEEN)
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        raise HTTPException(422) from None
    if moment.tzinfo is None or "\0" in key:
        raise HTTPException(422)
    return moment, key


def place_of(at: datetime, key: str) -> str:
    """The same place, for an address."""
    return f"{at.isoformat()}{_BETWEEN}{key}"
