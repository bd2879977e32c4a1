"""How things stand: `status`, `history`, `check` and alerts on the terminal."""

from __future__ import annotations

from typing import Final

# cli/status.py

PUSH_STATES: Final = {"active": "ativo", "error": "erro", "disabled": "desativado"}
ONLY_EXPORTED: Final = "esta lista só é enviada ao Omie (omie-pipeline switches list)"


def paused(told: str) -> str:
    return f"Desativada: {told}. Para voltar a usá-la: omie-pipeline resume"


KNOCKS_ONCE: Final = "Cada execução tenta uma vez só até alguém responder"
NUMBERS: Final = {
    "confirmed": "no Omie",
    "rejected": "rejeitadas",
    "quarantined": "quarentena",
    "held": "retidas",
    "deleted": "excluídas",
    "open_intents": "sem resposta",
    "before_start": "antes do início",
}
SITUATION: Final = "situação"
LAST_READING: Final = "última leitura"
NEXT_READING: Final = "próxima, se ligada"
READING_HEAD: Final = "Leitura do Omie"


def reading_head_of(empresa: str) -> str:
    return f"Leitura do Omie ({empresa})"


def events_wait(*, empresa: str, events: str, since: str) -> str:
    return f"{empresa}: {events} eventos de webhook esperam, o mais antigo desde {since}"


OUTSIDE_FILTER: Final = "fora do filtro da empresa"


def did_not_close(table: str) -> str:
    return f"não fechou com o Omie → omie-pipeline import {table} --full"


def days_unproven(*, days: str, table: str) -> str:
    return f"{days} dias sem leitura completa → omie-pipeline import {table} --full"


def no_way(*, empresa: str, since: str, reason: str) -> str:
    return f"{empresa}: sem caminho até o Omie ({since}): {reason}. {KNOCKS_ONCE}"


def line_waits(*, empresa: str, line: str, until: str, reason: str) -> str:
    return f"{empresa}: {line} espera até {until}: {reason}"


NOTHING_PUSHED: Final = "Envio ao Omie: nada ainda. Comece com: omie-pipeline push tudo --dry-run"
NOTHING_READ: Final = "Leitura do Omie: nada ainda. Comece com: omie-pipeline import tudo"


def more_hidden(rows: str) -> str:
    return f"Mais {rows} sem nada a dizer: omie-pipeline status --all"


EMPTIED_AT_CLINIC: Final = "A clínica esvaziou e o Omie ainda tem"
PLANS_WAIT: Final = "Planos à espera de uma pessoa"
CONFLICTS_WAIT: Final = "Campos com conflito, ou sobrescritos, à espera de uma pessoa"
DELIVERED_WITH_WARNING: Final = "Entregues com aviso"
DROPPED_CODES: Final = "Códigos do de-para que o Omie não aceita mais"
ROWS_NOT_COPIED: Final = "Linhas da clínica que não foram copiadas"


def some_in(*, number: str, place: str) -> str:
    return f"{number} em {place}"


def see_reasons(*, what: str, told: str, command: str) -> str:
    return f"{what}: {told}; motivos: omie-pipeline {command}"


LAST_RUN: Final = "última execução"
PUSH_HEAD: Final = "Envio ao Omie"


def push_head_of(empresa: str) -> str:
    return f"Envio ao Omie ({empresa})"


def key_blocked(*, empresa: str, until: str, reason: str) -> str:
    return (
        f"{empresa}: o Omie fechou a API até {until} ({reason}); depois: omie-pipeline retry, e "
        "repita o import"
    )


BEFORE_START: Final = (
    "Linhas antes de OMIE_PIPELINE_START_DATE (ou sem data) não são enviadas; "
    "OMIE_PIPELINE_INCLUDE_BEFORE_START=true as inclui."
)
CAUSES_NEXT: Final = "Causa das falhas e o que fazer: omie-pipeline history"


# cli/history.py

