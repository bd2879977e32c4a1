"""What codes records got in Omie, summed up in SQL for :mod:`suggest`.

Read from the copy of Omie: títulos, and whether they are settled. Those of ours are led back to the
clinic's row by the payload, those of companies are known by Omie's id. Of persons only sums are
read.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.list_mapping.model import SourceKind, TargetKind
from omie_pipeline.list_mapping.scores import Profile, Use
from omie_pipeline.postgres.omie_tables import mirror_table
from omie_pipeline.postgres.schemas import CLINIC, PAYLOAD, schemas_of
from omie_pipeline.postgres.tables import ledger

_MOST_USES: Final = 20_000
"""Sums of like records; older ones say little."""
_MOST_TEXTS: Final = 5
_TEXT_CHARACTERS: Final = 60
_CNPJ_DIGITS: Final = 14
_SETTLED: Final = ("PAGO", "RECEBIDO", "LIQUIDADO")

_VALUE: Final[Mapping[SourceKind, Mapping[str, str]]] = {
    "category": {
        "despesas": "codigo_categoria",
        "compras_produtos": "codigo_categoria",
        "vendas_produtos": "codigo_categoria",
    },
    "procedure": {"recebimentos": "procedimento_id"},
    "payment_method": {
        "recebimentos": "forma_pagamento_id",
        "vendas_produtos": "forma_pagamento_id",
        "despesas": "forma_pagamento_id",
        "compras_produtos": "forma_pagamento_id",
    },
    "supplier_kind": {"despesas": "", "compras_produtos": ""},
}
"""By kind, which column of which table of movements has the value; ``""``: its supplier's."""
_WORDS: Final = {"despesas": "observacao", "compras_produtos": "produto"}
"""What was bought. What is written of a patient is not read."""

_PAYLOAD: Final = (
    *("empresa", "codigo_lancamento_integracao", "codigo_categoria"),
    *("_origem_tabela", "_origem_id"),
)

_pagar = mirror_table(MIRROR["contas_pagar"])
_receber = mirror_table(MIRROR["contas_receber"])
_saldos = mirror_table(MIRROR["baixas"])
_clientes = mirror_table(MIRROR["clientes"])


def uses_of(
    connection: sa.Connection, empresa: str, kind: SourceKind, target: TargetKind
) -> list[Use]:
    """Records of one empresa by the code of a list that they have, like ones summed up.

    Args:
        connection: to the warehouse.
        empresa: whose records.
        kind: of the values; a record of ours says which one it came from.
        target: which list's codes.
    """
    if target not in _CODE_ON:
        return []
    rows = _clinic_rows(connection, empresa, kind)
    parts = [
        _uses(connection, empresa, table, payload, target, rows)
        for table, payload in ((_pagar, "omie_contas_pagar"), (_receber, "omie_contas_receber"))
    ]
    summed = sa.union_all(*parts).subquery()
    query = sa.select(summed).order_by(summed.c.last.desc().nulls_last(), summed.c.code)
    return [
        Use(
            row.code,
            kind if row.source else "",
            row.source or "",
            row.party,
            row.words or "",
            row.band,
            row.records,
            row.settled,
            row.chosen,
            row.last,
        )
        for row in connection.execute(query.limit(_MOST_USES))
    ]


def profiles_of(connection: sa.Connection, empresa: str, kind: SourceKind) -> list[Profile]:
    """What the clinic's rows of each value are like: companies, sums, words, income or expense."""
    rows = _clinic_rows(connection, empresa, kind)
    if rows is None:
        return []
    query = sa.select(
        rows.c.source,
        rows.c.party,
        rows.c.words,
        rows.c.band,
        rows.c.revenue,
        sa.func.count().label("number"),
    ).group_by(rows.c.source, rows.c.party, rows.c.words, rows.c.band, rows.c.revenue)
    sides = defaultdict[str, set[bool]](set)
    parties, bands = defaultdict[str, set[int]](set), defaultdict[str, set[int]](set)
    words = defaultdict[str, Counter[str]](Counter)
    for row in connection.execute(query):
        sides[row.source].add(row.revenue)
        if row.party is not None:
            parties[row.source].add(row.party)
        if row.band is not None:
            bands[row.source].add(row.band)
        if row.words:
            words[row.source][row.words] += row.number
    return [
        Profile(
            kind,
            source,
            frozenset(parties[source]),
            frozenset(bands[source]),
            _most_frequent(words[source]),
            next(iter(side)) if len(side) == 1 else None,
        )
        for source, side in sides.items()
    ]


