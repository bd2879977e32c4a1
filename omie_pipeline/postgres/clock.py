"""The warehouse's clock: the one time that every process of a deployment agrees on."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from omie_pipeline.errors import WarehouseError
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.texts import postgres as texts

TOLD_SKEW_SECONDS = 2.0
"""A difference between machine and database above this is reported."""

_NOW = sa.text("SELECT clock_timestamp()")
_LOG = logging.getLogger("omie_pipeline.clock")
_told: set[str] = set()


def _steady_seconds() -> float:
    """Seconds that no setting of the machine's clock moves; a suspended machine's count, too."""
    kind = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(kind)


def _machine_now() -> datetime:
    return datetime.now(UTC)


class DatabaseClock:
    """A ``Clock`` that shows the database's time, whatever the machine's clock says.

    Between two measurements, as a rule at most ten seconds apart, a steady counter carries it on.
    It never runs ahead of the database: a stamp taken here is not later than one that the database
    gives afterwards.

    Args:
        fresh_seconds: the database is asked again after so long.
        steady_seconds, machine_now: the machine's counter and its clock, for tests.
    """

    def __init__(
        self,
        engine: sa.Engine,
        *,
        fresh_seconds: float = 10.0,
        steady_seconds: Callable[[], float] = _steady_seconds,
        machine_now: Callable[[], datetime] = _machine_now,
    ) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._fresh_seconds = fresh_seconds
        self._steady_seconds = steady_seconds
        self._machine_now = machine_now
        self._lock = threading.Lock()
        self._shown: datetime | None = None
        self._shown_at = 0.0

    def now(self) -> datetime:
        """The database's present instant, in UTC.

        While the database is gone, the last one measured, carried on.

        Raises:
            WarehouseError: the database is gone and was never asked.
        """
        with self._lock:
            shown = self._shown
            if shown is None or self._steady_seconds() - self._shown_at >= self._fresh_seconds:
                shown = self._measured(shown)
            return shown + timedelta(seconds=self._steady_seconds() - self._shown_at)

    def sleep(self, wait_seconds: float) -> None:
        """Block this thread."""
        if wait_seconds > 0:
            time.sleep(wait_seconds)

    def observe(self, database_now: datetime) -> None:
        """Take over a stamp that the database has given just now, by the way."""
        with self._lock:
            self._shown, self._shown_at = database_now.astimezone(UTC), self._steady_seconds()

    def skew_seconds(self) -> float:
        """By how much the machine's clock runs ahead of the database's; negative: behind."""
        return (self._machine_now() - self.now()).total_seconds()

    def _measured(self, before: datetime | None) -> datetime:
        try:
            with warehouse_errors(), self._engine.connect() as connection:
                answered: datetime = connection.execute(_NOW).scalar_one()
        except WarehouseError:
            if before is None:
                raise
            return before
        shown = answered.astimezone(UTC)
        self._shown, self._shown_at = shown, self._steady_seconds()
        self._tell_skew(shown)
        return shown

    def _tell_skew(self, shown: datetime) -> None:
        """Once for each database and process: nothing goes wrong by it, yet screens may puzzle."""
        skew_seconds = (self._machine_now() - shown).total_seconds()
        where = self._engine.url.render_as_string(hide_password=True)
        if abs(skew_seconds) <= TOLD_SKEW_SECONDS or where in _told:
            return
        _told.add(where)
        _LOG.warning(skew_text(skew_seconds))


def skew_text(skew_seconds: float) -> str:
    """The difference in words for staff."""
    how = "adiantado" if skew_seconds > 0 else "atrasado"
    size = abs(skew_seconds)
    told = texts.seconds(size) if size < 120 else texts.minutes(size / 60)
    return texts.clock_differs(size=told, direction=how)


# What a session of the database takes for today: the time zone of its login.
#
# Our own sessions set theirs. A database that is ours alone (the embedded one) is set as a whole,
# so that an analyst's ``current_date`` is the clinic's day; other people's databases are left as
# they are, and only told about.


def database_time_zone(connection: sa.Connection) -> str | None:
    """The time zone that the database itself gives to a session; ``None`` if it gives none."""
    found: str | None = connection.execute(
        sa.text(
            "SELECT (SELECT split_part(item, '=', 2) FROM pg_db_role_setting AS s, "
            "unnest(s.setconfig) AS item WHERE s.setrole = 0 AND s.setdatabase = "
            "(SELECT oid FROM pg_database WHERE datname = current_database()) "
            "AND lower(split_part(item, '=', 1)) = 'timezone')"
        )
    ).scalar_one()
    return found


def set_database_time_zone(engine: sa.Engine, name: str) -> None:
    """Make every new session of the database begin in the time zone ``name``."""
    with engine.begin() as connection:
        if database_time_zone(connection) == name:
            return
        database = sa.text("SELECT quote_ident(current_database())")
        quoted: str = connection.execute(database).scalar_one()
        # ALTER takes no parameters; the name was held against the list of time zones.
        connection.exec_driver_sql(f"ALTER DATABASE {quoted} SET timezone TO '{name}'")
