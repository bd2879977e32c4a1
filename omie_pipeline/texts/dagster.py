"""What Dagster's pages show."""

from __future__ import annotations

from typing import Final

# resources/dbt.py


def project_not_understood(*, project: object, said: str) -> str:
    return f"O dbt não entendeu o projeto {project}:\n{said}"


# resources/run_workers.py

GONE: Final = (
    "O processo desta execução não existe mais (queda de energia, kill, máquina reiniciada)"
)
SIGN_OF_LIFE: Final = "sinal de vida"
