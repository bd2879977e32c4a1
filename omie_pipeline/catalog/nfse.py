"""The states of an NFS-e, the steps between them, and how long a city hall may take: pure data.

``submitted``: the OS was billed, nothing was heard since. ``processing``: the city hall has it.
``issued``: it has a number. ``rejected``: the city hall refused it. ``cancelled``: cancelled in
Omie, before or after it had a number. ``error``: Omie does not know the order any more, or says
that it is not billed. ``deleted``: this pipeline deleted the order in Omie, where it was not
billed; one that is made again under the same code begins anew.

"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

State = Literal["submitted", "processing", "issued", "rejected", "cancelled", "error", "deleted"]
Source = Literal["push", "status", "list", "cancellation"]
"""Where a step was learned: our own billing, StatusOS, ListarNFSEs, our own cancellation."""

STATES: tuple[State, ...] = get_args(State)
OPEN: tuple[State, ...] = ("submitted", "processing", "error")
"""States in which an answer of Omie or the city hall is pending; others change only by a person."""

TRANSITIONS: Mapping[State, frozenset[State]] = MappingProxyType(
    {
        "submitted": frozenset(
            {"processing", "issued", "rejected", "cancelled", "error", "deleted"}
        ),
        "processing": frozenset({"issued", "rejected", "cancelled", "error", "deleted"}),
        "error": frozenset(
            {"submitted", "processing", "issued", "rejected", "cancelled", "deleted"}
        ),
        # issued and cancelled without us: a person corrected it in Omie.
        "rejected": frozenset({"submitted", "issued", "cancelled", "deleted"}),
        # Never back to processing: a number that was given is not taken away by a late answer.
        "issued": frozenset({"cancelled"}),
        "cancelled": frozenset({"deleted"}),
        "deleted": frozenset({"submitted"}),
    }
)


def may_move(before: State, after: State) -> bool:
    """Whether a note may go from one state to another; staying is no step."""
    return after in TRANSITIONS[before]


# How long a city hall may take before an alert is sent (section ``nfse`` of the YAML).

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
