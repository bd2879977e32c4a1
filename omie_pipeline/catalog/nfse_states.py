"""The states of an NFS-e and the steps between them, as a table: no database, no wire.

``submitted``: the OS was billed, nothing was heard since. ``processing``: the city hall has it.
``issued``: it has a number. ``rejected``: the city hall refused it. ``cancelled``: cancelled in
Omie, before or after it had a number. ``error``: Omie does not know the order any more, or says
that it is not billed. ``deleted``: this pipeline deleted the order in Omie, if it was not
billed; one that is made again under the same code begins anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

Estado = Literal["submitted", "processing", "issued", "rejected", "cancelled", "error", "deleted"]
Fonte = Literal["push", "status", "lista", "cancelamento"]
"""Where a step was learned: our own billing, StatusOS, ListarNFSEs, our own cancellation."""

ESTADOS: tuple[Estado, ...] = get_args(Estado)
OPEN: tuple[Estado, ...] = ("submitted", "processing", "error")
"""States in which an answer of Omie or the city hall is pending; others change only by a person."""

TRANSITIONS: Mapping[Estado, frozenset[Estado]] = MappingProxyType(
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


def may_move(de: Estado, para: Estado) -> bool:
    """Whether a note may go from one state to another; staying is no step."""
    return para in TRANSITIONS[de]
