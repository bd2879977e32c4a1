"""What people decide of two títulos in Omie for one fact: ours, and one that somebody typed.

To adopt is to link the other one to the clinic's row: the ledger names it by Omie's id from then on
(docs/adr/0031), and the next push changes it to what the clinic says. What is deleted is deleted by
a plan that somebody approves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.locks import Lane
from omie_pipeline.postgres.tables import duplicate_decision, intent, ledger
from omie_pipeline.reconcile.differences import Duplicate
from omie_pipeline.texts import reconcile as texts

Decision = Literal["adopt", "ignore", "relist", "delete_ours", "delete_theirs"]

ADOPTED_BY_PERSON: Final = "adopted"
"""``error_code`` of a row that waits for the push that changes the adopted título."""

_TITLES: Final = {"R": "contas_receber", "P": "contas_pagar"}


@dataclass(frozen=True, slots=True)
class DuplicateDecision:
    """A decision about one pair.

    Attributes:
        endpoint: of the títulos.
        plan_id: plan that deletes one of them; ``""`` for none.
    """

    empresa: str
    endpoint: str
    ledger_code: str
    our_titulo: int
    other_titulo: int
    decision: Decision
    decided_by: str
    decided_at: datetime
    plan_id: str = ""


def titles_of(pair: Duplicate) -> str:
    """The endpoint of the two títulos."""
    return _TITLES[pair.natureza]


def remember_decision(engine: sa.Engine, decision: DuplicateDecision) -> None:
    """Write a decision; those before it stay."""
    with warehouse_errors(), engine.begin() as connection:
        connection.execute(_written(decision))


def standing_decisions(
    engine: sa.Engine, empresas: Sequence[str]
) -> Mapping[tuple[str, int], DuplicateDecision]:
    """The last decision about each título without a link, by empresa and its id in Omie."""
    d = duplicate_decision.c
    query = (
        sa.select(duplicate_decision)
        .ext(distinct_on(d.empresa, d.other_titulo))
        .where(d.empresa.in_(empresas))
        .order_by(d.empresa, d.other_titulo, d.decision_id.desc())
    )
    with warehouse_errors(), engine.connect() as connection:
        found = [
            DuplicateDecision(
                row.empresa,
                row.endpoint,
                row.ledger_code,
                row.our_titulo,
                row.other_titulo,
                row.decision,
                row.decided_by,
                row.decided_at,
                row.plan_id or "",
            )
            for row in connection.execute(query)
        ]
    return {(one.empresa, one.other_titulo): one for one in found}


def adopt(held: Lane, decision: DuplicateDecision) -> None:
    """Link the other título to the clinic's row, which waits for the push that changes it.

    Args:
        held: the lane of the endpoint: no push of it is on its way.
        decision: the pair.

    Raises:
        ConfigurationError: the ledger has not what the list showed, or somebody else has the
            título; nothing was changed.
    """
    mine = (ledger.c.empresa == decision.empresa, ledger.c.endpoint == decision.endpoint)
    row_of = (*mine, ledger.c.codigo_integracao == decision.ledger_code)
    taken = sa.exists().where(
        *mine, ledger.c.omie_id == decision.other_titulo, ledger.c.state != "deleted"
    )
    unanswered = sa.exists().where(
        intent.c.empresa == decision.empresa,
        intent.c.endpoint == decision.endpoint,
        intent.c.closed_at.is_(None),
        sa.or_(
            intent.c.codigo_integracao == decision.ledger_code,
            intent.c.omie_id == decision.other_titulo,
        ),
    )
    with warehouse_errors(), held.engine.begin() as connection:
        if connection.execute(sa.select(sa.or_(taken, unanswered))).scalar():
            raise ConfigurationError(texts.titulo_taken(decision.other_titulo))
        done = connection.execute(
            sa.update(ledger)
            .where(*row_of, ledger.c.omie_id == decision.our_titulo, ledger.c.state == "confirmed")
            .values(
                state="held",
                omie_id=decision.other_titulo,
                same_as=decision.other_titulo,
                created_here=False,
                payload_hash=None,
                last_error=texts.adopted_waits(decision.other_titulo),
                error_code=ADOPTED_BY_PERSON,
                held_until=None,
                updated_at=decision.decided_at,
            )
        ).rowcount
        if done != 1:
            raise ConfigurationError(texts.not_as_listed(decision.ledger_code))
        connection.execute(_written(decision))


def _written(decision: DuplicateDecision) -> sa.Executable:
    return sa.insert(duplicate_decision).values(
        empresa=decision.empresa,
        endpoint=decision.endpoint,
        ledger_code=decision.ledger_code,
        our_titulo=decision.our_titulo,
        other_titulo=decision.other_titulo,
        decision=decision.decision,
        plan_id=decision.plan_id or None,
        decided_by=decision.decided_by,
        decided_at=decision.decided_at,
    )
