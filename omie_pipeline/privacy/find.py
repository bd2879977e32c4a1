"""A person in the warehouse: found by CPF, CNPJ or integration code, table by table.

The mirror's tables hold a person by Omie's client id, by document, or through a título; the state
tables of ``omie_sync`` by integration code; the clinic's copies by document.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH

from omie_pipeline.postgres.all_tables import tables
from omie_pipeline.postgres.tables import erasure
from omie_pipeline.privacy import codes as person_codes
from omie_pipeline.privacy import codes as person_sharing
from omie_pipeline.privacy.places import CLIENTES, HELD, SALDOS, TITLES, PersonPlace
from omie_pipeline.texts import privacy as texts

_PUNCTUATION = "./- "


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a request is about, within one empresa.

    Attributes:
        document: CPF or CNPJ without punctuation, ``""`` if only a code is known.
        client_ids, title_ids: Omie's ids.
        client_codes, title_codes, settlement_codes, order_codes, contract_codes, seller_codes:
            integration codes, see :meth:`codes_of`.
    """

    empresa: str
    document: str
    client_ids: tuple[int, ...] = ()
    title_ids: tuple[int, ...] = ()
    client_codes: tuple[str, ...] = ()
    title_codes: tuple[str, ...] = ()
    settlement_codes: tuple[str, ...] = ()
    order_codes: tuple[str, ...] = ()
    contract_codes: tuple[str, ...] = ()
    seller_codes: tuple[str, ...] = ()

    def codes_of(self, endpoint: str) -> tuple[str, ...]:
        """The person's integration codes of an endpoint."""
        return next((codes for names, codes in self.codes() if endpoint in names), ())

    def codes(self) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
        """Endpoints and the codes that they share, kind by kind."""
        return (
            (person_codes.CLIENTS, self.client_codes),
            (person_codes.TITLES, self.title_codes),
            (person_codes.SETTLEMENTS, self.settlement_codes),
            (person_codes.ORDERS, self.order_codes),
            (person_codes.CONTRACTS, self.contract_codes),
            (person_codes.SELLERS, self.seller_codes),
        )


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
    """Gather the ids and codes of a person; empty ones if nothing is known.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose rows are meant.
        document: CPF or CNPJ, with or without punctuation.
        code: integration code of the cliente (``PAC-17``); its document is looked up.

    People who share a record at Omie (one document) are one person here.
    """
    clientes, wanted = CLIENTES.table, plain_document(document)
    codes = {code} - {""}
    if code and not wanted:
        codes |= person_sharing.sharing(connection, empresa, "", codes)
        found = connection.scalar(
            sa.select(clientes.c.cnpj_cpf).where(
                clientes.c.empresa == empresa,
                any_of(clientes.c.codigo_integracao, sorted(codes)),
                clientes.c.cnpj_cpf.is_not(None),
            )
        )
        found = found or person_sharing.document_of(connection, empresa, codes)
        wanted = plain_document(found or "")
    codes |= person_codes.clients_by_document(connection, empresa, wanted)
    codes |= person_sharing.sharing(connection, empresa, wanted, codes)
    matches = [any_of(clientes.c.codigo_integracao, sorted(codes))]
    if wanted:
        matches.append(bare(clientes.c.cnpj_cpf) == wanted)
    rows = connection.execute(
        sa.select(clientes.c.codigo_cliente_omie, clientes.c.codigo_integracao).where(
            clientes.c.empresa == empresa, sa.or_(*matches)
        )
    ).all()
    ids = {row.codigo_cliente_omie for row in rows}
    codes |= {row.codigo_integracao for row in rows if row.codigo_integracao}
    if digest := known_digest(connection, wanted, code):
        erased = sa.select(erasure.c.client_ids).where(
            erasure.c.empresa == empresa, erasure.c.digest == digest
        )
        ids |= set(connection.scalar(erased) or ())
    known_ids, known_codes = _from_ledger(connection, empresa, person_codes.CLIENTS, ids, codes)
    person = Person(
        empresa,
        wanted,
        client_ids=tuple(sorted(ids | known_ids)),
        client_codes=tuple(sorted(codes | known_codes)),
    )
    return _with_the_rest(connection, _with_titles(connection, person))


def known_digest(connection: sa.Connection, document: str, code: str) -> str:
    """The digest under which an erasure of this person would be remembered; ``""`` before the
    first erasure of the deployment."""
    salt = connection.scalar(sa.select(erasure.c.salt).limit(1))
    return digest_of(salt, document, code) if salt else ""


def digest_of(salt: str, document: str, code: str) -> str:
    """sha256 over the salt and the document, or the code if no document is known."""
    subject = document or f"codigo:{code}"
    return hashlib.sha256(f"{salt}{subject}".encode()).hexdigest()


def _with_titles(connection: sa.Connection, person: Person) -> Person:
    ids: set[int] = set()
    who = person.empresa, person.client_codes, person.client_ids
    codes = person_codes.titles_of(connection, *who)
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


