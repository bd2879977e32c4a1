"""Everything the warehouse holds of a person, as one JSON document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from omie_pipeline.catalog import WRITABLE
from omie_pipeline.postgres.schemas import schemas_of
from omie_pipeline.privacy.codes import (
    CLINIC,
    PAYLOAD,
    RAW,
    bare_text,
    client_in,
    ids_of,
    key_of,
    tables_of,
)
from omie_pipeline.privacy.codes import NAME as CODES
from omie_pipeline.privacy.find import (
    CHANGES,
    EVENTS,
    STATES,
    Person,
    change_rows,
    event_rows,
    rows_of,
    state_rows,
)
from omie_pipeline.privacy.places import HELD
from omie_pipeline.texts import privacy as texts

# What the clinic's side of the warehouse holds of a person: copies, models, payloads.
#
# Nothing here is changed by an erasure: the next extract would bring it back.

_DOCUMENTS = ("cpf", "cnpj", "cpf_cnpj", "cnpj_cpf", "documento")
_REFERENCES = {"pacientes": "paciente_id", "profissionais": "profissional_id",
           "fornecedores": "fornecedor_id"}  # fmt: skip
_PAID_BY_OR_TO = {"recebimentos": "paciente_id", "vendas_produtos": "paciente_id",
                  "repasses": "profissional_id", "despesas": "fornecedor_id",
                  "compras_produtos": "fornecedor_id"}  # fmt: skip
SET_ASIDE = "_set_aside"
"""Rows of the source that were not copied, by their key; see ``clinic.set_aside``."""
_ENDPOINTS = {endpoint.model: endpoint for endpoint in WRITABLE}


@dataclass(frozen=True, slots=True)
class Copy:
    """Rows of one table of the clinic's side."""

    schema: str
    table: str
    rows: tuple[dict[str, Any], ...]


def copies_of(connection: sa.Connection, person: Person) -> tuple[Copy, ...]:
    """Every row of the clinic's side that belongs to the person; tables without one are left out.

    Copies are found by document; models also by the person's id in them, payments and items of
    contracts by what they belong to; payloads by document, by their own code and by the cliente
    they name.
    """
    found = [*_raw(connection, person), *_models(connection, person)]
    found += _payloads(connection, person)
    return tuple(copy for copy in found if copy.rows)


def _raw(connection: sa.Connection, person: Person) -> Iterator[Copy]:
    tables = {table.name: table for table in tables_of(connection, RAW)}
    aside = tables.get(SET_ASIDE)
    ways: list[sa.ColumnElement[bool]] = []
    for table in tables.values():
        if "_empresa" not in table.c:
            continue
        mine = table.c["_empresa"] == person.empresa
        copy = _read(connection, table, mine, _by_document(table, person.document))
        yield copy
        if aside is not None and copy.rows:
            keys = _keys(connection, table, copy)
            ways.append(sa.and_(aside.c.table_name == table.name, aside.c.key.in_(keys)))
    if aside is not None:
        yield _read(
            connection, aside, aside.c.empresa == person.empresa,
            sa.or_(_in_key(aside.c.key, person), *ways),
        )  # fmt: skip


def _keys(connection: sa.Connection, table: sa.TableClause, copy: Copy) -> list[str]:
    """What the set-aside rows of the same keys are listed under."""
    schema = schemas_of(connection).name(RAW)
    found = sa.inspect(connection).get_pk_constraint(table.name, schema=schema)
    parts = [name for name in found["constrained_columns"] if name != "_empresa"]
    return ["/".join(str(row[name]) for name in parts) for row in copy.rows] if parts else []


def _in_key(key: sa.ColumnElement[Any], person: Person) -> sa.ColumnElement[bool]:
    """The document is a part of the key of a row that was set aside."""
    if not person.document:
        return sa.false()
    parts = sa.func.string_to_array(sa.func.upper(sa.func.translate(key, ".- ", "")), "/")
    # A CNPJ has the slash that stands between parts as well.
    whole = bare_text(key) == person.document
    return sa.or_(whole, sa.literal(person.document) == sa.any_(parts))


