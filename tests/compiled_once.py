"""Every statement and every command line is compiled once in a test process.

SQLAlchemy keeps compiled statements with the engine, and nearly every test opens engines of its
own: compiling took a fifth of the tests' CPU time. Typer makes the whole program's commands anew
whenever one is typed, which took a quarter of the time of the terminal's tests.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
import sqlalchemy as sa
import typer.testing
from sqlalchemy.util import LRUCache

_MOST = 5000
_DECIDES_SQL = (
    "server_version_info",
    "default_schema_name",
    "max_identifier_length",
    "label_length",
    "paramstyle",
    "skip_autocommit_rollback",
    "_json_serializer",
    "_json_deserializer",
)
"""What else two dialects of one class may differ in that a compiled statement shows or holds."""

_Key = tuple[Any, ...]


class SharedStatements(MutableMapping[_Key, Any]):
    """One engine's door to the statements of all whose dialect is of the same kind."""

    shared: LRUCache[_Key, Any] = LRUCache(_MOST)

    @staticmethod
    def key(key: _Key) -> _Key:
        dialect, *rest = key
        kind = (getattr(dialect, name, None) for name in _DECIDES_SQL)
        return (type(dialect), *kind, *rest)

    def get(self, key: _Key, default: Any = None) -> Any:
        return self.shared.get(self.key(key), default)

    def __getitem__(self, key: _Key) -> Any:
        return self.shared[self.key(key)]

    def __setitem__(self, key: _Key, value: Any) -> None:
        self.shared[self.key(key)] = value

    def __delitem__(self, key: _Key) -> None:
        del self.shared[self.key(key)]

    def __iter__(self) -> Iterator[_Key]:
        return iter(self.shared)

    def __len__(self) -> int:
        return len(self.shared)


@pytest.fixture(autouse=True, scope="session")
def _statements_compiled_once() -> Iterator[None]:
    create = sa.create_engine

    @functools.wraps(create)
    def created(*arguments: Any, **options: Any) -> sa.Engine:
        engine = create(*arguments, **options)
        engine.update_execution_options(compiled_cache=SharedStatements())
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sa, "create_engine", created)
        yield


@pytest.fixture(autouse=True, scope="session")
def _commands_made_once() -> Iterator[None]:
    """A program as the process that runs it has it: made once, for all that is typed."""
    with pytest.MonkeyPatch.context() as patch:
        made = functools.cache(typer.testing._get_command)
        patch.setattr(typer.testing, "_get_command", made)
        yield
