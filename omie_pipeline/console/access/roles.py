"""Roles of the console, and what each of them may."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Permission(StrEnum):
    """What a page or an action asks for."""

    SEE = "see"
    """What goes on, what is to be corrected, one record."""
    SEND = "send"
    """Synchronise, and send again what was corrected."""
    MAP = "map"
    """Decide which code of Omie's stands for a value of the clinic's."""
    DECIDE = "decide"
    """Decide conflicts and duplicates."""
    PLAN = "plan"
    """Make plans and read them."""
    APPROVE = "approve"
    """Approve plans and have them applied."""
    ISSUE = "issue"
    """Issue and cancel notes."""
    MONEY = "money"
    """Sums over all records: what is open, receipts, cash, results."""
    NAMES = "names"
    """Names and documents of people in full."""
    OMIE_ENTRIES = "omie_entries"
    """Records that Omie has and the clinic has not."""
    SETTINGS = "settings"
    """See how an empresa is set up, test its connection."""
    PAUSE = "pause"
    """Pause and resume an empresa, switch what is exported."""
    PEOPLE = "people"
    """Say who may enter; hand out or erase a person's data."""


class Role(StrEnum):
    """What somebody is at a clinic."""

    RECEPTION = "reception"
    FINANCE = "finance"
    MANAGER = "manager"
    ACCOUNTANT = "accountant"
    ENGINEERING = "engineering"


_FINANCE: Final = frozenset(
    {
        Permission.SEE,
        Permission.SEND,
        Permission.MAP,
        Permission.DECIDE,
        Permission.PLAN,
        Permission.ISSUE,
        Permission.MONEY,
        Permission.NAMES,
    }
)

PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.RECEPTION: frozenset({Permission.SEE, Permission.SEND, Permission.NAMES}),
    Role.FINANCE: _FINANCE,
    Role.MANAGER: frozenset(Permission) - {Permission.OMIE_ENTRIES},
    Role.ACCOUNTANT: frozenset(
        {Permission.SEE, Permission.PLAN, Permission.MONEY, Permission.NAMES}
    ),
    # Engineers mend the machine, and need no patient's name for it.
    Role.ENGINEERING: frozenset(
        {Permission.SEE, Permission.SEND, Permission.PLAN, Permission.SETTINGS, Permission.PAUSE}
    ),
}
"""``OMIE_ENTRIES`` comes with no role: it is granted by itself."""
