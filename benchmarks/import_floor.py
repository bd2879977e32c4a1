"""The least an importer can do: four pages in flight, parsed, COPYed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import httpx
import psycopg
import sqlalchemy as sa

from benchmarks.measure import seconds_of
from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.simulator.company import APP_KEY, APP_SECRET

_RECEIVABLES = MIRROR["contas_receber"]
_NULL = "\\N"
_PAGE_SIZE = 500
_COLUMNS = [column for column in _RECEIVABLES.columns if "." not in column.path]


def run(url: str, base_url: str, days: tuple[date, date]) -> str:
    """Seconds from the first call to the commit, as JSON."""
    plain = sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    names = [f'"{column.name}"' for column in _COLUMNS]
    with psycopg.connect(plain) as connection:
        connection.execute("DROP TABLE IF EXISTS public.floor")
        connection.execute("CREATE TABLE public.floor (LIKE omie.contas_receber)")
        connection.execute("ALTER TABLE public.floor ALTER lido_em DROP NOT NULL")
        connection.commit()

        def load() -> None:
            columns = ", ".join(names)
            copy = (
                f"COPY public.floor (empresa, {columns}, raw) "
                f"FROM STDIN (FORMAT csv, NULL '{_NULL}')"
            )
            with connection.cursor().copy(copy) as sink:
                for rows in _pages(base_url, days):
                    sink.write(_as_csv(rows))
            connection.commit()

        connection.execute("SET datestyle TO 'ISO, DMY'")
        seconds = seconds_of(load)
        count = connection.execute("SELECT count(*) FROM public.floor").fetchone()
    return json.dumps({"seconds": seconds, "rows": count[0] if count else 0})


def _pages(base_url: str, days: tuple[date, date]) -> Iterator[list[dict[str, Any]]]:
    window = _RECEIVABLES.call.created
    assert window is not None
    param = {
        **dict(_RECEIVABLES.call.fixed),
        **dict(window.fixed),
        window.first: days[0].strftime("%d/%m/%Y"),
        window.last: days[1].strftime("%d/%m/%Y"),
        "registros_por_pagina": _PAGE_SIZE,
    }
    keys = {"call": _RECEIVABLES.call.method, "app_key": APP_KEY, "app_secret": APP_SECRET}
    address = base_url + _RECEIVABLES.service.path
    with httpx.Client(timeout=60, trust_env=False) as client, ThreadPoolExecutor(4) as pool:

        def ask(number: int) -> dict[str, Any]:
            body = {**keys, "param": [{**param, "pagina": number}]}
            answer: dict[str, Any] = json.loads(client.post(address, json=body).content)
            return answer

        first = ask(1)
        yield first[_RECEIVABLES.array]
        for page in pool.map(ask, range(2, first["total_de_paginas"] + 1)):
            yield page[_RECEIVABLES.array]


def _as_csv(rows: list[dict[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows:
        cells: list[object] = ["principal"]
        for column in _COLUMNS:
            value = row.get(column.path)
            if value is None or value == "":
                cells.append(_NULL)
            else:
                cells.append(json.dumps(value) if column.kind == "jsonb" else value)
        cells.append(json.dumps(row))
        writer.writerow(cells)
    return out.getvalue()
