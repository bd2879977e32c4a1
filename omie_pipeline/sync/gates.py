"""Rows that must not be sent because of what was already done with their record in Omie.

Omie refuses to change a título that is settled and an order that is billed (PROTOCOL section 9,
CODE); to ask again with every run would spend the error budget of rows that could go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.catalog.acting import SETTLEMENTS, TITLES
from omie_pipeline.errors import ModelError
from omie_pipeline.omie.masking import mask
from omie_pipeline.sync.nfse.corrections import correction_for
from omie_pipeline.sync.policy import EndpointPolicy
from omie_pipeline.sync.scope import Scope, refused_row
from omie_pipeline.validation.model import Reason
from omie_pipeline.warehouse.acted_upon import (
    UNDONE,
    billed,
    confirmed,
    corrected_at,
    last_refusals,
    living_codes,
    settled,
    taken_back,
    unanswered_titles,
)
from omie_pipeline.warehouse.ledger import Ledger
from omie_pipeline.warehouse.payload import load_payload_model
from omie_pipeline.warehouse.reversals import refused_changes, titles_to_change
from omie_pipeline.warehouse.rows import PlanRow, RowOutcome

_CHUNK_ROWS = 20_000
_WAITS_FOR_REVERSAL = "Aguarda o estorno da baixa, para alterar no Omie"
_UNANSWERED = "Uma baixa deste título ainda está sem resposta do Omie"
_ASK_FINANCE = "Confira com o financeiro: estorne na clínica, ou libere on_settled: undo."

_TITULO_BAIXADO = Reason(
    field="codigo_lancamento_integracao",
    rule="titulo_baixado",
    motivo="O título mudou na clínica depois de baixado no Omie, que não altera título baixado.",
    correcao=_ASK_FINANCE,
)
_BAIXA_LANCADA = Reason(
    field="codigo_baixa_integracao",
    rule="baixa_lancada",
    motivo="O pagamento mudou na clínica depois de baixado no Omie.",
    correcao=_ASK_FINANCE,
)
_OS_FATURADA = Reason(
    field="Cabecalho.cCodIntOS",
    rule="os_faturada",
    motivo="O recebimento mudou na clínica depois de faturada a OS; a nota já saiu ou está saindo.",
    correcao="Cancele a nota (omie-pipeline nfse cancel) e faça outra OS, ou desfaça a mudança.",
)
_CATEGORIA_CRIADA = Reason(
    field="descricao",
    rule="categoria_criada",
    motivo="A categoria mudou na clínica depois de criada no Omie.",
    correcao="Altere-a no Omie: este fluxo só cria categorias, não muda as que existem.",
)
_WAITS_FOR_TITLE = "Estornada para alterar o título; volta quando o título for alterado no Omie"
_REFUSED_BEFORE = "O Omie já recusou esta alteração"
_BEFORE_BILLING = ("rejected", "error")


@dataclass(frozen=True, slots=True)
class _Verdict:
    """Rows that are refused, and rows that wait."""

    refused: Sequence[tuple[PlanRow, Reason]] = ()
    outcomes: Sequence[RowOutcome] = ()


def close_gates(
    scope: Scope, policy: EndpointPolicy, ledger: Ledger, now: datetime, *, store: bool
) -> None:
    """Take out of a plan what must not leave: quarantined for a person, or held."""
    gate = _gate_of(scope, policy)
    if gate is None:
        return
    for rows in ledger.ready_rows(_CHUNK_ROWS):
        verdict = gate([row for row in rows if row.action != "delete"])
        verdict = _but_for_unchanged(scope, verdict)
        refused = [refused_row(row, [reason]) for row, reason in verdict.refused]
        scope.refuse(refused, now, store=store)
        if verdict.outcomes:
            ledger.write_outcomes(verdict.outcomes, [], now, plan_only=not store, sent=False)


def _but_for_unchanged(scope: Scope, verdict: _Verdict) -> _Verdict:
    """The verdict without rows that stand in Omie as they are: a row that was held with a change
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
    if endpoint.effect == "category":
        return lambda rows: _changed(scope, EndpointPolicy(), rows, _CATEGORIA_CRIADA)
    if endpoint.effect == "order":
        return lambda rows: _orders(scope, rows)
    if endpoint.effect == "billing":
        return lambda rows: _notes(scope, rows)
    return None


def _answered_titles(scope: Scope, policy: EndpointPolicy, rows: Sequence[PlanRow]) -> _Verdict:
    """Títulos with a settlement whose answer was lost wait until it is known whether it stands."""
    codes = [_code(row) for row in rows if row.omie_id is not None]
    baixas = SETTLEMENTS[scope.endpoint.name].name
    unclear = unanswered_titles(scope.engine, scope.empresa, baixas, codes)
    waiting = [_held(row, _UNANSWERED, "sem_resposta") for row in rows if _code(row) in unclear]
    verdict = _titles(scope, policy, [row for row in rows if _code(row) not in unclear])
    return _Verdict(refused=verdict.refused, outcomes=[*verdict.outcomes, *waiting])


