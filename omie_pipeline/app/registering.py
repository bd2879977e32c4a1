"""One row of a register's payload model, what the ledger holds of it, and why it did not pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from omie_pipeline.catalog import Endpoint
from omie_pipeline.payload.payload import load_payload_model
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import ledger, quarantine, rejected


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row that is to be registered.

    Attributes:
        documento: CPF/CNPJ as the model has it, ``""`` when it has none.
        origem_tabela, origem_id: the clinic's row, ``""`` if the model does not say.
    """

    documento: str
    origem_tabela: str
    origem_id: str


def source_row(engine: sa.Engine, endpoint: Endpoint, empresa: str, code: str) -> SourceRow | None:
    """The row of the payload model under an integration code.

    Args:
        engine: the warehouse.
        endpoint: its declaration.
        empresa: the empresa whose rows are meant.
        code: integration code.

    Raises:
        ModelError: the model is missing or is not as the catalog wants it.
        WarehouseError: the database is gone.
    """
    table = load_payload_model(engine, endpoint).table()
    wanted = (endpoint.document_field, "_origem_tabela", "_origem_id")
    columns = [table.c[name] if name in table.c else sa.literal("") for name in wanted]
    query = sa.select(*columns).where(
        table.c.empresa == empresa, table.c[endpoint.integration_key] == code
    )
    with warehouse_errors(), engine.connect() as connection:
        found = connection.execute(query).first()
    return None if found is None else SourceRow(*(str(value or "") for value in found))


def registered_id(engine: sa.Engine, endpoint: Endpoint, empresa: str, code: str) -> int | None:
    """Omie's id of a record that the ledger holds as confirmed.

    Args:
        engine: the warehouse.
        endpoint: its declaration.
        empresa: the empresa whose rows are meant.
        code: integration code.

    Raises:
        WarehouseError: the database is gone.
    """
    query = sa.select(ledger.c.omie_id).where(
        *_of(ledger, endpoint, empresa, code), ledger.c.state == "confirmed"
    )
    with warehouse_errors(), engine.connect() as connection:
        found: int | None = connection.execute(query).scalar_one_or_none()
    return found


def refusal(engine: sa.Engine, endpoint: Endpoint, empresa: str, code: str) -> tuple[str, str]:
    """Why a row did not pass and what to do, both Portuguese; empty if it was not refused.

    Args:
        engine: the warehouse.
        endpoint: its declaration.
        empresa: the empresa whose rows are meant.
        code: integration code.

    Raises:
        WarehouseError: the database is gone.
    """
    by_omie = sa.select(rejected.c.fault_text, rejected.c.correcao).where(
        *_of(rejected, endpoint, empresa, code)
    )
    by_us = sa.select(quarantine.c.reasons).where(*_of(quarantine, endpoint, empresa, code))
    held = sa.select(ledger.c.last_error).where(
        *_of(ledger, endpoint, empresa, code), ledger.c.state == "held"
    )
    with warehouse_errors(), engine.connect() as connection:
        row = connection.execute(by_omie).first()
        if row is not None:
            return row.fault_text, row.correcao
        reasons: list[dict[str, Any]] = connection.execute(by_us).scalar() or []
        if reasons:
            told = "; ".join(str(one.get("motivo") or "") for one in reasons)
            return told, "; ".join(str(one.get("correcao") or "") for one in reasons)
        waiting = connection.execute(held).scalar()
    return (str(waiting), "Repita em alguns minutos") if waiting else ("", "")


def _of(
    table: sa.Table, endpoint: Endpoint, empresa: str, code: str
) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        table.c.empresa == empresa,
        table.c.endpoint == endpoint.name,
        table.c.codigo_integracao == code,
    )
