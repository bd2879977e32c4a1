"""What a page of the console costs on a large clinic: 1,000,000 ledger rows, 100,000 títulos.

Every page that the first one leads to is asked for again and again over HTTP, by a person of all
empresas; then fifty people click at once.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import httpx
import psutil
import sqlalchemy as sa
from pydantic import SecretStr

from benchmarks.bench import Bench
from benchmarks.measure import Measure
from omie_pipeline.app.deployment import Deployment
from omie_pipeline.cli.sandbox import sandbox_environment
from omie_pipeline.console.access.people import Grant, Person, add_person
from omie_pipeline.console.access.roles import Role
from omie_pipeline.console.backstage import Backstage
from omie_pipeline.console.server import Console

_PASSWORD = "quatro palavras sem relacao"
_MOST_SECONDS, _MOST_BYTES = 0.3, 60_000
_FILL = (
    """INSERT INTO omie_sync.ledger (empresa, endpoint, codigo_integracao, state, payload_hash,
        omie_id, partition, run_id, confirmed_at)
    SELECT 'principal', 'contas_receber', 'REC-' || i,
        CASE WHEN i % 200 = 0 THEN 'held' WHEN i % 333 = 0 THEN 'rejected' ELSE 'confirmed' END,
        md5(i::text), i, '2026-01-01', 'run-' || i % 20000, now()
    FROM generate_series(1, {rows}) AS i""",
    """INSERT INTO omie_sync.quarantine (empresa, endpoint, row_key, codigo_integracao, partition,
        reasons, row_masked, first_seen_at, last_seen_at, run_id)
    SELECT 'principal', 'clientes', 'PAC-' || i, 'PAC-' || i, 'principal',
        jsonb_build_array(jsonb_build_object('reason', 'CPF inválido (' || i % 7 || ')',
            'fix', 'Confira o CPF', 'field', 'cnpj_cpf', 'rule', 'cpf')),
        jsonb_build_object('cnpj_cpf', '***25'), now() - i * interval '1 second', now(), 'run-1'
    FROM generate_series(1, {rows} / 100) AS i""",
    """INSERT INTO omie_sync.rejected (empresa, endpoint, codigo_integracao, partition, fault_text,
        fix, row_masked, first_seen_at, last_seen_at, run_id)
    SELECT 'principal', 'contas_receber', 'REC-' || i * 333, '2026-01-01',
        'ERROR: Categoria não encontrada', 'Confira a categoria', '{{}}', now(), now(), 'run-1'
    FROM generate_series(1, {rows} / 333) AS i""",
    """INSERT INTO omie_sync.run (run_id, empresa, endpoint, trigger, state, started_at,
        finished_at, counts, selected)
    SELECT 'run-' || i, 'principal', CASE WHEN i % 2 = 0 THEN 'clientes' ELSE 'contas_receber' END,
        'schedule', 'done', now() - i * interval '20 minutes', now() - i * interval '20 minutes',
        jsonb_build_array(jsonb_build_object('delivered', i % 50, 'rejected', i % 3,
            'quarantined', 0)), 50
    FROM generate_series(1, 20000) AS i""",
    """INSERT INTO omie.contas_receber (empresa, codigo_lancamento_omie, raw, lido_em,
        codigo_integracao, valor_documento, data_vencimento, data_emissao, status_titulo,
        codigo_categoria, feito_por)
    SELECT 'principal', i, '{{}}', now(), 'REC-' || i, (i % 500) + 0.5,
        date '2026-01-01' + i % 300, date '2026-01-01' + i % 300,
        CASE WHEN i % 3 = 0 THEN 'RECEBIDO' ELSE 'A VENCER' END, '1.01.' || i % 10, 'omie_pipeline'
    FROM generate_series(1, {rows} / 10) AS i""",
)


def measure(bench: Bench) -> list[Measure]:
    """The slowest page, the largest page, fifty people at once, and memory."""
    rows, times = bench.rows(1_000_000, 20_000), bench.rows(20, 3)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="omie-bench-console-")))
        url = stack.enter_context(bench.database("console"))
        before = dict(os.environ)
        stack.callback(_restore, before)
        os.environ.update(sandbox_environment("http://127.0.0.1:1/api/v1/"))
        os.environ |= {"WAREHOUSE_URL": url, "OMIE_PIPELINE_HOME": str(folder)}
        deployment = Deployment()
        stack.callback(deployment.engine.dispose)
        _fill(deployment.engine, rows)
        person = Person("maria", "Maria", (Grant("*", Role.MANAGER, omie_entries=True),))
        with deployment.engine.begin() as connection:
            now = deployment.clock.now()
            add_person(connection, person, SecretStr(_PASSWORD), "bench", now)
        console = stack.enter_context(Console(Backstage(deployment), port=0))
        return _measures(console.url, rows, times)


def _measures(url: str, rows: int, times: int) -> list[Measure]:
    browser = _entered(url)
    pages = _pages(browser)
    found = []
    for page in pages:
        seconds, size = _asked(browser, page, times)
        found.append((seconds, size, page))
    memory = psutil.Process().memory_info().rss
    errors, at_once = _many(url, pages, people=50 if times > 3 else 5)
    grown = (psutil.Process().memory_info().rss - memory) / 2**20
    slowest, largest = max(found), max(found, key=lambda one: one[1])
    told = ", ".join(f"{page} {1000 * seconds:.0f} ms" for seconds, _, page in sorted(found))
    return [
        Measure(
            f"console: slowest page (p95), {rows:,} ledger rows",
            f"{1000 * slowest[0]:.0f} ms ({slowest[2]}); {told}",
            slowest[0],
            at_most=_MOST_SECONDS,
        ),
        Measure(
            "console: largest page",
            f"{largest[1] / 1000:.0f} kB ({largest[2]})",
            largest[1],
            at_most=_MOST_BYTES,
        ),
        Measure(
            "console: fifty people at once, answers that failed", f"{at_once:.1f} s", errors,
            at_most=0,
        ),
        Measure("console: memory after them", f"{grown:+.0f} MB"),
    ]  # fmt: skip


def _fill(engine: sa.Engine, rows: int) -> None:
    with engine.begin() as connection:
        for statement in _FILL:
            connection.exec_driver_sql(statement.format(rows=rows).replace("%", "%%"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")


def _entered(url: str) -> httpx.Client:
    browser = httpx.Client(base_url=url, timeout=60)
    answer = browser.post("/entrar", data={"login": "maria", "password": _PASSWORD})
    if not answer.is_redirect:
        raise RuntimeError(f"nobody may enter: {answer.status_code}")
    return browser


def _pages(browser: httpx.Client) -> list[str]:
    """What the first page leads to."""
    text = browser.get("/").text
    links = {one for one in re.findall(r'href="(/[^"#]*)"', text) if "/static/" not in one}
    return sorted(links | {"/"})


def _asked(browser: httpx.Client, page: str, times: int) -> tuple[float, int]:
    """The 95th percentile in seconds, and the bytes of the answer."""
    seconds, size = [], 0
    for _ in range(times):
        began = perf_counter()
        answer = browser.get(page)
        seconds.append(perf_counter() - began)
        answer.raise_for_status()
        size = len(answer.content)
    return sorted(seconds)[int(0.95 * (times - 1))], size


def _many(url: str, pages: list[str], people: int) -> tuple[int, float]:
    """People who click at once: how many answers failed, and how long all of it took."""
    cookies = _entered(url).cookies
    failed: list[str] = []

    def click() -> None:
        with httpx.Client(base_url=url, timeout=120, cookies=cookies) as browser:
            for page in pages:
                try:
                    browser.get(page).raise_for_status()
                except httpx.HTTPError as error:
                    failed.append(f"{page}: {type(error).__name__}")

    began = perf_counter()
    for one in [_started(click) for _ in range(people)]:
        one.join()
    return len(failed), perf_counter() - began


def _started(click: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=click)
    thread.start()
    return thread


def _restore(before: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(before)
