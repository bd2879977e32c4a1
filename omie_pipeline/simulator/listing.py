"""Reading: ``Consultar*`` with its full key set, ``Listar*`` with its pages and absent keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from omie_pipeline.catalog import ComplexType, Field, Service
from omie_pipeline.simulator import operations
from omie_pipeline.simulator.fields import is_blank
from omie_pipeline.simulator.rules import Context, EndpointRules, rules_for
from omie_pipeline.simulator.rules.base import moment
from omie_pipeline.simulator.state import Record
from omie_pipeline.simulator.wire import JsonObject

_DEFAULT_PAGE_SIZE = 50
_WHOLE_WHEN_BLANK = frozenset({"boleto", "info"})


@dataclass(frozen=True, slots=True)
class Dialect:
    """The names of one paging family (PROTOCOL section 5)."""

    page: str
    size: str
    pages: str
    on_page: str
    total: str


_SNAKE = Dialect(
    "pagina", "registros_por_pagina", "total_de_paginas", "registros", "total_de_registros"
)


def dialect_of(request: ComplexType) -> Dialect:
    """Snake or Hungarian, as the request type says; a few Hungarians say ``nRegsPorPagina``."""
    if request.field("nPagina") is None:
        return _SNAKE
    size = "nRegsPorPagina" if request.field("nRegsPorPagina") else "nRegPorPagina"
    return Dialect("nPagina", size, "nTotPaginas", "nRegistros", "nTotRegistros")


_NO_FILTER = frozenset(
    {
        *("pagina", "registros_por_pagina", "nPagina", "nRegPorPagina", "nRegsPorPagina"),
        *("ordenar_por", "ordem_descrescente", "ordem_decrescente"),
        *("exibir_obs", "exibir_caracteristicas"),
    }
)


def read(context: Context, sent: JsonObject) -> JsonObject:
    """``Consultar*``: the full key set, possibly of a moment ago (PROTOCOL 10.1, 10.10, REAL)."""
    omie_id, code = operations.keys_of(context, sent)
    rules = rules_for(context.endpoint)
    record = context.collection.as_read(omie_id, code, context.now.timestamp())
    if record is None:
        raise rules.not_found(by_code=omie_id is None, value=omie_id or code)
    if code and context.collection.code_of(record) != code:
        raise rules.not_found(by_code=True, value=code)
    kept = {**rules.kept_in_lists, **rules.present(context, record)}
    return full(context.endpoint.service, context.method.response, kept)


def full(service: Service, kind: ComplexType, record: Record) -> JsonObject:
    """Every key of ``kind``, with ``""``, 0, ``[]`` or null where there is no value."""
    return {tag.name: _full_value(service, tag, record.get(tag.name)) for tag in kind.fields}


def _full_value(service: Service, tag: Field, value: object) -> object:
    if tag.kind == "object":
        if isinstance(value, dict) and (value or tag.name in _WHOLE_WHEN_BLANK):
            return full(service, service.type_of(tag), value)
        return None
    if tag.kind == "array":
        items = value if isinstance(value, list) else []
        return [full(service, service.type_of(tag), item) for item in items]
    if value is not None:
        return value
    return 0 if tag.kind in {"integer", "decimal"} else ""


def list_page(context: Context, sent: JsonObject) -> JsonObject:
    """``Listar*``."""
    rules, dialect = rules_for(context.endpoint), dialect_of(context.method.request)
    rules.check_list(sent)
    page = max(1, sent.get(dialect.page) or 1)
    asked = max(1, sent.get(dialect.size) or _DEFAULT_PAGE_SIZE)
    size = min(asked, max(1, context.behaviour.max_page_size))
    rows, total = _rows(context, rules, sent, (page - 1) * size, size)
    if not rows and rules.empty_list == "fault":
        raise rules.empty_page(page)
    if not rows and total and rules.empty_list == "first_page":
        page = 1
        rows, total = _rows(context, rules, sent, 0, size)
    array = context.endpoint.service.list_arrays[context.method.name]
    return {
        dialect.page: page,
        dialect.pages: -(-total // size),
        dialect.on_page: len(rows),
        dialect.total: total,
        array: [row(context, rules, record, sent) for record in rows],
    }


def _rows(
    context: Context, rules: EndpointRules, sent: JsonObject, first: int, size: int
) -> tuple[Sequence[Record], int]:
    records = context.collection
    order = sent.get("ordenar_por") or "CODIGO"
    backwards = "S" in {sent.get("ordem_descrescente"), sent.get("ordem_decrescente")}
    if order == "CODIGO" and not backwards and _NO_FILTER.issuperset(sent):
        return records.window(first, size), len(records)
    matching = [record for record in records if rules.matches(context, record, sent)]
    if order != "CODIGO":
        matching.sort(key=lambda record: _sort_key(context, record, order))
    if backwards:
        matching.reverse()
    return matching[first : first + size], len(matching)


def _sort_key(context: Context, record: Record, order: str) -> str:
    if order == "CODIGO_INTEGRACAO":
        return context.collection.code_of(record)
    info = record.get("info") or {}
    dated = {
        "DATA_INCLUSAO": (info.get("dInc"), info.get("hInc")),
        "DATA_ALTERACAO": (info.get("dAlt"), info.get("hAlt")),
    }
    day, hour = dated.get(order, (record.get(order.lower()), ""))
    at = moment(day, hour)
    return at.isoformat() if at else ""


def row(context: Context, rules: EndpointRules, record: Record, sent: JsonObject) -> JsonObject:
    """One record of a list: keys without a value are absent, but for the few that Omie keeps."""
    code_tag = context.endpoint.integration_key
    hidden = {tag for tag, flag in rules.shown_on_request.items() if sent.get(flag) != "S"}
    shown = {
        tag: value
        for tag, value in rules.present(context, record).items()
        if tag[0] != "_" and tag not in hidden and (not is_blank(value) or _is_code(tag))
    }
    if code_tag:
        shown.setdefault(code_tag, "")
    for tag, value in rules.kept_in_lists.items():
        shown.setdefault(tag, value)
    return shown


def _is_code(tag: str) -> bool:
    return tag.endswith("_integracao")
