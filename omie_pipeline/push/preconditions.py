"""Rows that must not be sent because of what was already done with their record in Omie.

Omie refuses to change a título that is settled and an order that is billed
(omie-api.md#settled-and-billed-records). Asking again in every run would spend the error budget of
rows that could go.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.catalog.relations import REVERSALS, SETTLEMENTS, TITLES
from omie_pipeline.errors import ModelError
from omie_pipeline.nfse.billing import withheld
from omie_pipeline.nfse.orders import billed
from omie_pipeline.omie.masking import mask
from omie_pipeline.payload.models import PayloadModel, load_payload_model
from omie_pipeline.payload.rows import PlanRow, RowOutcome
from omie_pipeline.push.conflicts import (
    BAIXA_DE_OUTRO,
    BAIXA_LANCADA,
    BAIXA_NAO_CABE,
    JA_CRIADO,
    OS_CANCELADA,
    OS_FATURADA,
    TITULO_BAIXADO,
    TITULO_NAO_CABE,
    parcelas_mudaram,
)
from omie_pipeline.push.dependents import (
    WAITS_FOR_TITLE,
    confirmed,
    last_refusals,
    living_codes,
    settled,
    taken_back,
    unanswered_titles,
)
from omie_pipeline.push.ledger import Ledger
from omie_pipeline.push.plan import Scope, refused_row
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.push.renamed_codes import still_in_model
from omie_pipeline.push.undo_settlements import refused_changes, titles_to_change, unfit_codes
from omie_pipeline.texts import push as texts
from omie_pipeline.validation.model import Reason

_CHUNK_ROWS = 20_000
_STAYS = "settled"
_NOTE_STANDS = ("submitted", "processing", "issued")
_BEFORE_BILLING = ("rejected", "error", "deleted")


@dataclass(frozen=True, slots=True)
class _Verdict:
    """Rows that are refused, and rows that wait."""

    refused: Sequence[tuple[PlanRow, Reason]] = ()
    outcomes: Sequence[RowOutcome] = ()


def hold_or_refuse(
    scope: Scope, policy: EndpointPolicy, ledger: Ledger, now: datetime, *, store: bool
) -> int:
    """Take out of a plan what must not leave: quarantined for a person, or held.

    Args:
        scope: warehouse, run, empresa and endpoint.
        policy: the endpoint's policy.
        ledger: the ledger of the run.
        now: time of the change.
        store: false for a dry run, which writes nothing.

    Returns:
        How many rows were quarantined here.
    """
    gate, conflicts = _gate_of(scope, policy), 0
    if gate is None:
        return 0
    for rows in ledger.ready_rows(_CHUNK_ROWS):
        verdict = gate([row for row in rows if row.action != "delete"])
        verdict = _but_for_unchanged(scope, verdict)
        leaving = _not_to_delete(scope, [row for row in rows if row.action == "delete"])
        verdict = _Verdict(verdict.refused, [*verdict.outcomes, *leaving])
        refused = [refused_row(row, [reason]) for row, reason in verdict.refused]
        scope.refuse(refused, now, store=store)
        conflicts += len(refused)
        if verdict.outcomes:
            ledger.write_outcomes(verdict.outcomes, [], now, plan_only=not store, sent=False)
    return conflicts


def _not_to_delete(scope: Scope, rows: Sequence[PlanRow]) -> list[RowOutcome]:
    """Records that ``mirror`` is to delete and Omie does not: settled títulos, billed orders."""
    codes, who = [_code(row) for row in rows], (scope.engine, scope.empresa)
    if not rows:
        return []
    if scope.endpoint.name in SETTLEMENTS:
        baixas = SETTLEMENTS[scope.endpoint.name].name
        standing, text = settled(*who, baixas, codes), texts.SETTLED_STAYS
        standing |= unanswered_titles(*who, baixas, codes)
    elif scope.endpoint.effect == "order":
        notes = billed(*who, codes)
        standing = {code for code, note in notes.items() if note.state in _NOTE_STANDS}
        text = texts.BILLED_STAYS
    else:
        return []
    return [_held(row, text, _STAYS) for row in rows if _code(row) in standing]


def _but_for_unchanged(scope: Scope, verdict: _Verdict) -> _Verdict:
    """The verdict without rows that are in Omie as they are: a row that was held with a change
    which the clinic then took back has nothing to send."""
    stopped = {_code(row): row for row, _ in verdict.refused}
    stopped |= {_code(one.row): one.row for one in verdict.outcomes}
    if not stopped:
        return verdict
    known = confirmed(scope.engine, scope.empresa, scope.endpoint.name, stopped)
    same = {
        code
        for code, row in stopped.items()
        if code in known and known[code].payload_hash == row.payload_hash
    }
    if scope.endpoint.effect == "billing" or not same:
        return verdict
    standing = [
        RowOutcome(row, "linked", row.omie_id, omie_code=known[code].omie_code, at=known[code].at)
        for code, row in stopped.items()
        if code in same
    ]
    return _Verdict(
        refused=[one for one in verdict.refused if _code(one[0]) not in same],
        outcomes=[one for one in verdict.outcomes if _code(one.row) not in same] + standing,
    )


def _gate_of(
    scope: Scope, policy: EndpointPolicy
) -> Callable[[Sequence[PlanRow]], _Verdict] | None:
    endpoint = scope.endpoint
    if endpoint.name in SETTLEMENTS:
        return lambda rows: _answered_titles(scope, policy, rows)
    if endpoint.effect == "settlement" and not endpoint.deletes:
        return lambda rows: _settlements(scope, policy, rows)
    if endpoint.effect == "named":
        return lambda rows: _changed(scope, EndpointPolicy(), rows, JA_CRIADO)
    if endpoint.effect == "order":
        return lambda rows: _orders(scope, rows)
    if endpoint.effect == "billing":
        return lambda rows: _Verdict(outcomes=withheld(scope.engine, scope.empresa, rows))
    return None


def _answered_titles(scope: Scope, policy: EndpointPolicy, rows: Sequence[PlanRow]) -> _Verdict:
    """Títulos with a settlement whose answer was lost wait until it is known whether it stands."""
    codes = [_code(row) for row in rows if row.omie_id is not None]
    baixas = SETTLEMENTS[scope.endpoint.name].name
    unclear = unanswered_titles(scope.engine, scope.empresa, baixas, codes)
    waiting = [
        _held(row, texts.SETTLEMENT_UNANSWERED, "no_answer")
        for row in rows
        if _code(row) in unclear
    ]
    verdict = _titles(scope, policy, [row for row in rows if _code(row) not in unclear])
    return _Verdict(refused=verdict.refused, outcomes=[*verdict.outcomes, *waiting])


def _titles(scope: Scope, policy: EndpointPolicy, rows: Sequence[PlanRow]) -> _Verdict:
    """Títulos that a settlement of ours stands on."""
    codes = [_code(row) for row in rows if row.omie_id is not None]
    baixas = SETTLEMENTS[scope.endpoint.name].name
    standing = settled(scope.engine, scope.empresa, baixas, codes)
    closed = [row for row in rows if _code(row) in standing]
    if policy.on_settled != "undo" or not closed:
        return _conflict(policy, closed, TITULO_BAIXADO)
    # A change that Omie refused is not worth taking the settlement back once more.
    who = (scope.engine, scope.empresa, scope.endpoint.name)
    refused = refused_changes(*who, {_code(row): row.payload_hash for row in closed})
    words = last_refusals(*who, refused)
    open_to_change = [row for row in closed if _code(row) not in refused]
    unfit = _unfit(scope, baixas, [_code(row) for row in open_to_change])
    waiting = _conflict(
        policy, [row for row in open_to_change if _code(row) not in unfit], TITULO_BAIXADO
    )
    stuck = [(row, TITULO_NAO_CABE) for row in open_to_change if _code(row) in unfit]
    told = [_refused(row, *words.get(_code(row), ("", ""))) for row in closed
            if _code(row) in refused]  # fmt: skip
    return _Verdict(refused=stuck, outcomes=[*waiting.outcomes, *told])


def _unfit(scope: Scope, baixas: str, titles: Sequence[str]) -> set[str]:
    return unfit_codes(scope.engine, scope.empresa, REVERSALS[baixas], titles)


def _settlements(scope: Scope, policy: EndpointPolicy, rows: Sequence[PlanRow]) -> _Verdict:
    """Settlements that are in Omie, and those taken back for a título that is yet to change.

    A settlement that others made in Omie is not changed from here.
    """
    theirs = [(row, BAIXA_DE_OUTRO) for row in rows if row.adopted]
    verdict = _own_settlements(scope, policy, [row for row in rows if not row.adopted])
    return _Verdict(refused=[*theirs, *verdict.refused], outcomes=verdict.outcomes)


def _own_settlements(scope: Scope, policy: EndpointPolicy, rows: Sequence[PlanRow]) -> _Verdict:
    if policy.on_settled != "undo":
        return _changed(scope, policy, rows, BAIXA_LANCADA)
    living = living_codes(
        scope.engine, scope.empresa, scope.endpoint.name, [_code(row) for row in rows]
    )
    standing = [row for row in rows if _code(row) in living]
    unfit = _unfit(scope, scope.endpoint.name, [_title(scope, row) for row in standing])
    stuck = [(row, BAIXA_NAO_CABE) for row in standing if _title(scope, row) in unfit]
    movable = [row for row in standing if _title(scope, row) not in unfit]
    verdict = _Verdict(stuck, _conflict(policy, movable, BAIXA_LANCADA).outcomes)
    who = (scope.engine, scope.empresa)
    back = taken_back(*who, scope.endpoint.name, [_code(row) for row in rows])
    try:
        titles = load_payload_model(scope.engine, REGISTRY[TITLES[scope.endpoint.name]])
    except ModelError:
        return verdict
    named = {_title(scope, row) for row in rows if _code(row) in back}
    pending = titles_to_change(scope.engine, titles, scope.empresa, sorted(named))
    waiting = [
        _held(row, texts.WAITS_FOR_TITLE, WAITS_FOR_TITLE)
        for row in rows
        if _code(row) in back and _title(scope, row) in pending
    ]
    return _Verdict(refused=verdict.refused, outcomes=[*verdict.outcomes, *waiting])


def _title(scope: Scope, row: PlanRow) -> str:
    return str(row.payload.get(scope.endpoint.parent_field) or "")


def _changed(
    scope: Scope, policy: EndpointPolicy, rows: Sequence[PlanRow], reason: Reason
) -> _Verdict:
    """Rows that are in Omie and cannot be changed there."""
    codes = [_code(row) for row in rows]
    living = living_codes(scope.engine, scope.empresa, scope.endpoint.name, codes)
    return _conflict(policy, [row for row in rows if _code(row) in living], reason)


def _conflict(policy: EndpointPolicy, rows: Sequence[PlanRow], reason: Reason) -> _Verdict:
    if policy.on_settled == "undo":
        text = texts.WAITS_FOR_REVERSAL
        return _Verdict(outcomes=[_held(row, text, "reversal") for row in rows])
    return _Verdict(refused=[(row, reason) for row in rows])


def _orders(scope: Scope, rows: Sequence[PlanRow]) -> _Verdict:
    """Orders with a note that is out, or on its way, or was cancelled; what the ledger does not
    know of them is looked for in Omie first."""
    known = [row for row in rows if row.omie_id is not None]
    notes = billed(scope.engine, scope.empresa, [_code(row) for row in known])
    found = [(row, notes[_code(row)].state) for row in known if _code(row) in notes]
    return _Verdict(
        refused=[
            (row, OS_CANCELADA if state == "cancelled" else OS_FATURADA)
            for row, state in found
            if state not in _BEFORE_BILLING
        ]
    )


def _refused(row: PlanRow, text: str, fix: str, code: str = "") -> RowOutcome:
    masked = mask(dict(row.payload))
    text = text or texts.REFUSED_BEFORE
    return RowOutcome(
        row, "rejected", row.omie_id, error=text, error_code=code, fix=fix, row_masked=masked
    )


def _held(row: PlanRow, text: str, code: str) -> RowOutcome:
    return RowOutcome(row, "held", row.omie_id, error=text, error_code=code)


def _code(row: PlanRow) -> str:
    return row.codigo_integracao or ""


# A receipt whose number of instalments changed after it was delivered.
#
# Its títulos have other codes then (REC-7 in one piece, REC-7-1 to REC-7-3 in three), so those of
# the former kind stay in Omie beside the new ones, and the patient would owe the money twice.

_RECEIPTS = "contas_receber"


def stop_other_instalments(
    scope: Scope,
    model: PayloadModel,
    policy: EndpointPolicy,
    ledger: Ledger,
    now: datetime,
    *,
    store: bool,
) -> int:
    """Keep rows here whose receipt Omie still holds in its former instalments.

    Where the run itself deletes those (``mode: mirror``), the rows wait for the next one.

    Args:
        scope: warehouse, run, empresa and endpoint.
        model: the payload model.
        policy: the endpoint's policy.
        ledger: the ledger of the run.
        now: time of the change.
        store: false for a dry run, which writes nothing.

    Returns:
        How many rows were quarantined here.
    """
    if scope.endpoint.name != _RECEIPTS:
        return 0
    refused_rows = 0
    for rows in ledger.ready_rows(_CHUNK_ROWS):
        former = {row.number: codes for row in rows if (codes := _former_codes(row))}
        asked = {code for codes in former.values() for code in codes}
        if not asked:
            continue
        living = living_codes(scope.engine, scope.empresa, _RECEIPTS, sorted(asked))
        left = living - still_in_model(scope.engine, model, scope.empresa, living)
        stopped = [
            (row, sorted(left.intersection(former[row.number])))
            for row in rows
            if left.intersection(former.get(row.number, ()))
        ]
        if policy.mode == "mirror":
            waits = [
                RowOutcome(row, "held", error=_waits(codes), error_code="instalments")
                for row, codes in stopped
            ]
            if waits:
                ledger.write_outcomes(waits, [], now, plan_only=not store, sent=False)
            continue
        refused = [refused_row(row, [parcelas_mudaram(codes)]) for row, codes in stopped]
        scope.refuse(refused, now, store=store)
        refused_rows += len(refused)
    return refused_rows


def _waits(codes: list[str]) -> str:
    return texts.waits_for_deletion(", ".join(codes))


def _former_codes(row: PlanRow) -> tuple[str, ...]:
    """Codes that títulos of the same receipt had, had it another number of instalments."""
    if row.action == "delete" or row.extra.get("_origem_tabela") != "recebimentos":
        return ()
    base, code = f"REC-{row.extra.get('_origem_id')}", row.codigo_integracao or ""
    if code == base:
        return f"{base}-1", f"{base}-2"
    part = re.fullmatch(re.escape(base) + r"-([0-9]+)", code)
    of = re.fullmatch(r"([0-9]+)/([0-9]+)", str(row.payload.get("numero_parcela") or ""))
    if part is None:
        return ()
    return (base, f"{base}-{int(of[2]) + 1}") if of else (base,)
