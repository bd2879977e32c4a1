"""What the clinic has that may be mapped, as the last build read it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from omie_pipeline.list_mapping.model import SourceItem, SourceKind
from omie_pipeline.postgres.schemas import CLINIC, schemas_of

_CATEGORY_ON: Final = (
    "despesas",
    "compras_produtos",
    "vendas_produtos",
    "procedimentos",
    "contratos",
    "contratos_itens",
)
"""Canonical tables whose ``codigo_categoria`` is the clinic's category."""
_OMIES_FORM: Final = re.compile(r"[0-9]+([.][0-9]+)+")
_METHOD_ON: Final = (
    *("recebimentos", "vendas_produtos", "despesas", "compras_produtos", "pagamentos"),
)


def values_of(connection: sa.Connection, kind: SourceKind, empresa: str) -> list[SourceItem]:
    """The values of one kind that one empresa has, those with most rows first.

    Before the first build there are none.
    """
    finders = {
        "category": _categories,
        "procedure": _procedures,
        "payment_method": _methods,
        "supplier_kind": _supplier_kinds,
        "omie_category": _omie_categories,
    }
    found = finders[kind](connection, empresa)
    return sorted(found, key=lambda one: (-one.rows, one.source))


def _there(connection: sa.Connection, tables: Sequence[str]) -> list[str]:
    inspector, schema = sa.inspect(connection), schemas_of(connection).name(CLINIC)
    known = {*inspector.get_table_names(schema), *inspector.get_view_names(schema)}
    return [name for name in tables if name in known]


def _table(name: str, *columns: str) -> Any:
    return sa.table(name, *(sa.column(one) for one in columns), schema=CLINIC)


def _categories(connection: sa.Connection, empresa: str) -> list[SourceItem]:
    parts = []
    for name in _there(connection, _CATEGORY_ON):
        table = _table(name, "empresa", "codigo_categoria")
        value = table.c.codigo_categoria
        parts.append(
            sa.select(value.label("source")).where(
                table.c.empresa == empresa, sa.func.btrim(value) != ""
            )
        )
    if not parts:
        return []
    names: dict[str, str] = {}
    if _there(connection, ["categorias"]):
        table = _table("categorias", "empresa", "id", "descricao")
        query = sa.select(table.c.id, table.c.descricao).where(table.c.empresa == empresa)
        names = {row.id: row.descricao or "" for row in connection.execute(query)}
    return [
        SourceItem(
            "category",
            source,
            names.get(source) or source,
            rows=rows,
            settled=_OMIES_FORM.fullmatch(source) is not None,
        )
        for source, rows in _counted(connection, parts)
    ]


def _procedures(connection: sa.Connection, empresa: str) -> list[SourceItem]:
    if not _there(connection, ["procedimentos"]):
        return []
    rows = {}
    if _there(connection, ["recebimentos"]):
        receipts = _table("recebimentos", "empresa", "procedimento_id")
        part = sa.select(receipts.c.procedimento_id.label("source")).where(
            receipts.c.empresa == empresa, receipts.c.procedimento_id.is_not(None)
        )
        rows = dict(_counted(connection, [part]))
    table = _table(
        "procedimentos", "empresa", "id", "nome", "descricao_completa", "codigo_categoria"
    )
    query = (
        sa.select(
            table.c.id,
            sa.func.max(table.c.nome).label("nome"),
            sa.func.max(table.c.descricao_completa).label("words"),
            sa.func.max(table.c.codigo_categoria).label("category"),
        )
        .where(table.c.empresa == empresa)
        .group_by(table.c.id)
    )
    return [
        SourceItem(
            "procedure",
            row.id,
            row.nome or row.id,
            row.words or "",
            rows.get(row.id, 0),
            # What it calls its category is mapped instead.
            settled=bool((row.category or "").strip()),
        )
        for row in connection.execute(query)
    ]


def _methods(connection: sa.Connection, empresa: str) -> list[SourceItem]:
    if not _there(connection, ["formas_pagamento"]):
        return []
    parts = []
    for name in _there(connection, _METHOD_ON):
        used = _table(name, "empresa", "forma_pagamento_id")
        parts.append(
            sa.select(used.c.forma_pagamento_id.label("source")).where(
                used.c.empresa == empresa, used.c.forma_pagamento_id.is_not(None)
            )
        )
    rows = dict(_counted(connection, parts)) if parts else {}
    table = _table("formas_pagamento", "empresa", "id", "nome", "tipo", "codigo_conta_corrente")
    query = (
        sa.select(
            table.c.id,
            sa.func.max(table.c.nome).label("nome"),
            sa.func.max(table.c.tipo).label("tipo"),
            sa.func.max(table.c.codigo_conta_corrente).label("account"),
        )
        .where(table.c.empresa == empresa)
        .group_by(table.c.id)
    )
    return [
        SourceItem(
            "payment_method",
            row.id,
            row.nome or row.id,
            row.tipo or "",
            rows.get(row.id, 0),
            settled=row.account is not None,
        )
        for row in connection.execute(query)
    ]


def _supplier_kinds(connection: sa.Connection, empresa: str) -> list[SourceItem]:
    if not _there(connection, ["fornecedores"]):
        return []
    table = _table("fornecedores", "empresa", "tipo_fornecedor")
    value = table.c.tipo_fornecedor
    part = sa.select(value.label("source")).where(
        table.c.empresa == empresa, sa.func.btrim(value) != ""
    )
    return [
        SourceItem("supplier_kind", source, source, rows=rows)
        for source, rows in _counted(connection, [part])
    ]


def _omie_categories(connection: sa.Connection, empresa: str) -> list[SourceItem]:
    from omie_pipeline.list_mapping.omie_codes import codes_of

    return [
        SourceItem("omie_category", one.code, one.name or one.code, one.parent)
        for one in codes_of(connection, "category", empresa)
        if one.active
    ]


def _counted(connection: sa.Connection, parts: Sequence[sa.Select[Any]]) -> list[tuple[str, int]]:
    rows = sa.union_all(*parts).subquery()
    query = sa.select(rows.c.source, sa.func.count()).group_by(rows.c.source)
    return [(row[0], row[1]) for row in connection.execute(query)]
