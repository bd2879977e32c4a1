"""The clinic and the ledger against Omie."""

from __future__ import annotations

from typing import Final

# reconcile/differences.py


def view_missing(*, schema: str, view: str) -> str:
    return f"A visão {schema}.{view} ainda não existe. Rode: omie-pipeline build"


CLINIC_NEEDED: Final = " (com a clínica em CLINIC_URL)"


# reconcile/resend.py

NOT_IN_OMIE: Final = "Não está mais no Omie: será enviada de novo"


# reconcile/duplicate_decisions.py


def titulo_taken(titulo: int) -> str:
    return (
        f"O título {titulo} já é de outra linha, ou há uma chamada dele sem resposta: envie de "
        "novo e repita"
    )


def not_as_listed(code: str) -> str:
    return f"{code} mudou desde a lista: leia os títulos de novo (omie-pipeline import titulos)"


def adopted_waits(titulo: int) -> str:
    return f"Vinculada ao título {titulo} por decisão de uma pessoa; o próximo envio o atualiza"
