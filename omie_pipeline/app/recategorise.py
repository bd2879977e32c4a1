"""What mappings change in títulos that Omie has already: a stored plan, with sums by category.

The payload tables are filled as the mappings are by now, the títulos whose category, department or
project differs from what the copy of Omie has are put into a plan, and nothing is sent: a person
approves and applies it like any other (``app.plans``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

import sqlalchemy as sa

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.app.models import refresh_models
from omie_pipeline.app.plans import PlanRequest, make_plan
from omie_pipeline.app.push_all import PushListener
from omie_pipeline.catalog import REGISTRY, Endpoint
from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.list_mapping.model import ALL, ANY_VALUE
from omie_pipeline.models.memory import DbtNeeded
from omie_pipeline.payload import PARTITION_COLUMN, load_payload_model
from omie_pipeline.plans.model import StoredPlan
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.omie_tables import mirror_table
from omie_pipeline.postgres.schemas import PAYLOAD
from omie_pipeline.postgres.tables import ledger, mapping, stored_plan_row
from omie_pipeline.texts import app as texts

ORIGIN: Final = "mapping"
ENDPOINTS: Final = (REGISTRY["contas_receber"], REGISTRY["contas_pagar"])


@dataclass(frozen=True, slots=True)
class CategoryMove:
    """Títulos that go from one category to another.

    Attributes:
        before: Omie's category by now; ``""`` where the copy of Omie has no record of them.
        after: the one that they are to have.
        managerial_before, managerial_after: the words of analysis for the two; ``""`` for none.
        state: ``ready``, ``waiting``, ``quarantined`` (settled ones, say, by ``on_settled``) or
            ``held``.
        valor: their sum in R$.
    """

    empresa: str
    endpoint: str
    before: str
    after: str
    managerial_before: str
    managerial_after: str
    state: str
    rows: int
    valor: Decimal


@dataclass(frozen=True, slots=True)
class Recategorised:
    """What would change.

    Attributes:
        plan: to be approved and applied; ``None`` where nothing would change.
        moves: by categories and state, the largest sum first.
    """

    plan: StoredPlan | None
    moves: tuple[CategoryMove, ...]


def recategorise(
    deployment: Deployment,
    empresas: Sequence[str],
    date_from: date,
    by: str,
    listener: PushListener | None = None,
) -> Recategorised:
    """Plan what mappings change in delivered títulos from a business date on.

    Args:
        deployment: the composed deployment.
        empresas: whose títulos.
        date_from: first business date.
        by: who wants it.
        listener: is told what goes on meanwhile.

    Raises:
        ConfigurationError: the models have to be built first; nothing was stored.
    """
    wanted = [f"{PAYLOAD}.{endpoint.model}" for endpoint in ENDPOINTS]
    filled = refresh_models(deployment, deployment.prepare_dbt(), empresas, wanted)
    if isinstance(filled, DbtNeeded):
        raise ConfigurationError(texts.BUILD_BEFORE_PLAN)
    return plan_history(deployment, empresas, date_from, by, listener)


def plan_history(
    deployment: Deployment,
    empresas: Sequence[str],
    date_from: date,
    by: str,
    listener: PushListener | None = None,
) -> Recategorised:
    """The same over payload tables that are up to date.

    Args:
        deployment: the composed deployment.
        empresas: whose títulos.
        date_from: first business date.
        by: who wants it.
        listener: is told what goes on meanwhile.
    """
    codes = {
        (empresa, endpoint.name): found
        for endpoint in ENDPOINTS
        for empresa in empresas
        if (found := _otherwise_in_omie(deployment.engine, endpoint, empresa, date_from))
    }
    if not codes:
        return Recategorised(None, ())
    request = PlanRequest(
        tuple(empresas),
        ENDPOINTS,
        by,
        date_from=date_from,
        codes_of=codes,
        subject=texts.recategorised_from(f"{date_from:%d/%m/%Y}"),
        origin=ORIGIN,
    )
    plan = make_plan(deployment, request, listener)
    moves = [
        move for endpoint in ENDPOINTS for move in _moves(deployment.engine, endpoint, plan.plan_id)
    ]
    return Recategorised(plan, tuple(sorted(moves, key=lambda one: (-one.valor, one.after))))


def _otherwise_in_omie(
    engine: sa.Engine, endpoint: Endpoint, empresa: str, date_from: date
) -> tuple[str, ...]:
    """Codes of delivered títulos whose category, department or project is another in the copy of
    Omie, or that it does not have."""
    p, copied = load_payload_model(engine, endpoint).table(), _copy(endpoint)
    key = p.c[endpoint.integration_key]
    differs = [
        copied.c.codigo_lancamento_omie.is_(None),
        p.c.codigo_categoria.is_distinct_from(copied.c.codigo_categoria),
    ]
    # A model of the user's own may lack them.
    if "distribuicao" in p.c:
        department = _department(p.c.distribuicao)
        differs.append(
            sa.and_(
                department.is_not(None),
                department.is_distinct_from(_department(copied.c.distribuicao)),
            )
        )
    if "codigo_projeto" in p.c:
        project = sa.cast(p.c.codigo_projeto, sa.Text)
        differs.append(
            sa.and_(
                project.op("~")("^[0-9]+$"),
                project.is_distinct_from(sa.cast(copied.c.codigo_projeto, sa.Text)),
            )
        )
    query = (
        sa.select(key)
        .select_from(
            p.join(
                ledger,
                sa.and_(
                    ledger.c.empresa == p.c.empresa,
                    ledger.c.endpoint == endpoint.name,
                    ledger.c.codigo_integracao == key,
                    ledger.c.payload_hash.is_not(None),
                    ledger.c.state != "deleted",
                ),
            ).outerjoin(copied, _same(copied, ledger.c.empresa, ledger.c.omie_id))
        )
        .where(
            p.c.empresa == empresa,
            p.c[PARTITION_COLUMN] >= date_from,
            sa.or_(*differs),
        )
    )
    with warehouse_errors(), engine.connect() as connection:
        return tuple(sorted(connection.execute(query).scalars()))


def _moves(engine: sa.Engine, endpoint: Endpoint, plan_id: str) -> list[CategoryMove]:
    p, copied, row = load_payload_model(engine, endpoint).table(), _copy(endpoint), stored_plan_row
    before = sa.func.coalesce(copied.c.codigo_categoria, "")
    after = sa.func.coalesce(p.c.codigo_categoria, "")
    columns: tuple[sa.ColumnElement[Any], ...] = (
        row.c.empresa,
        before.label("before"),
        after.label("after"),
        _word(row.c.empresa, before).label("managerial_before"),
        _word(row.c.empresa, after).label("managerial_after"),
        row.c.state,
    )
    query = (
        sa.select(
            *columns,
            sa.func.count().label("rows"),
            # As the plan has it, whatever the payload table says by now.
            sa.func.coalesce(sa.func.sum(row.c.value_after), 0).label("valor"),
        )
        .select_from(
            row.join(
                p,
                sa.and_(
                    p.c.empresa == row.c.empresa,
                    p.c[endpoint.integration_key] == row.c.codigo_integracao,
                ),
            ).outerjoin(copied, _same(copied, row.c.empresa, row.c.omie_id))
        )
        .where(row.c.plan_id == plan_id, row.c.endpoint == endpoint.name)
        .group_by(*(sa.literal_column(str(number)) for number in range(1, len(columns) + 1)))
    )
    with warehouse_errors(), engine.connect() as connection:
        return [
            CategoryMove(
                one.empresa,
                endpoint.name,
                one.before,
                one.after,
                one.managerial_before or "",
                one.managerial_after or "",
                one.state,
                one.rows,
                one.valor,
            )
            for one in connection.execute(query)
        ]


def _copy(endpoint: Endpoint) -> sa.FromClause:
    return mirror_table(MIRROR[endpoint.name]).alias("copied")


def _same(
    copied: sa.FromClause, empresa: sa.ColumnElement[str], omie_id: sa.ColumnElement[Any]
) -> sa.ColumnElement[bool]:
    return sa.and_(
        copied.c.empresa == empresa,
        copied.c.codigo_lancamento_omie == omie_id,
        copied.c.excluido_em.is_(None),
    )


def _department(split: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    return split.op("#>>")(sa.literal_column("'{0,cCodDep}'::text[]"))


def _word(
    empresa: sa.ColumnElement[str], category: sa.ColumnElement[str]
) -> sa.ColumnElement[str | None]:
    """What analysis calls a category: as ``categoria_gerencial`` of the models does."""
    word = mapping.alias()
    return (
        sa.select(word.c.code)
        .where(
            word.c.kind == "omie_category",
            word.c.target == "managerial_category",
            word.c.source.in_([category, sa.literal(ANY_VALUE)]),
            word.c.empresa.in_([empresa, sa.literal(ALL)]),
        )
        .order_by(word.c.source == ANY_VALUE, word.c.empresa == ALL)
        .limit(1)
        .scalar_subquery()
    )
