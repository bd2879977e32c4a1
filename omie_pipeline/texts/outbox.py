"""The way back into the clinic: what is refused, what fails at a target, and what to do."""

from __future__ import annotations

from typing import Final

# outbox/read.py


def number_unknown(*, empresa: str, number: int, newest: int) -> str:
    return f"O número {number} não existe: a saída de {empresa} vai de 1 a {newest}"


CONSUMER_NAMELESS: Final = "O consumidor precisa de um nome (--consumer)"

# outbox/targets.py


def target_ahead(*, empresa: str, highest: int, newest: int) -> str:
    return (
        f"a tabela já mostra o nº {highest}, e a saída de {empresa} só vai até o nº {newest}: o "
        "armazém voltou de uma cópia antiga? Nada foi escrito. O que fazer: omie-pipeline outbox "
        f"renumber --empresa {empresa} --after {highest}"
    )


# outbox/clinic_table.py

DIALECT_UNKNOWN: Final = (
    "a tabela da clínica só pode estar em PostgreSQL, MariaDB (ou MySQL) ou SQLite"
)


def address_invalid(variable: str) -> str:
    return f"{variable}: não é o endereço de um banco de dados (docs/way-back.md)"


def driver_missing(*, variable: str, driver: object) -> str:
    return f"{variable}: falta instalar {driver}"


def sqlite_file_missing(variable: str) -> str:
    return f"{variable}: o arquivo do banco não existe, e nada é criado aqui"


def table_missing(table: str) -> str:
    return (
        f"a tabela {table} não existe no banco da clínica, ou a conta não a vê. O que fazer: crie-"
        "a com o DDL de docs/way-back.md e dê à conta SELECT, INSERT e UPDATE nela"
    )


def columns_missing(*, table: str, columns: str) -> str:
    return (
        f"faltam colunas na tabela {table}: {columns}. O que fazer: acrescente-as como em "
        "docs/way-back.md"
    )


def key_missing(*, table: str, columns: str) -> str:
    return (
        f"a tabela {table} precisa da chave primária ({columns}), e de nenhuma outra chave única: "
        "sem ela uma linha poderia entrar duas vezes (docs/way-back.md)"
    )


def table_locked(table: str) -> str:
    return (
        f"a tabela {table} está bloqueada por outro programa; tento de novo mais tarde. O que "
        "fazer: se durar, veja quem a segura no banco da clínica"
    )


def table_no_rights(table: str) -> str:
    return (
        f"a conta não tem os direitos necessários na tabela {table}. O que fazer: GRANT SELECT, "
        f"INSERT, UPDATE ON {table} para a conta"
    )


def table_value_refused(*, table: str, kind: str) -> str:
    return (
        f"o banco da clínica recusou um valor na tabela {table} ({kind}). O que fazer: compare os "
        "tipos das colunas com docs/way-back.md"
    )


def table_keeps_out(*, table: str, missing: int, columns: str) -> str:
    return (
        f"a tabela {table} não ficou com o que escrevi nela (linhas que faltam: {missing}; colunas "
        f"com outro valor: {columns}), e o banco não acusou erro. Nada foi escrito, e nada conta "
        "como entregue. O que fazer: veja se um gatilho (trigger), uma regra, uma política de "
        "linhas ou o tipo de uma coluna muda ou descarta linhas, e compare com docs/way-back.md"
    )


def database_failed(cause: str) -> str:
    return f"o banco da clínica não respondeu ({cause}); tento de novo mais tarde"


# outbox/callback.py


def receiver_status(status: int) -> str:
    return (
        f"o endereço respondeu {status}, e esperava-se 200. O que fazer: veja os registros do "
        "programa que recebe; tento de novo mais tarde"
    )


def receiver_no_number(*, first: int, last: int) -> str:
    return (
        "o endereço respondeu 200 sem dizer até onde recebeu: esperava-se "
        f'{{"received": número}} com um número de {first} a {last} '
        "(docs/way-back.md). Nada conta como entregue"
    )


def receiver_unreachable(cause: str) -> str:
    return f"o endereço não respondeu ({cause}); tento de novo mais tarde"


RECEIVER_SLOW: Final = "demorou demais"
RECEIVER_TALKATIVE: Final = "resposta grande demais"

# app/way_back.py


def source_is_target(*, table: str, source: str) -> str:
    return (
        f"saida: a tabela {table} também é lida da clínica ({source}): o que escrevo ali voltaria "
        "como mudança da clínica. Dê outro nome à tabela da saída (saida: table: name)"
    )


def own_schema_is_target(table: str) -> str:
    return f"saida: {table} está num esquema deste programa; a tabela tem de ser da clínica"


def not_opted_in(empresas: str) -> str:
    return (
        f"{empresas}: sem caminho de volta. Ligue-o com saida: no YAML das empresas "
        "(docs/way-back.md)"
    )


def key_invalid(variable: str) -> str:
    return (
        f"{variable}: a chave começa com whsec_ e segue em base64, com ao menos 24 bytes "
        "(docs/way-back.md mostra como gerar uma)"
    )
