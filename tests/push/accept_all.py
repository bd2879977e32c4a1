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
from omie_pipeline.validation.values import pointers

INVALID = "!"
"""A ``razao_social`` that begins with this is refused."""

_REASON = Reason("razao_social", "teste", "Linha inválida.", "Corrija a linha.")


class AcceptAll:
    """Refuses missing and repeated keys and :data:`INVALID` names; holds unconfirmed references."""

    def __init__(
        self,
        endpoint: Endpoint,
        _rules: ClinicRules,
        _references: References,
        *,
        reported: bool = False,
        shown: object = None,
    ) -> None:
        self._endpoint = endpoint

    def referenced_codes(self, rows: Sequence[CandidateRow]) -> dict[str, set[str]]:
        codes: dict[str, set[str]] = {target: set() for _, target in self._endpoint.references}
        for row in rows:
            for pointer in pointers(self._endpoint, row.payload):
                codes.setdefault(pointer.target.endpoint, set()).add(pointer.target.code)
        return codes

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
            if row.row not in failed and self._waits(row, confirmed)
        )
        return ValidationReport(
            self._endpoint.name, len(rows), failures, held, (), len(failures), len(held)
        )

    def _waits(self, row: CandidateRow, confirmed: Mapping[str, AbstractSet[str]]) -> bool:
        targets = [pointer.target for pointer in pointers(self._endpoint, row.payload)]
        if any(target.code not in confirmed[target.endpoint] for target in targets):
            return True
        plain = [name for name, _ in self._endpoint.references if "." not in name]
        return any(not row.payload.get(name) for name in plain)
