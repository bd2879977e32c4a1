"""How a source database's column types travel: through Arrow, into PostgreSQL.

Each value arrives as the source has it. Exact numbers travel as text, because a decimal of no
declared precision, NaN and infinity have no Arrow type. Dates and times travel as the text the
server itself writes, because a driver's own objects know no zero date, no infinity and no year
before Christ; they would stop the table for one row. SQLite promises no type at all, so from there
everything is text, as from CSV.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.dialects import postgresql as pg

SUBSTITUTE = "\x1a"
"""Stands for what text cannot hold, a NUL or a byte that is no character: the character made for
this purpose. It is a control character, so validation quarantines the row instead of sending an
altered text."""

POINT_MARK = "omie_pipeline decimal=."
"""Comment on a copied column whose numbers have a decimal point, whatever their texts look like."""

_Select = Callable[[sa.ColumnElement[Any]], sa.ColumnElement[Any]]


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """One column on its way: its Arrow type, its PostgreSQL type, and what to do to each value.

    Attributes:
        convert: ``None`` if the driver's value fits the Arrow type as it is.
        select: the expression to ask the source for; ``None``: the column itself.
        comment: what the copy's column says about itself.
        as_written: another PostgreSQL's own text of ``select`` is the value that ``convert`` makes.
    """

    name: str
    arrow: Any
    postgres: str
    convert: Callable[[Any], Any] | None = None
    select: _Select | None = None
    comment: str = ""
    as_written: bool = False

    def field(self) -> pa.Field:
        """The Arrow field, with ``postgres_type`` and ``comment`` in its metadata."""
        metadata = {"postgres_type": self.postgres}
        if self.comment:
            metadata["comment"] = self.comment
        return pa.field(self.name, self.arrow, metadata=metadata)

    def array(self, values: Sequence[Any]) -> pa.Array:
        """The Arrow array of one batch's values."""
        if self.convert is None:
            try:
                return pa.array(values, type=self.arrow)
            except (pa.ArrowTypeError, pa.ArrowInvalid, UnicodeError):
                if not pa.types.is_string(self.arrow):
                    raise
        convert = self.convert or _characters  # a driver's own objects, or bad bytes in one row
        return pa.array(
            [None if value is None else convert(value) for value in values], type=self.arrow
        )


MARKED = "omie_pipeline_marked"
"""Name of the way to decode that puts ``SUBSTITUTE`` where bytes are no characters."""


def _mark(error: UnicodeError) -> tuple[str, int]:
    return (SUBSTITUTE, error.end) if isinstance(error, UnicodeDecodeError) else ("", 0)


codecs.register_error(MARKED, _mark)


def _as_text(value: Any) -> str:
    """Any value as stable text: bytes in hex, objects as JSON, sets in alphabetical order."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return "\\x" + bytes(value).hex()
    if isinstance(value, set | frozenset):
        return ",".join(sorted(map(str, value)))
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str, sort_keys=True)
    return str(value)


def _characters(value: Any) -> str:
    """A value of a text column; a server that knows no encoding hands out bytes."""
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogatepass")
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode("utf-8", MARKED)
    return _as_text(value)


def _sqlite_text(value: Any) -> str:
    if isinstance(value, float):
        written = repr(value)
        return format(Decimal(written), "f") if "e" in written else written
    return _as_text(value)


def _shortest_single(value: Any) -> str:
    """The shortest decimal that names a single-precision number, ``12500.53``."""
    single = np.float32(value)
    if not np.isfinite(single):
        return str(float(single))
    return np.format_float_positional(single, unique=True, trim="-")


def _utc_instant(value: Any) -> str:
    """MySQL's TIMESTAMP in a session of UTC, with its offset; a zero date has none."""
    text = _as_text(value)
    return text if text.startswith("0000") else f"{text}+00:00"


def _type_as(type_: sa.types.TypeEngine[Any]) -> _Select:
    return lambda column: sa.cast(column, type_)


