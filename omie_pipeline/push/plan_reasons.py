"""Why planned rows do not leave: as a list, and which reasons are the commonest."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import plan
from omie_pipeline.push.worst import WorstRow

_SITUATIONS = {"quarantined": "em quarentena", "held": "retida"}


@dataclass(frozen=True, slots=True)
class CommonReason:
    """A reason and how many rows it keeps back.

    Attributes:
        example: one row's words; they may quote the source.
    """

    rows: int
    example: str


def planned_to_stay(engine: sa.Engine, run_id: str, limit: int) -> tuple[WorstRow, ...]:
    """Rows of a run's plan that validation keeps back, one entry per reason, refused ones first."""
    query = (
        sa.select(plan.c.codigo_integracao, plan.c.particao, plan.c.state, plan.c.reasons)
        .where(plan.c.run_id == run_id, plan.c.state.in_(_SITUATIONS))
        .order_by(plan.c.state.desc(), plan.c.codigo_integracao, plan.c.linha)
        .limit(limit)
    )
    with warehouse_errors(), engine.connect() as connection:
        rows = connection.execute(query).all()
    return tuple(
        WorstRow(
            row.codigo_integracao or "sem código",
            row.particao,
            _SITUATIONS[row.state],
            one.get("motivo", ""),
            one.get("correcao", ""),
        )
        for row in rows
        for one in row.reasons or [{}]
    )


def commonest_reasons(engine: sa.Engine, run_id: str, limit: int = 3) -> tuple[CommonReason, ...]:
    """The reasons for which most rows of a run's plan are quarantined, by field and rule."""
    why = (
        sa.func.jsonb_array_elements(plan.c.reasons)
        .table_valued("value", joins_implicitly=True)
        .render_derived("why")
    )
    field, rule, text = (why.c.value.op("->>")(name) for name in ("campo", "regra", "motivo"))
    rows = sa.func.count(sa.distinct(plan.c.linha))
    query = (
        sa.select(rows, sa.func.min(text))
        .select_from(plan, why)
        .where(plan.c.run_id == run_id, plan.c.state == "quarantined")
        .group_by(field, rule)
        .order_by(rows.desc(), sa.func.min(text))
        .limit(limit)
    )
    with warehouse_errors(), engine.connect() as connection:
        return tuple(CommonReason(row[0], row[1] or "") for row in connection.execute(query))
