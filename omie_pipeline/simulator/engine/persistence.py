"""State that survives a restart: one SQLite file, written after every change."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from omie_pipeline.simulator import wire
from omie_pipeline.simulator.engine.state import AppState, Change, State

_SCHEMA = """
CREATE TABLE IF NOT EXISTS app (
    app_key TEXT PRIMARY KEY, name TEXT NOT NULL, secret_hash TEXT NOT NULL,
    next_id INTEGER NOT NULL, suspended INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS record (
    app_key TEXT NOT NULL, endpoint TEXT NOT NULL, record_key TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (app_key, endpoint, record_key)
);
"""


class StateFile:
    """The file behind ``--state``. Callers hold the simulator's lock."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        # The operating system keeps what a killed process wrote; only a power cut could lose it.
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.executescript(_SCHEMA)

    def load_into(self, state: State) -> bool:
        """Fill ``state``; false when the file holds no app yet."""
        apps = self._db.execute(
            "SELECT app_key, name, secret_hash, next_id, suspended FROM app"
        ).fetchall()
        for app_key, name, secret_hash, next_id, suspended in apps:
            app = state.add_app(app_key, secret_hash, name)
            app.next_id, app.suspended = next_id, bool(suspended)
        rows = self._db.execute("SELECT app_key, endpoint, body FROM record")
        for app_key, endpoint, body in rows:
            collection = state.apps[app_key].collections.get(endpoint)
            if collection is not None:
                collection.put(wire.loads(body))
        return bool(apps)

    def save(self, app: AppState, changes: list[Change]) -> None:
        """Write the app and ``changes`` in one transaction."""
        self._db.execute("BEGIN")
        self._save_app(app)
        for change in changes:
            where = (app.app_key, change.collection.endpoint.name, str(change.key))
            if change.after is None:
                self._db.execute(
                    "DELETE FROM record WHERE app_key = ? AND endpoint = ? AND record_key = ?",
                    where,
                )
            else:
                self._db.execute(
                    "INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?)",
                    (*where, wire.dumps(change.after)),
                )
        self._db.execute("COMMIT")

    def _save_app(self, app: AppState) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO app VALUES (?, ?, ?, ?, ?)",
            (app.app_key, app.name, app.secret_hash, app.next_id, int(app.suspended)),
        )

    def clear(self) -> None:
        """Forget everything."""
        self._db.executescript("DELETE FROM record; DELETE FROM app;")

    def close(self) -> None:
        """Write the log into the file and let go of it."""
        self._db.close()
