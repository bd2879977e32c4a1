"""Where a code that a person typed stands in the payload models, if anywhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from omie_pipeline.catalog import WRITABLE, Endpoint
from omie_pipeline.errors import ModelError
from omie_pipeline.payload.payload import PARTITION_COLUMN, PayloadModel, load_payload_model
from omie_pipeline.payload.selection import model_key
from omie_pipeline.postgres.engine import warehouse_errors

_COMPARED = 20_000


@dataclass(frozen=True, slots=True)
class FoundCode:
    """What is known of a code that a selection did not find.

    Attributes:
        at_date: business date of the row, if the selection's dates leave it out.
        endpoint, empresa: where else the code stands.
        alike: a code of the selection's own models that looks like it.
        example: any code of these models.
    """

    at_date: str = ""
    endpoint: str = ""
    empresa: str = ""
    alike: str = ""
    example: str = ""


def find_code(
    engine: sa.Engine, key: str, endpoints: Sequence[Endpoint], empresas: Sequence[str]
) -> FoundCode:
    """Look for ``key`` in the models asked for, then in all others.

    Args:
        engine: the warehouse.
        key: a code, as typed.
        endpoints: those that were asked for.
        empresas: those that were asked for.
    """
    asked = [model for one in endpoints if (model := _model(engine, one))]
    with warehouse_errors(), engine.connect() as connection:
        for model in asked:
            for row in _rows_of(connection, model, key):
                if row.empresa in empresas and row.day:
                    return FoundCode(at_date=f"{row.day:%d/%m/%Y}")
                if row.empresa not in empresas:
                    return FoundCode(endpoint=model.endpoint.name, empresa=row.empresa)
        for one in WRITABLE:
            other = _model(engine, one) if one not in endpoints else None
            for row in _rows_of(connection, other, key) if other else ():
                return FoundCode(endpoint=one.name, empresa=row.empresa)
        codes = [code for model in asked for code in _some_codes(connection, model, empresas)]
    wanted = _folded(key)
    alike = next((code for code in codes if wanted in _spellings(code)), "")
    return FoundCode(alike=alike, example=codes[0] if codes else "")


def _folded(code: str) -> str:
    """A code without what is easily typed otherwise: capitals, signs, zeros in front."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", re.sub(r"[\W_]+", "", code)).upper()


def _spellings(code: str) -> tuple[str, str]:
    """The code, and what is left of it without its prefix."""
    return _folded(code), _folded(code.partition("-")[2])


def _model(engine: sa.Engine, endpoint: Endpoint) -> PayloadModel | None:
    try:
        return load_payload_model(engine, endpoint)
    except ModelError:
        return None


def _rows_of(connection: sa.Connection, model: PayloadModel, key: str) -> Sequence[sa.Row[Any]]:
    p = model.table()
    day = p.c[PARTITION_COLUMN] if PARTITION_COLUMN in model.columns else sa.null()
    query = sa.select(p.c.empresa, day.label("day")).where(model_key(model, p) == key).limit(10)
    return connection.execute(query).all()


def _some_codes(
    connection: sa.Connection, model: PayloadModel, empresas: Sequence[str]
) -> list[str]:
    p = model.table()
    code = model_key(model, p)
    query = sa.select(code).where(p.c.empresa.in_(empresas), code.is_not(None)).limit(_COMPARED)
    return [str(one) for one in connection.execute(query).scalars()]
