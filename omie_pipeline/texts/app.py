"""The use cases that the terminal and Dagster share."""

from __future__ import annotations

from typing import Final

# app/deployment.py


def unknown_table(*, table: str, known: str) -> str:
    return f"Tabela desconhecida: {table} (existem: {known})"


def no_empresa_column(table: str) -> str:
    return (
        f"Tabela '{table}': várias empresas usam a mesma clínica, então ela precisa de uma coluna "
        "de empresa (meta.empresa)"
    )


NO_CLINIC: Final = "CLINIC_URL não está definida: aponte-a para a clínica"


# app/freshness.py


def cannot_decide(*, empresa: str, table: str, error: object) -> str:
    return (
        f"{empresa}: não dá para decidir o que a lei manda guardar, porque o Omie não pôde ser "
        f"lido ({table}: {error}). Nada foi apagado; repita quando ele responder"
    )


# app/notes.py

NOTHING_SAID_OF_NOTE: Final = "O Omie não disse nada da nota"


# app/register_client.py

TRY_LATER_FIX: Final = "Repita em alguns minutos"


def no_such_client(*, key: str, empresa: str) -> str:
    return (
        f"Não há cliente {key} ({empresa}) no modelo omie_clientes: confira o código, ou refaça "
        "os modelos com omie-pipeline build"
    )


# app/sync_one.py

BUILD_FAILED: Final = (
    "Os modelos não puderam ser refeitos, e nada foi enviado: rode omie-pipeline build, que diz "
    "por quê"
)
