"""Which files of which notes the archive holds (``omie_sync.nfse_file``)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.nfse_tables import nfse_file


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a note in the archive; ``caminho`` is below the archive's folder."""

    tipo: str
    caminho: str
    sha256: str
    tamanho_bytes: int
    guardado_em: datetime


def stored_files(engine: sa.Engine, empresa: str, cod_int_os: str) -> list[StoredFile]:
    """What the archive holds of a note."""
    f = nfse_file.c
    query = (
        sa.select(f.tipo, f.caminho, f.sha256, f.bytes, f.guardado_em)
        .where(f.empresa == empresa, f.cod_int_os == cod_int_os)
        .order_by(f.tipo)
    )
    with warehouse_errors(), engine.connect() as connection:
        return [_stored(row) for row in connection.execute(query)]


def write_file(
    connection: sa.Connection,
    empresa: str,
    cod_int_os: str,
    tipo: str,
    *,
    caminho: str,
    sha256: str,
    tamanho_bytes: int,
    at: datetime,
) -> None:
    """Remember a file of the archive; a later file of the same kind takes its place here.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose rows are meant.
        cod_int_os: our code of the order.
        tipo: ``pdf`` or ``xml``.
        caminho: its path in the archive.
        sha256: the SHA-256 of the bytes.
        tamanho_bytes: size of the file.
        at: time of the change.
    """
    values = {"caminho": caminho, "sha256": sha256, "bytes": tamanho_bytes, "guardado_em": at}
    connection.execute(
        insert(nfse_file)
        .values(empresa=empresa, cod_int_os=cod_int_os, tipo=tipo, **values)
        .on_conflict_do_update(index_elements=list(nfse_file.primary_key), set_=values)
    )


def _stored(row: Any) -> StoredFile:
    return StoredFile(*row)
