"""A validator that costs nothing: for tests of what happens after validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from omie_pipeline.catalog import Endpoint
from omie_pipeline.validation.model import (
    CandidateRow,
    ClinicRules,
    Reason,
    References,
    RowFailure,
    RowHold,
    ValidationReport,
)

INVALID = "!"
"""A ``razao_social`` that begins with this is refused."""

_REASON = Reason("razao_social", "teste", "Linha inválida.", "Corrija a linha.")


class AcceptAll:
    """Refuses missing and repeated keys and :data:`INVALID` names; holds unconfirmed references."""

    def __init__(self, endpoint: Endpoint, _rules: ClinicRules, _references: References) -> None:
        self._endpoint = endpoint

    def referenced_codes(self, rows: Sequence[CandidateRow]) -> dict[str, set[str]]:
        return {
            target: {str(code) for row in rows if (code := row.payload.get(name))}
            for name, target in self._endpoint.references
        }

    def validate(
        self,
        rows: Sequence[CandidateRow],
        *,
        confirmed: Mapping[str, AbstractSet[str]],
        duplicated_keys: AbstractSet[str] = frozenset(),
    ) -> ValidationReport:
        failures = tuple(
            RowFailure(row.row, (_REASON,))
            for row in rows
            if row.key is None
            or row.key in duplicated_keys
            or str(row.payload.get("razao_social", "")).startswith(INVALID)
        )
        failed = {failure.row for failure in failures}
        held = tuple(
            RowHold(row.row, "O cliente ainda não foi confirmado.")
            for row in rows
            for name, target in self._endpoint.references
            if row.row not in failed and (row.payload.get(name) or "") not in confirmed[target]
        )
        return ValidationReport(
            self._endpoint.name, len(rows), failures, held, (), len(failures), len(held)
        )
