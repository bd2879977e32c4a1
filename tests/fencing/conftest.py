"""The fencing tests share the engine's world: simulator over HTTP, PostgreSQL, one clock."""

from tests.push.conftest import unvalidated, world

__all__ = ["unvalidated", "world"]
