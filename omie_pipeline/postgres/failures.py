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

# Addresses of databases, read so that no part of a password is ever taken for a host.

ESCAPES = "@ é %40, / é %2F, : é %3A, # é %23, ? é %3F, % é %25"


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
        hint = f" (numa senha, {ESCAPES})" if "@" in url else ""
        raise ConfigurationError(f"{variable} não é um endereço de banco válido{hint}") from None
    # An @ too many sits in the password, whose tail would be taken for the host.
    if "@" in f"{parsed.host or ''}{parsed.database or ''}" and parsed.password is not None:
        raise ConfigurationError(
            f"{variable}: a senha tem @: escreva %40 no lugar dele ({ESCAPES})"
        )
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

_NOBODY = (
    "nada responde no endereço de {variable}: confira servidor e porta, e se o banco está no ar"
)
_LOGIN = f"usuário ou senha errados em {{variable}} (numa senha, {ESCAPES})"
_BY_STATE = {
    "28P01": _LOGIN,
    "28000": "o servidor não deixa este usuário entrar: confira o usuário em {variable}, e no "
    "servidor a linha dele em pg_hba.conf e o direito LOGIN",
    "3D000": "o banco de dados de {variable} não existe no servidor: crie-o ou corrija o nome",
    "53300": "o servidor está sem conexões livres: feche programas que o usam ou aumente "
    "max_connections",
    "57P01": "o servidor encerrou a conexão: repita quando estiver no ar",
    "57P03": "o servidor está ligando ou desligando: repita em um minuto",
    "53100": "o disco do servidor está cheio",
    "25006": "o servidor só aceita leitura (é uma réplica): aponte {variable} para o principal",
    "57014": "o comando passou do tempo que o servidor permite (statement_timeout)",
}
_BY_CODE = {
    1044: "o usuário de {variable} não tem acesso a este banco: GRANT SELECT ON {database}.* TO "
    "{role}",
    1045: _LOGIN,
    1049: "o banco de dados de {variable} não existe no servidor: crie-o ou corrija o nome",
    1130: "o servidor não aceita conexões desta máquina: crie o usuário para este endereço",
    1142: "falta o direito de leitura: GRANT SELECT ON {database}.* TO {role}",
    1698: _LOGIN,
    2002: _NOBODY,
    2003: _NOBODY,
    2005: "o nome do servidor em {variable} não foi encontrado: confira o nome e o DNS",
    2013: "a conexão caiu no meio da leitura: repita; se voltar, veja o registro do servidor",
    2026: "a conexão segura (SSL) falhou: confira os certificados e as opções de SSL em {variable}",
    3159: "o servidor só aceita conexões com SSL: peça-o em {variable}",
}
_BY_WORDS = (
    (r"failed to resolve host|could not translate host|Name or service not known|getaddrinfo",
     "o nome do servidor em {variable} não foi encontrado: confira o nome e o DNS"),
    (r"invalid sslmode value",
     "sslmode em {variable} não existe: use disable, prefer, require, verify-ca ou verify-full"),
    (r"invalid (connection option|URI query parameter)",
     "{variable} tem depois de ? uma opção que o PostgreSQL não conhece: confira como se escreve "
     "(sslmode, sslrootcert, options …)"),
    (r"invalid port number|invalid integer value \".*?\" for connection option \"port\"",
     "a porta em {variable} deve ser um número de 1 a 65535"),
    (r"invalid (integer )?value .*for connection option|invalid \w+ value",
     "{variable} tem depois de ? uma opção com um valor que o PostgreSQL não aceita"),
    (r"root certificate file|certificate file .* does not exist|private key file",
     "um arquivo de certificado que {variable} nomeia não existe ou não pode ser lido: confira "
     "sslrootcert, sslcert e sslkey"),
    (r"server does not support SSL",
     "o servidor não tem SSL, e {variable} o exige (sslmode): ligue o SSL no servidor, ou, numa "
     "rede de confiança, tire sslmode de {variable}"),
    (r"certificate|SSL error|tls",
     "a conexão segura (SSL) falhou: confira os certificados e sslmode em {variable}"),
    (r"pg_hba\.conf",
     "o servidor não aceita este usuário desta máquina: acrescente uma linha em pg_hba.conf para "
     "{role} e {database}"),
    (r"password authentication failed|no password supplied|autenticação.* falhou|Access denied",
     _LOGIN),
    (r"(database|banco de dados) \"[^\"]*\" (does not exist|não existe)", _BY_STATE["3D000"]),
    (r"(role|papel) \"[^\"]*\" (does not exist|is not permitted|não existe|não tem)",
     _BY_STATE["28000"]),
    (r"too many (clients|connections)", _BY_STATE["53300"]),
    (r"starting up|shutting down", _BY_STATE["57P03"]),
    (r"timeout expired|timed out",
     "o servidor de {variable} não respondeu a tempo: confira servidor, porta e firewall"),
    (r"Connection refused|Is the server running",
     _NOBODY),
    (r"unable to open database file",
     "o arquivo do banco em {variable} não pode ser aberto: confira o caminho e as permissões"),
    (r"server closed the connection|connection (is|was) (lost|closed)|terminating connection",
     "a conexão caiu: repita quando o servidor estiver no ar"),
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
            return "falta um direito ao usuário de {variable} no servidor"
        kind, name = denied.groups()
        template = _GRANTS.get(kind, _SELECT)
        full = place.relation if template is _SELECT and place.relation else name
        grant = template.format(name=_safe(full), role=_safe(place.role))
        return _missing(grant)
    if state in _DUPLICATES:
        already = _ALREADY.search(words)
        if already is not None:
            return (
                f"já existe um objeto {_safe(already[1])} que não é deste programa; mova-o ou "
                "escolha outro prefixo (OMIE_PIPELINE_SCHEMA_PREFIX)"
            )
    return ""


def _missing(grant: str) -> str:
    return f"falta um direito ao usuário de {{variable}}. Um administrador executa: {grant};"


def _safe(name: str) -> str:
    """A name as SQL takes it; braces would be read as a place to fill in."""
    plain = name.replace("{", "").replace("}", "")
    return plain if re.fullmatch(r"[a-z_][a-z0-9_.]*", plain) else f'"{plain}"'
