"""What a delivered row is in Omie, one module for each kind of effect in the catalog."""

from __future__ import annotations

from omie_pipeline.catalog import REGISTRY, Endpoint
from omie_pipeline.omie import OmieClient
from omie_pipeline.push.dependents import KnownRecords
from omie_pipeline.push.effects.billing import BillingEffect
from omie_pipeline.push.effects.category import NamedEffect
from omie_pipeline.push.effects.deletion import DeletionEffect
from omie_pipeline.push.effects.document import DocumentEffect
from omie_pipeline.push.effects.order import OrderEffect
from omie_pipeline.push.effects.record import (
    SAME_PAYMENT,
    ExistingRecord,
    ReadBack,
    RecordEffect,
    Request,
    TwinRule,
)
from omie_pipeline.push.effects.reversal import ReversalEffect
from omie_pipeline.push.effects.settlement import SettlementEffect
from omie_pipeline.push.effects.situation import ContractEffect, SituationEffect
from omie_pipeline.push.effects.title import TitleEffect

_EFFECTS: dict[str, type[RecordEffect]] = {
    "record": RecordEffect,
    "title": TitleEffect,
    "contract": ContractEffect,
    "order": OrderEffect,
    "document": DocumentEffect,
    "named": NamedEffect,
    "settlement": SettlementEffect,
    "billing": BillingEffect,
    "situation": SituationEffect,
}
_DELETIONS: dict[str, type[RecordEffect]] = {
    "record": DeletionEffect,
    "settlement": ReversalEffect,
}


def effect_for(
    endpoint: Endpoint,
    client: OmieClient,
    known: KnownRecords,
    twins: TwinRule = SAME_PAYMENT,
) -> RecordEffect:
    """How rows of ``endpoint`` take effect, bound to one empresa.

    Args:
        endpoint: its declaration.
        client: for the reads.
        known: what the ledger knows of records.
        twins: what counts as the same payment.
    """
    if not endpoint.deletes:
        return _EFFECTS[endpoint.effect](client, endpoint, known, twins)
    target = effect_for(REGISTRY[endpoint.deletes], client, known, twins)
    return _DELETIONS[endpoint.effect](client, endpoint, known, twins, target)


__all__ = ["ExistingRecord", "ReadBack", "RecordEffect", "Request", "TwinRule", "effect_for"]
