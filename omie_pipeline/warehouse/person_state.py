"""The rows of ``omie_sync`` and ``omie_inbox`` that belong to a person."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH

from omie_pipeline.warehouse.all_tables import inbox_tables, tables
from omie_pipeline.warehouse.person import Person, any_of

EVENTS = inbox_tables.events


@dataclass(frozen=True, slots=True)
class State:
    """One table of the push path, with its heading in Portuguese."""

    table: sa.Table
    title: str


STATES = (
    State(tables.ledger, "Livro-razão dos envios"),
    State(tables.quarantine, "Linhas em quarentena"),
    State(tables.rejected, "Linhas recusadas pelo Omie"),
    State(tables.attempt, "Chamadas registradas (mascaradas)"),
    State(tables.intent, "Intenções de envio"),
    State(tables.plan, "Planos de envio"),
)


def state_rows(state: State, person: Person) -> sa.ColumnElement[bool]:
    """The condition under which a row of the push path belongs to the person."""
    columns = state.table.c
    if state.table is tables.plan:
        runs = sa.select(tables.run.c.run_id).where(tables.run.c.empresa == person.empresa)
        return sa.and_(
            columns.run_id.in_(runs),
            any_of(columns.codigo_integracao, (*person.client_codes, *person.title_codes)),
        )
    return sa.and_(
        columns.empresa == person.empresa,
        sa.case(
            (
                columns.endpoint == "clientes",
                any_of(columns.codigo_integracao, person.client_codes),
            ),
            else_=any_of(columns.codigo_integracao, person.title_codes),
        ),
    )


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
            ("integra|int$", (*person.client_codes, *person.title_codes)),
        )
    ]
    if person.document:
        named.append(sa.func.upper(sa.func.translate(value, "./- ", "")) == person.document)
    found = sa.exists(sa.select(1).select_from(field).where(sa.or_(*named)))
    return sa.and_(EVENTS.c.empresa == person.empresa, found)
