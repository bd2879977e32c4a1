"""One call from its bytes to its answer: key, limits, rules, planned faults, and the record of it.

Everything here runs under one lock, so that the control object may be used from another thread.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from omie_pipeline.catalog import Endpoint
from omie_pipeline.simulator import city_hall, wire
from omie_pipeline.simulator.clock import Clock
from omie_pipeline.simulator.engine import faults, planned
from omie_pipeline.simulator.engine.calls import Call, CallLog
from omie_pipeline.simulator.engine.fields import FieldChecks
from omie_pipeline.simulator.engine.limits import Gate, Lane, Limits
from omie_pipeline.simulator.engine.persistence import StateFile
from omie_pipeline.simulator.engine.planned import PlannedFault
from omie_pipeline.simulator.engine.progress import Outcome, PageScript, Progress
from omie_pipeline.simulator.engine.routing import Operation, Routes
from omie_pipeline.simulator.engine.state import AppState, Change, State
from omie_pipeline.simulator.mirror_lists import ENDPOINTS
from omie_pipeline.simulator.rules import Behaviour, Context
from omie_pipeline.simulator.rules.order_numbers import OrderNumbers
from omie_pipeline.simulator.seeds import seed_company
from omie_pipeline.simulator.webhook_events import events_of, message_of
from omie_pipeline.simulator.webhooks import Webhooks
from omie_pipeline.simulator.wire import Answer, ApiRequest


class Engine:
    """The simulated Omie without its HTTP."""

    def __init__(
        self,
        clock: Clock,
        limits: Limits,
        behaviour: Behaviour,
        *,
        endpoints: Iterable[Endpoint] = ENDPOINTS,
        state_path: Path | None = None,
        with_company: bool = True,
    ) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.behaviour = behaviour
        self.city_hall_since = 0.0
        self.gate = Gate(limits)
        self.calls = CallLog()
        self.webhooks = Webhooks(clock)
        self.scripts: list[PageScript] = []
        self.faults: list[PlannedFault] = []
        self.endpoints = tuple(endpoints)
        self.routes = Routes(self.endpoints)
        self.state = State(self.endpoints)
        self.file = StateFile(state_path) if state_path is not None else None
        restored = self.file.load_into(self.state) if self.file is not None else False
        if with_company and not restored:
            self.seed_company()

    def seed_company(self) -> None:
        """Add the model company with its reference lists."""
        self.save(seed_company(self.state, self.clock.now()), announce=False)

    def reset(self, *, with_company: bool) -> None:
        """Forget records, calls, planned faults and every limit's memory; the clock stays."""
        self.state = State(self.endpoints, self.state.docs_url)
        self.calls.clear()
        self.faults.clear()
        self.scripts.clear()
        self.webhooks.forget()
        self.gate.forget()
        if self.file is not None:
            self.file.clear()
        if with_company:
            self.seed_company()

    def save(self, app: AppState, *, by_person: bool = False, announce: bool = True) -> None:
        """Make the app's last changes visible to the file, stale to reads, and announced."""
        changes = app.take_changes()
        lag, now = self.behaviour.stale_reads_seconds, self.clock.seconds()
        for change in changes:
            change.collection.forget_stale(now)
            if lag:
                change.collection.remember_stale(change.key, change.before, now, lag)
        if self.file is not None:
            self.file.save(app, changes)
        if announce and not self.webhooks.silent:
            self._announce(app, changes, by_person)

    def change_behaviour(self, **changes: object) -> Behaviour:
        """Change the named settings; what waited for the city hall is decided as it comes back."""
        was_down = self.behaviour.city_hall_down
        self.behaviour = self.behaviour.changed(**changes)
        if was_down and not self.behaviour.city_hall_down:
            self.city_hall_since = self.clock.seconds()
            for app in self.state.apps.values():
                self.settle_notes(app)
        return self.behaviour

    def settle_notes(self, app: AppState, *, all_of_them: bool = False) -> None:
        """Let the city hall answer what is due (all that waits when told so); saved, announced."""
        now, numbers = self.clock.seconds(), app.view(OrderNumbers)
        if not numbers.waiting or (self.behaviour.city_hall_down and not all_of_them):
            return
        orders = app.collections["ordens_servico"].endpoint
        method, checks = orders.service.methods[orders.read], FieldChecks(orders.service)
        for key in numbers.due(float("inf") if all_of_them else now):
            context = Context(app, orders, method, checks, self.clock.now(), self.behaviour)
            with app.all_or_nothing():
                city_hall.answer(
                    context, key, all_of_them=all_of_them, open_since=self.city_hall_since
                )
        if app.changes:
            self.save(app)

    def _announce(self, app: AppState, changes: list[Change], by_person: bool) -> None:
        now = self.clock.now()
        for change in changes:
            endpoint = change.collection.endpoint
            method = endpoint.service.methods[endpoint.list]
            checks = FieldChecks(endpoint.service)
            context = Context(app, endpoint, method, checks, now, self.behaviour, by_person)
            for topic, event in events_of(context, change):
                if self.webhooks.wanted(app.app_key, topic):
                    message = message_of(app.app_key, topic, event, by_person=by_person, now=now)
                    self.webhooks.send(message)

    def handle(self, path: str, raw: bytes, address: str) -> Outcome:
        """Answer one POST to ``<module>/<service>/``; the path is known to :attr:`routes`."""
        with self.lock:
            try:
                progress = Progress(wire.decode(raw))
            except faults.SimulatedFaultError as fault:
                return Outcome(wire.fault_answer(fault))
            try:
                outcome = self._perform(progress, path, address)
            except BaseException:
                if progress.lane is not None:
                    self.gate.leave(progress.lane, self.clock.seconds())
                raise
            self._log(progress, outcome)
            return outcome

    def leave(self, lane: Lane, *, abandoned: bool) -> None:
        """The call of this lane is over."""
        with self.lock:
            self.gate.leave(lane, self.clock.seconds(), abandoned=abandoned)

    def _perform(self, progress: Progress, path: str, address: str) -> Outcome:
        plan = progress.plan = self._take_plan(progress.request)
        if plan is not None and not plan.commits:
            return self._suffer(progress, None, path)
        try:
            body = self._admit_and_act(progress, path, address)
        except faults.TooManyRequestsError:
            real = wire.too_many_requests()
        except faults.SimulatedFaultError as fault:
            real = wire.fault_answer(fault, progress.headers)
        else:
            real = wire.success(body, progress.headers)
        self._note(progress, real)
        if plan is not None:
            return self._suffer(progress, real, path)
        return Outcome(real, lane=progress.lane)

    def _take_plan(self, request: ApiRequest) -> PlannedFault | None:
        for index, plan in enumerate(self.faults):
            if plan.hits(request):
                if plan.times > 1:
                    self.faults[index] = replace(plan, times=plan.times - 1)
                else:
                    del self.faults[index]
                return plan
        return None

    def _suffer(self, progress: Progress, real: Answer | None, path: str) -> Outcome:
        plan = progress.plan
        if plan is None:
            raise AssertionError("only called for a planned fault")
        lane, now = (progress.request.app_key, progress.request.call), self.clock.seconds()
        if real is None and plan.base == "truncated_json":
            real = self._glimpse(progress, path)
        nothing = Answer(0, b"", fault_text=plan.kind)
        if plan.base == "timeout":
            return Outcome(nothing, "hang", progress.lane)
        if plan.base == "cut":
            return Outcome(nothing, "cut", progress.lane)
        answer = planned.answer_of(plan, real, self.clock.now().strftime("%H:%M:%S"))
        if plan.base == "blocked_425":
            self.gate.block(lane, now, plan.seconds or None)
        elif real is None and answer.fault_code not in {"", "429"}:
            self.gate.note(lane, failed=True, now=now)
        return Outcome(answer, lane=progress.lane)

    def _glimpse(self, progress: Progress, path: str) -> Answer | None:
        """A read's true answer, to be truncated; a write gets none, for it must not happen."""
        try:
            operation = self.routes.find(path, progress.request.call)
            if not operation.is_read:
                return None
            return wire.success(self._act(progress, operation, self._app_of(progress.request)))
        except faults.SimulatedFaultError:
            return None

    def _admit_and_act(self, progress: Progress, path: str, address: str) -> wire.JsonObject:
        request, now = progress.request, self.clock.seconds()
        app = self._app_of(request)
        operation = progress.operation = self.routes.find(path, request.call)
        lane = (request.app_key, request.call)
        self.gate.count(address, lane, now)
        self.gate.check_block(lane, now)
        question = wire.fingerprint(request.call, request.param)
        in_flight = self.gate.enter(lane, operation.is_read, now, question)
        progress.lane = lane
        if operation.is_read:
            ceiling = self.gate.limits.reads_at_once or 4
            progress.headers = (("X-Omie-ParallelRateLimit", f"{in_flight}/{ceiling}"),)
        self.gate.check_redundancy(request.app_key, question, now)
        return self._act(progress, operation, app)

    def _app_of(self, request: ApiRequest) -> AppState:
        app = self.state.apps.get(request.app_key)
        if app is None:
            raise faults.unknown_app(request.app_key, self.behaviour.refused_key_status)
        if not app.accepts(request.app_secret):
            raise faults.wrong_secret(self.behaviour.refused_key_status)
        return app

    def _act(self, progress: Progress, operation: Operation, app: AppState) -> wire.JsonObject:
        request = progress.request
        if not request.has_param:
            raise faults.no_param()
        self.settle_notes(app)
        operation.checks.structure(operation.method.request, request.param)
        context = Context(
            app,
            operation.endpoint,
            operation.method,
            operation.checks,
            self.clock.now(),
            self.behaviour,
        )
        with app.all_or_nothing():
            body = operation.action(context, request.param)
        if app.changes:
            self.save(app)
        progress.committed = True
        self._run_scripts(request)
        if operation.is_read and self.behaviour.html_escapes:
            return {tag: wire.html_escaped(value) for tag, value in body.items()}
        return body

    def _run_scripts(self, request: ApiRequest) -> None:
        page = request.param.get("pagina") or request.param.get("nPagina") or 1
        due = [item for item in self.scripts if (item.method, item.page) == (request.call, page)]
        for item in due:
            self.scripts.remove(item)
            item.action()

    def _note(self, progress: Progress, answer: Answer) -> None:
        """Every fault of a known method counts towards its block, "no rows" too (strict)."""
        if progress.operation is None or answer.status in {425, 429}:
            return
        lane = (progress.request.app_key, progress.request.call)
        self.gate.note(lane, failed=bool(answer.fault_code), now=self.clock.seconds())

    def _log(self, progress: Progress, outcome: Outcome) -> None:
        request = progress.request
        self.calls.add(
            Call(
                number=self.calls.next_number(),
                method=request.call,
                app_key=request.app_key,
                param=request.param,
                at=self.clock.now(),
                http_status=outcome.answer.status,
                fault_text=outcome.answer.fault_text,
                fault_code=outcome.answer.fault_code,
                planned=progress.plan.kind if progress.plan else "",
                committed=progress.committed,
                is_read=progress.operation.is_read if progress.operation else False,
            )
        )
