"""Taking settlements back: because the clinic did, or so that a settled título can change."""

from __future__ import annotations

from collections.abc import Sequence

from omie_pipeline.payload import PlanRow, RowOutcome, Selection
from omie_pipeline.push.checks import PlanCheck, held
from omie_pipeline.push.conflicts import BAIXA_DE_OUTRO
from omie_pipeline.push.effects.deletion import mark_deleted
from omie_pipeline.push.effects.record import as_id
from omie_pipeline.push.effects.settlement import SettlementEffect
from omie_pipeline.push.effects.undo_settlements import COMES_BACK, UNDONE, plan_undoing
from omie_pipeline.push.ledger import Commit
from omie_pipeline.push.plan import PlannedPartition, duplicated_keys, refused_row
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.texts import push as texts
from omie_pipeline.validation.model import Reason

_NO_ONE_SETTLEMENT = Reason(
    field="codigo_baixa_integracao",
    rule="chave_repetida",
    reason=texts.NAMES_NO_SETTLEMENT,
    fix=texts.NAMES_NO_SETTLEMENT_FIX,
)
_FOREIGN = Reason(
    field="codigo_baixa",
    rule="registro_alheio",
    reason=texts.SETTLEMENT_NOT_OURS,
    fix=texts.SETTLEMENT_NOT_OURS_FIX,
)


class ReversalEffect(SettlementEffect):
    """``CancelarRecebimento`` and ``CancelarPagamento``, seen as settlements are."""

    sends_payload = False

    def widened(self, selection: Selection, policy: EndpointPolicy) -> Selection:  # noqa: ARG002 - nothing waits to come back here
        """The selection itself."""
        return selection

    def plan_beside(self, check: PlanCheck) -> tuple[PlannedPartition, ...]:
        """Plan the settlements that stand in the way of a change, if the policy undoes them."""
        if check.policy.on_settled != "undo":
            return ()
        scope = check.scope
        return plan_undoing(
            scope.engine, scope.run_id, scope.endpoint, check.selection, check.rules
        )

    def preconditions(self, check: PlanCheck) -> int:
        """Find Omie's ids of the settlements to take back.

        A payment that was never settled has nothing to take back: its row changes nothing, and it
        is taken back should it be settled later. One whose settlement has no answer yet waits for
        it. Where a row gives ``codigo_baixa`` itself, that is what is taken back.
        """
        endpoint, scope, known = self._endpoint, check.scope, self._known
        settlements = endpoint.deletes
        repeated = duplicated_keys(scope.engine, scope.run_id, check.model, scope.empresa)
        for rows in check.rows():
            codes = [row.codigo_integracao for row in rows if row.codigo_integracao]
            living, unclear = known.living(settlements, codes), known.unanswered(settlements, codes)
            theirs = known.linked(settlements, codes)
            named_ids = [as_id(row.payload.get(endpoint.delete_omie_key)) for row in rows]
            ours = known.codes_of(settlements, [omie_id for omie_id in named_ids if omie_id])
            refused, targets, outcomes = [], {}, []
            for row, named in zip(rows, named_ids, strict=True):
                code = row.code
                foreign = named and living.get(code, named if named in ours else None) != named
                if not code or code in repeated:
                    refused.append(refused_row(row, [_NO_ONE_SETTLEMENT]))
                elif code in theirs:
                    refused.append(refused_row(row, [BAIXA_DE_OUTRO]))
                elif code in unclear:
                    outcomes.append(held(row, texts.PAYMENT_UNANSWERED, "no_answer"))
                elif foreign and not check.policy.delete_foreign:
                    refused.append(refused_row(row, [_FOREIGN]))
                elif omie_id := named or living.get(code):
                    targets[row.number] = omie_id
                else:
                    outcomes.append(RowOutcome(row, "unchanged", at=check.now))
            check.refuse(refused)
            check.ledger.set_omie_ids(targets)
            check.hold(outcomes)
        return 0

    def on_commit(self, commit: Commit) -> None:
        """The settlements are gone. One that was taken back for a change comes back with the next
        run; another does when the clinic takes back its reversal, which changes nothing in it."""
        gone = [outcome.row for outcome in commit.outcomes if outcome.kind == "deleted"]
        back = [row for row in gone if row.extra.get(COMES_BACK)]
        mark_deleted(commit, self._known.empresa, self._endpoint.deletes, _but(gone, back), _GONE)
        mark_deleted(commit, self._known.empresa, self._endpoint.deletes, back, _TAKEN_BACK)


_GONE = {"state": "deleted", "payload_hash": None}
_TAKEN_BACK = {
    "state": "held",
    "payload_hash": None,
    "omie_id": None,
    "last_error": texts.REVERSED_FOR_TITLE,
    "error_code": UNDONE,
}


def _but(rows: Sequence[PlanRow], others: Sequence[PlanRow]) -> list[PlanRow]:
    left_out = {id(row) for row in others}
    return [row for row in rows if id(row) not in left_out]
