"""What the ledger of an empresa knows of records, as seen from the rows that need to know it.

A row that points at a record, acts upon it or takes it away asks here, and so do the conditions of
a plan. All questions have one shape: which rows of an endpoint, under which condition, and what of
them (:meth:`KnownRecords._ask`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from omie_pipeline.catalog import Endpoint
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import intent, ledger, rejected

_C = ledger.c
_STANDS = (_C.state != "deleted",)
_CONFIRMED = (*_STANDS, sa.or_(_C.omie_id.is_not(None), _C.omie_code.is_not(None)))
_HELD_BY_OMIE = (*_STANDS, _C.omie_id.is_not(None))
_UNANSWERED = (intent.c.closed_at.is_(None),)


@dataclass(frozen=True, slots=True)
class ConfirmedRecord:
    """What Omie last confirmed of a record that it holds."""

    payload_hash: str
    omie_id: int | None
    omie_code: str
    at: datetime | None


class KnownRecords:
    """The ledger of one empresa, as seen from a row of another endpoint.

    ``codes`` are integration codes of the endpoint that is asked about. Every method raises
    ``WarehouseError`` when the database refuses it.
    """

    def __init__(self, engine: sa.Engine, empresa: str) -> None:
        self.engine = engine
        self.empresa = empresa

    def any_of(self, endpoint: str) -> bool:
        """Whether the ledger knows anything of this endpoint."""
        known = sa.exists().where(_C.empresa == self.empresa, _C.endpoint == endpoint)
        with warehouse_errors(), self.engine.connect() as connection:
            return bool(connection.execute(sa.select(known)).scalar())

    def omie_ids(self, targets: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """Omie's ids of records named by endpoint and code; those Omie does not hold are absent."""
        by_endpoint: dict[str, list[str]] = {}
        for endpoint, code in targets:
            by_endpoint.setdefault(endpoint, []).append(code)
        return {
            (endpoint, row[0]): row[1]
            for endpoint, codes in by_endpoint.items()
            for row in self._coded(endpoint, codes, *_HELD_BY_OMIE, what=(_C.omie_id,))
        }

    def living(self, endpoint: str, codes: Collection[str]) -> dict[str, int | None]:
        """Code -> Omie's id of what Omie confirmed and nobody took back; ``None`` if it is no
        number."""
        rows = self._coded(endpoint, codes, *_CONFIRMED, what=(_C.omie_id,))
        return {row[0]: row[1] for row in rows}

    def confirmed(self, endpoint: str, codes: Collection[str]) -> dict[str, ConfirmedRecord]:
        """What Omie last confirmed of these records, of those it holds and is known to hold so."""
        rows = self._coded(
            endpoint,
            codes,
            *_STANDS,
            _C.payload_hash.is_not(None),
            ~unclear(ledger),
            what=(_C.payload_hash, _C.omie_id, _C.omie_code, _C.confirmed_at),
        )
        return {row[0]: ConfirmedRecord(row[1], row[2], row[3] or "", row[4]) for row in rows}

    def confirmed_since(self, endpoint: str, codes: Collection[str], moment: datetime) -> set[str]:
        """Those of ``codes`` that Omie confirmed, or took away, at ``moment`` or later."""
        return {row[0] for row in self._coded(endpoint, codes, _C.confirmed_at >= moment)}

    def taken_back(self, endpoint: str, codes: Collection[str]) -> set[str]:
        """Those of ``codes`` that Omie confirmed once and does not hold any more."""
        gone = (_C.omie_id.is_(None), _C.confirmed_at.is_not(None))
        return {row[0] for row in self._coded(endpoint, codes, *gone)}

    def standing(self, endpoint: str, codes: Collection[str]) -> dict[str, bool]:
        """Those of ``codes`` that the ledger knows, and whether Omie holds them still."""
        alive = sa.and_(*_HELD_BY_OMIE)
        return {row[0]: row[1] for row in self._coded(endpoint, codes, what=(alive,))}

    def adopted(self, endpoint: str, codes: Collection[str]) -> dict[str, int]:
        """Code -> Omie's id of records that a person made there, and that bear no code of ours."""
        made_there = (*_HELD_BY_OMIE, _C.same_as.is_not(None))
        rows = self._coded(endpoint, codes, *made_there, what=(_C.same_as,))
        return {row[0]: row[1] for row in rows}

    def linked(self, endpoint: str, codes: Collection[str]) -> set[str]:
        """Those of ``codes`` that a person linked to a record which others made in Omie."""
        made_there = (*_STANDS, _C.same_as.is_not(None))
        return {row[0] for row in self._coded(endpoint, codes, *made_there)}

    def claimed(self, endpoint: str, omie_ids: Collection[int]) -> set[int]:
        """Those of Omie's records, made by others, that a row of ours is linked to already."""
        mine = _C.same_as == sa.func.any(list(omie_ids))
        return {row[1] for row in self._ask(endpoint, mine, *_STANDS, what=(_C.same_as,))}

    def codes_of(self, endpoint: str, omie_ids: Collection[int]) -> dict[int, str]:
        """Omie's id -> our code of what Omie confirmed and was not taken back."""
        named = _C.omie_id == sa.func.any(list(omie_ids))
        return {row[1]: row[0] for row in self._ask(endpoint, named, *_STANDS, what=(_C.omie_id,))}

    def created_here(
        self, endpoint: str, codes: Collection[str], omie_ids: Collection[int]
    ) -> dict[str, int | None]:
        """Code -> Omie's id of those records, named by either, that this ledger created; ``None``
        if it knows of none that stands."""
        named = sa.or_(
            _C.codigo_integracao == sa.func.any(list(codes)),
            _C.omie_id == sa.func.any(list(omie_ids)),
        )
        rows = self._ask(endpoint, named, _C.created_here, what=(_C.omie_id,))
        return {row[0]: row[1] for row in rows}

    def parents(self, endpoint: str, codes: Collection[str]) -> Mapping[str, str]:
        """Code -> code of the record it acts upon: the título of a baixa."""
        named = _C.parent_code.is_not(None)
        rows = self._coded(endpoint, codes, named, what=(_C.parent_code,))
        return {row[0]: row[1] for row in rows}

    def settled(self, endpoint: str, titles: Collection[str]) -> set[str]:
        """Those of ``titles`` that a settlement of this ledger, by ``endpoint``, stands on."""
        upon = _C.parent_code == sa.func.any(list(titles))
        rows = self._ask(endpoint, upon, *_HELD_BY_OMIE, what=(_C.parent_code,))
        return {row[1] for row in rows}

    def unanswered(self, endpoint: str, codes: Collection[str]) -> set[str]:
        """Those of ``codes`` with a call whose outcome is unknown."""
        code = intent.c.codigo_integracao
        wanted = code == sa.func.any(list(codes))
        return self._asked_of_intents(endpoint, wanted, code)

    def unanswered_upon(self, endpoint: Endpoint, parents: Collection[str]) -> set[str]:
        """Those of ``parents`` that a row of ``endpoint`` acts upon whose outcome is unknown."""
        parent = intent.c.payload[endpoint.parent_field].astext
        return self._asked_of_intents(endpoint.name, parent.in_(list(parents)), parent)

    def last_refusals(self, endpoint: str, codes: Collection[str]) -> dict[str, tuple[str, str]]:
        """Code -> Omie's words and what to do, of rows that it refused last."""
        c = rejected.c
        query = sa.select(c.codigo_integracao, c.fault_text, c.fix).where(
            c.empresa == self.empresa,
            c.endpoint == endpoint,
            c.codigo_integracao == sa.func.any(list(codes)),
        )
        with warehouse_errors(), self.engine.connect() as connection:
            return {row[0]: (row[1] or "", row[2] or "") for row in connection.execute(query)}

    def _coded(
        self,
        endpoint: str,
        codes: Collection[str],
        *where: sa.ColumnElement[bool],
        what: Sequence[sa.ColumnElement[Any]] = (),
    ) -> Sequence[Any]:
        """Rows of the ledger under these codes; nothing is asked if there are none."""
        if not codes:
            return ()
        wanted = _C.codigo_integracao == sa.func.any(list(codes))
        return self._ask(endpoint, wanted, *where, what=what)

    def _ask(
        self,
        endpoint: str,
        *where: sa.ColumnElement[bool],
        what: Sequence[sa.ColumnElement[Any]] = (),
    ) -> Sequence[Any]:
        """The code of each row of the ledger that meets ``where``, and ``what`` of it.

        Args:
            endpoint: name of the endpoint.
            where: conditions on the ledger.
            what: further columns.
        """
        query = sa.select(_C.codigo_integracao, *what).where(
            _C.empresa == self.empresa, _C.endpoint == endpoint, *where
        )
        with warehouse_errors(), self.engine.connect() as connection:
            return connection.execute(query).all()

    def _asked_of_intents(
        self, endpoint: str, wanted: sa.ColumnElement[bool], what: sa.ColumnElement[str]
    ) -> set[str]:
        query = sa.select(what).where(
            intent.c.empresa == self.empresa, intent.c.endpoint == endpoint, wanted, *_UNANSWERED
        )
        with warehouse_errors(), self.engine.connect() as connection:
            return set(connection.execute(query).scalars())


def unclear(known: sa.FromClause) -> sa.ColumnElement[bool]:
    """Whether Omie may hold something else of a record than what it confirmed last."""
    # Asked for once, not per record: a subquery that depends on the row keeps PostgreSQL from
    # comparing a million payloads in parallel.
    open_ones = sa.select(intent.c.empresa, intent.c.endpoint, intent.c.codigo_integracao).where(
        *_UNANSWERED
    )
    record = sa.tuple_(known.c.empresa, known.c.endpoint, known.c.codigo_integracao)
    return sa.or_(known.c.in_doubt, record.in_(open_ones))
