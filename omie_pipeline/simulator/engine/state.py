"""What the simulated Omie holds: apps, and per app the records of each endpoint."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from omie_pipeline.catalog import Endpoint
from omie_pipeline.simulator.engine.collection import Collection, Record, RecordKey, audit_days

__all__ = [
    "AppState",
    "Change",
    "Collection",
    "Record",
    "RecordKey",
    "State",
    "audit_days",
    "hash_of",
    "holds_records",
]

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
