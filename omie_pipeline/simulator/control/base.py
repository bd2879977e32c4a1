"""What every part of the control object needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from decimal import Decimal
from typing import Any

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.simulator.engine import faults
from omie_pipeline.simulator.engine.call import Engine
from omie_pipeline.simulator.engine.fields import FieldChecks
from omie_pipeline.simulator.engine.state import AppState, Collection, Record, RecordKey
from omie_pipeline.simulator.lists import DERIVED_NAMES
from omie_pipeline.simulator.rules import Context


class ControlBase:
    """Finding apps, collections and records; saying no in the package's own words."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def _app(self, app_key: str) -> AppState:
        app = self._engine.state.apps.get(app_key)
        if app is None:
            raise ConfigurationError(f"the simulator has no app {app_key!r}")
        if not app.changes:
            self._engine.settle_notes(app)
        return app

    def _collection(self, app_key: str, endpoint: str) -> tuple[AppState, Collection]:
        app = self._app(app_key)
        collection = app.collections.get(endpoint)
        if collection is None:
            raise ConfigurationError(f"unknown endpoint {endpoint!r}: {sorted(app.collections)}")
        return app, collection

    def _held(self, app_key: str, endpoint: str) -> tuple[AppState, Collection]:
        """A collection with records of its own."""
        if endpoint in DERIVED_NAMES:
            raise ConfigurationError(f"{endpoint} is computed: change títulos and entries instead")
        return self._collection(app_key, endpoint)

    def _context(self, app: AppState, collection: Collection) -> Context:
        endpoint = collection.endpoint
        return Context(
            app,
            endpoint,
            endpoint.service.methods[endpoint.read or endpoint.list],
            FieldChecks(endpoint.service),
            self._engine.clock.now(),
            self._engine.behaviour,
            by_person=True,
        )

    @contextmanager
    def _acting(self, app_key: str, endpoint: str) -> Iterator[tuple[Context, Collection]]:
        """A person at work: under the lock, all or nothing, saved and announced at the end."""
        with self._engine.lock:
            app, collection = self._held(app_key, endpoint)
            try:
                with app.all_or_nothing():
                    yield self._context(app, collection), collection
            except faults.SimulatedFaultError as fault:
                raise ConfigurationError(fault.text) from None
            self._engine.save(app, by_person=True)


def find(collection: Collection, code: RecordKey) -> Record | None:
    """A record by integration code or Omie's id."""
    found = collection.by_code(code) if isinstance(code, str) else None
    return found or collection.get(code)


def known(collection: Collection, code: RecordKey) -> Record:
    """A record that has to be there.

    Raises:
        ConfigurationError: it is not.
    """
    found = find(collection, code)
    if found is None:
        raise ConfigurationError(f"no record {code!r} in {collection.endpoint.name}")
    return found


def exact(value: Any) -> Any:
    """A copy in which floats typed by a test are the decimals they look like, nested ones too."""
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, Mapping):
        return {tag: exact(item) for tag, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [exact(item) for item in value]
    return deepcopy(value)
