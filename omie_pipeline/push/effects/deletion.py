"""Explicit deletions: records that this ledger created, and nobody else's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from omie_pipeline.payload import PlanRow
from omie_pipeline.postgres.tables import ledger
from omie_pipeline.push.checks import PlanCheck
from omie_pipeline.push.effects.record import RecordEffect
from omie_pipeline.push.ledger import Commit
from omie_pipeline.push.plan import duplicated_keys, refused_row
from omie_pipeline.texts import push as texts
from omie_pipeline.validation.model import Reason

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


class DeletionEffect(RecordEffect):
    """Rows that name a record of another endpoint, its target, which is to go."""

    sends_payload = False

    def preconditions(self, check: PlanCheck) -> int:
        """Let deletions through only of records that this ledger created and that Omie lets go,
        and find their ids."""
        endpoint, scope, known = self._endpoint, check.scope, self._known
        repeated = duplicated_keys(scope.engine, scope.run_id, check.model, scope.empresa)
        for rows in check.rows():
            named = {row.number: self._named_id(row) for row in rows}
            ours = known.created_here(
                endpoint.deletes,
                [row.codigo_integracao for row in rows if row.codigo_integracao],
                [omie_id for omie_id in named.values() if omie_id is not None],
            )
            codes = [row.code for row in rows]
            kept = self._target.kept(codes) if self._target is not None else set()
            # What a person typed bears no code of ours: Omie would not find it by that.
            typed = known.adopted(endpoint.deletes, codes)
            refused, targets = [], {}
            for row in rows:
                omie_id, own = named[row.number], ours.get(row.code) or typed.get(row.code)
                if row.codigo_integracao is None or row.codigo_integracao in repeated:
                    refused.append(refused_row(row, [_NO_ONE_RECORD]))
                elif omie_id is not None and own is not None and omie_id != own:
                    refused.append(refused_row(row, [_TWO_RECORDS]))
                elif row.codigo_integracao in kept:
                    refused.append(refused_row(row, [_SETTLED]))
                elif check.policy.delete_foreign or _is_ours(omie_id, row.codigo_integracao, ours):
                    if omie_id or own:
                        targets[row.number] = omie_id or own or 0
                else:
                    refused.append(refused_row(row, [_FOREIGN]))
            check.refuse(refused)
            check.ledger.set_omie_ids(targets)
        return 0

    def on_commit(self, commit: Commit) -> None:
        """The target's rows are deleted. Their hash stays: a row that was deleted on request does
        not come back by itself, only when the clinic changes it."""
        gone = [outcome.row for outcome in commit.outcomes if outcome.kind == "deleted"]
        codes = mark_deleted(
            commit, self._known.empresa, self._endpoint.deletes, gone, {"state": "deleted"}
        )
        if self._target is not None and codes:
            self._target.gone(commit.connection, codes, commit.now)

    def _named_id(self, row: PlanRow) -> int | None:
        """Omie's id if the row names one."""
        text = str(row.payload.get(self._endpoint.delete_omie_key) or "")
        return int(text) if text.isdecimal() and int(text) < _LARGEST_ID else None


def mark_deleted(
    commit: Commit, empresa: str, target: str, rows: Sequence[PlanRow], values: Mapping[str, Any]
) -> list[str]:
    """Records of ``target`` that another endpoint took away; their codes.

    Args:
        commit: the transaction.
        empresa: the empresa whose rows are meant.
        target: endpoint whose records went.
        rows: code and Omie's id of each.
        values: what the ledger says of them from now on.
    """
    if not rows:
        return []
    codes = [row.codigo_integracao for row in rows if row.codigo_integracao]
    ids = [row.omie_id for row in rows if row.omie_id]
    statement = (
        sa.update(ledger)
        .where(
            ledger.c.empresa == empresa,
            ledger.c.endpoint == target,
            sa.or_(ledger.c.codigo_integracao.in_(codes), ledger.c.omie_id.in_(ids)),
        )
        .values(**values, confirmed_at=commit.now, run_id=commit.run_id, updated_at=commit.now)
        .returning(ledger.c.codigo_integracao)
    )
    return list(commit.connection.execute(statement).scalars())


def _is_ours(omie_id: int | None, code: str, ours: Mapping[str, int | None]) -> bool:
    return code in ours if omie_id is None else omie_id in ours.values()
