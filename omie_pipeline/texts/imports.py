"""Reading Omie: why a table was not read, and what a person does."""

from __future__ import annotations

from datetime import datetime
from typing import Final

# imports/change_probe.py

OMIE_ASKS_TO_WAIT: Final = "o Omie pede para perguntar depois"
OUTSIDE_FILTERS: Final = "fora dos filtros da empresa"
NEVER_READ: Final = "falta a primeira carga"


def key_blocked(until: datetime) -> str:
    return f"o Omie bloqueou a chave até {until:%d/%m %H:%M}"


BEING_READ: Final = "está sendo lida agora"


# imports/merge.py


def no_inner_rows(table: str) -> str:
    return f"{table} não tem linhas internas"


# imports/paging.py

BROKEN_ANSWER: Final = "A resposta do Omie veio quebrada"
NO_LIST: Final = "O Omie respondeu sem a lista ou sem o total de registros"
NO_LIST_FIX: Final = "Tente de novo mais tarde; se persistir, avise quem mantém o fluxo."


# imports/range.py


def nothing_read_yet(table: str) -> str:
    return f"{table}: nada foi lido ainda"


# imports/state.py

INTERRUPTED: Final = "O processo foi interrompido"


# imports/status.py

BANK_STATEMENT_TITLE: Final = "Extrato por conta e mês"
