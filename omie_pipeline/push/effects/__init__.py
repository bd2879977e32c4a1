"""What a delivered row is in Omie, one module for each kind of effect in the catalog."""

from __future__ import annotations

from omie_pipeline.catalog import Endpoint
from omie_pipeline.catalog.relations import SETTLEMENTS
from omie_pipeline.omie import OmieClient
from omie_pipeline.push.dependents import KnownRecords
from omie_pipeline.push.effects.billing import BillingEffect
from omie_pipeline.push.effects.category import NamedEffect
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
from omie_pipeline.push.effects.settlement import SettlementEffect
from omie_pipeline.push.effects.situation import SituationEffect
from omie_pipeline.push.effects.title import TitleEffect

_EFFECTS: dict[str, type[RecordEffect]] = {
    "record": RecordEffect,
    "order": OrderEffect,
    "document": DocumentEffect,
    "named": NamedEffect,
    "settlement": SettlementEffect,
    "billing": BillingEffect,
    "situation": SituationEffect,
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
    kind = TitleEffect if endpoint.name in SETTLEMENTS else _EFFECTS[endpoint.effect]
    return kind(client, endpoint, known, twins)


__all__ = ["ExistingRecord", "ReadBack", "RecordEffect", "Request", "TwinRule", "effect_for"]
