"""The codes that something may be mapped to: Omie's lists, as last read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa

from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.list_mapping.model import TargetCode, TargetKind
from omie_pipeline.postgres.omie_tables import mirror_table
from omie_pipeline.postgres.tables import mapping

LIST_OF: Final[Mapping[TargetKind, str]] = {
    "category": "categorias",
    "account": "contas_correntes",
    "department": "departamentos",
    "project": "projetos",
}
"""The list that holds a target's codes; a managerial category is the company's own word."""

_categorias = mirror_table(MIRROR["categorias"])
_contas = mirror_table(MIRROR["contas_correntes"])
_departamentos = mirror_table(MIRROR["departamentos"])
_projetos = mirror_table(MIRROR["projetos"])


def codes_of(connection: sa.Connection, target: TargetKind, empresa: str) -> list[TargetCode]:
    """Every code of a target that one empresa's Omie has, usable or not, in order.

    Empty: the list was never read, or Omie has none. For ``managerial_category``: the words in use.
    """
    if target == "category":
        return _categories(connection, empresa)
    if target == "account":
        rows = _listed(connection, _contas, _contas.c.n_cod_cc, _contas.c.descricao, empresa)
    elif target == "department":
        rows = _listed(
            connection, _departamentos, _departamentos.c.codigo, _departamentos.c.descricao, empresa
        )
    elif target == "project":
        rows = _listed(connection, _projetos, _projetos.c.codigo, _projetos.c.nome, empresa)
    else:
        return _words(connection)
    return [TargetCode(target, code, name, active=active) for code, name, active in rows]


def _listed(
    connection: sa.Connection,
    table: sa.Table,
    code: sa.ColumnElement[object],
    name: sa.ColumnElement[str],
    empresa: str,
) -> list[tuple[str, str, bool]]:
    query = (
        sa.select(sa.cast(code, sa.Text), sa.func.coalesce(name, ""), table.c.inativo)
        .where(table.c.empresa == empresa, table.c.excluido_em.is_(None))
        .order_by(code)
    )
    return [(row[0], row[1], row[2] != "S") for row in connection.execute(query)]


def _categories(connection: sa.Connection, empresa: str) -> list[TargetCode]:
    above = _categorias.alias("above")
    query = (
        sa.select(_categorias, above.c.descricao.label("parent"))
        .select_from(
            _categorias.outerjoin(
                above,
                sa.and_(
                    above.c.empresa == _categorias.c.empresa,
                    above.c.codigo == _categorias.c.categoria_superior,
                    above.c.codigo != _categorias.c.codigo,
                ),
            )
        )
        .where(_categorias.c.empresa == empresa, _categorias.c.excluido_em.is_(None))
        .order_by(_categorias.c.codigo)
    )
    return [
        TargetCode(
            "category",
            row.codigo,
            row.descricao or "",
            row.parent or "",
            active=row.conta_inativa != "S" and row.totalizadora != "S",
            total_line=row.totalizadora == "S",
            revenue={("S", "N"): True, ("N", "S"): False}.get(
                (row.conta_receita or "N", row.conta_despesa or "N")
            ),
        )
        for row in connection.execute(query)
    ]


def _words(connection: sa.Connection) -> list[TargetCode]:
    query = (
        sa.select(mapping.c.code)
        .where(mapping.c.target == "managerial_category")
        .distinct()
        .order_by(mapping.c.code)
    )
    words: list[str] = list(connection.execute(query).scalars())
    return [TargetCode("managerial_category", word, word) for word in words]
