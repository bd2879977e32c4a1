"""What an outcome writes into each table, as values of one row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.catalog.emptying import EMPTY_VALUES, filled_fields, value_at
from omie_pipeline.nfse.nfse import Submitted
from omie_pipeline.payload.rows import DELIVERED, Attempt, RowOutcome
from omie_pipeline.push.likeness import likeness_of


@dataclass(frozen=True, slots=True)
class Writer:
    """The run that writes: whose rows, of which endpoint."""

    empresa: str
    endpoint: str
    run_id: str

    def _key(self, code: str | None) -> dict[str, Any]:
        return {
            "empresa": self.empresa,
            "endpoint": self.endpoint,
            "codigo_integracao": code,
            "run_id": self.run_id,
        }

    def confirmed(self, outcome: RowOutcome, now: datetime) -> dict[str, Any]:
        """A row of ``ledger`` that Omie confirmed."""
        deleted = outcome.kind == "deleted" and outcome.row.payload_hash == ""
        endpoint = REGISTRY[self.endpoint]
        parent_field = endpoint.parent_field
        left = _not_emptied(outcome)
        filled = () if deleted else (*filled_fields(endpoint, outcome.row.payload), *left)
        return {
            **self._key(outcome.row.codigo_integracao),
            "state": "deleted" if deleted else "confirmed",
            "payload_hash": None if deleted else outcome.row.payload_hash,
            "omie_id": outcome.omie_id or outcome.row.omie_id,
            "omie_code": outcome.omie_code or None,
            "parent_code": outcome.row.payload.get(parent_field) or None,
            "created_here": outcome.kind == "created",
            "likeness": likeness_of(endpoint, outcome.row.payload) or None,
            "filled": list(filled),
            "not_emptied": list(left) or None,
            "emptied": _emptied(outcome) or None,
            "particao": outcome.row.particao,
            "attempts": 1,
            "in_doubt": False,
            "same_as": _same_as(outcome),
            "first_seen_at": now,
            "confirmed_at": outcome.at or now,
            "updated_at": now,
        }

    def failed(self, outcome: RowOutcome, now: datetime) -> dict[str, Any]:
        """A row of ``ledger`` that was refused or has to wait."""
        return {
            **self._key(outcome.row.codigo_integracao),
            "state": "rejected" if outcome.kind == "rejected" else "held",
            "particao": outcome.row.particao,
            "attempts": 1,
            "first_error": outcome.error,
            "last_error": outcome.error,
            "error_code": outcome.error_code,
            "held_until": outcome.held_until,
            "in_doubt": outcome.in_doubt,
            "first_seen_at": now,
            "updated_at": now,
        }

    def rejected(self, outcome: RowOutcome, now: datetime) -> dict[str, Any]:
        """A row of ``rejected``."""
        return {
            **self._key(outcome.row.codigo_integracao),
            "particao": outcome.row.particao,
            "fault_text": outcome.error,
            "fault_code": outcome.error_code,
            "correcao": outcome.fix,
            "row_masked": outcome.row_masked or {},
            "payload_hash": outcome.row.payload_hash,
            "first_fault_text": outcome.error,
            "first_refused_at": now,
            "first_seen_at": now,
            "last_seen_at": now,
        }

    def attempt(self, item: Attempt) -> dict[str, Any]:
        """A row of ``attempt``."""
        return {
            **self._key(item.codigo_integracao),
            "method": item.method,
            "request": item.request,
            "response": item.response,
            "http_status": item.http_status,
            "fault_class": item.fault_class,
            "fault_code": item.fault_code,
            "fault_text": item.fault_text,
            "duration_ms": item.duration_ms,
            "at": item.at,
        }


def _same_as(outcome: RowOutcome) -> int | None:
    if outcome.same_as is not None:
        return outcome.same_as
    return (outcome.omie_id or outcome.row.omie_id) if outcome.row.adopted else None


def _not_emptied(outcome: RowOutcome) -> tuple[str, ...]:
    """Fields that Omie holds with a value, and of which the row said nothing."""
    row = outcome.row
    return tuple(name for name in row.filled if value_at(row.payload, name) is None)


def _emptied(outcome: RowOutcome) -> list[str]:
    """Fields that Omie held with a value, and that the row emptied."""
    row = outcome.row
    return [name for name in row.filled if value_at(row.payload, name) in EMPTY_VALUES]


def notes_begun(outcomes: Sequence[RowOutcome], now: datetime) -> list[Submitted]:
    """The notes that delivered billings begin; value and city from the model's own columns."""
    return [
        Submitted(
            cod_int_os=outcome.row.codigo_integracao or "",
            n_cod_os=outcome.omie_id,
            valor=outcome.row.extra.get("_valor"),
            municipio=outcome.row.extra.get("_municipio"),
            at=outcome.at or now,
        )
        for outcome in outcomes
        if outcome.kind in DELIVERED
    ]