def _models(connection: sa.Connection, person: Person) -> Iterator[Copy]:
    # Every table of ours there has the column; one without it belongs to others.
    found = tables_of(connection, CLINIC)
    models = {table.name: table for table in found if "empresa" in table.c}
    for people, reference in _REFERENCES.items():
        if people not in models:
            continue
        table = models[people]
        mine = table.c.empresa == person.empresa
        by_code = sa.cast(table.c.id, sa.Text).in_(ids_of(people, person.client_codes))
        own = _read(connection, table, mine, sa.or_(_by_document(table, person.document), by_code))
        yield own
        ids = [row["id"] for row in own.rows]
        for table in models.values():
            if ids and reference in table.c:
                mine = table.c.empresa == person.empresa
                copy = _read(connection, table, mine, table.c[reference].in_(ids))
                yield copy
                if _PAID_BY_OR_TO.get(table.name) == reference:
                    yield _below(connection, models, "pagamentos", copy)
                if table.name == "contratos":
                    yield _below(connection, models, "contratos_itens", copy)


def _below(
    connection: sa.Connection, models: dict[str, sa.TableClause], name: str, above: Copy
) -> Copy:
    """Payments of these rows, or items of these contracts."""
    table = models.get(name)
    if table is None or not above.rows:
        return Copy(CLINIC, name, ())
    ids = [row["id"] for row in above.rows]
    mine = table.c.empresa == above.rows[0]["empresa"]
    if name == "contratos_itens":
        return _read(connection, table, mine, table.c.contrato_id.in_(ids))
    of_table = table.c.origem == above.table
    return _read(connection, table, mine, of_table, table.c.origem_id.in_(ids))


def _payloads(connection: sa.Connection, person: Person) -> Iterator[Copy]:
    for table in tables_of(connection, PAYLOAD):
        if "empresa" not in table.c:
            continue
        ways = [
            _by_document(table, person.document),
            client_in(table, person.client_codes, person.client_ids),
        ]
        if table.name == CODES:
            ways += [table.c[name].in_(person.client_codes) for name in ("codigo", "titular")]
        endpoint = _ENDPOINTS.get(table.name)
        key = key_of(endpoint, table) if endpoint is not None else None
        if endpoint is not None and key is not None:
            ways.append(key.in_(person.codes_of(endpoint.name)))
        yield _read(connection, table, table.c.empresa == person.empresa, sa.or_(*ways))


def _read(connection: sa.Connection, table: sa.TableClause, *where: Any) -> Copy:
    rows = connection.execute(sa.select(*table.c).where(*where)).mappings()
    return Copy(table.schema or "", table.name, tuple(dict(row) for row in rows))


def _by_document(table: sa.TableClause, document: str) -> sa.ColumnElement[bool]:
    if not document:
        return sa.false()
    columns = [column for column in table.c if column.name.lower() in _DOCUMENTS]
    return sa.or_(sa.false(), *(bare_text(column) == document for column in columns))


def export_person(connection: sa.Connection, person: Person) -> list[dict[str, Any]]:
    """The person's rows, table by table, tables without one left out.

    Returns:
        Sections ``{"title", "table", "rows": [{column: value}]}``; values are what JSON has,
        decimals exact, times in ISO 8601.
    """
    sections = []
    for held in HELD:
        query = sa.select(held.table).where(rows_of(held, person))
        sections.append(_section(connection, held.title, f"omie.{held.name}", query))
    for state in STATES:
        query = sa.select(state.table).where(state_rows(state, person))
        sections.append(_section(connection, state.title, state.table.fullname, query))
    query = sa.select(EVENTS).where(event_rows(person))
    sections.append(_section(connection, texts.EVENTS_TITLE, "omie_inbox.events", query))
    query = sa.select(CHANGES).where(change_rows(person)).order_by(CHANGES.c.number)
    sections.append(_section(connection, texts.CHANGES_TITLE, CHANGES.fullname, query))
    for copy in copies_of(connection, person):
        title = f"{texts.COPY_TITLES[copy.schema]}: {copy.table}"
        rows = [_plain_row(row) for row in copy.rows]
        sections.append({"title": title, "table": f"{copy.schema}.{copy.table}", "rows": rows})
    return [section for section in sections if section["rows"]]


def _section(
    connection: sa.Connection, title: str, name: str, query: sa.Select[Any]
) -> dict[str, Any]:
    rows = [_plain_row(row) for row in connection.execute(query).mappings()]
    return {"title": title, "table": name, "rows": rows}


def _plain_row(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _plain_row(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if value is None or isinstance(value, (str, int, float, Decimal)):
        return value
    return str(value)
