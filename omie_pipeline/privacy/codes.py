"""Integration codes of what belongs to a person, kind by kind.

Orders and contracts name their cliente inside a JSON object, by our code, by a marker or by Omie's
id; settlements name their título. Asked are dbt's payload models, the calls and rows that the push
path still keeps, and for orders the notes that Omie has of the person.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH

from omie_pipeline.catalog import REGISTRY, Endpoint
from omie_pipeline.postgres import schemas
from omie_pipeline.postgres.all_tables import tables

# Tables of the clinic's side, whose columns only the database knows: extract and dbt make them.

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


CLIENTS = ("clientes", "associar_clientes", "clientes_cpf_cnpj")
TITLES = (
    "contas_receber", "contas_pagar", "excluir_contas_receber", "excluir_contas_pagar",
)  # fmt: skip
SETTLEMENTS = (
    "baixas_receber", "baixas_pagar", "estornar_baixas_receber", "estornar_baixas_pagar",
)  # fmt: skip
ORDERS = ("ordens_servico", "faturar_os")
CONTRACTS = ("contratos", "situacao_contratos")
SELLERS = ("vendedores",)
NOBODY = ("categorias", "departamentos", "projetos", "servicos")
"""Endpoints whose records belong to no person."""

_TITLE_CODE = "codigo_lancamento_integracao"
_CLIENT_COLUMNS = (
    "codigo_cliente_integracao", "codigo_cliente_fornecedor_integracao",
    "codigo_cliente_fornecedor", "Cabecalho", "cabecalho",
)  # fmt: skip
_NAMES_CLIENT = """$.** ? (
  @.cCodIntCli == $codes[*] || @.codigo_cliente_integracao == $codes[*]
  || @.codigo_cliente_fornecedor_integracao == $codes[*]
  || @.nCodCli == $ids[*] || @.codigo_cliente_fornecedor == $ids[*]
  || @.nCodCli."$omie_id"[1] == $codes[*]
  || @.codigo_cliente_fornecedor."$omie_id"[1] == $codes[*])"""
_KEPT_ROWS = (
    (tables.attempt, "request"),
    (tables.quarantine, "row_masked"),
    (tables.rejected, "row_masked"),
    (tables.intent, "payload"),
)


def names_client(
    value: sa.ColumnElement[Any], codes: Collection[str], ids: Collection[int]
) -> sa.ColumnElement[bool]:
    """Whether a JSON value names one of these clientes, at any depth."""
    wanted = json.dumps({"codes": sorted(codes), "ids": sorted(ids)})
    path = sa.cast(sa.literal(_NAMES_CLIENT), JSONPATH)
    variables = sa.cast(sa.literal(wanted, sa.Text), JSONB)
    return sa.func.jsonb_path_exists(value, path, variables, sa.true(), type_=sa.Boolean)


def client_in(
    table: sa.TableClause, codes: Collection[str], ids: Collection[int]
) -> sa.ColumnElement[bool]:
    """Whether a row of a payload model names one of these clientes."""
    present = [name for name in _CLIENT_COLUMNS if name in table.c]
    parts = [part for name in present for part in (sa.literal(name), table.c[name])]
    if not parts:
        return sa.false()
    return names_client(sa.func.jsonb_build_object(*parts, type_=JSONB), codes, ids)


def key_of(endpoint: Endpoint, table: sa.TableClause) -> sa.ColumnElement[Any] | None:
    """Our code in a row of an endpoint's payload model; ``None`` for a model without one."""
    name = endpoint.section or endpoint.key_column
    if name not in table.c:
        return None
    if endpoint.section:
        section = sa.func.to_jsonb(table.c[name], type_=JSONB)
        key: sa.ColumnElement[Any] = section[endpoint.integration_key].astext
        return key
    return sa.cast(table.c[name], sa.Text)


def clients_by_document(connection: sa.Connection, empresa: str, document: str) -> set[str]:
    """Codes of the clientes that dbt prepares with this document."""
    found: set[str] = set()
    for table, key in _models(connection, CLIENTS):
        if document and "cnpj_cpf" in table.c:
            same = bare_text(table.c.cnpj_cpf) == document
            found |= _codes(connection, table, key, empresa, same)
    return found


def titles_of(
    connection: sa.Connection, empresa: str, codes: Collection[str], ids: Collection[int]
) -> set[str]:
    """Codes of the títulos that dbt prepares for these clientes, and of those in kept calls.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose rows are meant.
        codes: the codes of the clientes.
        ids: Omie's ids of the clientes.
    """
    found = _kept(connection, empresa, TITLES, codes, ids)
    for table, key in _models(connection, TITLES):
        found |= _codes(connection, table, key, empresa, client_in(table, codes, ids))
    return found


