"""The lists read from Omie that validation leans on: categorias, contas correntes, empresas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from omie_pipeline.warehouse.engine import warehouse_errors
from omie_pipeline.warehouse.tables import categorias, contas_correntes, empresas, ledger

_TABLES = {"categorias": categorias, "contas_correntes": contas_correntes, "empresas": empresas}
# column of ours -> field of Omie's
_COLUMNS: dict[str, dict[str, str]] = {
    "categorias": {
        "codigo": "codigo",
        "descricao": "descricao",
        "conta_inativa": "conta_inativa",
        "totalizadora": "totalizadora",
        "conta_receita": "conta_receita",
        "conta_despesa": "conta_despesa",
    },
    "contas_correntes": {
        "n_cod_cc": "nCodCC",
        "c_cod_cc_int": "cCodCCInt",
        "descricao": "descricao",
        "tipo": "tipo_conta_corrente",
        "inativo": "inativo",
    },
    "empresas": {
        "codigo_empresa": "codigo_empresa",
        "razao_social": "razao_social",
        "cnpj": "cnpj",
    },
}


def store_reference(
    engine: sa.Engine,
    endpoint: str,
    empresa: str,
    records: Sequence[Mapping[str, Any]],
    now: datetime,
) -> None:
    """Replace the list of one empresa by what Omie just answered, in one transaction."""
    table, columns = _TABLES[endpoint], _COLUMNS[endpoint]
    values = [
        {
            "empresa": empresa,
            **{ours: record.get(theirs) for ours, theirs in columns.items()},
            "raw": record,
            "lido_em": now,
        }
        for record in records
    ]
    with warehouse_errors(), engine.begin() as connection:
        connection.execute(sa.delete(table).where(table.c.empresa == empresa))
        if values:
            connection.execute(sa.insert(table), values)


@dataclass(frozen=True, slots=True)
class ListedCode:
    """A category or account as the seeds of ``dbt_mapping`` name it."""

    codigo: str
    descricao: str
    usable: bool


def listed_codes(engine: sa.Engine, endpoint: str, empresa: str) -> list[ListedCode]:
    """Codes of ``categorias`` or ``contas_correntes``, in order; other lists have none."""
    if endpoint == "categorias":
        table, code, usable = categorias, categorias.c.codigo, usable_categorias(engine, empresa)
    elif endpoint == "contas_correntes":
        accounts = usable_contas_correntes(engine, empresa)
        table, code = contas_correntes, contas_correntes.c.n_cod_cc
        usable = {str(number): active for number, active in accounts.items()}
    else:
        return []
    query = sa.select(code, table.c.descricao).where(table.c.empresa == empresa).order_by(code)
    with warehouse_errors(), engine.connect() as connection:
        return [
            ListedCode(str(row[0]), row[1] or "", usable[str(row[0])])
            for row in connection.execute(query)
        ]


def usable_categorias(engine: sa.Engine, empresa: str) -> dict[str, bool]:
    """Category code -> may be used in a título: active, and not a total line."""
    query = sa.select(
        categorias.c.codigo, categorias.c.conta_inativa, categorias.c.totalizadora
    ).where(categorias.c.empresa == empresa)
    with warehouse_errors(), engine.connect() as connection:
        return {
            row.codigo: row.conta_inativa != "S" and row.totalizadora != "S"
            for row in connection.execute(query)
        }


def usable_contas_correntes(engine: sa.Engine, empresa: str) -> dict[int, bool]:
    """Omie's id of a bank account -> is active."""
    query = sa.select(contas_correntes.c.n_cod_cc, contas_correntes.c.inativo).where(
        contas_correntes.c.empresa == empresa
    )
    with warehouse_errors(), engine.connect() as connection:
        return {row.n_cod_cc: row.inativo != "S" for row in connection.execute(query)}


def confirmed_codes(
    engine: sa.Engine, empresa: str, endpoint: str, codes: Sequence[str]
) -> set[str]:
    """Those of ``codes`` that Omie holds for us: confirmed once, and not deleted since."""
    query = sa.select(ledger.c.codigo_integracao).where(
        ledger.c.empresa == empresa,
        ledger.c.endpoint == endpoint,
        ledger.c.codigo_integracao == sa.func.any(list(codes)),
        ledger.c.omie_id.is_not(None),
        ledger.c.state != "deleted",
    )
    with warehouse_errors(), engine.connect() as connection:
        return set(connection.execute(query).scalars())


def deletable(
    engine: sa.Engine,
    empresa: str,
    endpoint: str,
    *,
    codes: Sequence[str],
    omie_ids: Sequence[int],
) -> dict[str, int]:
    """Integration code -> Omie's id of those records that this ledger created."""
    query = sa.select(ledger.c.codigo_integracao, ledger.c.omie_id).where(
        ledger.c.empresa == empresa,
        ledger.c.endpoint == endpoint,
        ledger.c.created_here,
        ledger.c.omie_id.is_not(None),
        sa.or_(
            ledger.c.codigo_integracao == sa.func.any(list(codes)),
            ledger.c.omie_id == sa.func.any(list(omie_ids)),
        ),
    )
    with warehouse_errors(), engine.connect() as connection:
        return {row.codigo_integracao: row.omie_id for row in connection.execute(query)}
