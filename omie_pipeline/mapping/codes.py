"""Our own integration codes: what they begin with, and what that says of the record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from omie_pipeline.mapping.sampling import SampledColumn
from omie_pipeline.mapping.words import Words

PREFIXES: Final[Mapping[str, str]] = {
    "servicos": "SRV-", "vendedores": "PRO-", "contratos": "CTR-", "situacao_contratos": "CTR-",
    "contas_receber": "REC-", "excluir_contas_receber": "REC-", "contas_pagar": "DES-",
    "excluir_contas_pagar": "DES-", "baixas_receber": "BXR-", "estornar_baixas_receber": "BXR-",
    "baixas_pagar": "BXP-", "estornar_baixas_pagar": "BXP-", "ordens_servico": "OS-",
    "faturar_os": "OS-", "projetos": "PRJ-", "categorias": "CAT-",
}  # fmt: skip
"""Endpoint -> what our codes begin with there; clientes take it from what they are."""

_PEOPLE: Final = (
    ("FOR-", frozenset({"fornecedor"})),
    ("PRO-", frozenset({"profissional", "medico", "dentista", "terapeuta", "vendedor"})),
)
ROLES: Final[Mapping[str, tuple[str, str]]] = {
    "PAC-": ("paciente", "Cliente"),
    "PRO-": ("profissional", "Fornecedor"),
    "FOR-": ("fornecedor", "Fornecedor"),
}
"""Prefix of a cliente's code -> what the register is at the clinic, and its tag in Omie."""


def prefix_for(endpoint: str, words: Words, column: SampledColumn | None = None) -> str:
    """What a code of ``endpoint`` begins with; ``""`` if the column's values begin so already.

    Args:
        words: of the table that holds the record, or of the column that points at it.
    """
    prefix = PREFIXES.get(endpoint, "")
    if not prefix:
        prefix = next((text for text, said in _PEOPLE if said & words), "PAC-")
    values = column.values if column else ()
    known = {*PREFIXES.values(), *ROLES, "VEN-", "REP-", "COM-"}
    if values and all(any(value.startswith(one) for one in known) for value in values):
        return ""
    return prefix
