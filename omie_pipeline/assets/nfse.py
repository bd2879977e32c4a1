"""The page of notes: how many are in each state, the oldest open one, the newest issued ones.

No link: what a note shows of a person belongs to no page without a login (``nfse status`` has it).
"""

from datetime import datetime
from typing import Any

import dagster as dg

from omie_pipeline.app.deployment import Deployment
from omie_pipeline.assets.labels import BOTH_WAYS, OWNERS
from omie_pipeline.catalog.nfse import OPEN, STATES
from omie_pipeline.config.settings import clinic_zone
from omie_pipeline.nfse.state import counts, in_state, newest
from omie_pipeline.resources.connections import WarehouseResource
from omie_pipeline.texts import dagster as texts

KEY = dg.AssetKey(["omie_pipeline", "nfse"])
NAMES = {
    "submitted": "enviadas",
    "processing": texts.PROCESSING,
    "issued": "emitidas",
    "rejected": "recusadas",
    "cancelled": "canceladas",
    "error": texts.WITH_ERROR,
    "deleted": texts.OF_DELETED_ORDERS,
}
_NEWEST = 20


@dg.asset(
    key=KEY,
    group_name="situacao",
    kinds={"markdown"},
    owners=OWNERS,
    tags=BOTH_WAYS,
    description="Shows the service notes (NFS-e) by state and empresa, the oldest one without an "
    "answer and those issued last (PDF: `omie-pipeline nfse status`). Nothing is asked of Omie; "
    "the sensor `notas_de_servico` refreshes it.",
)
def nfse(warehouse: WarehouseResource) -> dg.MaterializeResult[None]:
    """Nothing is asked of Omie."""
    return dg.MaterializeResult(metadata=note_metadata(warehouse.open()))


def note_metadata(opened: Deployment) -> dict[str, Any]:
    """What the UI shows of the notes of all empresas.

    Raises:
        WarehouseError: the database is gone.
    """
    found = counts(opened.engine, opened.empresas)
    waiting = in_state(opened.engine, opened.empresas, OPEN)
    lines = [texts.NOTES_HEAD, "|" + "---|" * 5]
    lines += [
        f"| {one.empresa} | {NAMES[one.state]} | {one.notes} | {_moment(one.oldest_at)} "
        f"| {one.valor:.2f} |"
        for one in found
    ]
    issued = [
        f"- {note.empresa}, {note.cod_int_os}: "
        f"{texts.PDF_READY if note.url_pdf else texts.PDF_MISSING}"
        for note in newest(opened.engine, opened.empresas, _NEWEST)
    ]
    total = {state: sum(one.notes for one in found if one.state == state) for state in STATES}
    metadata: dict[str, Any] = {
        "notas": dg.MetadataValue.md("\n".join(lines) if found else texts.NO_NOTE),
        **{NAMES[state].replace(" ", "_"): number for state, number in total.items()},
        "emitidas_por_ultimo": dg.MetadataValue.md("\n".join(issued) or "Nenhuma"),
    }
    if waiting:
        metadata["mais_antiga_sem_resposta"] = _moment(waiting[0].billed_at)
    return metadata


def _moment(at: datetime) -> str:
    return f"{at.astimezone(clinic_zone()):%d/%m/%Y %H:%M}"
