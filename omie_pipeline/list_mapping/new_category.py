"""A category that is to be made in Omie, as a payload model of one row: what a person asked for.

The engine finds it under the same group by its name before it makes it, and does not make it twice
(``push/effects/category.py``); the ledger then holds Omie's code under the row's key.
"""

from __future__ import annotations

import hashlib
import unicodedata
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.payload import PayloadModel
from omie_pipeline.postgres.tables import SYNC, category_request, ledger

_CATEGORIAS: Final = REGISTRY["categorias"]


def request_category(
    connection: sa.Connection, empresa: str, under: str, name: str, by: str, now: datetime
) -> str:
    """Write down that a category is wanted; asked again for the same, it is the same row.

    Args:
        connection: in a transaction.
        empresa: whose Omie gets it.
        under: code of the group.
        name: its description.
        by: name of the person.
        now: time of the decision.

    Returns:
        The row's key.
    """
    plain = "".join(
        char
        for char in unicodedata.normalize("NFKD", name.casefold())
        if not unicodedata.combining(char)
    )
    words = f"{under}|{' '.join(plain.split())}"
    key = f"MAP-{hashlib.sha256(words.encode()).hexdigest()[:16]}"
    connection.execute(
        insert(category_request)
        .values(
            {
                "empresa": empresa,
                "_chave": key,
                "categoria_superior": under,
                "descricao": name,
                "_requested_at": now,
                "_requested_by": by,
            }
        )
        .on_conflict_do_nothing()
    )
    return key


def requests_model() -> PayloadModel:
    """The table of wanted categories as a payload model of ``categorias``."""
    columns = tuple(column.name for column in category_request.columns)
    return PayloadModel(_CATEGORIAS, columns, schema=SYNC, name=category_request.name)


def code_given(connection: sa.Connection, empresa: str, key: str) -> str | None:
    """Omie's code of a wanted category; ``None`` while Omie has not confirmed it."""
    query = sa.select(ledger.c.omie_code).where(
        ledger.c.empresa == empresa,
        ledger.c.endpoint == _CATEGORIAS.name,
        ledger.c.codigo_integracao == key,
        ledger.c.state == "confirmed",
    )
    found: str | None = connection.execute(query).scalar_one_or_none()
    return found
