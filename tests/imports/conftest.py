"""The world of the push tests, for the way back."""

from tests.push.conftest import unvalidated, world

__all__ = ["unvalidated", "world"]
