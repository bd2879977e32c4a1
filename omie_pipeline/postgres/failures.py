"""Why a database refused, in words that say what to do; never a statement, a value or a password.

The server's own message is read for the cause and for the names of objects, but not repeated: it
may quote a row, and a driver's may quote the address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.texts import postgres as texts

# Addresses of databases, read so that no part of a password is ever taken for a host.


def parsed_url(url: str, variable: str) -> sa.URL:
    """``url`` in its parts.

    Args:
        variable: that holds it, for the message.

    Raises:
        ConfigurationError: it is no address of a database, or its password has a character that
            must be escaped; nothing of it is repeated.
    """
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        hint = texts.IN_A_PASSWORD if "@" in url else ""
        raise ConfigurationError(texts.address_invalid(variable=variable, hint=hint)) from None
    # An @ too many sits in the password, whose tail would be taken for the host.
    if "@" in f"{parsed.host or ''}{parsed.database or ''}" and parsed.password is not None:
        raise ConfigurationError(texts.password_has_at(variable))
    return parsed


@dataclass(frozen=True, slots=True)
class Place:
    """Whose database it is, for the text.

    Attributes:
        variable: that holds the address.
        role: login of the address, for the GRANT.
        database: its name, for the GRANT.
        relation: table that is being read, with its schema: the server names it without.
    """

    variable: str
    role: str = "usuario"
    database: str = "banco"
    relation: str = ""

    @classmethod
    def of(cls, url: sa.URL, variable: str, relation: str = "") -> Place:
        """The place behind an address."""
        return cls(variable, url.username or "usuario", url.database or "banco", relation)


WAREHOUSE = "WAREHOUSE_URL"
CLINIC = "CLINIC_URL"

_BY_STATE = {
    "28P01": texts.LOGIN_WRONG,
    "28000": texts.LOGIN_REFUSED,
    "3D000": texts.DATABASE_MISSING,
    "53300": texts.NO_CONNECTIONS_LEFT,
    "57P01": texts.SERVER_ENDED_CONNECTION,
    "57P03": texts.SERVER_STARTING,
    "53100": texts.DISK_FULL,
    "25006": texts.READ_ONLY_SERVER,
    "57014": texts.STATEMENT_TIMEOUT,
}
_BY_CODE = {
    1044: texts.NO_ACCESS_MYSQL,
    1045: texts.LOGIN_WRONG,
    1049: texts.DATABASE_MISSING,
    1130: texts.MACHINE_REFUSED_MYSQL,
    1142: texts.NO_READING_MYSQL,
    1698: texts.LOGIN_WRONG,
    2002: texts.NOTHING_ANSWERS,
    2003: texts.NOTHING_ANSWERS,
    2005: texts.HOST_UNKNOWN,
    2013: texts.CONNECTION_LOST_READING,
    2026: texts.SSL_FAILED_MYSQL,
    3159: texts.SSL_REQUIRED,
}
_BY_WORDS = (
    (r"failed to resolve host|could not translate host|Name or service not known|getaddrinfo",
     texts.HOST_UNKNOWN),
    (r"invalid sslmode value",
     texts.SSLMODE_UNKNOWN),
    (r"invalid (connection option|URI query parameter)",
     texts.OPTION_UNKNOWN),
    (r"invalid port number|invalid integer value \".*?\" for connection option \"port\"",
     texts.PORT_INVALID),
    (r"invalid (integer )?value .*for connection option|invalid \w+ value",
     texts.OPTION_INVALID),
    (r"root certificate file|certificate file .* does not exist|private key file",
     texts.CERTIFICATE_MISSING),
    (r"server does not support SSL",
     texts.SERVER_WITHOUT_SSL),
    (r"certificate|SSL error|tls",
     texts.SSL_FAILED),
    (r"pg_hba\.conf",
     texts.PG_HBA_MISSING),
    (r"password authentication failed|no password supplied|autenticação.* falhou|Access denied",
     texts.LOGIN_WRONG),
    (r"(database|banco de dados) \"[^\"]*\" (does not exist|não existe)", _BY_STATE["3D000"]),
    (r"(role|papel) \"[^\"]*\" (does not exist|is not permitted|não existe|não tem)",
     _BY_STATE["28000"]),
    (r"too many (clients|connections)", _BY_STATE["53300"]),
    (r"starting up|shutting down", _BY_STATE["57P03"]),
    (r"timeout expired|timed out",
     texts.NO_ANSWER_IN_TIME),
    (r"Connection refused|Is the server running",
     texts.NOTHING_ANSWERS),
    (r"unable to open database file",
     texts.FILE_NOT_OPENED),
    (r"server closed the connection|connection (is|was) (lost|closed)|terminating connection",
     texts.CONNECTION_LOST),
)  # fmt: skip
_DENIED = "42501"
_DUPLICATES = ("42P07", "42P06", "42723", "42710")
# Servers in Brazil speak English or Portuguese (lc_messages).
_OBJECT = re.compile(
    r"(?:permission denied for|permissão negada para(?: a| o)?) "
    r"(\w[\w ]*?) \"?([\w.-]+)\"?\s*(?:$|\n)"
)
_TEMPORARY = re.compile(r"create temporary tables|criar tabelas temporárias")
_ALREADY = re.compile(r"\"([^\"]+)\" (?:already exists|já existe)")
_SELECT = "GRANT SELECT ON {name} TO {role}"
_SEQUENCE = "GRANT USAGE ON SEQUENCE {name} TO {role}"
_SCHEMA = "GRANT USAGE ON SCHEMA {name} TO {role}"
_FUNCTION = "GRANT EXECUTE ON FUNCTION {name} TO {role}"
_DATABASE = "GRANT CREATE ON DATABASE {name} TO {role}"
_GRANTS = {
    "sequence": _SEQUENCE, "sequência": _SEQUENCE,
    "schema": _SCHEMA, "esquema": _SCHEMA,
    "function": _FUNCTION, "função": _FUNCTION,
    "database": _DATABASE, "banco de dados": _DATABASE,
}  # fmt: skip
_PLACE = "_omie_pipeline_place"


def remember_place(engine: sa.Engine, place: Place) -> None:
    """Make every failure of ``engine`` know whose database it came from."""

    def failed(context: sa.engine.ExceptionContext) -> None:
        setattr(context.original_exception, _PLACE, place)

    sa.event.listen(engine, "handle_error", failed)


def told(error: sa.exc.DBAPIError, what: str, place: Place | None = None) -> str:
    """``what`` happened and why; without a known cause, the kind of failure.

    Args:
        place: whose database; default: the warehouse.
    """
    orig: Any = error.orig
    found = cause(orig, place or getattr(orig, _PLACE, None) or Place(WAREHOUSE))
    return f"{what}: {found}" if found else f"{what} ({type(orig).__name__})"


def cause(error: BaseException, place: Place) -> str:
    """Why the driver's ``error`` came and what to do; ``""`` if it is not known."""
    words = str(error)
    state = getattr(error, "sqlstate", None) or ""
    found = _of_object(state, words, place) or _BY_STATE.get(state, "")
    first = error.args[0] if error.args else None
    if not found and isinstance(first, int):
        found = _BY_CODE.get(first, "")
    if not found and not state:
        # A connection that was never made has no SQLSTATE, only words.
        found = next((text for known, text in _BY_WORDS if re.search(known, words)), "")
    return found.format(
        variable=place.variable, role=_safe(place.role), database=_safe(place.database)
    )


def _of_object(state: str, words: str, place: Place) -> str:
    if state == _DENIED:
        if _TEMPORARY.search(words):
            grant = f"GRANT TEMPORARY ON DATABASE {_safe(place.database)} TO {_safe(place.role)}"
            return _missing(grant)
        denied = _OBJECT.search(words)
        if denied is None:
            return texts.RIGHT_MISSING
        kind, name = denied.groups()
        template = _GRANTS.get(kind, _SELECT)
        full = place.relation if template is _SELECT and place.relation else name
        grant = template.format(name=_safe(full), role=_safe(place.role))
        return _missing(grant)
    if state in _DUPLICATES:
        already = _ALREADY.search(words)
        if already is not None:
            return texts.object_not_ours(_safe(already[1]))
    return ""


def _missing(grant: str) -> str:
    return texts.right_missing_fix(grant)


def _safe(name: str) -> str:
    """A name as SQL takes it; braces would be read as a place to fill in."""
    plain = name.replace("{", "").replace("}", "")
    return plain if re.fullmatch(r"[a-z_][a-z0-9_.]*", plain) else f'"{plain}"'
