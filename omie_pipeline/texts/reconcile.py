"""The clinic and the ledger against Omie."""

from __future__ import annotations

from typing import Final

# reconcile/differences.py


def view_missing(*, schema: str, view: str) -> str:
    return f"A visão {schema}.{view} ainda não existe. Rode: omie-pipeline build"


CLINIC_NEEDED: Final = " (com a clínica em CLINIC_URL)"


# reconcile/resend.py

NOT_IN_OMIE: Final = "Não está mais no Omie: será enviada de novo"
