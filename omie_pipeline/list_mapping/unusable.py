"""Mappings whose code Omie does not take any more: rows that need them go to quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from omie_pipeline.list_mapping.model import ALL, MappedCode
from omie_pipeline.list_mapping.store import in_force
from omie_pipeline.list_mapping.wanted import Checker
from omie_pipeline.postgres.engine import warehouse_errors


@dataclass(frozen=True, slots=True)
class Unusable:
    """A mapping that no row can be sent with.

    Attributes:
        problem: ``gone``: Omie has the code no more; ``inactive``: it may not be used.
    """

    mapped: MappedCode
    problem: str


def unusable(engine: sa.Engine, empresas: Sequence[str]) -> tuple[Unusable, ...]:
    """The mappings of some empresas and of ``*`` whose code Omie dropped, as its lists were last
    read.

    Args:
        engine: the warehouse.
        empresas: every empresa of the deployment.

    Raises:
        WarehouseError: the database is gone.
    """
    with warehouse_errors(), engine.connect() as connection:
        checker = Checker(connection, empresas)
        found = [
            Unusable(one, checker.problem(one.key, one.code))
            for one in in_force(connection, (ALL, *empresas))
        ]
    return tuple(one for one in found if one.problem)
