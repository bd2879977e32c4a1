"""Intents: committed before a call leaves, so that nothing is ever sent unremembered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.payload.rows import OpenIntent, PlanRow, intent_payload, open_intent
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import intent, quota_request

_CLOCK_MARGIN = timedelta(seconds=30)


class Intents:
    """Open intents of one endpoint of one empresa; one transaction per method.

    Every method raises ``WarehouseError`` when the database refuses it.
    """

    def __init__(self, engine: sa.Engine, empresa: str, endpoint: str, run_id: str) -> None:
        self._engine = engine
        self._who = {"empresa": empresa, "endpoint": endpoint}
        self._run_id = run_id

    def still_open(self, now: datetime) -> list[OpenIntent]:
        """Intents that no outcome closed, with what the request memory says of their sending."""
        # An identical request of long before the intent says nothing about this one; within the
        # minute none can have left twice, and the clock of another server may differ. Another
        # empresa's says nothing either, but which scope is ours is not known here: at worst it
        # costs a read.
        let_through_at = (
            sa.select(sa.func.max(quota_request.c.at))
            .where(
                quota_request.c.fingerprint == intent.c.fingerprint,
                quota_request.c.at >= intent.c.created_at - _CLOCK_MARGIN,
            )
            .scalar_subquery()
        )
        query = (
            sa.select(intent, let_through_at.label("let_through_at"))
            .where(self._open())
            .order_by(intent.c.intent_id)
        )
        with warehouse_errors(), self._engine.connect() as connection:
            return [open_intent(row, now) for row in connection.execute(query)]

    def write(
        self, rows: Sequence[PlanRow], fingerprints: Sequence[str], now: datetime
    ) -> set[int]:
        """Commit that these rows are about to be sent.

        Returns:
            ``linha`` of the rows that may be sent; a row with an open intent of another process is
            not among them.
        """
        if not rows:
            return set()
        values = [
            {
                **self._who,
                "run_id": self._run_id,
                "codigo_integracao": row.codigo_integracao,
                "particao": row.particao,
                "action": row.action,
                "payload_hash": row.payload_hash,
                "payload": intent_payload(row),
                "omie_id": row.omie_id,
                "fingerprint": fingerprint,
                "created_at": now,
                "filled": list(row.filled) or None,
            }
            for row, fingerprint in zip(rows, fingerprints, strict=True)
        ]
        statement = insert(intent).on_conflict_do_nothing().returning(intent.c.codigo_integracao)
        with warehouse_errors(), self._engine.begin() as connection:
            written: set[str] = set(connection.execute(statement, values).scalars())
        return {row.linha for row in rows if row.codigo_integracao in written}

    def mark_read_back(self, code: str, sent_at: datetime, read_at: datetime) -> None:
        """Remember that an open intent was read back, and when it may have left at the latest."""
        statement = (
            sa.update(intent)
            .where(self._open(), intent.c.codigo_integracao == code)
            .values(sent_at=sent_at, read_at=read_at)
        )
        with warehouse_errors(), self._engine.begin() as connection:
            connection.execute(statement)

    def close_as_not_sent(self, codes: Sequence[str], now: datetime) -> None:
        """Close intents whose call provably had no effect; their rows may be sent anew."""
        if not codes:
            return
        statement = (
            sa.update(intent)
            .where(self._open(), intent.c.codigo_integracao.in_(codes))
            .values(closed_at=now, outcome="not_sent", payload=sa.null())
        )
        with warehouse_errors(), self._engine.begin() as connection:
            connection.execute(statement)

    def _open(self) -> sa.ColumnElement[bool]:
        return sa.and_(
            intent.c.empresa == self._who["empresa"],
            intent.c.endpoint == self._who["endpoint"],
            intent.c.closed_at.is_(None),
        )
