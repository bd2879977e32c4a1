"""How a source database's column types travel: through Arrow, into PostgreSQL.

Exact numbers travel as text, because a decimal of no declared precision, NaN and infinity have no
Arrow type. SQLite promises no type at all, so from there everything is text, as from CSV.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import sqlalchemy as sa


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """One column on its way: its Arrow type, its PostgreSQL type, and what to do to each value.

    ``convert`` is ``None`` where the driver's value fits the Arrow type as it is.
    """

    name: str
    arrow: Any
    postgres: str
    convert: Callable[[Any], Any] | None = None

    def field(self) -> pa.Field:
        """The Arrow field, with ``postgres_type`` in its metadata."""
        return pa.field(self.name, self.arrow, metadata={"postgres_type": self.postgres})

    def array(self, values: Sequence[Any]) -> pa.Array:
        """The Arrow array of one batch's values."""
        if self.convert is None:
            try:
                return pa.array(values, type=self.arrow)
            except pa.ArrowTypeError:
                if not pa.types.is_string(self.arrow):
                    raise
        convert = self.convert or _as_text  # a text column may hold a driver's own objects
        return pa.array(
            [None if value is None else convert(value) for value in values], type=self.arrow
        )


def _as_text(value: Any) -> str:
    """Any value as the text PostgreSQL reads back: bytes in hex, objects as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return "\\x" + bytes(value).hex()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


_BY_TYPE: tuple[tuple[type[sa.types.TypeEngine[Any]], Any, str, Callable[[Any], Any] | None], ...]
_BY_TYPE = (
    (sa.Boolean, pa.bool_(), "boolean", bool),
    (sa.Integer, pa.int64(), "bigint", None),
    (sa.Float, pa.float64(), "double precision", None),
    (sa.Numeric, pa.string(), "numeric", str),
    (sa.Date, pa.date32(), "date", None),
    (sa.Time, pa.string(), "text", _as_text),
    (sa.LargeBinary, pa.string(), "bytea", _as_text),
    (sa.String, pa.string(), "text", None),
)


def plan_column(name: str, declared: sa.types.TypeEngine[Any], dialect: str) -> ColumnPlan:
    """The way of one reflected column; a type not known here travels as text."""
    if dialect == "sqlite":
        return ColumnPlan(name, pa.string(), "text", _as_text)
    if isinstance(declared, sa.DateTime):
        if declared.timezone:
            return ColumnPlan(name, pa.timestamp("us", tz="UTC"), "timestamptz")
        return ColumnPlan(name, pa.timestamp("us"), "timestamp")
    for kind, arrow, postgres, convert in _BY_TYPE:
        if isinstance(declared, kind):
            return ColumnPlan(name, arrow, postgres, convert)
    return ColumnPlan(name, pa.string(), "text", _as_text)


def declared_for_query(
    declared: sa.types.TypeEngine[Any], dialect: str
) -> sa.types.TypeEngine[Any]:
    """The type to query a column with: SQLite's own converters refuse what SQLite itself keeps."""
    if dialect == "sqlite":
        return sa.types.NullType()
    if isinstance(declared, sa.Uuid):
        return sa.types.NullType()
    return declared
