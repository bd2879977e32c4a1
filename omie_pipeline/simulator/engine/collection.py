"""The records of one endpoint in one app, and how they are found."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from omie_pipeline.catalog import Endpoint
from omie_pipeline.simulator import documents
from omie_pipeline.simulator.engine.day_index import DayIndex, day_of

Record = dict[str, Any]
"""A stored record under Omie's own names; names with a leading underscore never go on the wire.
A stored record is never changed in place: an update puts a new one."""
RecordKey = int | str
Listener = Callable[[Record | None, Record | None], None]
"""Told of every change as (before, after); ``None`` if there is none."""


@dataclass(frozen=True, slots=True)
class Stale:
    """The state that reads still see until ``until`` (simulated seconds)."""

    record: Record | None
    until: float


class Collection:
    """All records of one endpoint in one app, indexed by id, integration code and document."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.section = endpoint.record_section or endpoint.section
        """Object of a record in which its keys stand, ``""`` for the record itself."""
        holder = endpoint.record.field(self.section) if self.section else None
        keys = endpoint.service.type_of(holder) if holder is not None else endpoint.record
        kind = keys.field(endpoint.omie_key)
        own_key = endpoint.omie_key.startswith("_")  # the id stands deeper in the record
        self.numbered = own_key or (kind is not None and kind.kind == "integer")
        self._records: dict[RecordKey, Record] = {}
        self._order: list[Any] = []
        self._by_code: dict[str, RecordKey] = {}
        self._twins: dict[str, list[Any]] = {}
        self._by_document: dict[str, RecordKey] = {}
        self._stale: dict[RecordKey, Stale] = {}
        self._days: tuple[DayIndex, DayIndex] | None = None
        self.listeners: list[Listener] = []
        self.version = 0
        self.answers: dict[object, list[RecordKey]] = {}

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[Record]:
        """Records in ascending id, as lists give them (omie-api.md#order-of-rows)."""
        return (self._records[key] for key in self._order)

    @property
    def days(self) -> tuple[DayIndex, DayIndex]:
        """Keys by day of inclusion and by day of change, built when first asked for."""
        if self._days is None:
            self._days = (DayIndex(), DayIndex())
            for record in self:
                self._file(record)
        return self._days

    def _file(self, record: Record) -> None:
        if self._days is not None:
            for index, day in zip(self._days, audit_days(record), strict=True):
                index.add(day_of(day), self.key_of(record))

    def _unfile(self, record: Record) -> None:
        if self._days is not None:
            for index, day in zip(self._days, audit_days(record), strict=True):
                index.discard(day_of(day), self.key_of(record))

    def keys(self) -> list[RecordKey]:
        """Every key, ascending; not to be changed."""
        return self._order

    def window(self, first: int, count: int) -> list[Record]:
        """``count`` records from position ``first`` in ascending id."""
        return [self._records[key] for key in self._order[first : first + count]]

    def get(self, key: RecordKey) -> Record | None:
        return self._records.get(key)

    def by_code(self, code: str) -> Record | None:
        key = self._by_code.get(code)
        return None if key is None else self._records[key]

    def by_document(self, document: str) -> Record | None:
        key = self._by_document.get(documents.bare(document))
        return None if key is None else self._records[key]

    def key_of(self, record: Record) -> RecordKey:
        holder = record[self.section] if self.section else record
        key: RecordKey = holder[self.endpoint.omie_key]
        return key

    def code_of(self, record: Record) -> str:
        holder = record.get(self.section) or {} if self.section else record
        return str(holder.get(self.endpoint.integration_key) or "")

    def with_keys(self, record: Record, **keys: object) -> Record:
        """A copy of ``record`` with the keys given, wherever its keys stand."""
        if not self.section:
            return {**record, **keys}
        return {**record, self.section: {**(record.get(self.section) or {}), **keys}}

    def all_by_code(self, code: str) -> list[Record]:
        """Every record under this integration code, oldest first: Omie may hold two."""
        first = self._by_code.get(code)
        keys = [] if first is None else [first, *self._twins.get(code, ())]
        return [self._records[key] for key in keys]

    def put(self, record: Record) -> Record | None:
        """Store ``record`` and answer what stood there before."""
        key = self.key_of(record)
        before = self._records.get(key)
        if before is None:
            if self._order and key < self._order[-1]:
                insort(self._order, key)
            else:
                self._order.append(key)
        else:
            self._unindex(before)
        self._records[key] = record
        self._index(record)
        self._tell(before, record)
        return before

    def _tell(self, before: Record | None, after: Record | None) -> None:
        self.version += 1
        if self.answers:
            self.answers.clear()
        for listener in self.listeners:
            listener(before, after)

    def remove(self, key: RecordKey) -> Record | None:
        """Take a record out and answer it."""
        before = self._records.pop(key, None)
        if before is not None:
            del self._order[bisect_left(self._order, key)]
            self._unindex(before)
            self._tell(before, None)
        return before

    def _index(self, record: Record) -> None:
        key = self.key_of(record)
        if code := self.code_of(record):
            self._index_code(code, key)
        if document := self._document(record):
            self._by_document[document] = key
        self._file(record)

    def _unindex(self, record: Record) -> None:
        self._unindex_code(self.code_of(record), self.key_of(record))
        self._by_document.pop(self._document(record), None)
        self._unfile(record)

    def _index_code(self, code: str, key: Any) -> None:
        """The oldest record of a code is the one found by it; ids rise."""
        first: Any = self._by_code.setdefault(code, key)
        if first != key:
            self._by_code[code] = min(first, key)
            insort(self._twins.setdefault(code, []), max(first, key))

    def _unindex_code(self, code: str, key: Any) -> None:
        twins = self._twins.get(code)
        if not twins:
            self._by_code.pop(code, None)
            return
        if self._by_code[code] == key:
            self._by_code[code] = twins.pop(0)
        else:
            twins.remove(key)
        if not twins:
            del self._twins[code]

    def _document(self, record: Record) -> str:
        name = self.endpoint.document_field
        return documents.bare(str(record.get(name) or "")) if name else ""

    def remember_stale(self, key: RecordKey, before: Record | None, now: float, lag: float) -> None:
        """Let reads see ``before`` until ``lag`` seconds from ``now`` (omie-api.md#stale-reads).

        Args:
            key: the key of the record.
            before: the state to show.
            now: simulated seconds.
            lag: seconds.
        """
        standing = self._stale.get(key)
        if standing is not None and standing.until > now:
            before = standing.record
        self._stale[key] = Stale(before, now + lag)

    def as_read(self, key: RecordKey | None, code: str, now: float) -> Record | None:
        """The record a *Consultar* sees at ``now``, which may lag behind the truth."""
        for old_key, stale in self._stale.items():
            old = stale.record
            if stale.until <= now or old is None:
                continue
            if old_key == key or (code and self.code_of(old) == code):
                return old
        record = self.get(key) if key is not None else self.by_code(code)
        if record is None:
            return None
        seen = self._stale.get(self.key_of(record))
        return seen.record if seen is not None and seen.until > now else record

    def forget_stale(self, now: float) -> None:
        """Drop what no read can see any more."""
        if self._stale:
            self._stale = {key: s for key, s in self._stale.items() if s.until > now}


_AUDITS = ("info", "infoCadastro", "InfoCadastro")


def audit_days(record: Record) -> tuple[str, str]:
    """Days of inclusion and of change, dd/mm/aaaa, ``""`` if Omie does not say."""
    info = next((record[name] for name in _AUDITS if record.get(name)), record)
    included = info.get("dInc") or info.get("data_inc") or info.get("dDtInc") or ""
    changed = info.get("dAlt") or info.get("data_alt") or info.get("dDtAlt")
    return included, changed or included
