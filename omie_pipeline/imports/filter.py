"""What an empresa wants of Omie: applied to rows as they are merged, never to what is counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from omie_pipeline.catalog.lists import MirrorTable


@dataclass(frozen=True, slots=True)
class MirrorFilter:
    """Filters of one empresa; the default lets everything through.

    Attributes:
        since, until: days of inclusion (of emission for notas) that are read at all.
        side: ``R`` only receivables, ``P`` only payables.
        open_only: take a title in only while it is open; one that is here is followed to its end.
        accounts: bank accounts (``nCodCC``), empty for all.
    """

    since: date | None = None
    until: date | None = None
    side: str = ""
    open_only: bool = False
    accounts: tuple[int, ...] = ()

    def wants(self, mirror: MirrorTable) -> bool:
        """False for a list that has nothing this empresa wants."""
        return not (self.side and mirror.side) or self.side == mirror.side

    @property
    def by_row(self) -> bool:
        """Whether rows are left out, so that Omie's total is no measure of ours by itself."""
        return bool(self.side or self.open_only or self.accounts)

    def leaves_out(self, mirror: MirrorTable) -> bool:
        """Whether rows of this very list are left out."""
        looked_at = mirror.admission
        return bool(
            (self.side and looked_at.nature)
            or (self.open_only and looked_at.status)
            or (self.accounts and looked_at.account)
        )


def admitted(
    mirror: MirrorTable, filters: MirrorFilter, page: Any, table: sa.Table
) -> sa.ColumnElement[bool]:
    """Whether a row of ``page`` passes; a row that is in ``table`` already always does.

    Args:
        mirror: declaration of the list.
        filters: the filters of the empresa: rows that it does not want.
        page: the rows as read.
        table: the table of schema ``omie``.
    """
    looked_at, conditions = mirror.admission, []
    if filters.accounts and looked_at.account:
        conditions.append(page.c[looked_at.account].in_(filters.accounts))
    if filters.side and looked_at.nature:
        conditions.append(_nature(page, looked_at.nature) == filters.side)
    if filters.open_only and looked_at.status:
        squeezed = sa.func.upper(sa.func.translate(page.c[looked_at.status], " _", ""))
        conditions.append(sa.func.coalesce(squeezed, "").not_in(looked_at.closed))
    if mirror.grain == "fact" and (filters.since or filters.until):
        created = page.c.data_particao
        days = created.between(filters.since or date.min, filters.until or date.max)
        conditions.append(sa.func.coalesce(days, sa.true()))
    if not conditions:
        return sa.true()
    here = sa.and_(*(table.c[c.name] == page.c[c.name] for c in table.primary_key.columns))
    return sa.or_(sa.and_(*conditions), sa.exists().where(here))


def _nature(page: Any, column: str) -> sa.ColumnElement[Any]:
    """``R`` or ``P``; an account row's is its group's, since its own can look inverted (seen)."""
    if "grupo" not in page.c:
        found: sa.ColumnElement[Any] = page.c[column]
        return found
    return sa.case(
        (page.c.grupo == "CONTA_CORRENTE_REC", "R"),
        (page.c.grupo == "CONTA_CORRENTE_PAG", "P"),
        else_=page.c[column],
    )
