"""The schemas of one installation: their names, in one place, and the prefix that sets them apart.

All code, migrations included, writes the plain names (``omie_sync.ledger``). An engine that was
opened with a prefix puts it before them in every statement, just before the statement leaves, so
that no query can forget it. What bypasses SQLAlchemy (psycopg's own cursors, the catalog's
queries by name, dbt, Dagster) asks :func:`schemas_of` for the name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.texts import postgres as texts

SYNC = "omie_sync"
OMIE = "omie"
INBOX = "omie_inbox"
OUTBOX = "omie_saida"
RAW = "clinic_raw"
DAGSTER = "dagster"
STAGING = "staging"
CLINIC = "clinica"
PAYLOAD = "omie_payload"
ANALYSIS = "analise"

PURPOSES: Mapping[str, str] = {
    SYNC: texts.LEDGER_SCHEMA,
    OMIE: texts.COPY_SCHEMA,
    INBOX: texts.INBOX_SCHEMA,
    OUTBOX: texts.OUTBOX_SCHEMA,
    RAW: texts.RAW_SCHEMA,
    DAGSTER: texts.DAGSTER_SCHEMA,
    STAGING: texts.STAGING_SCHEMA,
    CLINIC: texts.CLINIC_SCHEMA,
    PAYLOAD: texts.PAYLOAD_SCHEMA,
    ANALYSIS: texts.ANALYSIS_SCHEMA,
}
"""Every schema of ours, and what an administrator reads about it."""

SCHEMA_MARK = re.compile(r"omie-pipeline, instalação ([0-9a-f-]{36})")
"""In the comment of every schema of ours, with the installation's id."""

BUILT = (STAGING, CLINIC, PAYLOAD, ANALYSIS)
"""The schemas whose tables and views dbt makes."""

ROLES = ("omie_analyst", "omie_finance", "omie_clinic")
"""Roles of people; they belong to the whole server, hence they get the prefix as well."""

OUTBOX_ROLE = "omie_outbox"
"""Role of the systems that poll the outbox."""

CONSOLE_ROLE = "omie_console"
"""Role as which the console reads: it sees the empresas that its session names."""

PREFIX_PATTERN = r"^([a-z][a-z0-9_]{0,29})?$"
"""Lower case, so that no name ever needs quotes; short, so that PostgreSQL cuts none."""

_OPTION = "omie_pipeline_schemas"
_MIGRATING = "omie_pipeline_migrating"
_NAMES = "|".join(PURPOSES)
# Not the host of a URL, nor a part of a longer name.
_QUALIFIER = re.compile(rf'(?<![\w.@/])("?)({_NAMES})\1(?=\.)')
_SCHEMA = re.compile(rf'(\bSCHEMA\s+(?:IF\s+NOT\s+EXISTS\s+)?"?)({_NAMES})\b', re.IGNORECASE)
_QUOTED = re.compile(rf"'({_NAMES})'")
_ROLE = re.compile(rf"\b({'|'.join((*ROLES, OUTBOX_ROLE, CONSOLE_ROLE))})\b")


@dataclass(frozen=True, slots=True)
class Schemas:
    """The names of one installation's schemas.

    Attributes:
        prefix: of each name; ``""`` for the only installation of a database.
    """

    prefix: str = ""

    def name(self, plain: str) -> str:
        """The name in the database of the schema (or role) that the code calls ``plain``."""
        return f"{self.prefix}{plain}"

    def plain(self, name: str) -> str:
        """What the code calls the schema ``name`` of the database."""
        return name.removeprefix(self.prefix)

    @property
    def names(self) -> tuple[str, ...]:
        """All schemas of the installation."""
        return tuple(self.name(plain) for plain in PURPOSES)

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles of people."""
        return tuple(self.name(plain) for plain in ROLES)

    def refuse_as_source(self, name: str) -> None:
        """A clinic's tables do not lie where this program writes its own.

        Raises:
            ConfigurationError: ``name`` is one of our schemas: its views would select themselves.
        """
        if name in self.names:
            raise ConfigurationError(texts.own_schema(name))

    def lock(self, name: str) -> str:
        """``name`` of an advisory lock: locks are the database's, not the installation's."""
        return f"{self.prefix}:{name}" if self.prefix else name

    def in_statement(self, statement: str) -> str:
        """A statement that names schemas plainly, as this installation's database takes it."""
        return _in_statement(self.prefix, statement) if self.prefix else statement

    def in_migration(self, statement: str) -> str:
        """The same for a migration, where bodies of functions hold names of schemas and roles."""
        if not self.prefix:
            return statement
        quoted = _QUOTED.sub(rf"'{self.prefix}\1'", statement)
        return _ROLE.sub(rf"{self.prefix}\1", self.in_statement(quoted))


@lru_cache(maxsize=2048)
def _in_statement(prefix: str, statement: str) -> str:
    qualified = _QUALIFIER.sub(rf"\1{prefix}\2\1", statement)
    return _SCHEMA.sub(rf"\1{prefix}\2", qualified)


def use_schemas(engine: sa.Engine, schemas: Schemas) -> None:
    """Make every statement of ``engine`` mean the schemas of this installation."""
    engine.update_execution_options(**{_OPTION: schemas})
    if not schemas.prefix:
        return

    def rewritten(
        connection: sa.Connection,
        _cursor: object,
        statement: str,
        parameters: object,
        _context: object,
        _many: bool,
    ) -> tuple[str, object]:
        schemas = schemas_of(connection)
        if connection.info.get(_MIGRATING):
            return schemas.in_migration(statement), parameters
        return schemas.in_statement(statement), parameters

    sa.event.listen(engine, "before_cursor_execute", rewritten, retval=True)


@contextmanager
def migrating(connection: sa.Connection) -> Iterator[None]:
    """Within, the names that stand in quoted texts are those of schemas and roles, too."""
    connection.info[_MIGRATING] = True
    try:
        yield
    finally:
        del connection.info[_MIGRATING]


def schemas_of(bind: sa.Engine | sa.Connection) -> Schemas:
    """The schemas that an engine of ours (or a connection of it) works with."""
    found: Any = bind.get_execution_options().get(_OPTION)
    return found if isinstance(found, Schemas) else Schemas()


def as_named(engine: sa.Engine) -> sa.Engine:
    """The same engine for other people's tables: names mean what they say."""
    return engine.execution_options(**{_OPTION: Schemas()})
