"""Three kinds of clocks: the real one, which is Omie's, the database's, and each machine's.

The database's functions of the time are hidden by two of these, so that the
package's own ``DatabaseClock`` asks them as it asks a real database.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from omie_pipeline.postgres.clock import DatabaseClock
from omie_pipeline.simulator.clock import ManualClock

_SHOWN = (
    "CREATE SCHEMA histories",
    "CREATE SEQUENCE histories.moment",
    *(
        f"CREATE FUNCTION histories.{name}() RETURNS timestamptz LANGUAGE sql VOLATILE AS "
        "'SELECT to_timestamp(last_value / 1000000.0) FROM histories.moment'"
        for name in ("now", "clock_timestamp")
    ),
)


class SharedTime(ManualClock):
    """Omie's time and the database's; both stand until somebody waits.

    Attributes:
        database_ahead_seconds: by how much the database's clock is off; negative: behind.
    """

    def __init__(self, start: datetime, engine: sa.Engine) -> None:
        super().__init__(start)
        self._lock = threading.Lock()
        self.database_ahead_seconds = 0
        with engine.begin() as connection:
            for statement in _SHOWN:
                connection.execute(sa.text(statement))
            name = engine.dialect.identifier_preparer.quote(str(engine.url.database))
            # Else pg_catalog's come first, whatever the path says.
            path = "histories, pg_catalog, public"
            connection.execute(sa.text(f"ALTER DATABASE {name} SET search_path = {path}"))
        engine.dispose()
        autocommit = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._connection = autocommit.connect()
        self._show()

    def set_database(self, ahead_seconds: int) -> None:
        """Set the database's clock, rightly or wrongly."""
        self.database_ahead_seconds = ahead_seconds
        self._show()

    def database_now(self) -> datetime:
        """What the database shows."""
        return datetime.fromtimestamp(self._seconds + self.database_ahead_seconds, UTC)

    def advance(self, seconds: float) -> None:
        super().advance(seconds)
        self._show()

    def close(self) -> None:
        self._connection.close()

    def _show(self) -> None:
        # A sequence, because whoever is in a transaction must see it too.
        shown = int((self._seconds + self.database_ahead_seconds) * 1_000_000)
        moment = sa.func.setval("histories.moment", shown)
        with self._lock:
            self._connection.execute(sa.select(moment))


@dataclass
class Machine:
    """A machine whose clock is ``ahead_seconds`` off; negative: behind."""

    ahead_seconds: int = 0


class ProcessClock(DatabaseClock):
    """The clock of one process on a machine, as a deployment makes it."""

    def __init__(self, engine: sa.Engine, time: SharedTime, machine: Machine) -> None:
        self._time, self.machine = time, machine
        super().__init__(engine, steady_seconds=time.seconds, machine_now=self.machine_now)

    def machine_now(self) -> datetime:
        """What the machine's own clock shows."""
        ahead = timedelta(seconds=self.machine.ahead_seconds)
        return datetime.fromtimestamp(self._time.seconds(), UTC) + ahead

    def sleep(self, wait_seconds: float) -> None:
        if wait_seconds > 0:
            self._time.advance(wait_seconds)
