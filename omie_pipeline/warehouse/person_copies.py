"""What the clinic's side of the warehouse holds of a person: copies, models, payloads.

Nothing here is changed by an erasure: the next extract would bring it back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from omie_pipeline.catalog import WRITABLE
from omie_pipeline.warehouse.person import Person
from omie_pipeline.warehouse.person_codes import client_in, key_of
from omie_pipeline.warehouse.person_tables import CLINIC, PAYLOAD, RAW, bare_text, tables_of

_DOCUMENTS = ("cpf", "cnpj", "cpf_cnpj", "cnpj_cpf", "documento")
_PEOPLE = {"pacientes": "paciente_id", "profissionais": "profissional_id",
           "fornecedores": "fornecedor_id"}  # fmt: skip
_PAID_BY_OR_TO = {"recebimentos": "paciente_id", "vendas_produtos": "paciente_id",
                  "repasses": "profissional_id", "despesas": "fornecedor_id",
                  "compras_produtos": "fornecedor_id"}  # fmt: skip
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
    for table in tables_of(connection, RAW):
        if "_empresa" in table.c:
            mine = table.c["_empresa"] == person.empresa
            yield _read(connection, table, mine, _by_document(table, person.document))


def _models(connection: sa.Connection, person: Person) -> Iterator[Copy]:
    models = {table.name: table for table in tables_of(connection, CLINIC)}
    for people, reference in _PEOPLE.items():
        if people not in models:
            continue
        table = models[people]
        mine = table.c.empresa == person.empresa
        own = _read(connection, table, mine, _by_document(table, person.document))
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
