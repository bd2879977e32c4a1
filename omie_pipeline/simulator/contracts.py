"""servicos/contratofat: activate, reactivate, suspend and cancel a contract."""

from __future__ import annotations

from omie_pipeline.simulator.engine import faults, operations
from omie_pipeline.simulator.engine.operations import Action
from omie_pipeline.simulator.rules import Context
from omie_pipeline.simulator.rules.base import audit
from omie_pipeline.simulator.rules.contratos import ACTIVE, CANCELLED, DRAWN_UP, SUSPENDED
from omie_pipeline.simulator.wire import JsonObject

_WORDS = {
    DRAWN_UP: "em elaboração",
    ACTIVE: "ativo",
    SUSPENDED: "suspenso",
    CANCELLED: "cancelado",
}


def _moves(to: str, *since: str) -> Action:
    """A call that takes a contract from one of ``since`` to ``to``, and refuses any other."""

    def perform(context: Context, sent: JsonObject) -> JsonObject:
        before = operations.find(context, sent)
        situation = before["cabecalho"].get("cCodSit")
        if situation == to:
            raise faults.already(f"O contrato já está {_WORDS[to]}")
        if situation not in since:
            raise faults.already(f"O contrato está {_WORDS.get(situation, situation)}")
        record = {**before, "cabecalho": {**before["cabecalho"], "cCodSit": to}}
        audit(context, record, before)
        context.app.put(context.collection, record)
        text = f"Contrato {_WORDS[to]} com sucesso!"
        return operations.status_answer(context, record, text)

    return perform


SITUATIONS: dict[str, Action] = {
    "AtivarContrato": _moves(ACTIVE, DRAWN_UP),
    "ReativarContrato": _moves(ACTIVE, SUSPENDED),
    "SuspenderContrato": _moves(SUSPENDED, ACTIVE),
    "CancelarContrato": _moves(CANCELLED, DRAWN_UP, ACTIVE, SUSPENDED),
}
"""Repeating one that holds is refused, with words of ours (a guess: no capture is public)."""