def _titles(scope: Scope, policy: EndpointPolicy, rows: Sequence[PlanRow]) -> _Verdict:
    """Títulos that a settlement of ours stands on."""
    codes = [_code(row) for row in rows if row.omie_id is not None]
    baixas = SETTLEMENTS[scope.endpoint.name].name
    standing = settled(scope.engine, scope.empresa, baixas, codes)
    closed = [row for row in rows if _code(row) in standing]
    if policy.on_settled != "undo" or not closed:
        return _conflict(policy, closed, _TITULO_BAIXADO)
    # A change that Omie refused is not worth taking the settlement back once more.
    who = (scope.engine, scope.empresa, scope.endpoint.name)
    refused = refused_changes(*who, {_code(row): row.payload_hash for row in closed})
    words = last_refusals(*who, refused)
    waiting = _conflict(policy, [r for r in closed if _code(r) not in refused], _TITULO_BAIXADO)
    told = [_refused(row, *words.get(_code(row), ("", ""))) for row in closed
            if _code(row) in refused]  # fmt: skip
    return _Verdict(outcomes=[*waiting.outcomes, *told])


def _settlements(scope: Scope, policy: EndpointPolicy, rows: Sequence[PlanRow]) -> _Verdict:
    """Settlements that stand in Omie, and those taken back for a título that is yet to change."""
    verdict = _changed(scope, policy, rows, _BAIXA_LANCADA)
    if policy.on_settled != "undo":
        return verdict
    who = (scope.engine, scope.empresa)
    back = taken_back(*who, scope.endpoint.name, [_code(row) for row in rows])
    try:
        titles = load_payload_model(scope.engine, REGISTRY[TITLES[scope.endpoint.name]])
    except ModelError:
        return verdict
    named = {_title(scope, row) for row in rows if _code(row) in back}
    pending = titles_to_change(scope.engine, titles, scope.empresa, sorted(named))
    waiting = [
        _held(row, _WAITS_FOR_TITLE, UNDONE)
        for row in rows
        if _code(row) in back and _title(scope, row) in pending
    ]
    return _Verdict(refused=verdict.refused, outcomes=[*verdict.outcomes, *waiting])


def _title(scope: Scope, row: PlanRow) -> str:
    return str(row.payload.get(scope.endpoint.parent_field) or "")


def _changed(
    scope: Scope, policy: EndpointPolicy, rows: Sequence[PlanRow], reason: Reason
) -> _Verdict:
    """Rows that stand in Omie and cannot be changed there."""
    codes = [_code(row) for row in rows]
    living = living_codes(scope.engine, scope.empresa, scope.endpoint.name, codes)
    return _conflict(policy, [row for row in rows if _code(row) in living], reason)


def _conflict(policy: EndpointPolicy, rows: Sequence[PlanRow], reason: Reason) -> _Verdict:
    if policy.on_settled == "undo":
        text = _WAITS_FOR_REVERSAL
        return _Verdict(outcomes=[_held(row, text, "estorno") for row in rows])
    return _Verdict(refused=[(row, reason) for row in rows])


def _orders(scope: Scope, rows: Sequence[PlanRow]) -> _Verdict:
    """Orders with a note that is out, or on its way, or was cancelled; what the ledger does not
    know of them is looked for in Omie first."""
    known = [row for row in rows if row.omie_id is not None]
    notes = billed(scope.engine, scope.empresa, [_code(row) for row in known])
    closed = [
        row
        for row in known
        if (note := notes.get(_code(row))) and note.estado not in _BEFORE_BILLING
    ]
    return _Verdict(refused=[(row, _OS_FATURADA) for row in closed])


def _notes(scope: Scope, rows: Sequence[PlanRow]) -> _Verdict:
    """Notes that the city hall refused, until the order, its cliente or a service of it was
    corrected in Omie."""
    notes = billed(scope.engine, scope.empresa, [_code(row) for row in rows])
    refused = {code: note for code, note in notes.items() if note.estado == "rejected"}
    corrected = _corrected(scope, sorted(refused)) if refused else {}
    outcomes = []
    for row in rows:
        note = refused.get(_code(row))
        if note is None:
            continue
        times = (note.order_confirmed_at, corrected.get(_code(row)))
        if all(at is None or at <= note.mudou_em for at in times):
            fix = correction_for(note.mensagem)
            outcomes.append(_refused(row, note.mensagem, fix, "nfse"))
    return _Verdict(outcomes=outcomes)


def _corrected(scope: Scope, orders: Sequence[str]) -> Mapping[str, datetime]:
    try:
        model = load_payload_model(scope.engine, REGISTRY["ordens_servico"])
    except ModelError:
        return {}
    return corrected_at(scope.engine, model, scope.empresa, orders)


def _refused(row: PlanRow, text: str, fix: str, code: str = "") -> RowOutcome:
    masked = mask(dict(row.payload))
    text = text or _REFUSED_BEFORE
    return RowOutcome(
        row, "rejected", row.omie_id, error=text, error_code=code, fix=fix, row_masked=masked
    )


def _held(row: PlanRow, text: str, code: str) -> RowOutcome:
    return RowOutcome(row, "held", row.omie_id, error=text, error_code=code)


def _code(row: PlanRow) -> str:
    return row.codigo_integracao or ""
