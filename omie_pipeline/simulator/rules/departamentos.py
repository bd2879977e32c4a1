"""``IncluirDepartamento``: Omie gives the code and the place, and accepts duplicates."""

from __future__ import annotations

from omie_pipeline.simulator.engine import faults
from omie_pipeline.simulator.engine.faults import Noun
from omie_pipeline.simulator.engine.fields import is_blank
from omie_pipeline.simulator.engine.state import Record
from omie_pipeline.simulator.rules.base import Context
from omie_pipeline.simulator.wire import JsonObject

_NOUN = Noun("Departamento")


def create(context: Context, sent: JsonObject) -> JsonObject:
    """A new departamento below that of ``codigo`` (omie-api.md#departamentos)."""
    for tag in ("codigo", "descricao"):
        if is_blank(sent.get(tag)):
            raise faults.missing_tag(tag)
    above = context.collection.get(str(sent["codigo"]))
    if above is None:
        raise faults.reference_missing(_NOUN, sent["codigo"])
    record: Record = {
        "codigo": str(context.app.new_id()),
        "descricao": sent["descricao"],
        "estrutura": _next_place(context, str(above.get("estrutura"))),
        "inativo": "N",
    }
    context.app.put(context.collection, record)
    return {
        "codigo": record["codigo"],
        "descricao": record["descricao"],
        "cCodStatus": "0",
        "cDesStatus": _NOUN.done("cadastrad"),
    }


def _next_place(context: Context, above: str) -> str:
    """The place after the last one directly below ``above``."""
    places = (str(record.get("estrutura") or "").rpartition(".") for record in context.collection)
    taken = [int(last) for parent, _, last in places if parent == above and last.isdigit()]
    return f"{above}.{max(taken, default=0) + 1:03}"
