"""One call from its bytes to its answer: key, limits, rules, planned faults, and the record of it.

Everything here runs under one lock, so that the control object may be used from another thread.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from omie_pipeline.catalog import Endpoint, Method, Service
from omie_pipeline.simulator import contracts, lists, note_documents, orders, wire
from omie_pipeline.simulator import orders as city_hall
from omie_pipeline.simulator.clock import Clock
from omie_pipeline.simulator.company import seed_company
from omie_pipeline.simulator.engine import faults, operations, planned_faults
from omie_pipeline.simulator.engine.fields import FieldChecks
from omie_pipeline.simulator.engine.limits import Gate, Lane, Limits
from omie_pipeline.simulator.engine.operations import Action
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from omie_pipeline.simulator.engine.state import AppState, Change, State, StateFile, holds_records
from omie_pipeline.simulator.lists import ACTING, ENDPOINTS
from omie_pipeline.simulator.money import (
    entries,
    settlements,
)
from omie_pipeline.simulator.money import (
    lists as book_lists,
)
from omie_pipeline.simulator.money import (
    lists as statements,
)
from omie_pipeline.simulator.rules import Behaviour, Context, categorias, departamentos
from omie_pipeline.simulator.rules.ordens import OrderNumbers
from omie_pipeline.simulator.webhooks import Webhooks, events_of, message_of
from omie_pipeline.simulator.wire import Answer, ApiRequest, JsonObject

# The calls the simulator has seen, without secrets.

_KEPT_CALLS = 200_000


@dataclass(frozen=True, slots=True)
class Call:
    """One call seen.

    Attributes:
        number: rises by one with each call; not reset by a clear.
        param: the parameters with exact decimals, never the secret.
        at: simulated time.
        http_status: 0 when no answer was given (cut or hung).
        fault_text: ``faultstring`` or its like, ``""`` for a success.
        planned: kind of the planned fault that hit this call, ``""`` for none.
        committed: did the call change or read anything, whatever was answered?
    """

    number: int
    method: str
    app_key: str
    param: JsonObject = field(repr=False)
    at: datetime
    http_status: int
    fault_text: str = ""
    fault_code: str = ""
    planned: str = ""
    committed: bool = False
    is_read: bool = False

    @property
    def ok(self) -> bool:
        """Answered, and without a fault."""
        return self.http_status == 200 and not self.fault_text


class CallLog:
    """The last calls, oldest first."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=_KEPT_CALLS)
        self._count = 0

    def next_number(self) -> int:
        self._count += 1
        return self._count

    def add(self, call: Call) -> None:
        self._calls.append(call)

    def clear(self) -> None:
        self._calls.clear()

    def seen(
        self, *, method: str = "", app_key: str = "", after: int = 0, failed: bool | None = None
    ) -> tuple[Call, ...]:
        """Calls that pass every filter given; ``after`` is a call's number.

        Args:
            method: the method of the calls, ``""`` for any.
            app_key: key of the simulated app.
            after: number of a call.
            failed: only failures, only successes, or ``None`` for both.
        """
        return tuple(
            call
            for call in self._calls
            if method in {"", call.method}
            and app_key in {"", call.app_key}
            and call.number > after
            and failed in {None, not call.ok}
        )

    def by_method(self) -> dict[str, int]:
        """Number of calls of each method."""
        return dict(Counter(call.method for call in self._calls))


# From the catalog to a table of methods: a new endpoint gets its calls without a line here.

_BY_NAME: dict[str, Action] = {
    "UpsertClienteCpfCnpj": operations.upsert_by_document,
    "LancarRecebimento": settlements.settle,
    "LancarPagamento": settlements.settle,
    "CancelarRecebimento": settlements.undo,
    "CancelarPagamento": settlements.undo,
    "CancelarContaReceber": settlements.cancel,
    "ListarMovimentos": book_lists.list_movements,
    "PesquisarLancamentos": book_lists.search_titles,
    "IncluirLancCC": entries.include,
    "ListarLancCC": book_lists.list_entries,
    "ListarExtrato": statements.list_statement,
    "ListarCadastroDRE": lists.list_whole,
    "ConciliarRecebimento": settlements.conciliate,
    "IncluirCategoria": categorias.create,
    "AlterarCategoria": categorias.change,
    "IncluirDepartamento": departamentos.create,
    "TrocarEtapaOS": orders.change_stage,
    "StatusOS": orders.status,
    "ValidarOS": orders.validate,
    "FaturarOS": orders.bill,
    "CancelarOS": orders.cancel,
    **contracts.SITUATIONS,
    **note_documents.OBTAINED,
}
_BY_PREFIX: tuple[tuple[str, Action], ...] = (
    ("Upsert", operations.upsert),
    ("Incluir", operations.create),
    ("Alterar", operations.update),
    ("Excluir", operations.delete),
    ("Associar", operations.link),
    ("Consultar", lists.read),
    ("Listar", lists.list_page),
)
_READS = ("Consultar", "Listar", "Obter", "Pesquisar", "Status", "Validar")


