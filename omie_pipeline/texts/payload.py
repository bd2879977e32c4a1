"""What dbt hands over, where it does not fit."""

from __future__ import annotations

# payload.py


def model_missing(*, schema: str, model: str) -> str:
    return f"O modelo dbt {schema}.{model} não existe: ainda não foi construído"


def of_model(*, schema: str, model: str) -> str:
    return f"Modelo dbt {schema}.{model}: "


def model_rebuilt(*, schema: str, model: str) -> str:
    return (
        f"O modelo {schema}.{model} foi reconstruído com outras colunas no meio da execução: rode "
        "de novo"
    )


def column_missing(name: str) -> str:
    return f"falta a coluna {name}"


def key_missing(key: str) -> str:
    return f"falta a chave {key}"


def no_field(*, column: str, entity: str, near: str) -> str:
    return f"a coluna {column} não é campo de {entity} no Omie{near}"
