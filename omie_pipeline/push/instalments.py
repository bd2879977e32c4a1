"""A receipt whose number of instalments changed after it was delivered.

Its títulos have other codes then (REC-7 in one piece, REC-7-1 to REC-7-3 in three), so those of the
former kind stay in Omie beside the new ones, and the patient would owe the money twice.
"""

from __future__ import annotations

import re
from datetime import datetime

from omie_pipeline.payload.payload import PayloadModel
from omie_pipeline.payload.rows import PlanRow, RowOutcome
from omie_pipeline.push.acted_upon import living_codes
from omie_pipeline.push.conflicts import parcelas_mudaram
from omie_pipeline.push.ledger import Ledger
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.push.renamed import still_in_model
from omie_pipeline.push.scope import Scope, refused_row

_CHUNK_ROWS = 20_000
_RECEIPTS = "contas_receber"


def stop_other_instalments(
    scope: Scope,
    model: PayloadModel,
    policy: EndpointPolicy,
    ledger: Ledger,
    now: datetime,
    *,
    store: bool,
) -> int:
    """Keep rows here whose receipt Omie still holds in its former instalments.

    Where the run itself deletes those (``mode: mirror``), the rows wait for the next one.

    Args:
        scope: warehouse, run, empresa and endpoint.
        model: the payload model.
        policy: the endpoint's policy.
        ledger: the ledger of the run.
        now: time of the change.
        store: false for a dry run, which writes nothing.

    Returns:
        How many rows were quarantined here.
    """
    if scope.endpoint.name != _RECEIPTS:
        return 0
    refused_rows = 0
    for rows in ledger.ready_rows(_CHUNK_ROWS):
        former = {row.linha: codes for row in rows if (codes := _former_codes(row))}
        asked = {code for codes in former.values() for code in codes}
        if not asked:
            continue
        living = living_codes(scope.engine, scope.empresa, _RECEIPTS, sorted(asked))
        left = living - still_in_model(scope.engine, model, scope.empresa, living)
        stopped = [
            (row, sorted(left.intersection(former[row.linha])))
            for row in rows
            if left.intersection(former.get(row.linha, ()))
        ]
        if policy.mode == "mirror":
            waits = [
                RowOutcome(row, "held", error=_waits(codes), error_code="parcelas")
                for row, codes in stopped
            ]
            if waits:
                ledger.write_outcomes(waits, [], now, plan_only=not store, sent=False)
            continue
        refused = [refused_row(row, [parcelas_mudaram(codes)]) for row, codes in stopped]
        scope.refuse(refused, now, store=store)
        refused_rows += len(refused)
    return refused_rows


def _waits(codes: list[str]) -> str:
    return f"Aguarda a exclusão de {', '.join(codes)}: o número de parcelas mudou"


def _former_codes(row: PlanRow) -> tuple[str, ...]:
    """Codes that títulos of the same receipt had, had it another number of instalments."""
    if row.action == "delete" or row.extra.get("_origem_tabela") != "recebimentos":
        return ()
    base, code = f"REC-{row.extra.get('_origem_id')}", row.codigo_integracao or ""
    if code == base:
        return f"{base}-1", f"{base}-2"
    part = re.fullmatch(re.escape(base) + r"-([0-9]+)", code)
    of = re.fullmatch(r"([0-9]+)/([0-9]+)", str(row.payload.get("numero_parcela") or ""))
    if part is None:
        return ()
    return (base, f"{base}-{int(of[2]) + 1}") if of else (base,)
