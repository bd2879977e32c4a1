"""Fields that the clinic emptied since they were delivered, as they go to Omie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from omie_pipeline.catalog import Endpoint
from omie_pipeline.catalog.emptying import Emptying, emptyings, value_at
from omie_pipeline.payload.rows import PlanRow
from omie_pipeline.push.policy import EndpointPolicy


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
            payload = _with(payload, name.split("."), how.value)
    return replace(row, payload=payload) if payload is not row.payload else row


def _sent(how: Emptying, policy: EndpointPolicy) -> bool:
    if how.value is None or policy.on_emptied == "manter":
        return False
    return how.proven or policy.on_emptied == "esvaziar"


def _with(payload: Mapping[str, Any], path: list[str], value: Any) -> Mapping[str, Any]:
    """A copy of ``payload`` with a value at a path."""
    name, rest = path[0], path[1:]
    if not rest:
        return {**payload, name: value}
    inner = payload.get(name)
    return {**payload, name: _with(inner if isinstance(inner, Mapping) else {}, rest, value)}
