"""One deployment as plain objects: what the doors (Dagster, terminal) work with."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import sqlalchemy as sa

from omie_pipeline.catalog import REGISTRY, Endpoint
from omie_pipeline.catalog.lists import MIRROR, STATEMENT
from omie_pipeline.clinic.sources import SourceTable, read_sources
from omie_pipeline.clock import Clock
from omie_pipeline.config import addresses
from omie_pipeline.config.addresses import (
    Warehouse,
    dagster_environment,
    dbt_environment,
    find_warehouse,
    open_warehouse,
)
from omie_pipeline.config.dbt_project import (
    MappingProject,
    assemble_project,
    assembled_dir,
    mapping_dir,
    sources_file,
)
from omie_pipeline.config.defaults import AdoptedDefaults, adopt_old_defaults
from omie_pipeline.config.empresas import (
    EmpresaAccess,
    PipelineConfig,
    WayBackAccess,
    access,
    has_credentials,
    load_config,
    way_back_access,
)
from omie_pipeline.config.settings import Settings, is_loopback, load_settings, project_root
from omie_pipeline.errors import (
    AlreadyExists,
    ConfigurationError,
    Empty,
    RecordNotFound,
    SwitchedOff,
)
from omie_pipeline.imports.bank_statement import StatementReader
from omie_pipeline.imports.report import ImportProgress, ImportReport, ImportRequest, Mode
from omie_pipeline.imports.run import Importer
from omie_pipeline.nfse.billing import request_billing
from omie_pipeline.omie import CallRecord, Credentials, OmieClient
from omie_pipeline.omie.rate_limiter import SharedRateLimiter, scope_of
from omie_pipeline.outbox.targets import TargetName
from omie_pipeline.payload import PARTIAL, PayloadModel, Selection
from omie_pipeline.plans.approval import AskingGate, WouldAsk
from omie_pipeline.postgres.clock import DatabaseClock
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.ownership import Relation, refuse_foreign_relations
from omie_pipeline.postgres.poolers import behind_pooler
from omie_pipeline.postgres.schemas import PAYLOAD, STAGING
from omie_pipeline.postgres.work import WhoseWork, Work, under_way
from omie_pipeline.progress import Headway, Pace
from omie_pipeline.push.binding import bind_empresa, confirm_binding, rebind_empresa
from omie_pipeline.push.both_sides.overwritten import after_reading
from omie_pipeline.push.deliver import Recovering
from omie_pipeline.push.pace import push_pace
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.push.report import PushOptions, PushReport
from omie_pipeline.push.run import Push
from omie_pipeline.switches.decisions import Switches
from omie_pipeline.switches.pauses import refuse_paused
from omie_pipeline.texts import app as texts
from omie_pipeline.texts import progress as progress_texts

if TYPE_CHECKING:
    # Arrow comes along: what copies nothing does without it.
    from omie_pipeline.clinic.extract import ExtractResult, HowToRead
    from omie_pipeline.clinic.one_row import RowCopy
    from omie_pipeline.clinic.reader import ClinicReader

_BILLING = "faturar_os"
REFERENCES = ("empresas", "categorias", "contas_correntes")


@dataclass(frozen=True, slots=True)
class Progress:
    """Callbacks for the progress of a push.

    Attributes:
        on_wait: another run holds the endpoint's lane.
        on_rows: so many rows more are done.
        on_recovering: these rows of an interrupted run are looked at again at that time.
        on_headway: how far it is now, as often as a screen can use it.
    """

    on_wait: Callable[[], None] | None = None
    on_rows: Callable[[int], None] | None = None
    on_recovering: Recovering | None = None
    on_headway: Callable[[Headway], None] | None = None


class Deployment:
    """Settings, warehouse, clinic and Omie of one deployment; opened on first use.

    Args:
        settings: read with ``load_settings`` when not given.
        clock: the warehouse's when not given, which all processes agree on.
        variables: those that the YAML of empresas names are looked up here; default: the
            environment as it is when they are needed.
        engine: the warehouse as somebody sees it who may not see all of it, already migrated;
            default: the warehouse itself, with the rights of its owner.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        clock: Clock | None = None,
        variables: Mapping[str, str] | None = None,
        *,
        engine: sa.Engine | None = None,
    ) -> None:
        self.settings = settings or load_settings()
        self._given_engine = engine
        self._variables = variables
        self.config: PipelineConfig = load_config(self.settings)
        self._given_clock = clock

    @cached_property
    def warehouse(self) -> Warehouse:
        """Address of the warehouse; starts the embedded server if it is the one."""
        return find_warehouse(self.settings)

    @cached_property
    def engine(self) -> sa.Engine:
        """The warehouse, migrated."""
        return self._given_engine or open_warehouse(self.settings, self.warehouse)

    @cached_property
    def clock(self) -> Clock:
        """The one time that decides anything; opens the warehouse."""
        return self._given_clock or DatabaseClock(self.engine)

    @cached_property
    def switches(self) -> Switches:
        """What is exported, by empresa and endpoint; opens the warehouse."""
        return Switches(self.engine, self.config.export_choices, self.config.rules_of)

    @cached_property
    def pooled(self) -> bool:
        """Whether the warehouse is reached through a pooler."""
        return self.warehouse.embedded is None and behind_pooler(self.engine)

    def dagster_environment(self) -> Mapping[str, str]:
        """Variables for Dagster's processes; one holds the warehouse's password."""
        return dagster_environment(self.settings, self.warehouse.url, pooled=self.pooled)

    @property
    def empresas(self) -> tuple[str, ...]:
        """Names of the empresas, in the order of the file."""
        return tuple(empresa.nome for empresa in self.config.empresas)

    def access(self, empresa: str) -> EmpresaAccess:
        """Key, secret and addresses of one empresa."""
        return access(self.config.empresa(empresa), self.settings, self._variables)

    def way_back_access(self, empresa: str, target: TargetName) -> WayBackAccess:
        """Address and key of a target that one empresa's changes go to."""
        return way_back_access(self.config.empresa(empresa), target, self._variables)

    def scope(self, empresa: str) -> str:
        """Name under which all processes share the pacing and the blocks of an empresa's key."""
        return scope_of(self.access(empresa).app_key.get_secret_value())

    def has_credentials(self, empresa: str) -> bool:
        """Whether the key and the secret of one empresa are there."""
        return has_credentials(self.config.empresa(empresa), self._variables)

    def policy(self, endpoint: str) -> EndpointPolicy:
        """How one endpoint is to be pushed."""
        return self.config.policies.of(endpoint)

    def client(
        self,
        empresa: str,
        on_call: Callable[[CallRecord], None] | None = None,
        on_wait: Callable[[str, datetime], None] | None = None,
        *,
        error_budget: int = EndpointPolicy().error_budget,
    ) -> OmieClient:
        """The client of one empresa, paced with all other processes of this deployment.

        Args:
            empresa: whose key is used.
            on_call: called with every call that left.
            on_wait: called with the reason and the end of every wait that is announced.
            error_budget: errors of one method after which it is asked no more for a while.

        Raises:
            EmpresaPaused: it rests, and Omie is not to be asked.
        """
        refuse_paused(self.engine, empresa)
        granted = self.access(empresa)
        scope = scope_of(granted.app_key.get_secret_value())
        if not bind_empresa(self.engine, empresa, scope, granted.base_url):

            def confirm() -> None:
                confirm_binding(self.engine, empresa, scope, granted.base_url)

            on_call = _at_first_good_answer(confirm, on_call)
        rate_limiter = SharedRateLimiter(
            self.engine,
            scope,
            method_per_minute=self.settings.calls_per_minute,
            ip_per_minute=self.settings.calls_per_minute_ip,
            error_budget=error_budget,
            clock=self.clock if isinstance(self.clock, DatabaseClock) else None,
        )
        return OmieClient(
            Credentials(granted.app_key, granted.app_secret),
            granted.base_url,
            rate_limiter,
            self.clock,
            timeout_seconds=self.settings.timeout_seconds,
            on_call=on_call,
            on_wait=on_wait,
        )

    def rebind(self, empresa: str) -> None:
        """Accept the present key as the same company's; see ``push.binding``."""
        granted = self.access(empresa)
        scope = scope_of(granted.app_key.get_secret_value())
        rebind_empresa(self.engine, empresa, scope, granted.base_url)

    def push(
        self,
        endpoint: str,
        selection: Selection,
        options: PushOptions,
        progress: Progress | None = None,
        *,
        given: PayloadModel | None = None,
    ) -> PushReport:
        """Push one endpoint of one empresa; see :class:`omie_pipeline.push.run.Push`.

        Args:
            endpoint: name of the endpoint.
            selection: empresa, dates and codes of the run.
            options: approval, dry run and the like.
            progress: callbacks.
            given: rows that a person chose, in place of the payload model; of a deletion they may
                be records that others made.
        """
        policy, told = self.policy(endpoint), progress or Progress()
        if given is not None:
            policy = policy.model_copy(update={"delete_foreign": True})
        would_ask = WouldAsk()
        if policy.approval.asked and options.gate is None:
            asking = AskingGate(self.clock, options.trigger)
            options = replace(options, gate=would_ask if options.dry_run else asking)
        whose: WhoseWork = (selection.empresa, "push", endpoint)
        partial = options.dry_run or selection.span == PARTIAL
        with under_way(self.engine, self.clock, whose, told.on_headway, partial=partial) as work:
            engine = self._pusher(REGISTRY[endpoint], selection.empresa, told, work)
            report = engine.run(REGISTRY[endpoint], selection, policy, options, model=given)
        asked = tuple(map(texts.would_ask, would_ask.reasons))
        return replace(report, would_stop=(*report.would_stop, *asked)) if asked else report

    def pace(self, endpoint: Endpoint) -> Pace:
        """How fast rows of an endpoint can go: by Omie's limit, and by how long its answers took
        of late."""
        policy = self.policy(endpoint.name)
        return push_pace(self.engine, endpoint, policy, self.settings.calls_per_minute)

    def bill(
        self, empresa: str, order: str, by: str, options: PushOptions | None = None
    ) -> PushReport:
        """Bill one service order because a person says so; see ``nfse.billing``.

        Args:
            empresa: the empresa whose rows are meant.
            order: our code of the service order, ``OS-1`` say.
            by: who decided.
            options: approval, dry run and the like.

        Raises:
            ConfigurationError: no such order was ever delivered.
            EmpresaPaused: the empresa rests.
            SwitchedOff: bills are not exported.
        """
        refuse_paused(self.engine, empresa)
        if why := self.switches.of(empresa, _BILLING).why_not:
            raise SwitchedOff(why)
        model = request_billing(self.engine, empresa, order, by, self.clock.now())
        return self.push_one_of(model, empresa, order, options)

    def push_one_of(
        self, model: PayloadModel, empresa: str, key: str, options: PushOptions | None = None
    ) -> PushReport:
        """Push one row that a person asked for, from a table of ours that stands for the endpoint's
        payload model.

        Args:
            model: the table.
            empresa: the empresa whose row is meant.
            key: the row's code.
            options: approval, dry run and the like.
        """
        endpoint, policy = model.endpoint, self.policy(model.endpoint.name)
        whose: WhoseWork = (empresa, "push", endpoint.name)
        with under_way(self.engine, self.clock, whose, partial=True) as work:
            engine = self._pusher(endpoint, empresa, Progress(), work)
            selection = Selection(empresa, key=key)
            return engine.run(endpoint, selection, policy, options, model=model)

    def _pusher(self, endpoint: Endpoint, empresa: str, told: Progress, work: Work) -> Push:
        error_budget = self.policy(endpoint.name).error_budget

        def make_client(name: str, on_call: Callable[[CallRecord], None]) -> OmieClient:
            return self.client(name, on_call, work.wait, error_budget=error_budget)

        def on_wait() -> None:
            work.wait_for_another(progress_texts.OTHER_RUN)
            if told.on_wait is not None:
                told.on_wait()

        def on_rows(rows: int) -> None:
            work.add(rows)
            if told.on_rows is not None:
                told.on_rows(rows)

        def on_recovering(codes: Sequence[str], until: datetime) -> None:
            work.wait(progress_texts.LOOKS_BACK, until)
            if told.on_recovering is not None:
                told.on_recovering(codes, until)

        return Push(
            self.engine,
            make_client,
            self.clock,
            self.config.rules_of(empresa),
            switches=self.switches,
            on_wait=on_wait,
            on_planned=lambda rows: work.plan(rows, self.pace(endpoint)),
            on_progress=on_rows,
            on_recovering=on_recovering,
        )

    def refresh_reference(self, name: str, empresa: str) -> int:
        """Read one of Omie's reference lists whole; returns its number of records."""
        return self.import_table(name, empresa, mode="full", needed=True).read

    def import_table(
        self,
        name: str,
        empresa: str,
        *,
        mode: Mode,
        date_from: date | None = None,
        date_to: date | None = None,
        trigger: str = "cli",
        dagster_run_id: str | None = None,
        not_before: datetime | None = None,
        progress: ImportProgress | None = None,
        needed: bool = False,
    ) -> ImportReport:
        """Read one table of Omie (``catalog.lists.MIRROR`` or ``extrato``) into the warehouse.

        Args:
            name: name of the list.
            empresa: the empresa whose rows are meant.
            mode: whole partitions, or what changed.
            date_from, date_to: creation days, for ``mode="full"`` of a fact; default: from the
                start date to today.
            trigger: what started it: ``cli``, ``schedule``, ``sensor``, ``ui``, ``demo``.
            dagster_run_id: id of the run in Dagster, if it has one.
            not_before: a reading asked at or after this moment is good enough; Omie is not asked.
            progress: callbacks.
            needed: read it even where a switch says not to: something else depends on it.

        Raises:
            OmieFault: the reading stopped; what was merged stays.
            ConfigurationError: no such table.
            EmpresaPaused: the empresa rests.
            SwitchedOff: the list is not to be read.
        """
        refuse_paused(self.engine, empresa)
        if not needed:
            self.switches.refuse_unread(empresa, name)
        request = ImportRequest(
            empresa,
            mode,
            self.settings.start_date,
            date_from=date_from,
            date_to=date_to,
            filters=self.config.empresa(empresa).importar.filters(),
            trigger=trigger,
            dagster_run_id=dagster_run_id,
            not_before=not_before,
        )
        told = progress or ImportProgress()
        whose: WhoseWork = (empresa, "import", name)
        with under_way(self.engine, self.clock, whose, told.on_headway) as work:
            importer = Importer(
                self.engine,
                lambda one: self.client(one, on_wait=work.wait),
                self.clock,
                progress=_counting(told, work),
            )
            if name == STATEMENT:
                return StatementReader(importer).run(request)
            if name not in MIRROR:
                known = ", ".join([*MIRROR, STATEMENT])
                raise ConfigurationError(texts.unknown_table(table=name, known=known))
            report = importer.run(MIRROR[name], request)
        after_reading(self.engine, empresa, name, report.run_id, self.clock.now())
        return report

    @property
    def sources(self) -> tuple[SourceTable, ...]:
        """The tables to copy from the clinic, as the chosen staging set declares them."""
        return staging_sources(self.settings)

    def has_clinic(self, empresa: str) -> bool:
        """Whether an empresa has a clinic to read, or only an Omie."""
        own = self.config.empresa(empresa).clinic_url_env
        return own is not None or self.settings.clinic_url is not None

    @contextmanager
    def clinic(self, empresa: str) -> Iterator[ClinicReader]:
        """The clinic of one empresa.

        Raises:
            ConfigurationError: no ``CLINIC_URL``, or it is none we can read.
        """
        from omie_pipeline.clinic.reader import open_clinic

        url = self._clinic_url(empresa)
        reader = open_clinic(url, self.engine, time_zone=self.settings.time_zone)
        try:
            yield reader
        finally:
            reader.close()

    def extract(
        self,
        table: SourceTable,
        empresa: str,
        date_from: date | None = None,
        date_to: date | None = None,
        how: HowToRead | None = None,
        on_headway: Callable[[Headway], None] | None = None,
    ) -> ExtractResult:
        """Copy one table of the clinic; the start date's partition also takes what lies before
        it, if ``OMIE_PIPELINE_INCLUDE_BEFORE_START`` says so.

        Args:
            table: declaration of the clinic's table.
            empresa: the empresa whose rows are meant.
            date_from: first business date.
            date_to: last business date.
            how: full reading, recopying, accepted loss.
            on_headway: how far it is now, as often as a screen can use it.
        """
        from omie_pipeline.clinic.extract import Watch, extract_table

        self._refuse_shared(table, empresa)
        before = self.settings.include_before_start and date_from == self.settings.start_date
        whose: WhoseWork = (empresa, "extract", table.name)
        with (
            self.clinic(empresa) as reader,
            under_way(self.engine, self.clock, whose, on_headway) as work,
        ):
            return extract_table(
                reader,
                table,
                self.engine,
                empresa=empresa,
                date_from=None if before else date_from,
                date_to=date_to,
                how=how or self.how_to_read(),
                watch=Watch(
                    work.plan,
                    work.add,
                    lambda: work.wait_for_another(progress_texts.OTHER_RUN),
                ),
            )

    def extract_row(
        self,
        reader: ClinicReader,
        table: SourceTable,
        empresa: str,
        value: str,
        on_wait: Callable[[], None] | None = None,
    ) -> RowCopy:
        """Copy one row of a table of the clinic, by its key; see ``clinic.one_row``.

        Args:
            reader: the clinic of the empresa.
            table: declaration of the clinic's table.
            empresa: the empresa whose row is meant.
            value: what the key column beside the empresa's says.
            on_wait: called once if another reading of the table is on its way.
        """
        from omie_pipeline.clinic.one_row import copy_row

        self._refuse_shared(table, empresa)
        return copy_row(
            reader,
            table,
            self.engine,
            empresa=empresa,
            value=value,
            how=self.how_to_read(),
            on_wait=on_wait,
        )

    def _refuse_shared(self, table: SourceTable, empresa: str) -> None:
        shared = len(self.empresas) > 1 and self._shares_clinic(empresa)
        if shared and table.empresa_column is None:
            raise ConfigurationError(texts.no_empresa_column(table.name))

    def how_to_read(
        self, *, full: bool = False, recopy: bool = False, accept_shrunk: bool = False
    ) -> HowToRead:
        """How the settings, and a person, want a table read."""
        from omie_pipeline.clinic.extract import HowToRead

        return HowToRead(
            full=full,
            recopy=recopy,
            accept_shrunk=accept_shrunk,
            overlap=timedelta(minutes=self.settings.overlap_minutes),
            full_every_days=self.settings.full_read_days,
        )

    def unowned_rows(self, table: SourceTable, empresa: str) -> Mapping[str, int]:
        """Rows of the table whose empresa column names none of this deployment's empresas.

        No empresa ever reads them. By what the column says; ``""`` if it is empty. Of a table
        that is missing there are none.

        Args:
            empresa: whose clinic is looked at.
        """
        with self.clinic(empresa) as reader:
            found = {} if reader.missing_tables([table]) else reader.empresas(table)
        return {name: rows for name, rows in found.items() if name not in self.empresas}

    @property
    def reads_in_place(self) -> bool:
        """True when the clinic's tables are in the warehouse already."""
        url = self.settings.clinic_url
        return url is not None and url.get_secret_value().startswith("warehouse://")

    @property
    def data_docs_dir(self) -> Path:
        """Where validation reports are written, one folder per empresa and endpoint."""
        return self.settings.home / "data_docs"

    def dbt_environment(self) -> Mapping[str, str]:
        """Variables for dbt; one holds the warehouse's password."""
        paths = {
            "DBT_TARGET_PATH": str(dbt_target(self.settings)),
            "DBT_LOG_PATH": str(self.settings.home / "dbt" / "logs"),
            "DBT_PROFILES_DIR": str(assembled_dir(self.settings)),
        }
        return {
            **dbt_environment(self.settings, self.warehouse.url, pooled=self.pooled),
            **paths,
        }

    def adopt_defaults(self) -> AdoptedDefaults | None:
        """Take over, once, the defaults that an earlier version kept in its own files.

        The simulator's codes, with which those files came, are kept if Omie is a simulator.
        """
        return adopt_old_defaults(
            self.engine,
            mapping_dir() / "seeds",
            self.empresas,
            self.clock.now(),
            examples=is_loopback(urlsplit(self.settings.base_url).hostname or ""),
        )

    def prepare_dbt(self) -> MappingProject:
        """Assemble the dbt project and give this process the variables dbt reads."""
        project = assemble_project(self.settings)
        os.environ.update(self.dbt_environment())
        return project

    def refuse_foreign_relations(self) -> None:
        """Stop before dbt would replace, empty or alter what others made.

        Raises:
            WarehouseError: names every such object; nothing was changed.
        """
        built = addresses.built_relations(self.settings)
        # A payload table keeps its query in a view of its name.
        queries = [Relation(STAGING, one.name) for one in built if one.schema == PAYLOAD]
        planned = (*built, *queries)
        with warehouse_errors(), self.engine.connect() as connection:
            refuse_foreign_relations(connection, self.settings.schemas, planned)

    def _clinic_url(self, empresa: str) -> str:
        declared = self.config.empresa(empresa)
        if declared.clinic_url_env:
            url = self.access(empresa).clinic_url
        else:
            url = self.settings.clinic_url
        if url is None:
            raise ConfigurationError(texts.NO_CLINIC)
        text = url.get_secret_value()
        # A relative folder is meant from the project, wherever the process was started.
        return text if "://" in text else str(project_root() / Path(text).expanduser())

    def _shares_clinic(self, empresa: str) -> bool:
        return self.config.empresa(empresa).clinic_url_env is None


