"""When a field is left out, what Omie confirmed with it counts as confirmed without it.

The ledger keeps a hash of each confirmed payload. Without this, leaving a field out would make
every row differ from its hash, and all of them would be sent again for nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.errors import ModelError
from omie_pipeline.payload import (
    PayloadModel,
    left_out_of_hashes,
    load_payload_model,
    rehashed_rows,
)
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import field_basis, ledger, plan
from omie_pipeline.switches.settings import Switch

_TEXTS = ARRAY(sa.Text)
_RETURNED: Final = "returned:"
"""Before the hash of a row whose record in Omie has a value of a field that is exported again."""


def rebase(engine: sa.Engine, model: PayloadModel, empresa: str, now: datetime) -> int:
    """Bring the ledger's hashes to the fields that ``model`` sends, in one transaction.

    Rows that Omie confirmed just as the clinic has them keep counting as confirmed when a field is
    left out. When one comes back, the rows that have a value there differ, and so do those of which
    Omie holds one that the clinic has emptied meanwhile.

    Args:
        engine: the warehouse, as the holder of the endpoint's lane.
        model: the payload model, without the fields that it leaves out.
        empresa: whose rows are meant.
        now: time of the change.

    Returns:
        How many rows count as confirmed without what was left out.
    """
    name = model.endpoint.name
    with warehouse_errors(), engine.begin() as connection:
        old = left_out_of_hashes(connection, empresa, name)
        if set(old) == set(model.left_out):
            return 0
        every = sorted({*old, *model.left_out})
        rows = rehashed_rows(model.without(old), model.without(every), empresa)
        mine = _mine(empresa, name)
        same_row = ledger.c.codigo_integracao == rows.c.codigo_integracao
        rebased = connection.execute(
            sa.update(ledger)
            .values(payload_hash=rows.c.new_hash)
            .where(
                *mine,
                same_row,
                ledger.c.payload_hash == rows.c.old_hash,
                rows.c.old_hash != rows.c.new_hash,
            )
        ).rowcount
        if returned := sorted(set(old) - set(model.left_out)):
            connection.execute(
                sa.update(ledger)
                .values(payload_hash=sa.literal(_RETURNED) + ledger.c.payload_hash)
                .where(*mine, ledger.c.payload_hash.is_not(None), held_by_omie(ledger, returned))
            )
        connection.execute(_remembered(empresa, name, model.left_out, now))
    return int(rebased)


def hashes_agree(engine: sa.Engine, switch: Switch) -> bool:
    """Whether the ledger's hashes of an endpoint leave out just what is not exported now: until its
    next run, what changed there cannot be told from what is only left out."""
    try:
        model = load_payload_model(engine, REGISTRY[switch.endpoint])
    except ModelError:
        return True
    with warehouse_errors(), engine.connect() as connection:
        old = left_out_of_hashes(connection, switch.empresa, switch.endpoint)
    return set(model.without(old).left_out) == set(switch.left_out(model.fields))


def returned_fields(engine: sa.Engine, model: PayloadModel, empresa: str) -> tuple[str, ...]:
    """Fields that the ledger's hashes leave out and that are exported now."""
    with warehouse_errors(), engine.connect() as connection:
        old = left_out_of_hashes(connection, empresa, model.endpoint.name)
    return tuple(sorted(set(old) - set(model.left_out)))


def forget_rebased(
    engine: sa.Engine, run_id: str, model: PayloadModel, empresa: str
) -> dict[str, int]:
    """Take out of a plan that is only looked at what :func:`rebase` would count as confirmed.

    Args:
        engine: the warehouse.
        run_id: whose plan it is.
        model: the payload model, without the fields that it leaves out.
        empresa: whose rows are meant.

    Returns:
        Rows that were taken out, by partition.
    """
    name = model.endpoint.name
    with warehouse_errors(), engine.begin() as connection:
        old = left_out_of_hashes(connection, empresa, name)
        if set(old) == set(model.left_out):
            return {}
        returned = set(old) - set(model.left_out)
        rows = rehashed_rows(model.without(old), model.without({*old, *model.left_out}), empresa)
        stands = sa.exists().where(
            *_mine(empresa, name),
            ledger.c.state == "confirmed",
            ~ledger.c.in_doubt,
            ledger.c.codigo_integracao == plan.c.codigo_integracao,
            rows.c.codigo_integracao == ledger.c.codigo_integracao,
            ledger.c.payload_hash == rows.c.old_hash,
            # What comes back has no value in this row, or it would have to be sent.
            rows.c.new_hash == plan.c.payload_hash,
            *([~held_by_omie(ledger, returned)] if returned else []),
        )
        statement = (
            sa.delete(plan)
            .where(plan.c.run_id == run_id, plan.c.action != "delete", stands)
            .returning(plan.c.partition)
        )
        return Counter(connection.execute(statement).scalars())


def _mine(empresa: str, endpoint: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (ledger.c.empresa == empresa, ledger.c.endpoint == endpoint)


def held_by_omie(known: sa.FromClause, names: Collection[str]) -> sa.ColumnElement[bool]:
    """Whether Omie was given a value of one of these fields: where the clinic has emptied one that
    comes back since, the hash alone would not tell.

    Args:
        known: the ledger, or rows of it.
        names: names of fields.
    """
    wanted = sa.cast(sa.literal(list(names), _TEXTS), _TEXTS)
    name = sa.func.unnest(known.c.filled).column_valued("filled_name")
    heads = sa.select(sa.func.split_part(name, ".", 1)).scalar_subquery()
    held = sa.func.array(heads, type_=_TEXTS).op("&&", is_comparison=True)(wanted)
    return sa.func.coalesce(held, sa.false())


def _remembered(
    empresa: str, endpoint: str, left_out: Collection[str], now: datetime
) -> sa.Executable:
    statement = insert(field_basis).values(
        empresa=empresa, endpoint=endpoint, left_out=list(left_out), since=now
    )
    return statement.on_conflict_do_update(
        index_elements=list(field_basis.primary_key),
        set_={"left_out": statement.excluded.left_out, "since": statement.excluded.since},
    )
