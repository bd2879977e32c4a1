"""What a request may see is held by the database, not by the page.

Whatever a page reads, it reads through :func:`confined`: each transaction takes the role
``omie_console`` and names the empresas of the person; policies show the rows of those and no
others (``postgres/sql/console.sql``). A transaction for which nobody said who asks sees nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

import psycopg
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.pool import ConnectionPoolEntry

from omie_pipeline.postgres.engine import open_engine
from omie_pipeline.postgres.schemas import CONSOLE_ROLE, schemas_of


@dataclass(frozen=True, slots=True)
class Sight:
    """What the person of a request may see.

    Attributes:
        empresas: whose rows.
        omie_entries: those of them of which what only Omie has is counted too.
    """

    empresas: tuple[str, ...] = ()
    omie_entries: tuple[str, ...] = ()


_sight: ContextVar[Sight] = ContextVar("omie_console_sight")
_BETWEEN: Final = "\n"
# Of the transaction only: a statement outside of one sees no empresa.
_NAME_THEM: Final = sa.text(
    "SELECT set_config('omie_pipeline.empresas', :empresas, true),"
    " set_config('omie_pipeline.omie_entries', :omie_entries, true)"
)


@contextmanager
def seeing(sight: Sight) -> Iterator[None]:
    """For as long as this lasts, confined connections show what ``sight`` says."""
    token = _sight.set(sight)
    try:
        yield
    finally:
        _sight.reset(token)


def confine(engine: sa.Engine) -> sa.Engine:
    """The same database for the pages: what comes from there is what the request's person may see.

    Its connections are its own, and are ``omie_console`` from the first moment, so that no
    statement of a page has the rights of the owner, whatever way it takes.

    Args:
        engine: the warehouse with the rights of its owner; it stays as it is.
    """
    schemas = schemas_of(engine)
    confined = open_engine(engine.url.render_as_string(hide_password=False), schemas)
    role = sql.Identifier(schemas.name(CONSOLE_ROLE))

    def become(connection: psycopg.Connection[Any], _record: ConnectionPoolEntry) -> None:
        connection.autocommit = True
        connection.execute(sql.SQL("SET ROLE {}").format(role))
        connection.autocommit = False

    def narrow(connection: sa.Connection) -> None:
        sight = _sight.get(Sight())
        named = {"empresas": sight.empresas, "omie_entries": sight.omie_entries}
        connection.execute(_NAME_THEM, {key: _BETWEEN.join(of) for key, of in named.items()})

    sa.event.listen(confined, "connect", become)
    sa.event.listen(confined, "begin", narrow)
    return confined
