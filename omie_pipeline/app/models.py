"""The payload tables, made by dbt or brought up to date without it: one door for both doors.

dbt is run where something that it reads has changed. Elsewhere the views stand as they are, and
the tables are filled from their kept queries, for the empresas whose rows changed (ADR 0035).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version

import sqlalchemy as sa

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.config.addresses import built_relations
from omie_pipeline.config.dbt_project import (
    MappingProject,
    decides_beyond_files,
    environment_read,
    project_digest,
)
from omie_pipeline.models.evidence import forget_unasked, shows_otherwise
from omie_pipeline.models.memory import (
    DbtNeeded,
    Reason,
    basis,
    basis_of_made,
    dbt_needed,
    definitions,
    remember_made,
)
from omie_pipeline.models.refresh import KeyRefreshed, Refresh, Refreshed, holding
from omie_pipeline.postgres.schemas import PAYLOAD

_VERSIONS = ("dbt-core", "dbt-postgres")


def all_relations(deployment: Deployment) -> frozenset[str]:
    """Everything that a whole build makes, as plain schema and name."""
    return frozenset(f"{one.schema}.{one.name}" for one in built_relations(deployment.settings))


def refresh_models(
    deployment: Deployment,
    project: MappingProject,
    empresas: Collection[str],
    wanted: Collection[str] | None = None,
    on_wait: Callable[[], None] | None = None,
) -> tuple[Refreshed, ...] | DbtNeeded:
    """Bring the payload tables among ``wanted`` up to date for some empresas, without dbt.

    Args:
        deployment: the composed deployment.
        project: as ``deployment.prepare_dbt`` has just assembled it.
        empresas: whose rows; the other empresas' stay as they are.
        wanted: relations as plain schema and name; default: all that a build makes.
        on_wait: called once if dbt or another refresh is at work.

    Returns:
        What became of each table; or why dbt has to run, nothing having changed.

    Raises:
        WarehouseError: the warehouse refused; nothing was changed.
    """
    relations = all_relations(deployment) if wanted is None else frozenset(wanted)
    with _standing(deployment, project, relations, on_wait) as refresh:
        if isinstance(refresh, DbtNeeded):
            return refresh
        if refresh.has_others(relations):
            return DbtNeeded((Reason.FILLED_BY_DBT,))
        return refresh.run(_payload_names(relations), empresas)


def refresh_key(
    deployment: Deployment,
    project: MappingProject,
    endpoint: str,
    empresa: str,
    key: str,
    on_wait: Callable[[], None] | None = None,
) -> KeyRefreshed | None:
    """Bring one record's row of its payload table up to date, without dbt and without the others.

    Args:
        deployment: the composed deployment.
        project: as ``deployment.prepare_dbt`` has just assembled it.
        endpoint: name of the endpoint.
        empresa: whose record.
        key: its integration code.
        on_wait: called once if dbt or another refresh is at work.

    Returns:
        What became of it; ``None`` if dbt has to run first (``build``), nothing having changed.

    Raises:
        WarehouseError: the warehouse refused; nothing was changed.
    """
    with _standing(deployment, project, all_relations(deployment), on_wait) as refresh:
        if isinstance(refresh, DbtNeeded):
            return None
        return refresh.run_key(REGISTRY[endpoint], empresa, key)


@contextmanager
def _standing(
    deployment: Deployment,
    project: MappingProject,
    relations: Collection[str],
    on_wait: Callable[[], None] | None,
) -> Iterator[Refresh | DbtNeeded]:
    """A transaction to fill tables in; or why dbt has to make some of the relations anew."""
    if decides_beyond_files(project):
        yield DbtNeeded((Reason.ASKS_MEANWHILE,))
        return
    with holding(deployment.engine, snapshot=True, on_wait=on_wait) as connection:
        refresh = _refresh(deployment, connection, project)
        now = _basis(deployment, connection, project)
        needed = dbt_needed(connection, now, relations, definitions(connection))
        if needed is None and shows_otherwise(refresh.digests):
            needed = DbtNeeded((Reason.EVIDENCE,))
        yield needed or refresh


@dataclass
class Making:
    """dbt at work; nobody else fills payload tables meanwhile.

    Attributes:
        made: relations that it has made, as plain schema and name; the door adds to them.
    """

    made: set[str] = field(default_factory=set)


@contextmanager
def making_models(
    deployment: Deployment, project: MappingProject, on_wait: Callable[[], None] | None = None
) -> Iterator[Making]:
    """Run dbt within, and say what it made: the next build begins with that.

    What the models and the tables are made of is looked at before dbt begins: what changes
    meanwhile is made, or computed, again the next time.
    """
    with holding(deployment.engine, on_wait=on_wait) as connection:
        refresh = _refresh(deployment, connection, project)
        # On another connection: what was read stays locked until the end. An extract that adds a
        # column would wait for this transaction, dbt for the extract, this transaction for dbt.
        with deployment.engine.begin() as beside:
            looking = _refresh(deployment, beside, project)
            before = looking.look(_payload_names(definitions(beside)))
            read = _basis(deployment, beside, project)
        making = Making()
        yield making
        if not making.made or decides_beyond_files(project):
            return
        found = definitions(connection)
        read = basis_of_made(read, _basis(deployment, connection, project))
        remember_made(connection, read, making.made, found)
        names = [name.partition(".")[2] for name in all_relations(deployment)]
        forget_unasked(connection, [name.partition(".")[2] for name in making.made], names)
        refresh.remember_filled(_payload_names(making.made), before)


def _payload_names(relations: Iterable[str]) -> frozenset[str]:
    prefix = f"{PAYLOAD}."
    return frozenset(name.removeprefix(prefix) for name in relations if name.startswith(prefix))


def _refresh(deployment: Deployment, connection: sa.Connection, project: MappingProject) -> Refresh:
    own = any(place.suffix == ".sql" for place in project.placed)
    return Refresh(connection, deployment.empresas, by_empresa=not own)


def _basis(deployment: Deployment, connection: sa.Connection, project: MappingProject) -> str:
    settings = deployment.settings
    variables: Mapping[str, str] = {**os.environ, **deployment.dbt_environment()}
    read = [(name, variables.get(name)) for name in environment_read(project.folder)]
    versions = [(name, version(name)) for name in _VERSIONS]
    project_parts = {
        Reason.FILES: project_digest(settings, project.folder),
        Reason.VARIABLES: repr(read),
        Reason.VERSIONS: repr(versions),
    }
    sources = [(one.schema, one.name) for one in deployment.sources]
    return basis(connection, project_parts, sources)
