"""Reading Omie: the reports of `import` and `cache`."""

from __future__ import annotations

from datetime import date
from typing import Final

# cli/import_tables.py

COUNTS: Final = {
    "total_omie": "total no Omie",
    "read": "lidas",
    "inserted": "novas",
    "updated": "alteradas",
    "unchanged": "iguais",
    "excluded": "excluídas",
    "filtered": "filtradas",
}
MODES: Final = {"full": "tudo", "incremental": "o que mudou"}
STATUS_NEXT: Final = "Próximo passo: omie-pipeline status"
NOT_READ: Final = "não lida"
NO: Final = "não"
JUST_READ_BY_ANOTHER: Final = "há pouco, por outra"


def new_fields(*, label: str, fields: str) -> str:
    return f"{label}: campos novos do Omie, guardados em raw: {fields}"


def counts_differ(*, label: str, table: str) -> str:
    return (
        f"{label}: as linhas lidas não fecharam com o total do Omie, talvez porque alguém "
        f"trabalhava nele. O que fazer: omie-pipeline import {table} --full"
    )


NOT_WITH_FULL_FROM_TO: Final = "não combina com --full, --from e --to"
NOT_WITH_FROM_TO: Final = "não combina com --from e --to"


def none_created_at(*, names: str, dates: str) -> str:
    return f"O Omie não tem linha nenhuma de {names} incluída {dates}: confira as datas"


def not_come_yet(first: date) -> str:
    return f"{first:%d/%m/%Y} ainda não chegou, e as datas são as de inclusão no Omie"


def goes_on(*, label: str, since: str) -> str:
    return f"{label}: retomando a leitura que parou ({since}); o conferido não é repetido"


def needs_before(*, table: str, empresa: str, needed: str) -> str:
    return f"{table} ({empresa}): precisa de {needed}, que é lida antes"


def not_read_tables(*, empresa: str, tables: str) -> str:
    return f"{empresa}: não lidas: {tables}"


IMPORT_COMMAND: Final = "omie-pipeline import"


def key_not_answered(*, empresa: str, until: str, command: str) -> str:
    return (
        f"{empresa}: o Omie não responde a esta chave até {until}; o que foi lido fica. Depois: "
        f"{command} --empresa {empresa}"
    )


def not_by_date(tables: str) -> str:
    return f"{tables} não se divide por data"


def read_whole(tables: str) -> str:
    return f"As datas não valem para {tables}: é lido por inteiro"


# cli/cache.py


def forgetting_means(tables: str) -> str:
    return (
        f"A próxima importação de {tables} lê tudo de novo no Omie. As linhas que já estão no "
        "banco ficam, e as que o Omie não tem mais são marcadas nessa leitura; até lá a "
        "conciliação as mostra como a conferir."
    )


def forget(empresas: str) -> str:
    return f"Esquecer o que foi lido de {empresas}?"


NOTHING_FORGOTTEN: Final = "Nada foi esquecido"


def reading_waits(label: str) -> str:
    return f"{label}: outra importação em andamento: aguardando"


NOTHING_WAS_READ: Final = "nada, nada tinha sido lido"


def forgotten(*, empresa: str, tables: str) -> str:
    return f"{empresa}: esquecido: {tables}"


def import_next(word: str) -> str:
    return f"Próximo passo: omie-pipeline import {word}"
