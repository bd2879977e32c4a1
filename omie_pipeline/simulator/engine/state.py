"""What the simulated Omie holds: apps, and per app the records of each endpoint."""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from omie_pipeline.catalog import Endpoint
from omie_pipeline.simulator import check_digits, wire
from omie_pipeline.simulator.engine.fields import parse_date

# Keys by day, so that a window of days costs what it holds and not what the company holds.


@lru_cache(maxsize=100_000)
def day_of(text: str) -> date | None:
    """A dd/mm/aaaa day; every record of a company repeats the same few thousand."""
    return parse_date(text)


class DayIndex:
    """Sorted keys of each day."""

    def __init__(self) -> None:
        self._keys: dict[date, list[Any]] = {}

    def add(self, day: date | None, key: Any) -> None:
        """File ``key`` under ``day``; a record without a day is in no window."""
        if day is not None:
            insort(self._keys.setdefault(day, []), key)

    def discard(self, day: date | None, key: Any) -> None:
        """Take ``key`` out of ``day``."""
        keys = self._keys.get(day) if day is not None else None
        if keys is None or day is None:
            return
        place = bisect_left(keys, key)
        if place < len(keys) and keys[place] == key:
            del keys[place]
        if not keys:
            del self._keys[day]

    def between(self, first: date | None, last: date | None) -> list[Any]:
        """Ascending keys of the days from ``first`` to ``last``, both included."""
        low, high = first or date.min, last or date.max
        found: list[Any] = []
        for day in sorted(self._days(low, high)):
            found += self._keys[day]
        found.sort()  # runs that already rise: Timsort merges them
        return found

    def _days(self, low: date, high: date) -> Iterator[date]:
        return (day for day in self._keys if low <= day <= high)


# The records of one endpoint in one app, and how they are found.

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
        key = self._by_document.get(check_digits.bare(document))
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
        return check_digits.bare(str(record.get(name) or "")) if name else ""

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


_View = TypeVar("_View")

FIRST_ID = 5_500_000_001
"""Omie's ids reach 11 digits (omie-api.md#ids): nothing may squeeze them into 32 bits."""


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
    docs_url: str = ""
    """Where the documents of this app are served, without a slash at the end."""
    rejections: list[str] = field(default_factory=list)
    """Reasons for which the city hall refuses the next notes."""
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
        """Ids rise and are never given twice, not even after a delete (omie-api.md#ids)."""
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


_ACTING_EFFECTS = frozenset({"document", "settlement", "billing", "situation"})


def holds_records(endpoint: Endpoint) -> bool:
    """False for an endpoint that acts on the records of another one of its service."""
    return bool(endpoint.list) and endpoint.effect not in _ACTING_EFFECTS


class State:
    """Every app of this simulator."""

    def __init__(self, endpoints: Iterable[Endpoint], docs_url: str = "") -> None:
        self.endpoints = tuple(endpoint for endpoint in endpoints if holds_records(endpoint))
        self.apps: dict[str, AppState] = {}
        self._docs_url = docs_url

    @property
    def docs_url(self) -> str:
        """Where documents are served: ``http://127.0.0.1:PORT/docs``."""
        return self._docs_url

    @docs_url.setter
    def docs_url(self, url: str) -> None:
        self._docs_url = url
        for app in self.apps.values():
            app.docs_url = url

    def add_app(self, app_key: str, secret_hash: str, name: str) -> AppState:
        """Register an app, or change the secret and name of one that is there."""
        app = self.apps.get(app_key)
        if app is None:
            collections = {endpoint.name: Collection(endpoint) for endpoint in self.endpoints}
            app = self.apps[app_key] = AppState(app_key, name, secret_hash, collections)
        app.secret_hash, app.name, app.docs_url = secret_hash, name, self._docs_url
        return app


# State that survives a restart: one SQLite file, written after every change.

_SCHEMA = """
CREATE TABLE IF NOT EXISTS app (
    app_key TEXT PRIMARY KEY, name TEXT NOT NULL, secret_hash TEXT NOT NULL,
    next_id INTEGER NOT NULL, suspended INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS record (
    app_key TEXT NOT NULL, endpoint TEXT NOT NULL, record_key TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (app_key, endpoint, record_key)
);
"""


class StateFile:
    """The file behind ``--state``. Callers hold the simulator's lock."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        # The operating system keeps what a killed process wrote; only a power cut could lose it.
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.executescript(_SCHEMA)

    def load_into(self, state: State) -> bool:
        """Fill ``state``; false when the file holds no app yet."""
        apps = self._db.execute(
            "SELECT app_key, name, secret_hash, next_id, suspended FROM app"
        ).fetchall()
        for app_key, name, secret_hash, next_id, suspended in apps:
            app = state.add_app(app_key, secret_hash, name)
            app.next_id, app.suspended = next_id, bool(suspended)
        rows = self._db.execute("SELECT app_key, endpoint, body FROM record")
        for app_key, endpoint, body in rows:
            collection = state.apps[app_key].collections.get(endpoint)
            if collection is not None:
                collection.put(wire.loads(body))
        return bool(apps)

    def save(self, app: AppState, changes: list[Change]) -> None:
        """Write the app and ``changes`` in one transaction."""
        self._db.execute("BEGIN")
        self._save_app(app)
        for change in changes:
            where = (app.app_key, change.collection.endpoint.name, str(change.key))
            if change.after is None:
                self._db.execute(
                    "DELETE FROM record WHERE app_key = ? AND endpoint = ? AND record_key = ?",
                    where,
                )
            else:
                self._db.execute(
                    "INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?)",
                    (*where, wire.dumps(change.after)),
                )
        self._db.execute("COMMIT")

    def _save_app(self, app: AppState) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO app VALUES (?, ?, ?, ?, ?)",
            (app.app_key, app.name, app.secret_hash, app.next_id, int(app.suspended)),
        )

    def clear(self) -> None:
        """Forget everything."""
        self._db.executescript("DELETE FROM record; DELETE FROM app;")

    def close(self) -> None:
        """Write the log into the file and let go of it."""
        self._db.close()
