"""Registering one cliente: found in Omie by CPF/CNPJ, else created, and linked to the clinic's row.

The link is the ledger's row of ``clientes`` and the code, which holds Omie's id; the code stands in
the payload model beside ``_origem_tabela`` and ``_origem_id``, so that both join to the source.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.registering import SourceRow, refusal, registered_id, source_row
from omie_pipeline.catalog.endpoints.clientes import CLIENTES
from omie_pipeline.errors import ConfigurationError, Empty
from omie_pipeline.omie import CallRecord, OmieClient
from omie_pipeline.omie.masking import mask_text
from omie_pipeline.push.planning import Selection
from omie_pipeline.push.push import Push, PushOptions
from omie_pipeline.push.warnings import holder_of

Como = Literal["ja_cadastrado", "vinculado", "criado", "recusado"]
"""``ja_cadastrado``: the ledger knew it. ``vinculado``: Omie had it, it has our code now.
``criado``: Omie did not have it. ``recusado``: it did not pass, ``motivo`` says why."""


@dataclass(frozen=True, slots=True)
class ClienteCadastrado:
    """The outcome for a cliente.

    Attributes:
        omie_id: ``codigo_cliente_omie``; ``None`` when it was refused.
        origem_tabela, origem_id: the clinic's row.
        motivo, correcao: why it was refused, in Portuguese.
    """

    codigo_integracao: str
    como: Como
    omie_id: int | None
    origem_tabela: str
    origem_id: str
    motivo: str = ""
    correcao: str = ""


def cadastrar_cliente(
    deployment: Deployment, empresa: str, key: str, gatilho: str = "cli"
) -> ClienteCadastrado:
    """Register the cliente that the payload model holds under ``key``, or bring it up to date.

    A record of the same CPF/CNPJ that has no code of ours is given it (AssociarCodIntCliente); one
    that has another code is left alone and the row is refused, naming both. Who shares the record
    of another person (``clientes_codigos``) is registered as that person.

    Args:
        deployment: the composed deployment.
        empresa: the empresa whose rows are meant.
        key: our code of the record.
        gatilho: what started it: ``cli``, ``schedule``, ``sensor``, ``ui``, ``demo``.

    Raises:
        ConfigurationError: the model has no such row.
        OmieFault: the run stopped.
    """
    engine = deployment.engine
    key = holder_of(engine, empresa, key)
    source = source_row(engine, CLIENTES, empresa, key)
    if source is None:
        raise ConfigurationError(
            f"Não há cliente {key} ({empresa}) no modelo omie_clientes: confira o código, ou "
            "refaça os modelos com omie-pipeline build"
        )
    known = registered_id(engine, CLIENTES, empresa, key) is not None
    stood = not known and _stands(deployment, empresa, source)
    policy = deployment.policy(CLIENTES.name)
    linking = policy.model_copy(update={"on_duplicate_document": "link", "mode": "upsert"})

    def make_client(name: str, on_call: Callable[[CallRecord], None]) -> OmieClient:
        return deployment.client(name, on_call, error_budget=policy.error_budget)

    push = Push(engine, make_client, deployment.clock, deployment.config.rules_of(empresa))
    push.run(CLIENTES, Selection(empresa, key=key), linking, PushOptions(gatilho=gatilho))
    omie_id = registered_id(engine, CLIENTES, empresa, key)
    if omie_id is None:
        return _told(key, "recusado", None, source, refusal(engine, CLIENTES, empresa, key))
    how: Como = "ja_cadastrado" if known else "vinculado" if stood else "criado"
    return _told(key, how, omie_id, source)


def _stands(deployment: Deployment, empresa: str, source: SourceRow) -> bool:
    """Whether Omie has a record of this CPF/CNPJ already."""
    if not source.documento:
        return False
    asked = {
        "pagina": 1,
        "registros_por_pagina": 2,
        "clientesFiltro": {"cnpj_cpf": source.documento},
    }
    with deployment.client(empresa) as client:
        try:
            found = client.read(CLIENTES.service, CLIENTES.list, asked)
        except Empty:
            return False
    return bool(found.get(CLIENTES.list_array))


def _told(
    key: str,
    how: Como,
    omie_id: int | None,
    source: SourceRow,
    refused: tuple[str, str] = ("", ""),
) -> ClienteCadastrado:
    return ClienteCadastrado(
        key, how, omie_id, source.origem_tabela, source.origem_id, mask_text(refused[0]), refused[1]
    )
