"""One cheap question: has a list of Omie changed since it was read?

One page of the window of changed days, newest first. Never waits: a question that may not leave now
(asked within the minute, a reading under way, a block) is left out until the next look. What a look
cannot see, a deletion of an older record above all, the scheduled readings find.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from omie_pipeline.catalog.lists import MirrorTable, Window
from omie_pipeline.clock import BRASILIA, Clock
from omie_pipeline.errors import Empty, RetryLater
from omie_pipeline.imports.filter import MirrorFilter, admitted
from omie_pipeline.imports.page_sql import (
    ASKED_AT,
    BODY,
    DIGESTS,
    EMPRESA,
    key_text,
    record_select,
    typing_version,
)
from omie_pipeline.imports.records import Records, RecordTexts, parse_texts
from omie_pipeline.imports.state import read_cursor, rows_here
from omie_pipeline.omie import OmieClient
from omie_pipeline.omie.rate_limiter import block_in_force
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.locks import lanes_held, reading_lane
from omie_pipeline.postgres.omie_tables import mirror_table
from omie_pipeline.texts import imports as texts

# Compare one page of a change check with the copy of Omie: which rows are new?

_TIMEZONE = str(BRASILIA)


@dataclass(frozen=True, slots=True)
class PageNews:
    """What one page says that the mirror does not know.

    Attributes:
        rows: records that are missing here or stand here in an older version.
        days: partitions they belong to; empty for registers.
        digest: over the ids and the moments of change of all records of the page.
    """

    rows: int
    days: tuple[date, ...]
    digest: str


def page_news(
    engine: sa.Engine,
    mirror: MirrorTable,
    empresa: str,
    filters: MirrorFilter,
    body: str,
    asked_at: datetime,
) -> PageNews:
    """Compare records, given as a JSON array, with ``omie.<table>``; writes nothing.

    Args:
        engine: the warehouse.
        mirror: declaration of the list.
        empresa: the empresa whose rows are meant.
        filters: the filters of the empresa: rows that it does not want.
        body: the records as a JSON array.
        asked_at: time of the question.

    Raises:
        WarehouseError: the database is gone.
    """
    table = mirror_table(mirror)
    here = table.alias("aqui")
    page = record_select(mirror).cte("pagina").prefix_with("MATERIALIZED")
    same = sa.and_(*(here.c[c.name] == page.c[c.name] for c in table.primary_key.columns))
    never = sa.cast("-infinity", sa.DateTime(timezone=True))
    theirs, ours = (sa.func.coalesce(side.c.alterado_em, never) for side in (page, here))
    unknown = sa.or_(
        here.c.empresa.is_(None),
        here.c.excluido_em.is_not(None),
        theirs > ours,
        sa.and_(theirs == ours, page.c.raw.is_distinct_from(here.c.raw)),
    )
    news = (
        sa.select(page.c.data_particao)
        .select_from(page.outerjoin(here, same))
        .where(unknown, admitted(mirror, filters, page, table))
        .cte("novidades")
    )
    key = key_text(mirror, page)
    version = key.concat("@").concat(sa.func.coalesce(sa.cast(page.c.alterado_em, sa.Text), ""))
    listed = sa.func.array_to_string(sa.func.array_agg(version), ",", type_=sa.Text)
    query = sa.select(
        _one(sa.select(sa.func.count()).select_from(news)),
        _one(sa.select(sa.func.array_agg(sa.distinct(news.c.data_particao)))),
        _one(sa.select(sa.func.md5(sa.func.coalesce(listed, ""))).select_from(page)),
    )
    values = {BODY: body, DIGESTS: None, EMPRESA: empresa, ASKED_AT: asked_at}
    with warehouse_errors(), engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL datestyle TO 'ISO, DMY'")
        row = connection.execute(query, values).one()
    return PageNews(row[0], tuple(sorted(day for day in row[1] or () if day is not None)), row[2])


def rows_changed_here(
    engine: sa.Engine, mirror: MirrorTable, empresa: str, days: tuple[date, date]
) -> int:
    """Rows that Omie still has and that were included or changed on these days.

    Args:
        engine: the warehouse.
        mirror: declaration of the list.
        empresa: the empresa whose rows are meant.
        days: first and last day, both included; ``None`` for the whole list.
    """
    table = mirror_table(mirror)
    touched = [
        sa.cast(sa.func.timezone(_TIMEZONE, table.c[name]), sa.Date).between(*days)
        for name in ("incluido_em", "alterado_em")
    ]
    query = (
        sa.select(sa.func.count())
        .select_from(table)
        .where(
            table.c.empresa == empresa,
            table.c.excluido_em.is_(None),
            sa.or_(*touched),
            *(table.c[name] == value for name, value in mirror.constants),
        )
    )
    with warehouse_errors(), engine.connect() as connection:
        return connection.execute(query).scalar_one()


def _one(query: sa.Select[Any]) -> sa.ScalarSelect[Any]:
    return query.scalar_subquery()


ROWS_LOOKED_AT = 50
_RECENT = timedelta(days=6)
_PAGING = {
    "snake": ("pagina", "registros_por_pagina", "total_de_registros"),
    "hungarian": ("nPagina", "nRegPorPagina", "nTotRegistros"),
}
# Tags that turn an order round, each list's own (omie-api.md#paging).
_BACKWARDS = ("ordem_descrescente", "cOrdemDecrescente")
# Only of these does Omie document an order by change (omie-api.md#paging).
_BY_CHANGE = ("contas_receber",)


@dataclass(frozen=True, slots=True)
class ChangeCheck:
    """What one look saw.

    Attributes:
        changed: Omie has something that is not here.
        days: creation days of the records that are not here; today where only the total says so.
        signature: digest of the window's total and of the records served.
        asked_at: a reading that begins after this sees what the look saw.
        left_out: why nothing was asked, in Portuguese; ``""`` when something was.
    """

    table: str
    empresa: str
    changed: bool = False
    days: tuple[date, ...] = ()
    signature: str = ""
    asked_at: datetime | None = None
    left_out: str = ""


@dataclass(frozen=True)
class Watcher:
    """Looks at the lists of one empresa.

    Attributes:
        scope: digest of its key, under which a block is remembered.
    """

    engine: sa.Engine
    make_client: Callable[[str], OmieClient]
    clock: Clock
    empresa: str
    scope: str
    filters: MirrorFilter

    def look(self, mirror: MirrorTable, known_signature: str | None) -> ChangeCheck:
        """Ask once, unless there is a reason not to.

        Args:
            known_signature: what was seen and worked on before.

        Raises:
            OmieFault: Omie refused; a block is remembered.
            WarehouseError: the warehouse is gone.
        """
        reason = self._reason_not_to_ask(mirror)
        if reason:
            return ChangeCheck(mirror.name, self.empresa, left_out=reason)
        window, days = self._window(mirror)
        try:
            with self.make_client(self.empresa) as client:
                answer = client.read_text(
                    mirror.service,
                    mirror.call.method,
                    _question(mirror, window, days),
                    give_up=lambda _: True,
                    parse=parse_texts(mirror.array),
                )
            text = _whole_records(mirror, answer.body.get(mirror.array))
        except Empty:
            return self._judged(mirror, days, 0, "[]", self.clock.now(), known_signature)
        except RetryLater:
            return ChangeCheck(mirror.name, self.empresa, left_out=texts.OMIE_ASKS_TO_WAIT)
        total = int(answer.body.get(_PAGING[mirror.call.paging][2]) or 0)
        return self._judged(mirror, days, total, text, answer.asked_at, known_signature)

    def _reason_not_to_ask(self, mirror: MirrorTable) -> str:
        if not self.filters.wants(mirror):
            return texts.OUTSIDE_FILTERS
        if read_cursor(self.engine, self.empresa, mirror.name).read_until is None:
            return texts.NEVER_READ
        block = block_in_force(self.engine, self.scope, self.clock.now())
        if block is not None:
            until = block.until.astimezone(BRASILIA)
            return texts.key_blocked(until)
        lane = reading_lane(self.empresa, mirror.name)
        return texts.BEING_READ if lanes_held(self.engine, [lane]) else ""

    def _window(self, mirror: MirrorTable) -> tuple[Window, tuple[date, date]]:
        today = self.clock.now().astimezone(BRASILIA).date()
        if mirror.call.changed is not None:
            read_until = read_cursor(self.engine, self.empresa, mirror.name).read_until
            since = read_until.astimezone(BRASILIA).date() if read_until else today
            return mirror.call.changed, (since, today)
        if mirror.call.created is None:
            raise AssertionError(f"{mirror.name} has no window to look through")
        return mirror.call.created, (today - _RECENT, today)

    def _judged(
        self,
        mirror: MirrorTable,
        days: tuple[date, date],
        total: int,
        body: str,
        asked_at: datetime,
        known_signature: str | None,
    ) -> ChangeCheck:
        news = page_news(self.engine, mirror, self.empresa, self.filters, body, asked_at)
        seen = f"{days[0]}:{days[1]}:{total}:{news.digest}"
        signature = hashlib.sha256(seen.encode()).hexdigest()[:16]
        changed = signature != known_signature and (
            news.rows > 0 or self._total_differs(mirror, days, total)
        )
        found = set(news.days)
        if changed and mirror.grain == "fact" and not found:
            found.add(days[1])
        return ChangeCheck(
            mirror.name, self.empresa, changed, tuple(sorted(found)), signature, asked_at
        )

    def _total_differs(self, mirror: MirrorTable, days: tuple[date, date], total: int) -> bool:
        if self.filters.by_row:
            # Rows that the filters keep out are in Omie's total: the signature alone decides.
            return True
        count = rows_changed_here if mirror.call.changed is not None else rows_here
        return count(self.engine, mirror, self.empresa, days) != total


def can_look(mirror: MirrorTable) -> bool:
    """Whether a list can be asked cheaply: it has pages and a window."""
    windows = (mirror.call.changed, mirror.call.created)
    return mirror.call.paging in _PAGING and any(window is not None for window in windows)


def _whole_records(mirror: MirrorTable, found: object) -> str:
    """A page's records as a JSON array.

    Raises:
        Broken: one is none.
    """
    if not isinstance(found, RecordTexts):
        return "[]"
    records = Records(mirror, typing_version(mirror), found).checked()
    return f"[{','.join(records.texts)}]"


def _question(mirror: MirrorTable, window: Window, days: tuple[date, date]) -> dict[str, Any]:
    page_tag, size_tag, _ = _PAGING[mirror.call.paging]
    names = {field.name for field in mirror.service.methods[mirror.call.method].request.fields}
    param: dict[str, Any] = {
        **dict(mirror.call.fixed),
        window.first: days[0].strftime("%d/%m/%Y"),
        window.last: days[1].strftime("%d/%m/%Y"),
        **dict(window.fixed),
        page_tag: 1,
        size_tag: ROWS_LOOKED_AT,
    }
    if mirror.name in _BY_CHANGE:
        param["ordenar_por"] = "DATA_ALTERACAO"
    param |= {tag: "S" for tag in _BACKWARDS if tag in names}
    return param
