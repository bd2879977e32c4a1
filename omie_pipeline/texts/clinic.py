"""The clinic's tables: what cannot be read or copied, and what a person does about it."""

from __future__ import annotations

from typing import Final

# clinic/csv_layout.py

NEVER_CLOSED: Final = "as aspas que abrem ali não fecham"


def file_is_utf16(*, table: str, file: str) -> str:
    return f"Tabela '{table}': '{file}' está em UTF-16; salve como CSV UTF-8"


def unknown_encoding(table: str) -> str:
    return f"Tabela '{table}': 'meta.encoding' deve ser utf-8, cp1252, iso-8859-1 ou cp850"


def file_line(*, table: str, file: str, line: int) -> str:
    return f"Tabela '{table}': '{file}', linha {line}"


def header_empty(where: str) -> str:
    return f"{where}: o cabeçalho está vazio"


def column_without_name(*, where: str, column: int) -> str:
    return f"{where}, coluna {column}: o cabeçalho tem uma coluna sem nome"


def column_twice(*, where: str, column: str) -> str:
    return f"{where}: o cabeçalho repete a coluna '{column}'"


def columns_missing(*, where: str, columns: str) -> str:
    return f"{where}: faltam as colunas {columns}"


def line_too_long(most_bytes: int) -> str:
    return f"há uma linha com mais de {most_bytes} bytes"


QUOTES_INSIDE: Final = "há aspas no meio de um valor"


def quotes_take_a_line(line: int) -> str:
    return (
        f"as aspas que abrem ali tomam como texto o que parece outra linha da tabela (linha {line})"
    )


def file_unreadable_at(*, table: str, file: str, line: int, what: str) -> str:
    return (
        f"Tabela '{table}': '{file}', linha {line}: {what}; corrija o arquivo, nada dele foi "
        "copiado"
    )


def other_encoding(*, table: str, file: str, line: int, encoding: str, set_name: str) -> str:
    return (
        f"Tabela '{table}': '{file}', linha {line}: o arquivo não está em {encoding}; salve de "
        f"novo nessa codificação, ou declare a que ele tem em _{set_name}__sources.yml (meta: "
        "{encoding: cp1252}, a do Windows)"
    )


# clinic/csv_reader.py


def file_missing(*, table: str, file: object) -> str:
    return f"Tabela '{table}': não há o arquivo '{file}'"


def file_line_too_long(*, table: str, most_bytes: int) -> str:
    return f"Tabela '{table}': há uma linha com mais de {most_bytes} bytes no arquivo CSV"


def file_unreadable(table: str) -> str:
    return f"Tabela '{table}': o arquivo CSV não pôde ser lido; confira as aspas"


def counts_differ(*, table: str, file: str, counted: int, read: int) -> str:
    return (
        f"Tabela '{table}': '{file}' tem {counted} linhas por uma contagem e {read} por outra; "
        "confira as aspas, e se o arquivo não estava sendo gravado"
    )


def other_column_count(
    *, table: str, file: str, line: int, columns: int, width: int, lines: int, counted: int
) -> str:
    return (
        f"Tabela '{table}': '{file}', linha {line}: tem {columns} colunas, o cabeçalho tem "
        f"{width} (número errado de colunas em {lines} de {counted} linhas); nada do arquivo foi "
        "copiado"
    )


def comma_without_quotes(*, table: str, file: str, line: int) -> str:
    return (
        f"Tabela '{table}': '{file}', linha {line}: tem uma coluna a mais que o cabeçalho, e "
        "parece um valor com vírgula sem aspas (1280,50); ponha aspas nos valores, ou outra "
        "vírgula no fim do cabeçalho; nada do arquivo foi copiado"
    )


def value_without_column(*, table: str, file: str, line: int, column: int) -> str:
    return (
        f"Tabela '{table}': '{file}', linha {line}: há um valor na coluna {column}, que não tem "
        "nome no cabeçalho; nada do arquivo foi copiado"
    )


# clinic/extract.py


def table_shrank(*, table: str, gone: int, before: int) -> str:
    return (
        f"Tabela '{table}': a fonte perdeu {gone} de {before} linhas desde a última leitura; a "
        "cópia ficou como estava. Confira a fonte (arquivo cortado, período menor, ids novos); se "
        f"estiver certo, rode: omie-pipeline build --accept-shrunk {table}"
    )


def no_business_date(table: str) -> str:
    return f"Tabela '{table}': não tem data de negócio para filtrar"


def warehouse_failed(*, table: str, cause: str) -> str:
    return f"Tabela '{table}': o banco do armazém falhou na extração ({cause})"


# clinic/raw_tables.py


def column_name_reserved(*, table: str, column: str, most_bytes: int) -> str:
    return (
        f"Tabela '{table}': a coluna '{column}' precisa de outro nome na fonte (é reservado ou "
        f"tem mais de {most_bytes} bytes)"
    )


def table_not_ours(*, table: str, schema: str) -> str:
    return (
        f"Tabela '{table}': já existe {schema}.{table}, que não foi feita por este programa; nada "
        "foi alterado. Mova-a para outro esquema (ALTER TABLE … SET SCHEMA)"
    )


# clinic/reader.py

IN_PLACE_NEEDS_SCHEMA: Final = "CLINIC_URL warehouse:// precisa do nome de um schema"


def folder_missing(folder: object) -> str:
    return f"CLINIC_URL: a pasta '{folder}' não existe"


# clinic/set_aside.py