def settlements_of(connection: sa.Connection, empresa: str, titles: Collection[str]) -> set[str]:
    """Codes of the payments of these títulos."""
    ledger, wanted = tables.ledger.c, sorted(titles)
    query = sa.select(ledger.codigo_integracao).where(
        ledger.empresa == empresa,
        ledger.endpoint.in_(SETTLEMENTS),
        ledger.parent_code == sa.any_(sa.literal(wanted, sa.ARRAY(sa.Text))),
    )
    found = _texts(connection, query)
    for table, key in _models(connection, SETTLEMENTS):
        if wanted and _TITLE_CODE in table.c:
            found |= _codes(connection, table, key, empresa, table.c[_TITLE_CODE].in_(wanted))
    return found


def orders_of(
    connection: sa.Connection,
    empresa: str,
    codes: Collection[str],
    ids: Collection[int],
    omie_orders: Collection[int],
) -> set[str]:
    """Codes of the service orders of these clientes.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose rows are meant.
        codes: codes of the clientes.
        ids: Omie's ids of the clientes.
        omie_orders: Omie's ids of orders that the person's notes name.
    """
    found = _kept(connection, empresa, ORDERS, codes, ids)
    for table, key in _models(connection, ORDERS):
        found |= _codes(connection, table, key, empresa, client_in(table, codes, ids))
    named = sa.any_(sa.literal(sorted(omie_orders), sa.ARRAY(sa.BigInteger)))
    ledger, note = tables.ledger.c, tables.nfse.c
    found |= _texts(
        connection,
        sa.select(ledger.codigo_integracao).where(
            ledger.empresa == empresa, ledger.endpoint.in_(ORDERS), ledger.omie_id == named
        ),
    )
    query = sa.select(note.cod_int_os).where(note.empresa == empresa, note.n_cod_os == named)
    return found | _texts(connection, query)


def contracts_of(
    connection: sa.Connection, empresa: str, codes: Collection[str], ids: Collection[int]
) -> set[str]:
    """Codes of the service contracts of these clientes.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose rows are meant.
        codes: the codes of the clientes.
        ids: Omie's ids of the clientes.
    """
    found = _kept(connection, empresa, CONTRACTS, codes, ids)
    for table, key in _models(connection, CONTRACTS):
        found |= _codes(connection, table, key, empresa, client_in(table, codes, ids))
    return found


def sellers_of(
    connection: sa.Connection, empresa: str, document: str, codes: Collection[str]
) -> set[str]:
    """Codes under which a professional is a seller: the codes that he has as a supplier too, and
    those that dbt made of the clinic's rows with his document.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose rows are meant.
        document: CPF or CNPJ.
        codes: integration codes.
    """
    found = set(codes)
    people = next((t for t in tables_of(connection, CLINIC) if t.name == "profissionais"), None)
    for table, key in _models(connection, SELLERS):
        if not document or people is None or "_origem_id" not in table.c:
            continue
        ids = sa.select(sa.cast(people.c.id, sa.Text)).where(
            people.c.empresa == empresa, bare_text(people.c.cpf_cnpj) == document
        )
        mine = sa.cast(table.c["_origem_id"], sa.Text).in_(ids)
        found |= _codes(connection, table, key, empresa, mine)
    return found


def _kept(
    connection: sa.Connection,
    empresa: str,
    endpoints: tuple[str, ...],
    codes: Collection[str],
    ids: Collection[int],
) -> set[str]:
    """Codes of rows whose request or content is still kept and names one of the clientes."""
    found: set[str] = set()
    for table, column in _KEPT_ROWS:
        query = (
            sa.select(table.c.codigo_integracao)
            .where(
                table.c.empresa == empresa,
                table.c.endpoint.in_(endpoints),
                names_client(table.c[column], codes, ids),
            )
            .distinct()
        )
        found |= _texts(connection, query)
    return found


def _models(
    connection: sa.Connection, endpoints: Collection[str]
) -> Iterator[tuple[sa.TableClause, sa.ColumnElement[Any]]]:
    present = {table.name: table for table in tables_of(connection, PAYLOAD)}
    for name in endpoints:
        table = present.get(REGISTRY[name].model)
        if table is None or "empresa" not in table.c:
            continue
        key = key_of(REGISTRY[name], table)
        if key is not None:
            yield table, key


def _codes(
    connection: sa.Connection,
    table: sa.TableClause,
    key: sa.ColumnElement[Any],
    empresa: str,
    where: sa.ColumnElement[bool],
) -> set[str]:
    return _texts(connection, sa.select(key).where(table.c.empresa == empresa, where))


def _texts(connection: sa.Connection, query: sa.Select[Any]) -> set[str]:
    return {str(value) for value in connection.scalars(query) if value}


