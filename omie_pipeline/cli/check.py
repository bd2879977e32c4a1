"""``omie-pipeline check``: is the key good, and whose is it? Does the warehouse answer?"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.cli.errors import FAILED, without_secrets
from omie_pipeline.cli.output import emit, say, show
from omie_pipeline.cli.selection import EmpresaOption, JsonOption, chosen_empresas
from omie_pipeline.clock import SystemClock
from omie_pipeline.errors import (
    AuthFailed,
    Blocked,
    ConfigurationError,
    Empty,
    OmieFault,
    OutcomeUnknown,
    RetryLater,
    Unreachable,
    WarehouseError,
)
from omie_pipeline.texts.cli import status as texts

if TYPE_CHECKING:
    import sqlalchemy as sa

    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.config.empresas import EmpresaAccess
    from omie_pipeline.config.settings import Settings


# One call that proves an empresa's key, or names the obstacle.
#
# The call is ListarEmpresas (geral/empresas), page 1. It needs no database: pacing is this
# process's own, since one call disturbs no other.


_SMALLEST_PAGE = 50
_PAGE_SIZES = 100
_NOT_FOUND_STATUSES = (404, 405, 410)


@dataclass(frozen=True, slots=True)
class Finding:
    """What the check of one empresa found.

    Attributes:
        company: the company's name at Omie.
        cause: one of a fixed set of words (``key_refused``, ``dns``, ...), ``""`` when fine.
        message: what happened.
        fix: what to do about it.
        until: end of a block.
    """

    empresa: str
    ok: bool
    company: str = ""
    cause: str = ""
    message: str = ""
    fix: str = ""
    until: datetime | None = None


def check_connection(deployment: Deployment, empresa: str) -> Finding:
    """Make the call; every outcome is a finding, none an error."""
    from omie_pipeline.config.empresas import has_credentials

    declared = deployment.config.empresa(empresa)
    if not has_credentials(declared):
        names = texts.key_and_secret(key=declared.app_key_env, secret=declared.app_secret_env)
        return _failed(empresa, "no_key", texts.key_missing(names))
    try:
        granted = deployment.access(empresa)
    except ConfigurationError as error:
        return _failed(empresa, "wrong_url", str(error))
    untidy = [
        name
        for name, value in (
            (declared.app_key_env, granted.app_key.get_secret_value()),
            (declared.app_secret_env, granted.app_secret.get_secret_value()),
        )
        if value != value.strip().strip("\"'")
    ]
    if untidy:
        told = texts.untidy(texts.AND_.join(untidy))
        return _failed(empresa, "key_with_spaces", told)
    return _ask(deployment, granted)


def _ask(deployment: Deployment, granted: EmpresaAccess) -> Finding:
    from omie_pipeline.omie import Credentials, LocalRateLimiter, OmieClient

    endpoint, clock = REGISTRY["empresas"], SystemClock()
    # Omie refuses the same request twice within a minute: another page size makes it another one.
    page_size = _SMALLEST_PAGE + int(clock.now().timestamp()) % _PAGE_SIZES
    param = {"pagina": 1, "registros_por_pagina": page_size}
    client = OmieClient(
        Credentials(granted.app_key, granted.app_secret),
        granted.base_url,
        LocalRateLimiter(),
        clock,
        timeout_seconds=deployment.settings.timeout_seconds,
    )
    try:
        with client:
            # ``write`` sends exactly once; ``read`` would ask again for half a minute.
            answer = client.write(endpoint.service, endpoint.list, param)
    except Empty:
        return Finding(granted.nome, True)
    except OmieFault as fault:
        return _explained(granted.nome, fault)
    except ConfigurationError as error:
        return _failed(granted.nome, "wrong_url", str(error))
    records = answer.get(endpoint.list_array)
    if not isinstance(records, list):
        return _failed(granted.nome, "wrong_url", texts.NOT_OMIES_ANSWER)
    return Finding(granted.nome, True, company=_company(records))


def _company(records: list[Mapping[str, object]]) -> str:
    names = [record.get("razao_social") or record.get("nome_fantasia") for record in records]
    return ", ".join(str(name) for name in names if name)


def _explained(empresa: str, fault: OmieFault) -> Finding:
    detail = fault.detail
    match fault:
        case AuthFailed():
            return _failed(empresa, _auth_cause(detail.text), detail.text)
        case Blocked():
            from omie_pipeline.cli.output import moment

            told = texts.key_closed(moment(fault.until))
            return _failed(empresa, "blocked", told, until=fault.until)
        case RetryLater() if detail.http_status:
            return _failed(empresa, "limit", detail.text)
        case Unreachable():
            return _failed(empresa, fault.kind, detail.text)
        case OutcomeUnknown() if not detail.http_status:
            return _failed(empresa, "no_answer", detail.text)
        case _ if detail.http_status in _NOT_FOUND_STATUSES:
            return _failed(empresa, "wrong_url", detail.text)
        case OutcomeUnknown() if detail.http_status < 500:
            return _failed(empresa, "wrong_url", detail.text)
        case OutcomeUnknown():
            return _failed(empresa, "down", detail.text)
    return _failed(empresa, "other", detail.text)


def _auth_cause(text: str) -> str:
    lowered = text.lower()
    if "não cadastrada" in lowered:
        return "unknown_key"
    if "suspenso" in lowered and "inválida" not in lowered:
        return "app_suspended"
    return "key_refused"


def _failed(empresa: str, cause: str, message: str, until: datetime | None = None) -> Finding:
    from omie_pipeline.omie.wire import PROXY_VARIABLES

    variable = next((name for name in PROXY_VARIABLES if os.environ.get(name)), "")
    fix = texts.FIXES[cause].format(variable=variable)
    return Finding(empresa, False, cause=cause, message=message, fix=fix, until=until)


# What ``omie-pipeline check`` says of the warehouse; asks it, and makes and changes nothing.


@dataclass(frozen=True, slots=True)
class DatabaseFinding:
    """How the warehouse stands.

    Attributes:
        state: ``ok``, ``failed``, or ``absent`` where the embedded server does not run.
        version: of PostgreSQL; empty where nobody answered.
        pooled: a pooler stands in between, one that gives each client a session of its own.
        skew_seconds: by how much this machine's clock runs ahead of the database's.
        message: what is the matter, or how it stands.
    """

    state: str
    version: str = ""
    pooled: bool = False
    skew_seconds: float | None = None
    message: str = ""

    def to_json(self) -> dict[str, Any]:
        """Its part of a record."""
        return {
            "state": self.state,
            "version": self.version,
            "pooled": self.pooled,
            "skew_seconds": self.skew_seconds,
            "message": self.message,
        }


def check_database(settings: Settings) -> DatabaseFinding:
    """Ask the warehouse; every outcome is a finding, none an error."""
    from omie_pipeline.config.addresses import find_warehouse
    from omie_pipeline.postgres.embedded import EmbeddedPostgres
    from omie_pipeline.postgres.engine import open_engine

    try:
        own = settings.warehouse_url is not None
        if not own and not EmbeddedPostgres(settings.home).status().running:
            return DatabaseFinding("absent", message=texts.NOT_YET)
        engine = open_engine(find_warehouse(settings).url, time_zone=None)
        try:
            return _asked(engine, own=own)
        finally:
            engine.dispose()
    except (WarehouseError, ConfigurationError) as error:
        return DatabaseFinding("failed", message=str(error))


def _asked(engine: sa.Engine, *, own: bool) -> DatabaseFinding:
    import sqlalchemy as sa

    from omie_pipeline.postgres.clock import DatabaseClock
    from omie_pipeline.postgres.engine import warehouse_errors
    from omie_pipeline.postgres.migrate import refuse_old_server
    from omie_pipeline.postgres.poolers import behind_pooler, refuse_shared_sessions

    pooled = own and behind_pooler(engine)
    if own:
        refuse_shared_sessions(engine)
    with warehouse_errors(), engine.connect() as connection:
        refuse_old_server(connection)
        version: str = connection.execute(sa.text("SHOW server_version")).scalar_one()
    # A difference that matters is reported by the clock itself, on stderr.
    skew_seconds = round(DatabaseClock(engine).skew_seconds(), 1)
    of = texts.OF_WAREHOUSE_URL if own else "embutido"
    message = texts.database_answers(version=version, whose=of, pooled=texts.POOLERS[pooled])
    return DatabaseFinding("ok", version, pooled, skew_seconds, message)


def check(empresa: EmpresaOption = None, as_json: JsonOption = False) -> None:
    """Testa a conexão com o Omie e diz se o banco responde, sem criar nada nele.

    Saída: 0 o Omie respondeu por todas as empresas, 1 por alguma não; o banco só é dito.
    """
    from omie_pipeline.app.deployment import Deployment

    def tell(found: Finding) -> None:
        if as_json:
            emit(
                {
                    "empresa": found.empresa,
                    "ok": found.ok,
                    "company": found.company,
                    "cause": found.cause,
                    "message": without_secrets(found.message) or texts.SUCCESS,
                    "fix": found.fix,
                    "until": found.until,
                    "database": database.to_json(),
                }
            )
        elif found.ok:
            show(f"{found.empresa}: {texts.SUCCESS}: {found.company or texts.COMPANY_WITHOUT_NAME}")
        else:
            say(texts.no_connection(empresa=found.empresa, cause=without_secrets(found.message)))
            say(texts.what_to_do(found.fix))

    deployment = Deployment()
    database = check_database(deployment.settings)
    database = replace(database, message=without_secrets(database.message))
    findings = []
    for name in chosen_empresas(deployment, empresa):
        found = check_connection(deployment, name)
        findings.append(found)
        tell(found)
    if not as_json:
        say(texts.database(database.message))
    _tell_open_archive(deployment.settings.nfse_archive)
    if not all(found.ok for found in findings):
        raise typer.Exit(FAILED)


def _tell_open_archive(place: str | None) -> None:
    """Archived notes name patients: what others on this machine may read of them is said."""
    if not place:
        return
    from omie_pipeline.nfse.archive import Archive

    found = Archive(place).open_to_others()
    if not found:
        return
    say(texts.archive_open(found[0]) + (texts.and_more(len(found) - 1) if len(found) > 1 else ""))
    say(texts.what_to_do(texts.CLOSE.format(place=place)))
