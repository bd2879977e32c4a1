"""The validating half of a push: candidate rows through the suites, in chunks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from omie_pipeline.catalog import Endpoint
from omie_pipeline.catalog.relations import SETTLEMENTS
from omie_pipeline.imports.references import (
    confirmed_codes,
    deletable,
    usable_categorias,
    usable_contas_correntes,
)
from omie_pipeline.payload.models import PayloadModel
from omie_pipeline.payload.rows import PlanRow, RowOutcome
from omie_pipeline.push.conflicts import codigo_de_dois
from omie_pipeline.push.dependents import KnownRecords, settled, unanswered_titles
from omie_pipeline.push.ledger import Ledger
from omie_pipeline.push.plan import Scope, duplicated_keys, refused_row
from omie_pipeline.texts import push as texts
from omie_pipeline.validation.model import (
    CandidateRow,
    ClinicRules,
    Reason,
    References,
    ValidationReport,
    merge_reports,
)
from omie_pipeline.validation.values import needs_lists

if TYPE_CHECKING:
    from omie_pipeline.validation import Validator

_CHUNK_ROWS = 20_000
_SHARED = "_colisao"
"""Column of a payload model that names the two rows of the clinic that would share a código."""


def check_plan(
    scope: Scope,
    model: PayloadModel,
    rules: ClinicRules,
    ledger: Ledger,
    now: datetime,
    *,
    store: bool,
    reported: bool,
) -> ValidationReport | None:
    """Validate every planned row that sends a payload; quarantine and hold what must not leave.

    Args:
        scope: warehouse, run, empresa and endpoint.
        model: the payload model.
        rules: rules of the clinic.
        ledger: the ledger of the run.
        now: time of the change.
        store: off for a dry run: only the plan is marked.
        reported: a page of Data Docs is wanted, so Great Expectations runs however few the rows.

    Returns:
        Counts of all chunks, ``None`` when there was nothing to validate (and Great Expectations
        was not even imported).

    Raises:
        ConfigurationError: a título needs a reference list that was never read from Omie.
    """
    engine, empresa, endpoint = scope.engine, scope.empresa, scope.endpoint
    validator = None
    reports: list[ValidationReport] = []
    duplicates: set[str] = set()
    for rows in ledger.ready_rows(_CHUNK_ROWS):
        to_check = [row for row in rows if row.action != "delete"]
        if not to_check:
            continue
        if validator is None:
            from omie_pipeline.validation import Validator

            lists = references_for(engine, endpoint, empresa)
            validator = Validator(endpoint, rules, lists, reported=reported)
            duplicates = duplicated_keys(engine, scope.run_id, model, empresa)
        candidates = [
            CandidateRow(r.number, r.codigo_integracao, r.payload, r.extra) for r in to_check
        ]
        confirmed = confirmed_references(engine, empresa, validator, candidates)
        report = validator.validate(candidates, confirmed=confirmed, duplicated_keys=duplicates)
        by_number = {row.number: row for row in to_check}
        shared = {row.number: row.extra[_SHARED] for row in to_check if row.extra.get(_SHARED)}
        refused = [
            refused_row(by_number[failure.row], failure.reasons)
            for failure in report.failures
            if failure.row not in shared
        ]
        refused += [
            refused_row(
                by_number[number], [codigo_de_dois(endpoint, by_number[number].payload, two)]
            )
            for number, two in shared.items()
        ]
        scope.refuse(refused, now, store=store)
        held = [
            RowOutcome(by_number[hold.row], "held", error=hold.reason, error_code="reference")
            for hold in report.held
            if hold.row not in shared
        ]
        if held:
            ledger.write_outcomes(held, [], now, plan_only=not store, sent=False)
        reports.append(report.counts_only())
    return merge_reports(reports) if reports else None


def confirmed_references(
    engine: sa.Engine, empresa: str, validator: Validator, rows: Sequence[CandidateRow]
) -> dict[str, set[str]]:
    """Endpoint -> codes that these rows point at and Omie holds for us.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        validator: the validator of the endpoint.
        rows: the rows of the plan.
    """
    return {
        target: confirmed_codes(engine, empresa, target, sorted(codes))
        for target, codes in validator.referenced_codes(rows).items()
    }


def references_for(engine: sa.Engine, endpoint: Endpoint, empresa: str) -> References:
    """The lists of Omie's that rows of this endpoint are held against, as last read."""
    if not needs_lists(endpoint):
        return References()
    return References(
        categorias=usable_categorias(engine, empresa),
        contas_correntes=usable_contas_correntes(engine, empresa),
    )


