"""A person in the warehouse: found by CPF, CNPJ or integration code, told table by table.

The mirror's tables hold a person by Omie's client id, by document, or through a título; the state
tables of ``omie_sync`` by integration code; the clinic's copies by document.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from omie_pipeline.catalog.mirror import MIRROR
from omie_pipeline.warehouse.all_tables import tables
from omie_pipeline.warehouse.person_copies import payload_codes, payload_title_codes
from omie_pipeline.warehouse.privacy_tables import erasure

_PUNCTUATION = "./- "


@dataclass(frozen=True, slots=True)
class Held:
    """How one table of schema ``omie`` holds a person.

    Attributes:
        title: its heading, in Portuguese.
        client: column of Omie's client id, ``""`` where rows have none.
        titulo: column of Omie's título id, ``""`` where rows have none.
        documents: columns of CPF or CNPJ.
        names, contacts: other personal columns; contacts, addresses and notes are ``contacts``.
    """

    name: str
    title: str
    client: str = ""
    titulo: str = ""
    documents: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()

    @property
    def table(self) -> sa.Table:
        """The table itself."""
        return tables.metadata.tables[f"{tables.OMIE}.{self.name}"]


_NOTE = ("observacao",)
_CLIENTES = MIRROR["clientes"].columns
CLIENTES = Held(
    "clientes",
    "Cadastro no Omie",
    client="codigo_cliente_omie",
    documents=("cnpj_cpf",),
    names=("razao_social", "nome_fantasia"),
    contacts=(
        *(c.name for c in _CLIENTES if c.personal in ("contact", "note")),
        "contato",
        # RG may travel in the first (rg_destino of the dbt project).
        "inscricao_estadual",
        "inscricao_municipal",
    ),
)
HELD = (
    CLIENTES,
    Held(
        "contas_receber",
        "Contas a receber",
        client="codigo_cliente_fornecedor",
        titulo="codigo_lancamento_omie",
        contacts=_NOTE,
    ),
    Held(
        "contas_pagar",
        "Contas a pagar",
        client="codigo_cliente_fornecedor",
        titulo="codigo_lancamento_omie",
        contacts=_NOTE,
    ),
    Held(
        "saldos_titulos",
        "Saldos dos títulos",
        client="codigo_cliente",
        titulo="codigo_titulo",
        documents=("documento",),
    ),
    Held("baixas", "Baixas", titulo="codigo_titulo", contacts=_NOTE),
    Held(
        "movimentacoes",
        "Movimentações financeiras",
        client="codigo_cliente",
        titulo="codigo_titulo",
        documents=("documento",),
        contacts=_NOTE,
    ),
    Held(
        "lancamentos_conta_corrente",
        "Lançamentos de conta corrente",
        client="codigo_cliente",
        contacts=_NOTE,
    ),
    Held(
        "notas_fiscais",
        "Notas fiscais",
        client="codigo_cliente",
        documents=("documento", "documento_cpf"),
    ),
    Held(
        "extrato_linhas",
        "Linhas do extrato",
        client="codigo_cliente",
        documents=("documento",),
        names=("nome_cliente",),
        contacts=_NOTE,
    ),
)
"""Every table of the mirror that may name a client or supplier."""
SALDOS = next(held for held in HELD if held.name == "saldos_titulos")
TITLES = tuple(held for held in HELD if held.name in ("contas_receber", "contas_pagar"))


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a request is about, within one empresa.

    Attributes:
        document: CPF or CNPJ without punctuation, ``""`` where only a code is known.
        client_ids, title_ids: Omie's ids.
        client_codes, title_codes: integration codes.
    """

    empresa: str
    document: str
    client_ids: tuple[int, ...] = ()
    title_ids: tuple[int, ...] = ()
    client_codes: tuple[str, ...] = ()
    title_codes: tuple[str, ...] = ()


def plain_document(text: str) -> str:
    """A CPF or CNPJ (alphanumeric ones too) without punctuation, in capitals."""
    return "".join(c for c in text.upper() if c.isalnum())


