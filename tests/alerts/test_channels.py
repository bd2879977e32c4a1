"""Through apprise to a service on loopback; what an address holds is never shown."""

from __future__ import annotations

import logging

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from omie_pipeline.alerts.channels import AppriseChannel, notify_channels
from omie_pipeline.alerts.conditions import evaluate_alerts
from omie_pipeline.alerts.send import Message, send_alerts
from omie_pipeline.config.empresas import PipelineConfig, load_config
from omie_pipeline.config.settings import Settings, notify_addresses
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.push.policy import Policies
from omie_pipeline.texts import alerts as texts
from tests.alerts.conftest import NOW, TOKEN, Mailbox, Rows, minutes

TEXT = Message("Título", "Corpo: 5 < 6 & <b>não</b>, São Paulo\nlinha 2")
TWO = PipelineConfig.model_validate(
    {
        "empresas": [
            {"nome": "sul", "app_key_env": "SUL_A", "app_secret_env": "SUL_B"},
            {
                "nome": "norte",
                "app_key_env": "NORTE_A",
                "app_secret_env": "NORTE_B",
                "notificar_env": "NORTE_NOTIFY",
            },
        ]
    }
)


def _channels(urls: str) -> tuple[AppriseChannel, ...]:
    settings = Settings(notify_urls=SecretStr(urls))
    return notify_channels(settings, load_config(settings), {})


@pytest.mark.slow
def test_a_message_arrives_as_it_was_written(mailbox: Mailbox) -> None:
    (channel,) = _channels(mailbox.url)
    assert channel.service == "JSON"
    assert channel.send(TEXT)
    (taken,) = mailbox.taken
    assert (taken["title"], taken["message"]) == (TEXT.title, TEXT.body)
    assert mailbox.paths == [f"/{TOKEN}"]


@pytest.mark.slow
def test_from_rows_to_the_service_and_back_to_silence(
    engine: sa.Engine, rows: Rows, mailbox: Mailbox
) -> None:
    channels = _channels(mailbox.url)

    def tell(passed: float) -> None:
        now = NOW + minutes(passed)
        send_alerts(engine, evaluate_alerts(engine, ("principal",), Policies(), now), channels, now)

    rows.push("failed", error_class="ModelError", error="x")
    mailbox.status = 500
    tell(0)
    mailbox.status = 200
    tell(1)
    tell(2)
    rows.push("done", ago=-3)
    tell(4)
    tell(5)
    assert [taken["title"].split(": ")[1] for taken in mailbox.taken] == ["ALERTA", "RESOLVIDO"]


@pytest.mark.parametrize("status", [200, 500, 302])
def test_nothing_of_an_address_is_shown(
    mailbox: Mailbox, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str],
    status: int,
) -> None:  # fmt: skip
    mailbox.status = status
    wrong = f"naoexiste://{TOKEN}@127.0.0.1 slack://{TOKEN} json://127.0.0.1:1/{TOKEN}"
    channels = _channels(f"{mailbox.url} {wrong}")
    with caplog.at_level(1):
        for name in ("apprise", "urllib3.connectionpool"):
            logging.getLogger(name).setLevel(1)
        sent = [channel.send(TEXT) for channel in channels]
        told = [channel.service for channel in channels]
    for name in ("apprise", "urllib3.connectionpool"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    assert sent == [status == 200, False, False, False]
    assert told == ["JSON", texts.UNKNOWN_SERVICE, texts.UNKNOWN_SERVICE, "JSON"]
    shown = f"{caplog.text} {channels!r} {channels} {[c.digest for c in channels]} "
    shown += "".join(capfd.readouterr())
    assert TOKEN not in shown
    assert "127.0.0.1" not in shown


def test_the_libraries_may_speak_again_afterwards(
    mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    (channel,) = _channels(mailbox.url)
    channel.send(TEXT)
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("urllib3.connectionpool").debug("de outra parte")
    assert "de outra parte" in caplog.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a://1 b://2", ("a://1", "b://2")),
        (" a://1,b://2 ;\n c://3, ", ("a://1", "b://2", "c://3")),
        ("a://1 a://1", ("a://1",)),
        ("mailtos://u:p@h?to=x@y.z,w@y.z slack://a/b", ("mailtos://u:p@h?to=x@y.z,w@y.z", "slack://a/b")),
    ],
)  # fmt: skip
def test_addresses_are_told_apart(text: str, expected: tuple[str, ...]) -> None:
    assert notify_addresses(text) == expected


@pytest.mark.parametrize("text", ["", "nada", "a://", "a://1 nada", "://1", "a://1 b c://2"])
def test_what_is_no_address_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match="servico://") as refused:
        notify_addresses(text)
    assert "nada" not in str(refused.value)


def test_an_empresa_may_have_channels_of_its_own() -> None:
    settings = Settings(notify_urls=SecretStr("json://todos json://ambos"))
    found = {"NORTE_NOTIFY": "json://norte, json://ambos"}
    heard = {
        channel.url.get_secret_value(): set(channel.empresas)
        for channel in notify_channels(settings, TWO, found)
    }
    assert heard == {
        "json://todos": {"", "sul"},
        "json://ambos": {"", "sul", "norte"},
        "json://norte": {"norte"},
    }


def test_a_variable_that_an_empresa_names_must_hold_addresses() -> None:
    with pytest.raises(ConfigurationError, match="NORTE_NOTIFY"):
        notify_channels(Settings(), TWO, {})
    with pytest.raises(ConfigurationError, match="NORTE_NOTIFY") as refused:
        notify_channels(Settings(), TWO, {"NORTE_NOTIFY": TOKEN})
    assert TOKEN not in str(refused.value)


def test_without_a_variable_there_is_no_channel() -> None:
    assert notify_channels(Settings(), load_config(Settings()), {}) == ()
