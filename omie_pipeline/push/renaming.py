"""Ids that changed form at the source: the same records under codes that Omie does not know.

One or two are quarantined, the others go; from there on the whole push stops before its first call.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from omie_pipeline.payload.payload import PayloadModel
from omie_pipeline.payload.rows import PlanRow
from omie_pipeline.push.conflicts import codigo_mudou_de_forma
from omie_pipeline.push.likeness import likeness_of, plain_form
from omie_pipeline.push.renamed import (
    Known,
    alike,
    gone_without_likeness,
    holds_any,
    new_rows,
    still_in_model,
)
from omie_pipeline.push.scope import Scope, refused_row

_CHUNK_ROWS = 20_000
_EXAMPLES = 3
# Fewer rows than these under quite another code are a sale that was entered again.
_OTHER_CODES = 5


@dataclass(frozen=True, slots=True)
class Renamed:
    """Rows that would be made a second time.

    Attributes:
        reformed: the new row and the code in another form under which Omie has its record.
        recoded: the same, if nothing but the content is alike and the old code is gone.
        new: rows of the plan that would make a record.
    """

    reformed: tuple[tuple[PlanRow, str], ...] = ()
    recoded: tuple[tuple[PlanRow, str], ...] = ()
    new: int = 0

    def stops(self, max_reformed: int) -> str:
        """Why the push must not run without approval, in Portuguese; ``""`` when it may."""
        pairs = list(self.reformed) if len(self.reformed) > max_reformed else []
        if len(self.recoded) >= _OTHER_CODES and 2 * len(self.recoded) >= self.new:
            pairs += self.recoded
        if not pairs:
            return ""
        examples = ", ".join(f"{old} → {row.code}" for row, old in pairs[:_EXAMPLES])
        return (
            f"os identificadores mudaram de forma: {len(pairs)} registros que o Omie já tem viriam "
            f"de novo com outro código ({examples}). Confira na origem como o id é lido (planilha "
            "que o fez número, zeros à esquerda, maiúsculas) e volte à forma antiga; só aprove se "
            "forem mesmo registros novos (max_changed_codes)"
        )


def find_renamed(scope: Scope, model: PayloadModel) -> Renamed:
    """Rows of the plan whose records Omie holds for us under another code."""
    endpoint, who = scope.endpoint, (scope.engine, scope.empresa, scope.endpoint.name)
    if not endpoint.likeness or not holds_any(*who):
        return Renamed()
    reformed: list[tuple[PlanRow, str]] = []
    recoded: list[tuple[PlanRow, str]] = []
    new, old_gone = 0, None
    for rows in new_rows(scope.engine, scope.run_id, _CHUNK_ROWS):
        new += len(rows)
        if old_gone is None:
            old_gone = gone_without_likeness(scope.engine, model, scope.empresa)
        says = {row.linha: likeness_of(endpoint, row.payload) for row in rows}
        known = alike(*who, set(says.values()) - {""})
        codes = {row.code for row in rows}
        by_likeness = _grouped([one for one in known if one.code not in codes])
        by_form = {plain_form(one.code): one.code for one in old_gone}
        rest: list[tuple[PlanRow, Sequence[Known]]] = []
        for row in rows:
            same = by_likeness.get(says[row.linha], ())
            form = plain_form(row.code)
            old = next((one.code for one in same if plain_form(one.code) == form), "")
            old = old or by_form.get(form, "")
            if old and old != row.code:
                reformed.append((row, old))
            elif same:
                rest.append((row, same))
        recoded += _recoded(scope, model, rest)
    return Renamed(tuple(reformed), tuple(recoded), new)


def hold_reformed(
    scope: Scope, found: Renamed, max_reformed: int, now: datetime, *, store: bool
) -> int:
    """Quarantine rows whose codes changed form, if they are few; how many.

    Args:
        scope: warehouse, run, empresa and endpoint.
        found: the rows and their former codes.
        max_reformed: above this number the push stops instead.
        now: time of the change.
        store: false for a dry run, which writes nothing.
    """
    if len(found.reformed) > max_reformed:
        return 0
    field = scope.endpoint.integration_key
    refused = [
        refused_row(row, [codigo_mudou_de_forma(scope.endpoint.name, field, row.code, old)])
        for row, old in found.reformed
    ]
    scope.refuse(refused, now, store=store)
    return len(refused)


def _grouped(known: Sequence[Known]) -> dict[str, list[Known]]:
    groups: defaultdict[str, list[Known]] = defaultdict(list)
    for one in known:
        groups[one.likeness].append(one)
    return dict(groups)


def _recoded(
    scope: Scope, model: PayloadModel, rows: Sequence[tuple[PlanRow, Sequence[Known]]]
) -> list[tuple[PlanRow, str]]:
    """Each row with a record of the same content that the model has no longer, each only once."""
    codes = {one.code for _, same in rows for one in same}
    if not codes:
        return []
    left = codes - still_in_model(scope.engine, model, scope.empresa, codes)
    pairs = []
    for row, same in rows:
        old = next((one.code for one in same if one.code in left), "")
        if old:
            left.discard(old)
            pairs.append((row, old))
    return pairs
