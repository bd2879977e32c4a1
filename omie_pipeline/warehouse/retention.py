"""How long the law makes a company keep a person's name and document.

CTN art. 173 and 174: the tax authority has five years, counted from the first day of the year
after the fact; art. 195 makes the company keep its papers for as long. LGPD art. 16, I lets data
stay that a legal duty asks for.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa

from omie_pipeline.warehouse.all_tables import nfse_tables
from omie_pipeline.warehouse.person import Person, any_of, rows_of
from omie_pipeline.warehouse.person_held import HELD, SALDOS

YEARS = 5
_DAYS = {
    "contas_receber": ("data_emissao", "data_vencimento"),
    "contas_pagar": ("data_emissao", "data_vencimento"),
    "saldos_titulos": ("data_vencimento", "data_pagamento"),
    "baixas": ("data",),
    "movimentacoes": ("data_emissao", "data_pagamento"),
    "lancamentos_conta_corrente": ("data",),
    "notas_fiscais": ("data_emissao",),
    "extrato_linhas": ("data",),
}


def kept_before(last: date) -> date:
    """First day on which a fact of the day ``last`` need not be kept any more."""
    return date(last.year + 1 + YEARS, 1, 1)


def retained_until(connection: sa.Connection, person: Person, today: date) -> date | None:
    """First day on which name and document may go; ``None`` when they may go now.

    Looks at the last day of every título, settlement, movement and note that Omie still has, and
    of every NFS-e that this pipeline saw issued; a título with an open balance counts as today's.
    """
    days = [_last_day(connection, person, name, columns) for name, columns in _DAYS.items()]
    days.append(_last_issued(connection, person))
    if _has_open(connection, person):
        days.append(today)
    known = [day for day in days if day is not None]
    until = kept_before(max(known)) if known else None
    return until if until is not None and until > today else None


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
    note = nfse_tables.nfse.c
    day = sa.cast(sa.func.coalesce(note.emitida_em, note.enviada_em), sa.Date)
    last: date | None = connection.scalar(
        sa.select(sa.func.max(day)).where(
            note.empresa == person.empresa,
            any_of(note.cod_int_os, person.order_codes),
            # A cancelled note is a fiscal document too; one that was never issued is none.
            sa.or_(note.estado.in_(("issued", "cancelled")), note.numero.is_not(None)),
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
