"""Read Omie's reference lists whole into the warehouse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from omie_pipeline.catalog import ComplexType, Endpoint
from omie_pipeline.clock import Clock
from omie_pipeline.errors import Empty
from omie_pipeline.omie import OmieClient
from omie_pipeline.warehouse.references import store_reference

_PAGE_SIZE = 100
_MAX_PAGES = 1000


def list_all(
    client: OmieClient, endpoint: Endpoint, page_size: int = _PAGE_SIZE
) -> Iterator[dict[str, Any]]:
    """Every record of a list, page after page in the snake dialect.

    The end is Omie's total of pages or its "no rows" fault, never a short page; ListarEmpresas
    repeats page 1 past its end (PROTOCOL section 3, REAL), so the total decides there too.

    Raises:
        OmieFault: anything but the normal end.
    """
    for page in range(1, _MAX_PAGES + 1):
        param = {"pagina": page, "registros_por_pagina": page_size}
        try:
            answer = client.read(endpoint.service, endpoint.list, param)
        except Empty:
            return
        yield from answer.get(endpoint.list_array) or []
        if page >= int(answer.get("total_de_paginas") or 0):
            return


def refresh_reference(
    engine: sa.Engine, client: OmieClient, endpoint: Endpoint, empresa: str, clock: Clock
) -> int:
    """Replace the warehouse's copy of one list; returns how many records Omie has.

    Fields the catalog marks as sensitive (certificates, CSC) never reach the database.
    """
    records = [_harmless(record, endpoint.record) for record in list_all(client, endpoint)]
    store_reference(engine, endpoint.name, empresa, records, clock.now())
    return len(records)


def _harmless(record: Mapping[str, Any], complex_type: ComplexType) -> dict[str, Any]:
    secret = {field.name for field in complex_type.fields if field.sensitive}
    return {name: value for name, value in record.items() if name not in secret}
