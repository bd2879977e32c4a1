"""De-para: what is said of values of the clinic's and the codes they are mapped to."""

from __future__ import annotations

from typing import Final

# list_mapping/wanted.py

TARGETS: Final = {
    "category": "categoria",
    "account": "conta corrente",
    "department": "departamento",
    "project": "projeto",
    "managerial_category": "categoria gerencial",
}


def unknown_empresa(*, empresa: str, near: str, known: str, all_empresas: str) -> str:
    return (
        f"Não existe a empresa {empresa}{near} (existem: {known}; {all_empresas} vale para todas)"
    )


def unknown_kind(*, kind: str, near: str, known: str) -> str:
    return f"Não existe o tipo {kind}{near} (existem: {known})"


def unknown_target(*, kind: str, target: str, known: str) -> str:
    return f"{kind} não se mapeia a {target}: use {known}"


EMPTY_SOURCE: Final = "Falta o valor que se quer mapear"


def long_text(*, text: str, most: int) -> str:
    return f"'{text}' deve ser um texto de até {most} caracteres, numa linha"


EMPTY_CODE: Final = "Falta o código do Omie; para tirar um mapeamento, use unset"


def no_default_for(kind: str) -> str:
    return (
        f"'*' não vale para {kind}: o que não está mapeado segue o padrão da empresa. Defina-o com "
        "omie-pipeline defaults set EMPRESA (receipt_category, expense_category, account e outros)"
    )


def list_never_read(*, table: str, empresa: str, command: str) -> str:
    return (
        f"A lista de {table} da empresa {empresa} ainda não foi lida do Omie, ou está vazia lá. "
        f"Leia-a primeiro: omie-pipeline {command} --empresa {empresa}"
    )


def no_such_code(*, target: str, code: str, empresa: str, near: str) -> str:
    return (
        f"{target} {code} não existe no Omie da empresa {empresa}{near}. Confira o código, ou "
        "leia a lista de novo (omie-pipeline refs) se acaba de ser criado"
    )


def inactive_code(*, target: str, code: str, name: str, empresa: str) -> str:
    return (
        f"{target} {code} ({name}) está inativa no Omie da empresa {empresa}, ou é só um grupo de "
        "totais. Escolha outra, ou reative-a no Omie e leia a lista de novo (omie-pipeline refs)"
    )


def no_such_group(*, code: str, empresa: str, near: str) -> str:
    return (
        f"O grupo {code} não existe nas categorias do Omie da empresa {empresa}{near}, ou está "
        "inativo. Escolha um grupo (uma categoria totalizadora, como 1.01)"
    )


NOTHING: Final = "nada"

# list_mapping/csv_file.py


def columns_expected(*, file: object, expected: str, found: str) -> str:
    return f"{file}: as colunas devem ser {expected}; vieram {found}"


def unreadable_file(*, file: object, cause: object) -> str:
    return f"{file}: não foi possível ler: {cause}"


NOT_UTF8: Final = "o texto não está em UTF-8"


def wide_line(*, file: object, line: int) -> str:
    return f"{file}, linha {line}: há mais valores do que colunas"


def refused_line(*, line: int, cause: object) -> str:
    return f"linha {line}: {cause}"


def line_again(*, line: int, source: str) -> str:
    return f"linha {line}: '{source}' aparece mais de uma vez"


def more_lines(lines: int) -> str:
    return f"e mais {lines}"


def refused_file(file: object) -> str:
    return f"{file}: nada foi importado\n  "


# list_mapping/suggest.py


def sentence(*, reasons: str) -> str:
    return f"{reasons}."


def same_name(*, name: str) -> str:
    return f"tem o mesmo nome que “{name}” no Omie"


def like_letters(*, name: str) -> str:
    return f"o nome se escreve quase como “{name}” no Omie"


def like_meaning(*, name: str) -> str:
    return f"o nome diz o mesmo que “{name}” no Omie"


def like_description(*, name: str) -> str:
    return f"a descrição fala de “{name}”"


def own_records(*, records: int, of: int, settled: int) -> str:
    return f"{records} de {of} títulos deste valor estão nela no Omie, {settled} já baixados"


def same_party(*, records: int, of: int, settled: int) -> str:
    return f"{records} de {of} títulos com as mesmas empresas estão nela, {settled} já baixados"


def same_text(*, records: int, of: int, settled: int) -> str:
    return f"{records} de {of} títulos de descrição parecida estão nela, {settled} já baixados"


def pattern(*, glob: str) -> str:
    return f"combina com o padrão {glob}"


def pattern_of(*, glob: str, written_by: str) -> str:
    return f"combina com o padrão {glob}, de {written_by}"


LITTLE_IN_COMMON: Final = "pouco em comum; é só o que mais se aproxima"


# list_mapping/suggestions.py


def suggested(*, code: str, name: str, percent: str) -> str:
    return f"{code} {name} ({percent})"
