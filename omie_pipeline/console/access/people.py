"""The people of the console: who they are, their passwords, and what they were granted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import SecretStr
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.console.access.roles import PERMISSIONS, Permission, Role
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.postgres.tables import console_grant, console_person, console_session
from omie_pipeline.texts.console import people as texts

ALL_EMPRESAS: Final = "*"
SHORTEST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 128
_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,79}")
# OWASP's first choice for argon2id is 19 MiB and two passes; argon2-cffi's default is above it.
_HASHER: Final = PasswordHasher()
# What nobody's password is: it costs the same time to refuse a login that does not exist.
_NOBODYS: Final = _HASHER.hash("nobody has this password")


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person was granted for one empresa, or for all of them (``*``)."""

    empresa: str
    role: Role
    omie_entries: bool = False

    @property
    def permissions(self) -> frozenset[Permission]:
        """All that it allows."""
        extra = {Permission.OMIE_ENTRIES} if self.omie_entries else set()
        return PERMISSIONS[self.role] | extra


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may enter.

    Attributes:
        login: in lower case.
        name: as actions are signed and pages greet.
        grants: by empresa; one for all of them at most.
        must_change: the password was given by somebody else.
    """

    login: str
    name: str
    grants: tuple[Grant, ...]
    disabled: bool = False
    must_change: bool = False

    def empresas(self, of: Iterable[str]) -> tuple[str, ...]:
        """Those of the deployment's empresas that this person may see anything of."""
        return tuple(one for one in of if self.grant(one) is not None)

    def grant(self, empresa: str) -> Grant | None:
        """What holds for an empresa: its own grant before the one for all."""
        by_name = {one.empresa: one for one in self.grants}
        return by_name.get(empresa) or by_name.get(ALL_EMPRESAS)

    def may(self, permission: Permission, empresa: str) -> bool:
        """Whether this person may do that for an empresa."""
        grant = self.grant(empresa)
        return grant is not None and permission in grant.permissions


def add_person(
    connection: sa.Connection,
    person: Person,
    password: SecretStr | None,
    by: str,
    at: datetime,
) -> None:
    """Let somebody enter.

    Args:
        connection: of the warehouse, in a transaction.
        person: who; the login must be new.
        password: the first one; ``None`` for who enters by another way.
        by: who let them in.
        at: when.

    Raises:
        ConfigurationError: the login is taken or no login, the password is too weak.
    """
    if not _LOGIN.fullmatch(person.login):
        raise ConfigurationError(texts.no_login(person.login))
    hashed = None if password is None else hash_password(password, person)
    statement = insert(console_person).values(
        login=person.login,
        name=person.name,
        password_hash=hashed,
        created_at=at,
        created_by=by,
        password_at=at,
        must_change=person.must_change,
    )
    added = connection.execute(statement.on_conflict_do_nothing().returning(sa.literal(1))).first()
    if added is None:
        raise ConfigurationError(texts.login_taken(person.login))
    for grant in person.grants:
        set_grant(connection, person.login, grant, by, at)


def set_grant(connection: sa.Connection, login: str, grant: Grant, by: str, at: datetime) -> None:
    """Grant a role for an empresa, in place of what was granted for it before.

    Args:
        connection: of the warehouse, in a transaction.
        login: whose grant it is.
        grant: what is granted.
        by: who granted it.
        at: when.
    """
    values = {
        "role": grant.role.value,
        "omie_entries": grant.omie_entries,
        "granted_at": at,
        "granted_by": by,
    }
    statement = insert(console_grant).values(login=login, empresa=grant.empresa, **values)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["login", "empresa"], set_=values)
    )


def revoke_grant(connection: sa.Connection, login: str, empresa: str) -> bool:
    """Take a grant back; whether there was one."""
    gone = sa.delete(console_grant).where(
        console_grant.c.login == login, console_grant.c.empresa == empresa
    )
    return connection.execute(gone).rowcount > 0


