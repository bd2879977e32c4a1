"""What the parts that know nothing of Omie say."""

from __future__ import annotations

from typing import Final

# yaml_text.py


def too_deep(most: int) -> str:
    return f"mais de {most} níveis, um dentro do outro"


def contains_itself(anchor: str | None) -> str:
    return f"*{anchor} contém a si mesmo"


def too_many_values(most: int) -> str:
    return f"mais de {most} valores depois de desfeitos os apelidos"


# clock.py

WAITING_UNTIL: Final = "Esperando até %s (Brasília): %s"
