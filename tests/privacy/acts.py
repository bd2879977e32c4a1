"""Settlements, orders, contracts and notes of two people, in every table that tells of them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from omie_pipeline.postgres.all_tables import tables
from tests.privacy.people import CPF, EMPRESA, NOW, OTHER_CPF

NOTE = "Ana Souza, retorno em maio"
ISSUED = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
PEOPLE = (("1", "PAC-1", 101, CPF), ("2", "PAC-2", 202, OTHER_CPF))


def marker(endpoint: str, code: str) -> dict[str, Any]:
    return {"$omie_id": [endpoint, code]}


MODELS: Mapping[str, Mapping[str, Any]] = {
    "omie_contas_receber": {
        "codigo_lancamento_integracao": sa.Text, "codigo_cliente_fornecedor": JSONB,
    },
    "omie_baixas_receber": {
        "codigo_baixa_integracao": sa.Text, "codigo_lancamento_integracao": sa.Text,
    },
    "omie_ordens_servico": {"Cabecalho": JSONB, "Observacoes": JSONB},
    "omie_faturar_os": {"cCodIntOS": sa.Text},
    "omie_contratos": {"cabecalho": JSONB, "observacoes": JSONB},
    "omie_situacao_contratos": {"cCodIntCtr": sa.Text, "cCodSit": sa.Text},
    "omie_clientes_cpf_cnpj": {"_chave": sa.Text, "cnpj_cpf": sa.Text},
    "omie_vendedores": {"codInt": sa.Text, "_origem_id": sa.Text},
}  # fmt: skip
CLINIC: Mapping[str, Mapping[str, Any]] = {
    "pagamentos": {"id": sa.Text, "origem": sa.Text, "origem_id": sa.Text},
    "contratos": {"id": sa.Text, "paciente_id": sa.Text},
    "contratos_itens": {"id": sa.Text, "contrato_id": sa.Text},
    "profissionais": {"id": sa.Text, "cpf_cnpj": sa.Text},
}


def made(
    connection: sa.Connection, schema: str, name: str, columns: Mapping[str, Any], *rows: Any
) -> None:
    """A table of dbt's and its rows, all of the one empresa."""
    connection.execute(sa.schema.CreateSchema(schema, if_not_exists=True))
    table = sa.Table(
        name,
        sa.MetaData(),
        sa.Column("empresa", sa.Text),
        *(sa.Column(column, kind) for column, kind in columns.items()),
        schema=schema,
    )
    table.create(connection)
    connection.execute(sa.insert(table), [{"empresa": EMPRESA, **row} for row in rows])


def payloads(number: str, code: str, client: int, document: str) -> dict[str, dict[str, Any]]:
    """One row of each model; the first person's clientes are named by marker, the other's by id
    or by our code."""
    by_document = marker("clientes_cpf_cnpj", code)
    order: dict[str, Any] = {"nCodCli": by_document} if number == "1" else {"cCodIntCli": code}
    contract: dict[str, Any] = {"nCodCli": by_document if number == "1" else client}
    return {
        "omie_contas_receber": {
            "codigo_lancamento_integracao": f"REC-T{number}",
            "codigo_cliente_fornecedor": by_document,
        },
        "omie_baixas_receber": {
            "codigo_baixa_integracao": f"BXR-{number}",
            "codigo_lancamento_integracao": f"REC-T{number}",
        },
        "omie_ordens_servico": {
            "Cabecalho": {"cCodIntOS": f"OS-{number}", **order},
            "Observacoes": {"cObsOS": NOTE},
        },
        "omie_faturar_os": {"cCodIntOS": f"OS-{number}"},
        "omie_contratos": {
            "cabecalho": {"cCodIntCtr": f"CTR-{number}", **contract},
            "observacoes": {"cObsContrato": NOTE},
        },
        "omie_situacao_contratos": {"cCodIntCtr": f"CTR-{number}", "cCodSit": "10"},
        "omie_clientes_cpf_cnpj": {"_chave": code, "cnpj_cpf": document},
        "omie_vendedores": {"codInt": f"VEN-{number}", "_origem_id": f"p{number}"},
    }


def clinic_rows(number: str, document: str) -> dict[str, dict[str, Any]]:
    receipt = {"1": "11", "2": "22"}[number]
    return {
        "pagamentos": {"id": f"pg{number}", "origem": "recebimentos", "origem_id": receipt},
        "contratos": {"id": f"c{number}", "paciente_id": number},
        "contratos_itens": {"id": f"i{number}", "contrato_id": f"c{number}"},
        "profissionais": {"id": f"p{number}", "cpf_cnpj": document},
    }


