"""Building, mapping and defaults: what the terminal says of dbt's models."""

from __future__ import annotations

from typing import Final

# cli/build.py

DECIMAL_SIGN: Final = 'a vírgula separa os centavos; "." se é o ponto que os separa'
DATE_ORDER: Final = "mês/dia/ano; dmy se é dia/mês/ano"
TWO_DIGIT_YEARS: Final = "o que se soma aos dois algarismos"


def values_unread(*, table: str, values: str, column: str, example: str) -> str:
    return (
        f"aviso: {table}: {values} valor(es) da coluna {column} não puderam ser lidos, por "
        f"exemplo '{example}'"
    )


def and_more_columns(columns: int) -> str:
    return f"... e mais {columns} colunas"


UNREAD_GO_TO_QUARANTINE: Final = (
    "  As linhas cujo valor iria ao Omie ficam em quarentena; as outras seguem."
)


def some_ids(ids: str) -> str:
    return f" (id {ids})"


def rows_without_empresa(*, table: str, rows: str, some: str) -> str:
    return (
        f"aviso: {table}: {rows} linha(s) sem empresa{some} não são enviadas a ninguém: preencha "
        "a empresa na origem"
    )


NO_CLINIC: Final = "Sem clínica configurada (CLINIC_URL): só as visões do Omie"
IMPORT_NEXT: Final = "Próximo passo: omie-pipeline import tudo"
PUSH_NEXT: Final = "Próximo passo: omie-pipeline push tudo --dry-run"


def no_such_table(*, table: str, near: str, known: str) -> str:
    return f"não há a tabela '{table}'{near} (existem: {known})"


def copying(*, name: str, empresa: str) -> str:
    return f"{name} ({empresa}): copiando"


def not_copied(*, name: str, empresa: str) -> str:
    return f"{name} ({empresa}): não copiada"


def of_unknown_empresa(name: str) -> str:
    return f"da empresa '{name}', que não está configurada"


WITHOUT_EMPRESA: Final = "sem empresa"


def rows_left_out(*, table: str, rows: str, whose: str) -> str:
    return (
        f"aviso: {table}: {rows} linha(s) {whose}, não são enviadas a ninguém: corrija a coluna "
        "da empresa na origem"
    )


def read_in_place(*, table: str, empresa: str) -> str:
    return f"{table} ({empresa}): lida onde está"


def set_aside(rows: str) -> str:
    return f"{rows} separadas, "


def table_copied(
    *,
    table: str,
    empresa: str,
    read: str,
    inserted: str,
    updated: str,
    deleted: str,
    aside: str,
    seconds: float,
) -> str:
    return (
        f"{table} ({empresa}): {read} lidas, {inserted} novas, {updated} alteradas, {deleted} "
        f"retiradas, {aside}{seconds:.1f} s"
    )


def nul_marked(*, table: str, values: int) -> str:
    return f"{table}: {values} valores com caractere NUL, marcados"


def new_columns(*, table: str, columns: str) -> str:
    return f"{table}: colunas novas na fonte: {columns}"


def repeated_rows(*, table: str, rows: str) -> str:
    return f"{table}: {rows} linhas repetidas por inteiro, contadas uma vez"


def more_set_aside(rows: int) -> str:
    return f"... e mais {rows}: omie-pipeline quarantine"


def old_copy_stays(*, table: str, copy: str) -> str:
    return f"{table}: a cópia antiga {copy} fica até que nada mais dependa dela"


def building(why: str) -> str:
    return f"dbt build: refazendo os modelos ({why})"


def warning(hint: str) -> str:
    return f"aviso: {hint}"


DBT_DID_NOT_RUN: Final = "O dbt não pôde rodar: "
MODELS_FIX: Final = (
    "O que fazer: corrija os modelos acima na sua pasta (omie-pipeline models) e repita"
)


def tables_not_copied(tables: int) -> str:
    return f"Tabelas que não foram copiadas ({tables}); as cópias delas ficaram como estavam:"


