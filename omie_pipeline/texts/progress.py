"""How far a long work is, and how long it goes on."""

from __future__ import annotations

from typing import Final

# progress.py

UNDER_A_MINUTE: Final = "menos de 1 min"


def minutes(number: int) -> str:
    return f"cerca de {number} min"


def hours(number: int) -> str:
    return f"cerca de {number} h"


def hours_and_minutes(*, hours: int, minutes: int) -> str:
    return f"cerca de {hours} h {minutes} min"


def rows(done: str) -> str:
    return f"{done} linhas"


def rows_of(*, done: str, total: str) -> str:
    return f"{done} de {total} linhas"


def per_minute(rows: str) -> str:
    return f"{rows} por minuto"


def at_limit(rows: str) -> str:
    return f"{rows} por minuto (no limite do Omie)"


def left(about: str) -> str:
    return f"faltam {about}"


def waits(reason: str) -> str:
    return f"espera: {reason}"


def waits_until(*, reason: str, until: str) -> str:
    return f"espera até {until}: {reason}"


def will_take(*, rows: str, about: str) -> str:
    return f"{rows} linhas a enviar: {about}, pelo tempo de resposta do Omie"


def will_take_at_limit(*, rows: str, about: str) -> str:
    return f"{rows} linhas a enviar: {about} no limite do Omie"


# app/deployment.py

LOOKS_BACK: Final = "confere no Omie o que ficou de uma execução interrompida"
OTHER_RUN: Final = "outra execução faz o mesmo trabalho"

# cli/status.py

KINDS: Final = {
    "push": "envio de",
    "import": "leitura de",
    "extract": "cópia de",
    "notes": "acompanhamento de",
}
UNDER_WAY: Final = "Em andamento:"


def work(*, kind: str, name: str, empresa: str, told: str) -> str:
    return f"{kind} {name} ({empresa}): {told}"


def silent(*, rows: str, since: str) -> str:
    return f"{rows}, sem sinal de vida desde {since}: o processo parou; repita o comando"
