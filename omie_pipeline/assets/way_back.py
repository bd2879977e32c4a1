"""The page of the way back: how far each target and each reader is, and the last error."""

from __future__ import annotations

from typing import Any

import dagster as dg

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.assets.labels import BOTH_WAYS, OWNERS
from omie_pipeline.config.settings import clinic_zone
from omie_pipeline.outbox.read import newest_number, readers
from omie_pipeline.outbox.targets import target_states
from omie_pipeline.resources.connections import WarehouseResource
from omie_pipeline.texts import dagster as texts

KEY = dg.AssetKey(["omie_pipeline", "saida"])


@dg.asset(
    key=KEY,
    group_name="situacao",
    kinds={"markdown"},
    owners=OWNERS,
    tags=BOTH_WAYS,
    description="Shows how far what Omie knows has come on its way back into the clinic, by target "
    "and by reader. Nothing is delivered here; the sensor `volta_a_clinica` does that.",
)
def saida(warehouse: WarehouseResource) -> dg.MaterializeResult[None]:
    """Nothing is asked of Omie, and nothing is delivered."""
    return dg.MaterializeResult(metadata=way_back_metadata(warehouse.open()))


def way_back_metadata(opened: Deployment) -> dict[str, Any]:
    """What the UI shows of the outbox of all empresas that have one.

    Raises:
        WarehouseError: the database is gone.
    """
    names = [one.nome for one in opened.config.empresas if one.saida is not None]
    chosen = opened.config.targets
    states = [
        one for one in target_states(opened.engine, names) if (one.empresa, one.target) in chosen
    ]
    lines = [texts.WAY_BACK_HEAD, "|" + "---|" * 5]
    lines += [
        f"| {one.empresa} | {texts.WAY_BACK_TARGETS[one.target]} | {one.number} | {one.behind} "
        f"| {one.error or ''} |"
        for one in states
    ]
    lines += [
        f"| {one.empresa} | {one.consumer} | {one.number} | {one.behind} |  |"
        for one in readers(opened.engine, names)
    ]
    metadata: dict[str, Any] = {
        "destinos": dg.MetadataValue.md("\n".join(lines)),
        "mudancas": sum(newest_number(opened.engine, name) for name in names),
        "por_entregar": sum(one.behind for one in states),
    }
    oldest = [one.behind_since for one in states if one.behind_since is not None]
    if oldest:
        metadata["espera_desde"] = f"{min(oldest).astimezone(clinic_zone()):%d/%m/%Y %H:%M}"
    return metadata
