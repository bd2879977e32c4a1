"""Codes of people who share one record of Omie, from dbt's ``clientes_codigos`` (ADR 0023).

The table keeps codes that left the clinic with a digest of their document. An erased
person is forgotten there, unless the clinic has somebody with the same document: without the digest
that person would be created in Omie a second time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection

import sqlalchemy as sa

from omie_pipeline.privacy.person_tables import CLINIC, PAYLOAD, bare_text, tables_of

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
