"""One deployment that lives through a history: models, chain, crashes, and what Omie holds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import sqlalchemy as sa

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.clock import Clock
from omie_pipeline.errors import TakenOver
from omie_pipeline.imports.report import ImportReport, Mode
from omie_pipeline.nfse.follow import FollowReport, follow
from omie_pipeline.omie.wire import no_authorities
from omie_pipeline.payload import Selection
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.push.report import PushReport
from omie_pipeline.simulator import company as seeds
from omie_pipeline.simulator import orders as billing
from omie_pipeline.simulator.control.orders import OrderNote
from omie_pipeline.simulator.engine.server import Simulator
from tests.fencing.losing import Interruption, Successor, end_lock, push_lane, sent
from tests.histories.clinic import CHAIN, COLUMNS, REGISTERS, Clinic
from tests.histories.clocks import Machine, ProcessClock, SharedTime
from tests.push.world import EMPRESA, World

_EMPTIED = (
    "run", "ledger", "intent", "attempt", "quarantine", "rejected", "plan", "block", "quota_lane",
    "quota_request", "quota_fault", "nfse", "nfse_transition", "nfse_file", "billing_request",
    "line_wait", "import_run", "import_cursor", "import_partition", "stored_plan",
    "stored_plan_part", "stored_plan_row",
)  # fmt: skip
_MIRRORED = ("clientes", "contas_receber", "saldos_titulos", "baixas")


class Crash(BaseException):
    """Stands for a process that ends."""


@dataclass
class Truth:
    """What the simulated Omie holds.

    Attributes:
        settlements: our code -> settlements under it, whatever their título.
        notes: code of an order -> its notes, oldest first.
    """

    clientes: dict[str, list[dict[str, Any]]]
    servicos: dict[str, list[dict[str, Any]]]
    titles: dict[str, list[dict[str, Any]]]
    orders: dict[str, list[dict[str, Any]]]
    settlements: dict[str, list[dict[str, Any]]]
    notes: dict[str, tuple[OrderNote, ...]]
    categories: dict[str, list[str]]


@dataclass
class Figures:
    """What was made to happen, over all histories."""

    histories: int = 0
    runs: int = 0
    crashes: int = 0
    taken_over: int = 0
    calls: int = 0
    faults: int = 0
    people: int = 0
    readings: int = 0
    tellings: int = 0
    builds_between: int = 0
    pauses: int = 0
    clocks_set: int = 0
    runs_ahead: int = 0
    runs_behind: int = 0
    databases_off: int = 0
    most_rounds_to_rest: int = 0
    plans: int = 0
    plans_applied: int = 0
    plans_refused: int = 0

    def __str__(self) -> str:
        told = (f"{name.replace('_', ' ')} {number}" for name, number in vars(self).items())
        return ", ".join(told)


@dataclass(frozen=True)
class Pause:
    """A process that stands still, as one that was stopped or whose machine was.

    Attributes:
        cut: the connection of its lock dies meanwhile.
        ahead_seconds: what its machine's clock is off by when it wakes.
    """

    seconds: float
    cut: bool = False
    ahead_seconds: int = 0


class Company(World):
    """A world whose models stand for good, whose clients need no TLS, and whose
    processes run on several machines in turn."""

    figures: Figures

    def __init__(self, engine: sa.Engine, simulator: Simulator, time: SharedTime) -> None:
        super().__init__(engine, simulator, time)
        self._shared = time
        self.machines = [Machine()]
        self.process = ProcessClock(engine, time, self.machines[0])
        self.on_send: Callable[[], None] | None = None
        self.clinic = Clinic()
        self.tables = {name: self.model(name, [], columns) for name, columns in COLUMNS.items()}
        self.figures = Figures()
        self._calls_seen = 0

    @property
    def time(self) -> Clock:
        """The clock of the process that runs now."""
        return self.process

    def machine_now(self) -> datetime:
        """What the machine's clock shows to the process that runs now."""
        return self.process.machine_now()

    def start_process(self) -> None:
        """The next run is a process of its own, on the machine whose turn it is."""
        self.machines.append(self.machines.pop(0))
        self.process = ProcessClock(self.engine, self._shared, self.machines[0])
        self.figures.runs += 1
        ahead_seconds = self.process.machine.ahead_seconds
        self.figures.runs_ahead += ahead_seconds > 0
        self.figures.runs_behind += ahead_seconds < 0

    def elsewhere(self) -> World:
        return _Elsewhere(self)

    def begin(
        self, start: datetime, clocks: Sequence[int] = (0,), database_ahead_seconds: int = 0
    ) -> None:
        """Forget the last history.

        Args:
            clocks: by how many seconds each machine's clock is ahead.
        """
        self.count_calls()
        self.control.reset()
        self.control.set_behaviour(stale_reads_seconds=0, city_hall_down=False)
        self.control.clear_faults()
        self.control.clear_calls()
        self.control.set_time(start)
        self._shared.set_database(database_ahead_seconds)
        self.figures.databases_off += database_ahead_seconds != 0
        self._calls_seen = 0
        with self.engine.begin() as connection:
            for name in _EMPTIED:
                connection.execute(sa.delete(sa.table(name, schema="omie_sync")))
            for name in _MIRRORED:
                connection.execute(sa.delete(sa.table(name, schema="omie")))
        self.clinic = Clinic()
        self.machines = [Machine(ahead_seconds) for ahead_seconds in clocks]
        self.figures.histories += 1

    def count_calls(self) -> int:
        """Calls since last asked."""
        seen = len(self.control.calls())
        fresh, self._calls_seen = seen - self._calls_seen, seen
        self.figures.calls += fresh
        return fresh

    def transport(self) -> httpx.BaseTransport:
        return _Road(self)

    # -- the pipeline -----------------------------------------------------------------------------

    def transform(self, endpoint: str) -> None:
        """The model shows what the clinic says now."""
        table, rows = self.tables[endpoint], self.clinic.rows(endpoint)
        with self.engine.begin() as connection:
            connection.execute(sa.delete(table))
            if rows:
                connection.execute(sa.insert(table), [_full(endpoint, row) for row in rows])

    def send(
        self, endpoint: str, policy: EndpointPolicy, *, unfinished_only: bool = False
    ) -> PushReport:
        """One run of one endpoint; its report must close."""
        self.transform(endpoint)
        self.start_process()
        selection = Selection(EMPRESA, unfinished_only=unfinished_only)
        began_at = self._shared.database_now()
        report = self.push(endpoint, policy=policy, selection=selection, approve=True)
        assert report.closes, (endpoint, report.partitions, report.truth)
        self._check_stamps(report.run_id, began_at)
        return report

    def _check_stamps(self, run_id: str, began_at: datetime) -> None:
        """Whatever a run wrote down, it wrote by the database's clock."""
        query = (
            "SELECT min(at), max(at) FROM (SELECT started_at AS at FROM omie_sync.run"
            " WHERE run_id = :run_id UNION ALL SELECT finished_at FROM omie_sync.run"
            " WHERE run_id = :run_id UNION ALL SELECT at FROM omie_sync.attempt"
            " WHERE run_id = :run_id UNION ALL SELECT created_at FROM omie_sync.intent"
            " WHERE run_id = :run_id) stamps"
        )
        with self.engine.connect() as connection:
            row = connection.execute(sa.text(query), {"run_id": run_id}).one()
        first: datetime = row[0]
        last: datetime = row[1]
        # The clock never runs ahead of the database's and is a measurement's length behind it.
        behind = timedelta(seconds=1)
        right = began_at - behind <= first and last <= self._shared.database_now()
        assert right, f"a crooked clock's stamps: {first} to {last}"

    def facts(self, endpoint: str) -> object:
        """What a run of an endpoint goes by: models, ledger and open intents of it and, for
        reversals, of what they take back."""
        names: tuple[str, ...] = (endpoint,)
        if endpoint == "estornar_baixas_receber":
            names = (endpoint, "baixas_receber", "contas_receber")
        return self._facts(names)

    def all_facts(self, endpoint: str) -> object:
        """The same of every endpoint, where rows of this one wait for others'."""
        return self._facts((endpoint,) if endpoint in REGISTERS else CHAIN)

    def _facts(self, names: Collection[str]) -> object:
        known = [row for row in self.ledger_rows() if row.endpoint in names]
        ledger = sorted(tuple(map(str, row)) for row in known)
        return [self.clinic.rows(name) for name in names], ledger, self.open_intents()

    def follow(self) -> FollowReport:
        """One round of the follower."""
        self.start_process()
        with self.client() as client:
            return follow(self.engine, client, EMPRESA, self.time)

    def read(self, table: str, mode: Mode) -> ImportReport:
        """One reading of what Omie has."""
        self.start_process()
        self.figures.readings += 1
        return self.import_table(table, mode)

    def mirrored(self, table: str) -> set[int]:
        """Omie's ids of the records that a table of the mirror has."""
        mirror = MIRROR[table]
        return {
            row[0]
            for row in self.rows(
                f"SELECT {mirror.key[0]} FROM omie.{mirror.table} WHERE excluido_em IS NULL"
            )
        }

    @contextmanager
    def ending_at(self, what: str, number: int) -> Iterator[None]:
        """The process ends after its ``number``-th call, or before that commit."""
        left = number

        def step(*_: object) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Crash

        if what == "call":
            self.on_call = step
        else:
            sa.event.listen(self.engine, "commit", step)
        try:
            yield
        except Crash:
            self.figures.crashes += 1
        finally:
            self.on_call = None
            if what != "call":
                sa.event.remove(self.engine, "commit", step)

    def lose_the_lane(
        self, endpoint: str, policy: EndpointPolicy, what: str, number: int, pause_seconds: float
    ) -> None:
        """A run pauses at its ``number``-th call, or before that transaction; its lock is lost, and
        another machine's run does the work before it wakes."""
        self.transform(endpoint)
        self.start_process()
        options = {"policy": policy, "approve": True}
        other = Successor(self, endpoint, number, pause_seconds, **options)
        try:
            with self.interrupted(other, what):
                report = self.push(endpoint, policy=policy, approve=True)
            assert report.closes, (endpoint, report.partitions, report.truth)
        except TakenOver:
            assert other.report is not None
            assert other.report.closes, (endpoint, other.report.partitions, other.report.truth)
            assert len(sent(self)) == other.writes, "it sent something after it was taken over"
            self.figures.taken_over += 1

    def stand_still(
        self,
        endpoint: str,
        policy: EndpointPolicy,
        what: str,
        number: int,
        pause: Pause,
    ) -> None:
        """A run stands still at its ``number``-th step and goes on; nobody else comes."""

        def happens() -> None:
            if pause.cut:
                end_lock(self.engine, push_lane(endpoint))
            self.clock.sleep(pause.seconds)
            self.process.machine.ahead_seconds = pause.ahead_seconds
            self.figures.pauses += 1

        with self.interrupted(Interruption(self, endpoint, number, happens), what):
            self.send(endpoint, policy)

    def build_between(
        self,
        endpoint: str,
        policy: EndpointPolicy,
        what: str,
        number: int,
        edit: Callable[[], None],
    ) -> PushReport:
        """The clinic changes and is built anew while a run is at its ``number``-th step."""

        def happens() -> None:
            edit()
            for name in CHAIN:
                self.transform(name)
            self.figures.builds_between += 1

        with self.interrupted(Interruption(self, endpoint, number, happens), what):
            return self.send(endpoint, policy)

    @contextmanager
    def interrupted(self, one: Interruption, what: str) -> Iterator[None]:
        """Its steps are calls as they leave (``send``), calls answered (``call``) or transactions
        (``begin``)."""
        if what == "begin":
            sa.event.listen(self.engine, "begin", one.at_begin)
        elif what == "send":
            self.on_send = one.step
        else:
            self.on_call = one.step
        try:
            yield
        finally:
            self.on_call = self.on_send = None
            if what == "begin":
                sa.event.remove(self.engine, "begin", one.at_begin)

    # -- people -----------------------------------------------------------------------------------

    def person_bills(self, order: str) -> None:
        """A person bills an order in Omie's own screens."""
        with self.control._acting(seeds.APP_KEY, "ordens_servico") as (context, _):
            billing.bill(context, {"cCodIntOS": order})

    def person_cancels(self, order: str) -> None:
        """A person cancels an order and its note."""
        with self.control._acting(seeds.APP_KEY, "ordens_servico") as (context, _):
            billing.cancel(context, {"cCodIntOS": order, "cCancelarNfse": "S"})

    # -- the truth --------------------------------------------------------------------------------

    def truth(self) -> Truth:
        """Everything that Omie holds of ours."""
        titles = self._by_code("contas_receber")
        settlements: dict[str, list[dict[str, Any]]] = {}
        for records in titles.values():
            for record in records:
                for one in record.get("_baixas") or ():
                    code = str(one.get("codigo_baixa_integracao") or "")
                    found = {**one, "_title": record["codigo_lancamento_integracao"]}
                    settlements.setdefault(code, []).append(found)
        settlements.pop("", None)
        orders = self._by_code("ordens_servico")
        notes = {code: self.control.notes(code) for code in orders if code}
        categories: dict[str, list[str]] = {}
        for record in self.control.records("categorias"):
            categories.setdefault(str(record.get("descricao")), []).append(str(record["codigo"]))
        return Truth(
            self._by_code("clientes"),
            self._by_code("servicos"),
            titles,
            orders,
            settlements,
            notes,
            categories,
        )

    def _by_code(self, endpoint: str) -> dict[str, list[dict[str, Any]]]:
        catalog = REGISTRY[endpoint]
        found: dict[str, list[dict[str, Any]]] = {}
        for record in self.control.records(endpoint):
            keys = record.get("intListar") if endpoint == "servicos" else catalog.keys_of(record)
            code = str((keys or {}).get(catalog.integration_key) or "")
            found.setdefault(code, []).append(dict(record))
        return found

    def ledger_rows(self, run_id: str = "") -> list[Any]:
        """endpoint, code, state, omie_id, omie_code, parent_code, error_code, last_error."""
        query = (
            "SELECT endpoint, codigo_integracao, state, omie_id, omie_code, parent_code,"
            " error_code, last_error FROM omie_sync.ledger"
        )
        with self.engine.connect() as connection:
            if run_id:
                query += " WHERE run_id = :run_id"
                return list(connection.execute(sa.text(query), {"run_id": run_id}))
            return list(connection.execute(sa.text(query)))


class _Road(httpx.HTTPTransport):
    """The way to Omie, on which a process may stand still before its call leaves."""

    def __init__(self, company: Company) -> None:
        super().__init__(verify=no_authorities())
        self._company = company

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._company.on_send is not None:
            self._company.on_send()
        return super().handle_request(request)


class _Elsewhere(World):
    """A process on another machine, while one stands still."""

    def __init__(self, company: Company) -> None:
        super().__init__(company.engine, company.sim, company.clock._clock)
        self.clock = company.clock
        self._company = company

    @property
    def time(self) -> Clock:
        return self._company.process

    def transport(self) -> httpx.BaseTransport:
        return httpx.HTTPTransport(verify=no_authorities())

    def push(self, *arguments: Any, **options: Any) -> PushReport:
        before = self._company.process
        self._company.start_process()
        try:
            return super().push(*arguments, **options)
        finally:
            self._company.process = before


def _full(endpoint: str, row: dict[str, Any]) -> dict[str, Any]:
    return {name: row.get(name) for name in COLUMNS[endpoint]}


__all__ = ["CHAIN", "Company", "Crash", "Figures", "Pause", "Truth"]
