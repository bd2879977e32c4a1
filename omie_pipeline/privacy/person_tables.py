"""Tables of the clinic's side, whose columns only the database knows: extract and dbt make them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from omie_pipeline.postgres import schemas

RAW, CLINIC, PAYLOAD = schemas.RAW, schemas.CLINIC, schemas.PAYLOAD
_PUNCTUATION = "./- "


def bare_text(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """A document without punctuation, in capitals, whatever the column's type."""
    return sa.func.upper(sa.func.translate(sa.cast(column, sa.Text), _PUNCTUATION, ""))


def tables_of(connection: sa.Connection, schema: str) -> list[sa.TableClause]:
    """Tables and views of a schema, by name, with columns but without types."""
    found = connection.execute(
        sa.text(
            "SELECT table_name, array_agg(column_name::text ORDER BY ordinal_position) "
            "FROM information_schema.columns WHERE table_schema = :schema "
            "GROUP BY table_name ORDER BY table_name"
        ),
        {"schema": schemas.schemas_of(connection).name(schema)},
    ).all()
    return [
        sa.table(row[0], *(sa.column(column) for column in row[1]), schema=schema) for row in found
    ]
