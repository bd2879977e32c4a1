"""One deployment that lives through a history: models, chain, crashes, and what Omie holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.errors import TakenOver
from omie_pipeline.simulator import billing, seeds
from omie_pipeline.simulator.clock import ManualClock
from omie_pipeline.simulator.control_orders import OrderNote
from omie_pipeline.simulator.server import Simulator
from omie_pipeline.sync.nfse.following import FollowReport, follow
from omie_pipeline.sync.policy import EndpointPolicy
from omie_pipeline.sync.push import PushReport
from omie_pipeline.warehouse.planning import Selection
from tests.fencing.losing import Successor, end_lock, push_lane, sent
from tests.histories.clinic import CHAIN, COLUMNS, Clinic
from tests.sync.world import EMPRESA, World

_EMPTIED = (
    "run", "ledger", "intent", "attempt", "quarantine", "rejected", "plan", "block", "quota_lane",
    "quota_request", "quota_fault", "nfse", "nfse_transition", "nfse_file", "billing_request",
)  # fmt: skip


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
    rests: list[int] = field(default_factory=list)


class Company(World):
    """A world whose models stand for good, and that can be emptied for the next history."""

    figures: Figures

    def __init__(self, engine: sa.Engine, simulator: Simulator, clock: ManualClock) -> None:
        super().__init__(engine, simulator, clock)
        self.clinic = Clinic()
        self.tables = {name: self.model(name, [], columns) for name, columns in COLUMNS.items()}
        self.figures = Figures()
        self._calls_seen = 0

    def begin(self, start: Any) -> None:
        """Forget the last history."""
        self.count_calls()
        self.control.reset()
        self.control.set_behaviour(stale_reads_seconds=0, city_hall_down=False)
        self.control.clear_faults()
        self.control.clear_calls()
        self.control.set_time(start)
        self._calls_seen = 0
        with self.engine.begin() as connection:
            for name in _EMPTIED:
                connection.execute(sa.delete(sa.table(name, schema="omie_sync")))
        self.clinic = Clinic()
        self.figures.histories += 1

    def count_calls(self) -> int:
        """Calls since last asked."""
        seen = len(self.control.calls())
        fresh, self._calls_seen = seen - self._calls_seen, seen
        self.figures.calls += fresh
        return fresh

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
        self.figures.runs += 1
        selection = Selection(EMPRESA, unfinished_only=unfinished_only)
        report = self.push(endpoint, policy=policy, selection=selection, approve=True)
        assert report.closes, (endpoint, report.partitions, report.truth)
        return report

    def facts(self, endpoint: str) -> object:
        """All that a run of an endpoint goes by: models, ledger and open intents of it and, for
        reversals, of what they take back."""
        names: tuple[str, ...] = (endpoint,)
        if endpoint == "estornar_baixas_receber":
            names = (endpoint, "baixas_receber", "contas_receber")
        known = [row for row in self.ledger_rows() if row.endpoint in names]
        ledger = sorted(tuple(map(str, row)) for row in known)
        return [self.clinic.rows(name) for name in names], ledger, self.open_intents()

    def follow(self) -> FollowReport:
        """One round of the follower."""
        self.figures.runs += 1
        with self.client() as client:
            return follow(self.engine, client, EMPRESA, self.clock)

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
        another run does the work before it wakes."""
        self.transform(endpoint)
        self.figures.runs += 1
        options = {"policy": policy, "approve": True}
        other = Successor(self, endpoint, number, pause_seconds, **options)
        if what == "call":
            self.on_call = other.step
        else:
            sa.event.listen(self.engine, "begin", other.at_begin)
        try:
            report = self.push(endpoint, policy=policy, approve=True)
            assert report.closes, (endpoint, report.partitions, report.truth)
        except TakenOver:
            assert other.report is not None
            assert other.report.closes, (endpoint, other.report.partitions, other.report.truth)
            assert len(sent(self)) == other.writes, "it sent something after it was taken over"
            self.figures.taken_over += 1
        finally:
            self.on_call = None
            if what != "call":
                sa.event.remove(self.engine, "begin", other.at_begin)

    def cut_the_lock(self, endpoint: str, policy: EndpointPolicy, number: int) -> None:
        """The connection of a run's lock dies at its ``number``-th call; nobody else comes."""
        left = number

        def step(*_: object) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                end_lock(self, push_lane(endpoint))

        self.on_call = step
        try:
            self.send(endpoint, policy)
        finally:
            self.on_call = None

    def build_between(
        self, endpoint: str, policy: EndpointPolicy, number: int, edit: Callable[[], None]
    ) -> None:
        """The clinic changes and is built anew while a run is at its ``number``-th call."""
        left = number

        def step(*_: object) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                edit()
                self.transform(endpoint)

        self.on_call = step
        try:
            self.send(endpoint, policy)
        finally:
            self.on_call = None

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


def _full(endpoint: str, row: dict[str, Any]) -> dict[str, Any]:
    return {name: row.get(name) for name in COLUMNS[endpoint]}


__all__ = ["CHAIN", "Company", "Crash", "Figures", "Truth"]
