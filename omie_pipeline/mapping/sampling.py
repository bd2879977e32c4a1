"""One table of the warehouse as a mapping needs it: columns, types, and some values to judge by.

The values are patients' data. They stay in memory, in a field without ``repr``, and never reach a
screen, a log or an error: only patterns and counts are shown.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import sqlalchemy as sa

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.schemas import as_named
from omie_pipeline.texts import mapping as texts

SAMPLE_ROWS = 200
_LONGEST_CHARACTERS = 300
_NEAREST = 20
_UNREADABLE = ("BYTEA",)
_MISSING_RIGHT = "42501"
_SYNTAX_OR_NAME = "42"
"""Class of PostgreSQL's errors in what was written, not in what was read."""
ALIAS = "origem"
"""The table's name in a condition, and in the model that is written from it."""


@dataclass(frozen=True, slots=True)
class SampledColumn:
    """A column and its filled values in the sampled rows.

    Attributes:
        data_type: PostgreSQL's name in capitals, without length: ``NUMERIC``, ``TEXT``, ``DATE``.
        values: as PostgreSQL writes them, blanks trimmed, empty ones left out.
    """

    name: str
    data_type: str
    values: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SampledTable:
    """A table, view or materialized view.

    Attributes:
        rows: how many rows were looked at.
        primary_key: its columns, empty for a view.
        where: the condition under which they were read, ``""`` for none.
        belonging: with a condition, how many rows there are, and how many meet it.
    """

    schema: str
    name: str
    columns: tuple[SampledColumn, ...]
    rows: int
    primary_key: tuple[str, ...] = ()
    where: str = ""
    belonging: tuple[int, int] | None = None

    def column(self, name: str) -> SampledColumn | None:
        """The column called ``name``, exactly or but for upper and lower case."""
        exact = [column for column in self.columns if column.name == name]
        near = [column for column in self.columns if column.name.lower() == name.lower()]
        found = exact or (near if len(near) == 1 else [])
        return found[0] if found else None


def sample_table(
    engine: sa.Engine, schema: str, table: str, rows: int = SAMPLE_ROWS, where: str = ""
) -> SampledTable:
    """Columns and up to ``rows`` rows of ``schema.table``.

    Args:
        engine: the warehouse.
        schema: its schema.
        table: its name.
        rows: the most rows that are read.
        where: a condition in SQL, a person's own, over the table under the name ``origem``.

    Raises:
        ConfigurationError: there is no such table (those of the schema are named), or the
            condition does not run.
        WarehouseError: the database refused.
    """
    with warehouse_errors(), as_named(engine).connect() as connection:
        inspector = sa.inspect(connection)
        try:
            found = inspector.get_columns(table, schema=schema)
            primary = inspector.get_pk_constraint(table, schema=schema)
        except sa.exc.NoSuchTableError:
            raise ConfigurationError(_not_there(inspector, schema, table)) from None
        names = [str(column["name"]) for column in found]
        types = [_type_name(column["type"]) for column in found]
        readable = [n for n, kind in zip(names, types, strict=True) if kind not in _UNREADABLE]
        columns_as_text = [
            sa.func.left(sa.cast(sa.column(name), sa.Text), _LONGEST_CHARACTERS).label(f"c{number}")
            for number, name in enumerate(readable)
        ]
        source = sa.table(table, *(sa.column(name) for name in names), schema=schema)
        query = sa.select(*columns_as_text).select_from(source.alias(ALIAS)).limit(rows)
        if where:
            total, belonging = _counted(connection, source, where)
            query = query.where(_condition(where))
        read = connection.execute(query).all() if columns_as_text else []
    values = {name: _filled([row[at] for row in read]) for at, name in enumerate(readable)}
    columns = tuple(
        SampledColumn(name, kind, values.get(name, ()))
        for name, kind in zip(names, types, strict=True)
    )
    key = tuple(primary.get("constrained_columns") or ())
    counts = (total, belonging) if where else None
    return SampledTable(schema, table, columns, len(read), key, where, counts)


def _condition(where: str) -> sa.TextClause:
    # Escaped: a colon in a person's SQL is no parameter of ours. Line breaks: nor is a comment in
    # it a comment on ours.
    return sa.text("(\n" + where.replace(":", "\\:") + "\n)")


def _counted(connection: sa.Connection, source: sa.TableClause, where: str) -> tuple[int, int]:
    """How many rows there are, and how many meet the condition; the whole table is tried.

    Nothing that the condition calls can write, and it cannot end the statement to begin another:
    the value that the query takes makes PostgreSQL prepare it, as one statement.
    """
    count = (
        sa.select(sa.func.count())
        .select_from(source.alias(ALIAS))
        .where(sa.bindparam("always", True))
    )
    try:
        connection.rollback()
        connection.execute(sa.text("SET TRANSACTION READ ONLY"))
        total = connection.execute(count).scalar_one()
        belonging = connection.execute(count.where(_condition(where))).scalar_one()
    except sa.exc.DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _MISSING_RIGHT:
            raise  # told with its GRANT, as without a condition
        raise ConfigurationError(texts.where_invalid(_told(error.orig))) from None
    return total, belonging


def _told(error: BaseException | None) -> str:
    """PostgreSQL's own words if they are about the condition, never about a value of a row."""
    diagnosis = getattr(error, "diag", None)
    state = (getattr(diagnosis, "sqlstate", None) or "")[:2]
    if diagnosis is not None and state == _SYNTAX_OR_NAME:
        return str(diagnosis.message_primary)
    return texts.where_not_evaluated(type(error).__name__)


def _filled(values: list[str | None]) -> tuple[str, ...]:
    return tuple(value.strip() for value in values if value is not None and value.strip())


def _type_name(kind: object) -> str:
    return str(getattr(kind, "__visit_name__", type(kind).__name__)).upper()


def _not_there(inspector: sa.Inspector, schema: str, table: str) -> str:
    if schema not in inspector.get_schema_names():
        return texts.no_such_schema(schema)
    names = sorted([*inspector.get_table_names(schema), *inspector.get_view_names(schema)])
    told = ", ".join(names[:_NEAREST]) or "nenhuma"
    more = texts.and_more(len(names) - _NEAREST) if len(names) > _NEAREST else ""
    return texts.no_such_table(schema=schema, table=table, told=told, more=more)