def set_password(
    connection: sa.Connection, login: str, password: SecretStr, at: datetime, *, by_owner: bool
) -> None:
    """Give a person another password, and end every session that began with the one before.

    Args:
        connection: of the warehouse, in a transaction.
        login: whose.
        password: the new one.
        at: when.
        by_owner: the person chose it; otherwise it has to be changed at the next entrance.

    Raises:
        ConfigurationError: nobody has this login, or the password is too weak.
    """
    person = find_person(connection, login)
    if person is None:
        raise ConfigurationError(texts.nobody(login))
    connection.execute(
        sa.update(console_person)
        .where(console_person.c.login == login)
        .values(
            password_hash=hash_password(password, person),
            password_at=at,
            must_change=not by_owner,
        )
    )
    _end_sessions(connection, login, at)


def disable_person(connection: sa.Connection, login: str, at: datetime | None) -> None:
    """Keep a person out from now on, sessions included; ``None`` lets them in again.

    Raises:
        ConfigurationError: nobody has this login.
    """
    statement = (
        sa.update(console_person)
        .where(console_person.c.login == login)
        .values(disabled_at=at)
        .returning(console_person.c.login)
    )
    if connection.execute(statement).first() is None:
        raise ConfigurationError(texts.nobody(login))
    if at is not None:
        _end_sessions(connection, login, at)


def _end_sessions(connection: sa.Connection, login: str, at: datetime) -> None:
    theirs = sa.and_(console_session.c.login == login, console_session.c.ended_at.is_(None))
    connection.execute(sa.update(console_session).where(theirs).values(ended_at=at))


def find_person(connection: sa.Connection, login: str) -> Person | None:
    """Somebody by login, with what they were granted."""
    found = people(connection, login)
    return found[0] if found else None


def people(connection: sa.Connection, login: str | None = None) -> tuple[Person, ...]:
    """Everybody who may enter, or one of them."""
    table = console_person.c
    rows = sa.select(table.login, table.name, table.disabled_at, table.must_change)
    grants = sa.select(console_grant).order_by(console_grant.c.empresa)
    if login is not None:
        rows = rows.where(table.login == login)
        grants = grants.where(console_grant.c.login == login)
    granted: dict[str, list[Grant]] = {}
    for one in connection.execute(grants):
        grant = Grant(one.empresa, Role(one.role), one.omie_entries)
        granted.setdefault(one.login, []).append(grant)
    return tuple(
        Person(
            one.login,
            one.name,
            tuple(granted.get(one.login, ())),
            disabled=one.disabled_at is not None,
            must_change=one.must_change,
        )
        for one in connection.execute(rows.order_by(table.login))
    )


def check_password(connection: sa.Connection, login: str, password: SecretStr) -> Person | None:
    """The person whose login and password these are; takes the same time when nobody's are.

    Args:
        connection: of the warehouse, in a transaction that may be written.
        login: as it was typed.
        password: as it was typed.
    """
    login = login.strip().lower()
    stored: str | None = connection.scalar(
        sa.select(console_person.c.password_hash).where(
            console_person.c.login == login, console_person.c.disabled_at.is_(None)
        )
    )
    secret = password.get_secret_value()[: LONGEST_PASSWORD + 1]
    try:
        _HASHER.verify(stored or _NOBODYS, secret)
    except (VerificationError, InvalidHashError):
        return None
    if stored is None:
        return None
    if _HASHER.check_needs_rehash(stored):
        connection.execute(
            sa.update(console_person)
            .where(console_person.c.login == login)
            .values(password_hash=_HASHER.hash(secret))
        )
    return find_person(connection, login)


def hash_password(password: SecretStr, person: Person) -> str:
    """What is stored of a password.

    Raises:
        ConfigurationError: it is too short, too long, or easily guessed of this person.
    """
    secret = password.get_secret_value()
    if not SHORTEST_PASSWORD <= len(secret) <= LONGEST_PASSWORD:
        raise ConfigurationError(texts.password_length(SHORTEST_PASSWORD, LONGEST_PASSWORD))
    plain = secret.casefold()
    parts = {person.login.partition("@")[0], *person.name.casefold().split(), "omie", "senha"}
    rest = plain
    for part in parts:
        rest = rest.replace(part, "")
    if len(set(rest)) < _FEWEST_LETTERS:
        raise ConfigurationError(texts.PASSWORD_GUESSED)
    return _HASHER.hash(secret)


_FEWEST_LETTERS: Final = 5
"""Different signs that are left of a password without the person's own names."""
