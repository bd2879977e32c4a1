"""How long a city hall may take before an alert is sent (section ``nfse`` of the YAML)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Minutes = Annotated[int, Field(ge=1, le=60 * 24 * 30)]
_STATE = re.compile(r"\s*(?:\([A-Z]{2}\)|[-/]\s*[A-Z]{2})\s*$")


class NfseLimits(BaseModel):
    """Minutes a note may be under way.

    Attributes:
        limite_minutos: everywhere.
        por_municipio: city -> minutes, where its city hall is slower or faster; accents, case and
            the state behind the name do not matter.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    limite_minutos: Minutes = 120
    por_municipio: Mapping[str, Minutes] = Field(default_factory=dict)

    def limit_of(self, municipio: str | None) -> timedelta:
        """The limit of one city."""
        wanted = city_name(municipio or "")
        for name, minutes in self.por_municipio.items():
            if wanted and city_name(name) == wanted:
                return timedelta(minutes=minutes)
        return timedelta(minutes=self.limite_minutos)


def city_name(text: str) -> str:
    """``São Paulo (SP)`` and ``SAO PAULO`` are the same city."""
    plain = unicodedata.normalize("NFKD", text.upper()).encode("ascii", "ignore").decode()
    return " ".join(_STATE.sub("", plain).split())
