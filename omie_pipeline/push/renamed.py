"""Planned rows that look like records the ledger holds under another code."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from omie_pipeline.payload.payload import PayloadModel
from omie_pipeline.payload.rows import PlanRow, plan_row
from omie_pipeline.payload.selection import model_key
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import ledger, plan
from omie_pipeline.push.likeness import plain_form


@dataclass(frozen=True, slots=True)
class Known:
    """A record that Omie holds for us.

    Attributes:
        likeness: ``""`` if it was delivered before likenesses were kept.
    """

    code: str
    likeness: str


@dataclass(frozen=True, slots=True)
class SameCode:
    """Records of one endpoint whose codes differ in form only."""

    empresa: str
    endpoint: str
    codigos: tuple[str, ...]
    ids_no_omie: tuple[int, ...]


def holds_any(engine: sa.Engine, empresa: str, endpoint: str) -> bool:
    """Whether Omie holds a record of this endpoint for us."""
    query = sa.select(sa.exists().where(*_living(empresa, endpoint)))
    with warehouse_errors(), engine.connect() as connection:
        return bool(connection.execute(query).scalar())


def new_rows(engine: sa.Engine, run_id: str, chunk_rows: int) -> Iterator[list[PlanRow]]:
    """Rows of the plan that would make a record, in chunks."""
    last = 0
    while True:
        query = (
            sa.select(plan)
            .where(
                plan.c.run_id == run_id,
                plan.c.state == "ready",
                plan.c.action != "delete",
                plan.c.omie_id.is_(None),
                plan.c.codigo_integracao.is_not(None),
                plan.c.linha > last,
            )
            .order_by(plan.c.linha)
            .limit(chunk_rows)
        )
        with warehouse_errors(), engine.connect() as connection:
            found = connection.execute(query).all()
        if not found:
            return
        last = found[-1].linha
        yield [plan_row(row) for row in found]


def alike(
    engine: sa.Engine, empresa: str, endpoint: str, likenesses: Collection[str]
) -> list[Known]:
    """Records that Omie holds for us and that say the same as these.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        likenesses: digests of the rows.
    """
    query = sa.select(ledger.c.codigo_integracao, ledger.c.likeness).where(
        *_living(empresa, endpoint), ledger.c.likeness == sa.func.any(list(likenesses))
    )
    with warehouse_errors(), engine.connect() as connection:
        return [Known(row[0], row[1]) for row in connection.execute(query)]


def gone_without_likeness(engine: sa.Engine, model: PayloadModel, empresa: str) -> list[Known]:
    """Records delivered before likenesses were kept that the model has no longer."""
    p = model.table()
    in_model = sa.exists().where(
        p.c.empresa == empresa, model_key(model, p) == ledger.c.codigo_integracao
    )
    query = sa.select(ledger.c.codigo_integracao).where(
        *_living(empresa, model.endpoint.name), ledger.c.likeness.is_(None), ~in_model
    )
    with warehouse_errors(), engine.connect() as connection:
        return [Known(row[0], "") for row in connection.execute(query)]


def still_in_model(
    engine: sa.Engine, model: PayloadModel, empresa: str, codes: Collection[str]
) -> set[str]:
    """Those of ``codes`` that the model has, whatever their date.

    Args:
        engine: the warehouse.
        model: the payload model.
        empresa: the empresa whose rows are meant.
        codes: integration codes.
    """
    p = model.table()
    key = model_key(model, p)
    wanted = sa.cast(sa.literal(sorted(codes), ARRAY(sa.Text)), ARRAY(sa.Text))
    query = sa.select(key).where(p.c.empresa == empresa, key == sa.any_(wanted))
    with warehouse_errors(), engine.connect() as connection:
        return {code for code in connection.execute(query).scalars() if code is not None}


def same_codes(engine: sa.Engine, empresas: Sequence[str]) -> list[SameCode]:
    """Records that Omie holds for us under codes that differ in form only."""
    query = sa.select(
        ledger.c.empresa, ledger.c.endpoint, ledger.c.codigo_integracao, ledger.c.omie_id
    ).where(
        ledger.c.empresa.in_(empresas), ledger.c.omie_id.is_not(None), ledger.c.state != "deleted"
    )
    by_form: defaultdict[tuple[str, str, str], list[tuple[str, int]]] = defaultdict(list)
    with warehouse_errors(), engine.connect() as connection:
        for row in connection.execute(query.execution_options(yield_per=20_000)):
            by_form[(row[0], row[1], plain_form(row[2]))].append((row[2], row[3]))
    return [
        SameCode(empresa, endpoint, *_columns(sorted(found)))
        for (empresa, endpoint, _), found in sorted(by_form.items())
        if len(found) > 1
    ]


def _columns(found: Sequence[tuple[str, int]]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    return tuple(code for code, _ in found), tuple(omie_id for _, omie_id in found)


def _living(empresa: str, endpoint: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        ledger.c.empresa == empresa,
        ledger.c.endpoint == endpoint,
        ledger.c.omie_id.is_not(None),
        ledger.c.state != "deleted",
    )
