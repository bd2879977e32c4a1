"""A clinic and people in Omie who edit the same records, and every way there is to decide between
them; what happened is written down without asking the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml
from pydantic import SecretStr

from omie_pipeline.app.conflicts import list_conflicts, resolve_conflicts
from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.inbox import may_read, process_inbox
from omie_pipeline.app.map_lists import listed, set_codes, unset_codes
from omie_pipeline.app.plans import PlanRequest, apply_plan, approve_plan, make_plan
from omie_pipeline.app.push_all import EndpointResult, PushRequest, push_all
from omie_pipeline.app.switches import SwitchRequest, decide_switches, pause, resume
from omie_pipeline.app.way_back import run_way_back
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.config.empresas import load_config
from omie_pipeline.config.settings import Settings
from omie_pipeline.errors import (
    ConfigurationError,
    EmpresaPaused,
    OmieFault,
    PlanRefused,
)
from omie_pipeline.imports.report import Mode
from omie_pipeline.list_mapping.wanted import Wanted
from omie_pipeline.plans.model import LEAVING
from omie_pipeline.plans.store import plan_rows
from omie_pipeline.postgres.all_tables import tables
from omie_pipeline.push.both_sides.decide import Keep, WantedConflicts
from omie_pipeline.push.policy import Wins
from omie_pipeline.push.report import PushOptions
from omie_pipeline.simulator.clock import ManualClock
from omie_pipeline.simulator.engine.call import Call
from omie_pipeline.simulator.engine.planned_faults import FaultKind, PlannedFault
from omie_pipeline.simulator.engine.server import Simulator
from tests.histories.post import Post
from tests.push.world import CLIENTE_COLUMNS, EMPRESA, TITULO_COLUMNS, World, cliente, titulo

START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
CODES = {"clientes": "PAC-", "contas_receber": "REC-"}
FIELDS = {
    "clientes": ("email", "bairro", "observacao"),
    "contas_receber": ("observacao", "valor_documento", "codigo_categoria"),
}
"""What is edited on both sides."""

MAY_STAY = {"clientes": ("email", "observacao"), "contas_receber": ("observacao",)}
"""What may be left out of what is exported."""

_COLUMNS = {"clientes": CLIENTE_COLUMNS, "contas_receber": TITULO_COLUMNS}
_CALM = {
    "max_quarantined_share": 1, "max_delete_share": 1, "min_rows_vs_median": 0,
    "max_emptied_share": 1,
}  # fmt: skip
LISTS = (*CODES, "baixas")
NAMES = {1: "Consultas", 2: "Exames", 3: "Consultas"}
"""The clinic's own category of each título, by number; Omie's code of it is mapped."""

RETORNO = """
CREATE TABLE omie_retorno (
    empresa text NOT NULL, number integer NOT NULL, "key" text NOT NULL,
    kind text NOT NULL, omie_id integer NOT NULL, version integer NOT NULL,
    clinic_table text, clinic_id text, integration_code text, only_in_omie integer NOT NULL,
    state text NOT NULL, due_date text, amount text, open_amount text,
    paid_date text, paid_amount text, titulo_id integer, client_id integer,
    order_id integer, order_code text, note_number text, note_state text, note_pdf text,
    happened_at text, written_at text NOT NULL,
    PRIMARY KEY (empresa, kind, omie_id)
)
"""

Spot = tuple[str, str, str]
"""Endpoint, code, field."""


class Crash(BaseException):
    """Stands for a process that ends."""


@dataclass(frozen=True)
class Typed:
    """What a person typed into Omie, and when.

    Attributes:
        after: the newest call by then.
        told_after: the newest call when Omie's word of it arrived; ``None``: it has not.
    """

    value: str
    at: datetime
    after: int = 0
    told_after: int | None = None


@dataclass(frozen=True)
class Lost:
    """A value that a person typed and that a push replaced.

    Attributes:
        word: of the policy then.
        unseen: no reading could have shown it: the copy was new enough, or the record was read, and
            both before the edit.
    """

    spot: Spot
    typed: Typed
    became: str
    word: str
    unseen: bool


@dataclass
class Planned:
    """A stored plan, and what its rows were made of.

    Attributes:
        rows: the clinic's rows of what leaves, as they were.
        touched: by then, records that persons had changed.
        same: nothing happened since that anybody could call a change.
        sent: something else was sent since.
        codes: what was sent of it.
    """

    plan_id: str
    words: Mapping[str, Wins]
    rows: Mapping[tuple[str, str], Mapping[str, Any] | None]
    approved: bool = False
    applied: bool = False
    over: bool = False
    same: bool = True
    sent: bool = False
    touched: set[tuple[str, str]] = field(default_factory=set)
    codes: set[tuple[str, str]] = field(default_factory=set)


@dataclass
class Journal:
    """What the test itself did and saw.

    Attributes:
        standing: what persons typed and Omie still shows.
        delivered: what our own calls said last of a field.
        lost: what pushes replaced.
        deleted: records that a person deleted and nobody made again.
        touched: records that a person ever changed.
        written: our last change of each record, for as long as nothing else happened to it.
    """

    standing: dict[Spot, Typed] = field(default_factory=dict)
    delivered: dict[Spot, str] = field(default_factory=dict)
    lost: list[Lost] = field(default_factory=list)
    deleted: set[tuple[str, str]] = field(default_factory=set)
    touched: set[tuple[str, str]] = field(default_factory=set)
    written: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)


@dataclass
class Figures:
    """What was made to happen, over all histories."""

    histories: int = 0
    pushes: int = 0
    edits: int = 0
    kept_for_omie: int = 0
    replaced: int = 0
    replaced_unseen: int = 0
    decided: int = 0
    crashes: int = 0
    mapped: int = 0
    pauses: int = 0
    switched: int = 0
    plans: int = 0
    plans_applied: int = 0
    plans_refused: int = 0
    told_back: int = 0
    events: int = 0
    faults: int = 0
    deleted: int = 0
    meanwhile: int = 0
    left_out: int = 0
    plans_broken_off: int = 0

    def __str__(self) -> str:
        told = (f"{name.replace('_', ' ')} {number}" for name, number in vars(self).items())
        return ", ".join(told)


def text_of(value: Any) -> str:
    """A value of either side, to be compared."""
    if isinstance(value, (int, float, Decimal)):
        return f"{Decimal(str(value)).normalize():f}"
    return str(value or "")


class TwoSides:
    """One deployment that lives through one history after the other.

    Attributes:
        rows: the clinic's rows, by endpoint and number.
        words: who wins, by endpoint.
        left: fields that are not exported, by endpoint.
        faulty: something was planned to go wrong, or its consequences may last.
    """

    def __init__(
        self, engine: sa.Engine, simulator: Simulator, clock: ManualClock, folder: Path, url: str
    ) -> None:
        self.world = World(engine, simulator, clock)
        self.engine, self.control, self.clock = engine, simulator.control, self.world.clock
        self.post = Post(simulator, engine)
        self.figures = Figures()
        self._file = folder / "empresas.yaml"
        self._setting: dict[str, dict[str, Any]] = {}
        self._write_config()
        settings: dict[str, Any] = {
            "warehouse_url": SecretStr(url),
            "base_url": self.world.base_url,
            "home": folder,
            "config": self._file,
        }
        self._clinic = sa.create_engine(f"sqlite:///{folder / 'clinica.db'}")
        settings |= self._make_models(folder)
        with self._clinic.begin() as connection:
            connection.exec_driver_sql(RETORNO)
        keys = {
            "KEY": simulator.app_key,
            "SECRET": simulator.app_secret,
            "RETORNO": f"sqlite:///{folder / 'clinica.db'}",
        }
        self.deployment = Deployment(Settings(**settings), self.clock, keys)
        self.deployment.__dict__["engine"] = engine
        self._first_build()
        with engine.connect() as connection:
            # What a migrated database has from the start stays; all else is emptied.
            self._emptied = [
                table
                for table in reversed(tables.metadata.sorted_tables)
                if not connection.scalar(sa.select(sa.exists().select_from(table)))
            ]
        self.begin()

    def _make_models(self, _folder: Path) -> dict[str, Any]:
        """What the payload models are made of; more settings."""
        self.tables = {name: self.world.model(name, [], _COLUMNS[name]) for name in CODES}
        return {}

    def _first_build(self) -> None:
        """Whatever stands once and for all."""

    def begin(self) -> None:
        """Forget the last history."""
        self.control.reset()
        self.control.clear_faults()
        self.control.clear_calls()
        self.control.set_time(START)
        self.post.begin()
        with self.engine.begin() as connection:
            for table in self._emptied:
                connection.execute(sa.delete(table))
        with self._clinic.begin() as connection:
            connection.exec_driver_sql("DELETE FROM omie_retorno")
        self.begin_rows()
        self.words: dict[str, Wins] = {}
        self.mirrors = False
        self.plan: Planned | None = None
        self.journal = Journal()
        self._setting = {name: {"guardrails": _CALM} for name in CODES}
        for name in CODES:
            self.set_wins(name, "clinica")
        self.left: dict[str, set[str]] = {name: set() for name in CODES}
        self.faulty = False
        self._shown: dict[Spot, str] = {}
        self._looked = self.newest_call()
        self._run_began = 0
        self._meanwhile: tuple[int, Callable[[], None]] | None = None
        self.paid: set[tuple[str, str]] = set()
        self.states = dict.fromkeys(CODES, "on")
        self.resting = False
        self.codes: dict[str, str] = {}
        self.figures.histories += 1
        self.deployment.refresh_reference("categorias", EMPRESA)
        for name in dict.fromkeys(NAMES.values()):
            self.maps(name, "1.01.01")

    def begin_rows(self) -> None:
        """The clinic as it was in the beginning."""
        self.while_building: Callable[[], None] | None = None
        self.rows: dict[str, dict[int, dict[str, Any]]] = {
            "clientes": {n: cliente(n, bairro="Aa", observacao="") for n in (1, 2)},
            "contas_receber": {
                n: titulo(n, n, valor_documento=Decimal(100), observacao="Aa") for n in (1, 2)
            },
        }

    # -- settings ---------------------------------------------------------------------------------

    def set_wins(self, endpoint: str, default: str, minutes: int = 10, **fields: str) -> None:
        """Who wins from now on."""
        wins = {"default": default, "fields": fields, "minutes": minutes}
        self.words[endpoint] = Wins.model_validate(wins)
        self._setting[endpoint]["wins"] = wins
        self._read_config()
        self._happened(endpoint)

    def mirror(self, mirrors: bool) -> None:
        """Whether títulos that the clinic removed are deleted in Omie."""
        self._setting["contas_receber"]["mode"] = "mirror" if mirrors else "upsert"
        self.mirrors = mirrors
        self._read_config()
        self._happened("contas_receber")

    def _write_config(self) -> None:
        table = {"url_env": "RETORNO", "name": "omie_retorno"}
        one = {"nome": EMPRESA, "app_key_env": "KEY", "app_secret_env": "SECRET",
               "saida": {"table": table}}  # fmt: skip
        text = yaml.safe_dump({"empresas": [one], "endpoints": self._setting})
        self._file.write_text(text, "utf-8")

    def _read_config(self) -> None:
        self._write_config()
        self.deployment.config = load_config(self.deployment.settings)
        self.deployment.__dict__.pop("switches", None)

    # -- both sides -------------------------------------------------------------------------------

    def clinic_edits(self, endpoint: str, number: int, name: str, value: Any) -> None:
        """The clinic changes a row, or adds it."""
        made = cliente(number) if endpoint == "clientes" else titulo(number, number)
        # A título of nobody would wait for good.
        self.rows["clientes"].setdefault(number, cliente(number))
        self.rows[endpoint].setdefault(number, made)[name] = value
        self.figures.edits += 1
        self._happened(endpoint)

    def clinic_removes(self, endpoint: str, number: int) -> None:
        """The clinic deletes a row."""
        self.rows[endpoint].pop(number, None)
        self._happened(endpoint)

    def maps(self, name: str, code: str) -> None:
        """A person maps a category of the clinic's to Omie's, or takes the mapping away."""
        if code:
            set_codes(self.deployment, [Wanted(EMPRESA, "category", name, code)], "Ana")
            self.codes[name] = code
        else:
            unset_codes(self.deployment, EMPRESA, "category", [name], "Ana")
            self.codes.pop(name, None)
        self.figures.mapped += 1
        self._happened("contas_receber")

    def _happened(self, endpoint: str = "") -> None:
        """Something changed that may let a plan end, or a row leave once more."""
        if self.plan is not None:
            self.plan.same = False
        self.journal.written = {
            key: one for key, one in self.journal.written.items() if key[0] != endpoint
        }

    def person_settles(self, number: int) -> None:
        """A person writes down a payment of part of a título."""
        code = f"REC-{number}"
        self.look()
        try:
            self.control.settle(
                "contas_receber", code, value=Decimal(30), day=self.clock.now().date()
            )
        except ConfigurationError:
            return  # no such título, or nothing is open
        self._touch("contas_receber", code)
        self.paid.add(("contas_receber", code))

    def _touch(self, endpoint: str, code: str) -> None:
        self._happened()
        self.journal.written.pop((endpoint, code), None)
        self.journal.touched.add((endpoint, code))
        self._shown = self.omie()
        if self.plan is not None:
            self.plan.touched.add((endpoint, code))

    def person_edits(self, endpoint: str, number: int, name: str, value: Any) -> None:
        """A person types into Omie's own screen."""
        code = f"{CODES[endpoint]}{number}"
        spot = (endpoint, code, name)
        self.look()
        now = self.omie().get(spot)
        if now is None or now == text_of(value):
            return
        self.control.edit(endpoint, code, {name: value})
        typed = Typed(text_of(value), self.clock.now(), self.newest_call())
        self.journal.standing[spot] = typed
        if typed.value == self.journal.delivered.get(spot, ""):
            # They take back what was typed before.
            del self.journal.standing[spot]
        self.figures.edits += 1
        self._touch(endpoint, code)

    def person_deletes(self, endpoint: str, number: int) -> None:
        """A person deletes a record in Omie's own screen, and whatever stands on it."""
        code = f"{CODES[endpoint]}{number}"
        self.look()
        if self.control.record(endpoint, code) is None:
            return
        self.control.delete(endpoint, code)
        journal = self.journal
        journal.deleted.add((endpoint, code))
        for spot in [one for one in journal.standing if one[:2] == (endpoint, code)]:
            del journal.standing[spot]
        self.paid.discard((endpoint, code))
        self.figures.deleted += 1
        self._touch(endpoint, code)

    def mail(self, place: int, *, again: bool = False) -> None:
        """Omie's word of a change arrives, of a person's or of our own."""
        arrived = self.post.arrive(place, self.clock.now(), again=again)
        if arrived is None:
            return
        self.figures.events += 1
        if arrived.ours:
            return
        for spot, typed in self.journal.standing.items():
            named = spot[:2] == (arrived.endpoint, arrived.code)
            if named and typed.told_after is None and typed.at <= arrived.made_at:
                told = replace(typed, told_after=self.newest_call())
                self.journal.standing[spot] = told

    def open_mail(self) -> None:
        """What the events that arrived ask for is read again."""
        if not may_read(self.deployment, EMPRESA):
            return
        report = process_inbox(self.deployment, EMPRESA, list(LISTS))
        assert self.faulty or not report.failures, report

    def breaks(self, kind: FaultKind, method: str, times: int) -> None:
        """Calls to come go wrong, before or after they took effect."""
        self.control.next_faults(PlannedFault(kind, method, times=times))
        self.faulty = True
        self.figures.faults += 1

    def mended(self) -> None:
        """Nothing goes wrong any more."""
        self.control.clear_faults()
        self.faulty = False

    def omie(self) -> dict[Spot, str]:
        """Every edited field as Omie shows it; fails where a code stands twice."""
        return {
            (endpoint, code, name): text_of(record.get(name))
            for endpoint, names in FIELDS.items()
            for code, record in self.world.held_by_omie(endpoint).items()
            if code
            for name in names
        }

    def clinic(self) -> dict[Spot, str]:
        """The same fields as the clinic has them."""
        return {
            (endpoint, code, name): text_of(row.get(name))
            for (endpoint, code), row in self.clinic_rows(self.codes).items()
            for name in FIELDS[endpoint]
        }

    def clinic_rows(self, codes: Mapping[str, str]) -> dict[tuple[str, str], dict[str, Any]]:
        """The clinic's rows as its models show them with these mappings."""
        found = {}
        for endpoint, rows in self.rows.items():
            for number, row in rows.items():
                mapped = {"codigo_categoria": codes.get(NAMES[number], self.unmapped(number))}
                own = mapped if endpoint == "contas_receber" else {}
                found[endpoint, f"{CODES[endpoint]}{number}"] = {**row, **own}
        return found

    def unmapped(self, _number: int) -> str | None:
        """What the models show for the category of a título that nothing maps."""
        return None

    # -- the pipeline -----------------------------------------------------------------------------

    def transform(self) -> None:
        """The payload models show what the clinic says now."""
        codes = {
            one.mapped.key.source: one.mapped.code for one in listed(self.deployment, [EMPRESA])
        }
        rows = self.clinic_rows(codes)
        self._happens_in_build()
        with self.engine.begin() as connection:
            for name, table in self.tables.items():
                connection.execute(sa.delete(table))
                full = [
                    {one: row.get(one) for one in _COLUMNS[name]}
                    for (endpoint, _), row in rows.items()
                    if endpoint == name
                ]
                if full:
                    connection.execute(sa.insert(table), full)

    def _happens_in_build(self) -> None:
        happens, self.while_building = self.while_building, None
        if happens is not None:
            happens()
            self.figures.meanwhile += 1

    @contextmanager
    def sending(self, *, of_plan: bool = False) -> Iterator[None]:
        """What is replaced in Omie inside was replaced by us, and is written down."""
        self.look()
        first = self._run_began = self.newest_call()
        try:
            yield
        finally:
            if self.plan is not None and self.writes_after(first) and not of_plan:
                self.plan.sent = True
            self.look()

    def push(self, *endpoints: str) -> list[EndpointResult]:
        """What the clinic says is sent; what Omie did must be what the reports say."""
        self.transform()
        chosen = tuple(REGISTRY[name] for name in endpoints or CODES)
        open_before, first, known = self.world.open_intents(), self.newest_call(), self.omie()
        rested, states = self.resting, dict(self.states)
        left = {name: set(names) for name, names in self.left.items()}
        request = PushRequest((EMPRESA,), chosen, PushOptions())
        with self.sending(), self._interrupted() as happened:
            results = list(push_all(self.deployment, request))
        self.figures.pushes += len(results)
        if rested:
            assert isinstance(results[0].error, EmpresaPaused)
            assert not self._calls_after(first)
            return results
        for result in results:
            name, report = result.endpoint.name, result.report
            if report is None:
                paused = isinstance(result.error, EmpresaPaused) and self.resting
                assert paused or self.faulty, (name, result.error, result.behind)
                continue
            assert report.closes, (name, report.partitions, report.truth)
            self._check_delivered(report.run_id, name)
            effects = self._effects(name, first)
            if not (self.faulty or happened):
                total = report.total
                told = total.created + total.updated + total.linked + total.deleted
                assert len(effects) == told or open_before, (total, effects)
                assert len(effects) <= told, (total, effects)
            if happened:
                continue
            if self.states[name] == "off":
                assert report.switched_off
                assert not effects
            if states[name] == "so_novos":
                key = REGISTRY[name].integration_key
                had = {code for endpoint, code, _ in known if endpoint == name}
                assert not had & {str(one.param.get(key)) for one in effects}
            carried = {field for one in effects for field in one.param}
            assert not carried & left[name], (carried, left)
        return results

    def _check_delivered(self, run_id: str, endpoint: str) -> None:
        """What a run reports as delivered, Omie has; what it reports as deleted, Omie has not."""
        key = str(REGISTRY[endpoint].omie_key)
        held = self.world.held_by_omie(endpoint)
        query = sa.text(
            "SELECT codigo_integracao, state, omie_id FROM omie_sync.ledger"
            " WHERE run_id = :run_id AND endpoint = :endpoint"
        )
        with self.engine.connect() as connection:
            rows = connection.execute(query, {"run_id": run_id, "endpoint": endpoint}).all()
        for code, state, omie_id in rows:
            if state == "deleted":
                assert code not in held, (endpoint, code)
            elif state == "confirmed" and (endpoint, code) not in self.journal.deleted:
                assert code in held, (endpoint, code, "is not in Omie")
                assert held[str(code)][key] == omie_id

    def meanwhile(self, number: int, happens: Callable[[], None]) -> None:
        """Something is to happen right after the ``number``-th call of the next push."""
        self._meanwhile = (number, happens)

    @contextmanager
    def _interrupted(self) -> Iterator[list[int]]:
        """Lets happen what is planned; which call it came after, as soon as it did."""
        happened: list[int] = []
        if self._meanwhile is None:
            yield happened
            return
        (number, happens), self._meanwhile = self._meanwhile, None

        def take() -> None:
            self.clock.sleep(1)
            rested = self.resting
            happened.append(self.newest_call())
            happens()
            self.figures.meanwhile += 1
            self.clock.sleep(1)
            if self.resting and not rested:
                happened.append(-1)

        with self._at("call", number, take):
            yield happened
        if happened and happened[-1] == -1:
            self._check_stopped(happened[0])

    def _check_stopped(self, at: int) -> None:
        """After a pause only the batch that was on its way went on."""
        (during,) = [one for one in self.control.calls() if one.number == at]
        after = {
            name
            for name in CODES
            for one in self.writes_after(at)
            if one.method in {f"{verb}{_WHAT[name]}" for verb in _WRITES}
        }
        assert after <= {name for name in CODES if during.method.endswith(_WHAT[name])}, after

    def _effects(self, endpoint: str, first: int) -> list[Call]:
        names = {f"{verb}{_WHAT[endpoint]}" for verb in _WRITES}
        return [one for one in self._calls_after(first) if one.method in names and one.committed]

    def crash(self, what: str, number: int) -> None:
        """A push whose process ends after its ``number``-th call, or before that commit."""
        if self.resting:
            return
        self.transform()
        chosen = tuple(REGISTRY[name] for name in CODES)
        with self.sending(), self._ending_at(what, number):
            list(push_all(self.deployment, PushRequest((EMPRESA,), chosen, PushOptions())))

    @contextmanager
    def _ending_at(self, what: str, number: int) -> Iterator[None]:
        def end() -> None:
            raise Crash

        try:
            with self._at(what, number, end):
                yield
        except Crash:
            self.figures.crashes += 1

    @contextmanager
    def _at(self, what: str, number: int, happens: Callable[[], None]) -> Iterator[None]:
        """Lets something happen after the ``number``-th call, or before that commit."""
        left = number

        def step(*_: object) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                happens()

        client = self.deployment.client
        if what == "call":

            def watched(empresa: str, on_call: Callable[..., None] | None = None, *rest: Any,
                        **more: Any) -> Any:  # fmt: skip
                def tell(record: Any) -> None:
                    if on_call is not None:
                        on_call(record)
                    step()

                return client(empresa, tell, *rest, **more)

            self.deployment.client = watched  # type: ignore[method-assign]
        else:
            sa.event.listen(self.engine, "commit", step)
        try:
            yield
        finally:
            if what == "call":
                del self.deployment.client
            else:
                sa.event.remove(self.engine, "commit", step)

    def read(self, name: str, mode: Mode = "incremental") -> None:
        """What Omie has is copied."""
        first = self.newest_call()
        try:
            self.deployment.import_table(name, EMPRESA, mode=mode)
        except EmpresaPaused:
            assert self.resting
            assert not self._calls_after(first)
            return
        except OmieFault:
            if not self.faulty:
                raise
            return
        assert not self.resting

    def pause(self, resting: bool) -> None:
        """A person lets the empresa rest, or wakes it."""
        if resting:
            pause(self.deployment, EMPRESA, "férias", "Ana")
        else:
            resume(self.deployment, EMPRESA, "Ana")
        self.figures.pauses += resting
        self.resting = resting

    def switch(self, endpoint: str, state: str) -> None:
        """A person decides what of an endpoint is exported."""
        wanted = SwitchRequest((EMPRESA,), (REGISTRY[endpoint],), "Ana", state=state)
        decide_switches(self.deployment, wanted)
        self.states[endpoint] = state
        self.figures.switched += 1
        self._happened(endpoint)

    def leave_out(self, endpoint: str, *names: str) -> None:
        """A person decides which fields are not exported; none: all are."""
        who = ((EMPRESA,), (REGISTRY[endpoint],), "Ana")
        wanted = SwitchRequest(*who, without=names, all_fields=not names)
        decide_switches(self.deployment, wanted)
        self.left[endpoint] = set(names)
        self.figures.left_out += bool(names)
        self._happened(endpoint)

    def tell(self) -> int:
        """The clinic is told what Omie knows; changes that were new."""
        try:
            report = run_way_back(self.deployment, EMPRESA, at_once=True)
        except EmpresaPaused:
            assert self.resting
            return 0
        assert not self.resting
        assert report is not None
        assert not report.failed
        self.figures.told_back += report.written
        return report.written

    def retorno(self) -> dict[tuple[str, int], int]:
        """The clinic's own table: by kind and Omie's id, the number of the change it shows."""
        with self._clinic.connect() as connection:
            rows = connection.exec_driver_sql("SELECT kind, omie_id, number FROM omie_retorno")
            return {(row[0], row[1]): row[2] for row in rows}

    # -- plans ------------------------------------------------------------------------------------

    def make_plan(self, *endpoints: str) -> None:
        """A person wants to read what would be sent; nothing is."""
        self.transform()
        first = self.newest_call()
        chosen = tuple(REGISTRY[name] for name in endpoints or CODES)
        try:
            made = make_plan(self.deployment, PlanRequest((EMPRESA,), chosen, "Ana"))
        except EmpresaPaused:
            assert self.resting
            return
        finally:
            assert not self.writes_after(first)
        if self.resting or any(part.error for part in made.parts):
            return
        rows = {
            (row.endpoint, row.codigo_integracao): self._row(row.endpoint, row.codigo_integracao)
            for row in plan_rows(self.engine, made.plan_id)
            if row.state in LEAVING
        }
        self.plan = Planned(made.plan_id, dict(self.words), rows)
        self.figures.plans += 1

    def _row(self, endpoint: str, code: str) -> Mapping[str, Any] | None:
        return self.clinic_rows(self.codes).get((endpoint, code))

    def approve(self) -> None:
        """A person approves the plan; one without a row to send cannot be."""
        plan = self.plan
        if plan is None or plan.approved:
            return
        try:
            approve_plan(self.deployment, plan.plan_id, "Bia", over_guardrails=True)
        except PlanRefused:
            assert not plan.rows
            return
        plan.approved = True

    def apply(self, ending: str = "", number: int = 0) -> None:
        """What was approved leaves exactly so, once, perhaps in two halves; else nothing leaves.

        Args:
            ending: at a ``call`` or ``commit`` its process ends.
            number: which one.
        """
        plan = self.plan
        if plan is None:
            return
        self.transform()
        first, refused, done = self.newest_call(), False, None
        with self.sending(of_plan=True), self._ending_at(ending or "call", number):
            try:
                done = apply_plan(self.deployment, plan.plan_id, "Bia")
            except (PlanRefused, EmpresaPaused):
                refused = True
            except OmieFault:
                if not self.faulty:
                    raise
        effects = [(name, one) for name in CODES for one in self._effects(name, first)]
        codes = [
            (name, str(one.param.get(REGISTRY[name].integration_key))) for name, one in effects
        ]
        assert set(codes) <= set(plan.rows)
        assert len(codes) == len(set(codes))
        assert plan.sent or not plan.codes & set(codes), "sent twice"
        half = bool(plan.codes)
        plan.codes |= set(codes)
        changed = [key for key, row in plan.rows.items() if self._row(*key) != row]
        changed += [key for key in plan.rows if key in plan.touched]
        changed += [key for key in plan.rows if plan.words[key[0]] != self.words[key[0]]]
        if refused:
            assert not effects
            self.figures.plans_refused += plan.approved and not plan.over
            lawful = not plan.approved or plan.over or self.resting or not plan.same or plan.sent
            assert lawful or self.faulty, "refused, and nothing changed"
            plan.over = plan.over or (plan.approved and not self.resting)
            return
        assert plan.approved
        if done is None:
            assert not changed or plan.sent or half or not effects, changed
            self.figures.plans_broken_off += 1
            return
        if plan.applied:
            assert done.ended_before
            assert not self._calls_after(first)
            return
        if not self.resting and any(self.states[name] != "on" for name, _ in plan.rows):
            assert not [name for name, _ in effects if self.states[name] == "off"]
            return
        assert not changed or plan.sent or half or not effects, changed
        plan.applied = done.plan.state == "applied"
        if plan.same and not (plan.sent or self.resting or self.faulty):
            assert plan.applied
            # A título whose cliente is not in Omie, and not of the plan, waits.
            assert plan.codes == {key for key in plan.rows if self._can_leave(plan, key)}
        self.figures.plans_applied += plan.applied

    def _can_leave(self, plan: Planned, key: tuple[str, str]) -> bool:
        endpoint, code = key
        kept = WantedConflicts((EMPRESA,), endpoint, code, states=("kept_omie",))
        if key not in plan.codes and list_conflicts(self.deployment, kept):
            # Read right before its call: all that it would change is Omie's to keep.
            return False
        if endpoint == "clientes":
            return True
        return self.control.record("clientes", code.replace("REC-", "PAC-")) is not None

    def decide(self, keep: Keep, place: int) -> None:
        """A person decides one of the open conflicts."""
        wanted = WantedConflicts((EMPRESA,), states=("open",))
        if not (found := list_conflicts(self.deployment, wanted)):
            return
        one = found[place % len(found)]
        exactly = WantedConflicts((EMPRESA,), one.endpoint, one.codigo_integracao, one.field)
        decided = resolve_conflicts(self.deployment, exactly, keep, "Ana").decided
        assert [each.conflict_id for each in decided] == [one.conflict_id]
        again = resolve_conflicts(self.deployment, exactly, keep, "Bia")
        assert (again.decided, [each.decided_by for each in again.before]) == ((), ["Ana"])
        self.figures.decided += 1
        self._happened(one.endpoint)

    # -- what is written down ---------------------------------------------------------------------

    def newest_call(self) -> int:
        calls = self.control.calls()
        return calls[-1].number if calls else 0

    def _calls_after(self, number: int) -> list[Call]:
        return [call for call in self.control.calls() if call.number > number]

    def writes_after(self, number: int) -> list[Call]:
        """Calls since that were to change something."""
        return [call for call in self._calls_after(number) if call.method.startswith(_WRITES)]

    def look(self) -> None:
        """Whatever changed in Omie since the last look was changed by our calls, and is written
        down."""
        before, after, first = self._shown, self.omie(), self._looked
        self._note_calls(first)
        self._note_lost(before, after)
        self._shown, self._looked = after, self.newest_call()

    def _note_calls(self, first: int) -> None:
        for call in self._calls_after(first):
            for endpoint, names in FIELDS.items():
                code = str(call.param.get(REGISTRY[endpoint].integration_key) or "")
                if not call.committed or call.method not in {
                    f"{verb}{_WHAT[endpoint]}" for verb in _WRITES
                }:
                    continue
                said = (call.method, str(sorted(map(str, call.param.items()))))
                assert self.journal.written.get((endpoint, code)) != said, (call, "twice")
                self.journal.written[endpoint, code] = said
                if not call.method.startswith("Excluir"):
                    self.journal.deleted.discard((endpoint, code))
                for name in names:
                    if name in call.param:
                        self._note_said((endpoint, code, name), text_of(call.param[name]))

    def _note_said(self, spot: Spot, value: str) -> None:
        self.journal.delivered[spot] = value
        typed = self.journal.standing.get(spot)
        if typed is not None and typed.value == value:
            # Both say it: it is no person's alone any more.
            del self.journal.standing[spot]

    def _note_lost(self, before: Mapping[Spot, str], after: Mapping[Spot, str]) -> None:
        journal = self.journal
        for spot, typed in list(journal.standing.items()):
            if spot not in after:
                del journal.standing[spot]
            elif after[spot] != before[spot]:
                assert before[spot] == typed.value
                del journal.standing[spot]
                self._lose(spot, typed, after[spot])
        for spot, value in before.items():
            changed = spot in after and after[spot] != value
            assert not changed or after[spot] == journal.delivered.get(spot), (spot, "by whom?")

    def _lose(self, spot: Spot, typed: Typed, became: str) -> None:
        wins = self.words[spot[0]]
        told = typed.told_after
        heard = told is not None and told < self._run_began
        copied = any(
            call.at <= typed.at
            and self.clock.now() - call.at <= timedelta(minutes=wins.minutes, seconds=60)
            for call in self._readings(spot[0])
        )
        asked = any(
            call.number <= typed.after
            for call in self._calls_after(self._run_began)
            if call.method == f"Consultar{_WHAT[spot[0]]}"
        )
        unseen = (copied and not heard) or asked
        journal = self.journal
        journal.lost.append(Lost(spot, typed, became, wins.of(spot[2]), unseen))

    def _readings(self, endpoint: str) -> list[Call]:
        """The last whole reading of a list, and those that broke off since."""
        found: list[Call] = []
        for call in self.control.calls(method=_LIST[endpoint]):
            if call.ok and not call.planned:
                found.clear()
            found.append(call)
        return found


_WRITES = ("Upsert", "Incluir", "Alterar", "Excluir")
_WHAT = {"clientes": "Cliente", "contas_receber": "ContaReceber"}
_LIST = {"clientes": "ListarClientes", "contas_receber": "ListarContasReceber"}