TOLD_COUNTS: Final = {
    "delivered": "entregues",
    "unchanged": "inalteradas",
    "rejected": "rejeitadas",
    "quarantined": "em quarentena",
    "held": "retidas",
    "read": "lidas",
    "inserted": "novas",
    "updated": "alteradas",
    "excluded": "excluídas",
    "filtered": "filtradas",
}
DELIVERED_AS: Final = {
    "created": ("criada", "criadas"),
    "updated": ("alterada", "alteradas"),
    "linked": ("vinculada", "vinculadas"),
    "deleted": ("excluída", "excluídas"),
}


ONE_DELIVERED, SEVERAL_DELIVERED = "entregue", "entregues"


RUN_STATES: Final = {
    "running": "em andamento",
    "done": "concluída",
    "dry_run": "simulação",
    "stopped": "barrada",
    "failed": "falhou",
    "off": "desligado",
}
MAP_CATEGORY: Final = (
    "Categoria não mapeada: defina-a com omie-pipeline defaults set (códigos em omie-pipeline "
    "refs), rode omie-pipeline build e envie de novo"
)
CONFLICT: Final = "Conflito: decida qual lado vale (omie-pipeline reconcile) e envie de novo"
BEGINNING: Final = "início"
WHAT: Final = "o quê"
DETAILS_NEXT: Final = "Endpoint por endpoint: omie-pipeline history --details"


def read_whole_fix(table: str) -> str:
    return f"Leia de novo por inteiro: omie-pipeline import {table} --full"


NO_RUN_YET: Final = (
    "Nenhuma execução ainda. Comece com: omie-pipeline import tudo, ou omie-pipeline push tudo "
    "--dry-run"
)
ERROR_AND_FIX: Final = "erro e o que fazer"
PUSH_OR_READING: Final = "é push ou import"

# cli/check.py

COMPANY_WITHOUT_NAME: Final = "empresa sem nome no Omie"
SUCCESS: Final = "Conexão estabelecida com sucesso"
NOT_YET: Final = (
    "o PostgreSQL embutido ainda não está ligado; ele se liga sozinho no primeiro comando que "
    "precisa dele"
)
POOLERS: Final = {True: ", por um pooler em modo de sessão", False: ""}
CLOSE: Final = "chmod -R go= {place} (notas têm dados de pacientes; as novas já são só suas)"


OF_WAREHOUSE_URL: Final = "de WAREHOUSE_URL"


def database_answers(*, version: str, whose: str, pooled: str) -> str:
    return f"PostgreSQL {version} {whose} responde{pooled}"


def no_connection(*, empresa: str, cause: str) -> str:
    return f"{empresa}: sem conexão: {cause}"


def what_to_do(fix: str) -> str:
    return f"O que fazer: {fix}"


def database(message: str) -> str:
    return f"Banco: {message}"


def archive_open(found: object) -> str:
    return f"O arquivo de notas está aberto a outros usuários desta máquina: {found}"


def and_more(number: int) -> str:
    return f" e mais {number}"


# cli/notify.py

SENT: Final = "enviada"
NOT_ACCEPTED: Final = "não foi aceita"
NOT_ACCEPTED_YET: Final = "não foi aceita; tento na próxima vez"
DIAGNOSE: Final = (
    "O apprise diz por quê: apprise -vv -b teste 'ENDEREÇO' (mostra o segredo na tela)"
)
ADDRESSES_FIX: Final = f"O que fazer: confira os endereços em OMIE_NOTIFY_URLS. {DIAGNOSE}"
NO_OPEN_ALERT: Final = "Nenhum alerta em aberto"
ANOTHER_SENDS: Final = "Outro processo está avisando agora"


def alerts_sent(*, alerts: int, messages: int) -> str:
    return f"{alerts} alertas em aberto; {messages} mensagens"


NO_CHANNEL: Final = "Nenhum canal de aviso: defina OMIE_NOTIFY_URLS no ambiente ou no arquivo .env"
