"""What Dagster's pages show."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

# resources/dbt.py


def project_not_understood(*, project: object, said: str) -> str:
    return f"O dbt não entendeu o projeto {project}:\n{said}"


# resources/executors.py


def executor_tag(*, tag: str, value: str) -> str:
    return f"{tag}={value}: use one_process ou process_per_step"


# resources/run_workers.py

GONE: Final = (
    "O processo desta execução não existe mais (queda de energia, kill, máquina reiniciada)"
)
SIGN_OF_LIFE: Final = "sinal de vida"


# assets/checks.py

LOOK_AT_A_RUN: Final = (
    "Esta conferência olha o que uma execução acabou de fazer: materialize o asset."
)


# assets/extract.py


def of_unknown_empresa(name: str) -> str:
    return f"da empresa '{name}', que não está configurada"


WITHOUT_EMPRESA: Final = "sem empresa"


def rows_not_sent(*, table: str, rows: int, whose: str) -> str:
    return f"{table}: {rows} linha(s) {whose}, não são enviadas"


# assets/import_checks.py


def page_sizes(*, asked: int, served: int) -> str:
    return f"pedido {asked}, servido {served}"


def window(*, first: date, last: object) -> str:
    return f"{first:%d/%m/%Y} a {last:%d/%m/%Y}"


JUST_ASKED: Final = "outra leitura acabava de ser feita: nada foi perguntado ao Omie"
COUNTS_HEAD: Final = "| partição | linhas aqui | total no Omie | situação |"


def more_partitions(left: int) -> str:
    return f"\n\nE mais {left} partições sem novidade."


NOT_YET_CHECKED: Final = "ainda não conferida"
DOES_NOT_CLOSE: Final = "não fecha"
CHANGED_SINCE: Final = "mudou depois da conferência"
COUNTS_CHECK: Final = "Em cada partição, as linhas aqui são o total que o Omie diz ter"
FIELDS_CHECK: Final = "O Omie só mandou campos que a documentação dele conhece"
STATEMENT_CHECK: Final = (
    "Por conta e mês: variação do saldo do Omie = linhas do extrato = movimentações"
)


def count_differs(*, rows: int, total: int | None) -> str:
    return f"{rows} linhas aqui, {total} no Omie: não fecha"


LIST_MOVED: Final = (
    "A lista mudava enquanto era lida: nenhuma leitura ficou estável. A próxima confere de novo"
)


def count_unchecked(rows: int) -> str:
    return f"{rows} linhas aqui, ainda não conferidas com o total do Omie"


def count_told(*, rows: int, total: int, situation: str) -> str:
    return f"{rows} linhas aqui, {total} no Omie: {situation}"


def unknown_fields(fields: str) -> str:
    return f"Campos sem documento, guardados em raw: {fields}"


NO_NEW_FIELD: Final = "Nenhum campo novo"


def accounts_close(accounts: int) -> str:
    return f"{accounts} contas do mês fecham ao centavo"


def accounts_do_not_close(*, wrong: int, accounts: int) -> str:
    return (
        f"{wrong} de {accounts} contas do mês não fecham: confira se movimentacoes foi lida no "
        "mesmo período"
    )


STATEMENT_HEAD: Final = "| conta | mês | até | saldo do Omie | linhas do extrato | movimentações |"


# assets/imports.py

STATEMENT_WITHOUT_RANGE: Final = "extrato: a leitura não tem período"


def mode_tag(*, tag: str, mode: str) -> str:
    return f"{tag}={mode}: use full ou incremental"


def moment_tag(*, tag: str, moment: str | None) -> str:
    return f"{tag}={moment}: use data e hora ISO"


# assets/mapping.py

DEFAULTS_ADOPTED: Final = "Padrões importados de %s"
DEFAULT_LEFT_OUT: Final = "Padrão que ficou de fora: %s"
DBT_RUNS: Final = "O dbt refaz e testa os modelos desta execução: %s"
VIEW_STANDS: Final = "como estava: nada de que depende mudou"
TABLE_FILLED: Final = "linhas mudaram"
TABLE_UNCHANGED: Final = "nenhuma linha mudou"


def test_fails(*, test: str, rows: int) -> str:
    return f"{test}: {rows} linhas não passam neste teste do dbt"


MODELS_WAIT: Final = "Outro build refaz os modelos, ou preenche as tabelas: aguardando"
TEST_PASSES: Final = "todas as linhas passam neste teste do dbt"


def test_not_asked(test: str) -> str:
    return f"{test}: o banco não pôde responder a este teste do dbt"


# assets/nfse.py

PDF_READY: Final = "PDF pronto"
PDF_MISSING: Final = "ainda sem PDF"
PROCESSING: Final = "em processamento"
WITH_ERROR: Final = "com erro"
OF_DELETED_ORDERS: Final = "de OS excluídas"
NOTES_HEAD: Final = "| empresa | situação | notas | mais antiga | R$ |"
NO_NOTE: Final = "Nenhuma nota"


# assets/partitions.py

ONE_EMPRESA_A_RUN: Final = "Uma execução cuida de uma empresa: inicie uma para cada"


# assets/push.py

STEP_DONE: Final = "concluído"
STEP_STOPPED: Final = "interrompido"
PUSH_WAITS: Final = "Outra execução envia este endpoint: aguardando"


# assets/push_report.py

WHAT_TO_DO: Final = "o que fazer"
PUSH_HEADINGS: Final = ("partição", "sel.", "entr.", "inalt.", "rej.", "quar.", "ret.")
ACCOUNTING_CHECK: Final = (
    "selecionadas = entregues + inalteradas + rejeitadas + quarentena + retidas, e o livro-razão "
    "diz o mesmo"
)
REJECTED_CHECK: Final = "Parcela de linhas que o Omie recusou: avisa com uma, falha acima do limite"
QUARANTINE_CHECK: Final = "Great Expectations: linhas que a nossa validação não deixou sair"


PLAN_CHECK: Final = "Planos guardados que esperam a aprovação ou a aplicação de uma pessoa"
NO_PLAN_WAITS: Final = "Nenhum plano espera por uma pessoa"


def plan_to_approve(plan_id: str) -> str:
    return (
        f"O plano {plan_id} espera aprovação: omie-pipeline plan show {plan_id}; "
        f"omie-pipeline plan approve {plan_id} --by NOME"
    )


def somebody_by_run(run: str) -> str:
    return f"alguém no Dagster (execução {run})"


def plan_to_apply(*, plan_id: str, by: str, tag: str) -> str:
    return (
        f"O plano {plan_id} foi aprovado por {by}: aplique com omie-pipeline apply {plan_id}, ou "
        f"execute de novo com a tag {tag}={plan_id}"
    )


def rejected_share(*, rejected: int, selected: int, share: float, most: float) -> str:
    return (
        f"{rejected} de {selected} linhas recusadas pelo Omie (na execução, {share:.1%}; limite "
        f"{most:.1%})"
    )


def quarantined(rows: int) -> str:
    return f"{rows} linhas em quarentena; as demais seguiram"


REASONS_HEAD: Final = "| campo | motivo | linhas |"


# assets/reconciliation.py

DIFFERENCE_CHECK: Final = (
    "Nada falta, nada sobra e nada difere entre a clínica, o livro-razão e o Omie"
)
DUPLICATE_CHECK: Final = "Nenhum título nosso tem um gêmeo digitado à mão no Omie"


def differences(*, missing: int, extra: int, different: int) -> str:
    return f"{missing} faltam no Omie, {extra} sobram, {different} diferem"


def twins(pairs: int) -> str:
    return f"{pairs} títulos com um gêmeo sem vínculo"


DAYS_HEAD: Final = (
    "endpoint",
    "dia",
    "R$ clínica",
    "R$ Omie",
    "diferença",
    "divergências",
)


def more_days(left: int) -> str:
    return f"\n\nE mais {left} dias."


DIFFERENCES_HEAD: Final = (
    "endpoint",
    "código",
    "id no Omie",
    "dia",
    "situação",
    "campos",
)
TWINS_HEAD: Final = (
    "natureza",
    "código",
    "título nosso",
    "título sem vínculo",
    "R$",
    "o que fazer",
)


# assets/status.py


def all_paused(told: str) -> str:
    return f"Nada a fazer: {told}"


def empresa_paused(told: str) -> str:
    return f"Desativada: {told}"


RUN_STATES = {
    "running": "em andamento",
    "done": "feito",
    "stopped": "barrado",
    "failed": "erro",
    "dry_run": "simulação",
    "off": "desligado",
}
SENT_HEAD = ("endpoint", "último envio", "", "no Omie", "a corrigir", "retidas")
READ_HEAD = ("tabela", "situação", "última leitura", "próxima", "linhas", "dias sem prova")
NOTHING_YET = "nada ainda"
NO_KEY: Final = "Sem chave do Omie: nada é lido"


def key_blocked(until: str) -> str:
    return f"O Omie bloqueou a chave até {until}"


def events_wait(*, events: int, since: str) -> str:
    return f"{events} eventos (webhooks) esperam, o mais antigo de {since}"


# sensors/alerts.py

ANOTHER_SENDS: Final = "Outro processo está avisando agora"


def alerts_sent(*, alerts: int, sent: int, messages: int) -> str:
    return f"{alerts} alertas; {sent} de {messages} mensagens entregues"


def run_failed(*, about: str, job: str) -> str:
    return f"{about}a execução {job} do Dagster falhou"


def run_failed_fix(ended_at: str) -> str:
    return (
        f"Em {ended_at}. O que fazer: abra a execução no Dagster (Runs), veja a etapa em vermelho "
        "e repita."
    )


# sensors/changes.py

TITLES_AND_SETTLEMENTS: Final = "títulos e baixas"
MOVEMENTS: Final = "movimentações, lançamentos de conta e, com elas, o extrato"
CLIENTS_AND_SUPPLIERS: Final = "clientes e fornecedores; as listas curtas só vêm com a agenda"
INVOICES: Final = "notas fiscais"
NOTHING_CHANGED: Final = "Nada mudou no Omie"


def empresa_without_key(empresa: str) -> str:
    return f"{empresa}: sem chave do Omie"


def key_refused(*, empresa: str, until: str) -> str:
    return f"{empresa}: a chave foi recusada, próxima tentativa {until}"


def only_exported(*, empresa: str, table: str) -> str:
    return f"{empresa}/{table}: só é enviada ao Omie"


def already_to_be_read(*, empresa: str, table: str) -> str:
    return f"{empresa}/{table}: uma execução já vai ler"


def empresa_closed(*, empresa: str, text: str, until: datetime) -> str:
    return f"{empresa}: {text} até {until:%d/%m %H:%M}"


# sensors/import_schedules.py

NOTHING_DUE: Final = "Nenhuma tabela está na agenda deste horário"
NO_CLINIC: Final = "Sem clínica configurada (CLINIC_URL) não há o que conciliar"


# sensors/inbox.py


def events_not_read(reason: str) -> str:
    return f"Não foi possível ler: {reason}. Os eventos esperam."


NO_EVENT_DUE: Final = "Nenhum evento que possa ser tratado agora"


# sensors/nfse.py

NO_OPEN_NOTE: Final = "Nenhuma nota em aberto"


def notes_wait(empresa: str) -> str:
    return f"{empresa}: o Omie bloqueou a chave; as notas esperam"


def open_notes(notes: int) -> str:
    return f"{notes} em aberto"


def questions(number: int) -> str:
    return f"{number} perguntas"


def files_stored(files: int) -> str:
    return f"{files} arquivos guardados"


def unreadable_answers(answers: int) -> str:
    return f"{answers} sem resposta legível"


def stopped(stopped: str) -> str:
    return f"parou: {stopped}"


# sensors/push_schedules.py

STARTED_BY_HAND: Final = "Execução manual: os lançamentos ficam para quem a iniciou"


# sensors/resume.py

NOTHING_HELD: Final = "Nada retido que possa seguir agora"
NOTHING_TO_RESUME: Final = "Nenhuma leitura interrompida que possa seguir agora"


# sensors/status.py

PAGE_RENEWED: Final = "Página renovada"
PAGE_UNCHANGED: Final = "Nada mudou"


# assets/retries.py


def unreachable(*, text: str, fix: str) -> str:
    return (
        f"{text}, como já visto há pouco. {fix} O que já foi lido fica; o resto continua sozinho "
        "depois (sensor retomar_leituras)."
    )


def blocked(*, text: str, until: datetime) -> str:
    return (
        f"{text}, até {until:%d/%m/%Y %H:%M}. O que já foi lido fica; o resto continua sozinho "
        "depois disso (sensor retomar_leituras)."
    )


def stopped_by_guardrail(*, why: str, tag: str) -> str:
    return f"Nada foi enviado: {why}. Se estiver certo, execute de novo com a tag {tag}=true."


# assets/way_back.py, sensors/way_back.py

WAY_BACK_HEAD: Final = "| empresa | destino ou leitor | até o nº | faltam | último erro |"
WAY_BACK_TARGETS: Final = {"table": "tabela da clínica", "callback": "chamada HTTP"}
NO_WAY_BACK: Final = "Nenhuma empresa com saida: no YAML"


def goes_on_with(empresa: str) -> str:
    return f"o tempo desta volta acabou: a próxima começa por {empresa}"


def changes_written(number: int) -> str:
    return f"{number} mudanças novas"


def changes_delivered(*, target: str, sent: int) -> str:
    return f"{target}: {sent} entregues"
