"""What switches and pauses say."""

from __future__ import annotations

from datetime import datetime
from typing import Final

# switches/pauses.py


def paused(*, empresa: str, since: datetime, by: str, reason: str) -> str:
    return f"a empresa {empresa} está desativada desde {since:%d/%m/%Y %H:%M}, por {by}: {reason}"


# switches/settings.py

SOURCES: Final = {
    "default": "padrão",
    "file": "exportar do arquivo",
    "empresa": "exportar da empresa",
}


def by_command(by: str) -> str:
    return f"por {by}"


def switched_off(*, endpoint: str, empresa: str, source: str) -> str:
    return f"{endpoint} de {empresa} está desligado ({source}); nada é enviado"


def only_imported(*, endpoint: str, empresa: str, source: str) -> str:
    return f"{endpoint} de {empresa} só é lido do Omie ({source}); nada é enviado"


def only_exported(*, table: str, empresa: str, source: str) -> str:
    return f"{table} de {empresa} só é enviada ao Omie ({source}); não é lida"


def endpoint_unknown(*, name: str, like: str) -> str:
    return f"endpoint desconhecido em exportar: {name}{like}"


def no_new_only(endpoint: str) -> str:
    return f"{endpoint} exclui ou estorna: pode ser on ou off, não so_novos"


def no_direction(*, endpoint: str, known: str) -> str:
    return f"{endpoint} não tem lista no Omie para ler: use on ou off; direção têm só {known}"


def list_needed(endpoint: str) -> str:
    return f"os envios conferem seus códigos na lista {endpoint}: ela continua sendo lida"


def only_titles(*, endpoint: str, titles: str) -> str:
    return f"{endpoint} não tem títulos digitados à mão; a regra é de {titles}"


def no_fields_of_deletes(endpoint: str) -> str:
    return f"{endpoint} só diz o que excluir ou estornar: não há campos a escolher"


def fields_unknown(*, endpoint: str, names: str) -> str:
    return f"{endpoint} não tem estes campos: {names}"
