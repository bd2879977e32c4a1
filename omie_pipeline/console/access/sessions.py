"""Sessions: who is at the other end of a request, and for how long.

The cookie holds a random token, the warehouse its digest. A session ends after half an hour without
a request, after twelve hours in any case, and with a change of the password.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from omie_pipeline.console.access.people import Person, find_person
from omie_pipeline.postgres.tables import console_attempt, console_session

COOKIE: Final = "omie_console"
IDLE: Final = timedelta(minutes=30)
LONGEST: Final = timedelta(hours=12)
_SEEN_EVERY: Final = timedelta(minutes=1)
_TOKEN_BYTES: Final = 32

WINDOW: Final = timedelta(minutes=15)
MOST_OF_PAIR: Final = 5
"""Wrong passwords of one login from one address in ``WINDOW``; the next one waits."""
MOST_OF_ADDRESS: Final = 30
"""Wrong passwords of any login from one address."""
_KEPT: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Session:
    """A session in force.

    Attributes:
        csrf_token: what every form of it has to bring back.
    """

    person: Person
    csrf_token: str


def begin_session(connection: sa.Connection, login: str, at: datetime) -> str:
    """Begin a session; the token for the cookie. Each entrance gets a new one."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    connection.execute(
        sa.insert(console_session).values(
            token_digest=_digest(token),
            login=login,
            csrf_token=secrets.token_urlsafe(_TOKEN_BYTES),
            begun_at=at,
            seen_at=at,
        )
    )
    # House-keeping: what ended long ago tells nothing.
    connection.execute(
        sa.delete(console_session).where(console_session.c.begun_at < at - 2 * _KEPT)
    )
    return token


def find_session(connection: sa.Connection, token: str, at: datetime) -> Session | None:
    """The session of a cookie, if it is in force; a look at it keeps it in force."""
    table = console_session.c
    row = connection.execute(
        sa.select(table.login, table.csrf_token, table.seen_at).where(
            table.token_digest == _digest(token),
            table.ended_at.is_(None),
            table.seen_at > at - IDLE,
            table.begun_at > at - LONGEST,
        )
    ).first()
    if row is None:
        return None
    person = find_person(connection, row.login)
    if person is None or person.disabled:
        return None
    if row.seen_at < at - _SEEN_EVERY:
        connection.execute(
            sa.update(console_session)
            .where(table.token_digest == _digest(token))
            .values(seen_at=at)
        )
    return Session(person, row.csrf_token)


def end_session(connection: sa.Connection, token: str, at: datetime) -> None:
    """End it: the cookie is worth nothing any more."""
    connection.execute(
        sa.update(console_session)
        .where(console_session.c.token_digest == _digest(token))
        .values(ended_at=at)
    )


def must_wait(connection: sa.Connection, login: str, address: str, at: datetime) -> bool:
    """Whether this address has typed too many wrong passwords of late.

    Counted by login and address together, and by address: nobody can lock somebody else out by
    typing wrong passwords elsewhere.

    Args:
        connection: of the warehouse.
        login: as it was typed.
        address: where the request came from.
        at: now.
    """
    table = console_attempt.c
    of_address = sa.and_(table.address_digest == _digest(address), table.at > at - WINDOW)
    counts = sa.select(
        sa.func.count().filter(table.login_digest == _digest(_folded(login))), sa.func.count()
    ).where(of_address)
    pair, everything = connection.execute(counts).one()
    return bool(pair >= MOST_OF_PAIR or everything >= MOST_OF_ADDRESS)


def note_attempt(connection: sa.Connection, login: str, address: str, at: datetime) -> None:
    """Remember a wrong password.

    Args:
        connection: of the warehouse, in a transaction.
        login: as it was typed.
        address: where the request came from.
        at: now.
    """
    connection.execute(
        sa.insert(console_attempt).values(
            login_digest=_digest(_folded(login)), address_digest=_digest(address), at=at
        )
    )
    connection.execute(sa.delete(console_attempt).where(console_attempt.c.at < at - _KEPT))


def forget_attempts(connection: sa.Connection, login: str, address: str) -> None:
    """The right password was typed: what was wrong before does not count any more."""
    connection.execute(
        sa.delete(console_attempt).where(
            console_attempt.c.login_digest == _digest(_folded(login)),
            console_attempt.c.address_digest == _digest(address),
        )
    )


def _folded(login: str) -> str:
    return login.strip().lower()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
