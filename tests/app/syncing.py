"""A small clinic in a CSV folder whose copies, views and payload tables stand as a build leaves
them, without dbt: the views are written here."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.sync_one import SyncedRecord, SyncListener, SyncRequest, sync_one
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.clinic.origins import Origin
from omie_pipeline.clinic.tables import CLINIC_TABLES
from omie_pipeline.models.refresh import KeyRefreshed, Refresh, holding
from omie_pipeline.push.report import PushOptions
from tests.push.world import World, cpf

EMPRESA = "sul"
TABLES = ("pacientes", "procedimentos", "formas_pagamento", "recebimentos")
READ = ("pacientes", "profissionais", "fornecedores", *TABLES[1:], "pagamentos", "projetos")

_PEOPLE = """
CREATE VIEW clinica.{name} AS SELECT _empresa AS empresa, * FROM
    (SELECT _empresa, {columns} FROM clinic_raw.{name}) AS copied;
"""
_NONE = "CREATE VIEW clinica.{name} AS SELECT {columns} WHERE false;"
_MODELS = """
CREATE VIEW staging.clientes_codigos AS
    SELECT empresa, 'PAC-' || id AS codigo,
        first_value('PAC-' || id) OVER (PARTITION BY empresa, cpf ORDER BY id) AS titular,
        true AS na_clinica, md5(cpf) AS resumo_documento
    FROM clinica.pacientes;
CREATE TABLE omie_payload.clientes_codigos AS SELECT * FROM staging.clientes_codigos;
CREATE VIEW staging.omie_clientes AS
    SELECT p.empresa, 'PAC-' || p.id AS codigo_cliente_integracao, p.nome AS razao_social,
        p.nome AS nome_fantasia, p.cpf AS cnpj_cpf, 'Rua das Flores' AS endereco,
        '100' AS endereco_numero, 'Centro' AS bairro, 'SAO PAULO (SP)' AS cidade, 'SP' AS estado,
        '01001000' AS cep, '[{"tag": "Cliente"}]'::jsonb AS tags, 'paciente' AS _tipo,
        'pacientes' AS _origem_tabela, p.id AS _origem_id
    FROM clinica.pacientes AS p JOIN omie_payload.clientes_codigos AS c
        ON c.empresa = p.empresa AND c.codigo = 'PAC-' || p.id AND c.titular = c.codigo;
CREATE TABLE omie_payload.omie_clientes AS SELECT * FROM staging.omie_clientes;
CREATE VIEW staging.omie_contas_receber AS
    SELECT r.empresa, r.data::date AS data_particao,
        'REC-' || r.id AS codigo_lancamento_integracao,
        coalesce(c.titular, 'PAC-' || r.paciente_id) AS codigo_cliente_fornecedor_integracao,
        r.data::date AS data_vencimento, r.data::date AS data_previsao,
        r.valor::numeric AS valor_documento, p.codigo_categoria,
        9100000001::bigint AS id_conta_corrente, 'recebimentos' AS _origem_tabela,
        r.id AS _origem_id
    FROM clinica.recebimentos AS r
    LEFT JOIN clinica.procedimentos AS p ON p.empresa = r.empresa AND p.id = r.procedimento_id
    LEFT JOIN omie_payload.clientes_codigos AS c
        ON c.empresa = r.empresa AND c.codigo = 'PAC-' || r.paciente_id;
CREATE TABLE omie_payload.omie_contas_receber AS SELECT * FROM staging.omie_contas_receber;
SELECT omie_sync.marcar(name) FROM unnest(ARRAY['staging.clientes_codigos',
    'omie_payload.clientes_codigos', 'staging.omie_clientes', 'omie_payload.omie_clientes',
    'staging.omie_contas_receber', 'omie_payload.omie_contas_receber']) AS name;
