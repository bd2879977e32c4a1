"""Three ways compared: a record as the clinic has it, as Omie has it, and as both had it when Omie
last confirmed it. Pure: it reads no database and asks nobody."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from omie_pipeline.catalog.model import BY_API, is_blank, value_at
from omie_pipeline.clock import CLOCKS_APART
from omie_pipeline.omie import wire
from omie_pipeline.push.policy import Winner, Wins

BY_POLICY, BY_PERSON = "policy", "person"
"""Who decided that a field is not sent."""

_SIGNS = re.compile(r"[\W_]+")
_ADDRESS = re.compile(r"e?mail|homepage|chavepix", re.IGNORECASE)
"""Names of fields whose signs are part of the value: ``ana.souza@x`` is not ``anasouza@x``."""


@dataclass(frozen=True, slots=True)
class OmieSide:
    """A record as Omie has it.

    Attributes:
        record: as it was read, in Omie's writing; a list leaves out what is empty.
        changed_at: when Omie last changed it; ``None`` if it does not say.
        changed_by: which of its users did; ``""`` if it does not say.
        read_at: when it was asked for.
    """

    record: Mapping[str, Any]
    changed_at: datetime | None
    changed_by: str
    read_at: datetime

    def untouched_since(self, confirmed_at: datetime) -> bool:
        """Whether nobody else is known to have changed it since Omie confirmed our own change: the
        last one was the API's, and no later than ours."""
        if self.changed_by != BY_API:
            return False
        return self.changed_at is None or self.changed_at <= confirmed_at + CLOCKS_APART


@dataclass(frozen=True, slots=True)
class Base:
    """Both sides when Omie last confirmed the record.

    Attributes:
        clinic: the clinic's payload then, ids in the place of markers.
        left_out: fields of it that were not sent -> :data:`BY_POLICY` or :data:`BY_PERSON`.
        seen: what Omie had then, field by field as far as it was read; of a field that the clinic
            has ceased to speak of, when it last did.
        whole: whether all fields of ``clinic`` were read; else only those that were left out.
    """

    clinic: Mapping[str, Any]
    left_out: Mapping[str, str] = field(default_factory=dict)
    seen: Mapping[str, Any] = field(default_factory=dict)
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided of a field, for the two versions that they saw: whether Omie's value
    stands, or the clinic's."""

    keeps_omie: bool
    clinic: Any
    omie: Any


@dataclass(frozen=True, slots=True)
class FieldVerdict:
    """What becomes of one field on which the two sides differ.

    Attributes:
        verdict: ``leave_out``: Omie's value stands; ``replace``: the clinic's value replaces one
            that a person gave it in Omie; ``ask``: a person has to decide.
        by: :data:`BY_POLICY` or :data:`BY_PERSON`.
        news: off for what was so when Omie last confirmed the record.
    """

    field: str
    verdict: Literal["leave_out", "replace", "ask"]
    policy: Winner
    clinic_old: Any
    clinic_new: Any
    omie_old: Any
    omie_new: Any
    by: str = BY_POLICY
    news: bool = True


@dataclass(frozen=True, slots=True)
class Compared:
    """What a comparison of one record came to.

    Attributes:
        verdicts: of the fields on which the sides differ and it matters who changed them.
        sends: whether any other field has a change to send; ``None`` where that is not known.
    """

    verdicts: Sequence[FieldVerdict] = ()
    sends: bool | None = None

    def of(self, verdict: str) -> list[FieldVerdict]:
        """The verdicts of one kind."""
        return [one for one in self.verdicts if one.verdict == verdict]


@dataclass(frozen=True, slots=True)
class Sides:
    """All that is compared of one record.

    Attributes:
        fields: those that both sides may change.
        clinic: the clinic's payload now, ids in the place of markers, as it goes on the wire.
        base: ``None`` if it is not known.
        confirmed_at: when Omie last confirmed the record.
        emptied: fields of which the clinic's row may say by its silence that they are empty.
        decisions: of persons, by field.
    """

    fields: Sequence[str]
    clinic: Mapping[str, Any]
    omie: OmieSide
    base: Base | None
    confirmed_at: datetime
    emptied: frozenset[str] = frozenset()
    decisions: Mapping[str, Decision] = field(default_factory=dict)