def _at_first_good_answer(
    confirm: Callable[[], None], on_call: Callable[[CallRecord], None] | None
) -> Callable[[CallRecord], None]:
    """A listener of calls that confirms once, before anything of the answer is remembered."""
    confirmed = False

    def tell(record: CallRecord) -> None:
        nonlocal confirmed
        answered = record.fault is None and record.response is not None
        if not confirmed and (answered or isinstance(record.fault, _KNOWS_THE_KEY)):
            confirm()
            confirmed = True
        if on_call is not None:
            on_call(record)

    return tell


_KNOWS_THE_KEY = (Empty, RecordNotFound, AlreadyExists)
"""Faults by which Omie tells of its own records: the ledger acts upon them."""


def dbt_target(settings: Settings) -> Path:
    """dbt's output, one folder per staging set."""
    return settings.home / "dbt" / settings.staging


def staging_sources(settings: Settings) -> tuple[SourceTable, ...]:
    """The source tables of the chosen staging set.

    Raises:
        ConfigurationError: the set has no folder, or its sources are not declared as described.
    """
    return read_sources(
        sources_file(settings),
        settings.staging,
        os.environ.get("OMIE_PIPELINE_SOURCE_SCHEMA"),
        settings.schemas,
    )


def _counting(told: ImportProgress, work: Work) -> ImportProgress:
    """A reading's callbacks, which count its work too."""

    def on_wait() -> None:
        work.wait_for_another(progress_texts.OTHER_RUN)
        if told.on_wait is not None:
            told.on_wait()

    def on_rows(read: int, total: int | None) -> None:
        work.reach(read, total)
        if told.on_rows is not None:
            told.on_rows(read, total)

    return replace(told, on_wait=on_wait, on_rows=on_rows)