CODES = {
    "associar_clientes": "PAC-{}", "clientes_cpf_cnpj": "PAC-{}", "contas_receber": "REC-T{}",
    "baixas_receber": "BXR-{}", "estornar_baixas_receber": "BXR-{}", "ordens_servico": "OS-{}",
    "faturar_os": "OS-{}", "contratos": "CTR-{}", "situacao_contratos": "CTR-{}",
    "vendedores": "VEN-{}",
}  # fmt: skip


def add_acts(connection: sa.Connection) -> None:
    """Models, rows of the push path under every endpoint, and an issued and a refused note."""
    rows = [payloads(*person) for person in PEOPLE]
    for name, columns in MODELS.items():
        made(connection, "omie_payload", name, columns, *(row[name] for row in rows))
    clinic = [clinic_rows(person[0], person[3]) for person in PEOPLE]
    for name, columns in CLINIC.items():
        made(connection, "clinica", name, columns, *(row[name] for row in clinic))
    for (endpoint, code), (number, *_) in itertools.product(CODES.items(), PEOPLE):
        push_path(connection, endpoint, code.format(number))
    for number, name in (("1", "MARIA DE SOUZA"), ("2", "JOÃO LIMA")):
        notes(connection, f"OS-{number}", name)


def push_path(connection: sa.Connection, endpoint: str, code: str) -> None:
    who = {
        "empresa": EMPRESA, "endpoint": endpoint, "codigo_integracao": code, "run_id": endpoint,
    }  # fmt: skip
    seen = {"first_seen_at": NOW, "last_seen_at": NOW, "partition": "all", "row_masked": {"x": 1}}
    run = {"empresa": EMPRESA, "endpoint": endpoint, "trigger": "cli", "state": "done"}
    known = sa.select(tables.run.c.run_id).where(tables.run.c.run_id == endpoint)
    if connection.scalar(known) is None:
        connection.execute(
            sa.insert(tables.run).values(run_id=endpoint, started_at=NOW, selected=1, **run)
        )
    for table, values in (
        (tables.ledger, {"state": "rejected", "partition": "all", "last_error": NOTE}),
        (tables.attempt, {"method": "x", "request": {"x": NOTE}, "response": {}, "at": NOW,
                          "http_status": 200, "duration_ms": 1.0}),
        (tables.quarantine, {"row_key": code, "reasons": [], **seen}),
        (tables.rejected, {"fault_text": "x", "fix": "x", **seen}),
    ):  # fmt: skip
        connection.execute(sa.insert(table).values(**who, **values))
    line = connection.scalar(sa.select(sa.func.count()).select_from(tables.plan)) or 0
    connection.execute(sa.insert(tables.plan).values(
        run_id=endpoint, number=line, partition="all", codigo_integracao=code, action="insert",
        priority=1, state="ready", payload={}, extra={"_nome": NOTE}, payload_hash="h",
    ))  # fmt: skip
    connection.execute(sa.insert(tables.stored_plan_row).values(
        plan_id="k7m2qd", empresa=EMPRESA, endpoint=endpoint, number=line, partition="all",
        codigo_integracao=code, action="update", state="ready", payload_hash="h",
        changes={"observacao": [None, NOTE]}, reasons=[{"reason": NOTE}],
    ))  # fmt: skip


def notes(connection: sa.Connection, order: str, name: str) -> None:
    words = f"Tomador {name} aceito"
    connection.execute(sa.insert(tables.nfse).values(
        empresa=EMPRESA, cod_int_os=order, state="issued", numero="7", message=words,
        billed_at=ISSUED, issued_at=ISSUED, changed_at=ISSUED,
    ))  # fmt: skip
    connection.execute(sa.insert(tables.nfse_transition).values(
        empresa=EMPRESA, cod_int_os=order, to_state="issued", at=ISSUED, reason=words,
        source="list",
    ))  # fmt: skip
    connection.execute(sa.insert(tables.nfse_file).values(
        empresa=EMPRESA, cod_int_os=order, kind="pdf", path=f"principal/{order}.pdf",
        sha256="0", bytes=1, stored_at=ISSUED,
    ))  # fmt: skip
    connection.execute(sa.insert(tables.billing_request).values(
        {"empresa": EMPRESA, "data_particao": ISSUED.date(), "cCodIntOS": order,
         "_requested_at": ISSUED, "_requested_by": "recepcao"}
    ))  # fmt: skip