"""


def patient(number: int, name: str = "Ana", document: str = "") -> dict[str, str]:
    return {"id": str(number), "nome": name, "cpf": document or cpf(number)}


def receipt(number: int, patient_id: int, value: str = "150.10") -> dict[str, str]:
    return {
        "id": str(number),
        "paciente_id": str(patient_id),
        "procedimento_id": "C1",
        "forma_pagamento_id": "PIX",
        "data": "2026-01-05",
        "valor": value,
    }


@dataclass
class Told:
    """What a sync said on its way."""

    rows: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    holders: list[tuple[str, str]] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    builds: int = 0


class Clinic:
    """The clinic's folder, and syncs of one record of it."""

    def __init__(
        self, folder: Path, world: World, deployment: Deployment, empresa: str = EMPRESA
    ) -> None:
        self.empresa = empresa
        self.folder = folder
        self.world = world
        self.deployment = deployment

    def write(self, table: str, rows: Sequence[dict[str, str]]) -> None:
        """Write a table's file anew."""
        names = [column.name for column in CLINIC_TABLES[table].columns]
        with (self.folder / f"{table}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows({"empresa": self.empresa, **row} for row in rows)

    def begin(self, patients: Sequence[dict[str, str]], receipts: Sequence[Any] = ()) -> None:
        """Copy the clinic and make views and tables over it."""
        self.write("pacientes", patients)
        self.write("recebimentos", receipts)
        self.write("procedimentos", [{"id": "C1", "codigo_categoria": "1.01.01"}])
        self.write("formas_pagamento", [{"id": "PIX", "tipo": "PIX"}])
        for source in self.deployment.sources:
            if source.name in TABLES:
                self.deployment.extract(source, self.empresa)
        with self.world.engine.begin() as connection:
            for schema in ("staging", "clinica", "omie_payload"):
                connection.execute(sa.schema.CreateSchema(schema, if_not_exists=True))
            for name in READ:
                columns = [c.name for c in CLINIC_TABLES[name].columns if c.name != "empresa"]
                if name in TABLES:
                    text = _PEOPLE.format(name=name, columns=", ".join(columns))
                else:
                    empty = ["'' AS empresa", *(f"'' AS {column}" for column in columns)]
                    text = _NONE.format(name=name, columns=", ".join(empty))
                connection.exec_driver_sql(text)
            connection.exec_driver_sql(_MODELS)

    def sync(
        self, endpoint: str, key: str, told: Told | None = None, **options: Any
    ) -> list[SyncedRecord]:
        """Sync one record; every push that it took."""
        told = told if told is not None else Told()

        def on_copied(copy: Any, origin: Origin | None) -> None:
            if copy.whole is not None:
                told.tables.append(copy.table)
            elif origin is not None:
                told.rows.append(f"{copy.table} {origin.id}: {copy.change}")

        def on_build() -> None:
            told.builds += 1

        listener = SyncListener(
            on_copied=on_copied,
            on_holder=lambda code, holder: told.holders.append((code, holder)),
            on_before=lambda _, code: told.before.append(code),
            on_build=on_build,
        )
        request = SyncRequest(self.empresa, REGISTRY[endpoint], key, PushOptions(**options))
        return list(sync_one(self.deployment, request, listener))

    def payload(self, endpoint: str, key: str) -> list[dict[str, Any]]:
        """The payload rows of one code."""
        model = REGISTRY[endpoint]
        rows = self.world.rows(
            f"SELECT to_jsonb(t) FROM omie_payload.{model.model} AS t "
            f"WHERE {model.integration_key} = '{key}'"
        )
        return [row[0] for row in rows]


def refresh_without_dbt(
    deployment: Deployment, _project: object, endpoint: str, empresa: str, key: str, _wait: object
) -> KeyRefreshed | None:
    """In the place of ``refresh_key``, which asks first whether dbt made the views."""
    with holding(deployment.engine, snapshot=True) as connection:
        return Refresh(connection, deployment.empresas).run_key(REGISTRY[endpoint], empresa, key)
