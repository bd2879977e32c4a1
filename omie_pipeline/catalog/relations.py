"""Which endpoints act upon the records of which."""

from __future__ import annotations

from omie_pipeline.catalog.endpoints.baixas import (
    BAIXAS_PAGAR,
    BAIXAS_RECEBER,
    ESTORNAR_BAIXAS_PAGAR,
    ESTORNAR_BAIXAS_RECEBER,
)
from omie_pipeline.catalog.endpoints.contratos import CONTRATOS, SITUACAO_CONTRATOS
from omie_pipeline.catalog.model import Endpoint

SETTLEMENTS: dict[str, Endpoint] = {
    "contas_receber": BAIXAS_RECEBER,
    "contas_pagar": BAIXAS_PAGAR,
}
"""Títulos -> the endpoint that settles them."""

REVERSALS: dict[str, Endpoint] = {
    endpoint.deletes: endpoint for endpoint in (ESTORNAR_BAIXAS_RECEBER, ESTORNAR_BAIXAS_PAGAR)
}
"""Settlements -> the endpoint that takes them back."""

TITLES: dict[str, str] = {settlement.name: titles for titles, settlement in SETTLEMENTS.items()}
"""Settlements -> the títulos they settle."""

SITUATIONS: dict[str, Endpoint] = {CONTRATOS.name: SITUACAO_CONTRATOS}
"""Contracts -> the endpoint that says which situation they are in."""

WORKS_ON: dict[str, str] = TITLES | {
    reversal.name: TITLES[settlement] for settlement, reversal in REVERSALS.items()
}
"""Settlements and their reversals -> the títulos they work on."""


def endpoints_around(endpoint: str) -> tuple[str, ...]:
    """Títulos, their settlements and the reversals of these, if ``endpoint`` is one of the three:
    what has to go both ways for a settled título to be changed."""
    titles = WORKS_ON.get(endpoint, endpoint)
    if titles not in SETTLEMENTS:
        return ()
    settlements = SETTLEMENTS[titles].name
    return (titles, settlements, REVERSALS[settlements].name)


def prerequisites_of(endpoint: Endpoint) -> frozenset[str]:
    """Names of the endpoints whose records those of ``endpoint`` name, act upon or take away."""
    named = {target for _, target in endpoint.references} | set(endpoint.points_at)
    named |= {endpoint.deletes, WORKS_ON.get(endpoint.name, "")}
    return frozenset(named - {""})
