"""What the assistant behind `map` and `preview` proposes, doubts and refuses."""

from __future__ import annotations

from typing import Final

# mapping/choices.py

MUST_BE_JSON: Final = "deve ser JSON desse formato"
MUST_BE_DATE: Final = "deve ser uma data (AAAA-MM-DD ou dd/mm/aaaa)"
MUST_BE_INTEGER: Final = "deve ser um número inteiro"
MUST_BE_NUMBER: Final = "deve ser um número com ponto (1234.56)"


def must_be_one_of(values: str) -> str:
    return f"deve ser um destes: {values}"


def too_long(most: int) -> str:
    return f"tem mais de {most} caracteres"


def no_such_column(*, schema: str, table: str, column: str, known: str) -> str:
    return f"A tabela {schema}.{table} não tem a coluna {column} (tem: {known})"


def column_not_jsonb(*, path: str, column: str) -> str:
    return (
        f"{path} tem campos dentro e a coluna {column} não é jsonb: dê uma coluna a cada campo "
        f"({path}.CAMPO=COLUNA)"
    )


HEALTH_DATA: Final = "; o nome é de dado de saúde (LGPD, art. 11)"


def own_choice_told(told: str) -> str:
    return f"escolha sua{told}"


def key_needs_column(path: str) -> str:
    return f"{path} é a chave: precisa de uma coluna, um valor por linha"


OWN_CHOICE: Final = "escolha sua"
ONLY_EMPRESA: Final = "a única empresa"


# mapping/doubts.py


def key_empty(*, column: str, empty: int, rows: int) -> str:
    return f"a chave {column} está vazia em {empty} de {rows} linhas: elas ficarão em quarentena"


OTHER_EMPRESAS: Final = " (podem ser de empresas diferentes)"


def key_repeated(*, column: str, repeated: int, rows: int, may_be: str) -> str:
    return (
        f"a chave {column} se repete em {repeated} de {rows} linhas{may_be}: linhas com o mesmo "
        "código ficarão em quarentena"
    )


ROW_STILL_HOLDS: Final = "se a linha ainda vale"
KIND_OF_ROW: Final = "de que tipo é a linha"


def column_unused(*, column: str, what: str, kinds: int, rows: int, endpoint: str) -> str:
    return (
        f"a coluna {column} parece dizer {what} ({kinds} valores diferentes em {rows} linhas) e "
        f"não é usada: sem --where, todas as linhas entram em {endpoint}"
    )


# mapping/evidence.py

PATTERNS: Final = {
    "document": "CPF ou CNPJ válido",
    "email": "e-mail",
    "date_iso": "data",
    "date_br": "data dd/mm/aaaa",
    "number": "número",
    "number_br": "número com vírgula",
    "integer": "número inteiro",
    "cep": "CEP",
    "uf": "UF",
    "phone": "telefone com DDD",
    "yes_no": "sim ou não",
    "ibge": "código de município do IBGE",
}


def fits(*, what: str, fitting: int, filled: int) -> str:
    return f"{what} em {fitting} de {filled} linhas"


NO_ROWS_TO_CHECK: Final = "; sem linhas para conferir"


def only_so_many(pattern: str) -> str:
    return f"; só {pattern}"


def but_so_many(pattern: str) -> str:
    return f"; mas {pattern}"


# mapping/model_sql.py

EMPRESA_NEEDED: Final = "a empresa (use --empresa NOME, ou --set empresa=COLUNA)"
BUSINESS_DATE_NEEDED: Final = "a data de negócio (use --set data_particao=COLUNA)"


def key_needed(key: str) -> str:
    return f"a chave (use --set {key}=COLUNA)"


MODEL_LACKS: Final = "Sem isto o modelo não existe: "


def comes_whole(*, path: str, fields: str) -> str:
    return f"{path} já vem inteiro: tire {fields}"


def no_such_column_in_model(*, schema: str, table: str, column: str) -> str:
    return f"A tabela {schema}.{table} não tem a coluna {column}"


# mapping/proposal.py

MIDDLING: Final = "média"


def empresa_known(*, known: int, filled: int) -> str:
    return f"; empresa conhecida em {known} de {filled} linhas"


SAME_NAME: Final = "mesmo nome"
PRIMARY_KEY: Final = "chave primária"
NAME_OF_A_KEY: Final = "nome de chave"


def reason_without_rows(reason: str) -> str:
    return f"{reason}; sem linhas para conferir"


def reason_one_value_a_row(*, reason: str, rows: int) -> str:
    return f"{reason}; um valor por linha em {rows}"


def reason_but_repeated(reason: str) -> str:
    return f"{reason}; mas há valores vazios ou repetidos"


SAYS_THE_OPPOSITE: Final = "diz o contrário (ativo)"
KNOWN_NAME: Final = "nome conhecido"
SIMILAR_NAME: Final = "nome parecido"


def name_says_nothing(expected: str) -> str:
    return f"o nome não diz; {expected}"


def business_date_of(path: str) -> str:
    return f"sem data de negócio própria; a mesma de {path}"


def by_code(prefix: str) -> str:
    return f"pelo código {prefix}"


# mapping/sampling.py


def where_invalid(cause: str) -> str:
    return f"--where não serve: {cause}"


def where_not_evaluated(cause: str) -> str:
    return f"o PostgreSQL não consegue avaliá-lo em todas as linhas ({cause})"


def no_such_schema(schema: str) -> str:
    return f"Não existe o esquema {schema} no banco do armazém"


def and_more(number: int) -> str:
    return f" e mais {number}"


def no_such_table(*, schema: str, table: str, told: str, more: str) -> str:
    return f"Não existe a tabela {schema}.{table}; neste esquema: {told}{more}"


# mapping/targets.py

OR_: Final = " ou "


def perhaps(names: str) -> str:
    return f" (seria {names}?)"


def no_such_field(*, endpoint: str, field: str, hint: str) -> str:
    return f"{endpoint} não tem o campo {field}{hint}"


def field_computed(field: str) -> str:
    return f"O campo {field} é calculado pelo Omie e não pode ser enviado: tire-o do mapeamento"