REASONS: Final = {
    "empty_key": (
        "{rows} linha(s) sem chave: nada diz de qual registro são",
        "Preencha a chave na origem; enquanto isso nada é retirado da cópia desta tabela",
    ),
    "empty_empresa": (
        "{rows} linha(s) com a coluna '{key}' vazia: nada diz de qual empresa são",
        "Preencha essa coluna na origem; enquanto isso nada é retirado da cópia desta tabela",
    ),
    "doubled_key": (
        "a chave '{key}' está em {rows} linhas diferentes: nenhuma delas foi copiada",
        "Deixe na origem uma linha só com essa chave; a cópia anterior fica como estava",
    ),
    "total_line": (
        "{rows} linha(s) de total ('{key}') no lugar de um registro",
        "Exporte sem a linha de total; ela não é enviada",
    ),
    "column_count": (
        "{rows} linha(s) com outro número de colunas que o cabeçalho",
        "Ponha entre aspas o texto que tem o separador dentro; enquanto isso nada é retirado da "
        "cópia desta tabela",
    ),
}
AND_OTHERS: Final = " e outras"


# clinic/shape.py

THE_COLUMN: Final = "a coluna"
THE_COLUMNS: Final = "as colunas"


def new_columns(columns: str) -> str:
    return f" (novas na fonte: {columns})"


def columns_gone(*, table: str, what: str, columns: str, new: str) -> str:
    return (
        f"Tabela '{table}': a fonte não tem mais {what} {columns}{new}; a cópia ficou como "
        "estava, para não enviar valores antigos. Troque o nome no modelo de staging e rode: "
        f"omie-pipeline build --recopy {table}"
    )


def key_changed(*, table: str, key: str) -> str:
    return (
        f"Tabela '{table}': a chave mudou e as linhas já copiadas não cabem na nova ({key}); "
        f"rode: omie-pipeline build --recopy {table}"
    )


# clinic/sources.py


def source_without_tables(*, file: object, source: str) -> str:
    return f"{file}: a fonte '{source}' não declara nenhuma tabela"


def table_twice(*, file: object, table: str) -> str:
    return f"{file}: a tabela '{table}' aparece mais de uma vez"


def sources_unreadable(*, file: object, cause: str) -> str:
    return f"{file}: não foi possível ler ({cause})"


def sources_no_yaml(*, file: object, error: object) -> str:
    return f"{file}: YAML inválido: {error}"


def source_missing(*, file: object, source: str) -> str:
    return f"{file}: falta a fonte '{source}' em 'sources'"


def table_without_name(file: object) -> str:
    return f"{file}: há uma tabela sem 'name'"


def table_declared_badly(*, file: object, table: str, what: str) -> str:
    return f"{file}: tabela '{table}': {what}"


META_MISSING: Final = "falta 'meta' (grain, key, ...)"


def meta_unknown(keys: str) -> str:
    return f"'meta' tem chave desconhecida: {keys}"


META_GRAIN: Final = "'meta.grain' deve ser register ou fact"
META_KEY: Final = "'meta.key' deve ser uma lista de colunas, como [id]"


def meta_text(option: str) -> str:
    return f"'meta.{option}' deve ser um texto"


def meta_one_of(*, option: str, values: str) -> str:
    return f"'meta.{option}' deve ser {values}"


META_OPTIONAL: Final = "'meta.optional' deve ser true ou false"
META_BUSINESS_DATE: Final = "é fact e precisa de 'meta.business_date'"


def other_installation(*, file: object, schema: str) -> str:
    return (
        f"{file}: com OMIE_PIPELINE_SCHEMA_PREFIX, 'schema: {schema}' leria a cópia de outra "
        "instalação; escreva 'schema' como em models/staging/canonica/_canonica__sources.yml"
    )


# clinic/sql_reader.py

DATABASE_UNKNOWN: Final = "CLINIC_URL: o tipo de banco não é conhecido"
ADDRESS_INVALID: Final = "CLINIC_URL não é um endereço de banco válido"


def driver_missing(driver: str | None) -> str:
    return f"CLINIC_URL: falta instalar o driver do banco (pip install {driver})"


def source_table_missing(*, table: str, source_table: str) -> str:
    return f"Tabela '{table}': a fonte não tem a tabela '{source_table}'"


def source_columns_missing(*, table: str, columns: str) -> str:
    return f"Tabela '{table}': faltam as colunas {columns}"


READING_REFUSED: Final = "a fonte recusou a leitura"
NO_ANSWER: Final = "a fonte não respondeu ou recusou"


def source_failed(*, table: str, what: str) -> str:
    return f"Tabela '{table}': {what}"


def source_badly_encoded(table: str) -> str:
    return f"Tabela '{table}': a fonte tem um texto que não está na codificação dela"


def value_misfits(*, table: str, column: str, type_name: str, cause: str) -> str:
    return (
        f"Tabela '{table}', coluna '{column}': há um valor que não cabe no tipo {type_name} "
        f"({cause})"
    )


CATALOGUE: Final = "catálogo"

# clinic/staging.py


def of_column(column: str) -> str:
    return f" da coluna {column}"


def value_refused(*, table: str, column: str, cause: str) -> str:
    return f"Tabela '{table}': o PostgreSQL recusou um valor{column} ({cause})"


# clinic/changed_dates.py


def copy_lacks_columns(*, table: str, set_name: str) -> str:
    return (
        f"Tabela '{table}': a cópia não tem as colunas que _{set_name}__sources.yml nomeia; rode: "
        f"omie-pipeline build --recopy {table}"
    )
