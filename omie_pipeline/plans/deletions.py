"""Títulos that a person chose to delete: the rows of a plan that no payload model has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

import sqlalchemy as sa

from omie_pipeline.catalog import REGISTRY, Endpoint
from omie_pipeline.catalog.relations import SETTLEMENTS
from omie_pipeline.payload import PayloadModel
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import SYNC, deletion_request

DELETED_BY: Final[Mapping[str, Endpoint]] = MappingProxyType(
    {one.deletes: one for one in REGISTRY.values() if one.deletes in SETTLEMENTS}
)
"""Títulos -> the endpoint that deletes them."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """One título that is to go.

    Attributes:
        titles: ``contas_receber`` or ``contas_pagar``.
        day: its business date, or the day on which it was typed.
        code: our code; ``""`` of one that is not ours.
        omie_id: Omie's id; needed where there is no code.
    """

    titles: str
    day: date
    code: str = ""
    omie_id: int | None = None

    @property
    def key(self) -> str:
        """What the row is called in plan and ledger."""
        return self.code or f"omie:{self.omie_id}"


def write_deletions(
    engine: sa.Engine, plan_id: str, empresa: str, deletions: Sequence[Deletion]
) -> dict[str, tuple[str, ...]]:
    """Write the títulos that a plan deletes; endpoint that deletes them -> keys of its rows.

    Args:
        engine: the warehouse.
        plan_id: id of the plan.
        empresa: whose they are.
        deletions: the títulos.
    """
    values = [
        {
            "_plan_id": plan_id,
            "_endpoint": DELETED_BY[one.titles].name,
            "_number": number,
            "empresa": empresa,
            "data_particao": one.day,
            "codigo_lancamento_integracao": one.code or None,
            "chave_lancamento": one.omie_id,
        }
        for number, one in enumerate(deletions, 1)
    ]
    with warehouse_errors(), engine.begin() as connection:
        connection.execute(sa.insert(deletion_request), values)
    keys: dict[str, tuple[str, ...]] = {}
    for titles, endpoint in DELETED_BY.items():
        mine = tuple(one.key for one in deletions if one.titles == titles)
        if mine:
            keys[endpoint.name] = mine
    return keys


def deletions_model(plan_id: str, endpoint: Endpoint) -> PayloadModel:
    """The títulos that a plan deletes, as a payload model of the endpoint that deletes them."""
    columns = tuple(column.name for column in deletion_request.columns)
    only = (("_plan_id", plan_id), ("_endpoint", endpoint.name))
    return PayloadModel(endpoint, columns, schema=SYNC, name=deletion_request.name, only=only)
