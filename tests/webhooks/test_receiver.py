"""Real HTTP to a running receiver: what is stored, what is refused, what is answered."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from omie_pipeline.webhooks.server import Receiver
from tests.local_http import NO_TLS
from tests.webhooks.bodies import APP_KEY, CPF, NAME, SECRET, body, settlement, title
from tests.webhooks.conftest import DOOR, Stored

RECORDED = Path(__file__).parent / "recorded"
EVENTS = sorted(path for path in RECORDED.glob("*.json") if path.stem != "ping")
CHANGED = "Financas.ContaReceber.Alterado"


@pytest.mark.parametrize("path", EVENTS, ids=lambda path: path.stem)
def test_every_recorded_event_is_stored(
    path: Path, url: str, omie: httpx.Client, stored: Stored
) -> None:
    sent = json.loads(path.read_text("utf-8"))
    assert omie.post(url, content=path.read_bytes()).status_code == 200
    row = stored.one()
    assert (row["empresa"], row["message_id"]) == ("principal", sent["messageId"])
    assert row["topic"] == sent["topic"]
    assert row["raw"]["event"] == sent["event"]
    assert "appKey" not in row["raw"]
    assert row["author"] == "89"
    mirrored = sent["topic"].startswith("Financas.")
    assert row["state"] == ("pending" if mirrored else "ignored")
    if mirrored:
        assert row["records"]["contas_receber"] == [str(sent["event"]["codigo_lancamento_omie"])]
        assert row["missing"] == ["contas_receber", "baixas", "movimentacoes"]


def test_the_ping_is_answered_and_not_stored(url: str, omie: httpx.Client, stored: Stored) -> None:
    ping = (RECORDED / "ping.json").read_bytes()
    assert omie.post(url, content=ping).status_code == 200
    assert stored.rows() == []


def test_an_event_that_comes_again_is_stored_once(
    url: str, omie: httpx.Client, stored: Stored
) -> None:
    same = body(CHANGED, title(1), message_id="m-1")
    assert [omie.post(url, content=same).status_code for _ in range(3)] == [200, 200, 200]
    assert stored.one()["message_id"] == "m-1"


def test_an_array_of_settlements_names_them_all(
    url: str, omie: httpx.Client, stored: Stored
) -> None:
    event = settlement(77, 5, 6)
    omie.post(url, content=body("Financas.ContaReceber.BaixaRealizada", event))
    assert stored.one()["records"] == {
        "contas_receber": ["5", "6"],
        "baixas": ["77"],
        "movimentacoes": ["77"],
        "lancamentos_conta_corrente": ["5", "6"],
    }


@pytest.mark.parametrize(
    "topic",
    ["CRM.Tarefa.Incluida", "OrdemProducao.Incluida", "RemessaProduto.Alterada", "Novo.Assunto"],
)
def test_an_unknown_topic_is_ignored_and_says_so(
    url: str, omie: httpx.Client, stored: Stored, topic: str
) -> None:
    sent = body(topic, {"id": 1})
    assert omie.post(url, content=sent).status_code == 200
    assert stored.one()["state"] == "ignored"
    assert stored.one()["done_at"] is not None


@pytest.mark.parametrize(
    "path",
    [
        f"/omie/principal/{SECRET}x",
        "/omie/principal/",
        f"/omie/outra/{SECRET}",
        f"/omie//{SECRET}",
        f"/omie/principal/{SECRET}/",
        f"/outro/principal/{SECRET}",
        "/",
    ],
)
def test_a_wrong_address_is_told_nothing(
    path: str, receiver: Receiver, omie: httpx.Client, stored: Stored
) -> None:
    address = f"http://127.0.0.1:{receiver.port}{path}"
    answer = omie.post(address, content=body(CHANGED, title(1)))
    assert (answer.status_code, answer.content) == (404, b"")
    assert stored.rows() == []


def test_an_unknown_empresa_costs_the_same_comparison(
    receiver: Receiver, omie: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from omie_pipeline.webhooks import auth

    compared: list[int] = []
    real = auth.hmac.compare_digest

    def counting(a: bytes, b: bytes) -> bool:
        compared.append(len(a))
        return real(a, b)

    monkeypatch.setattr(auth.hmac, "compare_digest", counting)
    for empresa in ("principal", "desconhecida"):
        omie.post(f"http://127.0.0.1:{receiver.port}/omie/{empresa}/errado", content=b"{}")
    assert compared == [32, 32]


@pytest.mark.parametrize("app_key", ["99999", "", f"{APP_KEY} "])
def test_a_foreign_app_key_is_refused(
    app_key: str, url: str, omie: httpx.Client, stored: Stored
) -> None:
    forged = body(CHANGED, title(1), app_key=app_key)
    assert omie.post(url, content=forged).status_code == 403
    assert stored.rows() == []


@pytest.mark.parametrize(
    ("unusable", "reason"),
    [
        (b"isto nao e json", "JSON"),
        (b"", "JSON"),
        (b"[" * 100_000, "JSON"),
        (b"\xff\xfe\x00", "JSON"),
        (b"[1, 2]", "formato"),
        (json.dumps({"produto_servico_cadastro": [{"a": 1}]}).encode(), "formato"),
        (body("", title(1)), "formato"),
        (body(CHANGED, title(1), app_key=None), "appKey"),
    ],
)
def test_what_cannot_be_used_blocks_nothing(
    unusable: bytes, reason: str, url: str, omie: httpx.Client, stored: Stored
) -> None:
    """Omie holds back every event behind one that is not answered with 2xx."""
    assert omie.post(url, content=unusable).status_code == 200
    assert stored.one()["state"] == "ignored"
    assert reason in stored.one()["error"]


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b"])
def test_text_that_the_database_cannot_hold_still_triggers(
    text: str, url: str, omie: httpx.Client, stored: Stored
) -> None:
    event = {**title(9), "observacao": text}
    assert omie.post(url, content=body(CHANGED, event)).status_code == 200
    row = stored.one()
    assert (row["state"], row["records"]["contas_receber"]) == ("pending", ["9"])


def test_half_a_character_in_an_id_blocks_nothing(
    url: str, omie: httpx.Client, stored: Stored
) -> None:
    event = {**title(9), "codigo_lancamento_omie": "\ud800"}
    assert omie.post(url, content=body(CHANGED, event)).status_code == 200
    row = stored.one()
    assert (row["state"], row["records"]) == ("pending", {})


def test_ids_that_the_database_refuses_are_ignored(
    url: str, omie: httpx.Client, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a rule may one day let through."""
    named = {"contas_receber": ["\ud800"]}
    monkeypatch.setattr("omie_pipeline.webhooks.message.records_of", lambda *_: named)
    assert omie.post(url, content=body(CHANGED, title(9))).status_code == 200
    row = stored.one()
    assert (row["state"], row["records"], row["tables"]) == ("ignored", {}, [])
    assert "corpo_base64" in row["raw"]
    monkeypatch.undo()
    assert omie.post(url, content=body(CHANGED, title(10))).status_code == 200
    assert sorted(row["state"] for row in stored.rows()) == ["ignored", "pending"]


