"""What the first page says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# console/pages/home.py

STANDINGS: Final[Mapping[str, str]] = {
    "active": "Ativa",
    "error": "Erro",
    "disabled": "Desativada",
}

# templates/home.html

TITLE: Final = "Início"
LAST_SYNC: Final = "Última sincronização"
NEXT_SYNC: Final = "Próxima"
NEVER: Final = "nunca"
MANUAL: Final = "só quando alguém pede"
TO_CORRECT: Final = "a corrigir"
HELD: Final = "esperando"
TO_DECIDE: Final = "a decidir"
SYNC_NOW: Final = "Sincronizar agora"
IS_PAUSED: Final = "Esta empresa está desativada: nada é lido nem enviado."
NOTHING: Final = "O seu acesso ainda não mostra nenhuma empresa. Fale com quem cuida dos acessos."
BY_DAY: Final = "Enviados e recusados por dia"
DAY: Final = "Dia"
DELIVERED: Final = "Enviados"
REFUSED: Final = "Recusados"


def blocked(until: str) -> str:
    return f"O Omie não aceita chamadas até {until}. Tudo espera e segue sozinho depois."


# templates/works.html

GOING_ON: Final = "Em andamento"
NOTHING_GOING_ON: Final = "Nada em andamento."
STOPPED: Final = "sem sinal de vida"
ASKED_AT: Final = "pedida em"
LATEST: Final = "O que foi pedido"
KINDS: Final[Mapping[str, str]] = {
    "sync": "Sincronização",
    "retry": "Envio de novo",
    "issue": "Emissão de uma nota",
    "cancel": "Cancelamento de uma nota",
    "wait": "Espera pela prefeitura",
    "sync_record": "Sincronização de um registro",
    "send_cause": "Envio de novo de um motivo",
    "apply_plan": "Aplicação de um plano",
    "recategorise": "Plano das categorias",
}
STEPS: Final[Mapping[str, str]] = {
    "build": "cópia da clínica",
    "import": "leitura do Omie",
    "push": "envio",
    "way_back": "volta à clínica",
    "plan": "plano",
}


def step(*, what: str, rows: str, refused: str) -> str:
    return f"{what}: {rows} linhas, {refused} recusadas"


def so_far(*, sent: str, refused: str, read: str) -> str:
    return f"{sent} enviados, {refused} recusados, {read} lidos do Omie"
