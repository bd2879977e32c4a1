"""A payload table with its kept query over a copied table, as a build leaves them, without dbt."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from omie_pipeline.models.refresh import Refresh, Refreshed, holding

NORTE, SUL = "norte", "sul"
EMPRESAS = (NORTE, SUL)

_BEGINNING = """
CREATE TABLE clinic_raw.pessoas (_empresa text, id text, nome text, PRIMARY KEY (_empresa, id));
CREATE TABLE omie_payload.omie_clientes
    (empresa text, codigo_cliente_integracao text, razao_social text);
CREATE TABLE omie_payload.omie_faturar_os (empresa text, "cCodIntOS" text, _nome text);
CREATE VIEW staging.omie_clientes AS
    SELECT _empresa AS empresa, 'PAC-' || id AS codigo_cliente_integracao, nome AS razao_social
    FROM clinic_raw.pessoas;
CREATE VIEW staging.omie_faturar_os AS
    SELECT empresa, codigo_cliente_integracao AS "cCodIntOS", razao_social AS _nome
    FROM omie_payload.omie_clientes;
SELECT omie_sync.marcar(name) FROM unnest(ARRAY['clinic_raw.pessoas', 'omie_payload.omie_clientes',
    'omie_payload.omie_faturar_os', 'staging.omie_clientes', 'staging.omie_faturar_os']) AS name;
INSERT INTO clinic_raw.pessoas VALUES
    ('norte', '1', 'Ana'), ('norte', '2', 'Rui'), ('sul', '1', 'Eva'), ('outra', '9', 'Ivo');
"""
BOTH = ("omie_clientes", "omie_faturar_os")


@dataclass(frozen=True)
class Tables:
    """The two payload tables and what they are made of."""

    engine: sa.Engine

    def run(self, statement: str, **values: Any) -> None:
        with self.engine.begin() as connection:
            connection.execute(sa.text(statement), values)

    def rows(self, table: str = "omie_payload.omie_clientes") -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            query = sa.text(f"SELECT t.*, t.xmin::text FROM {table} AS t ORDER BY 1, 2, 3")
            return [tuple(row) for row in connection.execute(query)]

    def people(self, table: str = "omie_payload.omie_clientes") -> list[str]:
        return [f"{row[0]} {row[1]} {row[2]}" for row in self.rows(table)]

    def refresh(
        self,
        empresas: Collection[str] = EMPRESAS,
        models: Collection[str] = BOTH,
        *,
        by_empresa: bool = True,
    ) -> dict[str, Refreshed]:
        with holding(self.engine, snapshot=True) as connection:
            done = Refresh(connection, EMPRESAS, by_empresa=by_empresa).run(models, empresas)
            return {one.model: one for one in done}


@pytest.fixture
def tables(engine: sa.Engine) -> Tables:
    with engine.begin() as connection:
        connection.exec_driver_sql(_BEGINNING)
    return Tables(engine)
