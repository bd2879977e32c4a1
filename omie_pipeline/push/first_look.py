"""What is known of a row before any call is made for it.

Such an outcome closes no intent: an earlier call of the row may still have taken effect.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from omie_pipeline.omie.masking import mask
from omie_pipeline.payload.rows import PlanRow, RowOutcome
from omie_pipeline.push.effects import RecordEffect, Standing

_UNSEEN = "O Omie não mostrou se isto já foi feito: nada foi enviado"


def lacking_of(effect: RecordEffect, row: PlanRow) -> RowOutcome | None:
    """Held, where the row points at a record that Omie has not confirmed."""
    missing = effect.missing(row)
    if missing is None:
        return None
    text = f"Aguarda a confirmação de {missing[0]} {missing[1]}"
    return RowOutcome(row, "held", error=text, error_code="referencia", called=False)


def outcome_of(row: PlanRow, found: Standing, now: datetime) -> RowOutcome | None:
    """What is known of a row without sending it; ``None`` if it is to be sent."""
    if found.done:
        return RowOutcome(
            row, "linked", found.omie_id, omie_code=found.omie_code, at=now, same_as=found.same_as
        )
    if found.refusal:
        masked = mask(dict(row.payload))
        return RowOutcome(
            row, "rejected", error=found.refusal, fix=found.fix, row_masked=masked, called=False
        )
    if found.unreadable:
        pause = timedelta(seconds=found.pause_seconds)
        until = now + pause if pause else None
        return RowOutcome(
            row,
            "held",
            error=found.text or _UNSEEN,
            error_code="unreadable",
            held_until=until,
            called=False,
        )
    return None
