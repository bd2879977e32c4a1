"""What the clinic's side of the warehouse holds of a person: copies, models, payloads.

Those tables are made by the extract and by dbt, so their columns are read from the database.
Nothing here is changed by an erasure: the next extract would bring it back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

RAW, CLINIC, PAYLOAD = "clinic_raw", "clinica", "omie_payload"
_PUNCTUATION = "./- "
_DOCUMENTS = ("cpf", "cnpj", "cpf_cnpj", "cnpj_cpf", "documento")
_PEOPLE = {"pacientes": "paciente_id", "profissionais": "profissional_id",
           "fornecedores": "fornecedor_id"}  # fmt: skip
_CLIENT_CODE = "codigo_cliente_integracao"
_PAYER_CODE = "codigo_cliente_fornecedor_integracao"
_TITLE_CODE = "codigo_lancamento_integracao"


@dataclass(frozen=True, slots=True)
class Copy:
    """Rows of one table of the clinic's side."""

    schema: str
    table: str
    rows: tuple[dict[str, Any], ...]


def payload_codes(connection: sa.Connection, empresa: str, document: str) -> set[str]:
    """Integration codes of the clientes that dbt prepares with this document."""
    found: set[str] = set()
    for table in _tables(connection, PAYLOAD):
        if document and _CLIENT_CODE in table.c and "cnpj_cpf" in table.c:
            query = sa.select(table.c[_CLIENT_CODE]).where(
                table.c.empresa == empresa, _bare(table.c.cnpj_cpf) == document
            )
            found |= _texts(connection, query)
    return found


def payload_title_codes(
    connection: sa.Connection, empresa: str, client_codes: Sequence[str]
) -> set[str]:
    """Integration codes of the títulos that dbt prepares for these clientes."""
    found: set[str] = set()
    for table in _tables(connection, PAYLOAD):
        if client_codes and _PAYER_CODE in table.c and _TITLE_CODE in table.c:
            query = sa.select(table.c[_TITLE_CODE]).where(
                table.c.empresa == empresa, table.c[_PAYER_CODE].in_(client_codes)
            )
            found |= _texts(connection, query)
    return found


def copies_of(
    connection: sa.Connection, empresa: str, document: str, client_codes: Sequence[str]
) -> tuple[Copy, ...]:
    """Every row of the clinic's side that belongs to the person; tables without one are left out.

    Copies are found by document; models also by the person's id in them; payloads by document and
    by integration code.
    """
    found = [*_raw(connection, empresa, document), *_models(connection, empresa, document)]
    for table in _tables(connection, PAYLOAD):
        ways = [_by_document(table, document)]
        ways += [table.c[n].in_(client_codes) for n in (_CLIENT_CODE, _PAYER_CODE) if n in table.c]
        if "empresa" in table.c:
            found.append(_read(connection, table, table.c.empresa == empresa, sa.or_(*ways)))
    return tuple(copy for copy in found if copy.rows)


def _raw(connection: sa.Connection, empresa: str, document: str) -> Iterator[Copy]:
    for table in _tables(connection, RAW):
        if "_empresa" in table.c:
            mine = table.c["_empresa"] == empresa
            yield _read(connection, table, mine, _by_document(table, document))


def _models(connection: sa.Connection, empresa: str, document: str) -> Iterator[Copy]:
    models = {table.name: table for table in _tables(connection, CLINIC)}
    for people, reference in _PEOPLE.items():
        if people not in models:
            continue
        person = models[people]
        own = _read(connection, person, person.c.empresa == empresa, _by_document(person, document))
        yield own
        ids = [row["id"] for row in own.rows]
        for table in models.values():
            if ids and reference in table.c:
                mine = table.c.empresa == empresa
                yield _read(connection, table, mine, table.c[reference].in_(ids))


def _read(connection: sa.Connection, table: sa.TableClause, *where: Any) -> Copy:
    rows = connection.execute(sa.select(*table.c).where(*where)).mappings()
    return Copy(table.schema or "", table.name, tuple(dict(row) for row in rows))


def _by_document(table: sa.TableClause, document: str) -> sa.ColumnElement[bool]:
    if not document:
        return sa.false()
    columns = [column for column in table.c if column.name.lower() in _DOCUMENTS]
    return sa.or_(sa.false(), *(_bare(column) == document for column in columns))


def _bare(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.func.upper(sa.func.translate(sa.cast(column, sa.Text), _PUNCTUATION, ""))


def _texts(connection: sa.Connection, query: sa.Select[Any]) -> set[str]:
    return {str(value) for value in connection.scalars(query) if value}


def _tables(connection: sa.Connection, schema: str) -> list[sa.TableClause]:
    """Tables and views of a schema, by name, with columns but without types."""
    found = connection.execute(
        sa.text(
            "SELECT table_name, array_agg(column_name::text ORDER BY ordinal_position) "
            "FROM information_schema.columns WHERE table_schema = :schema "
            "GROUP BY table_name ORDER BY table_name"
        ),
        {"schema": schema},
    ).all()
    return [
        sa.table(row[0], *(sa.column(column) for column in row[1]), schema=schema) for row in found
    ]
