"""Dagster's storage in the warehouse, behind a pooler as well.

Dagster knows no schema but the first of ``search_path``, and takes the settings of its sessions
from its address only, as ``options``. A pooler refuses or drops those, and Dagster's tables would
land among other people's. So an address that leads to a pooler names the schema in
``application_name``, which poolers know, and each of its sessions is set once it is open.

Dagster opens a connection for every statement, three of them for the verdict of one check. Here a
process keeps one for each of the three storages (not behind a pooler, whose own they would take),
and what a step says of its partitions one after the other is written together.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from typing import Any, Final

import dagster as dg
import sqlalchemy as sa
from dagster_postgres import DagsterPostgresStorage, PostgresEventLogStorage

from omie_pipeline.config.addresses import DAGSTER_SESSION, DAGSTER_SETTINGS
from omie_pipeline.resources.dagster_internals import (
    CheckStatus,
    check_executions,
    event_log,
)

_MOST_TOGETHER: Final = 500


class WarehouseStorage(DagsterPostgresStorage):
    """``storage: custom`` of ``dagster.yaml``; importing it is what makes the sessions right."""

    def __init__(
        self,
        postgres_url: str,
        should_autocreate_tables: bool = True,
        inst_data: Any = None,
    ) -> None:
        super().__init__(postgres_url, should_autocreate_tables, inst_data)
        self._event_log_storage = WarehouseEvents(postgres_url, should_autocreate_tables=False)
        if not _pooled(postgres_url):
            parts = (self._run_storage, self._event_log_storage, self._schedule_storage)
            for part in parts:
                _keep_connection(part)

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Mapping[str, Any]) -> WarehouseStorage:
        """As ``dagster.yaml`` has it."""
        return cls(config_value["postgres_url"], inst_data=inst_data)


class WarehouseEvents(PostgresEventLogStorage):
    """Dagster's events; those that a step tells of partition after partition go together.

    They wait in memory until anything else is written or read by this process, which a step does
    at its end at the latest: before its success is stored, all that it told is.
    """

    def __init__(self, postgres_url: str, should_autocreate_tables: bool = True) -> None:
        self._waiting: list[dg.EventLogEntry] = []
        self._lock = threading.RLock()
        self._writing: sa.Connection | None = None
        self._tables: set[str] = set()
        super().__init__(postgres_url, should_autocreate_tables)

    def store_event(self, event: dg.EventLogEntry) -> None:
        """At once, unless more of its kind may follow."""
        with self._lock:
            if not _of_a_partition(event):
                self.write_waiting()
                super().store_event(event)
                return
            first = self._waiting[0] if self._waiting else event
            if _kind(first) != _kind(event) or len(self._waiting) >= _MOST_TOGETHER:
                self.write_waiting()
            self._waiting.append(event)

    def write_waiting(self) -> None:
        """Write what waits, all of it or nothing. If that fails it waits on: Dagster forgives a
        line of a log that could not be written, and asks again with the next event, which it does
        not forgive. Twice in the log is what was written by a transaction whose end nobody heard,
        the connection being cut just then: an event has no name by which it could be found."""
        with self._lock:
            if not self._waiting:
                return
            waiting, self._waiting = self._waiting, []
            written = False
            try:
                with self.index_transaction() as connection:
                    self._writing = connection
                    self._store(waiting)
                written = True
            finally:
                self._writing = None
                if not written:
                    self._waiting = waiting

    def _store(self, events: Sequence[dg.EventLogEntry]) -> None:
        if len(events) == 1:
            super().store_event(events[0])
        elif _kind(events[0]) == dg.DagsterEventType.ASSET_MATERIALIZATION:
            super().store_event_batch(events)
        else:
            self._store_evaluations(events)

    def _store_evaluations(self, events: Sequence[dg.EventLogEntry]) -> None:
        """As Dagster stores one: the event, and the row that its pages read the verdict from.

        A check that was announced has its row already, and so has one that the run told before.
        """
        with self.index_transaction() as connection:
            made = connection.execute(
                self.prepare_insert_event_batch(events).returning(event_log().c.id)
            )
            ids = [int(row[0]) for row in made.fetchall()]
            known = _known(connection, events)
            new: list[dict[str, Any]] = []
            again: list[tuple[dg.EventLogEntry, int]] = []
            for event, number in zip(events, ids, strict=True):
                if _identity(event) in known:
                    again.append((event, number))
                else:
                    known.add(_identity(event))
                    new.append(self._execution(event, number))
            if new:
                connection.execute(check_executions().insert(), new)
            for event, number in again:
                self.store_asset_check_event(event, number)

    def _execution(self, event: dg.EventLogEntry, number: int) -> dict[str, Any]:
        told = _evaluation(event)
        target = told.target_materialization_data
        status = CheckStatus.SUCCEEDED if told.passed else CheckStatus.FAILED
        return {
            "asset_key": told.asset_key.to_string(),
            "check_name": told.check_name,
            "partition": told.partition,
            "run_id": event.run_id,
            "execution_status": status.value,
            "evaluation_event": dg.serialize_value(event),
            # In UTC, of which PostgreSQL is told nothing.
            "evaluation_event_timestamp": datetime.fromtimestamp(event.timestamp, UTC).replace(
                tzinfo=None
            ),
            "evaluation_event_storage_id": number,
            "materialization_event_storage_id": None if target is None else target.storage_id,
        }

    def _connect(self) -> AbstractContextManager[sa.Connection]:
        """All who write or read find what waited; what waited goes in one transaction."""
        with self._lock:
            if self._writing is not None:
                return nullcontext(self._writing)
            self.write_waiting()
        return super()._connect()

    def has_table(self, table_name: str) -> bool:
        """A table that is there stays: Dagster asks before every verdict."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def dispose(self) -> None:
        """Write what waits, and let go of the connection."""
        self.write_waiting()
        super().dispose()
        self._engine.dispose()


