"""The analysts' views ``analise.conciliacao`` and ``analise.duplicados``, as a person reads them.

The views are dbt's: they exist once ``dbt build`` has run on a warehouse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.postgres import schemas
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.texts import reconcile as texts

_SCHEMA = schemas.ANALYSIS


def _view(name: str, columns: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(column) for column in columns.split()), schema=_SCHEMA)


conciliacao = _view(
    "conciliacao",
    "empresa endpoint codigo_integracao codigo_omie dia situacao campos_diferentes motivo entregue "
    "valor_clinica valor_omie excluido_em lido_em",
)
_duplicados = _view(
    "duplicados",
    "empresa natureza ledger_codigo titulo_nosso titulo_sem_vinculo cliente valor_documento "
    "vencimento_nosso vencimento_sem_vinculo pago_no_nosso pago_no_sem_vinculo incluido_por "
    "incluido_em o_que_fazer",
)
DIFFERENCES = ("falta_no_omie", "excluido_no_omie", "sobra_no_omie", "diferente")
"""Situations that need a person, the worst first."""


@dataclass(frozen=True, slots=True)
class DayCount:
    """Facts of one day in one situation; ``dia`` is ``None`` for clientes.

    Attributes:
        valor_clinica, valor_omie: sums in R$.
    """

    empresa: str
    endpoint: str
    dia: date | None
    situacao: str
    quantidade: int
    valor_clinica: Decimal
    valor_omie: Decimal


@dataclass(frozen=True, slots=True)
class Difference:
    """A fact that differs; codes and values only, no name."""

    empresa: str
    endpoint: str
    codigo_integracao: str | None
    codigo_omie: int | None
    dia: date | None
    situacao: str
    campos_diferentes: str | None
    valor_clinica: Decimal | None
    valor_omie: Decimal | None


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two títulos in Omie for one fact: ours, linked by ``ledger_codigo``, and one typed by hand.

    Attributes:
        natureza: ``R`` or ``P``.
        valor_documento: in R$, of both.
    """

    empresa: str
    natureza: str
    ledger_codigo: str
    titulo_nosso: int
    titulo_sem_vinculo: int
    valor_documento: Decimal
    vencimento_nosso: date | None
    vencimento_sem_vinculo: date | None
    pago_no_nosso: Decimal | None
    pago_no_sem_vinculo: Decimal | None
    incluido_por: str | None
    incluido_em: datetime | None
    o_que_fazer: str


def counts_by_day(engine: sa.Engine, empresas: Sequence[str]) -> list[DayCount]:
    """Counts and sums in R$ per endpoint, day and situation.

    Raises:
        ConfigurationError: the view is not there yet.
    """
    c = conciliacao.c
    query = (
        sa.select(
            c.empresa,
            c.endpoint,
            c.dia,
            c.situacao,
            sa.func.count().label("quantidade"),
            *(
                sa.func.coalesce(sa.func.sum(c[name]), sa.cast(0, sa.Numeric)).label(name)
                for name in ("valor_clinica", "valor_omie")
            ),
        )
        .where(c.empresa.in_(empresas))
        .group_by(c.empresa, c.endpoint, c.dia, c.situacao)
        .order_by(c.empresa, c.endpoint, c.dia, c.situacao)
    )
    return [DayCount(**row._mapping) for row in _read(engine, conciliacao, query)]


def worst_differences(engine: sa.Engine, empresas: Sequence[str], limit: int) -> list[Difference]:
    """Facts that need a person, the worst situations and the largest values first."""
    c = conciliacao.c
    rank = sa.case({name: place for place, name in enumerate(DIFFERENCES)}, value=c.situacao)
    value = sa.func.greatest(c.valor_clinica, c.valor_omie)
    query = (
        sa.select(
            c.empresa,
            c.endpoint,
            c.codigo_integracao,
            c.codigo_omie,
            c.dia,
            c.situacao,
            c.campos_diferentes,
            c.valor_clinica,
            c.valor_omie,
        )
        .where(c.empresa.in_(empresas), c.situacao.in_(DIFFERENCES))
        .order_by(rank, value.desc().nulls_last(), c.codigo_integracao)
        .limit(limit)
    )
    return [Difference(**row._mapping) for row in _read(engine, conciliacao, query)]


def duplicates(engine: sa.Engine, empresas: Sequence[str]) -> list[Duplicate]:
    """Títulos that stand twice in Omie, the largest values first.

    Raises:
        ConfigurationError: the view is not there yet.
    """
    c = _duplicados.c
    query = (
        sa.select(*(c[name] for name in Duplicate.__slots__))
        .where(c.empresa.in_(empresas))
        .order_by(c.empresa, c.valor_documento.desc(), c.titulo_nosso, c.titulo_sem_vinculo)
    )
    return [Duplicate(**row._mapping) for row in _read(engine, _duplicados, query)]


def require_view(engine: sa.Engine, name: str) -> None:
    """Raise ``ConfigurationError`` if a view of schema ``analise`` was not made yet."""
    with warehouse_errors(), engine.connect() as connection:
        schema = schemas.schemas_of(connection).name(_SCHEMA)
        there = sa.inspect(connection).has_table(name, schema=schema)
    if not there:
        raise ConfigurationError(
            texts.view_missing(schema=_SCHEMA, view=name)
            + (texts.CLINIC_NEEDED if name == conciliacao.name else "")
        )


def _read(engine: sa.Engine, view: sa.TableClause, query: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
    require_view(engine, view.name)
    with warehouse_errors(), engine.connect() as connection:
        return connection.execute(query).all()
