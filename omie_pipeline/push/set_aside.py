"""The result of a query, kept as a temporary table until the transaction ends.

PostgreSQL runs a ``CREATE TABLE … AS`` on all its cores, and the ``SELECT`` below an ``INSERT`` on
one: for the hashes of a million rows that is the difference between the two.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

_NAME = "omie_sync_set_aside"


class _TableAs(sa.Executable, sa.ClauseElement):
    """``CREATE TEMPORARY TABLE … ON COMMIT DROP AS SELECT …``, parameters bound."""

    inherit_cache = False

    def __init__(self, query: sa.Select[Any]) -> None:
        self.query = query


@compiles(_TableAs)
def _table_as(element: _TableAs, compiler: SQLCompiler, **options: Any) -> str:
    query = compiler.process(element.query, **options)
    return f"CREATE TEMPORARY TABLE {_NAME} ON COMMIT DROP AS {query}"


def set_aside(connection: sa.Connection, found: sa.Subquery) -> sa.FromClause:
    """The rows of ``found`` as a table of their own; once in a transaction."""
    connection.execute(_TableAs(sa.select(found)))
    columns = [sa.column(column.name, column.type) for column in found.c]
    return sa.table(_NAME, *columns, schema="pg_temp")
