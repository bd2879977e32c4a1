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
from omie_pipeline.clock import Clock
from omie_pipeline.errors import Empty, RetryLater
from omie_pipeline.imports.import_state import read_cursor, rows_here
from omie_pipeline.imports.importing import BRASILIA
from omie_pipeline.imports.looks import page_news, rows_changed_here
from omie_pipeline.imports.mirror_filter import MirrorFilter
from omie_pipeline.omie import OmieClient
from omie_pipeline.omie.wire import storable_text
from omie_pipeline.postgres.lanes_held import lanes_held, reading_lane
from omie_pipeline.status.status import block_in_force

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
class Look:
    """What one look saw.

    Attributes:
        changed: Omie has something that is not here.
        days: creation days of the records that are not here; today where only the total says so.
        signature: digest of the window's total and of the records served.
        asked_at: a reading that begins after this sees what the look saw.
        left_out: why nothing was asked, in Portuguese; ``""`` when something was.
    """

    tabela: str
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

    def look(self, mirror: MirrorTable, known_signature: str | None) -> Look:
        """Ask once, unless there is a reason not to.

        Args:
            known_signature: what was seen and worked on before.

        Raises:
            OmieFault: Omie refused; a block is remembered.
            WarehouseError: the warehouse is gone.
        """
        reason = self._reason_not_to_ask(mirror)
        if reason:
            return Look(mirror.name, self.empresa, left_out=reason)
        window, days = self._window(mirror)
        try:
            with self.make_client(self.empresa) as client:
                answer = client.read_text(
                    mirror.service,
                    mirror.call.method,
                    _question(mirror, window, days),
                    give_up=lambda _: True,
                )
        except Empty:
            return self._judged(mirror, days, 0, "{}", self.clock.now(), known_signature)
        except RetryLater:
            return Look(mirror.name, self.empresa, left_out="o Omie pede para perguntar depois")
        total = int(answer.body.get(_PAGING[mirror.call.paging][2]) or 0)
        text = storable_text(answer.text)
        return self._judged(mirror, days, total, text, answer.asked_at, known_signature)

    def _reason_not_to_ask(self, mirror: MirrorTable) -> str:
        if not self.filters.wants(mirror):
            return "fora dos filtros da empresa"
        if read_cursor(self.engine, self.empresa, mirror.name).read_until is None:
            return "falta a primeira carga"
        block = block_in_force(self.engine, self.scope, self.clock.now())
        if block is not None:
            until = block.until.astimezone(BRASILIA)
            return f"o Omie bloqueou a chave até {until:%d/%m %H:%M}"
        lane = reading_lane(self.empresa, mirror.name)
        return "está sendo lida agora" if lanes_held(self.engine, [lane]) else ""

    def _window(self, mirror: MirrorTable) -> tuple[Window, tuple[date, date]]:
        today = self.clock.now().astimezone(BRASILIA).date()
        if mirror.call.changed is not None:
            read_until = read_cursor(self.engine, self.empresa, mirror.name).read_until
            since = read_until.astimezone(BRASILIA).date() if read_until else today
            return mirror.call.changed, (since, today)
        if mirror.call.born is None:
            raise AssertionError(f"{mirror.name} has no window to look through")
        return mirror.call.born, (today - _RECENT, today)

    def _judged(
        self,
        mirror: MirrorTable,
        days: tuple[date, date],
        total: int,
        body: str,
        asked_at: datetime,
        known_signature: str | None,
    ) -> Look:
        news = page_news(self.engine, mirror, self.empresa, self.filters, body, asked_at)
        seen = f"{days[0]}:{days[1]}:{total}:{news.digest}"
        signature = hashlib.sha256(seen.encode()).hexdigest()[:16]
        changed = signature != known_signature and (
            news.rows > 0 or self._total_differs(mirror, days, total)
        )
        found = set(news.days)
        if changed and mirror.grain == "fact" and not found:
            found.add(days[1])
        return Look(mirror.name, self.empresa, changed, tuple(sorted(found)), signature, asked_at)

    def _total_differs(self, mirror: MirrorTable, days: tuple[date, date], total: int) -> bool:
        if self.filters.by_row:
            # Rows that the filters keep out are in Omie's total: the signature alone decides.
            return True
        count = rows_changed_here if mirror.call.changed is not None else rows_here
        return count(self.engine, mirror, self.empresa, days) != total


def can_look(mirror: MirrorTable) -> bool:
    """Whether a list can be asked cheaply: it has pages and a window."""
    windows = (mirror.call.changed, mirror.call.born)
    return mirror.call.paging in _PAGING and any(window is not None for window in windows)


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
