"""Configuration that cannot be used, and what belongs there."""

from __future__ import annotations

from typing import Final

# config/addresses.py


def several_ports(variable: str) -> str:
    return f"{variable}: dbt não lê service nem várias portas: escreva um servidor e uma porta"


# config/dbt_project.py

NOTE_TEXT: Final = (
    "Pasta montada pelo omie-pipeline a cada build: nada do que se muda aqui fica.\n"
    "Os seus modelos ficam na pasta de OMIE_PIPELINE_MODELS.\n"
)


def delivered_model_changed(model: str) -> str:
    return (
        f"o modelo entregue {model} mudou desde a sua cópia: compare-a com a de dbt_mapping; "
        "depois de conferida, qualquer mudança nela (um comentário basta) encerra este aviso"
    )


def variable_unread(*, file: str, variable: str) -> str:
    return f"{file}: nenhum modelo lê a variável {variable}"


def folder_delivered(folder: object) -> str:
    return (
        f"{folder} está entre os modelos entregues: leve-a para a sua pasta com omie-pipeline "
        "models --move"
    )


def file_not_read_any_more(file: object) -> str:
    return (
        f"{file} não é mais lido: os padrões ficam no banco (omie-pipeline defaults list). O que "
        "falta lá entra com omie-pipeline defaults import; depois apague o arquivo"
    )


def staging_missing(folder: object) -> str:
    return f"OMIE_PIPELINE_STAGING: não existe a pasta {folder}"


def target_exists(target: object) -> str:
    return f"{target} já existe: nada foi movido"


def files_misplaced(*, folder: object, files: str, places: str, variables: str) -> str:
    return f"{folder}: não sei onde pôr {files}; os lugares são {places} e {variables}"


def file_unreadable(*, file: object, cause: object) -> str:
    return f"{file}: não foi possível ler: {cause}"


def variables_shape(file: object) -> str:
    return f"{file}: escreva uma variável por linha, como rg_destino: valor"


# config/defaults.py

MUST_BE_CATEGORY: Final = "deve ser o código de uma categoria do Omie, como 1.01.01"
MUST_BE_ACCOUNT: Final = "deve ser o número de uma conta corrente do Omie (nCodCC), só algarismos"
MUST_BE_YES_OR_NO: Final = "deve ser S ou N"


def must_be_days(most: int) -> str:
    return f"deve ser um número de dias, de 0 a {most}"


def must_be_text(most: int) -> str:
    return f"deve ser um texto de até {most} caracteres"


RECEIPT_CATEGORY: Final = "categoria dos recebimentos cujo procedimento não tem"
REPASSE_CATEGORY: Final = "categoria dos repasses aos profissionais"
SALE_CATEGORY: Final = "categoria das vendas de produtos que não dizem a sua"
EXPENSE_CATEGORY: Final = "categoria das despesas que não dizem a sua"
PURCHASE_CATEGORY: Final = "categoria das compras de produtos que não dizem a sua"
ACCOUNT: Final = "conta corrente (nCodCC) quando a forma de pagamento não diz"
BILL_ORDERS: Final = "S: toda ordem de serviço vira NFS-e na hora"
ORDER_FOR_EVERY_RECEIPT: Final = "S: todo recebimento gera ordem de serviço"
PROFESSIONALS_ARE_SELLERS: Final = "S: os profissionais são vendedores no Omie"
REPASSE_DAYS: Final = "dias do recebimento ao repasse, quando a regra não diz (vazio: 30)"
LC116: Final = "código LC 116 dos procedimentos que não têm"
MUNICIPAL_SERVICE: Final = "código municipal dos procedimentos que não têm"
TAXATION: Final = "tributação (cIdTrib) dos procedimentos que não têm"
SERVICE_CITY: Final = "cidade da prestação, como no Omie: SAO PAULO (SP)"
ORDER_TERMS: Final = "condição de pagamento das ordens (cCodParc; vazio: 000)"


def default_empresa_unknown(*, empresa: str, known: str, all_empresas: str) -> str:
    return f"Não existe a empresa {empresa} (existem: {known}; {all_empresas} vale para todas)"


def default_unknown(*, name: str, known: str, account_of: str) -> str:
    return f"Não existe o padrão {name} (existem: {known} e {account_of}FORMA, como account.PIX)"


def default_empty(name: str) -> str:
    return f"{name}: o valor está vazio; para tirar um padrão, use unset"


def default_refused(*, name: str, error: object, text: str) -> str:
    return f"{name}: {error}; veio {text!r}"


ACCOUNT_WORD: Final = "conta corrente"


def code_inactive(*, what: str, code: str) -> str:
    return f"a {what} {code} está inativa no Omie, ou é só um grupo de totais"


def code_unknown(*, what: str, code: str) -> str:
    return f"a {what} {code} não existe no Omie"


def line_refused(*, line: int, error: object) -> str:
    return f"linha {line}: {error}"


def more_than_once(names: str) -> str:
    return f"mais de uma vez: {names}"


def and_more(more: int) -> str:
    return f"e mais {more}"


def nothing_imported(file: object) -> str:
    return f"{file}: nada foi importado\n  "


NOT_UTF8: Final = "não é UTF-8"


