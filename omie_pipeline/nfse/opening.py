"""Which orders may be billed now: those that Omie holds as the clinic wants them, and of the notes
that the city hall refused, those whose cause was corrected since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.errors import ModelError
from omie_pipeline.nfse.corrections import correction_for, opens_with
from omie_pipeline.nfse.nfse_ledger import REFUSED_CODE
from omie_pipeline.nfse.nfse_orders import (
    ORDERS,
    Billed,
    Obstacle,
    Part,
    billed,
    corrected_at,
    obstacles,
)
from omie_pipeline.omie.masking import mask
from omie_pipeline.payload.payload import PayloadModel, load_payload_model
from omie_pipeline.payload.rows import PlanRow, RowOutcome

WAITS_FOR_ORDER = "referencia"
"""``error_code`` of a billing that waits for its order."""

_WHY: Mapping[Obstacle, str] = {
    "desconhecida": "Aguarda a confirmação de ordens_servico {}",
    "quarentena": "A OS {} está em quarentena: não é faturada antes de corrigida",
    "recusada": "O Omie recusou a última alteração da OS {}: não é faturada antes de corrigida",
    "diferente": "A OS {} mudou na clínica e ainda não mudou no Omie: não é faturada antes disso",
}


def withheld(engine: sa.Engine, empresa: str, rows: Sequence[PlanRow]) -> list[RowOutcome]:
    """Outcomes of those rows of ``faturar_os`` that must not leave.

    A note that the city hall refused stays ``rejected`` until it opens (:func:`opens`); a billing
    whose order is not in Omie as the clinic wants it is held under :data:`WAITS_FOR_ORDER`.
    """
    orders = [_code(row) for row in rows]
    if not orders:
        return []
    model = orders_model(engine)
    notes = billed(engine, empresa, orders)
    refused = [code for code, note in notes.items() if note.estado == "rejected"]
    corrected = corrected_at(engine, model, empresa, refused) if refused else {}
    closed = {code for code in refused if not opens(notes[code], corrected.get(code, {}))}
    waiting = obstacles(engine, model, empresa, orders)
    return list(_outcomes(rows, notes, closed, waiting))


def opens(note: Billed, corrected: Mapping[Part, datetime]) -> bool:
    """Whether a refused note may be billed once more: a person said so after the refusal, or
    something that its words are about was changed in Omie since it was billed."""
    if note.pedido_em is not None and note.pedido_em > note.mudou_em:
        return True
    parts = opens_with(note.mensagem)
    return any(at > note.enviada_em for part, at in corrected.items() if part in parts)


def orders_model(engine: sa.Engine) -> PayloadModel | None:
    """The payload model of the orders, if there is one."""
    try:
        return load_payload_model(engine, REGISTRY[ORDERS])
    except ModelError:
        return None


def _outcomes(
    rows: Sequence[PlanRow],
    notes: Mapping[str, Billed],
    closed: set[str],
    waiting: Mapping[str, Obstacle],
) -> Iterator[RowOutcome]:
    for row in rows:
        code = _code(row)
        if code in closed:
            words = notes[code].mensagem or "A prefeitura recusou a nota"
            yield RowOutcome(
                row,
                "rejected",
                row.omie_id,
                error=words,
                error_code=REFUSED_CODE,
                fix=correction_for(words),
                row_masked=mask(dict(row.payload)),
            )
        elif code in waiting:
            text = _WHY[waiting[code]].format(code)
            yield RowOutcome(row, "held", row.omie_id, error=text, error_code=WAITS_FOR_ORDER)


def _code(row: PlanRow) -> str:
    return row.codigo_integracao or ""
