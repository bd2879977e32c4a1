"""A person's data on the terminal."""

from __future__ import annotations

from datetime import date
from typing import Final

# cli/lgpd.py

NOTHING_FOUND_NO_FILE: Final = "Nada encontrado sobre essa pessoa; nenhum arquivo gravado"


def lines_written(*, rows: str, file: object) -> str:
    return f"{rows} linhas em {file} (só você pode ler)"


def checking(*, of: str, table: str) -> str:
    return f"{of}: conferindo {table} no Omie"


def nothing_to_undo(name: str) -> str:
    return f"{name}: não há pedido que ainda se possa desfazer"


def request_undone(*, name: str, day: date) -> str:
    return (
        f"{name}: pedido desfeito: nome e documento não serão mais apagados em {day:%d/%m/%Y}. "
        "Contatos e observações já apagados voltam quando o Omie for lido de novo (omie-pipeline "
        "import)"
    )


def not_read_before(*, empresa: str, start: date) -> str:
    return (
        f"{empresa}: títulos e notas de antes de {start:%d/%m/%Y} não são lidos: confira-os no Omie"
    )


def left_out_by_filters(*, empresa: str, tables: str) -> str:
    return (
        f"{empresa}: os filtros de importação deixam linhas de fora de {tables}: confira-as no Omie"
    )


EMPTY: Final = "está vazio"
WRONG_LENGTH: Final = "não tem o tamanho de um CPF ou CNPJ"
DOCUMENT_PROMPT: Final = "CPF ou CNPJ (não aparece)"


def file_exists(target: object) -> str:
    return f"{target} já existe; escolha outro nome"


def not_written(*, file: object, cause: str) -> str:
    return f"Não foi possível gravar {file} ({cause})"


def nothing_found(empresa: str) -> str:
    return f"{empresa}: nada encontrado sobre essa pessoa no armazém"


WHAT_IT_IS: Final = "o que é"
WHAT_STAYS: Final = "o que fica"


def kept_until(until: date) -> str:
    return (
        f"Nome e documento ficam até {until:%d/%m/%Y}: há nota ou título que a lei manda guardar "
        "por cinco anos (CTN 173, 174 e 195; LGPD 16, I)"
    )


def item_until(*, item: str, until: date) -> str:
    return f"  {item} (até {until:%d/%m/%Y})"


ERASED_TOO: Final = (
    "Nome e documento são apagados também: nenhuma nota ou título obriga a guardá-los"
)
FILES_STAY: Final = (
    "Ficam no arquivo de notas, inteiros: documento fiscal, que a lei manda guardar por cinco "
    "anos (CTN 173, 174 e 195; LGPD 16, I). Depois da data, apague-os lá:"
)
DRY_RUN: Final = (
    "Simulação: nada foi apagado. Para apagar, repita com --yes: contatos, endereço e observações "
    "saem do armazém na hora; só nome e documento esperam o dia mostrado, se há"
)
ERASED: Final = (
    "Contatos, endereço e observações foram apagados. O pedido de apagar nome e documento espera "
    "o dia mostrado (um título ou uma nota até lá o adia); para desfazê-lo antes: omie-pipeline "
    "lgpd cancel"
)


def to_erase_in_omie(ids: str) -> str:
    return f"Falta apagar no Omie: cliente {ids}"


def texts_in_omie(fields: str) -> str:
    return f"No Omie ficam também os textos e e-mails de {fields}: altere-os lá"


def all_codes(codes: str) -> str:
    return (
        "O pedido vale para todos os códigos que têm no Omie o mesmo cadastro (o mesmo CPF ou "
        f"CNPJ): {codes}"
    )


def to_erase_at_clinic(codes: str) -> str:
    return f"Falta apagar no sistema da clínica: {codes}"


def copies_stay(copies: str) -> str:
    return (
        f"As cópias da clínica ({copies}) não são alteradas: a próxima extração as traria de "
        "volta. Elas mudam quando a clínica mudar"
    )


NOT_WITH_KEY: Final = "não combina com --key"
