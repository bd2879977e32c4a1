"""A clinic and people in Omie who edit the same records, and every way there is to decide between
them; what happened is written down without asking the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml
from pydantic import SecretStr

from omie_pipeline.app.conflicts import list_conflicts, resolve_conflicts
from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.map_lists import listed, set_codes, unset_codes
from omie_pipeline.app.plans import PlanRequest, apply_plan, approve_plan, make_plan
from omie_pipeline.app.push_all import EndpointResult, PushRequest, push_all
from omie_pipeline.app.switches import SwitchRequest, decide_switches, pause, resume
from omie_pipeline.app.way_back import run_way_back
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.config.empresas import load_config
from omie_pipeline.config.settings import Settings
from omie_pipeline.errors import ConfigurationError, EmpresaPaused, PlanRefused
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
from omie_pipeline.simulator.engine.server import Simulator
from tests.push.world import CLIENTE_COLUMNS, EMPRESA, TITULO_COLUMNS, World, cliente, titulo

START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
CODES = {"clientes": "PAC-", "contas_receber": "REC-"}
FIELDS = {
    "clientes": ("email", "bairro", "observacao"),
    "contas_receber": ("observacao", "valor_documento", "codigo_categoria"),
}
"""What is edited on both sides."""

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
    """What a person typed into Omie, and when."""

    value: str
    at: datetime


@dataclass(frozen=True)
class Lost:
    """A value that a person typed and that a push replaced.

    Attributes:
        word: of the policy then.
        unseen: no reading could have shown it: the copy was new enough, and older than the edit.
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
        sent: something was sent since.
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