def _with_the_rest(connection: sa.Connection, person: Person) -> Person:
    who = person.empresa, person.client_codes, person.client_ids
    notes = next(held for held in HELD if held.name == "notas_fiscais")
    order = notes.table.c.raw["OrdemServico"]["nCodigoOS"].astext
    named: Iterable[str | None] = connection.scalars(sa.select(order).where(rows_of(notes, person)))
    omie_orders = {int(number) for number in named if number and number.isdigit()}
    settled = person_codes.settlements_of(connection, person.empresa, person.title_codes)
    orders = person_codes.orders_of(connection, *who, omie_orders)
    contracts = person_codes.contracts_of(connection, *who)
    sellers = person_codes.sellers_of(
        connection, person.empresa, person.document, person.client_codes
    )
    return replace(
        person,
        settlement_codes=tuple(sorted(settled)),
        order_codes=tuple(sorted(orders)),
        contract_codes=tuple(sorted(contracts)),
        seller_codes=tuple(sorted(sellers)),
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


def rows_of(held: PersonPlace, person: Person) -> sa.ColumnElement[bool]:
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


# The rows of ``omie_sync`` and ``omie_inbox`` that belong to a person.

EVENTS = tables.events


@dataclass(frozen=True, slots=True)
class State:
    """One table of the push path or of the notes, with its heading in Portuguese.

    Attributes:
        column: with the code of a row, if all rows are of one ``endpoint``; ``""`` if each
            row tells its endpoint.
        titles: columns with Omie's ids of títulos that the row is about as well.
    """

    table: sa.Table
    title: str
    column: str = ""
    endpoint: str = ""
    titles: tuple[str, ...] = ()


STATES = (
    State(tables.ledger, texts.LEDGER_TITLE),
    State(tables.quarantine, texts.QUARANTINE_TITLE),
    State(tables.rejected, texts.REJECTED_TITLE),
    State(tables.attempt, texts.ATTEMPTS_TITLE),
    State(tables.intent, texts.INTENTS_TITLE),
    State(tables.plan, texts.PLANS_TITLE),
    State(tables.stored_plan_row, texts.STORED_PLANS_TITLE),
    State(tables.base, texts.BASES_TITLE),
    State(tables.look, texts.LOOKS_TITLE),
    State(tables.conflict, texts.CONFLICTS_TITLE),
    State(
        tables.duplicate_decision,
        texts.DUPLICATE_DECISIONS_TITLE,
        "ledger_code",
        "contas_receber",
        ("our_titulo", "other_titulo"),
    ),
    State(
        tables.deletion_request,
        texts.DELETION_REQUESTS_TITLE,
        "codigo_lancamento_integracao",
        "contas_receber",
        ("chave_lancamento",),
    ),
    State(tables.nfse, texts.NOTES_TITLE, "cod_int_os", "faturar_os"),
    State(tables.nfse_transition, texts.NOTE_STATES_TITLE, "cod_int_os", "faturar_os"),
    State(tables.nfse_file, texts.NOTE_FILES_TITLE, "cod_int_os", "faturar_os"),
    State(tables.billing_request, texts.BILLING_REQUESTS_TITLE, "cCodIntOS", "faturar_os"),
    State(
        tables.metadata.tables["omie.vendedores"],
        texts.SELLER_TITLE,
        "codigo_integracao",
        "vendedores",
    ),
)


def state_rows(state: State, person: Person) -> sa.ColumnElement[bool]:
    """The condition under which a row of the table belongs to the person."""
    columns = state.table.c
    if state.column:
        mine = any_of(columns[state.column], person.codes_of(state.endpoint))
        named = [any_of(columns[name], person.title_ids) for name in state.titles]
        return sa.and_(columns.empresa == person.empresa, sa.or_(mine, *named))
    ways = [
        sa.and_(_of_endpoints(state, person, endpoints), any_of(columns.codigo_integracao, codes))
        for endpoints, codes in person.codes()
    ]
    return sa.or_(*ways)


def _of_endpoints(
    state: State, person: Person, endpoints: tuple[str, ...]
) -> sa.ColumnElement[bool]:
    columns = tables.run.c if state.table is tables.plan else state.table.c
    mine = sa.and_(columns.empresa == person.empresa, columns.endpoint.in_(endpoints))
    if state.table is not tables.plan:
        return mine
    return state.table.c.run_id.in_(sa.select(tables.run.c.run_id).where(mine))


CHANGES = tables.change
"""What is told of records to the clinic's own systems."""


def change_rows(person: Person) -> sa.ColumnElement[bool]:
    """The condition under which a change in the outbox is of a record of the person."""
    c = CHANGES.c
    ways = [
        any_of(c.client_id, person.client_ids),
        any_of(c.titulo_id, person.title_ids),
        any_of(c.order_code, person.order_codes),
        sa.and_(c.kind == "clientes", any_of(c.omie_id, person.client_ids)),
        *(
            sa.and_(c.kind.in_(endpoints), any_of(c.integration_code, codes))
            for endpoints, codes in person.codes()
        ),
        *(sa.and_(c.kind == held.name, any_of(c.omie_id, person.title_ids)) for held in TITLES),
    ]
    return sa.and_(c.empresa == person.empresa, sa.or_(*ways))


def event_rows(person: Person) -> sa.ColumnElement[bool]:
    """The condition under which an event names the person: the document in any field, an Omie id
    or an integration code in a field that is called like one."""
    fields = sa.func.jsonb_path_query(
        EVENTS.c.raw, sa.cast('$.** ? (@.type() == "object").keyvalue()', JSONPATH)
    )
    field = fields.table_valued(sa.column("value", JSONB), name="field").render_derived()
    key, value = field.c.value["key"].astext, field.c.value["value"].astext
    named = [
        sa.and_(key.op("~*")(pattern), any_of(value, [str(one) for one in wanted]))
        for pattern, wanted in (
            ("client|fornec", person.client_ids),
            ("titulo|lanc", person.title_ids),
            ("integra|int$|codint", [code for _, codes in person.codes() for code in codes]),
        )
    ]
    if person.document:
        named.append(sa.func.upper(sa.func.translate(value, "./- ", "")) == person.document)
    found = sa.exists(sa.select(1).select_from(field).where(sa.or_(*named)))
    return sa.and_(EVENTS.c.empresa == person.empresa, found)