def bare(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """``plain_document`` in SQL."""
    return sa.func.upper(sa.func.translate(column, _PUNCTUATION, ""))


def any_of(column: sa.ColumnElement[Any], values: Sequence[Any]) -> sa.ColumnElement[bool]:
    """``column`` is one of ``values``; one parameter, however many there are."""
    return column == sa.any_(sa.literal(list(values), sa.ARRAY(column.type)))


def find_person(
    connection: sa.Connection, empresa: str, *, document: str = "", code: str = ""
) -> Person:
    """Gather the ids and codes of a person; empty ones where nothing is known.

    Args:
        document: CPF or CNPJ, with or without punctuation.
        code: integration code of the cliente (``PAC-17``); its document is looked up.
    """
    clientes, wanted = CLIENTES.table, plain_document(document)
    if code and not wanted:
        found = connection.scalar(
            sa.select(clientes.c.cnpj_cpf).where(
                clientes.c.empresa == empresa, clientes.c.codigo_integracao == code
            )
        )
        wanted = plain_document(found or "")
    matches = []
    if wanted:
        matches.append(bare(clientes.c.cnpj_cpf) == wanted)
    if code:
        matches.append(clientes.c.codigo_integracao == code)
    rows = connection.execute(
        sa.select(clientes.c.codigo_cliente_omie, clientes.c.codigo_integracao).where(
            clientes.c.empresa == empresa, sa.or_(sa.false(), *matches)
        )
    ).all()
    ids = {row.codigo_cliente_omie for row in rows}
    codes = {row.codigo_integracao for row in rows if row.codigo_integracao} | ({code} - {""})
    codes |= payload_codes(connection, empresa, wanted)
    if digest := known_digest(connection, wanted, code):
        erased = sa.select(erasure.c.codigos_cliente).where(
            erasure.c.empresa == empresa, erasure.c.digest == digest
        )
        ids |= set(connection.scalar(erased) or ())
    known_ids, known_codes = _from_ledger(connection, empresa, ("clientes",), ids, codes)
    person = Person(
        empresa,
        wanted,
        client_ids=tuple(sorted(ids | known_ids)),
        client_codes=tuple(sorted(codes | known_codes)),
    )
    return _with_titles(connection, person)


def known_digest(connection: sa.Connection, document: str, code: str) -> str:
    """The digest under which an erasure of this person would be remembered; ``""`` before the
    first erasure of the deployment."""
    salt = connection.scalar(sa.select(erasure.c.salt).limit(1))
    return digest_of(salt, document, code) if salt else ""


def digest_of(salt: str, document: str, code: str) -> str:
    """sha256 over the salt and the document, or the code where no document is known."""
    subject = document or f"codigo:{code}"
    return hashlib.sha256(f"{salt}{subject}".encode()).hexdigest()


def _with_titles(connection: sa.Connection, person: Person) -> Person:
    ids: set[int] = set()
    codes = payload_title_codes(connection, person.empresa, person.client_codes)
    for held in (*TITLES, SALDOS):
        columns = held.table.c
        rows = connection.execute(
            sa.select(columns[held.titulo].label("id"), columns.codigo_integracao).where(
                rows_of(held, person)
            )
        ).all()
        ids |= {row.id for row in rows}
        codes |= {row.codigo_integracao for row in rows if row.codigo_integracao}
    endpoints = tuple(held.name for held in TITLES)
    known_ids, known_codes = _from_ledger(connection, person.empresa, endpoints, ids, codes)
    return replace(
        person,
        title_ids=tuple(sorted(ids | known_ids)),
        title_codes=tuple(sorted(codes | known_codes)),
    )


def _from_ledger(
    connection: sa.Connection,
    empresa: str,
    endpoints: tuple[str, ...],
    ids: set[int],
    codes: set[str],
) -> tuple[set[int], set[str]]:
    ledger = tables.ledger
    rows = connection.execute(
        sa.select(ledger.c.omie_id, ledger.c.codigo_integracao).where(
            ledger.c.empresa == empresa,
            ledger.c.endpoint.in_(endpoints),
            sa.or_(
                any_of(ledger.c.codigo_integracao, sorted(codes)),
                any_of(ledger.c.omie_id, sorted(ids)),
            ),
        )
    ).all()
    return {row.omie_id for row in rows if row.omie_id}, {row.codigo_integracao for row in rows}


def rows_of(held: Held, person: Person) -> sa.ColumnElement[bool]:
    """The condition under which a row of ``held`` belongs to the person."""
    columns = held.table.c
    ways: list[sa.ColumnElement[bool]] = [sa.false()]
    if held.client:
        ways.append(any_of(columns[held.client], person.client_ids))
    if held.titulo:
        ways.append(any_of(columns[held.titulo], person.title_ids))
    if person.document:
        ways += [bare(columns[name]) == person.document for name in held.documents]
    return sa.and_(columns.empresa == person.empresa, sa.or_(*ways))
