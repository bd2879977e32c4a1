"""A call ready to leave, and what a read showed of its effect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from omie_pipeline.catalog import Service
from omie_pipeline.omie import wire
from omie_pipeline.validation.model import Reason

Finding = Literal["arrived", "absent", "different", "unreadable"]


@dataclass(frozen=True, slots=True)
class Request:
    """A call ready to leave, but for the keys."""

    service: Service
    method: str
    param: wire.Json

    @property
    def fingerprint(self) -> str:
        return wire.fingerprint(self.method, self.param)


@dataclass(frozen=True, slots=True)
class Found:
    """What a read showed.

    Attributes:
        untouched: the record was never changed since it was created, and by an integration.
        born_at: when Omie made the record; ``None`` if another proof says that it is new: it
            was looked for before the call and not there.
        omie_code: Omie's id if it is no number.
        text: what a person has to know of it, for a row that cannot go on.
    """

    finding: Finding
    omie_id: int | None = None
    untouched: bool = False
    born_at: datetime | None = None
    omie_code: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class TwinRule:
    """When a settlement that others made may be the payment that is to be sent.

    Attributes:
        days: how many days it may lie before or after the payment.
        waived: a person looked, and says that it is another payment.
        same: a person looked, and says that it is this very payment.
    """

    days: int = 5
    waived: bool = False
    same: bool = False


SAME_PAYMENT = TwinRule()
UNREADABLE = Found("unreadable")
ABSENT = Found("absent")


@dataclass(frozen=True, slots=True)
class Standing:
    """What a look before the first call showed of a row.

    Attributes:
        done: the effect stands already; nothing is to be sent.
        omie_id: Omie has the record, which is to be changed rather than made anew.
        same_as: a record of others that a person linked to the row.
        refusal: why the row cannot be sent; its correction in ``fix``.
        conflict: what a person has to decide before the row can be sent.
        unreadable: nothing could be seen, so nothing may be sent; ``text`` may say more, and
            ``pause_seconds`` how long looking again by itself makes no sense.
    """

    done: bool = False
    omie_id: int | None = None
    omie_code: str = ""
    same_as: int | None = None
    refusal: str = ""
    fix: str = ""
    conflict: Reason | None = None
    unreadable: bool = False
    text: str = ""
    pause_seconds: float = 0.0
