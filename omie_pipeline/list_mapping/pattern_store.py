"""The patterns that persons wrote, as the warehouse keeps them; the history has each change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.list_mapping.model import ALL, MappedCode, SourceKey, SourceKind, TargetKind
from omie_pipeline.list_mapping.store import Author, remember
from omie_pipeline.postgres.tables import mapping_pattern


@dataclass(frozen=True, slots=True)
class WrittenPattern:
    """A pattern in force.

    Attributes:
        empresa: its name, or ``*``.
        glob: as it is kept: small letters without accents.
    """

    empresa: str
    kind: SourceKind
    target: TargetKind
    glob: str
    code: str
    written_by: str
    written_at: datetime


def patterns(
    connection: sa.Connection, empresas: tuple[str, ...] | None = None
) -> list[WrittenPattern]:
    """Every pattern, in a fixed order; of some empresas only where they are named."""
    columns = mapping_pattern.c
    query = sa.select(mapping_pattern).order_by(
        columns.empresa, columns.kind, columns.target, sa.collate(columns.glob, "C")
    )
    if empresas is not None:
        query = query.where(columns.empresa.in_(empresas))
    return [
        WrittenPattern(
            row.empresa, row.kind, row.target, row.glob, row.code, row.written_by, row.written_at
        )
        for row in connection.execute(query)
    ]


def put_pattern(
    connection: sa.Connection, key: SourceKey, code: str, author: Author
) -> WrittenPattern | None:
    """Put a pattern in force.

    Args:
        connection: in a transaction that called :func:`store.deciding`.
        key: with the glob as its source.
        code: what is meant by it.
        author: who writes it.

    Returns:
        What was in force before.
    """
    before = _in_force(connection, key)
    if before is not None and before.code == code:
        return before
    values = {**_values(key), "code": code, "written_by": author.name, "written_at": author.at}
    statement = insert(mapping_pattern).values(values)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[*_values(key)],
            set_={name: values[name] for name in ("code", "written_by", "written_at")},
        )
    )
    remember(connection, key, "pattern", _mapped(key, before), code, author)
    return before


def remove_pattern(
    connection: sa.Connection, key: SourceKey, author: Author
) -> WrittenPattern | None:
    """Take a pattern out of force; ``None``: there was none."""
    before = _in_force(connection, key)
    if before is not None:
        connection.execute(
            sa.delete(mapping_pattern).where(
                *(mapping_pattern.c[name] == value for name, value in _values(key).items())
            )
        )
        remember(connection, key, "unpattern", _mapped(key, before), None, author)
    return before


def _in_force(connection: sa.Connection, key: SourceKey) -> WrittenPattern | None:
    return next(
        (
            one
            for one in patterns(connection, (key.empresa,))
            if (one.kind, one.target, one.glob) == (key.kind, key.target, key.source)
        ),
        None,
    )


def _mapped(key: SourceKey, before: WrittenPattern | None) -> MappedCode | None:
    return None if before is None else MappedCode(key, before.code, "person", before.written_by)


def _values(key: SourceKey) -> dict[str, str]:
    return {"empresa": key.empresa, "kind": key.kind, "target": key.target, "glob": key.source}


def serving(connection: sa.Connection, empresa: str) -> list[WrittenPattern]:
    """Those that hold for one empresa, its own and those of all."""
    return patterns(connection, (ALL, empresa))
