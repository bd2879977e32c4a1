"""Everything the warehouse holds of a person, as one JSON document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from omie_pipeline.privacy.person import Person, rows_of
from omie_pipeline.privacy.person_copies import copies_of
from omie_pipeline.privacy.person_held import HELD
from omie_pipeline.privacy.person_state import EVENTS, STATES, event_rows, state_rows

_COPY_TITLES = {
    "clinic_raw": "Cópia do sistema da clínica",
    "clinica": "Tabela canônica da clínica",
    "omie_payload": "Dados preparados para envio ao Omie",
}


def export_person(connection: sa.Connection, person: Person) -> list[dict[str, Any]]:
    """The person's rows, table by table, tables without one left out.

    Returns:
        Sections ``{"titulo", "tabela", "linhas": [{column: value}]}``; values are what JSON has,
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
    sections.append(_section(connection, "Eventos recebidos", "omie_inbox.events", query))
    for copy in copies_of(connection, person):
        title = f"{_COPY_TITLES[copy.schema]}: {copy.table}"
        rows = [_plain_row(row) for row in copy.rows]
        sections.append({"titulo": title, "tabela": f"{copy.schema}.{copy.table}", "linhas": rows})
    return [section for section in sections if section["linhas"]]


def _section(
    connection: sa.Connection, title: str, name: str, query: sa.Select[Any]
) -> dict[str, Any]:
    rows = [_plain_row(row) for row in connection.execute(query).mappings()]
    return {"titulo": title, "tabela": name, "linhas": rows}


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
