"""What every command says: usage, errors, questions, and what was not found."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

# cli/app.py


def endpoint_argument(endpoints: str) -> str:
    return f"ENDPOINT: {endpoints}."


def table_argument(tables: str) -> str:
    return f"TABELA: {tables}."


# cli/errors.py

LATER: Final = "Repita em alguns minutos; o que ficou pendente sai primeiro"
NEXT_STEPS: Final = {
    "AuthFailed": "Confira a chave com: omie-pipeline check",
    "GuardrailStopped": (
        "Confira os números acima; se estiverem certos, repita uma vez com --approve"
    ),
    "ApprovalNeeded": "Leia o plano (omie-pipeline plan show), aprove e aplique",
    "ModelError": "Refaça os modelos com: omie-pipeline build; se voltar, corrija o modelo dbt",
    "ModelMisfit": (
        "Corrija as colunas no modelo dbt (omie-pipeline models mostra de onde ele vem); depois "
        "rode omie-pipeline build e repita"
    ),
    "EmpresaPaused": "Para voltar a usá-la: omie-pipeline resume EMPRESA",
    "SwitchedOff": "Para mudar: omie-pipeline switches set TABELA --direction both",
    "WarehouseError": (
        "Confira WAREHOUSE_URL e se o banco está no ar (omie-pipeline db status); "
        "nada saiu sem registro, basta repetir depois"
    ),
    "TakenOver": (
        "Nada se perdeu: espere a outra execução terminar (omie-pipeline status) e repita; o que "
        "já está no Omie não sai de novo"
    ),
    "ClinicSourceError": "Confira a tabela na clínica; depois repita",
    "SourceUnreachable": "Confira CLINIC_URL e o acesso ao banco da clínica; depois repita",
    "Blocked": "Aguarde o prazo; depois: omie-pipeline retry",
    "BudgetSpent": "Corrija as linhas recusadas (omie-pipeline rejected) e aguarde o prazo",
    "Paused": "Aguarde o prazo; depois: omie-pipeline retry",
    "Unreachable": "Depois repita: o que ficou pendente sai primeiro",
    "RetryLater": LATER,
    "Broken": LATER,
    "Redundant": LATER,
    "TurnedAway": LATER,
    "OutcomeUnknown": "Repita em alguns minutos: o resultado é conferido antes de novo envio",
}
SMALLER_RANGE: Final = "Se voltar, leia um período menor de cada vez, com --from e --to"
READING_STEPS: Final = {
    "AuthFailed": NEXT_STEPS["AuthFailed"],
    "EmpresaPaused": NEXT_STEPS["EmpresaPaused"],
    "SwitchedOff": NEXT_STEPS["SwitchedOff"],
    "WarehouseError": NEXT_STEPS["WarehouseError"],
    "TakenOver": "Espere a outra leitura terminar e repita: o que foi lido fica",
    "Blocked": "Aguarde o prazo; depois repita o comando: continua de onde parou",
    "BudgetSpent": "Aguarde o prazo; depois repita o comando: continua de onde parou",
    "Paused": "Aguarde o prazo; depois repita o comando: continua de onde parou",
    "Unreachable": "Depois repita o comando: continua de onde parou",
    "RetryLater": f"Repita em alguns minutos. {SMALLER_RANGE}",
    "Broken": f"Repita em alguns minutos. {SMALLER_RANGE}",
    "Redundant": "Repita em um minuto",
    "TurnedAway": "Repita em alguns minutos",
    "Busy": "Repita em alguns minutos",
    "Overloaded": f"Repita em alguns minutos. {SMALLER_RANGE}",
    "OutcomeUnknown": f"Repita em alguns minutos. {SMALLER_RANGE}",
}
INTERRUPTED_READING: Final = "Repita: o que foi lido fica, o resto é lido agora"
INTERRUPTED_RUN: Final = (
    "Repita o envio: o que ficou no meio é conferido no Omie antes de sair de novo"
)
ELSEWHERE: Final = (
    "Confira a pasta e as permissões dela, ou aponte OMIE_PIPELINE_HOME para outra pasta; --debug "
    "mostra onde foi"
)


def error_line(*, about: str, what: str) -> str:
    return f"Erro: {about}{what}"


COMMONEST_REASONS: Final = "Motivos mais comuns da quarentena (a lista: omie-pipeline quarantine):"


def what_to_do(step: str) -> str:
    return f"O que fazer: {step}"


DISK_FULL: Final = "o disco está cheio"
DISK_FULL_FIX: Final = "Libere espaço e repita: o que foi confirmado fica"
QUOTA_SPENT: Final = "a cota de disco acabou"
NO_PERMISSION: Final = "sem permissão"
READ_ONLY_FOLDER: Final = "a pasta é só de leitura"
FILE_INSTEAD_OF_FOLDER: Final = "há um arquivo no lugar de uma pasta"
FOLDER_INSTEAD_OF_FILE: Final = "é uma pasta, não um arquivo"
FOLDER_INSTEAD_OF_FILE_FIX: Final = "Confira o caminho digitado"
NOT_THERE: Final = "não existe e não pôde ser criado"
PATH_TOO_LONG: Final = "o caminho é longo demais"
TOO_MANY_FILES: Final = "arquivos abertos demais"
TOO_MANY_FILES_FIX: Final = "Feche outros programas, ou aumente ulimit -n"
INTERRUPTED: Final = (
    "Interrompido. O que o Omie confirmou está registrado e o que foi lido fica; o resto é "
    "conferido e enviado, ou lido, na próxima execução."
)
STOPPED_BEFORE_FIRST_CALL: Final = "envio barrado antes da primeira chamada: "


def error_until(*, error: object, until: str) -> str:
    return f"{error} (até {until})"


# cli/output.py


def lines_written(*, records: int, target: str) -> str:
    return f"{records} linhas em {target}"


def not_written(*, file: str, cause: str) -> str:
    return f"Não foi possível gravar {file} ({cause})"


# cli/portuguese.py

SECTIONS: Final = {"Options": "Opções", "Arguments": "Argumentos", "Commands": "Comandos"}


def waiting_until(*, at: datetime, why: str) -> str:
    return f"Esperando até {at:%H:%M:%S}: {why}"


NOT_IN_RANGE: Final = "{0} está fora do intervalo {1}"
NO_INTEGER: Final = "{0} não é um número inteiro"
NO_NUMBER: Final = "{0} não é um número"
NOT_ONE_OF: Final = "{0} não é um destes: {1}"
HELP_SHOWN: Final = "Mostra esta ajuda."
USAGE: Final = "Uso: "


def error_of_click(message: str) -> str:
    return f"Erro: {message}"


def wrong_usage(error: str) -> str:
    return f"Uso incorreto: {error}"


def help_hint(command_path: str) -> str:
    return f"Ajuda: {command_path} --help"


def no_such_option(*, option: str, near: str) -> str:
    return f"a opção {option} não existe{near}"


AN_ARGUMENT: Final = "um argumento"


def argument_missing(name: str) -> str:
    return f"falta {name}"


def option_needs_value(option_name: str) -> str:
    return f"a opção {option_name} precisa de um valor"


def no_such_command(*, command: str, near: str) -> str:
    return f"o comando {command} não existe{near}"


def argument_too_many(arguments: str) -> str:
    return f"argumento a mais {arguments}"


OR_: Final = " ou "


def perhaps(names: str) -> str:
    return f" (seria {names}?)"


REQUIRED: Final = "[obrigatório]"
DEFAULT: Final = "[padrão: "
OPTIONS_PLACE: Final = "[OPÇÕES]"


# cli/prompts.py

CONFIRM_WITH_YES: Final = "confirme com --yes"


def yes_or_no(question: str) -> str:
    return f"{question} [s/N]"


# cli/selection.py

BUILD: Final = "se a linha é nova na clínica: omie-pipeline build"


def endpoints_help(endpoints: str) -> str:
    return f"{endpoints}; ou tudo"


def tables_help(tables: str) -> str:
    return (
        "cadastros, titulos, movimentacoes (com lançamentos e extrato; só a tabela: mf), notas, "
        f"tudo, ou uma destas: {tables}; fornecedores é clientes, notas_fiscais é notas"
    )


def no_date(*, text: str, form: str) -> str:
    return f"{text!r} não é uma data (use {form})"


def from_day(first: date) -> str:
    return f"de {first:%d/%m/%Y}"


def to_day(last: date) -> str:
    return f"até {last:%d/%m/%Y}"


FROM_THEN_ON: Final = "em diante"


def no_such_name(*, names: str, known: str) -> str:
    return f"não existe {names} (existem: {known})"


NOT_WITH_FROM_TO: Final = "não combina com --from e --to"
AFTER_TO: Final = "é depois de --to"


def before_start(*, day: date, start: date) -> str:
    return (
        f"{day} é antes do início ({start}, OMIE_PIPELINE_START_DATE); nada dessas datas é enviado"
    )


def no_rows_at(*, names: str, dates: str) -> str:
    return f"Nenhuma linha de {names} em {dates}: confira as datas; {BUILD}"


def no_rows_of_empresa(empresa: str) -> str:
    return f"Nenhuma linha da empresa {empresa} nestes modelos; {BUILD}"


def no_rows_with_code(*, code: str, names: str, empresas: str) -> str:
    return f"Nenhuma linha com o código {code} em {names} ({empresas})"


def other_date(*, text: str, dates: str, date: str) -> str:
    return f"{text} em {dates}: a data dela é {date}"


def code_of_another(*, text: str, endpoint: str, empresa: str) -> str:
    return f"{text}: esse código é de {endpoint} ({empresa})"


def perhaps_code(*, text: str, code: str) -> str:
    return f"{text}: seria {code}?"


def codes_are_like(example: str) -> str:
    return f" (os códigos são como {example})"


def check_code(*, text: str, like: str) -> str:
    return f"{text}: confira o código{like}; {BUILD}"


def check_code_only(*, text: str, like: str) -> str:
    return f"{text}; confira o código{like}"


# cli/progress.py


def planning(label: str) -> str:
    return f"{label}: planejando e validando"


def sending(label: str) -> str:
    return f"{label}: planejando, validando e enviando"


def push_waits(label: str) -> str:
    return f"{label}: outra execução está enviando; esperando a vez"


def asking(label: str) -> str:
    return f"{label}: perguntando ao Omie"


def copying(label: str) -> str:
    return f"{label}: copiando"


def reading(label: str) -> str:
    return f"{label}: lendo"


def reading_waits(label: str) -> str:
    return f"{label}: outra importação em andamento: aguardando"
