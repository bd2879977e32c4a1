"""Databases made before a test asks for one, and dropped after it without anybody waiting.

Copying the template and dropping the copy keep a test waiting for some 50 ms, which is as long as
many of them take.
"""

from __future__ import annotations

import queue
import secrets
import threading
from types import TracebackType

import sqlalchemy as sa

_AHEAD = 2


class SpareDatabases:
    """Copies of ``template`` on one server, made and dropped by a thread of their own."""

    def __init__(self, administration: sa.Engine, template: str) -> None:
        self._administration = administration
        self._template = template
        self._ready: queue.Queue[str | sa.exc.DBAPIError] = queue.Queue(_AHEAD)
        self._left: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="spare databases", daemon=True)

    def take(self) -> str:
        """The name of a database that nobody has used."""
        one = self._ready.get()
        if isinstance(one, sa.exc.DBAPIError):
            raise one
        return one

    def leave(self, name: str) -> None:
        """Have a database dropped, whoever is still connected to it."""
        self._left.put(name)

    def _work(self) -> None:
        try:
            with self._administration.connect() as connection:
                while not self._ended.is_set():
                    while not self._left.empty():
                        drop(connection, self._left.get())
                    name = f"test_{secrets.token_hex(6)}"
                    connection.execute(
                        sa.text(
                            f"CREATE DATABASE {name} TEMPLATE {self._template} STRATEGY file_copy"
                        )
                    )
                    self._ready.put(name)
        except sa.exc.DBAPIError as error:
            self._ready.put(error)

    def __enter__(self) -> SpareDatabases:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop. What there is goes with the server."""
        self._ended.set()
        while self._thread.is_alive():
            try:
                self._ready.get(timeout=0.05)
            except queue.Empty:
                continue


def drop(connection: sa.Connection, name: str) -> None:
    connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