def file_unreadable_because(*, file: object, cause: str | None) -> str:
    return f"{file}: não foi possível ler ({cause})"


def columns_expected(
    *, file: object, expected: str, old_defaults: str, old_accounts: str, found: str
) -> str:
    return (
        f"{file}: as colunas devem ser {expected} (ou as de {old_defaults}.csv e "
        f"{old_accounts}.csv); são {found}"
    )


def line_too_wide(*, file: object, line: int) -> str:
    return f"{file}: a linha {line} tem colunas a mais"


def was_an_example(*, name: str, value: str, empresa: str) -> str:
    return f"{name}={value} ({empresa}): era um exemplo, do simulador do Omie"


# config/empresas.py

NOT_HERE: Final = (
    "não pode ficar neste arquivo; guarde o valor em uma variável e escreva o nome dela em"
)


def table_unknown(*, name: str, known: str) -> str:
    return f"tabela ou família desconhecida: {name} (existem: {known})"


FROM_AFTER_UNTIL: Final = "desde deve vir antes de ate"


def perhaps(name: str) -> str:
    return f"você quis dizer {name}?"


def there_are(known: str) -> str:
    return f"existem: {known}"


def rule_unknown(*, name: str, meant: str) -> str:
    return f"regra desconhecida: {name} ({meant})"


MUST_BE_VARIABLE: Final = (
    "deve ser o NOME de uma variável, como CLINICA_SUL_APP_KEY; o valor escrito parece ser o "
    "próprio segredo. Se for, troque-o no Omie."
)


def value_shared(values: str) -> str:
    return f"duas empresas com o mesmo valor: {values}"


def endpoint_unknown(*, name: str, known: str) -> str:
    return f"endpoint desconhecido: {name} (existem: {known})"


def empresa_unknown(*, empresa: str, known: str) -> str:
    return f"Empresa desconhecida: {empresa} (existem: {known})"


def variables_missing(*, empresa: str, variables: str) -> str:
    return f"Empresa {empresa}: defina {variables} no ambiente ou no arquivo .env"


def no_target(*, empresa: str, target: str) -> str:
    return f"Empresa {empresa}: o YAML não tem saida: {target}: (docs/way-back.md)"


def key_twice(*, name: str, line: object) -> str:
    return f"a chave {name} aparece duas vezes (bloco da linha {line})"


def file_missing(file: object) -> str:
    return f"OMIE_PIPELINE_CONFIG: o arquivo {file} não existe (modelo: empresas.example.yaml)"


def no_yaml_at(*, file: object, line: int) -> str:
    return f"{file}: não é YAML válido (linha {line})"


def no_yaml(*, file: object, error: object) -> str:
    return f"{file}: não é YAML válido ({error})"


# config/settings.py

TEXTS: dict[str, str] = {
    "missing": "falta preencher",
    "extra_forbidden": "chave desconhecida",
    "int_parsing": "deve ser um número inteiro",
    "int_from_float": "deve ser um número inteiro",
    "int_type": "deve ser um número inteiro",
    "float_parsing": "deve ser um número",
    "float_type": "deve ser um número",
    "finite_number": "deve ser um número finito",
    "decimal_parsing": "deve ser um número",
    "decimal_type": "deve ser um número",
    "bool_parsing": "deve ser true ou false",
    "bool_type": "deve ser true ou false",
    "string_type": "deve ser um texto",
    "model_type": "deve ser um bloco de chaves e valores",
    "mapping_type": "deve ser um bloco de chaves e valores",
    "dict_type": "deve ser um bloco de chaves e valores",
    "list_type": "deve ser uma lista",
    "tuple_type": "deve ser uma lista",
    "greater_than": "deve ser maior que {gt}",
    "greater_than_equal": "deve ser no mínimo {ge}",
    "less_than_equal": "deve ser no máximo {le}",
    "literal_error": "deve ser um destes: {expected}",
    "value_error": "{error}",
    "too_short": "não pode ficar vazio",
    "string_too_short": "não pode ficar vazio",
    "string_pattern_mismatch": "tem caracteres que não servem aqui (aceito: {pattern})",
}
MUST_BE_DAY: Final = "deve ser uma data AAAA-MM-DD"
INVALID_VALUE: Final = "valor inválido"
MUST_BE_ADDRESS: Final = "deve ser um endereço como https://servidor/api/v1/"
MUST_BE_RECEIVER: Final = "deve ser um endereço https://servidor/caminho, sem usuário nem senha"
MUST_BE_HTTPS: Final = "deve usar https (http só vale para 127.0.0.1, ::1 ou localhost)"
MUST_BE_CHANNEL: Final = "cada endereço deve ser como servico://..., separado por espaço ou vírgula"
MUST_BE_POSTGRESQL: Final = "deve ser um endereço PostgreSQL (postgresql://usuario:senha@host/base)"
MUST_NOT_BE_PG: Final = "não pode começar com pg_, que é do PostgreSQL"
MUST_BE_TIME_ZONE: Final = (
    "deve ser um nome IANA, como America/Sao_Paulo, America/Manaus ou America/Noronha"
)


def must_be_at_most(*, name: str, ceiling: int) -> str:
    return f"{name} deve ser no máximo {ceiling}, o limite do Omie"


CONFIGURATION: Final = "configuração"