@dataclass
class Journal:
    """What the test itself did and saw.

    Attributes:
        standing: what persons typed and Omie still shows.
        delivered: what our own calls said last of a field.
        lost: what pushes replaced.
    """

    standing: dict[Spot, Typed] = field(default_factory=dict)
    delivered: dict[Spot, str] = field(default_factory=dict)
    lost: list[Lost] = field(default_factory=list)


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
        read_at: when the copy of a list was last asked for.
    """

    def __init__(
        self, engine: sa.Engine, simulator: Simulator, clock: ManualClock, folder: Path, url: str
    ) -> None:
        self.world = World(engine, simulator, clock)
        self.engine, self.control, self.clock = engine, simulator.control, self.world.clock
        self.figures = Figures()
        self._file = folder / "empresas.yaml"
        self.tables = {name: self.world.model(name, [], _COLUMNS[name]) for name in CODES}
        self._setting: dict[str, dict[str, Any]] = {}
        self._write_config()
        settings: dict[str, Any] = {
            "warehouse_url": SecretStr(url),
            "base_url": self.world.base_url,
            "home": folder,
            "config": self._file,
        }
        self._retorno = sa.create_engine(f"sqlite:///{folder / 'clinica.db'}")
        with self._retorno.begin() as connection:
            connection.exec_driver_sql(RETORNO)
        keys = {
            "KEY": simulator.app_key,
            "SECRET": simulator.app_secret,
            "RETORNO": f"sqlite:///{folder / 'clinica.db'}",
        }
        self.deployment = Deployment(Settings(**settings), self.clock, keys)
        self.deployment.__dict__["engine"] = engine
        with engine.connect() as connection:
            # What a migrated database has from the start stays; all else is emptied.
            self._emptied = [
                table
                for table in reversed(tables.metadata.sorted_tables)
                if not connection.scalar(sa.select(sa.exists().select_from(table)))
            ]
        self.begin()

    def begin(self) -> None:
        """Forget the last history."""
        self.control.reset()
        self.control.clear_faults()
        self.control.clear_calls()
        self.control.set_time(START)
        with self.engine.begin() as connection:
            for table in self._emptied:
                connection.execute(sa.delete(table))
        with self._retorno.begin() as connection:
            connection.exec_driver_sql("DELETE FROM omie_retorno")
        self.rows: dict[str, dict[int, dict[str, Any]]] = {
            "clientes": {n: cliente(n, bairro="Aa", observacao="") for n in (1, 2)},
            "contas_receber": {
                n: titulo(n, n, valor_documento=Decimal(100), observacao="Aa") for n in (1, 2)
            },
        }
        self.words: dict[str, Wins] = {}
        self.mirrors = False
        self.plan: Planned | None = None
        self._setting = {name: {"guardrails": _CALM} for name in CODES}
        for name in CODES:
            self.set_wins(name, "clinica")
        self.read_at: dict[str, datetime] = {}
        self.journal = Journal()
        self.paid: set[tuple[str, str]] = set()
        self.states = dict.fromkeys(CODES, "on")
        self.resting = False
        self.codes: dict[str, str] = {}
        self.figures.histories += 1
        self.deployment.refresh_reference("categorias", EMPRESA)
        for name in dict.fromkeys(NAMES.values()):
            self.maps(name, "1.01.01")

    # -- settings ---------------------------------------------------------------------------------

    def set_wins(self, endpoint: str, default: str, minutes: int = 10, **fields: str) -> None:
        """Who wins from now on."""
        wins = {"default": default, "fields": fields, "minutes": minutes}
        self.words[endpoint] = Wins.model_validate(wins)
        self._setting[endpoint]["wins"] = wins
        self._read_config()
        self._happened()

    def mirror(self, mirrors: bool) -> None:
        """Whether títulos that the clinic removed are deleted in Omie."""
        self._setting["contas_receber"]["mode"] = "mirror" if mirrors else "upsert"
        self.mirrors = mirrors
        self._read_config()
        self._happened()

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
        self._happened()

    def clinic_removes(self, endpoint: str, number: int) -> None:
        """The clinic deletes a row."""
        self.rows[endpoint].pop(number, None)
        self._happened()

    def maps(self, name: str, code: str) -> None:
        """A person maps a category of the clinic's to Omie's, or takes the mapping away."""
        if code:
            set_codes(self.deployment, [Wanted(EMPRESA, "category", name, code)], "Ana")
            self.codes[name] = code
        else:
            unset_codes(self.deployment, EMPRESA, "category", [name], "Ana")
            self.codes.pop(name, None)
        self.figures.mapped += 1
        self._happened()

    def _happened(self) -> None:
        if self.plan is not None:
            self.plan.same = False

    def person_settles(self, number: int) -> None:
        """A person writes down a payment of part of a título."""
        code = f"REC-{number}"
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
        if self.plan is not None:
            self.plan.touched.add((endpoint, code))

    def person_edits(self, endpoint: str, number: int, name: str, value: Any) -> None:
        """A person types into Omie's own screen."""
        code = f"{CODES[endpoint]}{number}"
        spot = (endpoint, code, name)
        now = self.omie().get(spot)
        if now is None or now == text_of(value):
            return
        self.control.edit(endpoint, code, {name: value})
        self.journal.standing[spot] = Typed(text_of(value), self.clock.now())
        self.figures.edits += 1
        self._touch(endpoint, code)

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
                mapped = {"codigo_categoria": codes.get(NAMES[number])}
                own = mapped if endpoint == "contas_receber" else {}
                found[endpoint, f"{CODES[endpoint]}{number}"] = {**row, **own}
        return found

    # -- the pipeline -----------------------------------------------------------------------------

    def transform(self) -> None:
        """The payload models show what the clinic says now."""
        codes = {
            one.mapped.key.source: one.mapped.code for one in listed(self.deployment, [EMPRESA])
        }
        rows = self.clinic_rows(codes)
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

    @contextmanager
    def sending(self) -> Iterator[None]:
        """What is replaced in Omie inside was replaced by us, and is written down."""
        before, first = self.omie(), self.newest_call()
        try:
            yield
        finally:
            if self.plan is not None and self.writes_after(first):
                self.plan.sent = True
            self._note_calls(first)
            self._note_lost(before)

    def push(self, *endpoints: str) -> list[EndpointResult]:
        """What the clinic says is sent; what Omie did must be what the reports say."""
        self.transform()
        chosen = tuple(REGISTRY[name] for name in endpoints or CODES)
        open_before, first, known = self.world.open_intents(), self.newest_call(), self.omie()
        request = PushRequest((EMPRESA,), chosen, PushOptions())
        with self.sending():
            results = list(push_all(self.deployment, request))
        self.figures.pushes += len(results)
        if self.resting:
            assert isinstance(results[0].error, EmpresaPaused)
            assert not self._calls_after(first)
            return results
        for result in results:
            name, report = result.endpoint.name, result.report
            assert report is not None, (name, result.error, result.behind)
            assert report.closes, (name, report.partitions, report.truth)
            total = report.total
            told = total.created + total.updated + total.linked + total.deleted
            effects = self._effects(name, first)
            assert len(effects) == told or open_before, (total, effects)
            assert len(effects) <= told, (total, effects)
            if self.states[name] == "off":
                assert report.switched_off
                assert not effects
            if self.states[name] == "so_novos":
                key = REGISTRY[name].integration_key
                had = {code for endpoint, code, _ in known if endpoint == name}
                assert not had & {str(one.param.get(key)) for one in effects}
        return results

    def _effects(self, endpoint: str, first: int) -> list[Call]:
        names = {f"{verb}{_WHAT[endpoint]}" for verb in _WRITES}
        return [one for one in self._calls_after(first) if one.method in names and one.committed]

    def crash(self, what: str, number: int) -> None:
        """A push whose process ends after its ``number``-th call, or before that commit."""
        left = number

        def step(*_: object) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Crash

        client = self.deployment.client
        if self.resting:
            return
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
            self.transform()
            chosen = tuple(REGISTRY[name] for name in CODES)
            with self.sending():
                list(push_all(self.deployment, PushRequest((EMPRESA,), chosen, PushOptions())))
        except Crash:
            self.figures.crashes += 1
        finally:
            if what == "call":
                del self.deployment.client
            else:
                sa.event.remove(self.engine, "commit", step)

    def read(self, name: str, mode: Mode = "incremental") -> None:
        """What Omie has is copied."""
        asked_at, first = self.clock.now(), self.newest_call()
        try:
            self.deployment.import_table(name, EMPRESA, mode=mode)
        except EmpresaPaused:
            assert self.resting
            assert not self._calls_after(first)
            return
        assert not self.resting
        self.read_at[name] = asked_at

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
        self._happened()

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
        with self._retorno.connect() as connection:
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

    def apply(self) -> None:
        """What was approved leaves exactly so, once; else nothing leaves."""
        plan = self.plan
        if plan is None:
            return
        self.transform()
        first, refused, done = self.newest_call(), True, None
        with self.sending():
            try:
                done = apply_plan(self.deployment, plan.plan_id, "Bia")
                refused = False
            except (PlanRefused, EmpresaPaused):
                pass
        effects = [(name, one) for name in CODES for one in self._effects(name, first)]
        codes = [
            (name, str(one.param.get(REGISTRY[name].integration_key))) for name, one in effects
        ]
        assert set(codes) <= set(plan.rows)
        assert len(codes) == len(set(codes))
        changed = [key for key, row in plan.rows.items() if self._row(*key) != row]
        changed += [key for key in plan.rows if key in plan.touched]
        changed += [key for key in plan.rows if plan.words[key[0]] != self.words[key[0]]]
        if refused:
            assert not effects
            self.figures.plans_refused += plan.approved and not plan.over
            lawful = not plan.approved or plan.over or self.resting or not plan.same or plan.sent
            assert lawful, "refused, and nothing changed"
            plan.over = plan.over or (plan.approved and not self.resting)
            return
        assert done is not None
        assert plan.approved
        if plan.applied:
            assert done.ended_before
            assert not self._calls_after(first)
            return
        if not self.resting and any(self.states[name] != "on" for name, _ in plan.rows):
            assert not [name for name, _ in effects if self.states[name] == "off"]
            return
        assert not changed or plan.sent or not effects, changed
        plan.applied = done.plan.state == "applied"
        if plan.same and not plan.sent and not self.resting:
            assert plan.applied
            assert set(codes) == set(plan.rows)
        self.figures.plans_applied += plan.applied

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

    # -- what is written down ---------------------------------------------------------------------

    def newest_call(self) -> int:
        calls = self.control.calls()
        return calls[-1].number if calls else 0

    def _calls_after(self, number: int) -> list[Call]:
        return [call for call in self.control.calls() if call.number > number]

    def writes_after(self, number: int) -> list[Call]:
        """Calls since that were to change something."""
        return [call for call in self._calls_after(number) if not call.is_read]

    def _note_calls(self, first: int) -> None:
        for call in self._calls_after(first):
            for endpoint, names in FIELDS.items():
                code = str(call.param.get(REGISTRY[endpoint].integration_key) or "")
                if call.committed and call.method in {
                    f"{verb}{_WHAT[endpoint]}" for verb in _WRITES
                }:
                    for name in names:
                        if name in call.param:
                            spot = (endpoint, code, name)
                            self.journal.delivered[spot] = text_of(call.param[name])

    def _note_lost(self, before: Mapping[Spot, str]) -> None:
        after, journal = self.omie(), self.journal
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
        read_at = self.read_at.get(spot[0])
        unseen = (
            read_at is not None
            and read_at <= typed.at
            and self.clock.now() - read_at <= timedelta(minutes=wins.minutes, seconds=60)
        )
        self.journal.lost.append(Lost(spot, typed, became, wins.of(spot[2]), unseen))


_WRITES = ("Upsert", "Incluir", "Alterar", "Excluir")
_WHAT = {"clientes": "Cliente", "contas_receber": "ContaReceber"}