@dataclass(frozen=True, slots=True)
class Operation:
    """One method, bound to the endpoint whose records it works on."""

    endpoint: Endpoint
    method: Method
    checks: FieldChecks
    action: Action
    is_read: bool


class Routes:
    """Every path and method of the catalog."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._paths: dict[str, dict[str, Operation]] = {}
        holders = {item.name: item for item in endpoints if holds_records(item)}
        for endpoint in holders.values():
            self._add(endpoint, endpoint.service)
        for service, name in ACTING:
            if name in holders:
                self._add(holders[name], service)

    def _add(self, endpoint: Endpoint, service: Service) -> None:
        checks = FieldChecks(service)
        self._paths.setdefault(service.path, {}).update(
            {
                name: Operation(endpoint, method, checks, action, name.startswith(_READS))
                for name, method in service.methods.items()
                if (action := _action(endpoint, name)) is not None
            }
        )

    def knows(self, path: str) -> bool:
        """True for ``<module>/<service>/``."""
        return path in self._paths

    def find(self, path: str, call: str) -> Operation:
        """The operation behind ``call``.

        Raises:
            SimulatedFaultError: the service has no such method.
        """
        operation = self._paths[path].get(call)
        if operation is None:
            raise faults.unknown_method(call)
        return operation


def _action(endpoint: Endpoint, name: str) -> Action | None:
    special = endpoint.effect == "named" or name.startswith(_READS)
    if special and name in _BY_NAME:
        return _BY_NAME[name]
    declared: dict[str, Action] = {
        endpoint.upsert: operations.upsert,
        endpoint.insert: operations.create,
        endpoint.delete: operations.delete,
        endpoint.read: lists.read,
        endpoint.list: lists.list_page,
        endpoint.link: operations.link,
    }
    action = declared.get(name) or _BY_NAME.get(name)
    if action is None:
        action = next((act for prefix, act in _BY_PREFIX if name.startswith(prefix)), None)
    if action is None:
        return None
    if action in {operations.upsert, operations.create} and endpoint.value_field:
        action = settlements.settling(action)
    return operations.lot_of(action) if name.endswith("PorLote") else action


# One call under way: what is known of it, and how its answer has to be delivered.

Delivery = Literal["answer", "cut", "hang"]


@dataclass(frozen=True, slots=True)
class PageScript:
    """What happens once page ``page`` of list ``method`` has been computed."""

    method: str
    page: int
    action: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the HTTP side has to do: how to deliver, and the lane to leave afterwards."""

    answer: Answer
    delivery: Delivery = "answer"
    lane: Lane | None = None


@dataclass(slots=True)
class Progress:
    """What is known of a call so far."""

    request: ApiRequest
    operation: Operation | None = None
    plan: PlannedFault | None = None
    lane: Lane | None = None
    committed: bool = False
    refused_items: bool = False
    headers: tuple[tuple[str, str], ...] = ()


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
        answer = planned_faults.answer_of(plan, real, self.clock.now().strftime("%H:%M:%S"))
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
        breaks = progress.plan is not None and progress.plan.breaks_midway
        param = planned_faults.first_half(request.param) if breaks else request.param
        context = Context(
            app,
            operation.endpoint,
            operation.method,
            operation.checks,
            self.clock.now(),
            self.behaviour,
        )
        with app.all_or_nothing():
            body = operation.action(context, param)
        if app.changes:
            self.save(app)
        progress.committed = True
        progress.refused_items = breaks or operations.refuses_items(operation.method, body)
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
        """Every fault of a known method counts towards its block, "no rows" too (strict), and a lot
        of which a record was refused counts as one."""
        if progress.operation is None or answer.status in {425, 429}:
            return
        lane = (progress.request.app_key, progress.request.call)
        failed = bool(answer.fault_code) or progress.refused_items
        self.gate.note(lane, failed=failed, now=self.clock.seconds())

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
