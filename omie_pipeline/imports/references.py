"""What validation asks of the mirror: which categorias and contas correntes may be used."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.omie_tables import mirror_table

categorias = mirror_table(MIRROR["categorias"])
contas_correntes = mirror_table(MIRROR["contas_correntes"])


@dataclass(frozen=True, slots=True)
class ListedCode:
    """A category or account as ``defaults`` name it."""

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
    query = (
        sa.select(code, table.c.descricao)
        .where(table.c.empresa == empresa, table.c.excluido_em.is_(None))
        .order_by(code)
    )
    with warehouse_errors(), engine.connect() as connection:
        return [
            ListedCode(str(row[0]), row[1] or "", usable[str(row[0])])
            for row in connection.execute(query)
        ]


def usable_categorias(engine: sa.Engine, empresa: str) -> dict[str, bool]:
    """Category code -> may be used in a título: active, and not a total line."""
    query = sa.select(
        categorias.c.codigo, categorias.c.conta_inativa, categorias.c.totalizadora
    ).where(categorias.c.empresa == empresa, categorias.c.excluido_em.is_(None))
    with warehouse_errors(), engine.connect() as connection:
        return {
            row.codigo: row.conta_inativa != "S" and row.totalizadora != "S"
            for row in connection.execute(query)
        }


def usable_contas_correntes(engine: sa.Engine, empresa: str) -> dict[int, bool]:
    """Omie's id of a bank account -> is active."""
    query = sa.select(contas_correntes.c.n_cod_cc, contas_correntes.c.inativo).where(
        contas_correntes.c.empresa == empresa, contas_correntes.c.excluido_em.is_(None)
    )
    with warehouse_errors(), engine.connect() as connection:
        return {row.n_cod_cc: row.inativo != "S" for row in connection.execute(query)}
