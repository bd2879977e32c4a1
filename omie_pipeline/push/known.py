"""What the ledger knows of records that a row points at or acts upon."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa

from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import ledger


class KnownRecords:
    """The ledger of one empresa, as seen from a row of another endpoint.

    Every method raises ``WarehouseError`` when the database refuses it.
    """

    def __init__(self, engine: sa.Engine, empresa: str) -> None:
        self._engine = engine
        self._empresa = empresa

    def omie_ids(self, targets: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """Omie's ids of records named by endpoint and code; those Omie does not hold are absent."""
        by_endpoint: dict[str, list[str]] = {}
        for endpoint, code in targets:
            by_endpoint.setdefault(endpoint, []).append(code)
        found: dict[tuple[str, str], int] = {}
        for endpoint, codes in by_endpoint.items():
            query = sa.select(ledger.c.codigo_integracao, ledger.c.omie_id).where(
                *self._living(endpoint), ledger.c.codigo_integracao == sa.func.any(codes)
            )
            with warehouse_errors(), self._engine.connect() as connection:
                found |= {(endpoint, row[0]): row[1] for row in connection.execute(query)}
        return found

    def parents(self, endpoint: str, codes: Collection[str]) -> Mapping[str, str]:
        """Code -> code of the record it acts upon: the título of a baixa."""
        query = sa.select(ledger.c.codigo_integracao, ledger.c.parent_code).where(
            ledger.c.empresa == self._empresa,
            ledger.c.endpoint == endpoint,
            ledger.c.codigo_integracao == sa.func.any(list(codes)),
            ledger.c.parent_code.is_not(None),
        )
        with warehouse_errors(), self._engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def adopted(self, endpoint: str, codes: Collection[str]) -> dict[str, int]:
        """Code -> Omie's id of records that a person made there, and that bear no code of ours."""
        query = sa.select(ledger.c.codigo_integracao, ledger.c.same_as).where(
            *self._living(endpoint),
            ledger.c.codigo_integracao == sa.func.any(list(codes)),
            ledger.c.same_as.is_not(None),
        )
        with warehouse_errors(), self._engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def claimed(self, endpoint: str, omie_ids: Collection[int]) -> set[int]:
        """Those of Omie's records, made by others, that a row of ours is linked to already."""
        query = sa.select(ledger.c.same_as).where(
            ledger.c.empresa == self._empresa,
            ledger.c.endpoint == endpoint,
            ledger.c.same_as == sa.func.any(list(omie_ids)),
            ledger.c.state != "deleted",
        )
        with warehouse_errors(), self._engine.connect() as connection:
            return set(connection.execute(query).scalars())

    def confirmed_since(self, endpoint: str, codes: Collection[str], moment: datetime) -> set[str]:
        """Those of ``codes`` that Omie confirmed, or took away, at ``moment`` or later."""
        query = sa.select(ledger.c.codigo_integracao).where(
            ledger.c.empresa == self._empresa,
            ledger.c.endpoint == endpoint,
            ledger.c.codigo_integracao == sa.func.any(list(codes)),
            ledger.c.confirmed_at >= moment,
        )
        with warehouse_errors(), self._engine.connect() as connection:
            return set(connection.execute(query).scalars())

    def standing(self, endpoint: str, codes: Collection[str]) -> dict[str, bool]:
        """Those of ``codes`` that the ledger knows, and whether Omie holds them still."""
        if not codes:
            return {}
        alive = sa.and_(ledger.c.omie_id.is_not(None), ledger.c.state != "deleted")
        query = sa.select(ledger.c.codigo_integracao, alive).where(
            ledger.c.empresa == self._empresa,
            ledger.c.endpoint == endpoint,
            ledger.c.codigo_integracao == sa.func.any(list(codes)),
        )
        with warehouse_errors(), self._engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def _living(self, endpoint: str) -> tuple[sa.ColumnElement[bool], ...]:
        return (
            ledger.c.empresa == self._empresa,
            ledger.c.endpoint == endpoint,
            ledger.c.omie_id.is_not(None),
            ledger.c.state != "deleted",
        )
