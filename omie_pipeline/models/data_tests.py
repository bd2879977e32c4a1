"""dbt's data tests of tables that were filled without dbt, one query for each table.

The statements are dbt's own, as it last compiled them. A test that reads other than payload tables
is left to dbt's next run: the views would be computed whole for it. One that cannot be asked (it
divides by what a row has as zero, say) keeps no row from being filled: it is told like one that
rows fail.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

import psycopg
import sqlalchemy as sa
from psycopg import sql

from omie_pipeline.clinic.raw_tables import psycopg_connection
from omie_pipeline.postgres.schemas import PAYLOAD, schemas_of
from omie_pipeline.postgres.tables import model_test


def run_data_tests(
    connection: sa.Connection, tables: Collection[str]
) -> dict[str, Mapping[str, int | None]]:
    """Of each table its tests, with the number of what they found: 0 where all is well, ``None`` of
    one that PostgreSQL could not answer.

    Args:
        connection: a connection to the warehouse, in the transaction that filled the tables.
        tables: names of payload tables.
    """
    schema = schemas_of(connection).name(PAYLOAD)
    names = {f"{schema}.{name}": name for name in tables}
    of_table = defaultdict(list)
    for test in connection.execute(sa.select(model_test).order_by(model_test.c.name)):
        if not all(read.startswith(f"{schema}.") for read in test.reads):
            continue
        if first := next((read for read in test.reads if read in names), None):
            of_table[names[first]].append((test.name, test.statement))
    return {table: _found(connection, tests) for table, tests in sorted(of_table.items())}


def _found(connection: sa.Connection, tests: Sequence[tuple[str, str]]) -> dict[str, int | None]:
    """What the tests of one table find, out of names and statements."""
    asked: list[sql.Composable] = [
        sql.SQL("SELECT {}, (SELECT count(*) FROM (\n{}\n) AS failing)").format(
            sql.Literal(name), sql.SQL(statement)
        )
        for name, statement in tests
    ]
    counted = sql.SQL(" UNION ALL ").join(asked)
    try:
        with connection.begin_nested():
            rows = psycopg_connection(connection).execute(counted).fetchall()
    except psycopg.Error:
        if len(tests) == 1:
            return {tests[0][0]: None}
        # Which one it is, each alone tells.
        return {name: rows for one in tests for name, rows in _found(connection, [one]).items()}
    return {str(name): int(count) for name, count in rows}
