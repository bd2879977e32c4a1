"""What an alert says, and what a person does about it."""

from __future__ import annotations

from typing import Final

# alerts/channels.py

NO_CHANNEL: Final = "sem canal configurado (OMIE_NOTIFY_URLS)"
UNKNOWN_SERVICE: Final = "endereço não reconhecido"


def own_address_missing(*, empresa: str, variable: str) -> str:
    return f"Empresa {empresa}: defina {variable} no ambiente ou no arquivo .env"


# alerts/conditions.py

AGAIN: Final = "Se não passar sozinho na próxima execução"
CAUSES: Final = {
    "GuardrailStopped": (
        "uma trava barrou o envio antes da primeira chamada",
        "Confira os números em omie-pipeline history; se estiverem certos, repita uma vez com "
        "--approve",
    ),
    "ApprovalNeeded": (
        "a política pede a aprovação de uma pessoa antes deste envio",
        "Leia e aprove: omie-pipeline plan list; nada saiu",
    ),
    "PlanRefused": (
        "o plano aprovado não vale mais: algo mudou desde então",
        "Faça outro plano: omie-pipeline plan; nada saiu",
    ),
    "ModelError": ("o modelo dbt não serve", "Refaça com omie-pipeline build ou corrija o modelo"),
    "ConfigurationError": (
        "a configuração está errada",
        "Veja em omie-pipeline history o que falta",
    ),
    "ClinicSourceError": ("a clínica não pôde ser lida", "Confira CLINIC_URL e o banco da clínica"),
    "BudgetSpent": (
        "o limite próprio de erros foi atingido, antes que o Omie bloqueie a chave",
        "Veja os erros em omie-pipeline history e omie-pipeline rejected",
    ),
    "Unreachable": (
        "o Omie não pôde ser alcançado",
        "Confira a internet, o firewall e OMIE_BASE_URL com omie-pipeline check",
    ),
    "Paused": ("o Omie pediu para esperar", f"{AGAIN}, veja omie-pipeline history"),
    "RetryLater": ("o Omie não respondeu", f"{AGAIN}, veja omie-pipeline history"),
    "Broken": ("as respostas do Omie vieram quebradas", f"{AGAIN}, veja omie-pipeline history"),
    "TurnedAway": ("o Omie recusou por excesso de uso", f"{AGAIN}, veja omie-pipeline history"),
    "Busy": ("o Omie estava ocupado", f"{AGAIN}, veja omie-pipeline history"),
    "Overloaded": ("o Omie não conseguiu responder", f"{AGAIN}, leia períodos menores"),
    "OutcomeUnknown": ("a resposta do Omie se perdeu", f"{AGAIN}, veja omie-pipeline history"),
    "": ("o processo foi interrompido", "Repita: o que ficou no meio é conferido antes de sair"),
}
OTHER_CAUSE: Final = ("erro inesperado", "Veja o erro em omie-pipeline history")
UNKNOWN_CITY: Final = "município não informado"


def notes_without_order(number: int) -> str:
    return f" {number} o Omie não conhece ou diz não faturadas."


def mapping_unusable(*, empresa: str, number: int) -> str:
    return f"{empresa}: {number} código(s) do de-para que o Omie não aceita mais"


def mapping_unusable_fix(codes: str) -> str:
    return (
        f"Inativos ou excluídos no Omie: {codes}. As linhas que dependem deles ficam em "
        "quarentena. Veja omie-pipeline mapping list e escolha outros com omie-pipeline mapping set"
    )


def notes_unanswered(*, empresa: str, notes: int, city: str, minutes: float) -> str:
    return f"{empresa}: {notes} NFS-e de {city} sem resposta há mais de {minutes:.0f} minutos"


def notes_unanswered_fix(*, since: str, wrong: str) -> str:
    return (
        f"A mais antiga foi enviada em {since}.{wrong} O que fazer: veja se a prefeitura está no "
        "ar e, no Omie, o monitor de NFS-e; a situação de cada nota está em omie-pipeline nfse "
        "status."
    )


def notes_rejected(*, empresa: str, notes: int) -> str:
    return f"{empresa}: a prefeitura recusou {notes} NFS-e"


def notes_rejected_fix(since: str) -> str:
    return (
        f"Desde {since}. O que fazer: veja o motivo e a correção de cada uma em omie-pipeline "
        "rejected --endpoint faturar_os, corrija na clínica e envie de novo: o que mudou é "
        "faturado mais uma vez. O que a prefeitura diz que já conhece só sai com omie-pipeline "
        "nfse issue."
    )


def key_blocked(*, empresa: str, until: str) -> str:
    return f"{empresa}: o Omie bloqueou a chave até {until}"


def key_blocked_fix(since: str) -> str:
    return (
        f"Desde {since} o Omie não atende esta chave, por excesso de erros. Não é preciso fazer "
        "nada: o que espera sai sozinho depois do prazo. Para que não se repita, veja a causa em "
        "omie-pipeline rejected e omie-pipeline history."
    )


def key_refused(empresa: str) -> str:
    return f"{empresa}: o Omie recusa a chave de acesso"


