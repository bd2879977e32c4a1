"""What the page of an empresa's settings says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# console/pages/settings.py

TITLE: Final = "Configurações"
REASON_NEEDED: Final = "Escreva o motivo: quem olhar depois precisa entender."
NO_CHANNEL: Final = (
    "Nenhum canal de aviso está configurado para esta empresa. Quem cuida do servidor põe o "
    "endereço em OMIE_NOTIFY_URLS."
)
CONNECTED: Final = "O Omie respondeu: a conexão funciona."


def connected_to(company: str) -> str:
    return f"O Omie respondeu: a conexão funciona. Empresa no Omie: {company}."


def not_connected(*, message: str, fix: str) -> str:
    return f"Sem conexão: {message}. O que fazer: {fix}."


SENT: Final = "aceitou o aviso de teste"
NOT_SENT: Final = "não aceitou o aviso de teste; quem cuida do servidor confere o endereço"
PAUSED_NOW: Final = "A empresa está desativada: nada é lido nem enviado até alguém reativar."
RESUMED_NOW: Final = "A empresa está ativa de novo. A próxima sincronização pega o que esperou."
SWITCHED_NOW: Final = "Mudado. Vale a partir do próximo envio ou leitura."

SCHEDULES: Final[Mapping[str, str]] = {
    "6h": "a cada 6 horas",
    "daily": "uma vez por dia",
    "manual": "só quando alguém pede",
}
STATES: Final[Mapping[str, str]] = {
    "on": "ligado",
    "so_novos": "só cria o que é novo",
    "off": "desligado",
}
DIRECTIONS: Final[Mapping[str, str]] = {
    "both": "envia e lê",
    "export": "só envia",
    "import": "só lê do Omie",
}
SIDES: Final[Mapping[str, str]] = {"receber": "só a receber", "pagar": "só a pagar"}
YES: Final = "sim"
NO: Final = "não"
EVERYTHING: Final = "tudo"
RULE_SOURCES: Final[Mapping[str, str]] = {
    "default": "padrão",
    "file": "arquivo, para todas",
    "empresa": "arquivo, desta empresa",
}

SCHEDULE: Final = "Sincroniza"
START: Final = "Envia o que é de"
BEFORE_START: Final = "Envia também o que é de antes, ou sem data"
ZONE: Final = "Fuso horário da clínica"
READ_FROM: Final = "Lê do Omie o que foi incluído a partir de"
READ_UNTIL: Final = "Lê do Omie o que foi incluído até"
READ_SIDE: Final = "Títulos que lê"
OPEN_ONLY: Final = "Só títulos em aberto"
ACCOUNTS: Final = "Contas correntes que lê"
ARCHIVE: Final = "Guarda o PDF e o XML das notas"

# templates/settings.html

CONNECTION: Final = "Conexão com o Omie"
CONNECTION_ABOUT: Final = "O teste faz uma pergunta ao Omie e não muda nada."
TEST: Final = "Testar a conexão"
PAUSE: Final = "Desativar a empresa"
PAUSE_ABOUT: Final = (
    "Enquanto está desativada, nada é lido nem enviado e ninguém recebe avisos dela. O que está "
    "a caminho termina o que já começou; o resto espera, nada se perde."
)
REASON: Final = "Motivo"
DO_PAUSE: Final = "Desativar"
IS_PAUSED: Final = "Esta empresa está desativada"
DO_RESUME: Final = "Reativar a empresa"
RESUME_ABOUT: Final = "Depois de reativada, a próxima sincronização pega o que esperou."
AS_IT_IS: Final = "Frequência, período e filtros"
AS_IT_IS_ABOUT: Final = "Isto se muda no arquivo de configuração do servidor."
RULES: Final = "Regras de conferência"
RULE: Final = "Regra"
VALUE: Final = "Valor"
FROM: Final = "Vem de"
SWITCHES: Final = "O que é enviado e lido"
SWITCHES_ABOUT: Final = "Desligar não apaga nada no Omie: só deixa de enviar dali em diante."
WHAT: Final = "O quê"
STATE: Final = "Envio"
DIRECTION: Final = "Direção"
LEFT_OUT: Final = "Campos que não saem"
WHO_SAYS: Final = "Quem decidiu"
CHANGE: Final = "Mudar"
CHANNELS: Final = "Avisos"
CHANNELS_ABOUT: Final = "O teste manda a cada canal uma mensagem que diz que é um teste."
SEND_TEST: Final = "Mandar um aviso de teste"


def of(what: str, part: str) -> str:
    return f"{part}: {what}"
