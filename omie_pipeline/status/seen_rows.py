"""Rows of copies and payload tables as the console may read them: through functions of the database
that show the empresas of the session and no others (``postgres/sql/console.sql``)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import sqlalchemy as sa

from omie_pipeline.catalog import REGISTRY, WRITABLE, Endpoint
from omie_pipeline.catalog.row_labels import person_in
from omie_pipeline.clinic.origins import origins_of
from omie_pipeline.payload import PAYLOAD_SCHEMA
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.schemas import schemas_of
from omie_pipeline.postgres.tables import ledger

Row = Mapping[str, Any]
Who = tuple[str, str]
"""Empresa and our code of a record."""

PersonAndValue = tuple[str, Decimal | None]
"""Our code of the person that a record is about, and its sum in R$ if it has one."""

_CLIENTES: Final = "clientes"
_ORIGIN: Final = "_origem_id"
_FEWEST_SIGNS: Final = 3
_MOST_PEOPLE: Final = 50


@dataclass(frozen=True, slots=True)
class PersonFound:
    """A person of the payload table; personal data."""

    empresa: str
    code: str
    name: str
    document: str


@dataclass(slots=True)
class Hanging:
    """What cannot go to Omie before a record has.

    Attributes:
        value: their sum in R$.
        rows: how many, by endpoint.
    """

    value: Decimal = Decimal(0)
    rows: dict[str, int] = field(default_factory=dict)


def rows_seen(
    connection: sa.Connection, schema: str, table: str, column: str, values: Collection[str]
) -> list[Row]:
    """Rows of a copied or payload table with one of these values; none where there is no table.

    Args:
        connection: of an engine that shows some empresas only.
        schema: plain name of the schema.
        table: its name in the schema.
        column: that is compared, as text.
        values: that are looked for.
    """
    if not values:
        return []
    name = f"{schemas_of(connection).name(schema)}.{table}"
    asked = sa.func.omie_sync.rows_seen(name, column, sa.cast(sorted(values), sa.ARRAY(sa.Text)))
    return [row[0] for row in connection.execute(sa.select(asked))]


def payload_rows(
    connection: sa.Connection, endpoint: Endpoint, codes: Collection[str]
) -> dict[Who, list[Row]]:
    """(empresa, code) -> rows of the payload table of an endpoint.

    Args:
        connection: of an engine that shows some empresas only.
        endpoint: whose payload.
        codes: our codes.
    """
    column, wanted = endpoint.key_column, set(codes)
    if endpoint.section:
        # The code stands within an object; the clinic's row, beside it, has a column.
        column = _ORIGIN
        wanted = {one.id for code in codes for one in origins_of(endpoint.name, code)}
    found: dict[Who, list[Row]] = defaultdict(list)
    for row in rows_seen(connection, PAYLOAD_SCHEMA, endpoint.model, column, wanted):
        keys = row.get(endpoint.section) if endpoint.section else row
        code = (keys or {}).get(endpoint.key_column or endpoint.integration_key)
        if code in codes:
            found[row["empresa"], str(code)].append(row)
    return found


def people_found(engine: sa.Engine, text: str) -> tuple[PersonFound, ...]:
    """People by a part of the name or the first digits of the document; the first fifty.

    Args:
        engine: one that shows some empresas only.
        text: as it was typed; fewer than three signs find nobody.
    """
    digits = "".join(sign for sign in text if sign.isalnum()).upper()
    words = " ".join(text.split())
    if len(digits) < _FEWEST_SIGNS:
        return ()
    escaped = words.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    by_document = digits if digits.isdigit() else ""
    people = sa.func.omie_sync.people_seen(escaped, by_document, _MOST_PEOPLE).table_valued(
        "empresa", "codigo", "nome", "documento"
    )
    with warehouse_errors(), engine.connect() as connection:
        rows = connection.execute(sa.select(people)).all()
    return tuple(PersonFound(*(str(part or "") for part in row)) for row in rows)


def names_of(engine: sa.Engine, people: Collection[Who]) -> dict[Who, str]:
    """(empresa, code) -> name, as the clinic has it now; personal data.

    Args:
        engine: one that shows some empresas only.
        people: empresas and codes.
    """
    with warehouse_errors(), engine.connect() as connection:
        rows = payload_rows(connection, REGISTRY[_CLIENTES], {code for _, code in people})
    return {who: str(found[0].get("razao_social") or "") for who, found in rows.items()}


def people_of(
    engine: sa.Engine, endpoint: str, codes: Collection[str]
) -> dict[Who, PersonAndValue]:
    """(empresa, code) of records -> our code of their person, and their sum in R$.

    Args:
        engine: one that shows some empresas only.
        endpoint: name of the records' endpoint.
        codes: our codes of records.
    """
    with warehouse_errors(), engine.connect() as connection:
        rows = payload_rows(connection, REGISTRY[endpoint], codes)
    one = REGISTRY[endpoint]
    return {
        who: (person_in(one, who[1], found[0]), _sum(one, found[0])) for who, found in rows.items()
    }


def _sum(endpoint: Endpoint, row: Row) -> Decimal | None:
    amount = row.get(endpoint.value_field) if endpoint.value_field else None
    return None if amount is None else Decimal(str(amount))


def codes_naming(engine: sa.Engine, endpoint: str, codes: Collection[str]) -> dict[str, list[Row]]:
    """Endpoint -> payload rows that name one of these records.

    Args:
        engine: one that shows some empresas only.
        endpoint: name of the records' endpoint.
        codes: our codes of records.
    """
    found: dict[str, list[Row]] = {}
    with warehouse_errors(), engine.connect() as connection:
        for one, column in _naming(endpoint):
            rows = rows_seen(connection, PAYLOAD_SCHEMA, one.model, column, codes)
            if rows:
                found[one.name] = rows
    return found


def hanging(engine: sa.Engine, endpoint: str, people: Collection[Who]) -> dict[Who, Hanging]:
    """What names these records and is not in Omie.

    Args:
        engine: one that shows some empresas only.
        endpoint: name of the records' endpoint.
        people: empresas and codes of records.
    """
    found: dict[Who, Hanging] = {}
    for name, rows in codes_naming(engine, endpoint, {code for _, code in people}).items():
        one = REGISTRY[name]
        column = column_naming(name, endpoint)
        there = _confirmed(engine, name, {str(row[one.key_column]) for row in rows})
        for row in rows:
            who = (row["empresa"], str(row[column]))
            if who not in people or (row["empresa"], str(row[one.key_column])) in there:
                continue
            mine = found.setdefault(who, Hanging())
            mine.rows[name] = mine.rows.get(name, 0) + 1
            mine.value += Decimal(str(row.get(one.value_field) or 0))
    return found


def column_naming(endpoint: str, target: str) -> str:
    """The column in which payload rows of an endpoint name records of another one."""
    return next(column for one, column in _naming(target) if one.name == endpoint)


def _naming(endpoint: str) -> list[tuple[Endpoint, str]]:
    """Endpoints with a sum of money whose payload has a column that names such a record."""
    return [
        (one, column)
        for one in WRITABLE
        for column, target in one.references
        if target == endpoint and one.value_field and "." not in column
    ]


def _confirmed(engine: sa.Engine, endpoint: str, codes: Collection[str]) -> set[Who]:
    c = ledger.c
    query = sa.select(c.empresa, c.codigo_integracao).where(
        c.endpoint == endpoint,
        c.codigo_integracao == sa.func.any(sorted(codes)),
        c.state == "confirmed",
    )
    with warehouse_errors(), engine.connect() as connection:
        return {(row[0], row[1]) for row in connection.execute(query)}
