"""Events per second of the webhook receiver with 1,000 posts in flight, and its slowest answers.

Receiver and sender are processes of their own. The floor is the same server with a store that
keeps nothing: what is left between the two is PostgreSQL and the commit before the answer.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import Any

import sqlalchemy as sa

from benchmarks.bench import Bench, worker
from benchmarks.measure import Measure

IN_FLIGHT = 1_000
OMIE_GIVES_UP_SECONDS = 7.0
TARGET_P99_SECONDS = 2.0
TARGET_SHARE_OF_FLOOR = 0.5
APP_KEY, SECRET = "38333295000", "segredo-da-medida-com-24-letras"


def measure(bench: Bench) -> list[Measure]:
    """Both servers by turns; the ratio of neighbours."""
    events = bench.rows(20_000, 2_000)
    ours: list[dict[str, float]] = []
    floor: list[dict[str, float]] = []
    with bench.database("bench_webhooks") as url:
        for _ in range(bench.repetitions):
            with _receiver("floor") as port:
                floor.append(worker("bench_webhooks", "send", port, events, IN_FLIGHT))
            with _receiver(url) as port:
                ours.append(worker("bench_webhooks", "send", port, events, IN_FLIGHT))
        engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
        with engine.connect() as connection:
            query = sa.text("SELECT count(*) FROM omie_inbox.events")
            stored = int(connection.execute(query).scalar_one())
        engine.dispose()
    ratio = median(o["per_second"] / f["per_second"] for o, f in zip(ours, floor, strict=True))
    slowest = max(one["p99_seconds"] for one in ours)
    lost = bench.repetitions * events - stored
    return [
        Measure(
            f"webhooks, {events:,} events, {IN_FLIGHT:,} in flight",
            f"{median(o['per_second'] for o in ours):,.0f} events per second against "
            f"{median(f['per_second'] for f in floor):,.0f} without storing",
            ratio,
            at_least=TARGET_SHARE_OF_FLOOR,
        ),
        Measure(
            "webhooks: p99 of the answer",
            f"{slowest:.2f} s against {max(f['p99_seconds'] for f in floor):.2f} s; Omie gives up "
            f"after {OMIE_GIVES_UP_SECONDS:g} s",
            slowest,
            at_most=TARGET_P99_SECONDS,
        ),
        Measure("webhooks: answered 200, not stored", f"{lost} events", lost, at_most=0),
    ]


@contextmanager
def _receiver(store: str) -> Iterator[int]:
    """A receiver in a process of its own; gives its port."""
    command = [sys.executable, "-m", "benchmarks.bench_webhooks", "serve", store]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


def serve(store: str) -> None:
    """Serve on a free port, told on stdout; ``floor`` answers without storing."""
    from omie_pipeline.inbox.events import NewEvent
    from omie_pipeline.webhooks.auth import WebhookAddress
    from omie_pipeline.webhooks.server import Receiver
    from omie_pipeline.webhooks.writer import Writer

    if store == "floor":

        async def nothing(_writer: Writer, _event: NewEvent) -> None:
            return

        Writer.store = nothing  # type: ignore[method-assign]  # the floor of the measure
    url = "postgresql://nobody@127.0.0.1/none" if store == "floor" else store
    receiver = Receiver([WebhookAddress("principal", SECRET, APP_KEY)], url, port=0)
    print(receiver.port, flush=True)
    receiver.serve()


async def send(port: int, events: int, in_flight: int) -> dict[str, float]:
    """Post ``events`` over ``in_flight`` connections; anything but 200 fails the measure."""
    requests = iter([_request(number) for number in range(events)])
    seconds: list[float] = []

    async def one_connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in requests:
            started = perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            seconds.append(perf_counter() - started)
            if not head.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"The receiver answered {head[:40]!r}")
        writer.close()

    started = perf_counter()
    await asyncio.gather(*(one_connection() for _ in range(in_flight)))
    elapsed = perf_counter() - started
    seconds.sort()
    return {
        "per_second": events / elapsed,
        "p99_seconds": seconds[int(len(seconds) * 0.99)],
    }


def _request(number: int) -> bytes:
    event: dict[str, Any] = {
        "codigo_lancamento_omie": 6_301_359_493 + number,
        "codigo_cliente_fornecedor": 6_289_226_831,
        "observacao": "x" * 800,
        "situacao": "A vencer",
        "valor_documento": 8.75,
    }
    content = {
        "messageId": str(uuid.uuid4()),
        "topic": "Financas.ContaReceber.Alterado",
        "event": event,
        "author": {"email": "no-reply@omie.com.br", "name": "Integração", "userId": 89},
        "appKey": APP_KEY,
        "appHash": "xxxx",
        "origin": "omie-connect-1.6",
    }
    body = json.dumps(content).encode()
    head = f"POST /omie/principal/{SECRET} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", where]:
            serve(where)
        case ["send", port, events, in_flight]:
            print(json.dumps(asyncio.run(send(int(port), int(events), int(in_flight)))))
