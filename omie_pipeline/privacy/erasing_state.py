"""An erasure in the tables of the push path and of the notes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from omie_pipeline.postgres.all_tables import nfse_tables, tables
from omie_pipeline.privacy.person import Person, any_of, rows_of
from omie_pipeline.privacy.person_codes import CLIENTS, SELLERS
from omie_pipeline.privacy.person_held import CLIENTES
from omie_pipeline.privacy.person_state import State, state_rows
from omie_pipeline.privacy.retention import kept_before

_NOTE, _STEP = nfse_tables.nfse, nfse_tables.nfse_transition
_FILE, _REQUEST = nfse_tables.nfse_file, nfse_tables.billing_request
_OVER = ("issued", "cancelled")
_SHORTEST_NAME = 4
# From the first to the last: what is quoted may hold a quotation mark itself.
_QUOTED = re.compile(r"'.*'", re.DOTALL)
_TAX = "documento fiscal, guardado cinco anos (CTN 173, 174 e 195; LGPD 16, I)"
# table -> columns that are emptied, and what stays.
_EMPTIED: dict[sa.Table, tuple[dict[str, Any], str]] = {
    tables.ledger: (
        {"first_error": None, "last_error": None},
        "o código, o id do Omie e o resumo do que foi enviado",
    ),
    tables.rejected: ({"row_masked": {}}, "o código e a resposta do Omie"),
    tables.attempt: ({"request": None, "response": None}, "o código e a hora"),
    _STEP: ({"motivo": None}, "os estados e as horas"),
}
_KEPT: dict[sa.Table, str] = {
    _FILE: f"o arquivo: {_TAX}",
    _REQUEST: "o código e quem pediu",
}
_SELLER = "nome e e-mail, como estão no Omie: altere o vendedor lá"


@dataclass(frozen=True, slots=True)
class ErasedTable:
    """The outcome of one table.

    Attributes:
        name: with its schema.
        found: rows of the person.
        erased: rows that lost something.
        kept: what stays and why, in Portuguese.
    """

    name: str
    title: str
    found: int
    erased: int
    kept: str


def erase_state(connection: sa.Connection, state: State, person: Person) -> ErasedTable:
    """Empty what the table tells of the person; call it while the mirror still has the names."""
    table, where = state.table, state_rows(state, person)
    found = connection.scalar(sa.select(sa.func.count()).select_from(table).where(where)) or 0
    if table is tables.quarantine:
        erased, kept = _quarantined(connection, where), "o código e o motivo, sem o valor da origem"
    elif table in _EMPTIED:
        values, kept = _EMPTIED[table]
        erased = _empty(connection, table, where, values)
        if table is tables.ledger:
            # Of name and document: guessed easily. A code in another form is seen without it.
            people = sa.and_(where, table.c.endpoint.in_((*CLIENTS, *SELLERS)))
            erased = max(erased, _empty(connection, table, people, {"likeness": None}))
    elif table is tables.plan:
        running = sa.select(tables.run.c.run_id).where(tables.run.c.state == "running")
        idle = table.c.run_id.not_in(running)
        erased = connection.execute(sa.delete(table).where(where, idle)).rowcount
        kept = "só o de envios em andamento" if erased < found else ""
    elif table is tables.intent:
        erased, kept = 0, _intents(connection, where)
    elif table is _NOTE:
        erased, kept = _notes(connection, where, person)
    else:
        erased, kept = 0, _KEPT.get(table, _SELLER)
    return ErasedTable(table.fullname, state.title, found, erased, kept)


def kept_files(connection: sa.Connection, person: Person) -> tuple[tuple[str, date], ...]:
    """Archived files of the person's notes: path below the archive and the first day on which the
    law does not ask for the file any more."""
    note = sa.and_(_NOTE.c.empresa == _FILE.c.empresa, _NOTE.c.cod_int_os == _FILE.c.cod_int_os)
    issued = sa.func.coalesce(_NOTE.c.emitida_em, _FILE.c.guardado_em)
    query = (
        sa.select(_FILE.c.caminho, sa.cast(issued, sa.Date))
        .select_from(_FILE.outerjoin(_NOTE, note))
        .where(_FILE.c.empresa == person.empresa, any_of(_FILE.c.cod_int_os, person.order_codes))
        .order_by(_FILE.c.caminho)
    )
    rows = connection.execute(query).all()
    return tuple((row[0], kept_before(row[1])) for row in rows)


def _empty(connection: sa.Connection, table: sa.Table, where: Any, values: dict[str, Any]) -> int:
    changed = sa.or_(*(table.c[name].is_distinct_from(v) for name, v in values.items()))
    return connection.execute(sa.update(table).where(where, changed).values(values)).rowcount


def _quarantined(connection: sa.Connection, where: Any) -> int:
    """The rows' content goes, and out of the reasons what the source had; how many lost any."""
    table = tables.quarantine
    key = list(table.primary_key)
    erased = 0
    for row in connection.execute(
        sa.select(*key, table.c.reasons, table.c.row_masked).where(where)
    ):
        said = [
            {**reason, "motivo": _QUOTED.sub("'***'", str(reason.get("motivo", "")))}
            for reason in row.reasons
        ]
        if said == row.reasons and not row.row_masked:
            continue
        mine = sa.and_(*(column == row._mapping[column.name] for column in key))
        connection.execute(sa.update(table).where(mine).values(reasons=said, row_masked={}))
        erased += 1
    return erased


def _intents(connection: sa.Connection, where: Any) -> str:
    # A closed intent has no payload; an open one is needed to ask Omie for its outcome.
    waiting = sa.select(sa.func.count()).where(where, tables.intent.c.payload.is_not(None))
    if connection.scalar(waiting):
        return "envio ainda em aberto: apague de novo depois de omie-pipeline retry"
    return "o código e a hora"


def _notes(connection: sa.Connection, where: Any, person: Person) -> tuple[int, str]:
    """The city hall's words go once the note is out or cancelled; before, only names in them: they
    decide whether the order may be billed again."""
    over = _NOTE.c.estado.in_(_OVER)
    erased = _empty(connection, _NOTE, sa.and_(where, over), {"mensagem": None})
    still_open = sa.and_(where, sa.not_(over), _NOTE.c.mensagem.is_not(None))
    if names := _names(connection, person):
        pattern = r"\m(" + "|".join(re.escape(name) for name in names) + r")\M"
        hidden = sa.func.regexp_replace(_NOTE.c.mensagem, pattern, "***", "gi", type_=sa.Text)
        erased += _empty(connection, _NOTE, still_open, {"mensagem": hidden})
    kept = f"número, valor e links: {_TAX}"
    if connection.scalar(sa.select(sa.func.count()).where(still_open)):
        kept += "; as palavras da prefeitura, sem o nome, até a nota sair ou ser cancelada"
    return erased, kept


def _names(connection: sa.Connection, person: Person) -> list[str]:
    clientes = CLIENTES.table.c
    rows = connection.execute(
        sa.select(clientes.razao_social, clientes.nome_fantasia).where(rows_of(CLIENTES, person))
    )
    found = {name.strip() for row in rows for name in row if name}
    return sorted((n for n in found if len(n) >= _SHORTEST_NAME), key=len, reverse=True)
