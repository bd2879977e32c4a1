"""Bring one table of Omie into the warehouse: a whole range, or what changed since last time.

``full`` reads creation days (inclusion, emission), which cut a list into partitions that never
overlap; it proves each of them and marks what Omie no longer has. ``incremental`` reads the days of
change since the cursor, with a day of overlap because windows are whole days
(omie-api.md#windows-of-days), and then compares Omie's total with ours: if they differ, the
months that differ are read whole.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from omie_pipeline.catalog.lists import MirrorTable
from omie_pipeline.clock import Clock
from omie_pipeline.errors import OmieFault, OmiePipelineError, WarehouseError
from omie_pipeline.imports.listing import Days
from omie_pipeline.imports.movements import mark_mirror_rows
from omie_pipeline.imports.range import RangeReader, spanned
from omie_pipeline.imports.records import known_fields
from omie_pipeline.imports.report import ImportProgress, ImportReport, ImportRequest
from omie_pipeline.imports.state import (
    close_import_run,
    fields_still_here,
    followed_since,
    last_done_at,
    open_import_run,
    proved_since,
    read_cursor,
)
from omie_pipeline.omie import OmieClient
from omie_pipeline.postgres.locks import lane, reading_lane
from omie_pipeline.privacy.keep_erased import erase_everywhere

# Omie refuses the same question for so long, and its lists lag about as much, so what another
# process asked since then is as new as our own question would be (omie-api.md#stale-reads).
_SAME_QUESTION = timedelta(seconds=60)

ClientFactory = Callable[[str], OmieClient]


@dataclass(frozen=True)
class Importer:
    """Reads tables of Omie.

    Attributes:
        make_client: a client of an empresa; closed after the reading.
    """

    engine: sa.Engine
    make_client: ClientFactory
    clock: Clock
    progress: ImportProgress = field(default_factory=ImportProgress)

    def run(self, mirror: MirrorTable, request: ImportRequest) -> ImportReport:
        """Read; one process at a time for each table of an empresa.

        Raises:
            OmieFault: the reading stopped; what was merged stays, the cursor did not move.
            WarehouseError: the warehouse is gone.
            TakenOver: another reader has the table by now; what was merged before stays.
        """
        name = reading_lane(request.empresa, mirror.name)
        wanted_at, waited = self.clock.now(), []

        def on_wait() -> None:
            waited.append(True)
            if self.progress.on_wait is not None:
                self.progress.on_wait()

        with lane(self.engine, name, self.clock, on_wait) as held:
            mine = replace(self, engine=held.engine)
            good_since = request.not_before or (wanted_at - _SAME_QUESTION if waited else None)
            return _Reading(mine, mirror, request, good_since).run()


class _Reading:
    """One reading of one table, while it goes on."""

    def __init__(
        self,
        importer: Importer,
        mirror: MirrorTable,
        request: ImportRequest,
        good_since: datetime | None,
    ) -> None:
        self._i = importer
        self._engine = importer.engine
        self._clock = importer.clock
        self._mirror = mirror
        if mirror.grain == "fact":
            # What is here from before a start that has moved on (New Year) is followed too.
            start = followed_since(self._engine, request.empresa, mirror.name, request.start)
            request = replace(request, start=start)
        self._request = request
        self._good_since = good_since
        self._run_id = uuid.uuid4().hex
        self._cursor = read_cursor(self._engine, request.empresa, mirror.name)
        self._found = RangeReader(
            importer.engine,
            importer.make_client,
            importer.clock,
            mirror,
            request,
            self._run_id,
            self._cursor,
            importer.progress.on_rows,
        )

    def run(self) -> ImportReport:
        whole = self._request.mode == "full" or self._cursor.read_until is None
        if not whole and self._mirror.call.changed is None and self._mirror.grain == "register":
            whole = True
        days = self._found.wanted_days() if whole else self._found.changed_days()
        if self._done_already(days, whole=whole):
            if self._request.not_before is not None:
                # A row of a stopped reading must not stay the newest: it would be resumed for ever.
                self._open(days)
                self._after()
                self._close("done", None)
            return self._report(days, reused=True)
        self._open(days)
        try:
            if not self._request.filters.wants(self._mirror) or (days and days[0] > days[1]):
                pass
            elif whole:
                self._found.read_whole(days)
            else:
                self._found.read_changes(days)
        except OmiePipelineError as error:
            self._after()
            self._close("stopped" if isinstance(error, OmieFault) else "failed", error)
            raise
        self._after()
        self._close("done", None)
        return self._report(days)

    def _done_already(self, days: Days | None, *, whole: bool) -> bool:
        """Whether another reading answered this one's question already."""
        cursor, since = self._cursor.read_until, self._good_since
        if since is None:
            return False
        if self._request.mode == "incremental":
            return cursor is not None and cursor >= since
        if not whole or (days is not None and days[0] > days[1]):
            return False
        return proved_since(self._engine, self._request.empresa, self._mirror.name, days, since)

    def _after(self) -> None:
        told = fields_still_here(self._engine, self._mirror, self._request.empresa)
        self._found.fields.update(told)
        if self._mirror.name == "movimentacoes":
            # A reading that was killed left rows without their marks.
            since = last_done_at(self._engine, self._request.empresa, self._mirror.name)
            filters = self._request.filters
            all_here = not (filters.accounts or filters.until)
            mark_mirror_rows(self._engine, self._request.empresa, since, every_row_is_here=all_here)
        if self._mirror.name == "clientes" and self._request.mode == "full":
            # A client learnt just now may be one whose títulos were read before.
            erase_everywhere(self._engine, self._request.empresa, self._found.today)

    # -- history ----------------------------------------------------------------------------------

    def _open(self, days: Days | None) -> None:
        request = self._request
        open_import_run(
            self._engine,
            {
                "run_id": self._run_id,
                "empresa": request.empresa,
                "table_name": self._mirror.name,
                "mode": request.mode,
                "trigger": request.trigger,
                "started_at": self._found.started_at,
                "window_from": days[0] if days else None,
                "window_to": days[1] if days else None,
                "dagster_run_id": request.dagster_run_id,
            },
        )

    def _close(self, state: str, error: OmiePipelineError | None) -> None:
        if isinstance(error, WarehouseError):
            return
        fix = error.detail.fix if isinstance(error, OmieFault) else None
        close_import_run(
            self._engine,
            self._run_id,
            {
                "state": state,
                "finished_at": self._clock.now(),
                "counts": self._report(None).counts(),
                "complete": self._found.complete and error is None,
                "error_class": type(error).__name__ if error else None,
                "error": str(error) if error else None,
                "fix": fix,
            },
        )

    def _report(self, days: Days | None, *, reused: bool = False) -> ImportReport:
        first, last = spanned(days)
        known, found = known_fields(self._mirror), self._found
        return ImportReport(
            run_id=self._run_id,
            table=self._mirror.name,
            empresa=self._request.empresa,
            mode=self._request.mode,
            window_from=first,
            window_to=last,
            **asdict(found.tally),
            complete=found.complete,
            new_fields=tuple(sorted(found.fields - known)),
            days=tuple(sorted(found.days)),
            partitions=tuple(found.partitions[name] for name in sorted(found.partitions)),
            reused=reused,
        )