def _as_it_is(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Without SQLAlchemy's own conversions, which round some numbers and refuse some words."""
    return sa.type_coerce(column, sa.types.NullType())


def _plus_zero(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """MySQL shows six digits of a FLOAT, and a BIT as bytes; a sum has the whole number."""
    return sa.type_coerce(column, sa.types.NullType()).op("+")(sa.literal_column("0e0"))


def _plus_whole_zero(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.type_coerce(column, sa.types.NullType()).op("+")(sa.literal_column("0"))


_TEXT_OF_POSTGRES = _type_as(sa.Text())
_TEXT_OF_MYSQL = _type_as(mysql.CHAR())

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
_OF_POSTGRES: tuple[tuple[type[sa.types.TypeEngine[Any]], str, _Select], ...] = (
    (sa.DateTime, "timestamp", _TEXT_OF_POSTGRES),
    (sa.Date, "date", _TEXT_OF_POSTGRES),
    (pg.MONEY, "numeric", lambda column: sa.cast(sa.cast(column, sa.Numeric()), sa.Text())),
    (sa.ARRAY, "text", lambda column: sa.cast(sa.func.to_jsonb(column), sa.Text())),
)


def plan_column(name: str, declared: sa.types.TypeEngine[Any], dialect: str) -> ColumnPlan:
    """The way of one reflected column; a type not known here travels as text."""
    if dialect == "sqlite":
        point = isinstance(declared, sa.Numeric | sa.Integer | sa.Float)
        comment = POINT_MARK if point else ""
        return ColumnPlan(name, pa.string(), "text", _sqlite_text, comment=comment)
    if dialect == "postgresql":
        return _plan_postgresql(name, declared)
    if dialect in ("mysql", "mariadb"):
        return _plan_mysql(name, declared)
    if isinstance(declared, sa.REAL):
        return ColumnPlan(name, pa.string(), "numeric", _shortest_single)
    if isinstance(declared, sa.DateTime):
        if declared.timezone:
            return ColumnPlan(name, pa.timestamp("us", tz="UTC"), "timestamptz")
        return ColumnPlan(name, pa.timestamp("us"), "timestamp")
    return _plan_by_type(name, declared)


def _plan_by_type(
    name: str,
    declared: sa.types.TypeEngine[Any],
    select: _Select | None = None,
    *,
    as_written: bool = False,
) -> ColumnPlan:
    for kind, arrow, postgres, convert in _BY_TYPE:
        if isinstance(declared, kind):
            return ColumnPlan(name, arrow, postgres, convert, select, as_written=as_written)
    return ColumnPlan(name, pa.string(), "text", _as_text, select)


def _plan_postgresql(name: str, declared: sa.types.TypeEngine[Any]) -> ColumnPlan:
    while isinstance(declared, pg.DOMAIN):
        declared = declared.data_type
    text = pa.string()
    if isinstance(declared, sa.REAL):
        return ColumnPlan(name, text, "numeric", _shortest_single, _type_as(sa.Double()))
    for kind, postgres, select in _OF_POSTGRES:
        if isinstance(declared, kind):
            zoned = isinstance(declared, sa.DateTime) and declared.timezone
            kept = "timestamptz" if zoned else postgres
            return ColumnPlan(name, text, kept, None, select, as_written=True)
    if isinstance(declared, sa.Boolean | sa.Integer | sa.Float | sa.LargeBinary):
        return _plan_by_type(name, declared, _as_it_is, as_written=True)
    if isinstance(declared, sa.Numeric):
        return ColumnPlan(name, text, "numeric", None, _TEXT_OF_POSTGRES, as_written=True)
    if isinstance(declared, sa.String) and not isinstance(declared, sa.Enum):
        return ColumnPlan(name, text, "text", None, _as_it_is, as_written=True)
    return ColumnPlan(name, text, "text", None, _TEXT_OF_POSTGRES, as_written=True)


def _plan_mysql(name: str, declared: sa.types.TypeEngine[Any]) -> ColumnPlan:
    text = pa.string()
    if isinstance(declared, sa.FLOAT):
        return ColumnPlan(name, text, "numeric", _shortest_single, _plus_zero)
    if isinstance(declared, mysql.BIT):
        return ColumnPlan(name, text, "numeric", str, _plus_whole_zero)
    if isinstance(declared, mysql.BIGINT) and declared.unsigned:
        return ColumnPlan(name, text, "numeric", str, _as_it_is)
    if isinstance(declared, sa.TIMESTAMP):
        return ColumnPlan(name, text, "text", _utc_instant, _TEXT_OF_MYSQL)
    if isinstance(declared, sa.Date | sa.DateTime | sa.Time | mysql.YEAR):
        return ColumnPlan(name, text, "text", None, _TEXT_OF_MYSQL)
    if isinstance(declared, sa.types._Binary):
        return ColumnPlan(name, text, "bytea", _as_text, _as_it_is)
    if isinstance(declared, sa.Boolean | sa.Integer | sa.Numeric):
        return _plan_by_type(name, declared, _as_it_is)
    return ColumnPlan(name, text, "text", None, _as_it_is)


def declared_for_query(
    declared: sa.types.TypeEngine[Any], dialect: str
) -> sa.types.TypeEngine[Any]:
    """The type to compare a column by.

    SQLite's own converters refuse what SQLite itself keeps; MySQL's TIMESTAMP is an instant.
    """
    if dialect == "sqlite":
        return sa.types.NullType()
    if isinstance(declared, sa.Uuid):
        return sa.types.NullType()
    if dialect in ("mysql", "mariadb") and isinstance(declared, sa.TIMESTAMP):
        return sa.DateTime(timezone=True)
    return declared
