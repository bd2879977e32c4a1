"""Databases made ahead: one for each who asks, dropped when left, and no silence on failure."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.conftest import TEMPLATE
from tests.spare_databases import SpareDatabases


@pytest.fixture
def administration(_administration: sa.Engine) -> sa.Engine:
    return _administration


def test_each_is_given_once_and_dropped_when_left(administration: sa.Engine) -> None:
    with SpareDatabases(administration, TEMPLATE) as spares:
        first = spares.take()
        spares.leave(first)
        # Two are ready and one is being made; the fourth is made after the first was dropped.
        others = [spares.take() for _ in range(4)]
        assert len({first, *others}) == 5
        with administration.connect() as connection:
            there = set(connection.scalars(sa.text("SELECT datname FROM pg_database")))
        assert first not in there
        assert set(others) <= there


def test_whoever_asks_is_told_that_none_can_be_made(administration: sa.Engine) -> None:
    with (
        SpareDatabases(administration, "of_nobody") as spares,
        pytest.raises(sa.exc.DBAPIError, match="of_nobody"),
    ):
        spares.take()
