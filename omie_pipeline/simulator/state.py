"""What the simulated Omie knows: apps, and per app the records of each endpoint."""

from __future__ import annotations

import hashlib
import hmac
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from omie_pipeline.catalog import Endpoint
from omie_pipeline.simulator import documents
from omie_pipeline.simulator.day_index import DayIndex, day_of

Record = dict[str, Any]
"""A stored record under Omie's own names; names with a leading underscore never go on the wire.
A stored record is never changed in place: an update puts a new one."""
RecordKey = int | str
Listener = Callable[[Record | None, Record | None], None]
"""Told of every change as (before, after); ``None`` where there is none."""
_View = TypeVar("_View")

FIRST_ID = 5_500_000_001
"""Omie's ids reach 11 digits (PROTOCOL 10.2, REAL): nothing may squeeze them into 32 bits."""


@dataclass(frozen=True, slots=True)
class Stale:
    """The state that reads still see until ``until`` (simulated seconds)."""

    record: Record | None
    until: float


class Collection:
    """All records of one endpoint in one app, indexed by id, integration code and document."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        kind = endpoint.record.field(endpoint.omie_key)
        own_key = endpoint.omie_key.startswith("_")  # the id stands deeper in the record
        self.numbered = own_key or (kind is not None and kind.kind == "integer")
        self._records: dict[RecordKey, Record] = {}
        self._order: list[Any] = []
        self._by_code: dict[str, RecordKey] = {}
        self._by_document: dict[str, RecordKey] = {}
        self._stale: dict[RecordKey, Stale] = {}
        self._days: tuple[DayIndex, DayIndex] | None = None
        self.listeners: list[Listener] = []
        self.version = 0
        self.answers: dict[object, list[RecordKey]] = {}

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[Record]:
        """Records in ascending id, as lists give them (PROTOCOL 10.3, REAL)."""
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
        key: RecordKey = record[self.endpoint.omie_key]
        return key

    def code_of(self, record: Record) -> str:
        return str(record.get(self.endpoint.integration_key) or "")

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
            self._by_code[code] = key
        if document := self._document(record):
            self._by_document[document] = key
        self._file(record)

    def _unindex(self, record: Record) -> None:
        self._by_code.pop(self.code_of(record), None)
        self._by_document.pop(self._document(record), None)
        self._unfile(record)

    def _document(self, record: Record) -> str:
        name = self.endpoint.document_field
        return documents.bare(str(record.get(name) or "")) if name else ""

    def remember_stale(self, key: RecordKey, before: Record | None, now: float, lag: float) -> None:
        """Let reads see ``before`` until ``lag`` seconds from ``now`` (PROTOCOL 9.1, REAL)."""
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


def audit_days(record: Record) -> tuple[str, str]:
    """Days of inclusion and of change, dd/mm/aaaa, ``""`` where Omie does not say."""
    info = record.get("info") or record
    included = info.get("dInc") or info.get("data_inc") or ""
    return included, info.get("dAlt") or info.get("data_alt") or included


@dataclass(frozen=True, slots=True)
class Change:
    """One put or remove: ``after`` is ``None`` for a remove, ``before`` for a new record."""

    collection: Collection
    key: RecordKey
    before: Record | None
    after: Record | None


def hash_of(secret: str) -> str:
    """Secrets are compared by hash, so that neither memory nor the state file holds one."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(slots=True)
class AppState:
    """One Omie app, that is one company."""

    app_key: str
    name: str
    secret_hash: str = field(repr=False)
    collections: dict[str, Collection] = field(repr=False)
    next_id: int = FIRST_ID
    suspended: bool = False
    changes: list[Change] = field(default_factory=list, repr=False)
    _views: dict[object, object] = field(default_factory=dict, repr=False)

    def view(self, kind: Callable[[AppState], _View]) -> _View:
        """The one ``kind`` of this app, made when first asked for; it listens to collections."""
        if kind not in self._views:
            self._views[kind] = kind(self)
        return self._views[kind]  # type: ignore[return-value]  # made by this very ``kind``

    def accepts(self, secret: str) -> bool:
        return not self.suspended and hmac.compare_digest(self.secret_hash, hash_of(secret))

    def new_id(self) -> int:
        """Ids rise and are never given twice, not even after a delete (PROTOCOL 9.7, REAL)."""
        self.next_id += 1
        return self.next_id - 1

    def put(self, collection: Collection, record: Record) -> None:
        before = collection.put(record)
        self.changes.append(Change(collection, collection.key_of(record), before, record))

    def remove(self, collection: Collection, key: RecordKey) -> None:
        before = collection.remove(key)
        if before is not None:
            self.changes.append(Change(collection, key, before, None))

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Undo every change made inside when the block raises."""
        mark = len(self.changes)
        try:
            yield
        except BaseException:
            for change in reversed(self.changes[mark:]):
                if change.before is None:
                    change.collection.remove(change.key)
                else:
                    change.collection.put(change.before)
            del self.changes[mark:]
            raise

    def take_changes(self) -> list[Change]:
        """Changes since last asked, to be made stale and saved."""
        taken, self.changes = self.changes, []
        return taken


class State:
    """Every app of this simulator."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self.endpoints = tuple(endpoint for endpoint in endpoints if not endpoint.deletes)
        self.apps: dict[str, AppState] = {}

    def add_app(self, app_key: str, secret_hash: str, name: str) -> AppState:
        """Register an app, or change the secret and name of one that is there."""
        app = self.apps.get(app_key)
        if app is None:
            collections = {endpoint.name: Collection(endpoint) for endpoint in self.endpoints}
            app = self.apps[app_key] = AppState(app_key, name, secret_hash, collections)
        app.secret_hash, app.name = secret_hash, name
        return app