def and_more(number: int) -> str:
    return f"... e mais {number}"


VIEWS_STAND: Final = "Visões: como o dbt as fez; nada do que elas leem mudou de forma"


def table_refreshed(*, table: str, rows: str, added: str, removed: str) -> str:
    return (
        f"{table}: {rows} linhas, {added} novas ou alteradas, {removed} retiradas ou substituídas"
    )


def test_fails(*, test: str, rows: str) -> str:
    return f"aviso: {test}: {rows} resultados"


def test_not_asked(test: str) -> str:
    return (
        f"aviso: {test}: o banco não pôde responder a este teste "
        "(omie-pipeline build --full diz por quê)"
    )


MODELS_WAIT: Final = (
    "Outro build refaz os modelos, ou preenche as tabelas de envio; esperando a vez"
)
ONE_TABLE_UNCHANGED: Final = "1 tabela de envio sem mudança"


def tables_unchanged(number: int) -> str:
    return f"{number} tabelas de envio sem mudança"


def dbt_nodes(*, good: int, all_nodes: int) -> str:
    return f"dbt: {good} de {all_nodes} nós sem ressalvas"


READING_TO_DECLARE: Final = (
    "Falta dizer como se leem estas colunas; até lá, as linhas com valores que podem ser lidos de "
    "duas maneiras não são enviadas. Em __sources.yml do seu conjunto, na lista 'tables':"
)

# cli/models.py


def moved(folder: object) -> str:
    return f"Movida: {folder}"


def your_folder(models: object) -> str:
    return f"Sua pasta: {models}"


NO_MODEL: Final = "  (nenhum modelo)"


def variables(variables: str) -> str:
    return f"Variáveis do dbt: {variables}"


def replaced(replaced: str) -> str:
    return f"No lugar dos modelos entregues: {replaced}"


def project_run(folder: object) -> str:
    return f"Projeto que o dbt roda: {folder}"


# cli/model_report.py


def computed_columns(*, number: int, columns: str) -> str:
    return f"{number} coluna(s) que o Omie calcula não são enviadas: {columns}"


def unknown_column(*, model: str, column: str, near: str) -> str:
    return f"{model}: coluna desconhecida {column}, que ninguém lê: quis dizer {near}?"


def unread_columns(*, model: str, columns: str) -> str:
    return f"{model}: colunas que não são lidas: {columns}"


# cli/mapping.py

REQUIRED: Final = "obrigatório"
COMES_FROM: Final = "vem de"
WHY: Final = "por quê"


def proposal(*, title: str, endpoint: str, schema: str, table: str, columns: int, rows: int) -> str:
    return f"{title} ({endpoint}) de {schema}.{table}: {columns} colunas, {rows} linhas lidas"


def where_lets_through(*, belonging: int, total: int) -> str:
    return f"--where deixa passar {belonging} de {total} linhas"


NO_COLUMN_FOUND: Final = "nenhuma coluna encontrada"


def and_more_of_them(number: int) -> str:
    return f" e mais {number}"


def unused_columns(*, columns: str, more: str) -> str:
    return f"Colunas sem uso: {columns}{more}"


def health_data(columns: str) -> str:
    return (
        f"Deixadas de fora, por poderem ter dados de saúde (LGPD, art. 11): {columns}. Se uma for "
        "só administrativa: --set CAMPO=COLUNA"
    )


def required_missing(fields: str) -> str:
    return f"Faltam campos obrigatórios: {fields}"


REQUIRED_MISSING_FIX: Final = (
    "O que fazer: --set CAMPO=COLUNA ou --const CAMPO=VALOR; sem eles a validação segura"
)
EVERY_ROW: Final = "todas as linhas (omie-pipeline quarantine)"
FIELD_TO_CHANGE: Final = "Campo a mudar (vazio: está bom)"


def column_for(path: str) -> str:
    return f"Coluna para {path} (vazio: nenhuma; =valor: o mesmo em todas as linhas)"