def _keep_connection(storage: Any) -> None:
    """One connection, looked at before each use: the server may have been restarted."""
    storage._engine = sa.create_engine(
        storage.postgres_url,
        isolation_level="AUTOCOMMIT",
        pool_size=1,
        max_overflow=-1,
        pool_pre_ping=True,
    )


def _pooled(address: str) -> bool:
    query = sa.make_url(address).normalized_query
    return any(one.startswith(DAGSTER_SESSION) for one in query.get("application_name", ()))


def _kind(event: dg.EventLogEntry) -> dg.DagsterEventType | None:
    return event.dagster_event.event_type if event.dagster_event is not None else None


def _of_a_partition(event: dg.EventLogEntry) -> bool:
    """Whether a step tells it of a partition; what nobody's step tells may be the last word."""
    if event.dagster_event is None or event.step_key is None or not event.run_id:
        return False
    if _kind(event) == dg.DagsterEventType.ASSET_MATERIALIZATION:
        return event.dagster_event.partition is not None
    return _kind(event) == dg.DagsterEventType.ASSET_CHECK_EVALUATION and (
        _evaluation(event).partition is not None
    )


def _evaluation(event: dg.EventLogEntry) -> dg.AssetCheckEvaluation:
    told = event.get_dagster_event().event_specific_data
    if not isinstance(told, dg.AssetCheckEvaluation):
        raise TypeError(f"No verdict of a check: {type(told).__name__}")
    return told


def _identity(event: dg.EventLogEntry) -> tuple[str, str, str | None]:
    told = _evaluation(event)
    return told.asset_key.to_string(), told.check_name, told.partition


def _known(
    connection: sa.Connection, events: Sequence[dg.EventLogEntry]
) -> set[tuple[str, str, str | None]]:
    """Verdicts of this run that have a row."""
    c = check_executions().c
    found = connection.execute(
        sa.select(c.asset_key, c.check_name, c.partition).where(
            c.run_id == events[0].run_id,
            c.asset_key.in_({_identity(one)[0] for one in events}),
            c.check_name.in_({_identity(one)[1] for one in events}),
        )
    )
    return {(row.asset_key, row.check_name, row.partition) for row in found}


def _connected(connection: Any, _record: object) -> None:
    """Set a session of Dagster's, told by its name; any other is left alone."""
    if not type(connection).__module__.startswith("psycopg2"):
        return
    name = connection.info.dsn_parameters.get("application_name", "")
    if not name.startswith(DAGSTER_SESSION):
        return
    settings = {**DAGSTER_SETTINGS, "search_path": name.removeprefix(DAGSTER_SESSION)}
    with connection.cursor() as cursor:
        for setting, value in settings.items():
            cursor.execute("SELECT set_config(%s, %s, false)", (setting, value))
    connection.commit()


sa.event.listen(sa.Engine, "connect", _connected)