def _most_frequent(counted: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(sorted(counted, key=lambda text: (-counted[text], text))[:_MOST_TEXTS])


def _code_of_department(table: sa.Table) -> sa.ColumnElement[Any]:
    first: sa.ColumnElement[Any] = table.c.distribuicao[0]["cCodDep"].astext
    return first


_CODE_ON: Final[Mapping[TargetKind, Any]] = {
    "category": lambda table: table.c.codigo_categoria,
    "account": lambda table: sa.cast(table.c.id_conta_corrente, sa.Text),
    "project": lambda table: sa.cast(sa.func.nullif(table.c.codigo_projeto, 0), sa.Text),
    "department": _code_of_department,
}


def _uses(
    connection: sa.Connection,
    empresa: str,
    table: sa.Table,
    payload_name: str,
    target: TargetKind,
    rows: sa.Subquery | None,
) -> sa.Select[Any]:
    """Of one list of títulos."""
    columns = table.c
    code = _CODE_ON[target](table)
    company = _companies(empresa) if table is _pagar else None
    joined: sa.FromClause = table.outerjoin(
        _saldos,
        sa.and_(
            _saldos.c.empresa == columns.empresa,
            _saldos.c.codigo_titulo == columns.codigo_lancamento_omie,
        ),
    )
    party: sa.ColumnElement[Any] = sa.cast(sa.null(), sa.BigInteger)
    words: sa.ColumnElement[Any] = sa.cast(sa.null(), sa.Text)
    if company is not None:
        joined = joined.outerjoin(
            company, company.c.codigo_cliente_omie == columns.codigo_cliente_fornecedor
        )
        party = company.c.codigo_cliente_omie
        words = sa.case((party.is_not(None), _shortened(columns.observacao)))
    source: sa.ColumnElement[Any] = sa.cast(sa.null(), sa.Text)
    typed: sa.ColumnElement[bool] = columns.ledger_codigo.is_(None)
    if rows is not None and _has(connection, PAYLOAD, payload_name, *_PAYLOAD):
        payload = sa.table(
            payload_name,
            *map(sa.column, _PAYLOAD),
            schema=PAYLOAD,
        )
        joined = joined.outerjoin(
            payload,
            sa.and_(
                payload.c.empresa == columns.empresa,
                payload.c.codigo_lancamento_integracao == columns.ledger_codigo,
            ),
        ).outerjoin(
            rows,
            sa.and_(
                rows.c.origin == payload.c["_origem_tabela"], rows.c.id == payload.c["_origem_id"]
            ),
        )
        source = rows.c.source
        if target == "category":
            joined = joined.outerjoin(
                ledger,
                sa.and_(
                    ledger.c.empresa == columns.empresa,
                    ledger.c.endpoint == payload_name.removeprefix("omie_"),
                    ledger.c.codigo_integracao == columns.ledger_codigo,
                ),
            )
            # Somebody changed it in Omie after us, or the clinic's own row says the code. What we
            # would send by now may also differ because a mapping was changed since.
            typed = sa.or_(
                typed,
                sa.and_(
                    payload.c.codigo_categoria != columns.codigo_categoria,
                    columns.alterado_em > ledger.c.confirmed_at,
                ),
                rows.c.source == columns.codigo_categoria,
            )
    settled = sa.or_(_saldos.c.liquidado == "S", sa.func.upper(columns.status_titulo).in_(_SETTLED))
    band = _band(columns.valor_documento)
    day = sa.func.coalesce(columns.data_emissao, columns.data_vencimento)
    return (
        sa.select(
            code.label("code"),
            source.label("source"),
            party.label("party"),
            words.label("words"),
            band.label("band"),
            sa.func.count().label("records"),
            sa.func.count().filter(settled).label("settled"),
            sa.func.count().filter(typed).label("chosen"),
            sa.func.max(day).label("last"),
        )
        .select_from(joined)
        .where(columns.empresa == empresa, columns.excluido_em.is_(None), code.is_not(None))
        .group_by(code, source, party, words, band)
    )


def _companies(empresa: str) -> sa.Subquery:
    """Omie's clientes that are companies: what one of them is paid tells of no person."""
    digits = sa.func.regexp_replace(sa.func.coalesce(_clientes.c.cnpj_cpf, ""), "[^0-9]", "", "g")
    return (
        sa.select(_clientes.c.codigo_cliente_omie)
        .where(
            _clientes.c.empresa == empresa,
            sa.func.coalesce(_clientes.c.pessoa_fisica, "N") != "S",
            sa.func.length(digits) == _CNPJ_DIGITS,
        )
        .subquery()
    )


def _clinic_rows(connection: sa.Connection, empresa: str, kind: SourceKind) -> sa.Subquery | None:
    """The clinic's movements that have a value of the kind; ``None`` before the first build."""
    parts = [
        _rows_of(empresa, name, column)
        for name, column in _VALUE.get(kind, {}).items()
        if _has(connection, CLINIC, name, *_read_of(name, column))
        and (column or _has(connection, CLINIC, "fornecedores", "id", "tipo_fornecedor"))
    ]
    return sa.union_all(*parts).subquery("clinic_rows") if parts else None


def _rows_of(empresa: str, name: str, column: str) -> sa.Select[Any]:
    revenue, words = name not in _WORDS, _WORDS.get(name)
    table = sa.table(name, *map(sa.column, _read_of(name, column)), schema=CLINIC)
    joined: sa.FromClause = table
    party: sa.ColumnElement[Any] = sa.cast(sa.null(), sa.BigInteger)
    if not revenue:
        company = _companies(empresa)
        joined = joined.outerjoin(
            ledger,
            sa.and_(
                ledger.c.empresa == table.c.empresa,
                ledger.c.endpoint == "clientes",
                ledger.c.codigo_integracao == sa.func.concat("FOR-", table.c.fornecedor_id),
            ),
        ).outerjoin(company, company.c.codigo_cliente_omie == ledger.c.omie_id)
        party = company.c.codigo_cliente_omie
    value: sa.ColumnElement[Any]
    if column:
        value = table.c[column]
    else:
        suppliers = sa.table(
            "fornecedores", *map(sa.column, ("empresa", "id", "tipo_fornecedor")), schema=CLINIC
        )
        joined = joined.join(
            suppliers,
            sa.and_(
                suppliers.c.empresa == table.c.empresa, suppliers.c.id == table.c.fornecedor_id
            ),
        )
        value = suppliers.c.tipo_fornecedor
    text: sa.ColumnElement[Any] = sa.cast(sa.null(), sa.Text)
    if words:
        text = sa.case((party.is_not(None), _shortened(table.c[words])))
    return (
        sa.select(
            sa.literal(name).label("origin"),
            sa.cast(table.c.id, sa.Text).label("id"),
            sa.cast(value, sa.Text).label("source"),
            party.label("party"),
            text.label("words"),
            _band(table.c.valor).label("band"),
            sa.literal(revenue).label("revenue"),
        )
        .select_from(joined)
        .where(table.c.empresa == empresa, sa.func.btrim(sa.cast(value, sa.Text)) != "")
    )


def _shortened(text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.func.left(sa.func.lower(sa.func.btrim(text)), _TEXT_CHARACTERS)


def _band(amount: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Power of two of a sum in R$; NULL for none."""
    # In floating point: the logarithm of a numeric takes ten times as long as all the rest.
    number = sa.cast(amount, sa.Double)
    power = sa.func.floor(sa.func.ln(number) / math.log(2) + 1e-9)
    return sa.case((number >= 1, sa.cast(power, sa.Integer)))


def _read_of(name: str, column: str) -> list[str]:
    """The columns of a table of movements that are read for one kind."""
    words = _WORDS.get(name)
    return [
        "empresa",
        "id",
        "valor",
        *filter(None, (column, words)),
        *(["fornecedor_id"] if words else []),
    ]


def _has(connection: sa.Connection, schema: str, name: str, *columns: str) -> bool:
    """Whether a build made the table, with these columns: an earlier version made fewer."""
    inspector, real = sa.inspect(connection), schemas_of(connection).name(schema)
    if not inspector.has_table(name, real):
        return False
    return not columns or {*columns} <= {one["name"] for one in inspector.get_columns(name, real)}
