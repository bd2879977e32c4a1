"""The analysts' views ``analise.conciliacao`` and ``analise.duplicados``, as a person reads them.

The views are dbt's: they exist once ``dbt build`` has run on a warehouse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
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
STATES: Mapping[str, str] = MappingProxyType(
    {
        "igual": "same",
        "diferente": "different",
        "falta_no_omie": "missing_in_omie",
        "excluido_no_omie": "excluded_in_omie",
        "sobra_no_omie": "extra_in_omie",
        "nao_enviado": "not_sent",
        "a_conferir": "to_be_checked",
        "so_no_omie": "only_in_omie",
    }
)
"""What the view calls the state of a fact, which analysts read, and what we call it."""
VIEW_WORDS: Mapping[str, str] = MappingProxyType({ours: word for word, ours in STATES.items()})

DIFFERENCES = ("missing_in_omie", "excluded_in_omie", "extra_in_omie", "different")
"""States that need a person, the worst first."""
_COUNT_FIELDS = {"dia": "day", "situacao": "state", "quantidade": "rows",
                 "valor_clinica": "value_clinic", "valor_omie": "value_omie"}  # fmt: skip
_DIFFERENCE_FIELDS = {"codigo_omie": "omie_id", "dia": "day", "situacao": "state",
                      "campos_diferentes": "fields", "valor_clinica": "value_clinic",
                      "valor_omie": "value_omie"}  # fmt: skip
_DUPLICATE_FIELDS = {
    "ledger_codigo": "ledger_code", "titulo_nosso": "our_titulo",
    "titulo_sem_vinculo": "other_titulo", "vencimento_nosso": "our_due_date",
    "vencimento_sem_vinculo": "other_due_date", "pago_no_nosso": "our_paid",
    "pago_no_sem_vinculo": "other_paid", "o_que_fazer": "fix",
}  # fmt: skip
"""Column of the view -> field of the record, where they differ."""


@dataclass(frozen=True, slots=True)
class DayCount:
    """Facts of one day in one state; ``day`` is ``None`` for clientes.

    Attributes:
        rows: how many facts.
        value_clinic, value_omie: sums in R$.
    """

    empresa: str
    endpoint: str
    day: date | None
    state: str
    rows: int
    value_clinic: Decimal
    value_omie: Decimal


@dataclass(frozen=True, slots=True)
class Difference:
    """A fact that differs; codes and values only, no name.

    Attributes:
        fields: those that differ, in Portuguese.
    """

    empresa: str
    endpoint: str
    codigo_integracao: str | None
    omie_id: int | None
    day: date | None
    state: str
    fields: str | None
    value_clinic: Decimal | None
    value_omie: Decimal | None


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two títulos in Omie for one fact: ours, linked by ``ledger_code``, and one typed by hand.

    Attributes:
        natureza: ``R`` or ``P``.
        our_titulo, other_titulo: Omie's ids.
        valor_documento: in R$, of both.
        fix: what a person does, in Portuguese.
    """

    empresa: str
    natureza: str
    ledger_code: str
    our_titulo: int
    other_titulo: int
    valor_documento: Decimal
    our_due_date: date | None
    other_due_date: date | None
    our_paid: Decimal | None
    other_paid: Decimal | None
    incluido_por: str | None
    incluido_em: datetime | None
    fix: str


def counts_by_day(engine: sa.Engine, empresas: Sequence[str]) -> list[DayCount]:
    """Counts and sums in R$ per endpoint, day and state.

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
    return [DayCount(**_named(row, _COUNT_FIELDS)) for row in _read(engine, conciliacao, query)]


def worst_differences(engine: sa.Engine, empresas: Sequence[str], limit: int) -> list[Difference]:
    """Facts that need a person, the worst states and the largest values first."""
    c = conciliacao.c
    words = [VIEW_WORDS[state] for state in DIFFERENCES]
    rank = sa.case({word: place for place, word in enumerate(words)}, value=c.situacao)
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
        .where(c.empresa.in_(empresas), c.situacao.in_(words))
        .order_by(rank, value.desc().nulls_last(), c.codigo_integracao)
        .limit(limit)
    )
    return [
        Difference(**_named(row, _DIFFERENCE_FIELDS)) for row in _read(engine, conciliacao, query)
    ]


def duplicates(engine: sa.Engine, empresas: Sequence[str]) -> list[Duplicate]:
    """Títulos that stand twice in Omie, the largest values first.

    Raises:
        ConfigurationError: the view is not there yet.
    """
    c = _duplicados.c
    views = {field: column for column, field in _DUPLICATE_FIELDS.items()}
    query = (
        sa.select(*(c[views.get(name, name)] for name in Duplicate.__slots__))
        .where(c.empresa.in_(empresas))
        .order_by(c.empresa, c.valor_documento.desc(), c.titulo_nosso, c.titulo_sem_vinculo)
    )
    return [
        Duplicate(**_named(row, _DUPLICATE_FIELDS)) for row in _read(engine, _duplicados, query)
    ]


def _named(row: sa.Row[Any], fields: Mapping[str, str]) -> dict[str, Any]:
    """A row of a view as the fields of its record, its state in our own words."""
    named = {fields.get(column, column): value for column, value in row._mapping.items()}
    return {**named, "state": STATES[named["state"]]} if "state" in named else named


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