# Codes of people who share one record of Omie, from dbt's ``clientes_codigos`` (ADR 0023).
#
# The table keeps codes that left the clinic with a digest of their document. An erased person is
# forgotten there, unless the clinic has somebody with the same document: without the digest that
# person would be created in Omie a second time.

NAME = "clientes_codigos"
PEOPLE = {"pacientes": "PAC-", "profissionais": "PRO-", "fornecedores": "FOR-"}
"""The clinic's tables of people and what stands before their ids in our codes."""
_DOCUMENTS = ("cpf", "cpf_cnpj")


def codes_table(connection: sa.Connection) -> sa.TableClause | None:
    """The table; ``None`` before the first build."""
    return next((one for one in tables_of(connection, PAYLOAD) if one.name == NAME), None)


def sharing(
    connection: sa.Connection, empresa: str, document: str, codes: Collection[str]
) -> set[str]:
    """Codes under this document, and all that share a record with one of these or of ``codes``.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose rows are meant.
        document: CPF or CNPJ.
        codes: integration codes.
    """
    table = codes_table(connection)
    if table is None:
        return set()
    mine: list[sa.ColumnElement[bool]] = [
        table.c.codigo.in_(sorted(codes)),
        table.c.titular.in_(sorted(codes)),
    ]
    if document:
        mine.append(table.c.resumo_documento == _digest(empresa, document))
    holders = sa.select(table.c.titular).where(table.c.empresa == empresa, sa.or_(*mine))
    query = sa.select(table.c.codigo).where(
        table.c.empresa == empresa, table.c.titular.in_(holders)
    )
    found: sa.ScalarResult[str] = connection.scalars(query)
    return set(found)


def holder_of(connection: sa.Connection, empresa: str, code: str) -> str:
    """The code under which a person is delivered: their own, or that of whom they share it with."""
    table = codes_table(connection)
    if table is None:
        return code
    query = sa.select(table.c.titular).where(table.c.empresa == empresa, table.c.codigo == code)
    return str(connection.scalar(query.limit(1)) or code)


def document_of(connection: sa.Connection, empresa: str, codes: Collection[str]) -> str:
    """The clinic's document of people who share a record, as it is written there.

    ``""`` if they have none, and where strangers have the same: a wrong one that many were given
    (only zeros, say) belongs to no person.
    """
    table = codes_table(connection)
    if table is None:
        return ""
    here = sa.and_(table.c.empresa == empresa, table.c.codigo.in_(sorted(codes)))
    digests = sa.select(table.c.resumo_documento).where(here, table.c.resumo_documento.is_not(None))
    holders = sa.select(sa.func.count(sa.distinct(table.c.titular))).where(
        table.c.empresa == empresa, table.c.resumo_documento.in_(digests)
    )
    if connection.scalar(holders) != 1:
        return ""
    for people in tables_of(connection, CLINIC):
        column = next((name for name in _DOCUMENTS if name in people.c), None)
        if people.name not in PEOPLE or column is None:
            continue
        ids = ids_of(people.name, codes)
        found = connection.scalar(
            sa.select(bare_text(people.c[column]))
            .where(
                people.c.empresa == empresa,
                sa.cast(people.c.id, sa.Text).in_(ids),
                people.c[column].is_not(None),
            )
            .limit(1)
        )
        if found:
            return str(found)
    return ""


def ids_of(people: str, codes: Collection[str]) -> list[str]:
    """The clinic's ids, in one of its tables of people, that these codes stand for."""
    prefix = PEOPLE[people]
    return sorted(code.removeprefix(prefix) for code in codes if code.startswith(prefix))


def forget_digest(
    connection: sa.Connection, empresa: str, codes: Collection[str]
) -> tuple[int, int]:
    """Remove the digest from codes that left the clinic and that no patient there shares.

    Returns:
        Codes that left the clinic, and how many of them lost their digest.
    """
    table = codes_table(connection)
    if table is None:
        return 0, 0
    left = sa.and_(
        table.c.empresa == empresa, table.c.codigo.in_(sorted(codes)), sa.not_(table.c.na_clinica)
    )
    found = connection.scalar(sa.select(sa.func.count()).select_from(table).where(left)) or 0
    there = sa.select(table.c.resumo_documento).where(
        table.c.empresa == empresa, table.c.na_clinica, table.c.resumo_documento.is_not(None)
    )
    digest = table.c.resumo_documento
    forgotten = sa.update(table).where(left, digest.is_not(None), digest.not_in(there))
    return found, connection.execute(forgotten.values(resumo_documento=None)).rowcount


def _digest(empresa: str, document: str) -> str:
    """dbt's ``resumo_do_documento``."""
    return hashlib.sha256(f"{empresa}:{document}".encode()).hexdigest()
