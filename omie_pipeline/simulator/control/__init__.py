"""The simulator's other side: everything a test or a person can do to the simulated Omie."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.simulator import company
from omie_pipeline.simulator.control.base import exact, find, known
from omie_pipeline.simulator.control.money import MoneyControl
from omie_pipeline.simulator.control.orders import OrderControl
from omie_pipeline.simulator.control.webhooks import WebhookControl
from omie_pipeline.simulator.engine.call import Call, PageScript
from omie_pipeline.simulator.engine.limits import Limits
from omie_pipeline.simulator.engine.planned_faults import KINDS, FaultKind, PlannedFault
from omie_pipeline.simulator.engine.state import Record, RecordKey, hash_of
from omie_pipeline.simulator.lists import DERIVED_NAMES
from omie_pipeline.simulator.money import entries
from omie_pipeline.simulator.money.book import ENTRIES
from omie_pipeline.simulator.money.lists import derived_records
from omie_pipeline.simulator.rules import Behaviour, rules_for
from omie_pipeline.simulator.rules.base import audit


@dataclass(frozen=True, slots=True)
class AppSummary:
    """One app: its company and how many records it has of each endpoint."""

    app_key: str
    name: str
    suspended: bool
    records: tuple[tuple[str, int], ...]


class Control(MoneyControl, OrderControl, WebhookControl):
    """Typed operations; ``/_control/`` offers the same over HTTP.

    Every operation raises :class:`ConfigurationError` for an app, endpoint or record that the
    simulator does not have. ``app_key`` defaults to the model company's.
    """

    # -- the whole --------------------------------------------------------------------------------

    def reset(self, *, seed_company: bool = True) -> None:
        """Start over: no records, calls, planned faults, or memory of limits."""
        with self._engine.lock:
            self._engine.reset(with_company=seed_company)

    def limits(self) -> Limits:
        """The limits in force."""
        return self._engine.gate.limits

    def set_limits(self, limits: Limits | None = None, **changes: Any) -> Limits:
        """Replace all limits, or change the named ones (``None`` switches one off)."""
        with self._engine.lock:
            self._engine.gate.limits = (limits or self.limits()).changed(**changes)
            return self.limits()

    def forget_limits(self) -> None:
        """End every block and window, as if no call had been made yet."""
        with self._engine.lock:
            self._engine.gate.forget()

    def in_flight(self) -> int:
        """Calls that have no answer yet."""
        with self._engine.lock:
            return self._engine.gate.in_flight()

    def behaviour(self) -> Behaviour:
        """Latency, stale reads and the other settings."""
        return self._engine.behaviour

    def set_behaviour(self, **changes: Any) -> Behaviour:
        """Change the named settings."""
        with self._engine.lock:
            return self._engine.change_behaviour(**changes)

    def now(self) -> datetime:
        """Simulated time."""
        return self._engine.clock.now()

    def advance(self, seconds: float) -> datetime:
        """Let simulated time pass."""
        with self._engine.lock:
            self._engine.clock.advance(seconds)
            self._notes_of_all()
            self._engine.webhooks.wake()
            return self.now()

    def set_time(self, moment: datetime) -> datetime:
        """Jump to a moment (a naive one is Brasília time)."""
        with self._engine.lock:
            self._engine.clock.set_to(moment)
            self._notes_of_all()
            self._engine.webhooks.wake()
            return self.now()

    def _notes_of_all(self) -> None:
        for app in self._engine.state.apps.values():
            self._engine.settle_notes(app)

    # -- faults and calls -------------------------------------------------------------------------

    def next_faults(self, *plans: PlannedFault | FaultKind) -> tuple[PlannedFault, ...]:
        """Queue faults: each hits the next call it fits, in order. Answers the whole queue."""
        ready = [PlannedFault(plan) if isinstance(plan, str) else plan for plan in plans]
        for plan in ready:
            if plan.kind not in KINDS:
                raise ConfigurationError(f"unknown fault kind {plan.kind!r}; known: {KINDS}")
        with self._engine.lock:
            self._engine.faults += ready
            return tuple(self._engine.faults)

    def clear_faults(self) -> None:
        """Empty the queue."""
        with self._engine.lock:
            self._engine.faults.clear()

    def calls(
        self, *, method: str = "", app_key: str = "", after: int = 0, failed: bool | None = None
    ) -> tuple[Call, ...]:
        """Calls seen, oldest first; ``after`` is a call's number.

        Args:
            method: the method of the calls, ``""`` for any.
            app_key: key of the simulated app.
            after: number of a call.
            failed: only failures, only successes, or ``None`` for both.
        """
        with self._engine.lock:
            return self._engine.calls.seen(
                method=method, app_key=app_key, after=after, failed=failed
            )

    def calls_by_method(self) -> dict[str, int]:
        """Number of calls of each method."""
        with self._engine.lock:
            return self._engine.calls.by_method()

    def clear_calls(self) -> None:
        """Forget the calls seen; limits keep their memory."""
        with self._engine.lock:
            self._engine.calls.clear()

    # -- apps and records -------------------------------------------------------------------------

    def apps(self) -> tuple[AppSummary, ...]:
        """Every app, without its secret."""
        with self._engine.lock:
            return tuple(
                AppSummary(
                    app.app_key,
                    app.name,
                    app.suspended,
                    tuple(
                        (name, len(records))
                        for name, records in app.collections.items()
                        if name not in DERIVED_NAMES
                    ),
                )
                for app in self._engine.state.apps.values()
            )

    def add_app(
        self, app_key: str, app_secret: str, name: str, *, reference_lists: bool = True
    ) -> None:
        """One more company, with the model company's categories and accounts unless told not.

        Args:
            app_key: key of the new app.
            app_secret: secret of the new app.
            name: the name of the company.
            reference_lists: whether it has the model company's lists.
        """
        with self._engine.lock:
            app = self._engine.state.add_app(app_key, hash_of(app_secret), name)
            if reference_lists:
                company.seed_reference_lists(app, self.now())
            self._engine.save(app)

    def suspend(self, app_key: str = company.APP_KEY, *, suspended: bool = True) -> None:
        """Refuse the key of an app (HTTP 403), or accept it again."""
        with self._engine.lock:
            app = self._app(app_key)
            app.suspended = suspended
            self._engine.save(app)

    def seed(
        self,
        endpoint: str,
        records: Iterable[Mapping[str, Any]],
        *,
        app_key: str = company.APP_KEY,
        announce: bool = False,
    ) -> tuple[RecordKey, ...]:
        """Store records as if a person had typed them: no rules, no limits. Answers their ids.

        An ``info`` block (inclusion and change) is kept if given, else it says now. A título's
        settlements may come under ``_baixas`` (``valor``, ``data``, ``juros``, ...). ``announce``
        sends webhooks too.

        Args:
            endpoint: name of the endpoint.
            records: as Omie has them.
            app_key: key of the simulated app.
            announce: whether webhooks tell of them.
        """
        with self._engine.lock:
            app, collection = self._held(app_key, endpoint)
            keys = company.put_records(app, collection, map(exact, records), self.now())
            self._engine.save(app, by_person=True, announce=announce)
            return keys

    def seed_receivables(
        self, count: int, *, days: int = 365, app_key: str = company.APP_KEY
    ) -> tuple[RecordKey, ...]:
        """Store ``count`` títulos a receber included evenly over the last ``days`` days."""
        with self._engine.lock:
            app, collection = self._collection(app_key, "contas_receber")
            made = company.receivables(app, count, days, self.now())
            keys = company.put_records(app, collection, made, self.now())
            self._engine.save(app, announce=False)
            return keys

    def records(self, endpoint: str, *, app_key: str = company.APP_KEY) -> tuple[Record, ...]:
        """The truth: every record in ascending id, with what Omie derives; copies.

        A título's settlements are under ``_baixas``, ``_cancelado`` marks a cancelled one.
        ``movimentacoes`` and ``baixas`` give the rows that Omie derives.
        """
        with self._engine.lock:
            app, collection = self._collection(app_key, endpoint)
            context = self._context(app, collection)
            if endpoint in DERIVED_NAMES:
                return tuple(deepcopy(derived_records(context)))
            rules = rules_for(collection.endpoint)
            return tuple(deepcopy(rules.present(context, record)) for record in collection)

    def record(
        self, endpoint: str, code: RecordKey, *, app_key: str = company.APP_KEY
    ) -> Record | None:
        """One record by integration code or Omie's id, ``None`` when there is none."""
        with self._engine.lock:
            app, collection = self._collection(app_key, endpoint)
            found = find(collection, code)
            if found is None:
                return None
            rules = rules_for(collection.endpoint)
            return deepcopy(rules.present(self._context(app, collection), found))

    def edit(
        self,
        endpoint: str,
        code: RecordKey,
        fields: Mapping[str, Any],
        *,
        app_key: str = company.APP_KEY,
    ) -> None:
        """A person changes a record in Omie's own screens; no rule holds them back.

        Blocks (``cabecalho``, ``Cabecalho``, ``ide``, ...) are merged, lists replaced.

        Args:
            endpoint: name of the endpoint.
            code: Omie's id.
            fields: new values.
            app_key: key of the simulated app.
        """
        with self._acting(app_key, endpoint) as (context, collection):
            before = known(collection, code)
            record = dict(before)
            for tag, value in exact(fields).items():
                old = before.get(tag)
                merged = isinstance(old, dict) and isinstance(value, dict)
                record[tag] = {**(old or {}), **value} if merged else value
            if "info" not in fields:
                audit(context, record, before)
            context.app.put(collection, record)

    def delete(self, endpoint: str, code: RecordKey, *, app_key: str = company.APP_KEY) -> None:
        """A person deletes a record in Omie; of a transfer both halves go."""
        with self._acting(app_key, endpoint) as (context, collection):
            record = known(collection, code)
            gone = entries.halves(context, record) if endpoint == ENTRIES else [record]
            for each in gone:
                context.app.remove(collection, collection.key_of(each))

    def between_pages(self, method: str, page: int, action: Callable[[], object]) -> None:
        """Call ``action`` once, right after page ``page`` of list ``method`` was computed.

        ``action`` uses this control object: it changes what the next page will show.
        """
        with self._engine.lock:
            self._engine.scripts.append(PageScript(method, page, action))
