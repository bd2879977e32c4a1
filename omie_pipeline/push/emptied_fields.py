"""Which fields of a record Omie holds with a value, and which of them a plan would empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from omie_pipeline.catalog import Endpoint
from omie_pipeline.catalog.model import Emptying, emptyings, value_at, with_value
from omie_pipeline.payload import PayloadModel, PlanRow, Selection, payload_source
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import ledger, plan
from omie_pipeline.push.policy import EndpointPolicy

_NAMES = ARRAY(sa.Text)
_BLANK = ('""', "[]", "{}", "0", "null")


@dataclass(frozen=True, slots=True)
class NotEmptied:
    """A record of which Omie keeps what the clinic emptied."""

    empresa: str
    endpoint: str
    codigo_integracao: str
    fields: tuple[str, ...]


def remember_filled(engine: sa.Engine, model: PayloadModel, empresa: str) -> None:
    """Learn the filled fields of records that were delivered before they were kept, from the
    model's rows that are still as they were delivered. Nothing to do from the second time on."""
    names = tuple(emptyings(model.endpoint))
    unknown = (
        ledger.c.empresa == empresa,
        ledger.c.endpoint == model.endpoint.name,
        ledger.c.filled.is_(None),
        ledger.c.payload_hash.is_not(None),
    )
    if not names:
        return
    with warehouse_errors(), engine.begin() as connection:
        if not connection.execute(sa.select(sa.exists().where(*unknown))).scalar():
            return
        # The offset keeps PostgreSQL from making each payload anew for every name looked up in it.
        source = sa.select(payload_source(model, Selection(empresa))).offset(0).subquery("once")
        connection.execute(
            sa.update(ledger)
            .values(filled=_filled(source.c.payload, names))
            .where(
                *unknown,
                ledger.c.codigo_integracao == source.c.codigo_integracao,
                ledger.c.payload_hash == source.c.payload_hash,
            )
        )
        nothing = sa.cast(sa.literal([], _NAMES), _NAMES)
        connection.execute(sa.update(ledger).values(filled=nothing).where(*unknown))


def emptied_by_plan(engine: sa.Engine, run_id: str) -> dict[str, int]:
    """Field -> rows of the plan that would lose its value."""
    each = (
        sa.select(plan.c.payload, sa.func.unnest(plan.c.filled).label("name"))
        .where(plan.c.run_id == run_id, plan.c.state == "ready", plan.c.action == "upsert")
        .subquery("f")
    )
    query = (
        sa.select(each.c.name, sa.func.count())
        .where(_value_at(each.c.payload, each.c.name).is_(None))
        .group_by(each.c.name)
    )
    with warehouse_errors(), engine.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def not_emptied(
    engine: sa.Engine, empresas: Sequence[str] = (), endpoint: str = "", run_id: str = ""
) -> list[NotEmptied]:
    """Records of which Omie keeps what the clinic emptied, by endpoint and code.

    Args:
        engine: the warehouse.
        empresas: the empresas that are looked at.
        endpoint: name of the endpoint; all by default.
        run_id: only of this run; of all by default.
    """
    c = ledger.c
    query = (
        sa.select(c.empresa, c.endpoint, c.codigo_integracao, c.not_emptied)
        .where(c.not_emptied.is_not(None), c.state != "deleted")
        .order_by(c.empresa, c.endpoint, c.codigo_integracao)
    )
    if empresas:
        query = query.where(c.empresa.in_(empresas))
    if endpoint:
        query = query.where(c.endpoint == endpoint)
    if run_id:
        query = query.where(c.run_id == run_id)
    with warehouse_errors(), engine.connect() as connection:
        return [NotEmptied(r[0], r[1], r[2], tuple(r[3])) for r in connection.execute(query)]


def _filled(payload: sa.ColumnElement[Any], names: Sequence[str]) -> sa.ColumnElement[Any]:
    known = sa.cast(sa.literal(list(names), _NAMES), _NAMES)
    name = sa.func.unnest(known).column_valued("filled_name")
    value = sa.cast(_value_at(payload, name), sa.Text)
    kept = sa.select(name).where(value.is_not(None), value.not_in(_BLANK))
    return sa.func.array(kept.scalar_subquery(), type_=_NAMES)


def _value_at(payload: sa.ColumnElement[Any], name: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return payload.op("#>")(sa.func.string_to_array(name, "."))


# Fields that the clinic emptied since they were delivered, as they go to Omie.


def may_empty(endpoint: Endpoint, policy: EndpointPolicy) -> tuple[str, ...]:
    """Names of the fields that this policy empties."""
    return tuple(name for name, how in emptyings(endpoint).items() if _sent(how, policy))


def with_emptied(row: PlanRow, endpoint: Endpoint, policy: EndpointPolicy) -> PlanRow:
    """The row with what empties the fields that Omie holds and the clinic does not any more."""
    known = emptyings(endpoint)
    payload: Mapping[str, Any] = row.payload
    for name in row.filled:
        how = known.get(name)
        if how is not None and _sent(how, policy) and value_at(payload, name) is None:
            payload = with_value(payload, name, how.value)
    return replace(row, payload=payload) if payload is not row.payload else row


def _sent(how: Emptying, policy: EndpointPolicy) -> bool:
    if how.value is None or policy.on_emptied == "keep":
        return False
    return how.proven or policy.on_emptied == "empty"
