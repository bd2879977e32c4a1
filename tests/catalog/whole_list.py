"""A whole list, page after page, as simply as can be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from omie_pipeline.catalog import Endpoint
from omie_pipeline.errors import Empty
from omie_pipeline.omie import OmieClient

_DIALECTS = (
    ("pagina", "registros_por_pagina", "total_de_paginas"),
    ("nPagina", "nRegPorPagina", "nTotPaginas"),
)


def list_all(
    client: OmieClient, endpoint: Endpoint, page_size: int = 100
) -> Iterator[dict[str, Any]]:
    """Every record of a list, in the dialect that its method speaks."""
    request = endpoint.service.methods[endpoint.list].request
    number, size, total = next(words for words in _DIALECTS if request.field(words[0]))
    page, pages = 1, 1
    while page <= pages:
        param = {number: page, size: page_size}
        try:
            answer = client.read(endpoint.service, endpoint.list, param)
        except Empty:
            return
        yield from answer.get(endpoint.list_array) or []
        page, pages = page + 1, int(answer.get(total) or 0)
