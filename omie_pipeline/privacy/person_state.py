"""The rows of ``omie_sync`` and ``omie_inbox`` that belong to a person."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH

from omie_pipeline.postgres.all_tables import inbox_tables, nfse_tables, tables
from omie_pipeline.privacy.person import Person, any_of

EVENTS = inbox_tables.events


@dataclass(frozen=True, slots=True)
class State:
    """One table of the push path or of the notes, with its heading in Portuguese.

    Attributes:
        column: with the code of a row, if all rows are of one ``endpoint``; ``""`` if each
            row tells its endpoint.
    """

    table: sa.Table
    title: str
    column: str = ""
    endpoint: str = ""


STATES = (
    State(tables.ledger, "Livro-razão dos envios"),
    State(tables.quarantine, "Linhas em quarentena"),
    State(tables.rejected, "Linhas recusadas pelo Omie"),
    State(tables.attempt, "Chamadas registradas (mascaradas)"),
    State(tables.intent, "Intenções de envio"),
    State(tables.plan, "Planos de envio"),
    State(nfse_tables.nfse, "Notas de serviço", "cod_int_os", "faturar_os"),
    State(nfse_tables.nfse_transition, "Histórico das notas", "cod_int_os", "faturar_os"),
    State(nfse_tables.nfse_file, "Arquivos das notas (PDF e XML)", "cod_int_os", "faturar_os"),
    State(nfse_tables.billing_request, "Pedidos de faturamento", "cCodIntOS", "faturar_os"),
    State(
        tables.metadata.tables["omie.vendedores"],
        "Vendedor no Omie",
        "codigo_integracao",
        "vendedores",
    ),
)


def state_rows(state: State, person: Person) -> sa.ColumnElement[bool]:
    """The condition under which a row of the table belongs to the person."""
    columns = state.table.c
    if state.column:
        mine = any_of(columns[state.column], person.codes_of(state.endpoint))
        return sa.and_(columns.empresa == person.empresa, mine)
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
