"""Which rows of the clinic a record is made of, from our code of it alone.

A row that was typed a minute ago is in no model yet, so its code has to say where it is: ``PAC-3``
is row 3 of ``pacientes``. A code whose id was too long for Omie does not (``nosso_codigo`` of
``dbt_mapping``): its table is then read as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from omie_pipeline.clinic.sources import SourceTable
from omie_pipeline.clinic.tables import CLINIC_TABLES
from omie_pipeline.postgres import schemas

PEOPLE: Final[Mapping[str, str]] = {
    "PAC-": "pacientes",
    "PRO-": "profissionais",
    "FOR-": "fornecedores",
}
"""What the codes of people begin with, and the canonical tables that they come from."""
_PEOPLE: Final = tuple(PEOPLE.items())
_CONTRACTS: Final = (("CTR-", "contratos"),)
_RECEIVED: Final = (("BXR-", "pagamentos"),)
_PAID: Final = (("BXP-", "pagamentos"),)
_ORDERS: Final = (("OS-", "recebimentos"),)
_RECEIVABLES: Final = (("REC-", "recebimentos"), ("VEN-", "vendas_produtos"))
_PAYABLES: Final = (
    *(("REP-R", "recebimentos"), ("REP-", "repasses")),
    *(("DES-", "despesas"), ("COM-", "compras_produtos")),
)
MADE_OF: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "associar_clientes": _PEOPLE,
    "clientes": _PEOPLE,
    "clientes_cpf_cnpj": _PEOPLE,
    "vendedores": (("PRO-", "profissionais"),),
    "projetos": (("PRJ-", "projetos"),),
    "categorias": (("CAT-", "categorias"),),
    "servicos": (("SRV-", "procedimentos"),),
    "contratos": _CONTRACTS,
    "situacao_contratos": _CONTRACTS,
    "contas_receber": _RECEIVABLES,
    "excluir_contas_receber": _RECEIVABLES,
    "contas_pagar": _PAYABLES,
    "excluir_contas_pagar": _PAYABLES,
    "baixas_receber": _RECEIVED,
    "estornar_baixas_receber": _RECEIVED,
    "baixas_pagar": _PAID,
    "estornar_baixas_pagar": _PAID,
    "ordens_servico": _ORDERS,
    "faturar_os": _ORDERS,
}
"""Endpoint -> what our codes begin with there, and the canonical table whose id follows."""

BESIDE: Final[Mapping[str, tuple[str, ...]]] = {
    "CTR-": ("contratos_itens",),
    "REP-R": ("regras_repasse", "repasses"),
    "REP-": ("repasses",),
}
"""By the beginning of a code: tables whose rows belong to the record and which its code does not
name. They are read as ever."""

_INSTALMENT: Final = re.compile(r"^(.+)-[1-9][0-9]{0,2}$")
_BY_RULE: Final = re.compile(r"^R(.+)$")
_PAID_TABLES: Final = frozenset(
    {"recebimentos", "vendas_produtos", "repasses", "despesas", "compras_produtos"}
)


@dataclass(frozen=True, slots=True)
class Origin:
    """One row of a canonical table."""

    table: str
    id: str


def origins_of(endpoint: str, code: str) -> tuple[Origin, ...]:
    """Rows that a record of this code may be made of; none where the code does not say it.

    ``REC-7-2`` is the second instalment of receipt 7, or receipt ``7-2``.
    """
    found: list[Origin] = []
    for prefix, table in MADE_OF.get(endpoint, ()):
        id_ = code.removeprefix(prefix)
        if id_ in (code, ""):
            continue
        found.append(Origin(table, id_))
        instalment = _INSTALMENT.match(id_) if table == "recebimentos" else None
        if instalment:
            found.append(Origin(table, instalment[1]))
    return tuple(found)


def tables_beside(code: str) -> tuple[str, ...]:
    """Canonical tables to read as a whole for a record of this code."""
    return next((tables for start, tables in BESIDE.items() if code.startswith(start)), ())


def named_by(connection: sa.Connection, empresa: str, origin: Origin) -> tuple[Origin, ...]:
    """The rows that one row names: a receipt its patient, its procedure, its payment method.

    Args:
        connection: a connection to the warehouse.
        empresa: the empresa whose rows are meant.
        origin: the row, as the canonical table has it now.
    """
    declared = CLINIC_TABLES[origin.table]
    targets = {one.name: one.refers_to for one in declared.columns if one.refers_to}
    paid = {"origem", "origem_id"} <= {one.name for one in declared.columns}
    names = [*targets, *(("origem", "origem_id") if paid else ())]
    if not names:
        return ()
    rows = sa.table(
        origin.table,
        *(sa.column(name) for name in ("empresa", "id", *names)),
        schema=schemas.CLINIC,
    )
    query = sa.select(*(rows.c[name] for name in names)).where(
        rows.c.empresa == empresa, rows.c.id == origin.id
    )
    found: dict[Origin, None] = {}
    for row in connection.execute(query).mappings():
        found |= dict.fromkeys(_named(row, targets, paid=paid))
    return tuple(found)


def _named(row: Mapping[Any, Any], targets: Mapping[str, str], *, paid: bool) -> Iterator[Origin]:
    for name, table in targets.items():
        if row[name]:
            yield Origin(table, str(row[name]))
    if paid and row["origem"] in _PAID_TABLES and row["origem_id"]:
        table, id_ = str(row["origem"]), str(row["origem_id"])
        yield Origin(table, id_)
        by_rule = _BY_RULE.match(id_)
        if table == "repasses" and by_rule:
            yield Origin("recebimentos", by_rule[1])


# Which tables of the source a canonical table reads: PostgreSQL knows, since all between them are
# views.

_BEHIND = sa.text(
    "WITH RECURSIVE behind (relation) AS ("
    " SELECT CAST(to_regclass(format('%I.%I', CAST(:schema AS text), CAST(:name AS text))) AS oid)"
    " UNION"
    " SELECT d.refobjid FROM behind JOIN pg_rewrite AS r ON r.ev_class = behind.relation"
    " JOIN pg_depend AS d ON d.objid = r.oid AND d.classid = CAST('pg_rewrite' AS regclass)"
    " AND d.refclassid = CAST('pg_class' AS regclass) AND d.refobjid <> behind.relation)"
    " SELECT n.nspname, c.relname FROM behind JOIN pg_class AS c ON c.oid = behind.relation"
    " JOIN pg_namespace AS n ON n.oid = c.relnamespace"
)


def sources_behind(
    connection: sa.Connection, table: str, sources: Sequence[SourceTable]
) -> tuple[SourceTable, ...]:
    """The declared tables of the source that a canonical table reads, at whatever distance.

    Args:
        connection: a connection to the warehouse.
        table: name of a canonical table.
        sources: the tables of the chosen staging set.
    """
    schema = schemas.schemas_of(connection).name(schemas.CLINIC)
    rows = connection.execute(_BEHIND, {"schema": schema, "name": table})
    found = {(row[0], row[1]) for row in rows}
    return tuple(one for one in sources if (one.schema, one.name) in found)
