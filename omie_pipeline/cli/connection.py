"""One call that proves an empresa's key, or names the obstacle.

The call is ListarEmpresas (geral/empresas), page 1. It needs no database: pacing is this
process's own, since one call disturbs no other.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from omie_pipeline.catalog import REGISTRY
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
)

if TYPE_CHECKING:
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.config.empresas import EmpresaAccess

SUCCESS = "Conexão estabelecida com sucesso"

_SMALLEST_PAGE = 50
_PAGE_SIZES = 100
_PANEL = "no painel do Omie (Configurações > Integrações > API)"
_NOT_FOUND_STATUSES = (404, 405, 410)
_FIXES = {
    "sem_chave": "defina-as no ambiente ou no arquivo .env (modelo: .env.example)",
    "chave_com_espacos": "apague os espaços ou aspas em volta do valor",
    "chave_recusada": (
        f"copie de novo App Key e App Secret {_PANEL}: o segredo muda quando é gerado outra vez. "
        "Se estão certos, o aplicativo está suspenso ou foi revogado: reative-o ali"
    ),
    "aplicativo_suspenso": f"reative o aplicativo {_PANEL}",
    "chave_desconhecida": f"o Omie não conhece esta App Key: copie-a de novo {_PANEL}",
    "bloqueada": "aguarde o prazo sem novas chamadas; cada tentativa antes dele é em vão",
    "limite": "a chave está certa ou em uso por outro programa; repita em um minuto",
    "url_errada": "confira OMIE_BASE_URL; a do Omie é https://app.omie.com.br/api/v1/",
    "dns": "o nome do servidor não foi encontrado: confira a internet, o DNS e OMIE_BASE_URL",
    "tls": (
        "a conexão segura falhou: confira o relógio da máquina e se um proxy ou antivírus abre o "
        "tráfego"
    ),
    "certificado": (
        "confira OMIE_BASE_URL, o relógio da máquina e se um proxy ou antivírus abre o tráfego"
    ),
    "rede": "confira a internet e a rede desta máquina",
    "esquema": "o endereço deve começar por https://: confira OMIE_BASE_URL",
    "recusada": "nada responde neste endereço: confira OMIE_BASE_URL e se o simulador está ligado",
    "sem_resposta": "confira a internet e o firewall (saída para app.omie.com.br, porta 443)",
    "proxy": (
        "há um proxy no ambiente ({variable}), e este programa não passa por ele: libere a saída "
        "direta para app.omie.com.br, porta 443"
    ),
    "fora_do_ar": "o Omie está instável: repita em alguns minutos",
    "outra": "leia a mensagem do Omie acima",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What the check of one empresa found.

    Attributes:
        company: the company's name at Omie.
        cause: one of a fixed set of words (``chave_recusada``, ``dns``, ...), ``""`` when fine.
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
        names = f"{declared.app_key_env} e {declared.app_secret_env}"
        return _failed(empresa, "sem_chave", f"falta a chave do Omie ({names})")
    try:
        granted = deployment.access(empresa)
    except ConfigurationError as error:
        return _failed(empresa, "url_errada", str(error))
    untidy = [
        name
        for name, value in (
            (declared.app_key_env, granted.app_key.get_secret_value()),
            (declared.app_secret_env, granted.app_secret.get_secret_value()),
        )
        if value != value.strip().strip("\"'")
    ]
    if untidy:
        told = f"{' e '.join(untidy)} tem espaços ou aspas em volta"
        return _failed(empresa, "chave_com_espacos", told)
    return _ask(deployment, granted)


def _ask(deployment: Deployment, granted: EmpresaAccess) -> Finding:
    from omie_pipeline.omie import Credentials, LocalGovernor, OmieClient

    endpoint, clock = REGISTRY["empresas"], SystemClock()
    # Omie refuses the same request twice within a minute: another page size makes it another one.
    page_size = _SMALLEST_PAGE + int(clock.now().timestamp()) % _PAGE_SIZES
    param = {"pagina": 1, "registros_por_pagina": page_size}
    client = OmieClient(
        Credentials(granted.app_key, granted.app_secret),
        granted.base_url,
        LocalGovernor(),
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
        return _failed(granted.nome, "url_errada", str(error))
    records = answer.get(endpoint.list_array)
    if not isinstance(records, list):
        return _failed(granted.nome, "url_errada", "a resposta não é do Omie")
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

            told = f"o Omie fechou a API desta chave até {moment(fault.until)}"
            return _failed(empresa, "bloqueada", told, until=fault.until)
        case RetryLater() if detail.http_status:
            return _failed(empresa, "limite", detail.text)
        case Unreachable():
            return _failed(empresa, fault.kind, detail.text)
        case OutcomeUnknown() if not detail.http_status:
            return _failed(empresa, "sem_resposta", detail.text)
        case _ if detail.http_status in _NOT_FOUND_STATUSES:
            return _failed(empresa, "url_errada", detail.text)
        case OutcomeUnknown() if detail.http_status < 500:
            return _failed(empresa, "url_errada", detail.text)
        case OutcomeUnknown():
            return _failed(empresa, "fora_do_ar", detail.text)
    return _failed(empresa, "outra", detail.text)


def _auth_cause(text: str) -> str:
    lowered = text.lower()
    if "não cadastrada" in lowered:
        return "chave_desconhecida"
    if "suspenso" in lowered and "inválida" not in lowered:
        return "aplicativo_suspenso"
    return "chave_recusada"


def _failed(empresa: str, cause: str, message: str, until: datetime | None = None) -> Finding:
    from omie_pipeline.omie.reach import PROXY_VARIABLES

    variable = next((name for name in PROXY_VARIABLES if os.environ.get(name)), "")
    fix = _FIXES[cause].format(variable=variable)
    return Finding(empresa, False, cause=cause, message=message, fix=fix, until=until)
