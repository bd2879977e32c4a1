"""The battery runs in the same world as the engine's tests."""

from tests.push.conftest import unvalidated, world

__all__ = ["unvalidated", "world"]
