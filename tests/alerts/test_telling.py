"""Once when it begins, again a day later, once when it ends; whoever was not reached is tried."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from omie_pipeline.alerts.deduplication import Alert, open_alerts
from omie_pipeline.alerts.send import Message, send_alerts
from tests.alerts.conftest import NOW, FakeChannel, minutes
from tests.fencing.losing import end_lock

KINDS = ("a", "b")


def _alert(name: str = "um", kind: str = "a", empresa: str = "principal") -> Alert:
    return Alert(
        f"{kind}:{empresa}:{name}", empresa, kind, f"{name} falhou", "Faça isto.", NOW - minutes(9)
    )


def test_one_message_when_it_begins(engine: sa.Engine, channel: FakeChannel) -> None:
    for passed in (0, 1, 60, 23 * 60):
        send_alerts(engine, [_alert()], [channel], NOW + minutes(passed), KINDS)
    (message,) = channel.taken
    assert message.title == "omie_pipeline: ALERTA: um falhou"
    assert message.body == "ALERTA: um falhou\nFaça isto."


def test_several_alerts_are_one_message(engine: sa.Engine, channel: FakeChannel) -> None:
    send_alerts(engine, [_alert(), _alert("dois"), _alert("tres", "b")], [channel], NOW, KINDS)
    (message,) = channel.taken
    assert message.title == "omie_pipeline: 3 alertas novos"
    assert all(f"ALERTA: {name} falhou" in message.body for name in ("um", "dois", "tres"))


def test_a_reminder_after_a_day_while_it_lasts(engine: sa.Engine, channel: FakeChannel) -> None:
    day = timedelta(hours=24)
    for at in (NOW, NOW + day - minutes(1), NOW + day, NOW + day + minutes(1), NOW + 2 * day):
        send_alerts(engine, [_alert()], [channel], at, KINDS)
    heads = [message.title.split(": ")[1] for message in channel.taken]
    assert heads == ["ALERTA", "CONTINUA", "CONTINUA"]
    (still,) = open_alerts(engine)
    assert (still.times, still.told_at, still.since) == (3, NOW + 2 * day, NOW - minutes(9))


def test_one_message_when_it_ends_and_a_new_one_when_it_returns(
    engine: sa.Engine, channel: FakeChannel
) -> None:
    steps = [[_alert()], [], [], [_alert()], [_alert()]]
    for number, alerts in enumerate(steps):
        send_alerts(engine, alerts, [channel], NOW + minutes(number), KINDS)
    heads = [message.title.split(": ")[1] for message in channel.taken]
    assert heads == ["ALERTA", "RESOLVIDO", "ALERTA"]
    assert channel.taken[1].body.endswith("De 05/01/2026 08:51 a 05/01/2026 09:01.")


def test_new_going_on_and_ended_share_a_message(engine: sa.Engine, channel: FakeChannel) -> None:
    send_alerts(engine, [_alert("um"), _alert("dois")], [channel], NOW, KINDS)
    later = NOW + timedelta(hours=25)
    send_alerts(engine, [_alert("um"), _alert("tres")], [channel], later, KINDS)
    assert channel.taken[1].title == "omie_pipeline: 1 alerta novo, 1 que continua, 1 resolvido"
    order = [channel.taken[1].body.index(name) for name in ("tres", "um falhou", "dois")]
    assert order == sorted(order)


def test_what_was_not_looked_for_does_not_end(engine: sa.Engine, channel: FakeChannel) -> None:
    send_alerts(engine, [_alert(), _alert("outro", "b")], [channel], NOW, KINDS)
    assert send_alerts(engine, [_alert()], [channel], NOW + minutes(1), ("a",)) == ()
    assert len(open_alerts(engine)) == 2
    send_alerts(engine, [_alert()], [channel], NOW + minutes(2), KINDS)
    assert [one.kind for one in open_alerts(engine)] == ["a"]


def test_a_channel_that_fails_is_tried_again_and_the_others_hear_once(
    engine: sa.Engine, channel: FakeChannel, caplog: pytest.LogCaptureFixture
) -> None:
    broken = FakeChannel("bbbbbbbb", "Quebrado", broken=True)
    with caplog.at_level(logging.DEBUG):
        sent = send_alerts(engine, [_alert()], [broken, channel], NOW, KINDS)
    assert sent is not None
    assert [(one.service, one.ok) for one in sent] == [("Quebrado", False), ("Teste", True)]
    assert "Aviso não entregue: Quebrado" in caplog.text
    broken.broken = False
    send_alerts(engine, [_alert()], [broken, channel], NOW + minutes(1), KINDS)
    send_alerts(engine, [_alert()], [broken, channel], NOW + minutes(2), KINDS)
    assert (broken.tried, len(broken.taken), channel.tried) == (2, 1, 1)


def test_nobody_reached_is_nobody_told(engine: sa.Engine) -> None:
    broken = FakeChannel(broken=True)
    send_alerts(engine, [_alert()], [broken], NOW, KINDS)
    (still,) = open_alerts(engine)
    assert (still.told_at, still.times) == (None, 0)
    # It ended before anybody heard of it: there is nothing to say.
    broken.broken = False
    assert send_alerts(engine, [], [broken], NOW + minutes(1), KINDS) == ()


def test_an_end_that_was_not_taken_is_told_later(engine: sa.Engine, channel: FakeChannel) -> None:
    send_alerts(engine, [_alert()], [channel], NOW, KINDS)
    channel.broken = True
    send_alerts(engine, [], [channel], NOW + minutes(1), KINDS)
    channel.broken = False
    send_alerts(engine, [], [channel], NOW + minutes(2), KINDS)
    send_alerts(engine, [], [channel], NOW + minutes(3), KINDS)
    assert [message.title.split(": ")[1] for message in channel.taken] == ["ALERTA", "RESOLVIDO"]


def test_a_channel_hears_of_its_empresas_only(engine: sa.Engine, channel: FakeChannel) -> None:
    other = FakeChannel("bbbbbbbb", empresas=("outra",))
    alerts = [_alert("um"), _alert("dois", empresa="outra"), _alert("tres", empresa="")]
    send_alerts(engine, alerts, [channel, other], NOW, KINDS)
    assert "um" in channel.taken[0].body
    assert "tres" in channel.taken[0].body
    assert "dois" not in channel.taken[0].body
    assert other.taken[0].title.endswith("dois falhou")


def test_many_alerts_make_a_message_that_can_be_read(
    engine: sa.Engine, channel: FakeChannel
) -> None:
    send_alerts(engine, [_alert(f"n{n}") for n in range(50)], [channel], NOW, KINDS)
    assert channel.taken[0].body.count("ALERTA") == 20
    assert channel.taken[0].body.endswith("E mais 30: omie-pipeline notify status")
    assert send_alerts(engine, [_alert(f"n{n}") for n in range(50)], [channel], NOW, KINDS) == ()


class _Slow(FakeChannel):
    """Is still sending while the other process asks."""

    def __init__(self) -> None:
        super().__init__()
        self.sending = threading.Event()
        self.go_on = threading.Event()

    def send(self, message: Message) -> bool:
        self.sending.set()
        assert self.go_on.wait(10)
        return super().send(message)


def test_two_at_once_send_once(engine: sa.Engine, channel: FakeChannel) -> None:
    slow = _Slow()
    first = threading.Thread(target=send_alerts, args=(engine, [_alert()], [slow], NOW, KINDS))
    first.start()
    try:
        assert slow.sending.wait(10)
        assert send_alerts(engine, [_alert()], [channel], NOW, KINDS) is None
    finally:
        slow.go_on.set()
        first.join()
    assert (len(slow.taken), channel.tried) == (1, 0)
    # It has the same digest, and the first one's word is kept.
    assert send_alerts(engine, [_alert()], [channel], NOW, KINDS) == ()


def test_many_at_once_send_once(engine: sa.Engine, channel: FakeChannel) -> None:
    threads = [
        threading.Thread(target=send_alerts, args=(engine, [_alert()], [channel], NOW, KINDS))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(channel.taken) == 1


class _Losing(FakeChannel):
    """Takes its message while this process loses its lane and another one tells everybody."""

    others: tuple[FakeChannel, ...] = ()
    engine: sa.Engine | None = None

    def send(self, message: Message) -> bool:
        engine, self.engine = self.engine, None
        if engine is not None:
            end_lock(engine, "avisos")
            send_alerts(engine, [_alert()], [self, *self.others], NOW, KINDS)
        return super().send(message)


def test_a_process_that_lost_its_lane_tells_nobody_else(
    engine: sa.Engine, channel: FakeChannel
) -> None:
    first = _Losing("bbbbbbbb", "Primeiro")
    first.engine, first.others = engine, (channel,)
    sent = send_alerts(engine, [_alert()], [first, channel], NOW, KINDS)
    assert [one.service for one in sent or ()] == ["Primeiro"]
    assert channel.tried == 1
    # It had begun to send: that one comes twice, and is remembered as the other process has it.
    assert len(first.taken) == 2
    assert send_alerts(engine, [_alert()], [first, channel], NOW + minutes(1), KINDS) == ()