def did_not_do(error: object) -> str:
    return f"Não deu: {error}"


FOR_NOTES: Final = "para NFS-e"
NOTHING_WRITTEN_DRY: Final = "Nada foi escrito (--dry-run)"


def write_file(target: object) -> str:
    return f"Escrever {target}?"


def written(target: object) -> str:
    return f"Escrito: {target}"


def build_next(endpoint: str) -> str:
    return f"Próximo passo: omie-pipeline build; depois omie-pipeline preview {endpoint}"


NOTHING_WRITTEN: Final = "Nada foi escrito"
CHOOSE_ONE: Final = "escolha um só"
WRITE_A_CONDITION: Final = "escreva uma condição, como \"tipo = 'R'\""


def write_pair(pair: str) -> str:
    return f"escreva {pair}"


WRITE_TABLE: Final = "escreva ESQUEMA.TABELA"


def no_such_empresa(*, empresa: str, known: str) -> str:
    return f"não existe {empresa} (existem: {known})"


# cli/mapping_files.py


def file_must_be_called(name: str) -> str:
    return f"O arquivo deve se chamar {name}: é o modelo que o envio lê"


def file_exists(file: object) -> str:
    return (
        f"{file} já existe e não foi mexido: use --overwrite para escrever por cima, ou --dry-run "
        "para só ver a proposta"
    )


def not_written(*, file: object, cause: str) -> str:
    return f"Não foi possível gravar {file} ({cause})"


# cli/preview.py

WITHOUT_CODE: Final = "(sem código)"
NO_ROW: Final = "Nenhuma linha."


def fields_left_out(*, empresa: str, fields: str) -> str:
    return f"Campos de {empresa} que não saem: {fields}"


def waits(codes: str) -> str:
    return f"aguarda: {codes}"


def may_leave_in_lots(most: int) -> str:
    return (
        f"Cada linha como sairia sozinha; as novas podem sair em lotes de até {most} (lote), um "
        "modo que nenhuma resposta gravada do Omie comprova"
    )


# cli/defaults.py

REMOVED: Final = "tirado"
WAS_NOT_SET: Final = "não estava definido"
NEXT: Final = "Próximo passo: omie-pipeline build"
ACCOUNT_OF_METHOD: Final = "conta corrente da forma de pagamento"
WHAT_IT_IS: Final = "o que é"


def no_empresas_here(empresas: str) -> str:
    return f"Não são empresas desta instalação: {empresas}"


AND_: Final = " e "


def defaults_imported(*, sources: str, number: int) -> str:
    return (
        f"Padrões importados de {sources}: {number}. Agora valem os de omie-pipeline defaults "
        "list; o lugar antigo não é mais lido"
    )


def left_out(reason: str) -> str:
    return f"  ficou de fora: {reason}"


def default_doubtful(problem: str) -> str:
    return f"aviso: {problem} (códigos: omie-pipeline refs)"


def defaults_set(number: int) -> str:
    return f"{number} padrões definidos"


# cli/references.py

NO: Final = "não"
CODE: Final = "código"
DESCRIPTION: Final = "descrição"
TAKES_TITULOS: Final = "aceita títulos"


def reading_list(*, reference: str, empresa: str) -> str:
    return f"{reference} ({empresa}): lendo a lista do Omie"


def list_unread(*, needed_by: str, reference: str, empresa: str) -> str:
    return (
        f"{needed_by}: não enviado, porque precisa da lista {reference}, que não pôde ser lida; "
        f"leia-a com omie-pipeline refs --empresa {empresa} e repita"
    )


def records_listed(*, reference: str, empresa: str, records: str) -> str:
    return f"{reference} ({empresa}): {records} registros"


# cli/rules.py

SOURCES: Final = {
    "default": "padrão",
    "file": "rules do arquivo",
    "empresa": "rules da empresa",
}


def empresa_head(name: str) -> str:
    return f"Empresa {name}"


WHENCE: Final = "de onde"
WHAT_FOR: Final = "para quê"
