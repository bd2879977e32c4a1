"""Signed calls: in order, counted when the receiver says its number, and nothing is lost."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from omie_pipeline.clock import ManualClock
from omie_pipeline.outbox.callback import Callback
from omie_pipeline.outbox.targets import Delivery, deliver
from omie_pipeline.signed_post import NotDelivered, SignedPost, signing_key
from tests.docs.pages import ROOT, blocks
from tests.outbox.conftest import fill
from tests.outbox.receiver import KEY, Receiver, received
from tests.push.world import EMPRESA


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.stop()


class Caller:
    """Brings an outbox to a receiver."""

    def __init__(self, engine: sa.Engine, clock: ManualClock) -> None:
        self.engine = engine
        self.clock = clock

    def __call__(self, url: str, *, timeout_seconds: float = 2, batch: int = 100) -> Delivery:
        key = signing_key(SecretStr(KEY))
        assert key is not None
        target = Callback(SignedPost(SecretStr(url), key, self.clock, timeout_seconds))
        target.batch = batch
        return deliver(self.engine, EMPRESA, target, self.clock)


@pytest.fixture
def call(engine: sa.Engine, clock: ManualClock) -> Caller:
    return Caller(engine, clock)


def test_the_page_s_ten_lines_believe_us_and_nobody_else(call: Caller, receiver: Receiver) -> None:
    (lines,) = blocks(ROOT / "docs" / "way-back.md", "python")
    page: dict[str, Any] = {}
    exec(lines, page)
    page["time"] = type("Now", (), {"time": lambda: call.clock.now().timestamp()})
    is_ours = page["is_ours"]
    fill(call.engine, 2)
    assert call(receiver.url).state == "done"
    ((headers, body),) = receiver.calls
    assert is_ours(KEY, headers, body)
    assert not is_ours(KEY, headers, body + b" ")
    assert not is_ours("whsec_" + base64.b64encode(b"x" * 32).decode(), headers, body)
    assert not is_ours(KEY, headers | {"webhook-id": "outra"}, body)
    assert not is_ours(KEY, headers | {"webhook-timestamp": "1"}, body)
    call.clock.sleep(600)
    assert not is_ours(KEY, headers, body)


def test_a_receiver_that_takes_a_part_goes_on_from_there(call: Caller, receiver: Receiver) -> None:
    fill(call.engine, 4)
    receiver.answering = lambda body: (
        200, json.dumps({"received": body["changes"][0]["number"]}).encode()
    )  # fmt: skip
    done = call(receiver.url, batch=3)
    assert (done.state, done.sent, done.number) == ("done", 4, 4)
    assert receiver.numbers == [1, 2, 3, 2, 3, 4, 3, 4, 4]


@pytest.mark.parametrize(
    ("status", "answer", "told"),
    [
        (200, b"<html>Bem-vindo</html>", "sem dizer até onde recebeu"),
        (200, b"", "sem dizer"),
        (200, b'{"received": true}', "sem dizer"),
        (200, b'{"received": 99}', "de 1 a 2"),
        (200, b'{"received": 0}', "de 1 a 2"),
        (200, b'{"received": "2"}', "de 1 a 2"),
        (200, b"[2]", "sem dizer"),
        (200, b"x" * 70_000, "grande demais"),
        (302, b'{"received": 2}', "respondeu 302"),
        (404, b'{"received": 2}', "respondeu 404"),
        (503, b'{"received": 2}', "respondeu 503"),
    ],
)
def test_an_answer_that_proves_nothing_counts_as_nothing(
    call: Caller, receiver: Receiver, status: int, answer: bytes, told: str
) -> None:
    fill(call.engine, 2)
    receiver.answering = lambda _: (status, answer)
    done = call(receiver.url)
    assert (done.state, done.number) == ("failed", 0)
    assert told in (done.error or "")
    assert len(receiver.calls) == (3 if status == 503 else 1)
    receiver.answering = received
    call.clock.sleep(60)
    assert call(receiver.url).number == 2


def test_a_receiver_that_is_slow_or_away_for_a_day_loses_nothing(
    call: Caller, receiver: Receiver
) -> None:
    fill(call.engine, 2)
    receiver.slow.clear()
    done = call(receiver.url, timeout_seconds=0.05)
    assert "demorou demais" in (done.error or "")
    receiver.slow.set()
    away = "http://127.0.0.1:1/"
    for hour in range(24):
        call.clock.sleep(3600)
        if hour == 12:
            fill(call.engine, 2)
        done = call(away)
        assert done.state == "failed"
        assert "127.0.0.1" not in (done.error or "")
    call.clock.sleep(3600)
    receiver.calls.clear()
    assert call(receiver.url).state == "done"
    assert receiver.numbers == [1, 2, 3, 4]


def test_no_answer_is_waited_for_after_the_end_of_a_round(call: Caller, receiver: Receiver) -> None:
    receiver.slow.clear()
    ends = call.clock.now() + timedelta(seconds=0.1)
    post = SignedPost(SecretStr(receiver.url), b"k" * 32, call.clock, until=ends)
    with pytest.raises(NotDelivered, match="demorou demais"):
        post.send("1", b"{}")
    assert len(receiver.calls) == 1  # a second try would begin after the end
    call.clock.sleep(1)
    with pytest.raises(NotDelivered, match="demorou demais"):
        post.send("1", b"{}")
    assert len(receiver.calls) == 1


def test_keys_that_are_none_are_refused() -> None:
    short = "whsec_" + base64.b64encode(b"k" * 23).decode()
    for wrong in ("", "segredo", "whsec_", "whsec_não", short, KEY.removeprefix("whsec_")):
        assert signing_key(SecretStr(wrong)) is None
    post = SignedPost(
        SecretStr("https://a/segredo"), b"k" * 32, ManualClock(datetime(2026, 1, 5, tzinfo=UTC))
    )
    assert "segredo" not in repr(post)
