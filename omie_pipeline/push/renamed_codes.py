"""Ids that changed form at the source: the same records under codes that Omie does not know.

One or two are quarantined, the others go; from there on the whole push stops before its first call.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from omie_pipeline.payload import PayloadModel, PlanRow, codes_in_model, model_key, plan_row
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import ledger, plan
from omie_pipeline.push.conflicts import codigo_mudou_de_forma
from omie_pipeline.push.ledger import likeness_of, plain_form
from omie_pipeline.push.plan import Scope, refused_row
from omie_pipeline.texts import push as texts

# Planned rows that look like records the ledger holds under another code.


@dataclass(frozen=True, slots=True)
class KnownRecord:
    """A record that Omie holds for us.

    Attributes:
        likeness: ``""`` if it was delivered before likenesses were kept.
    """

    code: str
    likeness: str


@dataclass(frozen=True, slots=True)
class SameCode:
    """Records of one endpoint whose codes differ in form only."""

    empresa: str
    endpoint: str
    codes: tuple[str, ...]
    omie_ids: tuple[int, ...]


def holds_any(engine: sa.Engine, empresa: str, endpoint: str) -> bool:
    """Whether Omie holds a record of this endpoint for us."""
    query = sa.select(sa.exists().where(*_living(empresa, endpoint)))
    with warehouse_errors(), engine.connect() as connection:
        return bool(connection.execute(query).scalar())


def new_rows(engine: sa.Engine, run_id: str, chunk_rows: int) -> Iterator[list[PlanRow]]:
    """Rows of the plan that would make a record, in chunks."""
    last = 0
    while True:
        query = (
            sa.select(plan)
            .where(
                plan.c.run_id == run_id,
                plan.c.state == "ready",
                plan.c.action != "delete",
                plan.c.omie_id.is_(None),
                plan.c.codigo_integracao.is_not(None),
                plan.c.number > last,
            )
            .order_by(plan.c.number)
            .limit(chunk_rows)
        )
        with warehouse_errors(), engine.connect() as connection:
            found = connection.execute(query).all()
        if not found:
            return
        last = found[-1].number
        yield [plan_row(row) for row in found]


def alike(
    engine: sa.Engine, empresa: str, endpoint: str, likenesses: Collection[str]
) -> list[KnownRecord]:
    """Records that Omie holds for us and that say the same as these.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        likenesses: digests of the rows.
    """
    query = sa.select(ledger.c.codigo_integracao, ledger.c.likeness).where(
        *_living(empresa, endpoint), ledger.c.likeness == sa.func.any(list(likenesses))
    )
    with warehouse_errors(), engine.connect() as connection:
        return [KnownRecord(row[0], row[1]) for row in connection.execute(query)]


def gone_without_likeness(
    engine: sa.Engine, model: PayloadModel, empresa: str
) -> list[KnownRecord]:
    """Records delivered before likenesses were kept that the model has no longer."""
    p = model.table()
    in_model = sa.exists().where(
        p.c.empresa == empresa, model_key(model, p) == ledger.c.codigo_integracao
    )
    query = sa.select(ledger.c.codigo_integracao).where(
        *_living(empresa, model.endpoint.name), ledger.c.likeness.is_(None), ~in_model
    )
    with warehouse_errors(), engine.connect() as connection:
        return [KnownRecord(row[0], "") for row in connection.execute(query)]


def same_codes(engine: sa.Engine, empresas: Sequence[str]) -> list[SameCode]:
    """Records that Omie holds for us under codes that differ in form only."""
    query = sa.select(
        ledger.c.empresa, ledger.c.endpoint, ledger.c.codigo_integracao, ledger.c.omie_id
    ).where(
        ledger.c.empresa.in_(empresas), ledger.c.omie_id.is_not(None), ledger.c.state != "deleted"
    )
    by_form: defaultdict[tuple[str, str, str], list[tuple[str, int]]] = defaultdict(list)
    with warehouse_errors(), engine.connect() as connection:
        for row in connection.execute(query.execution_options(yield_per=20_000)):
            by_form[(row[0], row[1], plain_form(row[2]))].append((row[2], row[3]))
    return [
        SameCode(empresa, endpoint, *_columns(sorted(found)))
        for (empresa, endpoint, _), found in sorted(by_form.items())
        if len(found) > 1
    ]


def _columns(found: Sequence[tuple[str, int]]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    return tuple(code for code, _ in found), tuple(omie_id for _, omie_id in found)


def _living(empresa: str, endpoint: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        ledger.c.empresa == empresa,
        ledger.c.endpoint == endpoint,
        ledger.c.omie_id.is_not(None),
        ledger.c.state != "deleted",
    )


_CHUNK_ROWS = 20_000
_EXAMPLES = 3
# Fewer rows than these under quite another code are a sale that was entered again.
_OTHER_CODES = 5


@dataclass(frozen=True, slots=True)
class RenamedRows:
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
        return texts.codes_reformed(pairs=len(pairs), examples=examples)


def find_renamed(scope: Scope, model: PayloadModel) -> RenamedRows:
    """Rows of the plan whose records Omie holds for us under another code."""
    endpoint, who = scope.endpoint, (scope.engine, scope.empresa, scope.endpoint.name)
    if not endpoint.likeness or not holds_any(*who):
        return RenamedRows()
    reformed: list[tuple[PlanRow, str]] = []
    recoded: list[tuple[PlanRow, str]] = []
    new, old_gone = 0, None
    for rows in new_rows(scope.engine, scope.run_id, _CHUNK_ROWS):
        new += len(rows)
        if old_gone is None:
            old_gone = gone_without_likeness(scope.engine, model, scope.empresa)
        says = {row.number: likeness_of(endpoint, row.payload) for row in rows}
        known = alike(*who, set(says.values()) - {""})
        codes = {row.code for row in rows}
        by_likeness = _grouped([one for one in known if one.code not in codes])
        by_form = {plain_form(one.code): one.code for one in old_gone}
        rest: list[tuple[PlanRow, Sequence[KnownRecord]]] = []
        for row in rows:
            same = by_likeness.get(says[row.number], ())
            form = plain_form(row.code)
            old = next((one.code for one in same if plain_form(one.code) == form), "")
            old = old or by_form.get(form, "")
            if old and old != row.code:
                reformed.append((row, old))
            elif same:
                rest.append((row, same))
        recoded += _recoded(scope, model, rest)
    return RenamedRows(tuple(reformed), tuple(recoded), new)


def hold_reformed(
    scope: Scope, found: RenamedRows, max_reformed: int, now: datetime, *, store: bool
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


def _grouped(known: Sequence[KnownRecord]) -> dict[str, list[KnownRecord]]:
    groups: defaultdict[str, list[KnownRecord]] = defaultdict(list)
    for one in known:
        groups[one.likeness].append(one)
    return dict(groups)


def _recoded(
    scope: Scope, model: PayloadModel, rows: Sequence[tuple[PlanRow, Sequence[KnownRecord]]]
) -> list[tuple[PlanRow, str]]:
    """Each row with a record of the same content that the model has no longer, each only once."""
    codes = {one.code for _, same in rows for one in same}
    if not codes:
        return []
    left = codes - codes_in_model(scope.engine, model, scope.empresa, codes)
    pairs = []
    for row, same in rows:
        old = next((one.code for one in same if one.code in left), "")
        if old:
            left.discard(old)
            pairs.append((row, old))
    return pairs
