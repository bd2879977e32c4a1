"""What whole columns of the clinic show, and whether the views still say so.

How a column writes its numbers and days is found, where nobody declared it, while its staging view
is made (``postgres/sql/models.sql``): one value can change how all others are read. The question is
asked again when a row of its table has changed.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from omie_pipeline.models.sources import NOBODY, Digests, Table
from omie_pipeline.postgres.schemas import schemas_of
from omie_pipeline.postgres.tables import model_evidence

_TABLES = sa.text(
    "SELECT asked.relation, c.oid, n.nspname, c.relname, CAST(c.relkind AS text) AS kind"
    " FROM (SELECT DISTINCT relation FROM omie_sync.model_evidence) AS asked"
    " LEFT JOIN pg_class AS c ON c.oid = to_regclass(asked.relation)"
    " LEFT JOIN pg_namespace AS n ON n.oid = c.relnamespace"
)
_OTHERWISE = sa.text(
    "SELECT EXISTS (SELECT FROM omie_sync.model_evidence AS e WHERE e.relation = :relation"
    " AND CASE WHEN EXISTS (SELECT FROM pg_attribute AS a WHERE a.attname = e.column_name"
    "  AND a.attrelid = to_regclass(e.relation) AND NOT a.attisdropped)"
    " THEN omie_sync.column_shows(e.question, e.relation, e.column_name)"
    "  IS DISTINCT FROM e.answer ELSE true END)"
)


def shows_otherwise(digests: Digests) -> bool:
    """Whether some column shows another way of writing than its view was made with.

    Args:
        digests: of the transaction; what was found to be as before is remembered in it.
    """
    connection = digests.connection
    seen = {
        row.relation: row.versions
        for row in connection.execute(
            sa.select(
                model_evidence.c.relation,
                # One row that was asked anew stands for all: NULL counts as never looked at.
                sa.case(
                    (
                        sa.func.bool_and(model_evidence.c.versions.is_not(None)),
                        sa.func.min(model_evidence.c.versions),
                    ),
                ).label("versions"),
            ).group_by(model_evidence.c.relation)
        )
    }
    for row in connection.execute(_TABLES).all():
        versions = None
        if row.kind in ("r", "p", "m"):
            schema = schemas_of(connection).plain(row.nspname)
            table = Table(row.oid, schema, row.relname, says_empresa=False, copied=False)
            held = Digests(connection, ()).of_table(table).get(NOBODY)
            versions = f"{row.oid} {held.digest if held else ''}"
        if versions is not None and seen[row.relation] == versions:
            continue
        if connection.scalar(_OTHERWISE, {"relation": row.relation}):
            return True
        connection.execute(
            sa.update(model_evidence)
            .where(model_evidence.c.relation == row.relation)
            .values(versions=versions)
        )
    return False


def forget_unasked(
    connection: sa.Connection, made: Collection[str], there: Collection[str]
) -> None:
    """Drop what dbt did not ask again since this transaction began.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        made: names of models that were made meanwhile.
        there: names of all models.
    """
    model = model_evidence.c.model
    connection.execute(
        sa.delete(model_evidence).where(
            model_evidence.c.asked_at < sa.func.now(),
            sa.or_(model.in_(sorted(made)), model.not_in(sorted(there))),
        )
    )
