"""Taking settlements back so that a settled título or a payment can change (``on_settled: undo``).

What the clinic says now is validated first: a settlement is not taken back for a change that could
not be sent.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from omie_pipeline.catalog import REGISTRY, Endpoint
from omie_pipeline.catalog.acting import TITLES
from omie_pipeline.errors import ModelError
from omie_pipeline.payload.payload import PayloadModel, load_payload_model
from omie_pipeline.payload.rows import PlanRow, RowOutcome
from omie_pipeline.payload.selection import Selection
from omie_pipeline.push.acted_upon import codes_of, living_ids, settled_by_others, unanswered
from omie_pipeline.push.checking import confirmed_references, references_for
from omie_pipeline.push.conflicts import BAIXA_DE_OUTRO
from omie_pipeline.push.effects.record import as_id
from omie_pipeline.push.fitting import unfit_titles
from omie_pipeline.push.ledger import Ledger
from omie_pipeline.push.planning import PlannedPartition, duplicated_keys
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.push.reversals import (
    Changed,
    changed_settlements,
    changed_titles,
    plan_reversals,
    waiting_to_come_back,
)
from omie_pipeline.push.scope import Scope, refused_row
from omie_pipeline.validation.model import CandidateRow, ClinicRules, Reason

_CHUNK_ROWS = 20_000
_NO_ONE_SETTLEMENT = Reason(
    field="codigo_baixa_integracao",
    rule="chave_repetida",
    motivo="A linha não nomeia uma baixa só: a chave falta ou se repete no modelo de estorno.",
    correcao="Deixe no modelo de estorno uma linha por pagamento, com o código de integração.",
)
_FOREIGN = Reason(
    field="codigo_baixa",
    rule="registro_alheio",
    motivo="A baixa deste código do Omie não é deste pagamento, ou não saiu deste fluxo.",
    correcao="Estorne-a no Omie, ou libere delete_foreign na política deste endpoint.",
)
_UNANSWERED = "A baixa deste pagamento ainda está sem resposta do Omie: estorna depois dela"


def check_reversals(
    scope: Scope,
    model: PayloadModel,
    allow_foreign: bool,
    ledger: Ledger,
    now: datetime,
    *,
    store: bool,
) -> None:
    """Find Omie's ids of the settlements to take back.

    A payment that was never settled has nothing to take back: its row changes nothing, and it is
    taken back should it be settled later. One whose settlement has no answer yet waits for it.
    Where a row gives ``codigo_baixa`` itself, that is what is taken back.

    Args:
        scope: warehouse, run, empresa and endpoint.
        model: the payload model.
        allow_foreign: whether records may go that this ledger did not create.
        ledger: the ledger of the run.
        now: time of the change.
        store: false for a dry run, which writes nothing.
    """
    endpoint, who = scope.endpoint, (scope.engine, scope.empresa, scope.endpoint.deletes)
    repeated = duplicated_keys(scope.engine, scope.run_id, model, scope.empresa)
    for rows in ledger.ready_rows(_CHUNK_ROWS):
        codes = [row.codigo_integracao for row in rows if row.codigo_integracao]
        living, unclear = living_ids(*who, codes), unanswered(*who, codes)
        theirs = settled_by_others(*who, codes)
        named_ids = [as_id(row.payload.get(endpoint.delete_omie_key)) for row in rows]
        ours = codes_of(*who, [omie_id for omie_id in named_ids if omie_id])
        refused, targets, outcomes = [], {}, []
        for row, named in zip(rows, named_ids, strict=True):
            code = row.codigo_integracao or ""
            foreign = named and living.get(code, named if named in ours else None) != named
            if not code or code in repeated:
                refused.append(refused_row(row, [_NO_ONE_SETTLEMENT]))
            elif code in theirs:
                refused.append(refused_row(row, [BAIXA_DE_OUTRO]))
            elif code in unclear:
                outcomes.append(_held(row))
            elif foreign and not allow_foreign:
                refused.append(refused_row(row, [_FOREIGN]))
            elif omie_id := named or living.get(code):
                targets[row.linha] = omie_id
            else:
                outcomes.append(RowOutcome(row, "unchanged", at=now))
        scope.refuse(refused, now, store=store)
        ledger.set_omie_ids(targets)
        if outcomes:
            ledger.write_outcomes(outcomes, [], now, plan_only=not store, sent=False)


def _held(row: PlanRow) -> RowOutcome:
    return RowOutcome(row, "held", error=_UNANSWERED, error_code="sem_resposta")


def plan_undoing(
    engine: sa.Engine, run_id: str, reversal: Endpoint, selection: Selection, rules: ClinicRules
) -> tuple[PlannedPartition, ...]:
    """Plan the settlements that stand in the way of a change.

    Args:
        engine: the warehouse.
        run_id: id of the run.
        reversal: endpoint that takes settlements back.
        selection: empresa, dates and codes of the run.
        rules: the rules of the clinic.

    Raises:
        ConfigurationError: a list that validation needs was never read from Omie.
    """
    if selection.key is not None or selection.states:
        return ()
    found: list[Changed] = []
    baixas = model_of(engine, REGISTRY[reversal.deletes])
    titles = model_of(engine, REGISTRY[TITLES[reversal.deletes]])
    if titles is not None:
        changed = changed_titles(engine, reversal.deletes, titles, selection)
        unfit = unfit_codes(engine, selection.empresa, reversal, {one.codigo for one in changed})
        fitting = [one for one in changed if one.codigo not in unfit]
        found += _valid(engine, titles.endpoint, selection, rules, fitting)
    if baixas is not None:
        changed = changed_settlements(engine, baixas, selection)
        parents = {one.codigo: _parent(baixas, one) for one in changed}
        unfit = unfit_codes(engine, selection.empresa, reversal, set(parents.values()))
        fitting = [one for one in changed if parents[one.codigo] not in unfit]
        found += _valid(engine, baixas.endpoint, selection, rules, fitting)
    return plan_reversals(engine, run_id, reversal.integration_key, found)


def unfit_codes(
    engine: sa.Engine, empresa: str, reversal: Endpoint, titles: Collection[str]
) -> set[str]:
    """Those of ``titles`` that are not undone, as their payments could not all come back.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        reversal: endpoint that takes settlements back.
        titles: codes of the títulos.
    """
    if not titles:
        return set()
    of_titles = model_of(engine, REGISTRY[TITLES[reversal.deletes]])
    of_baixas = model_of(engine, REGISTRY[reversal.deletes])
    if of_titles is None or of_baixas is None:
        return set(titles)
    models = (of_titles, of_baixas, model_of(engine, reversal))
    return unfit_titles(engine, empresa, *models, titles)


def _parent(baixas: PayloadModel, row: Changed) -> str:
    return str(row.payload.get(baixas.endpoint.parent_field) or "")


def also_taken_back(
    engine: sa.Engine, endpoint: Endpoint, selection: Selection, policy: EndpointPolicy
) -> Selection:
    """The selection with the settlements that an undoing took back and that wait to come back,
    whatever their date: a run by date must leave no money unsettled.

    Args:
        engine: the warehouse.
        endpoint: its declaration.
        selection: empresa, dates and codes of the run.
        policy: the endpoint's policy.
    """
    dated = selection.date_from is not None or selection.date_to is not None
    partial = selection.key is not None or selection.states
    if endpoint.name not in TITLES or policy.on_settled != "undo" or partial or not dated:
        return selection
    return replace(selection, also=waiting_to_come_back(engine, selection.empresa, endpoint.name))


def model_of(engine: sa.Engine, endpoint: Endpoint) -> PayloadModel | None:
    """The endpoint's payload model, if there is one."""
    try:
        return load_payload_model(engine, endpoint)
    except ModelError:
        return None


def _valid(
    engine: sa.Engine,
    endpoint: Endpoint,
    selection: Selection,
    rules: ClinicRules,
    changed: Sequence[Changed],
) -> list[Changed]:
    if not changed:
        return []
    from omie_pipeline.validation import Validator

    validator = Validator(endpoint, rules, references_for(engine, endpoint, selection.empresa))
    rows = [
        CandidateRow(number, row.codigo, row.payload, row.extra)
        for number, row in enumerate(changed)
    ]
    confirmed = confirmed_references(engine, selection.empresa, validator, rows)
    report = validator.validate(rows, confirmed=confirmed, duplicated_keys=set())
    refused = {failure.row for failure in report.failures} | {hold.row for hold in report.held}
    return [row for number, row in enumerate(changed) if number not in refused]
