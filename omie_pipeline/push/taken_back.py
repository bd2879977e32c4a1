"""Changes that Omie refused, or that had to wait, and that the clinic took back since.

The ledger keeps the hash of what Omie confirmed last beside the outcome of the change. A row that
is again as confirmed has nothing to send, unless what Omie holds is not known: a call without an
answer, or a refusal in words that may follow upon the effect (``in_doubt``).
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from omie_pipeline.catalog import Endpoint
from omie_pipeline.payload.payload import PayloadModel
from omie_pipeline.payload.payload_source import source_rows
from omie_pipeline.payload.selection import Mode, Selection
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import ledger, rejected
from omie_pipeline.push.acted_upon import unclear
from omie_pipeline.push.ledger_marks import wake_settlements

_UNFINISHED = ("rejected", "held")


def stands_as(
    endpoint: Endpoint, known: sa.FromClause, payload_hash: sa.ColumnElement[str]
) -> sa.ColumnElement[bool]:
    """Whether Omie is known to hold exactly this payload, whatever was refused or waits since.

    Not asked of deletions, whose hash says nothing of their target, nor of billings, which the city
    hall may refuse after Omie has confirmed them.
    """
    if endpoint.deletes or endpoint.effect == "billing":
        return sa.false()
    return sa.and_(known.c.payload_hash == payload_hash, ~unclear(known))


def settle_taken_back(
    engine: sa.Engine, model: PayloadModel, selection: Selection, mode: Mode, now: datetime
) -> None:
    """Let the ledger, and the list of rejected rows, know of the changes that were taken back.

    Args:
        engine: the warehouse.
        model: the payload model.
        selection: empresa, dates and codes of the run.
        mode: the mode of the policy: upsert, insert or mirror.
        now: time of the change.
    """
    with warehouse_errors(), engine.begin() as connection:
        _settle(connection, model, selection, mode, now)


def _settle(
    connection: sa.Connection,
    model: PayloadModel,
    selection: Selection,
    mode: Mode,
    now: datetime,
) -> None:
    endpoint = model.endpoint
    mine = (
        ledger.c.empresa == selection.empresa,
        ledger.c.endpoint == endpoint.name,
        ledger.c.state.in_(_UNFINISHED),
        ledger.c.payload_hash.is_not(None),
    )
    # Nearly always there are none, and then the hashes of the whole model are not needed.
    never = endpoint.deletes or endpoint.effect == "billing"
    if never or not connection.scalar(sa.select(sa.exists().where(*mine))):
        return
    source = source_rows(model, selection, mode)
    statement = (
        sa.update(ledger)
        .values(
            state="confirmed",
            particao=source.c.particao,
            first_error=None,
            last_error=None,
            error_code=None,
            held_until=None,
            updated_at=now,
        )
        .where(
            *mine,
            ledger.c.codigo_integracao == source.c.codigo_integracao,
            stands_as(endpoint, ledger, source.c.payload_hash),
        )
        .returning(ledger.c.codigo_integracao)
    )
    codes: list[str] = list(connection.execute(statement).scalars())
    connection.execute(
        sa.delete(rejected).where(
            rejected.c.empresa == selection.empresa,
            rejected.c.endpoint == endpoint.name,
            rejected.c.codigo_integracao == sa.func.any(codes),
        )
    )
    wake_settlements(connection, selection.empresa, endpoint.name, codes, now)
