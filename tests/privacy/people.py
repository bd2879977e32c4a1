"""A patient and a supplier as the mirror, the state tables and the clinic's copies hold them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from omie_pipeline.postgres.all_tables import tables
from omie_pipeline.postgres.tables import events as inbox_events

EMPRESA = "principal"
CPF, OTHER_CPF = "529.982.247-25", "111.444.777-35"
NOW = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)
MARIA, OTHER = 101, 202
SECRETS = (
    "maria@exemplo.com", "99887-7665", "Rua das Acácias", "liga depois das seis", "12.345.678-9",
    "paga em dinheiro",
)  # fmt: skip
"""Contacts, address, RG and notes: never to be found again after an erasure."""


def _cliente(number: int, name: str, document: str, code: str) -> dict[str, Any]:
    values = {
        "razao_social": name,
        "nome_fantasia": name,
        "cnpj_cpf": document,
        "email": "maria@exemplo.com",
        "telefone1_numero": "99887-7665",
        "endereco": "Rua das Acácias",
        "cidade": "SAO PAULO (SP)",
        "contato": name,
        "inscricao_estadual": "12.345.678-9",
        "observacao": "liga depois das seis",
    }
    raw = {
        **values,
        "codigo_cliente_omie": number,
        "codigo_cliente_integracao": code,
        "caracteristicas": [{"campo": "RG", "conteudo": "12.345.678-9"}],
        "enderecoEntrega": {"entEndereco": "Rua das Acácias"},
        "campo_de_amanha": "maria@exemplo.com",
        "info": {"dInc": "02/01/2026"},
    }
    return {"codigo_cliente_omie": number, "codigo_integracao": code, **values, "raw": raw}


def add_people(engine: sa.Engine, paid_on: date = date(2026, 3, 1)) -> None:
    """Maria with a paid título, a note and a statement line; another patient with the same."""
    with engine.begin() as connection:
        add_cliente(connection)
        insert(connection, "clientes", _cliente(OTHER, "João Lima", OTHER_CPF, "PAC-2"))
        for client, title, document in ((MARIA, 11, CPF), (OTHER, 22, OTHER_CPF)):
            _facts(connection, client, title, document, paid_on)
        _state(connection)


def add_cliente(connection: sa.Connection, number: int = MARIA) -> None:
    """Maria as Omie lists her."""
    insert(connection, "clientes", _cliente(number, "Maria de Souza", CPF, "PAC-1"))


def insert(connection: sa.Connection, name: str, values: dict[str, Any]) -> None:
    """One row of the mirror."""
    row = {"empresa": EMPRESA, "lido_em": NOW, **values}
    connection.execute(sa.insert(tables.metadata.tables[f"omie.{name}"]).values(row))


def _facts(
    connection: sa.Connection, client: int, title: int, document: str, paid_on: date
) -> None:
    note = "paga em dinheiro"
    insert(connection, "contas_receber", {
        "codigo_lancamento_omie": title, "codigo_cliente_fornecedor": client,
        "codigo_integracao": f"REC-{title}", "data_emissao": paid_on, "data_vencimento": paid_on,
        "valor_documento": Decimal("150.10"), "observacao": note,
        "raw": {"codigo_lancamento_omie": title, "observacao": note,
                "valor_documento": Decimal("150.10"), "numero_documento": "77"},
    })  # fmt: skip
    insert(connection, "saldos_titulos", {
        "codigo_titulo": title, "codigo_cliente": client, "documento": document,
        "data_pagamento": paid_on, "valor_aberto": 0,
        "raw": {"cabecTitulo": {"nCodTitulo": title, "cCPFCNPJCliente": document},
                "lancamentos": [{"nCodLanc": title * 10, "cObsLanc": note}]},
    })  # fmt: skip
    insert(connection, "baixas", {
        "codigo_baixa": title * 10, "codigo_titulo": title, "data": paid_on, "observacao": note,
        "valor": Decimal("150.10"), "raw": {"nCodLanc": title * 10, "cObsLanc": note},
    })  # fmt: skip
    insert(connection, "movimentacoes", {
        "chave": f"B{title}", "grupo": "CONTA_A_RECEBER", "origem": "BAXR", "codigo_titulo": title,
        "codigo_cliente": client, "documento": document, "data_pagamento": paid_on,
        "observacao": note, "valor_movimentado": Decimal("150.10"),
        "raw": {"detalhes": {"cCPFCNPJCliente": document, "observacao": note}},
    })  # fmt: skip
    insert(connection, "notas_fiscais", {
        "tipo": "NFS-e", "codigo_nf": title, "codigo_cliente": client, "documento_cpf": document,
        "data_emissao": paid_on, "valor": Decimal("150.10"),
        "raw": {"Cabecalho": {"cCPFDestinatario": document, "cCNPJEmissor": "1"}},
    })  # fmt: skip
    insert(connection, "extrato_linhas", {
        "n_cod_cc": 1, "periodo_inicial": paid_on.replace(day=1), "ordem": title,
        "data": paid_on, "valor": Decimal("150.10"), "realizado": True, "nome_cliente": "Fulana",
        "documento": document, "observacao": note,
        "raw": {"cDocCliente": document, "cRazCliente": "Fulana", "cObservacoes": note},
    })  # fmt: skip


def _state(connection: sa.Connection) -> None:
    common = {"empresa": EMPRESA, "run_id": "r1", "endpoint": "clientes"}
    for code, number in (("PAC-1", MARIA), ("PAC-2", OTHER)):
        connection.execute(sa.insert(tables.ledger).values(
            **common, codigo_integracao=code, state="confirmed", omie_id=number, partition="all",
            last_error="M***a",
        ))  # fmt: skip
        connection.execute(sa.insert(tables.attempt).values(
            **common, codigo_integracao=code, method="UpsertCliente", request={"nome": "M***a"},
            response={}, http_status=200, duration_ms=1.0, at=NOW,
        ))  # fmt: skip
    for number in (MARIA, OTHER):
        connection.execute(sa.insert(inbox_events).values(
            empresa=EMPRESA, message_id=f"m{number}", topic="ClienteFornecedor.Alterado",
            received_at=NOW,
            raw={"event": {"codigo_cliente_omie": number, "email": "maria@exemplo.com",
                           "nome": "Fulana", "parcela": MARIA}},
            records={}, tables=[], missing=[], state="done",
        ))  # fmt: skip
    for statement in _CLINIC:
        connection.execute(sa.text(statement))


_CLINIC = (
    "CREATE TABLE clinic_raw.pacientes (_empresa text, id text, nome text, cpf text, email text)",
    "INSERT INTO clinic_raw.pacientes VALUES "
    "('principal', '1', 'Maria de Souza', '52998224725', 'maria@exemplo.com'), "
    "('outra', '1', 'Maria de Souza', '52998224725', 'maria@exemplo.com'), "
    "('principal', '2', 'João Lima', '11144477735', 'j@exemplo.com')",
    "CREATE VIEW clinica.pacientes AS SELECT _empresa AS empresa, id, nome, cpf, email "
    "FROM clinic_raw.pacientes",
    "CREATE TABLE clinica.recebimentos (empresa text, id text, paciente_id text, valor numeric)",
    "INSERT INTO clinica.recebimentos VALUES ('principal', '11', '1', 150.10), "
    "('principal', '22', '2', 1)",
)
