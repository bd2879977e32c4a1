"""The initial migration's DDL, from the declared tables.

Until the first release the initial migration follows the declarations. After it, a change of a
table is a migration of its own, and this file stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import ExecutableDDLElement

from omie_pipeline.postgres import all_tables  # noqa: F401 (registers them)
from omie_pipeline.postgres.tables import metadata

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
_HEADER = "-- Generated from the declared tables by `make generate`: change those, not this.\n\n"


def initial_ddl() -> str:
    """The statements that create every declared table, index and comment, in a stable order."""
    return _HEADER + "\n".join(
        _text(statement) for table in metadata.sorted_tables for statement in _statements(table)
    )


def _statements(table: sa.Table) -> Iterator[ExecutableDDLElement]:
    yield sa.schema.CreateTable(table)
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        yield sa.schema.CreateIndex(index)
    if table.comment:
        yield sa.schema.SetTableComment(table)
    for column in table.columns:
        if column.comment:
            yield sa.schema.SetColumnComment(column)


def _text(statement: ExecutableDDLElement) -> str:
    # The dialect doubles the % of a comment for a driver that would fill in parameters.
    compiled = str(statement.compile(dialect=_DIALECT)).replace("%%", "%")
    lines = (line.replace("\t", "    ").rstrip() for line in compiled.strip().splitlines())
    return "\n".join(line for line in lines if line) + ";\n"
