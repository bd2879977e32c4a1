"""Read Omie empresa by empresa, list by list: which first, how, and what a stop leaves out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, Literal

from omie_pipeline.app.consequences import after_import
from omie_pipeline.app.deployment import Deployment
from omie_pipeline.catalog.lists import MIRROR, STATEMENT
from omie_pipeline.config.empresas import Empresa, PipelineConfig
from omie_pipeline.config.settings import Schedule, Settings
from omie_pipeline.errors import OmiePipelineError
from omie_pipeline.imports.report import ImportProgress, ImportReport, Mode
from omie_pipeline.imports.state import read_cursor
from omie_pipeline.imports.status import resumable_since
from omie_pipeline.status.endpoints import was_read

_NEEDED_FIRST: Final[Mapping[str, str]] = {STATEMENT: "contas_correntes"}


@dataclass(frozen=True, slots=True)
class ImportAllRequest:
    """What is to be read.

    Attributes:
        tables: in the order of ``catalog.lists.MIRROR``.
        mode: how to read; ``None``: what changed, or everything if nothing was read yet.
        date_from, date_to: creation days, of the lists that are read by them.
    """

    empresas: tuple[str, ...]
    tables: tuple[str, ...]
    mode: Mode | None = None
    date_from: date | None = None
    date_to: date | None = None


@dataclass(frozen=True, slots=True)
class TableResult:
    """One list of one empresa: its report, or why there is none.

    Attributes:
        report: what was read.
        error: why it stopped without a report; of one that was left out, why the empresa ended.
        asked: false for one that was left out, because its empresa had ended before.
        left_out: the lists that its error left out.
    """

    empresa: str
    table: str
    report: ImportReport | None = None
    error: OmiePipelineError | None = None
    asked: bool = True
    left_out: tuple[str, ...] = ()

    @property
    def state(self) -> Literal["done", "incomplete", "failed", "not_read"]:
        """How it ended."""
        if self.report is not None:
            return "done" if self.report.complete else "incomplete"
        return "failed" if self.asked else "not_read"

    @property
    def ends_empresa(self) -> bool:
        """Whether nothing more was read of its empresa."""
        return self.error is not None and after_import(self.error) == "empresa"


@dataclass(frozen=True, slots=True)
class ImportListener:
    """What a door may say while it goes on; without it, nothing is said.

    Attributes:
        on_needed: a list (table, empresa, needed) is read because another one needs it.
        on_resume: a reading (table, empresa, since) goes on where an earlier one was broken off.
        reading: entered around one reading (table, empresa); gives the callbacks of its progress.
    """

    on_needed: Callable[[str, str, str], None] = lambda *_: None
    on_resume: Callable[[str, str, datetime], None] = lambda *_: None
    reading: Callable[[str, str], AbstractContextManager[ImportProgress]] = lambda *_: nullcontext(
        ImportProgress()
    )


def import_all(
    deployment: Deployment, request: ImportAllRequest, listener: ImportListener | None = None
) -> Iterator[TableResult]:
    """Read everything that was asked for, each list when the one before it is done.

    A missing key is found before the first call. What a stopped list leaves out is decided by
    :func:`omie_pipeline.app.consequences.after_import`: nothing, or the rest of its empresa, whose
    lists are named as not read. The next empresa is read all the same.

    Args:
        deployment: the composed deployment.
        request: what is to be read.
        listener: is told what goes on meanwhile.

    Raises:
        ConfigurationError, WarehouseError: before any call, or at once.
    """
    for empresa in request.empresas:
        deployment.access(empresa)
    for empresa in request.empresas:
        yield from _import_empresa(deployment, request, empresa, listener or ImportListener())


def _import_empresa(
    deployment: Deployment, request: ImportAllRequest, empresa: str, listener: ImportListener
) -> Iterator[TableResult]:
    tables = _with_what_they_need(deployment, request.tables, empresa, listener)
    for position, table in enumerate(tables):
        result = _import_table(deployment, request, table, empresa, listener)
        if not result.ends_empresa:
            yield result
            continue
        rest = tables[position + 1 :]
        yield replace(result, left_out=rest)
        for left in rest:
            yield TableResult(empresa, left, error=result.error, asked=False)
        return


def _import_table(
    deployment: Deployment,
    request: ImportAllRequest,
    table: str,
    empresa: str,
    listener: ImportListener,
) -> TableResult:
    mode = request.mode or usual_mode(deployment, empresa, table)
    since = None
    if mode == "full":
        since = resumable_since(deployment.engine, empresa, table, deployment.clock.now())
    if since is not None:
        listener.on_resume(table, empresa, since)
    dated = read_by_dates(table)
    try:
        with listener.reading(table, empresa) as progress:
            report = deployment.import_table(
                table,
                empresa,
                mode=mode,
                date_from=request.date_from if dated else None,
                date_to=request.date_to if dated else None,
                not_before=since,
                progress=progress,
            )
    except OmiePipelineError as error:
        if after_import(error) == "all":
            raise
        return TableResult(empresa, table, error=error)
    return TableResult(empresa, table, report)


def _with_what_they_need(
    deployment: Deployment, tables: tuple[str, ...], empresa: str, listener: ImportListener
) -> tuple[str, ...]:
    """``tables``, and before them those that they cannot do without and that were never read."""
    missing = []
    for table, needed in _NEEDED_FIRST.items():
        wanted = table in tables and needed not in tables
        if wanted and not was_read(deployment.engine, needed, empresa):
            listener.on_needed(table, empresa, needed)
            missing.append(needed)
    return (*missing, *tables)


def usual_mode(deployment: Deployment, empresa: str, table: str) -> Mode:
    """What changed since the last reading, or everything if there was none."""
    cursor = read_cursor(deployment.engine, empresa, table)
    return "full" if cursor.read_until is None else "incremental"


def read_by_dates(table: str) -> bool:
    """Whether the days of a request mean anything to a list; others are always read whole."""
    return table == STATEMENT or MIRROR[table].call.created is not None


def lists_of(grain: str) -> frozenset[str]:
    """Lists of registers, or of facts."""
    names = [name for name, mirror in MIRROR.items() if mirror.grain == grain]
    return frozenset([*names, STATEMENT] if grain == "fact" else names)


def lists_not_due(
    grain: str, empresa: Empresa, settings: Settings, struck: datetime | None
) -> frozenset[str]:
    """Lists that an empresa does not read when a schedule strikes (``importar: agenda``).

    Args:
        grain: of the lists.
        empresa: whose schedules are meant.
        settings: of the deployment.
        struck: the moment; without one, the lists that no schedule ever reads.
    """
    out: set[Schedule] = {"manual"}
    if struck is not None and struck.astimezone(settings.zone).hour:
        out.add("daily")
    schedule_of, default = empresa.importar.schedule_of, settings.schedule
    return frozenset(name for name in lists_of(grain) if schedule_of(name, default) in out)


def most_frequent(config: PipelineConfig, settings: Settings) -> Schedule:
    """How often the most frequent list of any empresa is read."""
    wanted = {
        one.importar.schedule_of(name, settings.schedule)
        for one in config.empresas
        for name in (*MIRROR, STATEMENT)
    }
    paces: tuple[Schedule, ...] = ("6h", "daily")
    return next((pace for pace in paces if pace in wanted), "manual")
