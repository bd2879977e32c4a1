"""One call that proves an empresa's key, or names the obstacle.

The call is ListarEmpresas (geral/empresas), page 1. It needs no database: pacing is this process's
own, since one call disturbs no other.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.clock import SystemClock
from omie_pipeline.config.empresas import EmpresaAccess, has_credentials
from omie_pipeline.config.settings import clinic_zone
from omie_pipeline.errors import (
    AuthFailed,
    Blocked,
    ConfigurationError,
    Empty,
    OmieFault,
    OutcomeUnknown,
    RetryLater,
    Unreachable,
)
from omie_pipeline.omie import Credentials, LocalRateLimiter, OmieClient
from omie_pipeline.omie.wire import PROXY_VARIABLES
from omie_pipeline.texts import app as texts
from omie_pipeline.written import moment_in

if TYPE_CHECKING:
    from omie_pipeline.app.deployment import Deployment

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
    declared = deployment.config.empresa(empresa)
    if not has_credentials(declared):
        names = texts.key_and_secret(key=declared.app_key_env, secret=declared.app_secret_env)
        return _failed(empresa, "no_key", texts.omie_key_missing(names))
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
        told = texts.untidy(texts.AND.join(untidy))
        return _failed(empresa, "key_with_spaces", told)
    return _ask(deployment, granted)


def _ask(deployment: Deployment, granted: EmpresaAccess) -> Finding:
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
            told = texts.key_closed(moment_in(clinic_zone(), fault.until))
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
    variable = next((name for name in PROXY_VARIABLES if os.environ.get(name)), "")
    fix = texts.FIXES[cause].format(variable=variable)
    return Finding(empresa, False, cause=cause, message=message, fix=fix, until=until)