def test_a_bad_neighbour_does_not_cost_the_others(url: str, stored: Stored) -> None:
    bodies = [body(CHANGED, title(n)) for n in range(1, 40)]
    bodies[20] = body(CHANGED, {**title(21), "observacao": "\x00"})
    assert _post_all(url, bodies) == {200}
    assert len(stored.rows()) == 39


def test_five_megabytes_are_refused_before_they_are_read(url: str, receiver: Receiver) -> None:
    head = f"POST {_path(url)} HTTP/1.1\r\nHost: x\r\nContent-Length: 5242880\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=5) as sender:
        sender.sendall(head + b"{")
        assert sender.recv(64).startswith(b"HTTP/1.1 413")


def test_five_megabytes_in_chunks_are_refused_on_the_way(url: str, receiver: Receiver) -> None:
    head = f"POST {_path(url)} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    part = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    sent = 0
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=5) as sender:
        sender.sendall(head)
        try:
            while sent < 80:
                sender.sendall(part)
                sent += 1
        except OSError:
            assert sent < 80
        else:
            assert sender.recv(64).startswith(b"HTTP/1.1 413")


def test_chunks_make_an_event(url: str, omie: httpx.Client, stored: Stored) -> None:
    whole = body(CHANGED, title(3))

    def parts() -> Iterator[bytes]:
        yield whole[:10]
        yield whole[10:]

    assert omie.post(url, content=parts()).status_code == 200
    assert stored.one()["records"]["contas_receber"] == ["3"]


def test_only_posts_are_taken(url: str, omie: httpx.Client) -> None:
    assert omie.get(url).status_code == 405


def test_a_database_that_is_away_makes_omie_try_again(
    receiver: Receiver, url: str, omie: httpx.Client, engine: sa.Engine, stored: Stored
) -> None:
    same = body(CHANGED, title(1))
    assert omie.post(url, content=same).status_code == 200
    name = engine.url.database
    administration = sa.create_engine(
        engine.url.set(database="postgres"), isolation_level="AUTOCOMMIT"
    )
    with administration.connect() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        connection.exec_driver_sql(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )
        other = body(CHANGED, title(2))
        assert omie.post(url, content=other).status_code == 503
        connection.exec_driver_sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    assert omie.post(url, content=other).status_code == 200
    administration.dispose()
    engine.dispose()
    assert len(stored.rows()) == 2


def test_the_answer_comes_after_the_commit(
    url: str, omie: httpx.Client, engine: sa.Engine, stored: Stored
) -> None:
    """While the insert waits for a lock nothing is answered."""
    answered = threading.Event()

    def post() -> int:
        status = omie.post(url, content=body(CHANGED, title(1))).status_code
        answered.set()
        return status

    with ThreadPoolExecutor(1) as pool:
        with engine.begin() as connection:
            connection.exec_driver_sql("LOCK TABLE omie_inbox.events IN SHARE MODE")
            status = pool.submit(post)
            assert not answered.wait(0.5)
        assert status.result() == 200
    assert len(stored.rows()) == 1


def test_nothing_personal_and_no_secret_is_logged(
    receiver: Receiver, url: str, omie: httpx.Client, caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    for sent in (body(CHANGED, title(1)), b"x", body(CHANGED, title(1), app_key="9")):
        omie.post(url, content=sent)
    omie.post(f"{url}errado", content=b"{}")
    omie.post(url, content=b"x" * 2_000_000)
    ours = [r.getMessage() for r in caplog.records if r.name.startswith(("omie", "uvicorn"))]
    told = capfd.readouterr()
    shown = "\n".join([*ours, told.out, told.err])
    assert "1 eventos guardados" in shown
    for hidden in (SECRET, CPF, NAME, APP_KEY, "maria@"):
        assert hidden not in shown
    assert SECRET not in repr(DOOR)


def test_a_burst_is_stored_whole(url: str, stored: Stored) -> None:
    assert _post_all(url, [body(CHANGED, title(n)) for n in range(1, 301)]) == {200}
    assert len(stored.rows()) == 300


def _post_all(url: str, bodies: list[bytes]) -> set[int]:
    with (
        httpx.Client(verify=NO_TLS, timeout=7, trust_env=False) as client,
        ThreadPoolExecutor(16) as pool,
    ):
        return set(pool.map(lambda one: client.post(url, content=one).status_code, bodies))


def _path(url: str) -> str:
    return httpx.URL(url).path
