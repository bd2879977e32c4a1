"""What the page of open alerts says."""

from __future__ import annotations

from typing import Final

# console/pages/alerts.py

TITLE: Final = "Avisos"

# templates/alerts.html

INTRO: Final = (
    "O que o sistema achou fora do normal na última conferência, do mais antigo ao mais novo. Um "
    "aviso some sozinho quando a causa passa."
)
NOTHING: Final = "Nenhum aviso em aberto."
SINCE: Final = "Desde"
TOLD: Final = "Avisado em"
NOT_TOLD: Final = "ainda não avisado"
TIMES: Final = "mensagens"
