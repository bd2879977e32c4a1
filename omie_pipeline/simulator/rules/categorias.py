"""``IncluirCategoria`` and ``AlterarCategoria``: Omie gives the code, and accepts duplicates."""

from __future__ import annotations

from omie_pipeline.simulator.engine import faults
from omie_pipeline.simulator.engine.faults import Noun
from omie_pipeline.simulator.engine.fields import is_blank
from omie_pipeline.simulator.engine.state import Record
from omie_pipeline.simulator.rules.base import Context
from omie_pipeline.simulator.wire import JsonObject

_NOUN = Noun("Categoria", feminine=True)
_LAST = 99


def create(context: Context, sent: JsonObject) -> JsonObject:
    """A new category under ``categoria_superior``; the same description makes a second one."""
    for tag in ("descricao", "categoria_superior"):
        if is_blank(sent.get(tag)):
            raise faults.missing_tag(tag)
    parent = str(sent["categoria_superior"])
    above = context.collection.get(parent)
    if above is None:
        raise faults.reference_missing(_NOUN, parent)
    record: Record = {
        **{tag: value for tag, value in sent.items() if not is_blank(value)},
        "codigo": _next_code(context, parent),
        "conta_inativa": "N",
        "definida_pelo_usuario": "S",
        "totalizadora": "N",
        "transferencia": "N",
        "nao_exibir": "N",
        **{tag: above.get(tag) or "N" for tag in ("conta_receita", "conta_despesa")},
    }
    context.app.put(context.collection, record)
    return _answer(record, "Categoria cadastrada com sucesso!")


def change(context: Context, sent: JsonObject) -> JsonObject:
    """By Omie's code; the parent stays."""
    code = str(sent.get("codigo") or "")
    if not code:
        raise faults.missing_tag("codigo")
    before = context.collection.get(code)
    if before is None:
        raise faults.not_found_by_id(_NOUN, code)
    sent_values = {tag: value for tag, value in sent.items() if not is_blank(value)}
    record = {**before, **sent_values, "codigo": code}
    context.app.put(context.collection, record)
    return _answer(record, "Categoria alterada com sucesso!")


def _next_code(context: Context, parent: str) -> str:
    """The next free ``X.YY.ZZ`` below ``parent``; a place in between is never filled again."""
    below = (str(record["codigo"]) for record in context.collection)
    taken = [
        int(code.rpartition(".")[2])
        for code in below
        if code.rpartition(".")[0] == parent and code.rpartition(".")[2].isdigit()
    ]
    number = max((place for place in taken if place < _LAST), default=0) + 1
    while f"{parent}.{number:02d}" in {str(record["codigo"]) for record in context.collection}:
        number += 1
    return f"{parent}.{number:02d}"


def _answer(record: Record, text: str) -> JsonObject:
    return {"codigo_status": "0", "descricao_status": text, "codigo": record["codigo"]}
