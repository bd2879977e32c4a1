"""Copy the clinic and make the payload models: in which order, and what a refused table stops."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.models import making_models, refresh_models
from omie_pipeline.clinic.extract import ExtractResult
from omie_pipeline.clinic.failures import ClinicSourceError, SourceUnreachable
from omie_pipeline.clinic.sources import SourceTable
from omie_pipeline.config.dbt_project import BUILD, MappingProject
from omie_pipeline.config.defaults import AdoptedDefaults
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.models.memory import DbtNeeded, Reason
from omie_pipeline.models.refresh import Refreshed
from omie_pipeline.progress import Headway

if TYPE_CHECKING:
    from dbt.artifacts.schemas.results import NodeResult

_RELATIONS: Final = ("model", "seed")
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
        why: why it was run.
        broke: why it could not begin.
    """

    nodes: Sequence[NodeResult]
    succeeded: bool
    why: DbtNeeded
    broke: BaseException | None = None


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What came of a build.

    Attributes:
        copies: every table of every empresa; none where there is no clinic to copy.
        dbt: ``None`` if it was not run: nothing at all was copied, or all stands as it made it.
        refreshed: the payload tables, where dbt had nothing to make.
    """

    copies: tuple[TableCopy, ...]
    dbt: DbtRun | None
    refreshed: tuple[Refreshed, ...] | None = None

    @property
    def made(self) -> bool:
        """Whether every model was made, or stood as it was."""
        return self.dbt.succeeded if self.dbt is not None else self.refreshed is not None

    @property
    def succeeded(self) -> bool:
        """Whether every table was copied and every model made."""
        return self.made and not any(copy.error for copy in self.copies)


@dataclass(frozen=True, slots=True)
class BuildListener:
    """What a door may say while it goes on; without it, nothing is said.

    Attributes:
        on_copy: a table (name, empresa) is about to be copied.
        on_copied: it was, or it was refused.
        copying: entered around the copy of one; gives what its figures are told to.
        on_adopted: the defaults of an earlier version were taken over.
        on_wait: another build, or a sync, is filling payload tables, and is waited for.
        on_dbt: dbt is about to run, and why.
        running: entered around dbt, which prints what it likes.
    """

    on_copy: Callable[[str, str], None] = lambda *_: None
    on_copied: Callable[[TableCopy], None] = lambda _: None
    copying: Callable[[str, str], AbstractContextManager[Callable[[Headway], None] | None]] = (
        lambda *_: nullcontext()
    )
    on_adopted: Callable[[AdoptedDefaults], None] = lambda _: None
    on_wait: Callable[[], None] = lambda: None
    on_dbt: Callable[[DbtNeeded], None] = lambda _: None
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
        KeyboardInterrupt: while dbt ran, too; what it had made by then is made again.
    """
    listener = listener or BuildListener()
    deployment.refuse_foreign_relations()
    if not reads_clinic(deployment, request.empresas):
        project = _prepare(deployment, listener)
        why = DbtNeeded((Reason.ONLY_OMIE,))
        return BuildResult((), _run_dbt(deployment, project, _ONLY_OMIE, why, listener))
    copies = tuple(
        copy
        for empresa in request.empresas
        for copy in _copy_empresa(deployment, request, empresa, listener)
    )
    if all(copy.error is not None for copy in copies):
        return BuildResult(copies, None)
    project = _prepare(deployment, listener)
    why = DbtNeeded((Reason.ASKED,))
    if not request.full:
        refreshed = refresh_models(deployment, project, request.empresas, on_wait=listener.on_wait)
        if not isinstance(refreshed, DbtNeeded):
            return BuildResult(copies, None, refreshed)
        why = refreshed
    return BuildResult(copies, _run_dbt(deployment, project, (), why, listener))


def _copy_empresa(
    deployment: Deployment, request: BuildRequest, empresa: str, listener: BuildListener
) -> Iterator[TableCopy]:
    with deployment.clinic(empresa):
        pass  # a clinic that cannot be opened is one error, not one for each of its tables
    for table in deployment.sources:
        listener.on_copy(table.name, empresa)
        with listener.copying(table.name, empresa) as on_headway:
            copy = _copy_table(deployment, request, table, empresa, on_headway)
        listener.on_copied(copy)
        yield copy


def _copy_table(
    deployment: Deployment,
    request: BuildRequest,
    table: SourceTable,
    empresa: str,
    on_headway: Callable[[Headway], None] | None,
) -> TableCopy:
    how = deployment.how_to_read(
        full=request.full,
        recopy=table.name in request.recopy,
        accept_shrunk=table.name in request.accept_shrunk,
    )
    try:
        result = deployment.extract(table, empresa, how=how, on_headway=on_headway)
    except SourceUnreachable:
        raise
    except (ClinicSourceError, ConfigurationError) as error:
        return TableCopy(empresa, table.name, error=error)
    return TableCopy(empresa, table.name, result, deployment.unowned_rows(table, empresa))


def _prepare(deployment: Deployment, listener: BuildListener) -> MappingProject:
    adopted = deployment.adopt_defaults()
    if adopted is not None:
        listener.on_adopted(adopted)
    return deployment.prepare_dbt()


def _run_dbt(
    deployment: Deployment,
    project: MappingProject,
    selected: Sequence[str],
    why: DbtNeeded,
    listener: BuildListener,
) -> DbtRun:
    # A second and a half, which a build with nothing for dbt does without.
    from dbt.cli.main import dbtRunner

    listener.on_dbt(why)
    folder = str(project.folder)
    arguments = [*BUILD, "--project-dir", folder, "--profiles-dir", folder, *selected]
    with making_models(deployment, project, listener.on_wait) as making:
        with listener.running(project):
            outcome = dbtRunner().invoke([*arguments, "--log-level", "none", "--no-use-colors"])
        if isinstance(outcome.exception, KeyboardInterrupt):
            # dbt catches it and gives it back as a result. Somebody wants to stop: no failure.
            raise outcome.exception
        nodes: Sequence[NodeResult] = getattr(outcome.result, "results", None) or ()
        making.made.update(_made(deployment, nodes))
    broke = outcome.exception if outcome.exception is not None and not nodes else None
    return DbtRun(nodes, outcome.success, why, broke)


def _made(deployment: Deployment, nodes: Sequence[NodeResult]) -> Iterator[str]:
    """The relations that came out well, as plain schema and name."""
    schemas = deployment.settings.schemas
    for result in nodes:
        node: Any = result.node
        if str(result.status) == "success" and node.resource_type in _RELATIONS:
            yield f"{schemas.plain(node.schema)}.{node.alias}"
