"""The rows a person should look at first."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import ledger, quarantine, rejected
from omie_pipeline.texts import push as texts

STATE_WORDS = {"rejected": "rejeitada", "quarantined": texts.QUARANTINED, "held": "retida"}
"""How a screen calls the state of a row that did not get through."""


@dataclass(frozen=True, slots=True)
class WorstRow:
    """A row that did not get through, with no personal data in it.

    Attributes:
        state: ``rejected`` (by Omie), ``quarantined`` (by us) or ``held`` (until later).
        reason, fix: why, and what to do; Portuguese.
    """

    codigo_integracao: str
    partition: str
    state: str
    reason: str
    fix: str


@dataclass(frozen=True, slots=True)
class _Question:
    """Rows of one run in one state; the columns are the fields of :class:`WorstRow`.

    Attributes:
        order: the rows to look at first.
    """

    rows: sa.Select[Any]
    partition: sa.ColumnElement[str]
    order: tuple[sa.ColumnElement[Any], ...]

    def first(self, limit: int) -> sa.Select[Any]:
        return self.rows.order_by(*self.order).limit(limit)

    def first_of_each_partition(self, limit: int) -> sa.Select[Any]:
        place = sa.func.row_number().over(partition_by=self.partition, order_by=self.order)
        ranked = self.rows.add_columns(place.label("place")).subquery()
        return sa.select(ranked).where(ranked.c.place <= limit).order_by(ranked.c.place)


def worst_rows(
    engine: sa.Engine, empresa: str, endpoint: str, run_id: str, limit: int = 5
) -> list[WorstRow]:
    """Rows of one run: rejected first, then quarantined, then held.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        run_id: id of the run.
        limit: the most rows that are answered.
    """
    found: list[WorstRow] = []
    with warehouse_errors(), engine.connect() as connection:
        for question in _questions(empresa, endpoint, run_id):
            if len(found) < limit:
                rows = connection.execute(question.first(limit - len(found)))
                found += [_worst_row(row) for row in rows]
    return found


def worst_by_partition(
    engine: sa.Engine, empresa: str, endpoint: str, run_id: str, each: int
) -> dict[str, list[WorstRow]]:
    """Partition -> up to ``each`` of its rows of one run, in the order of :func:`worst_rows`.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        run_id: id of the run.
        each: the most of each.
    """
    found: defaultdict[str, list[WorstRow]] = defaultdict(list)
    with warehouse_errors(), engine.connect() as connection:
        for question in _questions(empresa, endpoint, run_id):
            for row in connection.execute(question.first_of_each_partition(each)):
                one = _worst_row(row)
                if len(found[one.partition]) < each:
                    found[one.partition].append(one)
    return dict(found)


def _worst_row(row: Any) -> WorstRow:
    return WorstRow(row[0], row[1], row[2], row[3], row[4])


def _questions(empresa: str, endpoint: str, run_id: str) -> tuple[_Question, ...]:
    who = (empresa, endpoint, run_id)
    return _rejected(*who), _quarantined(*who), _held(*who)


def _rejected(empresa: str, endpoint: str, run_id: str) -> _Question:
    c = rejected.c
    rows = sa.select(
        c.codigo_integracao, c.partition, sa.literal("rejected"), c.fault_text, c.fix
    ).where(c.empresa == empresa, c.endpoint == endpoint, c.run_id == run_id)
    return _Question(rows, c.partition, (c.first_seen_at, c.codigo_integracao))


def _quarantined(empresa: str, endpoint: str, run_id: str) -> _Question:
    c, reasons = quarantine.c, quarantine.c.reasons
    rows = sa.select(
        sa.func.coalesce(c.codigo_integracao, c.row_key),
        c.partition,
        sa.literal("quarantined"),
        reasons[0]["reason"].astext,
        reasons[0]["fix"].astext,
    ).where(c.empresa == empresa, c.endpoint == endpoint, c.run_id == run_id)
    return _Question(rows, c.partition, (sa.func.jsonb_array_length(reasons).desc(), c.row_key))


def _held(empresa: str, endpoint: str, run_id: str) -> _Question:
    c = ledger.c
    rows = sa.select(
        c.codigo_integracao,
        c.partition,
        sa.literal("held"),
        sa.func.coalesce(c.last_error, ""),
        sa.literal(texts.TRIED_FIRST_NEXT_TIME),
    ).where(c.empresa == empresa, c.endpoint == endpoint, c.run_id == run_id, c.state == "held")
    return _Question(rows, c.partition, (c.codigo_integracao,))
