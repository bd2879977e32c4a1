"""``on_lookalike: adopt``: a título that a person typed into Omie is taken for the clinic's own.

Omie has no method that gives a título a code (omie-api.md#integration-codes; ADR 0031). Only the
ledger links the two, and from then on the título is named by Omie's id.
"""

from __future__ import annotations

from datetime import datetime

from omie_pipeline.catalog.acting import SETTLEMENTS
from omie_pipeline.payload.rows import RowOutcome
from omie_pipeline.push.conflicts import titulo_parecido
from omie_pipeline.push.ledger import Ledger
from omie_pipeline.push.lookalikes import lookalikes, was_read
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.push.renamed import new_rows
from omie_pipeline.push.scope import Scope, refused_row

_CHUNK_ROWS = 20_000


def adopt_lookalikes(
    scope: Scope, policy: EndpointPolicy, ledger: Ledger, now: datetime, *, store: bool
) -> int:
    """Plan to adopt what is certain; put to a person what could be several.

    Args:
        scope: warehouse, run, empresa and endpoint.
        policy: the endpoint's policy.
        ledger: the ledger of the run.
        now: time of the change.
        store: false for a dry run, which writes nothing.

    Returns:
        How many rows were quarantined.
    """
    if policy.on_lookalike != "adopt" or scope.endpoint.name not in SETTLEMENTS:
        return 0
    engine, empresa, endpoint = scope.engine, scope.empresa, scope.endpoint
    if not was_read(engine, empresa, endpoint):
        text = (
            "A lista do Omie nunca foi lida, e on_lookalike: adopt precisa dela: "
            f"omie-pipeline import {endpoint.name}"
        )
        for rows in new_rows(engine, scope.run_id, _CHUNK_ROWS):
            waiting = [
                RowOutcome(row, "held", error=text, error_code="referencia", called=False)
                for row in rows
            ]
            ledger.write_outcomes(waiting, [], now, plan_only=not store, sent=False)
        return 0
    found = lookalikes(engine, scope.run_id, empresa, endpoint, policy.lookalike_days)
    ledger.adopt({one.row.linha: one.omie_ids[0] for one in found if one.certain})
    unclear = [one for one in found if not one.certain]
    scope.refuse(
        [
            refused_row(one.row, [titulo_parecido(endpoint.name, one.row.code, one.omie_ids)])
            for one in unclear
        ],
        now,
        store=store,
    )
    return len(unclear)
