"""What was delivered with a value left out, or under the record of another person.

Nothing is stored for it: the payload models say it themselves (``_warnings``,
``clientes_codigos``), so that a warning is gone with the build after the clinic's correction.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from omie_pipeline.catalog import WRITABLE
from omie_pipeline.catalog.model import KEY_COLUMN
from omie_pipeline.errors import ModelError
from omie_pipeline.payload import PAYLOAD_SCHEMA, PayloadModel, load_payload_model
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.schemas import schemas_of

WARNINGS: Final = "_warnings"
CODES: Final = sa.table(
    "clientes_codigos",
    sa.column("empresa", sa.Text),
    sa.column("codigo", sa.Text),
    sa.column("titular", sa.Text),
    sa.column("na_clinica", sa.Boolean),
    sa.column("nome_difere", sa.Boolean),
    sa.column("_origem_tabela", sa.Text),
    sa.column("_origem_id", sa.Text),
    schema=PAYLOAD_SCHEMA,
)
Kind = Literal[
    "foreign_telephone",
    "unreadable_telephone",
    "several_telephones",
    "shared_document",
    "shared_document_other_name",
    "shared_document_holder_left",
]


@dataclass(frozen=True, slots=True)
class WarningEntry:
    """One thing to know about one row.

    Attributes:
        code: our code of the row.
        origin: the clinic's table, column and id.
        holder: code of the record that stands for the row, if that is another's.
    """

    empresa: str
    endpoint: str
    code: str
    kind: str
    origin: str
    holder: str = ""


def warnings_of(engine: sa.Engine, empresas: tuple[str, ...]) -> tuple[WarningEntry, ...]:
    """Everything there is to know about the rows of these empresas, by code.

    Raises:
        WarehouseError: the database is gone.
    """
    found = [
        *(entry for model in _models(engine) for entry in _left_out(engine, model, empresas)),
        *_shared(engine, empresas),
    ]
    return tuple(sorted(found, key=lambda one: (one.empresa, one.endpoint, one.code, one.kind)))


def holder_of(engine: sa.Engine, empresa: str, code: str) -> str:
    """Code of the record that stands for the person ``code``; the code itself if it is its own.

    Raises:
        WarehouseError: the database is gone.
    """
    if not _has_codes(engine):
        return code
    query = sa.select(CODES.c.titular).where(CODES.c.empresa == empresa, CODES.c.codigo == code)
    with warehouse_errors(), engine.connect() as connection:
        return str(connection.execute(query).scalar() or code)


def _models(engine: sa.Engine) -> Iterator[PayloadModel]:
    for endpoint in WRITABLE:
        try:
            model = load_payload_model(engine, endpoint)
        except ModelError:
            continue
        if WARNINGS in model.columns:
            yield model


def _left_out(
    engine: sa.Engine, model: PayloadModel, empresas: tuple[str, ...]
) -> Iterator[WarningEntry]:
    table = model.table()
    key = model.endpoint.key_column or KEY_COLUMN
    listed: sa.ColumnElement[Any] = sa.cast(table.c[WARNINGS], JSONB)
    query = (
        sa.select(table.c.empresa, table.c[key], table.c["_origem_id"], listed)
        .where(table.c[WARNINGS].is_not(None), table.c.empresa.in_(empresas))
        .order_by(table.c[key])
    )
    with warehouse_errors(), engine.connect() as connection:
        for row in connection.execute(query):
            empresa, code, origin = (str(value) for value in row[:3])
            entries: list[dict[str, str]] = row[3]
            for one in entries:
                where = f"{one['table']}.{one['column']} {origin}"
                yield WarningEntry(empresa, model.endpoint.name, code, one["kind"], where)


def _shared(engine: sa.Engine, empresas: tuple[str, ...]) -> Iterator[WarningEntry]:
    if not _has_codes(engine):
        return
    holder = CODES.alias("holder")
    query = (
        sa.select(CODES, holder.c.na_clinica.label("holder_there"))
        .join(
            holder,
            sa.and_(
                holder.c.empresa == CODES.c.empresa,
                holder.c.codigo == CODES.c.titular,
            ),
        )
        .where(CODES.c.titular != CODES.c.codigo, CODES.c.empresa.in_(empresas))
    )
    with warehouse_errors(), engine.connect() as connection:
        for row in connection.execute(query).mappings():
            kind: Kind = "shared_document"
            if not row["holder_there"]:
                kind = "shared_document_holder_left"
            elif row["nome_difere"]:
                kind = "shared_document_other_name"
            yield WarningEntry(
                row["empresa"],
                "clientes",
                row["codigo"],
                kind,
                f"{row['_origem_tabela']} {row['_origem_id']}",
                row["titular"],
            )


def _has_codes(engine: sa.Engine) -> bool:
    schema = schemas_of(engine).name(PAYLOAD_SCHEMA)
    with warehouse_errors():
        return sa.inspect(engine).has_table(CODES.name, schema=schema)
