"""Decisions of many: each is remembered, one after the other, in whatever order they come."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import sqlalchemy as sa

from omie_pipeline.list_mapping.model import SourceKey, TargetKind
from omie_pipeline.list_mapping.store import (
    Author,
    deciding,
    decisions,
    in_force,
    put,
    reject,
    rejections,
    remove,
)

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
KEYS = (
    SourceKey("principal", "category", "Aluguel", "category"),
    SourceKey("principal", "category", "Aluguel", "department"),
    SourceKey("*", "category", "Aluguel", "category"),
    SourceKey("principal", "procedure", "12", "category"),
    SourceKey("principal", "payment_method", "PIX", "account"),
    SourceKey("*", "payment_method", "PIX", "account"),
)


@contextmanager
def a_decision(engine: sa.Engine) -> Iterator[sa.Connection]:
    with engine.begin() as connection:
        deciding(connection)
        yield connection


def test_the_history_says_what_is_in_force(engine: sa.Engine) -> None:
    """Random decisions of three people: played again from the history they come to the same."""
    chance = random.Random(13)
    for _ in range(120):
        key, by = chance.choice(KEYS), Author(chance.choice("ABC"), NOW)
        code = str(chance.randint(1, 3))
        with a_decision(engine) as connection:
            kind = chance.choice(("put", "put", "remove", "reject"))
            if kind == "put":
                put(connection, [(key, code)], by)
            elif kind == "remove":
                remove(connection, [key], by)
            else:
                reject(connection, key, code, by, None)
    with engine.connect() as connection:
        history = list(reversed(decisions(connection)))
        now = {one.key: (one.code, one.decided_by) for one in in_force(connection)}
        refused = {(one.key, one.code) for one in rejections(connection)}
    played: dict[SourceKey, tuple[str, str]] = {}
    played_refused: set[tuple[SourceKey, str]] = set()
    for one in history:
        if one.action == "reject":
            assert one.code_after is not None
            played_refused.add((one.key, one.code_after))
            continue
        assert one.code_before == (played[one.key][0] if one.key in played else None)
        if one.code_after is None:
            del played[one.key]
        else:
            assert one.code_after != one.code_before
            played[one.key] = (one.code_after, one.decided_by)
            played_refused.discard((one.key, one.code_after))
    assert (played, played_refused) == (now, refused)
    assert {one.decided_by for one in history} == set("ABC")


def test_of_those_who_decide_at_once_each_is_told_whom_they_replaced(engine: sa.Engine) -> None:
    key: SourceKey = KEYS[0]
    people = [f"P{number}" for number in range(6)]
    together = threading.Barrier(len(people))
    told: dict[str, str | None] = {}

    def decide(name: str) -> None:
        together.wait()
        with a_decision(engine) as connection:
            (change,) = put(connection, [(key, name)], Author(name, NOW))
            told[name] = change.before.decided_by if change.before else None

    threads = [threading.Thread(target=decide, args=(name,)) for name in people]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    with engine.connect() as connection:
        history = list(reversed(decisions(connection)))
        (now,) = in_force(connection)
    order = [one.decided_by for one in history]
    assert sorted(order) == people
    assert told == dict(zip(order, [None, *order[:-1]], strict=True))
    assert now.decided_by == order[-1]


def test_a_reader_does_not_wait_for_a_decision(engine: sa.Engine) -> None:
    """A build reads what was in force; the decision is in force when it is committed."""
    target: TargetKind = "category"
    key = SourceKey("principal", "category", "Luz", target)
    with a_decision(engine) as connection, engine.connect() as reader:
        put(connection, [(key, "1")], Author("Ana", NOW))
        reader.execute(sa.text("SET LOCAL lock_timeout = '1s'"))
        assert in_force(reader) == []
    with engine.connect() as reader:
        assert [one.code for one in in_force(reader)] == ["1"]
