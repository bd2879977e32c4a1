"""Registering one cliente: found in Omie by CPF/CNPJ, else created, and linked to the clinic's row.

The link is the ledger's row of ``clientes`` and the code, which holds Omie's id; the code stands in
the payload model beside ``_origem_tabela`` and ``_origem_id``, so that both join to the source.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.catalog import Endpoint
from omie_pipeline.catalog.endpoints.clientes import CLIENTES
from omie_pipeline.errors import ConfigurationError, Empty, SwitchedOff
from omie_pipeline.omie import CallRecord, OmieClient
from omie_pipeline.omie.client import of_other_sizes
from omie_pipeline.omie.masking import mask_text
from omie_pipeline.payload import Selection, load_payload_model
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import ledger, quarantine, rejected
from omie_pipeline.push.report import PushOptions
from omie_pipeline.push.run import Push
from omie_pipeline.push.warnings import holder_of
from omie_pipeline.switches.pauses import refuse_paused
from omie_pipeline.texts import app as texts

# One row of a register's payload model, what the ledger holds of it, and why it did not pass.


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row that is to be registered.

    Attributes:
        document: CPF/CNPJ as the model has it, ``""`` when it has none.
        source_table, source_id: the clinic's row, ``""`` if the model does not say.
    """

    document: str
    source_table: str
    source_id: str


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
    by_omie = sa.select(rejected.c.fault_text, rejected.c.fix).where(
        *_of(rejected, endpoint, empresa, code)
    )
    by_us = sa.select(quarantine.c.reasons).where(*_of(quarantine, endpoint, empresa, code))
    held = sa.select(ledger.c.last_error).where(
        *_of(ledger, endpoint, empresa, code), ledger.c.state == "held"
    )
    with warehouse_errors(), engine.connect() as connection:
        row = connection.execute(by_omie).first()
        if row is not None:
            return row.fault_text, row.fix
        reasons: list[dict[str, Any]] = connection.execute(by_us).scalar() or []
        if reasons:
            told = "; ".join(str(one.get("reason") or "") for one in reasons)
            return told, "; ".join(str(one.get("fix") or "") for one in reasons)
        waiting = connection.execute(held).scalar()
    return (str(waiting), texts.TRY_LATER_FIX) if waiting else ("", "")


def _of(
    table: sa.Table, endpoint: Endpoint, empresa: str, code: str
) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        table.c.empresa == empresa,
        table.c.endpoint == endpoint.name,
        table.c.codigo_integracao == code,
    )


How = Literal["already_registered", "linked", "created", "refused"]
"""``already_registered``: the ledger knew it. ``linked``: Omie had it, it has our code now.
``created``: Omie did not have it. ``refused``: it did not pass, ``reason`` says why."""


@dataclass(frozen=True, slots=True)
class RegisteredClient:
    """The outcome for a cliente.

    Attributes:
        omie_id: ``codigo_cliente_omie``; ``None`` when it was refused.
        source_table, source_id: the clinic's row.
        reason, fix: why it was refused, in Portuguese.
    """

    codigo_integracao: str
    how: How
    omie_id: int | None
    source_table: str
    source_id: str
    reason: str = ""
    fix: str = ""


def register_client(
    deployment: Deployment, empresa: str, key: str, trigger: str = "cli"
) -> RegisteredClient:
    """Register the cliente that the payload model holds under ``key``, or bring it up to date.

    A record of the same CPF/CNPJ that has no code of ours is given it (AssociarCodIntCliente); one
    that has another code is left alone and the row is refused, naming both. Who shares the record
    of another person (``clientes_codigos``) is registered as that person.

    Args:
        deployment: the composed deployment.
        empresa: the empresa whose rows are meant.
        key: our code of the record.
        trigger: what started it: ``cli``, ``schedule``, ``sensor``, ``ui``, ``demo``.

    Raises:
        ConfigurationError: the model has no such row.
        OmieFault: the run stopped.
        EmpresaPaused, SwitchedOff: the empresa rests, or its clientes are not exported.
    """
    refuse_paused(deployment.engine, empresa)
    engine = deployment.engine
    key = holder_of(engine, empresa, key)
    source = source_row(engine, CLIENTES, empresa, key)
    if source is None:
        raise ConfigurationError(texts.no_such_client(key=key, empresa=empresa))
    known = registered_id(engine, CLIENTES, empresa, key) is not None
    stood = not known and _stands(deployment, empresa, source)
    policy = deployment.policy(CLIENTES.name)
    linking = policy.model_copy(update={"on_duplicate_document": "link", "mode": "upsert"})

    def make_client(name: str, on_call: Callable[[CallRecord], None]) -> OmieClient:
        return deployment.client(name, on_call, error_budget=policy.error_budget)

    if why := deployment.switches.of(empresa, CLIENTES.name).why_not:
        raise SwitchedOff(why)
    rules = deployment.config.rules_of(empresa)
    push = Push(engine, make_client, deployment.clock, rules, switches=deployment.switches)
    push.run(CLIENTES, Selection(empresa, key=key), linking, PushOptions(trigger=trigger))
    omie_id = registered_id(engine, CLIENTES, empresa, key)
    if omie_id is None:
        return _told(key, "refused", None, source, refusal(engine, CLIENTES, empresa, key))
    how: How = "already_registered" if known else "linked" if stood else "created"
    return _told(key, how, omie_id, source)


def _stands(deployment: Deployment, empresa: str, source: SourceRow) -> bool:
    """Whether Omie has a record of this CPF/CNPJ already."""
    if not source.document:
        return False
    asked = {
        "pagina": 1,
        "registros_por_pagina": 2,
        "clientesFiltro": {"cnpj_cpf": source.document},
    }
    with deployment.client(empresa) as client:
        try:
            others = of_other_sizes(asked, "registros_por_pagina")
            found = client.read(CLIENTES.service, CLIENTES.list, asked, others=others)
        except Empty:
            return False
    return bool(found.get(CLIENTES.list_array))


def _told(
    key: str,
    how: How,
    omie_id: int | None,
    source: SourceRow,
    refused: tuple[str, str] = ("", ""),
) -> RegisteredClient:
    return RegisteredClient(
        key, how, omie_id, source.source_table, source.source_id, mask_text(refused[0]), refused[1]
    )
