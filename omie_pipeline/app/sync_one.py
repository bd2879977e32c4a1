"""One record from the clinic to Omie: the row a person just corrected, and nothing else.

The row is read by its key, with those that it names (a receipt its patient, its procedure); the
payload of the one record is made anew; then it is pushed as ``push --key`` does, with every
guardrail. What must be in Omie before it, and is not, goes first by the same way.

All else is as the last build left it: what others changed at the clinic meanwhile is the next
build's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Final

from omie_pipeline.app.build import BuildListener, BuildRequest, build
from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.models import refresh_key
from omie_pipeline.app.push_all import EndpointResult, PushListener, PushRequest, push_all
from omie_pipeline.catalog import REGISTRY, Endpoint
from omie_pipeline.clinic.one_row import RowCopy
from omie_pipeline.clinic.origins import (
    Origin,
    named_by,
    origins_of,
    sources_behind,
    tables_beside,
)
from omie_pipeline.clinic.reader import ClinicReader
from omie_pipeline.clinic.sources import SourceTable
from omie_pipeline.clinic.tables import CLINIC_TABLES
from omie_pipeline.config.dbt_project import MappingProject
from omie_pipeline.errors import ConfigurationError, ModelError, ModelMisfit
from omie_pipeline.payload import MadeRow, load_payload_model, rows_of_code
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.privacy.codes import holder_of, sharing
from omie_pipeline.push.dependents import KnownRecords
from omie_pipeline.push.report import PushOptions
from omie_pipeline.switches.pauses import refuse_paused
from omie_pipeline.texts import app as texts
from omie_pipeline.validation.values import OmieId, pointers

_PEOPLE: Final = ("clientes", "clientes_cpf_cnpj")


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """The record that is meant, and how it is pushed."""

    empresa: str
    endpoint: Endpoint
    key: str
    options: PushOptions


@dataclass(frozen=True, slots=True)
class SyncedRecord:
    """One record that was pushed.

    Attributes:
        asked_as: the code that was asked for, of a person who is delivered under this record.
        copies: the rows of the clinic that were read for it.
        result: what came of the push.
        in_model: the payload model has a row of this code.
    """

    endpoint: Endpoint
    key: str
    result: EndpointResult
    in_model: bool
    asked_as: str = ""
    copies: tuple[RowCopy, ...] = ()


@dataclass(frozen=True, slots=True)
class SyncListener:
    """What a door may say while it goes on; without it, nothing is said.

    Attributes:
        on_wait: another reading of this table is on its way.
        on_copied: what became of a row of the clinic, or of its table.
        on_holder: this person is delivered under the record of that code.
        on_before: this record has to be in Omie first, and is not: it is synced now.
        on_build: the models are not as the last build made them: everything is built first.
        build: of that build.
        push: of each push.
    """

    on_wait: Callable[[str], None] = lambda _: None
    on_copied: Callable[[RowCopy, Origin | None], None] = lambda *_: None
    on_holder: Callable[[str, str], None] = lambda *_: None
    on_before: Callable[[Endpoint, str], None] = lambda *_: None
    on_build: Callable[[], None] = lambda: None
    build: BuildListener = field(default_factory=BuildListener)
    push: PushListener = field(default_factory=PushListener)


def sync_one(
    deployment: Deployment, request: SyncRequest, listener: SyncListener | None = None
) -> Iterator[SyncedRecord]:
    """Bring one record of one empresa from the clinic to Omie, and tell each push when it is done.

    Args:
        deployment: the composed deployment.
        request: the record.
        listener: is told what goes on meanwhile.

    Yields:
        What was pushed: first what had to be there before it, last the record itself, unless the
        empresa ended on the way.

    Raises:
        SourceUnreachable, ClinicSourceError: the clinic is gone, or a table of it is refused;
            nothing was sent.
        ConfigurationError, ModelError, WarehouseError: before any call, or at once.
        EmpresaPaused: the empresa rests; nothing was read.
    """
    deployment.access(request.empresa)
    refuse_paused(deployment.engine, request.empresa)
    yield from _Sync(deployment, request, listener or SyncListener()).run()


class _Sync:
    """One sync, and what it has done already."""

    def __init__(
        self, deployment: Deployment, request: SyncRequest, listener: SyncListener
    ) -> None:
        self._deployment = deployment
        self._request = request
        self._empresa = request.empresa
        self._listener = listener
        self._first = (request.endpoint.name, request.key)
        self._project: MappingProject | None = None
        self._built = False
        self._rows: set[tuple[str, str]] = set()
        self._tables: set[str] = set()
        self._seen: set[tuple[str, str]] = set()

    def run(self) -> Iterator[SyncedRecord]:
        opened = (
            self._deployment.clinic(self._empresa)
            if self._deployment.has_clinic(self._empresa)
            else nullcontext(None)
        )
        with opened as clinic:
            yield from self._record(clinic, self._request.endpoint, self._request.key)

    def _record(
        self, clinic: ClinicReader | None, endpoint: Endpoint, key: str
    ) -> Iterator[SyncedRecord]:
        self._seen.add((endpoint.name, key))
        copies = self._copy(clinic, endpoint, key)
        asked = key
        self._refresh(endpoint, key)
        if endpoint.name in _PEOPLE and (holder := self._holder_of(key)) != key:
            self._listener.on_holder(key, holder)
            key = holder
            self._seen.add((endpoint.name, key))
            copies += self._copy(clinic, endpoint, key)
            self._refresh(endpoint, key)
        model = load_payload_model(self._deployment.engine, endpoint)
        made = rows_of_code(self._deployment.engine, model, self._empresa, key)
        for target in self._missing(endpoint, made):
            self._listener.on_before(REGISTRY[target.endpoint], target.code)
            for done in self._record(clinic, REGISTRY[target.endpoint], target.code):
                yield done
                if done.result.reach in ("empresa", "all"):
                    return
        # What goes before has a guardrail of its own, which nobody has looked at.
        first = self._first == (endpoint.name, asked)
        options = self._request.options if first else PushOptions(self._request.options.trigger)
        yield SyncedRecord(
            endpoint,
            key,
            self._push(endpoint, key, options),
            in_model=bool(made),
            asked_as=asked if asked != key else "",
            copies=copies,
        )

    def _copy(
        self, clinic: ClinicReader | None, endpoint: Endpoint, key: str
    ) -> tuple[RowCopy, ...]:
        """Bring the copies of what the record is made of up to date."""
        if clinic is None or clinic.in_place or self._built:
            return ()
        try:
            return tuple(done for done in self._copies(clinic, endpoint, key) if done is not None)
        except ModelMisfit:
            raise
        except ModelError:  # nothing was ever built here
            self._build(endpoint, key)
            return ()

    def _copies(
        self, clinic: ClinicReader, endpoint: Endpoint, key: str
    ) -> Iterator[RowCopy | None]:
        origins = self._origins(endpoint, key)
        if not origins:
            # Nothing says which row it is: every table is read, as a build does.
            yield from map(self._copy_table, self._deployment.sources)
            return
        for name in tables_beside(key):
            yield from map(self._copy_table, self._behind(name))
        waiting = list(origins)
        while waiting:
            origin = waiting.pop(0)
            if (origin.table, origin.id) in self._rows:
                continue
            self._rows.add((origin.table, origin.id))
            for table in self._behind(origin.table):
                yield self._copy_row(clinic, table, origin)
            with warehouse_errors(), self._deployment.engine.connect() as connection:
                waiting += named_by(connection, self._empresa, origin)

    def _origins(self, endpoint: Endpoint, key: str) -> tuple[Origin, ...]:
        """The rows behind a code: as the model says, and as the code does; of people those of all
        who share the record."""
        engine, empresa = self._deployment.engine, self._empresa
        codes = {key}
        if endpoint.name in _PEOPLE:
            with warehouse_errors(), engine.connect() as connection:
                codes |= sharing(connection, empresa, "", codes)
        model = load_payload_model(engine, endpoint)
        told = (
            Origin(str(made.extra["_origem_tabela"]), str(made.extra["_origem_id"]))
            for made in rows_of_code(engine, model, empresa, key)
            if made.extra.get("_origem_tabela") in CLINIC_TABLES and made.extra.get("_origem_id")
        )
        by_code = (one for code in sorted(codes) for one in origins_of(endpoint.name, code))
        return tuple(dict.fromkeys((*told, *by_code)))

    def _behind(self, canonical: str) -> tuple[SourceTable, ...]:
        with warehouse_errors(), self._deployment.engine.connect() as connection:
            return sources_behind(connection, canonical, self._deployment.sources)

    def _copy_row(self, clinic: ClinicReader, table: SourceTable, origin: Origin) -> RowCopy | None:
        if table.name in self._tables:
            return None
        done = self._deployment.extract_row(
            clinic,
            table,
            self._empresa,
            origin.id,
            on_wait=lambda: self._listener.on_wait(table.name),
        )
        if done.whole is not None:
            self._tables.add(table.name)
        self._listener.on_copied(done, origin)
        return done

    def _copy_table(self, table: SourceTable) -> RowCopy | None:
        if table.name in self._tables:
            return None
        self._tables.add(table.name)
        done = RowCopy(table.name, whole=self._deployment.extract(table, self._empresa))
        self._listener.on_copied(done, None)
        return done

    def _refresh(self, endpoint: Endpoint, key: str) -> None:
        """Make the payload of the one record anew; where the models changed, a whole build."""
        if self._built:
            return
        if self._project is None:
            self._project = self._deployment.prepare_dbt()
        who = (endpoint.name, self._empresa, key)
        if (
            refresh_key(self._deployment, self._project, *who, self._listener.build.on_wait)
            is not None
        ):
            return
        self._build(endpoint, key)

    def _build(self, endpoint: Endpoint, key: str) -> None:
        """Build everything; a table that was refused matters if the record is made of it."""
        self._listener.on_build()
        made = build(self._deployment, BuildRequest((self._empresa,)), self._listener.build)
        if not made.made:
            raise ConfigurationError(texts.BUILD_FAILED)
        self._built = True
        refused = {copy.table: copy.error for copy in made.copies if copy.error is not None}
        origins = self._origins(endpoint, key) if refused else ()
        behind = {table.name for one in origins for table in self._behind(one.table)}
        for name, error in refused.items():
            if name in behind or not origins:
                raise error

    def _holder_of(self, code: str) -> str:
        """The code under which a person is delivered."""
        with warehouse_errors(), self._deployment.engine.connect() as connection:
            return holder_of(connection, self._empresa, code)

    def _missing(self, endpoint: Endpoint, made: Sequence[MadeRow]) -> tuple[OmieId, ...]:
        """What the record names and Omie does not hold, each once."""
        named = {one.target: None for row in made for one in pointers(endpoint, row.payload)}
        known = KnownRecords(self._deployment.engine, self._empresa)
        return tuple(
            target
            for target in named
            if (target.endpoint, target.code) not in self._seen
            and not known.living(target.endpoint, {target.code})
        )

    def _push(self, endpoint: Endpoint, key: str, options: PushOptions) -> EndpointResult:
        request = PushRequest(
            (self._empresa,),
            (endpoint,),
            options,
            date_from=self._deployment.settings.start_date,
            key=key,
        )
        (result,) = push_all(self._deployment, request, self._listener.push)
        return result
