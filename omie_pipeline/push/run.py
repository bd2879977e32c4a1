"""One push of one endpoint of one empresa, from plan to proof.

plan (diff in SQL) -> validation -> guardrails -> intents -> calls -> outcomes -> identity.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from omie_pipeline.catalog import Endpoint
from omie_pipeline.clock import Clock
from omie_pipeline.errors import (
    ApprovalNeeded,
    GuardrailStopped,
    LineClosed,
    OmiePipelineError,
    PlanRefused,
    TakenOver,
    WarehouseError,
)
from omie_pipeline.omie import CallRecord, OmieClient
from omie_pipeline.payload import (
    PARTIAL,
    PayloadModel,
    Selection,
    left_out_of_hashes,
    load_payload_model,
)
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.locks import Lane, lane, sending_lane, sharing_lane
from omie_pipeline.private_files import make_state_folder
from omie_pipeline.push.both_sides.judge import BothSides
from omie_pipeline.push.checks import PlanCheck, PlanFigures, check_plan, refusals
from omie_pipeline.push.deliver import Delivery, Recovering
from omie_pipeline.push.dependents import KnownRecords
from omie_pipeline.push.effects import TwinRule, effect_for
from omie_pipeline.push.emptied_fields import (
    emptied_by_plan,
    may_empty,
    not_emptied,
    remember_filled,
)
from omie_pipeline.push.gate import JudgedPlan, leave_out
from omie_pipeline.push.ledger import Commit, Intents, Ledger
from omie_pipeline.push.plan import (
    PlannedPartition,
    Scope,
    added,
    forget_passed,
    plan_recovered,
    settle_taken_back,
    write_plan,
)
from omie_pipeline.push.policy import EndpointPolicy, needed_to_undo
from omie_pipeline.push.renamed_codes import RenamedRows, find_renamed, hold_reformed
from omie_pipeline.push.report import (
    CommonReason,
    PushOptions,
    PushReport,
    abandon_dead_runs,
    close_run,
    commonest_reasons,
    count_partitions,
    known_rows,
    leave_to_another,
    ledger_truth,
    open_run,
    plan_deletes,
    plan_states,
    plan_value_sum,
    planned_to_stay,
    recent_selected,
)
from omie_pipeline.switches.decisions import Switches
from omie_pipeline.switches.pauses import refuse_paused
from omie_pipeline.switches.rebase import forget_rebased, hashes_agree, rebase, returned_fields
from omie_pipeline.switches.settings import SWITCHED_OFF, Switch
from omie_pipeline.texts import push as texts
from omie_pipeline.validation.data_docs import renewed_page
from omie_pipeline.validation.model import ClinicRules, ValidationReport

_ROWS_TOLD = 1000
_STOPS = (GuardrailStopped, ApprovalNeeded, PlanRefused)
"""Not failures: a person decides."""


class Push:
    """The engine bound to one deployment: database, client, clock and rules.

    Args:
        make_client: builds the client of an empresa around a hook that sees every call.
        switches: what is exported; without the file's, what commands decided.
        on_wait: called if another run holds the endpoint's lane.
        on_planned: called with how many rows are about to be sent.
        on_progress: called with how many rows each batch finished.
        on_recovering: called with the rows of an interrupted run that wait, and until when, to be
            read again.
    """

    def __init__(
        self,
        engine: sa.Engine,
        make_client: Callable[[str, Callable[[CallRecord], None]], OmieClient],
        clock: Clock,
        rules: ClinicRules,
        *,
        switches: Switches | None = None,
        on_wait: Callable[[], None] | None = None,
        on_planned: Callable[[int], None] | None = None,
        on_progress: Callable[[int], None] | None = None,
        on_recovering: Recovering | None = None,
    ) -> None:
        self._engine = engine
        self._on_recovering = on_recovering
        self._make_client = make_client
        self._clock = clock
        self._rules = rules
        self._switches = switches or Switches(engine)
        self._on_wait = on_wait
        self._on_planned = on_planned
        self._on_progress = on_progress

    def run(
        self,
        endpoint: Endpoint,
        selection: Selection,
        policy: EndpointPolicy,
        options: PushOptions | None = None,
        *,
        model: PayloadModel | None = None,
    ) -> PushReport:
        """Push what the payload model holds for a selection.

        Args:
            endpoint: its declaration.
            selection: empresa, dates and codes of the run.
            policy: the endpoint's policy.
            options: approval, dry run and the like.
            model: another table of the same shape than the endpoint's dbt model.

        Raises:
            ModelError: before any call, and before anything is written.
            GuardrailStopped: before the first write call; the planned rows are held.
            AuthFailed: the key was refused; the planned rows are held.
            ConfigurationError: a reference list was never read, or the address is not the API's;
                the planned rows are held.
            WarehouseError: the database is gone; nothing left without an intent.
            TakenOver: this run lost its lane and another works in it; the rows that had not been
                sent are held.
            EmpresaPaused: the empresa rests; nothing was planned. While a run is on its way, a
                pause holds the rows that it has not sent.
        """
        options = options or PushOptions()
        refuse_paused(self._engine, selection.empresa)
        reload = model is None
        model = model or load_payload_model(self._engine, endpoint)
        name = sending_lane(selection.empresa, endpoint.name)
        with lane(self._engine, name, self._clock, self._on_wait) as held:
            refuse_paused(self._engine, selection.empresa)
            switch = self._switches.of(selection.empresa, endpoint.name)
            if not switch.exports:
                return self._switched_off(switch, endpoint, options)
            policy = self._as_switched(policy, switch)
            run = _Run(self, held, model, selection, policy, options, switch, reload=reload)
            return run.execute()

    def _as_switched(self, policy: EndpointPolicy, switch: Switch) -> EndpointPolicy:
        """The policy, as far as the switches let it: new records only, and nothing settled is taken
        back where the way to its change or back to settled is not open, or where a choice of fields
        is so new that a change cannot be told from it."""
        if switch.on_lookalike is not None:
            policy = policy.model_copy(update={"on_lookalike": switch.on_lookalike})
        if switch.state == "so_novos":
            policy = policy.model_copy(update={"mode": "insert"})
        if policy.on_settled == "undo":
            around = self._switches.all([switch.empresa], needed_to_undo(switch.endpoint))
            if not all(one.whole and hashes_agree(self._engine, one) for one in around):
                policy = policy.model_copy(update={"on_settled": "conflict"})
        return policy

    def _stops(self, empresa: str, endpoint: str, policy: EndpointPolicy) -> tuple[str, str] | None:
        """Why a run is to go no further: a person paused or switched it off meanwhile, or what it
        needs to bring back what it takes back.

        Args:
            empresa: whose rows are sent.
            endpoint: its name.
            policy: as the run began with it.
        """
        stop = self._switches.stops(empresa, endpoint)
        if stop is not None or policy.on_settled != "undo":
            return stop
        around = self._switches.all([empresa], needed_to_undo(endpoint))
        off = [one.endpoint for one in around if not one.whole]
        return (texts.undo_not_open(", ".join(off)), SWITCHED_OFF) if off else None

    def _switched_off(self, switch: Switch, endpoint: Endpoint, options: PushOptions) -> PushReport:
        """A run that plans nothing, and says so: ledger and history stay as they are."""
        run_id, now = uuid.uuid4().hex, self._clock.now()
        whose = (self._engine, run_id, switch.empresa, endpoint.name)
        open_run(*whose, options.trigger, options.dagster_run_id, now)
        close_run(
            self._engine,
            run_id,
            state="off",
            counts=[],
            selected=0,
            value_sum=None,
            error=None,
            data_docs=None,
            now=now,
        )
        return PushReport(run_id, switch.empresa, endpoint, (), switched_off=switch.why_not)


class _Run:
    """One execution, while it holds the endpoint's lane."""

    def __init__(
        self,
        push: Push,
        held: Lane,
        model: PayloadModel,
        selection: Selection,
        policy: EndpointPolicy,
        options: PushOptions,
        switch: Switch,
        *,
        reload: bool,
    ) -> None:
        self._outside = push._engine
        self._on_planned = push._on_planned
        # Whatever this run writes, it writes as the holder of the lane.
        self._engine = held.engine
        self._reload = reload
        self._switch = switch
        self._clock = push._clock
        self._rules = push._rules
        self._model = model
        self._endpoint = model.endpoint
        self._policy = policy
        self._options = options
        self._run_id = uuid.uuid4().hex
        self._client = push._make_client(selection.empresa, self._on_call)
        self._known = KnownRecords(self._engine, selection.empresa)
        # One row that a person looked at, never all those of a run.
        self._waived = options.approve and selection.key is not None
        twins = TwinRule(
            policy.twin_days, self._waived, same=options.same and selection.key is not None
        )
        self._effect = effect_for(model.endpoint, self._client, self._known, twins)
        self._selection = self._effect.widened(selection, policy)
        who = (self._engine, selection.empresa, model.endpoint.name, self._run_id)
        self._sides = BothSides(self._scope(), self._effect, policy, self._clock)
        # The model is read again before anything is planned.
        self._ledger = Ledger(*who, self._on_commit, lambda: self._model.left_out)
        self._intents = Intents(*who)
        self._delivery = Delivery(
            self._client,
            self._scope(),
            self._effect,
            policy,
            self._clock,
            self._ledger,
            self._intents,
            held.check,
            sides=self._sides,
            stops=partial(push._stops, selection.empresa, model.endpoint.name, policy),
            on_progress=push._on_progress,
            on_recovering=push._on_recovering,
        )
        self._planned: tuple[PlannedPartition, ...] = ()
        self._validation: ValidationReport | None = None
        self._conflicts = 0
        self._renamed: RenamedRows | None = None
        # Of an endpoint that never delivered anything there is nothing to compare with.
        self._known_before = False
        self._would_stop: tuple[str, ...] = ()
        self._ready = 0
        self._gate = options.gate

    def _on_call(self, record: CallRecord) -> None:
        self._delivery.record_call(record)

    def _on_commit(self, commit: Commit) -> None:
        self._effect.on_commit(commit)
        self._sides.on_commit(commit)

    def execute(self) -> PushReport:
        empresa, endpoint, now = self._selection.empresa, self._endpoint, self._clock.now()
        with self._client:
            abandon_dead_runs(self._engine, empresa, sharing_lane(endpoint.name), now)
            open_run(
                self._engine,
                self._run_id,
                empresa,
                endpoint.name,
                self._options.trigger,
                self._options.dagster_run_id,
                now,
            )
            try:
                self._prepare()
                self._leave_out()
                value_sum = self._guard()
                if not self._options.dry_run:
                    self._send()
            except TakenOver as lost:
                leave_to_another(self._outside, self._run_id, lost, self._clock.now())
                raise
            except WarehouseError:
                # The history cannot be written either; the next run closes it.
                raise
            except OmiePipelineError as error:
                self._count_recovered()
                if not self._options.dry_run and not isinstance(error, PlanRefused):
                    self._delivery.hold_rest(str(error), type(error).__name__, None)
                self._close("stopped" if isinstance(error, _STOPS) else "failed", error)
                raise
            report = self._report()
            self._close("dry_run" if self._options.dry_run else "done", None, report, value_sum)
            return report

    def _prepare(self) -> None:
        """Settle the past, then plan and validate."""
        if not self._options.dry_run:
            self._recover()
        if self._reload:
            # To wait for the lane and to recover take time, in which a build may have ended.
            self._model = load_payload_model(self._engine, self._endpoint)
        full, empresa = self._model, self._selection.empresa
        if self._reload:
            self._model = full.without(self._switch.left_out(full.fields))
        effect, policy, store = self._effect, self._policy, not self._options.dry_run
        self._known_before = self._known.any_of(self._endpoint.name)
        empties: tuple[str, ...] = ()
        if self._known_before:
            remember_filled(self._engine, self._hashed(full), empresa)
            # A person who decides so now means what was left full before, too.
            if policy.on_emptied == "empty":
                empties = may_empty(self._endpoint, policy)
        if self._reload and store:
            rebase(self._engine, self._model, empresa, self._clock.now())
        who = (self._engine, self._run_id, self._model, self._selection)
        look = self._reload and not store
        returned = returned_fields(self._engine, self._model, empresa) if look else ()
        self._planned = write_plan(*who, policy.mode, empties, returned)
        if look:
            stand = forget_rebased(self._engine, self._run_id, self._model, empresa)
            self._planned = tuple(
                replace(part, planned=part.planned - stand.get(part.partition, 0))
                for part in self._planned
            )
        if self._known_before:
            self._sides.learn(self._model)
        check = self._check(store=store)
        self._planned = added(self._planned, effect.plan_beside(check))
        self._count_recovered()
        if store:
            source = (self._model, self._selection, policy.mode)
            settle_taken_back(self._engine, *source, check.now, effect.on_settled)
        if self._any_planned:
            self._judge(self._check(store=store), store=store)
        if store:
            forget_passed(
                self._engine,
                self._run_id,
                self._endpoint,
                self._selection,
                asked_for=effect.asked_for(),
                without_effect=effect.without_effect,
            )
            self._sides.close_left()

    def _hashed(self, full: PayloadModel) -> PayloadModel:
        """The model as the ledger's hashes know it, which leave out what was left out before."""
        with warehouse_errors(), self._engine.connect() as connection:
            who = (connection, self._selection.empresa, self._endpoint.name)
            return full.without(left_out_of_hashes(*who))

    @property
    def _any_planned(self) -> bool:
        """Whether the plan has any row. Most runs of most endpoints have none, and then nothing is
        asked about its rows."""
        return any(part.planned for part in self._planned)

    def _judge(self, check: PlanCheck, *, store: bool) -> None:
        """Take out of the plan what must not leave."""
        effect = self._effect
        if effect.sends_payload:
            self._validation = check_plan(check, docs=self._report_folder)
        self._sides.at_plan(check)
        self._conflicts = effect.preconditions(check)
        self._conflicts += self._sides.refuse(check)
        if not self._waived:
            if self._known_before:
                self._look_for_renamed(store=store)
            self._conflicts += effect.adopt_existing(check)

    def _states(self) -> dict[tuple[str, str], int]:
        """Rows of the plan by partition and state."""
        return plan_states(self._engine, self._run_id) if self._any_planned else {}

    def _check(self, *, store: bool) -> PlanCheck:
        return PlanCheck(
            self._scope(),
            self._selection,
            self._model,
            self._policy,
            self._rules,
            self._ledger,
            self._clock.now(),
            store,
        )

    def _look_for_renamed(self, *, store: bool) -> None:
        """Rows whose records Omie holds under another code."""
        scope, limit = self._scope(), self._policy.guardrails.max_changed_codes
        self._renamed = find_renamed(scope, self._model)
        now = self._clock.now()
        self._conflicts += hold_reformed(scope, self._renamed, limit, now, store=store)

    def _scope(self) -> Scope:
        return Scope(self._engine, self._run_id, self._selection.empresa, self._endpoint)

    def _recover(self) -> None:
        try:
            self._delivery.resolve_open_intents()
        except LineClosed:
            # Nothing can be read while key or road are closed: open intents keep their rows held.
            return

    def _count_recovered(self) -> None:
        """Rows of an interrupted run that this one proved are its own delivered rows."""
        who = (self._engine, self._run_id, self._model, self._selection)
        proved, self._delivery.recovered = self._delivery.recovered, []
        self._planned = added(self._planned, plan_recovered(*who, proved))

    def _recent_selected(self) -> list[int]:
        """Earlier runs over the same dates; a retry or a single key compares with nothing."""
        if self._selection.span == PARTIAL:
            return []
        who = (self._selection.empresa, self._endpoint.name)
        return recent_selected(self._engine, *who, self._selection.span)

    def _guard(self) -> Any:
        """Sum in R$ of the plan; refuses a plan that looks like an accident."""
        endpoint = self._endpoint
        value_sum = None
        if endpoint.value_field and not self._any_planned:
            value_sum = Decimal(0)
        elif endpoint.value_field:
            value_sum = plan_value_sum(self._engine, self._run_id, endpoint.value_field)
        states = self._states()
        self._ready = sum(n for (_, state), n in states.items() if state == "ready")
        selected = sum(part.selected - part.beside for part in self._planned)
        deletes = plan_deletes(self._engine, self._run_id) if self._any_planned else 0
        figures = PlanFigures(
            selected=selected,
            model_rows=selected if endpoint.deletes else selected - deletes,
            quarantined=sum(n for (_, state), n in states.items() if state == "quarantined")
            - self._conflicts,
            deletes=deletes,
            known_rows=known_rows(
                self._engine, self._selection.empresa, endpoint.deletes or endpoint.name
            ),
            recent_selected=self._recent_selected(),
            value_sum=value_sum,
            emptied=self._emptied() if self._known_before else {},
        )
        limits = self._policy.guardrails
        found = self._renamed
        renamed = found.stops(limits.max_changed_codes) if found is not None else ""
        reasons = (*([renamed] if renamed else []), *refusals(figures, limits))
        self._would_stop = reasons if self._options.dry_run else ()
        passed = self._gate is not None and self._gate.guarded(self._judged(), reasons)
        passed = passed or self._options.approve or self._options.dry_run
        if reasons and not passed:
            raise GuardrailStopped(reasons, _told(commonest_reasons(self._engine, self._run_id)))
        return value_sum

    def _leave_out(self) -> None:
        """Let those who look at the plan take out of it what this run is not about."""
        if self._gate is not None:
            judged = self._judged()
            self._planned = leave_out(judged, self._gate.judged(judged))

    def _judged(self) -> JudgedPlan:
        return JudgedPlan(
            self._engine,
            self._run_id,
            self._model,
            self._selection,
            self._policy,
            self._planned,
            self._sides.as_sent,
        )

    def _emptied(self) -> dict[str, int]:
        """Field -> rows of the plan of which this policy empties it."""
        may = may_empty(self._endpoint, self._policy)
        found = emptied_by_plan(self._engine, self._run_id)
        return {name: rows for name, rows in found.items() if name in may}

    def _send(self) -> None:
        if self._on_planned is not None:
            self._on_planned(self._ready)
        if self._any_planned:
            # A look at a record must stand right before its call.
            batch_rows = 1 if self._sides.reads else self._effect.batch_rows
            self._delivery.run(self._ledger.ready_rows(batch_rows))

    def _report(self) -> PushReport:
        states = self._states()
        counts = count_partitions(
            self._planned, states, self._delivery.calls, self._delivery.seconds
        )
        truth = {}
        if self._any_planned and not self._options.dry_run:
            who = (self._endpoint, self._selection.empresa)
            truth = ledger_truth(self._engine, self._run_id, *who)
        return PushReport(
            run_id=self._run_id,
            empresa=self._selection.empresa,
            endpoint=self._endpoint,
            partitions=counts,
            truth=truth,
            validation=self._validation,
            data_docs=self._write_data_docs(),
            recovered=self._delivery.looked_up,
            stopped_by=self._delivery.stopped_by,
            line_down=self._delivery.line_down,
            would_send=sum(n for (_, state), n in states.items() if state == "ready"),
            would_stop=self._would_stop,
            lot_rows=self._delivery.most_in_a_lot,
            lots=self._delivery.lots,
            not_emptied=self._not_emptied() if self._known_before else {},
            left_out=self._model.left_out,
            new_only=self._switch.state == "so_novos",
            **self._would_stay(),
        )

    def _would_stay(self) -> dict[str, Any]:
        """What a person needs to know before the first real run; after one, lists show it."""
        if not self._options.dry_run:
            return {}
        return {
            "would_stay": planned_to_stay(self._engine, self._run_id, _ROWS_TOLD),
            "commonest": commonest_reasons(self._engine, self._run_id),
        }

    def _not_emptied(self) -> dict[str, int]:
        """Field -> rows delivered in this run of which Omie keeps what the clinic emptied."""
        who = ([self._selection.empresa], self._endpoint.name, self._run_id)
        found = not_emptied(self._engine, *who)
        return dict(Counter(name for one in found for name in one.fields))

    @property
    def _report_folder(self) -> Path | None:
        """Where Data Docs of this empresa and endpoint are; ``None`` where none are wanted."""
        folder = self._options.data_docs_dir
        return folder and folder / self._selection.empresa / self._endpoint.name

    def _write_data_docs(self) -> Path | None:
        folder, report = self._options.data_docs_dir, self._report_folder
        if folder is None or report is None or self._validation is None:
            return None
        make_state_folder(folder, folder.parent)
        return renewed_page(self._validation, report)

    def _close(
        self,
        state: str,
        error: OmiePipelineError | None,
        report: PushReport | None = None,
        value_sum: Any = None,
    ) -> None:
        done = report or self._report()
        span = self._selection.span
        close_run(
            self._engine,
            self._run_id,
            state=state,
            counts=[{"span": span, **part.to_json()} for part in done.partitions],
            selected=done.total.selected,
            value_sum=value_sum,
            error=error,
            data_docs=str(done.data_docs) if done.data_docs else None,
            now=self._clock.now(),
        )


def _told(commonest: tuple[CommonReason, ...]) -> tuple[str, ...]:
    return tuple(texts.rows_counted(rows=one.rows, example=one.example) for one in commonest)
