"""Copy the clinic and make the payload models: in which order, and what a refused table stops."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.clinic.extract import ExtractResult
from omie_pipeline.clinic.failures import ClinicSourceError, SourceUnreachable
from omie_pipeline.clinic.sources import SourceTable
from omie_pipeline.config.dbt_project import BUILD, MappingProject
from omie_pipeline.config.defaults import AdoptedDefaults
from omie_pipeline.errors import ConfigurationError

if TYPE_CHECKING:
    from dbt.artifacts.schemas.results import NodeResult

_ONLY_OMIE: Final = ("--select", "tag:espelho", "--indirect-selection", "cautious")


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """What is to be built.

    Attributes:
        full: read every row, not only what changed.
        recopy: tables to copy anew, with the columns and the key that the source has now.
        accept_shrunk: tables that may have lost most of their rows, this once.
    """

    empresas: tuple[str, ...]
    full: bool = False
    recopy: frozenset[str] = frozenset()
    accept_shrunk: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TableCopy:
    """One table of one empresa: what was copied, or why it was not.

    Attributes:
        unowned: rows that no empresa of this deployment reads, by what their column says.
    """

    empresa: str
    table: str
    result: ExtractResult | None = None
    unowned: Mapping[str, int] = field(default_factory=dict)
    error: ClinicSourceError | ConfigurationError | None = None


@dataclass(frozen=True, slots=True)
class DbtRun:
    """What dbt made.

    Attributes:
        nodes: models and tests with their results; none if dbt could not even begin.
        broke: why it could not begin.
    """

    nodes: Sequence[NodeResult]
    succeeded: bool
    broke: BaseException | None = None


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What came of a build.

    Attributes:
        copies: every table of every empresa; none where there is no clinic to copy.
        dbt: ``None`` if it was not run, because nothing at all was copied.
    """

    copies: tuple[TableCopy, ...]
    dbt: DbtRun | None

    @property
    def succeeded(self) -> bool:
        """Whether every table was copied and every model made."""
        copied = not any(copy.error for copy in self.copies)
        return copied and self.dbt is not None and self.dbt.succeeded


@dataclass(frozen=True, slots=True)
class BuildListener:
    """What a door may say while it goes on; without it, nothing is said.

    Attributes:
        on_copy: a table (name, empresa) is about to be copied.
        on_copied: it was, or it was refused.
        on_adopted: the defaults of an earlier version were taken over.
        on_dbt: dbt's project is about to be assembled.
        running: entered around dbt, which prints what it likes.
    """

    on_copy: Callable[[str, str], None] = lambda *_: None
    on_copied: Callable[[TableCopy], None] = lambda _: None
    on_adopted: Callable[[AdoptedDefaults], None] = lambda _: None
    on_dbt: Callable[[], None] = lambda: None
    running: Callable[[MappingProject], AbstractContextManager[None]] = lambda _: nullcontext()


def reads_clinic(deployment: Deployment, empresas: Sequence[str]) -> bool:
    """Whether any of the empresas has a clinic to copy; without, only Omie's views are made."""
    return any(deployment.has_clinic(name) for name in empresas)


def build(
    deployment: Deployment, request: BuildRequest, listener: BuildListener | None = None
) -> BuildResult:
    """Copy every table of every empresa, then run dbt once over all of them.

    A table that the source does not deliver stops no other one: it stays as it was, and dbt builds
    with it. A clinic that cannot be opened, or that is gone meanwhile, stops everything: dbt is not
    run. Neither is it if every table was refused, since nothing new is there to build.

    Args:
        deployment: the composed deployment.
        request: what is to be built.
        listener: is told what goes on meanwhile.

    Raises:
        SourceUnreachable: the clinic is gone.
        ConfigurationError: a clinic cannot be opened.
        WarehouseError: dbt would replace what others made; or the warehouse is gone.
    """
    listener = listener or BuildListener()
    deployment.refuse_foreign_relations()
    if not reads_clinic(deployment, request.empresas):
        return BuildResult((), _run_dbt(deployment, _ONLY_OMIE, listener))
    copies = tuple(
        copy
        for empresa in request.empresas
        for copy in _copy_empresa(deployment, request, empresa, listener)
    )
    if all(copy.error is not None for copy in copies):
        return BuildResult(copies, None)
    return BuildResult(copies, _run_dbt(deployment, (), listener))


def _copy_empresa(
    deployment: Deployment, request: BuildRequest, empresa: str, listener: BuildListener
) -> Iterator[TableCopy]:
    with deployment.clinic(empresa):
        pass  # a clinic that cannot be opened is one error, not one for each of its tables
    for table in deployment.sources:
        listener.on_copy(table.name, empresa)
        copy = _copy_table(deployment, request, table, empresa)
        listener.on_copied(copy)
        yield copy


def _copy_table(
    deployment: Deployment, request: BuildRequest, table: SourceTable, empresa: str
) -> TableCopy:
    how = deployment.how_to_read(
        full=request.full,
        recopy=table.name in request.recopy,
        accept_shrunk=table.name in request.accept_shrunk,
    )
    try:
        result = deployment.extract(table, empresa, how=how)
    except SourceUnreachable:
        raise
    except (ClinicSourceError, ConfigurationError) as error:
        return TableCopy(empresa, table.name, error=error)
    return TableCopy(empresa, table.name, result, deployment.unowned_rows(table, empresa))


def _run_dbt(deployment: Deployment, selected: Sequence[str], listener: BuildListener) -> DbtRun:
    from dbt.cli.main import dbtRunner

    adopted = deployment.adopt_defaults()
    if adopted is not None:
        listener.on_adopted(adopted)
    listener.on_dbt()
    project = deployment.prepare_dbt()
    folder = str(project.folder)
    arguments = [*BUILD, "--project-dir", folder, "--profiles-dir", folder, *selected]
    with listener.running(project):
        outcome = dbtRunner().invoke([*arguments, "--log-level", "none", "--no-use-colors"])
    nodes: Sequence[NodeResult] = getattr(outcome.result, "results", None) or ()
    broke = outcome.exception if outcome.exception is not None and not nodes else None
    return DbtRun(nodes, outcome.success, broke)
