"""``omie.extrato`` and its lines: each reading of an account's month replaces the month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.mirror_tables import extrato, extrato_linhas, mirror_table
from omie_pipeline.privacy.erased_again import apply_erasures


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One line; ``valor`` is signed, ``realizado`` false for a forecast."""

    ordem: int
    codigo_lancamento: int | None
    data: date | None
    natureza: str | None
    valor: Decimal | None
    saldo: Decimal | None
    realizado: bool
    situacao: str | None
    origem: str | None
    codigo_categoria: str | None
    codigo_cliente: int | None
    nome_cliente: str | None
    documento: str | None
    observacao: str | None
    raw: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Statement:
    """An account's month: balances that Omie itself computed, in R$."""

    n_cod_cc: int
    periodo_inicial: date
    periodo_final: date
    descricao: str | None
    saldo_anterior: Decimal | None
    saldo_atual: Decimal | None
    saldo_conciliado: Decimal | None
    saldo_disponivel: Decimal | None
    raw: dict[str, Any]
    lines: tuple[StatementLine, ...]

    @property
    def adds_up(self) -> bool:
        """Whether the lines that moved money lead from one balance to the other, to the cent."""
        if self.saldo_anterior is None or self.saldo_atual is None:
            return False
        moved = (line.valor for line in self.lines if line.realizado and line.valor is not None)
        return self.saldo_anterior + sum(moved, Decimal(0)) == self.saldo_atual


_HEADER = (
    "descricao", "periodo_final", "saldo_anterior", "saldo_atual", "saldo_conciliado",
    "saldo_disponivel", "raw",
)  # fmt: skip


def store_statement(
    engine: sa.Engine, empresa: str, statement: Statement, asked_at: datetime
) -> int:
    """Replace an account's month, unless a newer answer stands there; the number of new lines.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        statement: as Omie gave it.
        asked_at: time of the question.
    """
    key = {
        "empresa": empresa,
        "n_cod_cc": statement.n_cod_cc,
        "periodo_inicial": statement.periodo_inicial,
    }
    header = {name: getattr(statement, name) for name in _HEADER}
    merge = insert(extrato).values(**key, **header, lido_em=asked_at)
    merge = merge.on_conflict_do_update(
        index_elements=list(key),
        set_={name: merge.excluded[name] for name in (*header, "lido_em")},
        where=extrato.c.lido_em <= merge.excluded.lido_em,
    )
    fields = list(StatementLine.__slots__)
    rows = [
        {**key, **{name: getattr(line, name) for name in fields}, "lido_em": asked_at}
        for line in statement.lines
    ]
    with warehouse_errors(), engine.begin() as connection:
        if connection.execute(merge).rowcount == 0:
            return 0
        mine = [extrato_linhas.c[name] == value for name, value in key.items()]
        connection.execute(sa.delete(extrato_linhas).where(*mine))
        if rows:
            connection.execute(sa.insert(extrato_linhas), rows)
        apply_erasures(
            connection,
            empresa,
            today=asked_at.date(),
            names=(extrato_linhas.name,),
            since=asked_at,
        )
    return len(rows)


def account_numbers(engine: sa.Engine, empresa: str) -> list[int]:
    """Accounts of the mirror that Omie still has, closed ones too: they have a past."""
    t = mirror_table(MIRROR["contas_correntes"])
    query = sa.select(t.c.n_cod_cc).where(t.c.empresa == empresa, t.c.excluido_em.is_(None))
    with warehouse_errors(), engine.connect() as connection:
        return list(connection.execute(query.order_by(t.c.n_cod_cc)).scalars())


def moved_since(engine: sa.Engine, empresa: str, since: datetime | None) -> dict[int, date]:
    """Account -> first day on which money moved, or moved no more, by what was read since then."""
    t = mirror_table(MIRROR["movimentacoes"])
    query = sa.select(t.c.id_conta_corrente, sa.func.min(t.c.data_pagamento)).where(
        t.c.empresa == empresa, t.c.id_conta_corrente.is_not(None), t.c.data_pagamento.is_not(None)
    )
    if since is not None:
        query = query.where(sa.or_(t.c.lido_em >= since, t.c.excluido_em >= since))
    with warehouse_errors(), engine.connect() as connection:
        rows = connection.execute(query.group_by(t.c.id_conta_corrente))
        return {row[0]: row[1] for row in rows}


def read_since(
    engine: sa.Engine, empresa: str, account: int, month: date, last: date, since: datetime
) -> bool:
    """Whether the month was read up to ``last`` by a question asked since then.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        account: id of the account.
        month: its first day.
        last: day up to which it has to be read.
        since: readings asked before this do not count.
    """
    c = extrato.c
    query = sa.select(sa.func.count()).where(
        c.empresa == empresa,
        c.n_cod_cc == account,
        c.periodo_inicial == month,
        c.periodo_final >= last,
        c.lido_em >= since,
    )
    with warehouse_errors(), engine.connect() as connection:
        return connection.execute(query).scalar_one() > 0


@dataclass(frozen=True, slots=True)
class CashCheck:
    """An account's month in R$: what the statement says, and what our movements add up to.

    Attributes:
        do_extrato: saldo_atual - saldo_anterior.
        das_linhas: sum of the statement's realised lines.
        dos_movimentos: sum of ``movimentacoes.valor_movimentado``.
    """

    n_cod_cc: int
    periodo_inicial: date
    periodo_final: date
    do_extrato: Decimal
    das_linhas: Decimal
    dos_movimentos: Decimal

    @property
    def closes(self) -> bool:
        """All three agree to the cent."""
        return self.do_extrato == self.das_linhas == self.dos_movimentos


def cash_checks(engine: sa.Engine, empresa: str, first: date, last: date) -> list[CashCheck]:
    """One check for each account and month whose statement is here and begins in the range.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        first: the first of the months.
        last: the last of the months.
    """
    movements = mirror_table(MIRROR["movimentacoes"])
    zero = sa.literal(Decimal(0), sa.Numeric)
    lines = (
        sa.select(sa.func.coalesce(sa.func.sum(extrato_linhas.c.valor), zero))
        .where(
            extrato_linhas.c.empresa == extrato.c.empresa,
            extrato_linhas.c.n_cod_cc == extrato.c.n_cod_cc,
            extrato_linhas.c.periodo_inicial == extrato.c.periodo_inicial,
            extrato_linhas.c.realizado,
        )
        .scalar_subquery()
    )
    moved = (
        sa.select(sa.func.coalesce(sa.func.sum(movements.c.valor_movimentado), zero))
        .where(
            movements.c.empresa == extrato.c.empresa,
            movements.c.id_conta_corrente == extrato.c.n_cod_cc,
            movements.c.excluido_em.is_(None),
            movements.c.data_pagamento.between(extrato.c.periodo_inicial, extrato.c.periodo_final),
        )
        .scalar_subquery()
    )
    c = extrato.c
    query = (
        sa.select(
            c.n_cod_cc,
            c.periodo_inicial,
            c.periodo_final,
            sa.func.coalesce(c.saldo_atual - c.saldo_anterior, zero),
            lines,
            moved,
        )
        .where(c.empresa == empresa, c.periodo_inicial.between(first, last))
        .order_by(c.n_cod_cc, c.periodo_inicial)
    )
    with warehouse_errors(), engine.connect() as connection:
        return [
            CashCheck(row[0], row[1], row[2], row[3], row[4], row[5])
            for row in connection.execute(query)
        ]
