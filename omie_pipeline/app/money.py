"""Sums over all records of an empresa, as the views for analysis have them, to the cent.

They are asked of ``omie_sync.sums_seen`` (``postgres/sql/console.sql``), which offers columns that
tell of no person, and decides by the session whose rows and which of them are counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

import sqlalchemy as sa

from omie_pipeline import decimal_json
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.schemas import SYNC, schemas_of

_NOTHING: Final = Decimal()


@dataclass(frozen=True, slots=True)
class Sums:
    """A question: which columns of a view for analysis are added up, and by which.

    Attributes:
        view: in schema ``analise``.
        by: columns that stand for themselves.
        of: columns that are added up; ``linhas`` counts rows besides.
        day: the column that holds ``since`` and ``until``; ``""``: all rows.
    """

    view: str
    by: tuple[str, ...]
    of: tuple[str, ...]
    day: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A row of an answer.

    Attributes:
        by: what it is about.
        of: sums, R$ or rows; ``None`` where the view knows none.
        rows: of the view.
    """

    by: Mapping[str, Any]
    of: Mapping[str, Decimal | None]
    rows: int

    def value(self, name: str) -> Decimal:
        """A sum, nothing where it is not known."""
        return self.of.get(name) or _NOTHING


def ask_sums(engine: sa.Engine, empresa: str, wanted: Sums) -> tuple[Line, ...] | None:
    """Ask for sums.

    Args:
        engine: the warehouse, as the person who asks may see it.
        empresa: whose; of one that the session does not see there are none.
        wanted: the question.

    Returns:
        The lines in no order; ``None`` where the view was not built yet.

    Raises:
        WarehouseError: the database is gone.
    """
    schema = schemas_of(engine).name(SYNC)
    query = sa.text(
        f"SELECT found::text FROM {schema}.sums_seen("  # noqa: S608 - our own schema's name
        ":view, :empresa, :by, :of, :day, :since, :until) AS found"
    )
    values = {
        "view": wanted.view,
        "empresa": empresa,
        "by": list(wanted.by),
        "of": list(wanted.of),
        "day": wanted.day or None,
        "since": wanted.since,
        "until": wanted.until,
    }
    with warehouse_errors(), engine.connect() as connection:
        found = [decimal_json.loads(text) for text in connection.scalars(query, values)]
    if found and found[0].get("missing") is True:
        return None
    return tuple(_line(one, wanted.by, wanted.of) for one in found)


def _line(row: Mapping[str, Any], by: Sequence[str], of: Sequence[str]) -> Line:
    return Line(
        {name: row[name] for name in by},
        {name: None if row[name] is None else Decimal(row[name]) for name in of},
        int(row["linhas"]),
    )


def open_by_age() -> Sums:
    """What is open, by side and how late it is."""
    return Sums("titulos_em_aberto", ("natureza", "faixa"), ("valor_aberto",))


def receipts(since: date, until: date) -> Sums:
    """What was received, by day and payment method."""
    of = ("valor_recebido", "desconto", "baixas")
    by = ("dia", "forma_pagamento")
    return Sums("recebimentos_por_forma_e_dia", by, of, "dia", since, until)


def cash(since: date, until: date) -> Sums:
    """Cash by account and day, beside Omie's balance."""
    of = ("entradas", "saidas", "saldo", "saldo_omie", "diferenca")
    by = ("n_cod_cc", "conta", "dia")
    return Sums("caixa_por_conta_e_dia", by, of, "dia", since, until)


def by_category(since: date, until: date) -> Sums:
    """Títulos by category and the month in which they fall due."""
    by = ("natureza", "codigo_categoria", "categoria", "mes_vencimento")
    of = ("valor", "valor_pago", "valor_aberto", "titulos")
    return Sums("titulos_por_categoria_e_mes", by, of, "mes_vencimento", since, until)


def result(since: date, until: date) -> Sums:
    """The result: títulos by the company's own category and month of competence."""
    by = ("natureza", "categoria_gerencial", "linha_dre", "mes_competencia")
    return Sums("titulos_por_categoria_e_mes", by, ("valor",), "mes_competencia", since, until)
