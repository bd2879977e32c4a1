"""After the end of a block one reader of all knocks, and the others hear what came of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.clock import ManualClock
from omie_pipeline.errors import Blocked, Empty
from omie_pipeline.omie.client import Credentials, OmieClient
from omie_pipeline.omie.rate_limiter import SharedRateLimiter

END = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
SERVICE = REGISTRY["clientes"].service
Answer = Callable[[httpx.Request], httpx.Response]
GOOD = httpx.Response(200, json={"total": 1})
EMPTY = httpx.Response(
    500, json={"faultstring": "ERROR: Não existem registros para a página [1]!",
               "faultcode": "SOAP-ENV:Client-5113"},
)  # fmt: skip
CLOSED = httpx.Response(425, json={"faultstring": "bloqueada", "faultcode": "x"})


class Readers:
    """Four processes' clients of one key, a second after the end of its block."""

    def __init__(self, engine: sa.Engine) -> None:
        self.clock = ManualClock(END + timedelta(seconds=1))
        self.knocks = 0
        self.answer: Answer = lambda _: GOOD
        self._engine = engine
        self._rate_limiter().record_block(END, "425", END)
        self.clients = [self._client() for _ in range(4)]

    def _rate_limiter(self) -> SharedRateLimiter:
        return SharedRateLimiter(
            self._engine, "a", method_per_minute=235, ip_per_minute=940, error_budget=8
        )

    def _client(self) -> OmieClient:
        def serve(request: httpx.Request) -> httpx.Response:
            self.knocks += 1
            return self.answer(request)

        keys = Credentials(SecretStr("k"), SecretStr("s"))
        transport = httpx.MockTransport(serve)
        return OmieClient(
            keys, "http://omie/", self._rate_limiter(), self.clock, transport=transport
        )

    def ask(self, number: int) -> object:
        return self.clients[number].read(SERVICE, f"Listar{number}", {"pagina": number})

    def blocks(self) -> int:
        with self._engine.connect() as connection:
            return connection.execute(sa.text("SELECT count(*) FROM omie_sync.block")).scalar_one()


@pytest.fixture
def readers(engine: sa.Engine) -> Readers:
    return Readers(engine)


def ask_while_one_waits(readers: Readers, answer: httpx.Response) -> None:
    """The first asks, and before Omie answers the other three do."""

    def serve(_: httpx.Request) -> httpx.Response:
        readers.answer = lambda _: GOOD
        for number in (1, 2, 3):
            with pytest.raises(Blocked) as told:
                readers.ask(number)
            assert told.value.until == END + timedelta(seconds=61)
        return answer

    readers.answer = serve


@pytest.mark.parametrize("answer", [GOOD, EMPTY])
def test_of_four_readers_one_knocks_and_its_answer_opens(
    readers: Readers, answer: httpx.Response
) -> None:
    ask_while_one_waits(readers, answer)
    if answer is EMPTY:
        with pytest.raises(Empty):
            readers.ask(0)
    else:
        readers.ask(0)
    assert (readers.knocks, readers.blocks()) == (1, 0)
    for number in (1, 2, 3):
        readers.ask(number)
    assert readers.knocks == 4


def test_a_block_met_by_the_probe_holds_for_all(readers: Readers) -> None:
    ask_while_one_waits(readers, CLOSED)
    with pytest.raises(Blocked):
        readers.ask(0)
    readers.clock.sleep(120)
    for number in range(4):
        with pytest.raises(Blocked):
            readers.ask(number)
    assert readers.knocks == 1


def test_a_probe_without_connection_is_repeated_by_the_same_reader(readers: Readers) -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        readers.answer = lambda _: GOOD
        raise httpx.ConnectError("no")

    readers.answer = refuse
    readers.ask(0)
    assert (readers.knocks, readers.blocks()) == (2, 0)