def compare(sides: Sides, wins: Wins) -> Compared:
    """Decide field by field whose value stands.

    A field that nobody changed in Omie is sent as ever; what Omie made of a value by itself
    (capitals, punctuation, a padded code) is no change. Another writing than the one that was seen
    there since is somebody's. Where it is not known what Omie had when it last confirmed the
    record, what differs counts as changed there unless Omie's own words say that nobody else
    changed the record.
    """
    verdicts = [one for name in sides.fields if (one := _verdict(sides, name, wins)) is not None]
    return Compared(verdicts, _sends(sides, {one.field for one in verdicts if _stays(one)}))


def _stays(verdict: FieldVerdict) -> bool:
    return verdict.verdict != "replace"


def _sends(sides: Sides, staying: set[str]) -> bool | None:
    """Whether the clinic changed anything but the fields that are not sent."""
    base = sides.base
    if base is None:
        return None
    names = {*leaves(sides.clinic), *leaves(base.clinic)}
    names = {name for name in names if not any(_within(name, one) for one in staying)}
    taken_back = [name for name in base.left_out if name not in staying]
    return bool(taken_back) or any(
        not identical(value_at(sides.clinic, name), value_at(base.clinic, name)) for name in names
    )


def _within(name: str, holder: str) -> bool:
    return name == holder or name.startswith(f"{holder}.")


