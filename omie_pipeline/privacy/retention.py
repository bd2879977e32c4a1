"""How long the law makes a company keep a person's name and document.

CTN art. 173 and 174: the tax authority has five years, counted from the first day of the year
after the fact; art. 195 makes the company keep its papers for as long. LGPD art. 16, I lets data
stay that a legal duty asks for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from omie_pipeline.postgres.all_tables import tables
from omie_pipeline.privacy import codes as person_codes
from omie_pipeline.privacy.find import Person, any_of, rows_of
from omie_pipeline.privacy.places import HELD, SALDOS, TITLES
from omie_pipeline.texts import privacy as texts

YEARS = 5
FACT_DAYS = {
    "contas_receber": ("data_emissao", "data_vencimento"),
    "contas_pagar": ("data_emissao", "data_vencimento"),
    "saldos_titulos": ("data_vencimento", "data_pagamento"),
    "baixas": ("data",),
    "movimentacoes": ("data_emissao", "data_pagamento"),
    "lancamentos_conta_corrente": ("data",),
    "notas_fiscais": ("data_emissao",),
    "extrato_linhas": ("data",),
}
"""Table of the mirror -> columns of the day of a fact."""
_TITLES = {held.name: held.title for held in HELD}
BAIXAS = next(held for held in HELD if held.name == "baixas")


def kept_before(last: date) -> date:
    """First day on which a fact of the day ``last`` need not be kept any more."""
    return date(last.year + 1 + YEARS, 1, 1)


@dataclass(frozen=True, slots=True)
class Reason:
    """Something that makes the company keep name and document.

    Attributes:
        what: in Portuguese, for staff.
        until: first day on which it asks for them no more.
    """

    what: str
    until: date


def reasons_to_keep(connection: sa.Connection, person: Person, today: date) -> tuple[Reason, ...]:
    """What still asks for name and document, the longest first; empty when they may go now.

    Looks at the last day of every título, settlement, movement and note that Omie still has, and
    of every NFS-e that this pipeline saw issued. A título with an open balance counts as today's,
    and so does what is in Omie by the ledger and was not read yet.
    """
    found = [
        (texts.last_of_kind(title=_TITLES[name], day=day), day)
        for name, columns in FACT_DAYS.items()
        if (day := _last_day(connection, person, name, columns)) is not None
    ]
    if (issued := _last_issued(connection, person)) is not None:
        found.append((texts.note_issued(issued), issued))
    if _has_open(connection, person):
        found.append((texts.TITLE_OPEN, today))
    for what, number in _unseen(connection, person).items():
        found.append((texts.not_read_back(what=what, number=number), today))
    reasons = [Reason(what, kept_before(day)) for what, day in found]
    standing = [one for one in reasons if one.until > today]
    return tuple(sorted(standing, key=lambda one: one.until, reverse=True))


def retained_until(connection: sa.Connection, person: Person, today: date) -> date | None:
    """First day on which name and document may go; ``None`` when they may go now."""
    reasons = reasons_to_keep(connection, person, today)
    return reasons[0].until if reasons else None


def last_confirmation(connection: sa.Connection, person: Person) -> datetime | None:
    """When Omie last confirmed something of the person: older readings do not know of it."""
    ledger = tables.ledger.c
    mine = [
        sa.and_(ledger.endpoint.in_(endpoints), any_of(ledger.codigo_integracao, codes))
        for endpoints, codes in person.codes()
    ]
    last: datetime | None = connection.scalar(
        sa.select(sa.func.max(ledger.confirmed_at)).where(
            ledger.empresa == person.empresa, sa.or_(*mine)
        )
    )
    return last


def _unseen(connection: sa.Connection, person: Person) -> dict[str, int]:
    """Living records of the ledger that the mirror does not have, or has older than they are."""
    ledger = tables.ledger.c
    found: dict[str, int] = {}
    for what, endpoints, codes, held_in, id_column in (
        (texts.TITLES_SENT, person_codes.TITLES, person.title_codes, TITLES, ""),
        (texts.SETTLEMENTS_SENT, person_codes.SETTLEMENTS, person.settlement_codes, (BAIXAS,),
         "codigo_baixa"),
    ):  # fmt: skip
        seen = []
        for held in held_in:
            columns = held.table.c
            seen.append(
                sa.exists().where(
                    columns.empresa == person.empresa,
                    columns[id_column or held.titulo] == ledger.omie_id,
                    columns.lido_em >= ledger.confirmed_at,
                )
            )
        number = connection.scalar(
            sa.select(sa.func.count()).where(
                ledger.empresa == person.empresa,
                ledger.endpoint.in_(endpoints),
                any_of(ledger.codigo_integracao, codes),
                ledger.omie_id.is_not(None),
                ledger.state != "deleted",
                ~sa.or_(*seen),
            )
        )
        if number:
            found[what] = number
    return found


def _last_day(
    connection: sa.Connection, person: Person, name: str, columns: tuple[str, ...]
) -> date | None:
    held = next(one for one in HELD if one.name == name)
    days = [sa.func.max(held.table.c[column]) for column in columns]
    query = sa.select(sa.func.greatest(*days)).where(rows_of(held, person))
    if "excluido_em" in held.table.c:
        query = query.where(held.table.c.excluido_em.is_(None))
    last: date | None = connection.scalar(query)
    return last


def _last_issued(connection: sa.Connection, person: Person) -> date | None:
    note = tables.nfse.c
    day = sa.cast(sa.func.coalesce(note.issued_at, note.billed_at), sa.Date)
    last: date | None = connection.scalar(
        sa.select(sa.func.max(day)).where(
            note.empresa == person.empresa,
            any_of(note.cod_int_os, person.order_codes),
            # A cancelled note is a fiscal document too; one that was never issued is none.
            sa.or_(note.state.in_(("issued", "cancelled")), note.numero.is_not(None)),
        )
    )
    return last


def _has_open(connection: sa.Connection, person: Person) -> bool:
    columns: Any = SALDOS.table.c
    query = sa.select(sa.func.count()).where(
        rows_of(SALDOS, person),
        columns.excluido_em.is_(None),
        columns.data_cancelamento.is_(None),
        columns.valor_aberto > 0,
    )
    return bool(connection.scalar(query))
