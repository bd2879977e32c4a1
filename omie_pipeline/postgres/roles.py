"""The three roles of people: whether they exist, who is in them, and what an administrator types.

``omie_sync.conceder_acesso`` (``sql/access.sql``) makes the roles if it may, whenever asked,
and restores their rights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from omie_pipeline.postgres import schemas

ROLES = schemas.ROLES
"""Seen masked; seen in full; seen in full, but only what the pipeline created in Omie."""

_READERS_WITHOUT: Final = sa.text(
    "SELECT r.rolname::text, p.oid::regprocedure::text FROM pg_proc p"
    " JOIN pg_namespace n ON n.oid = p.pronamespace CROSS JOIN pg_roles r"
    " WHERE n.nspname = :schema AND (starts_with(p.proname, 'reading_') OR p.proname = 'only_ids')"
    " AND r.rolname = ANY(:roles)"
    " AND NOT (has_function_privilege(r.oid, p.oid, 'EXECUTE')"
    " AND has_schema_privilege(r.oid, n.oid, 'USAGE'))"
)


@dataclass(frozen=True, slots=True)
class RoleState:
    """One role of the cluster.

    Attributes:
        members: logins and roles granted it, by name.
    """

    name: str
    exists: bool
    members: tuple[str, ...]


def grant_access(connection: sa.Connection) -> tuple[str, ...]:
    """Make the missing roles if this login may, and restore the rights of all.

    Returns:
        The roles that are still missing, that of the systems which poll the outbox among them: an
        administrator must create them, see :func:`administrator_statements`.
    """
    missing: list[str] = connection.execute(
        sa.text("SELECT omie_sync.conceder_acesso()")
    ).scalar_one()
    grant_reading(connection)
    if not connection.execute(sa.text("SELECT omie_sync.conceder_saida()")).scalar_one():
        missing = [*missing, schemas.schemas_of(connection).name(schemas.OUTBOX_ROLE)]
    _renew_console(connection)
    return tuple(missing)


def _renew_console(connection: sa.Connection) -> None:
    """Show new tables to the console, where there is one."""
    role = schemas.schemas_of(connection).name(schemas.CONSOLE_ROLE)
    there = sa.text("SELECT to_regrole(:role) IS NOT NULL")
    if connection.execute(there, {"role": role}).scalar_one():
        grant_console(connection)


def grant_console(connection: sa.Connection) -> bool:
    """Make the console's role if this login may, and show it every table by empresa.

    Returns:
        False if an administrator of the server must make the role, and grant it to this login.
    """
    granted: bool = connection.execute(sa.text("SELECT omie_sync.conceder_console()")).scalar_one()
    return granted


def grant_reading(connection: sa.Connection) -> None:
    """Let the roles execute the functions that views call with the rights of their reader: those
    that read values, which call each other by name, and the one that says which ids are looked at.
    The tables beside them stay closed."""
    named = schemas.schemas_of(connection)
    schema = named.name(schemas.SYNC)
    found = connection.execute(_READERS_WITHOUT, {"schema": schema, "roles": list(named.roles)})
    quote = connection.dialect.identifier_preparer.quote
    for role, function in [(str(row[0]), str(row[1])) for row in found.all()]:
        connection.exec_driver_sql(f"GRANT EXECUTE ON FUNCTION {function} TO {quote(role)}")
        connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA {quote(schema)} TO {quote(role)}")


def role_states(connection: sa.Connection) -> tuple[RoleState, ...]:
    """The roles in the order of :data:`ROLES`."""
    names = schemas.schemas_of(connection).roles
    found = connection.execute(
        sa.text(
            "SELECT r.rolname, array_remove(array_agg(m.rolname::text ORDER BY m.rolname), NULL) "
            "FROM pg_roles r LEFT JOIN pg_auth_members g ON g.roleid = r.oid "
            # Its creator is put among its members by PostgreSQL 16, to administer it only.
            "AND NOT g.admin_option LEFT JOIN pg_roles m ON m.oid = g.member "
            "WHERE r.rolname = ANY(:names) GROUP BY r.rolname"
        ),
        {"names": list(names)},
    )
    members: dict[str, tuple[str, ...]] = {row[0]: tuple(row[1]) for row in found}
    return tuple(RoleState(name, name in members, members.get(name, ())) for name in names)


def administrator_statements(
    missing: Sequence[str], own: schemas.Schemas | None = None
) -> tuple[str, ...]:
    """The SQL with which an administrator of the server completes what this login may not do.

    Args:
        own: names of the installation's schemas; default: those without a prefix.
    """
    if not missing:
        return ()
    named = own or schemas.Schemas()
    grants = ("SELECT omie_sync.conceder_acesso();", "SELECT omie_sync.conceder_saida();")
    return (
        *(f"CREATE ROLE {name} NOLOGIN;" for name in missing),
        *(named.in_statement(one) for one in grants),
    )