def leaves(payload: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Names of what a payload holds, with a point before nested ones; lists count as a whole."""
    for name, value in payload.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def _verdict(sides: Sides, name: str, wins: Wins) -> FieldVerdict | None:
    clinic, omie = value_at(sides.clinic, name), value_at(sides.omie.record, name)
    base = sides.base
    known = base is not None
    old = value_at(base.clinic, name) if base is not None else None
    if clinic is None and (name not in sides.emptied or is_blank(old)):
        # The clinic does not speak of the field, or not any more.
        return None
    policy = wins.of(name)
    left_out = base.left_out.get(name, "") if base is not None else ""
    stood = bool(left_out) or policy == "so_se_vazio"
    if _ours(clinic, omie, name) if stood else agree(sides, name):
        # Over what is not the clinic's, its own writing of the same is not sent either.
        return None
    by_clinic = not known or not identical(clinic, old)
    by_omie, omie_old = _changed_in_omie(sides, name, omie)

    def told(
        verdict: Literal["leave_out", "replace", "ask"], by: str = BY_POLICY, *, news: bool = True
    ) -> FieldVerdict:
        return FieldVerdict(name, verdict, policy, old, clinic, omie_old, omie, by, news)

    if left_out == BY_PERSON and not by_clinic:
        # A person kept Omie's value until the clinic's changes again.
        return told("leave_out", BY_PERSON, news=by_omie)
    decided = sides.decisions.get(name)
    if decided is not None and identical(decided.clinic, clinic) and identical(decided.omie, omie):
        return told("leave_out" if decided.keeps_omie else "replace", BY_PERSON)
    still = bool(left_out) and not by_clinic
    if policy == "so_se_vazio":
        if is_blank(omie):
            return None
        return told("leave_out", news=by_omie or not (still or alike(clinic, omie, name)))
    # What was kept is somebody else's until ours replaces it, however often the clinic changes.
    kept = by_omie or bool(left_out)
    if policy == "omie":
        return told("leave_out", news=not still or by_omie) if kept else None
    if policy == "clinica":
        return told("replace") if kept else None
    if by_omie:
        return told("ask")
    if still:
        return told("leave_out", news=False)
    if left_out == BY_PERSON:
        # Until the clinic's changes again: now it does, and what it replaces is told.
        return told("replace")
    return told("ask") if left_out else None


def agree(sides: Sides, name: str) -> bool:
    """Whether both sides say the same of a field: in the same writing, or in one that Omie may have
    made of the clinic's and nobody else is known to have given it."""
    clinic, omie = value_at(sides.clinic, name), value_at(sides.omie.record, name)
    if _ours(clinic, omie, name):
        return True
    if not alike(clinic, omie, name):
        return False
    base = sides.base
    if base is None or not _seen(base, name):
        return True
    return _same_writing(value_at(base.seen, name), omie, name)


def _seen(base: Base, name: str) -> bool:
    """Whether it is known what Omie had of a field when the clinic last spoke of it."""
    if name in base.left_out:
        return True
    return base.whole if _head(name) in base.clinic else _head(name) in base.seen


def _head(name: str) -> str:
    return name.partition(".")[0]


def by_whom(sides: Sides, name: str, *, unchanged: bool = False) -> tuple[bool, bool]:
    """Whether the clinic, and whether somebody in Omie, changed a field since Omie last confirmed
    the record, as far as it is known.

    Args:
        sides: both sides.
        name: of the field.
        unchanged: the clinic's row is as it was confirmed.
    """
    base = sides.base
    by_clinic = not unchanged
    if base is not None and by_clinic:
        by_clinic = not identical(value_at(sides.clinic, name), value_at(base.clinic, name))
    omie = value_at(sides.omie.record, name)
    return by_clinic, _changed_in_omie(sides, name, omie)[0]


def _changed_in_omie(sides: Sides, name: str, omie: Any) -> tuple[bool, Any]:
    """Whether somebody in Omie changed a field since Omie last confirmed the record, and what stood
    there then, as far as it is known."""
    base = sides.base
    if base is not None and _seen(base, name):
        then = value_at(base.seen, name)
        return not _same_writing(then, omie, name), then
    if base is not None and _head(name) not in base.clinic:
        # The clinic never spoke of it: what stands there is not its own.
        return not is_blank(omie), None
    if sides.omie.untouched_since(sides.confirmed_at):
        return False, omie
    if base is None:
        return True, None
    then = value_at(base.clinic, name)
    return not alike(then, omie, name), then


# Two values of one field.


def identical(one: Any, other: Any) -> bool:
    """The same value, whatever way an empty one and a number are written."""
    left, right = _bared(one), _bared(other)
    return bool(left == right)


def _ours(clinic: Any, omie: Any, name: str) -> bool:
    """Whether Omie has the clinic's value letter by letter, beside keys of its own."""
    return identical(clinic, omie) or wire.same_record({name: clinic}, {name: omie})


def _same_writing(then: Any, now: Any, name: str) -> bool:
    """Whether Omie shows what it showed: a list and a read may punctuate a document otherwise."""
    if identical(then, now):
        return True
    texts = isinstance(then, str) and isinstance(now, str)
    return texts and wire.same_record({name: then}, {name: now})


def alike(clinic: Any, omie: Any, name: str) -> bool:
    """Whether Omie's value may be what it made of the clinic's: capitals, punctuation, zeros in
    front, the order of a list, and keys of its own beside those that were sent."""
    if is_blank(clinic) and is_blank(omie):
        return True
    if wire.same_record({name: clinic}, {name: omie}):
        return True
    if isinstance(clinic, Mapping) and isinstance(omie, Mapping):
        return all(alike(value, omie.get(one), one) for one, value in clinic.items())
    if isinstance(clinic, list) and isinstance(omie, list):
        return len(clinic) == len(omie) and all(
            any(alike(item, other, name) for other in omie) for item in clinic
        )
    return _plain(clinic, name) == _plain(omie, name)


def _bared(value: Any) -> Any:
    """A value without what says nothing."""
    if isinstance(value, Mapping):
        kept = {name: _bared(inner) for name, inner in value.items()}
        return {name: inner for name, inner in kept.items() if inner is not None} or None
    if isinstance(value, list):
        items = [_bared(item) for item in value]
        return sorted(items, key=lambda item: json.dumps(item, sort_keys=True, default=str)) or None
    if is_blank(value):
        return None
    if isinstance(value, str):
        return value.strip() or None
    return _number(value)


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return value
    return Decimal(str(value)).normalize()


def _plain(value: Any, name: str) -> str:
    """A text without what Omie changes of it by itself."""
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return format(Decimal(str(value)).normalize(), "f")
    text = str("" if value is None else value).strip()
    if _ADDRESS.search(name):
        return text.casefold()
    try:
        return format(Decimal(text).normalize(), "f") if text.isascii() else text.casefold()
    except InvalidOperation:
        return _SIGNS.sub("", text).casefold()
