"""One table of the warehouse as a mapping needs it: columns, types, and some values to judge by.

The values are patients' data. They stay in memory, in a field without ``repr``, and never reach a
screen, a log or an error: what is told of them is a pattern and a count.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import sqlalchemy as sa

from omie_pipeline.database.schemas import as_named
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.warehouse.engine import warehouse_errors

SAMPLE_ROWS = 200
_LONGEST_CHARACTERS = 300
_NEAREST = 20
_UNREADABLE = ("BYTEA",)


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
    """

    schema: str
    name: str
    columns: tuple[SampledColumn, ...]
    rows: int
    primary_key: tuple[str, ...] = ()

    def column(self, name: str) -> SampledColumn | None:
        """The column called ``name``, exactly or but for upper and lower case."""
        exact = [column for column in self.columns if column.name == name]
        near = [column for column in self.columns if column.name.lower() == name.lower()]
        found = exact or (near if len(near) == 1 else [])
        return found[0] if found else None


def sample_table(
    engine: sa.Engine, schema: str, table: str, rows: int = SAMPLE_ROWS
) -> SampledTable:
    """Columns and up to ``rows`` rows of ``schema.table``.

    Raises:
        ConfigurationError: there is no such table; those of the schema are named.
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
        texts = [
            sa.func.left(sa.cast(sa.column(name), sa.Text), _LONGEST_CHARACTERS).label(f"c{number}")
            for number, name in enumerate(readable)
        ]
        source = sa.table(table, *(sa.column(name) for name in names), schema=schema)
        query = sa.select(*texts).select_from(source).limit(rows)
        read = connection.execute(query).all() if texts else []
    values = {name: _filled([row[at] for row in read]) for at, name in enumerate(readable)}
    columns = tuple(
        SampledColumn(name, kind, values.get(name, ()))
        for name, kind in zip(names, types, strict=True)
    )
    key = tuple(primary.get("constrained_columns") or ())
    return SampledTable(schema, table, columns, len(read), key)


def _filled(values: list[str | None]) -> tuple[str, ...]:
    return tuple(value.strip() for value in values if value is not None and value.strip())


def _type_name(kind: object) -> str:
    return str(getattr(kind, "__visit_name__", type(kind).__name__)).upper()


def _not_there(inspector: sa.Inspector, schema: str, table: str) -> str:
    if schema not in inspector.get_schema_names():
        return f"Não existe o esquema {schema} no banco do armazém"
    names = sorted([*inspector.get_table_names(schema), *inspector.get_view_names(schema)])
    told = ", ".join(names[:_NEAREST]) or "nenhuma"
    more = f" e mais {len(names) - _NEAREST}" if len(names) > _NEAREST else ""
    return f"Não existe a tabela {schema}.{table}; neste esquema: {told}{more}"
