"""Keep the page of status fresh without a run: nothing is asked of Omie."""

from __future__ import annotations

import hashlib

import dagster as dg

from omie_pipeline.assets.status import KEY, status_metadata
from omie_pipeline.resources.connections import OmieResource, WarehouseResource
from omie_pipeline.texts import dagster as texts

INTERVAL_SECONDS = 300


def status_sensor() -> dg.SensorDefinition:
    """The sensor ``pagina_de_situacao``; on from the start, so that the page is there at once."""

    @dg.sensor(
        name="pagina_de_situacao",
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Renova a página de situação quando algo mudou; não pergunta nada ao Omie.",
    )
    def pagina_de_situacao(
        context: dg.SensorEvaluationContext, omie: OmieResource, warehouse: WarehouseResource
    ) -> dg.SensorResult:
        page = status_metadata(warehouse.open(omie))
        told = "".join(f"{name}={getattr(one, 'value', one)}" for name, one in page.items())
        seen = hashlib.sha256(told.encode()).hexdigest()
        changed = seen != context.cursor
        return dg.SensorResult(
            skip_reason=texts.PAGE_RENEWED if changed else texts.PAGE_UNCHANGED,
            cursor=seen,
            asset_events=[dg.AssetMaterialization(KEY, metadata=page)] if changed else [],
        )

    return pagina_de_situacao
