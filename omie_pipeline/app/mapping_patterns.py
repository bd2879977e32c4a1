"""Patterns of the de-para as a person writes them: ``*aluguel*`` is suggested 2.04.01."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.list_mapping import pattern_store, store
from omie_pipeline.list_mapping.model import ALL, SourceKey
from omie_pipeline.list_mapping.pattern_store import WrittenPattern
from omie_pipeline.list_mapping.store import Author
from omie_pipeline.list_mapping.wanted import Checker, Wanted
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.texts import app as texts


def written(deployment: Deployment, empresas: Sequence[str]) -> tuple[WrittenPattern, ...]:
    """Every pattern of some empresas and of ``*``."""
    with warehouse_errors(), deployment.engine.connect() as connection:
        return tuple(pattern_store.patterns(connection, (ALL, *empresas)))


def write(deployment: Deployment, wanted: Wanted, by: str) -> WrittenPattern | None:
    """Put a pattern in force.

    Args:
        deployment: the composed deployment.
        wanted: the pattern stands as its source.
        by: who writes it.

    Returns:
        What the same pattern said before, and who had written it.

    Raises:
        ConfigurationError: it says too little or is too long, or its code cannot be mapped to.
    """
    with warehouse_errors(), deployment.engine.begin() as connection:
        store.deciding(connection)
        key = _key(deployment, connection, wanted)
        named = Wanted(key.empresa, key.kind, key.source, wanted.code, key.target)
        _, code = Checker(connection, deployment.empresas).checked(named)
        return pattern_store.put_pattern(connection, key, code, _author(deployment, by))


def remove(deployment: Deployment, wanted: Wanted, by: str) -> WrittenPattern | None:
    """Take a pattern away.

    Returns:
        What it said; ``None`` if there was none.

    Raises:
        ConfigurationError: no such empresa, kind or target.
    """
    with warehouse_errors(), deployment.engine.begin() as connection:
        store.deciding(connection)
        key = _key(deployment, connection, wanted)
        return pattern_store.remove_pattern(connection, key, _author(deployment, by))


def _key(deployment: Deployment, connection: sa.Connection, wanted: Wanted) -> SourceKey:
    from omie_pipeline.list_mapping.patterns import checked

    key = Checker(connection, deployment.empresas).key(
        wanted.empresa, wanted.kind, wanted.source, wanted.target
    )
    try:
        return replace(key, source=checked(key.source))
    except ValueError:
        raise ConfigurationError(texts.pattern_says_nothing(key.source)) from None


def _author(deployment: Deployment, by: str) -> Author:
    return Author(by, deployment.clock.now())