def check_deletes(
    scope: Scope,
    model: PayloadModel,
    allow_foreign: bool,
    ledger: Ledger,
    now: datetime,
    *,
    store: bool,
) -> None:
    """Let explicit deletes through only for records this ledger created, and find their ids.

    Args:
        scope: warehouse, run, empresa and endpoint.
        model: the payload model.
        allow_foreign: whether records may go that this ledger did not create.
        ledger: the ledger of the run.
        now: time of the change.
        store: false for a dry run, which writes nothing.
    """
    endpoint = scope.endpoint
    repeated = duplicated_keys(scope.engine, scope.run_id, model, scope.empresa)
    for rows in ledger.ready_rows(_CHUNK_ROWS):
        named = {row.number: _named_id(row, endpoint) for row in rows}
        ours = deletable(
            scope.engine,
            scope.empresa,
            endpoint.deletes,
            codes=[row.codigo_integracao for row in rows if row.codigo_integracao],
            omie_ids=[omie_id for omie_id in named.values() if omie_id is not None],
        )
        codes = [row.codigo_integracao or "" for row in rows]
        standing = _settled(scope, codes)
        # What a person typed bears no code of ours: Omie would not find it by that.
        typed = KnownRecords(scope.engine, scope.empresa).adopted(endpoint.deletes, codes)
        refused, targets = [], {}
        for row in rows:
            code = row.codigo_integracao or ""
            omie_id, own = named[row.number], ours.get(code) or typed.get(code)
            if row.codigo_integracao is None or row.codigo_integracao in repeated:
                refused.append(refused_row(row, [_NO_ONE_RECORD]))
            elif omie_id is not None and own is not None and omie_id != own:
                refused.append(refused_row(row, [_TWO_RECORDS]))
            elif row.codigo_integracao in standing:
                refused.append(refused_row(row, [_SETTLED]))
            elif allow_foreign or _is_ours(omie_id, row.codigo_integracao, ours):
                if omie_id or own:
                    targets[row.number] = omie_id or own or 0
            else:
                refused.append(refused_row(row, [_FOREIGN]))
        scope.refuse(refused, now, store=store)
        ledger.set_omie_ids(targets)


def _settled(scope: Scope, codes: Sequence[str]) -> set[str]:
    """Those of the títulos to delete that a settlement stands on, or may: Omie keeps them."""
    settlement = SETTLEMENTS.get(scope.endpoint.deletes)
    if settlement is None:
        return set()
    who = (scope.engine, scope.empresa, settlement.name, codes)
    return settled(*who) | unanswered_titles(*who)


def _is_ours(omie_id: int | None, code: str, ours: Mapping[str, int | None]) -> bool:
    return code in ours if omie_id is None else omie_id in ours.values()


def _named_id(row: PlanRow, endpoint: Endpoint) -> int | None:
    """Omie's id if the row names one."""
    text = str(row.payload.get(endpoint.delete_omie_key) or "")
    return int(text) if text.isdecimal() and int(text) < _LARGEST_ID else None


_LARGEST_ID = 2**63
_KEY = "codigo_lancamento_integracao"
_FOREIGN = Reason(
    field=_KEY,
    rule="registro_alheio",
    reason=texts.TITLE_NOT_OURS,
    fix=texts.TITLE_NOT_OURS_FIX,
)
_SETTLED = Reason(
    field=_KEY,
    rule="titulo_baixado",
    reason=texts.TITLE_SETTLED,
    fix=texts.TITLE_SETTLED_FIX,
)
_NO_ONE_RECORD = Reason(
    field=_KEY,
    rule="chave_repetida",
    reason=texts.NAMES_NO_TITLE,
    fix=texts.NAMES_NO_TITLE_FIX,
)
_TWO_RECORDS = Reason(
    field=_KEY,
    rule="chaves_divergentes",
    reason=texts.CODES_DISAGREE,
    fix=texts.CODES_DISAGREE_FIX,
)
