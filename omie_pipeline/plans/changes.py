"""What a planned row would change of its record, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from omie_pipeline.catalog import Endpoint
from omie_pipeline.catalog.model import Target
from omie_pipeline.omie import wire
from omie_pipeline.payload import PlanRow
from omie_pipeline.plans.omie_records import copy_of
from omie_pipeline.push.effects.record import resolved, targets_in
from omie_pipeline.push.emptied_fields import with_emptied
from omie_pipeline.push.policy import EndpointPolicy

Changes = dict[str, list[Any]]
"""Field, nested ones with a point -> what Omie has, and what it is to have."""


def changes_of(
    row: PlanRow,
    endpoint: Endpoint,
    policy: EndpointPolicy,
    record: Mapping[str, Any] | None,
    ids: Mapping[Target, int],
) -> Changes:
    """The fields that a row would change.

    Args:
        row: of the plan.
        endpoint: its declaration.
        policy: says which fields are emptied.
        record: what the copy of Omie has; ``None`` where nothing was read of it.
        ids: Omie's ids of records that the row names by markers, as far as they are known.
    """
    if row.action == "delete" or endpoint.deletes:
        return {}
    full = with_emptied(row, endpoint, policy)
    shown: dict[Target, Any] = {one: " ".join(one) for one in targets_in(full.payload)}
    sent = wire.to_wire(
        resolved(full.payload, {**shown, **ids}), endpoint.payload, endpoint.service
    )
    if record is None:
        return {name: [None, value] for name, value in _flat(sent)}
    known = _fields_of(endpoint)
    found: Changes = {}
    for name, value in _flat(sent):
        head = name.split(".", 1)[0]
        if known and head not in known and head not in record:
            # The list tells nothing of it: not known is no change.
            continue
        old = _at(record, name)
        if not wire.same_record({name: value}, {name: old}):
            found[name] = [old, value]
    return found


def _fields_of(endpoint: Endpoint) -> frozenset[str]:
    mirror = copy_of(endpoint)
    return frozenset(field.name for field in mirror.record.fields) if mirror else frozenset()


def _flat(value: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, inner in value.items():
        if isinstance(inner, Mapping):
            yield from _flat(inner, f"{before}{name}.")
        else:
            yield f"{before}{name}", inner


def _at(record: Mapping[str, Any], path: str) -> Any:
    value: Any = record
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def value_in(record: Mapping[str, Any] | None, field: str) -> Decimal | None:
    """The sum in R$ under a field; ``None`` if there is none."""
    found = (record or {}).get(field)
    if found is None or isinstance(found, bool):
        return None
    try:
        return Decimal(str(found))
    except InvalidOperation:
        return None
