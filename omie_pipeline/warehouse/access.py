"""The three roles of people: whether they exist, who is in them, and what an administrator types.

Migration 0006 makes the roles where it may; ``omie_sync.conceder_acesso`` does it again whenever
it is asked, and restores their rights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from omie_pipeline.database import schemas

ROLES = schemas.ROLES
"""Seen masked; seen in full; seen in full, but only what the pipeline created in Omie."""


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
    """Make the missing roles where this login may, and restore the rights of all.

    Returns:
        The roles that are still missing: an administrator must create them, see
        :func:`administrator_statements`.
    """
    missing: list[str] = connection.execute(
        sa.text("SELECT omie_sync.conceder_acesso()")
    ).scalar_one()
    return tuple(missing)


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
    return (
        *(f"CREATE ROLE {name} NOLOGIN;" for name in missing),
        (own or schemas.Schemas()).in_statement("SELECT omie_sync.conceder_acesso();"),
    )
