"""A stored plan as others read it: masked, as records for JSON and CSV, and as a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from omie_pipeline import decimal_json
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.omie.masking import mask, mask_text
from omie_pipeline.plans.model import PlanFigures, PlanPart, StoredPlan, StoredRow, selection_json
from omie_pipeline.private_files import private_opener
from omie_pipeline.texts import plans as texts

FORMAT: Final = 1
"""Of the file; one of another number is not read."""

CSV_FIELDS: Final = (
    "empresa", "endpoint", "partition", "code", "action", "state", "field", "old", "new",
    "value_before", "value_after", "reasons",
)  # fmt: skip


def masked(row: StoredRow) -> StoredRow:
    """The row without what tells of a person: personal fields, and documents in reasons."""
    changes = {
        name: [
            mask({name.rsplit(".", 1)[-1]: value}).get(name.rsplit(".", 1)[-1]) for value in pair
        ]
        for name, pair in row.changes.items()
    }
    reasons = [
        {key: mask_text(str(value or "")) for key, value in one.items()} for one in row.reasons
    ]
    return replace(row, changes=changes, reasons=reasons)


def plan_record(plan: StoredPlan) -> dict[str, Any]:
    """A plan with the figures of its parts, as JSON has it."""
    return {
        "plan_id": plan.plan_id,
        "state": plan.state,
        "subject": plan.subject,
        "origin": plan.origin,
        "digest": plan.digest,
        "made_at": plan.made_at.isoformat(),
        "made_by": plan.made_by,
        "approved_at": plan.approved_at and plan.approved_at.isoformat(),
        "approved_by": plan.approved_by,
        "over_guardrails": plan.over_guardrails,
        "applied_at": plan.applied_at and plan.applied_at.isoformat(),
        "applied_by": plan.applied_by,
        "ended_at": plan.ended_at and plan.ended_at.isoformat(),
        "ended_why": plan.ended_why,
        "sides": {
            side: {"value_before": before, "value_after": after}
            for side, (before, after) in plan.sides.items()
        },
        "parts": [_part_record(part) for part in plan.parts],
    }


def _part_record(part: PlanPart) -> dict[str, Any]:
    figures = part.figures
    numbers = {name: getattr(figures, name) for name in PlanFigures.__dataclass_fields__}
    return {
        "empresa": part.empresa,
        "endpoint": part.endpoint,
        **numbers,
        "stops": list(part.stops),
        "error": part.error,
        "selection": selection_json(part.selection),
        "run_ids": list(part.run_ids),
    }


def row_record(row: StoredRow) -> dict[str, Any]:
    """A row as JSON has it."""
    return {
        "empresa": row.empresa,
        "endpoint": row.endpoint,
        "partition": row.partition,
        "code": row.codigo_integracao,
        "action": row.action,
        "state": row.state,
        "omie_id": row.omie_id,
        "read": row.read,
        "changes": row.changes,
        "value_before": row.value_before,
        "value_after": row.value_after,
        "reasons": list(row.reasons),
        "left_out": list(row.left_out),
        "payload_hash": row.payload_hash,
    }


def csv_records(rows: Iterable[StoredRow]) -> Iterator[dict[str, Any]]:
    """A line for each field that a row changes, one at least for each row."""
    for row in rows:
        record = row_record(row)
        told = "; ".join(str(one.get("reason") or "") for one in row.reasons)
        whole = {name: record.get(name) for name in CSV_FIELDS} | {"reasons": told}
        if not row.changes:
            yield whole
        for name, (old, new) in row.changes.items():
            yield whole | {"field": name, "old": old, "new": new}


@dataclass(frozen=True, slots=True)
class PlanFile:
    """What a file says of a plan; it is never what is sent.

    Attributes:
        digest: of the stored plan's rows when it was written.
        record: as :func:`plan_record` wrote it.
        rows: as they were written, masked or not.
    """

    plan_id: str
    digest: str
    record: Mapping[str, Any]
    rows: tuple[StoredRow, ...]


def write_file(file: Path, plan: StoredPlan, rows: Iterable[StoredRow]) -> None:
    """Write a plan as JSON, for its owner alone; rows as they are given.

    Raises:
        ConfigurationError: the file cannot be written.
    """
    content = {
        "format": FORMAT,
        "plan": plan_record(plan),
        "rows": [row_record(row) for row in rows],
    }
    try:
        with open(file, "w", encoding="utf-8", opener=private_opener) as stream:
            stream.write(decimal_json.dumps(content) + "\n")
    except OSError as error:
        raise ConfigurationError(
            texts.file_not_written(file=str(file), cause=error.strerror or type(error).__name__)
        ) from None


def read_file(file: Path) -> PlanFile:
    """Read a plan that :func:`write_file` wrote.

    Raises:
        ConfigurationError: it cannot be read, or is no such file.
    """
    try:
        content = decimal_json.loads(file.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise ConfigurationError(texts.no_plan_file(str(file)))
        record = content["plan"]
        rows = tuple(_row(one) for one in content["rows"])
        return PlanFile(str(record["plan_id"]), str(record["digest"]), record, rows)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise ConfigurationError(texts.no_plan_file(str(file))) from None


def _row(one: Mapping[str, Any]) -> StoredRow:
    return StoredRow(
        one["empresa"],
        one["endpoint"],
        one["partition"],
        one["code"],
        one["action"],
        one["state"],
        one["payload_hash"],
        one["omie_id"],
        one["changes"],
        one["read"],
        _money(one["value_before"]),
        _money(one["value_after"]),
        one["reasons"],
        tuple(one["left_out"]),
    )


def _money(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))
