"""De-para: what the terminal says of mappings."""

from __future__ import annotations

from typing import Final

# cli/list_mapping.py

KIND: Final = "tipo"
CLINIC_VALUE: Final = "valor"
TARGET: Final = "vira"
CODE: Final = "código"
NAME: Final = "nome no Omie"
DECIDED_BY: Final = "quem"
DECIDED_AT: Final = "quando"
PROBLEM: Final = "problema"
ROWS: Final = "linhas"
ACTION: Final = "ação"
BEFORE: Final = "antes"
AFTER: Final = "depois"
CALLED: Final = "nome"

CONFIDENCE: Final = "confiança"
EVIDENCE: Final = "por quê"
NO_SUGGESTION: Final = "nenhuma sugestão"
GO_THROUGH: Final = (
    "Aceite com omie-pipeline mapping accept EMPRESA TIPO VALOR [CÓDIGO], recuse com mapping reject"
)

PROBLEMS: Final = {
    "": "",
    "gone": "não existe mais no Omie",
    "inactive": "inativa no Omie",
}
ACTIONS: Final = {
    "set": "definido",
    "unset": "tirado",
    "accept": "sugestão aceita",
    "reject": "sugestão recusada",
    "pattern": "padrão escrito",
    "unpattern": "padrão tirado",
}
EARLIER_VERSION: Final = "versão anterior"
NONE: Final = "Nenhum mapeamento. Defina um com omie-pipeline mapping set"
NO_HISTORY: Final = "Nenhuma decisão ainda"
ALL_MAPPED: Final = "Nada sem mapeamento"


def called(*, source: str, name: str) -> str:
    return f"{source} ({name})"


CODE_OR_REMOVE: Final = "diga o CÓDIGO ou --remove, um dos dois"
PATTERN: Final = "padrão"
NO_PATTERNS: Final = "Nenhum padrão. Escreva um com omie-pipeline mapping pattern"


def pattern_is(*, glob: str, empresa: str, code: str) -> str:
    return f"Nomes como '{glob}' ({empresa}) terão {code} como primeira sugestão"


def no_more_pattern(*, glob: str, empresa: str) -> str:
    return f"O padrão '{glob}' ({empresa}) não vale mais"


def was_no_pattern(*, glob: str, empresa: str) -> str:
    return f"Não havia o padrão '{glob}' ({empresa})"


def refused(*, source: str, empresa: str, code: str) -> str:
    return f"{code} não será mais sugerido para '{source}' ({empresa})"


def was_refused(*, source: str, empresa: str, code: str) -> str:
    return f"{code} já estava recusado para '{source}' ({empresa})"


def some_broken(number: int) -> str:
    return (
        f"{number} código(s) não podem mais ser usados: as linhas que dependem deles ficam em "
        "quarentena. Escolha outro com omie-pipeline mapping set"
    )


def is_now(*, source: str, empresa: str, code: str, name: str) -> str:
    return f"'{source}' ({empresa}) agora vira {code}{name}"


def was_already(*, source: str, empresa: str, code: str, by: str, at: str) -> str:
    return f"'{source}' ({empresa}) já virava {code}: por {by}, em {at}"


def instead_of(*, code: str, by: str, at: str) -> str:
    return f"    antes: {code}, por {by}, em {at}"


def no_more(*, source: str, empresa: str) -> str:
    return f"'{source}' ({empresa}) não está mais mapeado"


def was_not_mapped(*, source: str, empresa: str) -> str:
    return f"'{source}' ({empresa}) não estava mapeado"


def not_at_the_clinic(*, source: str, empresa: str, near: str) -> str:
    return (
        f"aviso: '{source}' ({empresa}) não está em nenhuma linha da clínica no último "
        f"build{near}. O mapeamento vale assim mesmo; maiúsculas e acentos contam"
    )


def in_brackets(text: str) -> str:
    return f" ({text})"


def imported(*, lines: int, changed: int) -> str:
    return f"{lines} mapeamento(s) lido(s), {changed} mudou/mudaram"


def made(*, code: str, name: str, empresa: str) -> str:
    return f"Categoria {code} ({name}) criada no Omie da empresa {empresa}"


def found(*, code: str, name: str, empresa: str) -> str:
    return f"A categoria {name} já existia no Omie da empresa {empresa}: {code}"


NEXT: Final = (
    "Próximo passo: omie-pipeline build, e depois push. Os títulos já entregues que usam o valor "
    "mudam no Omie no próximo push; quais e quanto: omie-pipeline mapping apply --history --from "
    "DATA"
)
SHOWN_IN_ANALYSIS: Final = (
    "As visões da análise já mostram a categoria gerencial, em todos os meses"
)
CODE_OR_CREATE: Final = "diga o CÓDIGO, ou --create e --under para criar a categoria no Omie"
BOTH_WORDS: Final = "--create (o nome) e --under (o grupo) vêm juntos"

SAY_HISTORY: Final = "diga --history: o que muda nos títulos que o Omie já tem"
HISTORY_STANDS: Final = "Nada mudaria: os títulos entregues já estão como os mapeamentos dizem"
IN_ANALYSIS: Final = "na análise"
TITLES: Final = "títulos"
STATE: Final = "estado"
NOT_READ: Final = "não lida"
STATES: Final = {
    "ready": "muda",
    "waiting": "muda, depois do cadastro",
    "quarantined": "não muda: em quarentena",
    "held": "não muda: retida",
}


def from_to(before: str, after: str) -> str:
    return f"{before} → {after}"


def would_change(*, titles: str, valor: str) -> str:
    return f"Mudariam no Omie: {titles} título(s), R$ {valor}"


def would_move_in_analysis(*, titles: str, valor: str) -> str:
    return f"Na análise, trocariam de categoria gerencial: {titles} título(s), R$ {valor}"


def look_and_approve(plan_id: str) -> str:
    return (
        f"Próximo passo: omie-pipeline plan show {plan_id}, depois omie-pipeline plan approve "
        f"{plan_id} e omie-pipeline apply {plan_id}"
    )
