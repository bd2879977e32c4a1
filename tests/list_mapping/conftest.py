"""A whole deployment, as the push's tests have it."""

from __future__ import annotations

from tests.push.conftest import world

__all__ = ["world"]