def key_refused_fix(since: str) -> str:
    return (
        f"Desde {since} nada é enviado nem lido. Confira com omie-pipeline check, copie de novo "
        "App Key e App Secret do painel do Omie para o .env e repita com omie-pipeline retry."
    )


TARGETS: Final = {"table": "a tabela da clínica", "callback": "o endereço chamado"}
NO_ERROR: Final = "nenhuma entrega foi tentada desde então"


def target_behind(*, empresa: str, target: str, number: int) -> str:
    return f"{empresa}: {target} não recebeu {number} mudanças do Omie"


def target_behind_fix(*, since: str, error: str) -> str:
    return (
        f"A mais antiga espera desde {since}: {error}. Nada se perde: tudo segue na ordem quando o "
        "destino voltar. Confira com omie-pipeline outbox check e repita com omie-pipeline outbox "
        "run."
    )


THE_PUSH: Final = "o envio de"
THE_READING: Final = "a leitura de"


def run_failed(*, empresa: str, task: str, table: str) -> str:
    return f"{empresa}: {task} {table} falhou"


def run_failed_fix(*, since: str, cause: str, fix: str) -> str:
    return f"Desde {since}: {cause}. O que fazer: {fix}."


def rows_rejected(*, empresa: str, rejected: int, selected: int, table: str) -> str:
    return f"{empresa}: o Omie recusou {rejected} de {selected} linhas de {table}"


def rows_rejected_fix(*, started_at: str, limit: float) -> str:
    return (
        f"Na execução de {started_at}; o limite é {limit:.1%} (max_rejected_share). O que fazer: "
        "veja cada linha e sua correção em omie-pipeline rejected."
    )


def rows_quarantined(*, empresa: str, rows: int, endpoint: str) -> str:
    return f"{empresa}: {rows} linhas de {endpoint} em quarentena"


def quarantined_since(*, since: str, reasons: str) -> str:
    return f"A mais antiga desde {since}. Por motivo: {reasons}"


def other_reasons(rows: int) -> str:
    return f"; outros: {rows}"


def rows_quarantined_fix(endpoint: str) -> str:
    return (
        f". O que fazer: veja cada linha e sua correção em omie-pipeline quarantine {endpoint}, "
        "corrija na clínica; o próximo envio leva o que estiver certo."
    )


SENT: Final = "enviado"
READ_FROM_OMIE: Final = "lido do Omie"


def changes_overwritten(*, empresa: str, records: int, endpoint: str) -> str:
    return f"{empresa}: {records} registro(s) de {endpoint} mudaram no Omie na hora do envio"


def changes_overwritten_fix(since: str) -> str:
    return (
        f"Desde {since}: o que alguém digitou foi substituído sem ser comparado. Veja quais em "
        "omie-pipeline conflicts list, refaça no Omie o que faltar e confirme com "
        "omie-pipeline conflicts resolve CÓDIGO --keep clinica."
    )


def nothing_runs(*, empresa: str, task: str, last: str) -> str:
    return f"{empresa}: nada é {task} desde {last}"


def nothing_runs_fix(hours: float) -> str:
    return (
        f"Pela agenda não passam mais de {hours:.0f} horas. O que fazer: confira no Dagster se o "
        "daemon está no ar, se a agenda está ligada e se a fila de execuções anda."
    )


def counts_differ(*, empresa: str, table: str) -> str:
    return f"{empresa}: {table} não fecha com o total do Omie"


def counts_differ_fix(*, since: str, table: str) -> str:
    return (
        f"Desde {since} as contagens não batem, duas leituras seguidas ou mais. O que fazer: leia "
        f"tudo de novo com omie-pipeline import {table} --full; se voltar, veja omie-pipeline "
        "history."
    )


def events_wait(*, empresa: str, number: int, minutes: int) -> str:
    return f"{empresa}: {number} eventos do Omie esperam há mais de {minutes} minutos"


def events_wait_fix(oldest_at: str) -> str:
    return (
        f"O mais antigo é de {oldest_at}. O que fazer: confira se o Dagster está no ar e se o "
        "sensor eventos_do_omie está ligado; a causa está em omie-pipeline history."
    )


# alerts/send.py

TEST_TITLE: Final = "omie_pipeline: mensagem de teste"
TEST_TEXT: Final = "Este canal recebe os avisos da omie_pipeline. Nada a fazer."
HEADS: Final = {"new": "ALERTA", "reminder": "CONTINUA", "resolved": "RESOLVIDO"}
NOT_SENT: Final = "Aviso não entregue: %s"


def more_alerts(number: int) -> str:
    return f"E mais {number}: omie-pipeline notify status"


ONE_NEW: Final = "1 alerta novo"
NEW_ALERTS: Final = "alertas novos"
ONE_LASTING: Final = "1 que continua"
LASTING_ALERTS: Final = "que continuam"
ONE_RESOLVED: Final = "1 resolvido"
RESOLVED_ALERTS: Final = "resolvidos"


def resolved_between(*, head: str, since: str, until: str) -> str:
    return f"{head}\nDe {since} a {until}."
