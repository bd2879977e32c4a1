"""Reading: ``Consultar*`` with its full key set, ``Listar*`` with its pages and absent keys."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from omie_pipeline.catalog import REGISTRY, ComplexType, Endpoint, Field, Service
from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.catalog.model import Grain
from omie_pipeline.catalog.services import load_service
from omie_pipeline.simulator.engine import faults, operations
from omie_pipeline.simulator.engine.fields import is_blank
from omie_pipeline.simulator.engine.state import Collection, Record, RecordKey, day_of
from omie_pipeline.simulator.rules import Context, EndpointRules, rules_for
from omie_pipeline.simulator.rules.base import moment
from omie_pipeline.simulator.wire import JsonObject

_DEFAULT_PAGE_SIZE = 50
KEPT_ANSWERS = 64
"""Questions whose whole answer is remembered until a record changes: paging asks them again."""
_WHOLE_WHEN_BLANK = frozenset({"boleto", "info"})


@dataclass(frozen=True, slots=True)
class Dialect:
    """The names of one paging family (omie-api.md#paging)."""

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


_PAGING = frozenset(
    {"pagina", "registros_por_pagina", "nPagina", "nRegPorPagina", "nRegsPorPagina"}
)
_DAY_WINDOW = frozenset(
    {
        *("filtrar_por_data_de", "filtrar_por_data_ate"),
        *("filtrar_apenas_inclusao", "filtrar_apenas_alteracao"),
    }
)
_FLAGS = frozenset({"apenas_importado_api", "filtrar_apenas_ativo"})
_NO_FILTER = frozenset(
    {
        *_PAGING,
        *("ordenar_por", "ordem_descrescente", "ordem_decrescente"),
        *("cExibirDepartamentos", "cExibirDescricao", "cApenasResumo"),
        *("exibir_obs", "exibir_caracteristicas"),
    }
)


def read(context: Context, sent: JsonObject) -> JsonObject:
    """``Consultar*``: the full key set, maybe of a moment ago (omie-api.md#left-out-in-lists)."""
    omie_id, code = operations.keys_of(context, sent)
    rules = rules_for(context.endpoint)
    record = context.collection.as_read(omie_id, code, context.now.timestamp())
    if record is None:
        raise rules.not_found(by_code=omie_id is None, value=omie_id or code)
    if code and context.collection.code_of(record) != code:
        raise rules.not_found(by_code=True, value=code)
    kept = {**rules.kept_in_lists, **rules.present(context, record)}
    endpoint = context.endpoint
    whole = full(endpoint.service, endpoint.record, kept)
    return {endpoint.record_wrapper: whole} if endpoint.record_wrapper else whole


def full(service: Service, kind: ComplexType, record: Record) -> JsonObject:
    """Every key of ``kind``, with ``""``, 0, ``[]`` or null if there is no value."""
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


def page_asked(context: Context, sent: JsonObject) -> tuple[int, int]:
    """Page and size that will be served: larger pages are cut silently (omie-api.md#page-size).

    Raises:
        SimulatedFaultError: the page is too much for the server (omie-api.md#broken-servers).
    """
    dialect, behaviour = dialect_of(context.method.request), context.behaviour
    asked = max(1, sent.get(dialect.size) or _DEFAULT_PAGE_SIZE)
    broken = behaviour.broken_above_page_size
    if broken is not None and asked > broken:
        raise faults.broken_bg()
    return max(1, sent.get(dialect.page) or 1), min(asked, max(1, behaviour.max_page_size))


def answer_page(
    context: Context, rows: list[JsonObject], total: int, page: int, size: int
) -> JsonObject:
    """The totals and the array; an empty page may be a fault (omie-api.md#empty-lists).

    Args:
        context: app, endpoint and time of the call.
        rows: the rows of this page.
        total: records of the whole answer.
        page: its number.
        size: rows that a page has.
    """
    rules, dialect = rules_for(context.endpoint), dialect_of(context.method.request)
    if not rows and rules.empty_list == "fault":
        raise rules.empty_page(page)
    array = context.endpoint.service.list_arrays[context.method.name]
    return {
        dialect.page: page,
        dialect.pages: -(-total // size),
        dialect.on_page: len(rows),
        dialect.total: total,
        array: [with_extra_fields(context, row) for row in rows],
    }


def with_extra_fields(context: Context, row: JsonObject) -> JsonObject:
    """Fields that Omie added overnight; a dotted name goes into a nested block."""
    extra = context.behaviour.extra_fields.get(context.method.name)
    for name, value in (extra or {}).items():
        block, _, tag = name.rpartition(".")
        if block:
            row = {**row, block: {**(row.get(block) or {}), tag: value}}
        else:
            row = {**row, tag: value}
    return row


def list_page(context: Context, sent: JsonObject) -> JsonObject:
    """``Listar*``."""
    rules = rules_for(context.endpoint)
    rules.check_list(sent)
    page, size = page_asked(context, sent)
    rows, total = _rows(context, rules, sent, (page - 1) * size, size)
    if not rows and total and rules.empty_list == "first_page":
        page = 1
        rows, total = _rows(context, rules, sent, 0, size)
    shown = [row(context, rules, record, sent) for record in rows]
    return answer_page(context, shown, total, page, size)


def list_whole(context: Context, sent: JsonObject) -> JsonObject:
    """``ListarCadastroDRE``: no pages, one total."""
    rules = rules_for(context.endpoint)
    shown = [
        row(context, rules, record, sent)
        for record in context.collection
        if rules.matches(context, record, sent)
    ]
    array = context.endpoint.service.list_arrays[context.method.name]
    return {"totalRegistros": len(shown), array: [with_extra_fields(context, r) for r in shown]}


def _rows(
    context: Context, rules: EndpointRules, sent: JsonObject, first: int, size: int
) -> tuple[Sequence[Record], int]:
    records = context.collection
    if _in_plain_order(sent) and _asks_nothing(sent, _NO_FILTER):
        return records.window(first, size), len(records)
    asked = {tag: value for tag, value in sent.items() if tag not in _PAGING}
    key = (context.method.name, json.dumps(asked, sort_keys=True, default=str), context.now.date())
    found = records.answers.get(key)
    if found is None:
        if len(records.answers) >= KEPT_ANSWERS:
            records.answers.clear()
        found = records.answers[key] = _matching(context, rules, sent)
    held = (records.get(key) for key in found[first : first + size])
    return [record for record in held if record is not None], len(found)


def _in_plain_order(sent: JsonObject) -> bool:
    backwards = "S" in {sent.get("ordem_descrescente"), sent.get("ordem_decrescente")}
    return (sent.get("ordenar_por") or "CODIGO") == "CODIGO" and not backwards


def _asks_nothing(sent: JsonObject, harmless: frozenset[str]) -> bool:
    """Only paging, order and what changes nothing (``apenas_importado_api: "N"``)."""
    return all(tag in harmless or (tag in _FLAGS and sent[tag] != "S") for tag in sent)


def _matching(context: Context, rules: EndpointRules, sent: JsonObject) -> list[RecordKey]:
    records = context.collection
    keys = _in_days(records, sent) if rules.indexed_window else None
    if keys is None or not _asks_nothing(sent, _NO_FILTER | _DAY_WINDOW):
        named = rules.candidates(context, sent)
        among = named if named is not None else records.keys() if keys is None else keys
        held = ((key, records.get(key)) for key in among)
        keys = [key for key, record in held if record and rules.matches(context, record, sent)]
    order = sent.get("ordenar_por") or "CODIGO"
    if order != "CODIGO":
        keys.sort(key=lambda key: _sort_key(context, records.get(key) or {}, order))
    if "S" in {sent.get("ordem_descrescente"), sent.get("ordem_decrescente")}:
        keys.reverse()
    return keys


def _in_days(records: Collection, sent: JsonObject) -> list[RecordKey] | None:
    """Keys included or changed on the days asked for; ``None`` when no day is asked for."""
    first = day_of(str(sent.get("filtrar_por_data_de") or ""))
    last = day_of(str(sent.get("filtrar_por_data_ate") or ""))
    if first is None and last is None:
        return None
    included, changed = records.days
    if sent.get("filtrar_apenas_inclusao") == "S":
        return included.between(first, last)
    keys = changed.between(first, last)
    if sent.get("filtrar_apenas_alteracao") == "S":
        return keys
    return sorted({*keys, *included.between(first, last)})


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
    """One record of a list: keys without a value are absent, but for the few that Omie keeps.

    Args:
        context: app, endpoint and time of the call.
        rules: the rules of the endpoint.
        record: as the simulator keeps it.
        sent: the request.
    """
    code_tag = "" if context.collection.section else context.endpoint.integration_key
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
    return rules.listed(shown, sent)


def _is_code(tag: str) -> bool:
    return tag.endswith("_integracao")


# Lists that this package only reads, as declarations of the simulator's own.

NOTE_KEY = "_id"
"""A nota's id stands deep in its record; this copy never goes on the wire."""


def _list(
    name: str, title: str, service: str, method: str, key: str, grain: Grain = "register"
) -> Endpoint:
    return Endpoint(
        name=name,
        title=title,
        service=load_service(service),
        grain=grain,
        omie_key=key,
        list=method,
    )


HELD: tuple[Endpoint, ...] = (
    *(
        Endpoint(
            name=table.name,
            title=table.title,
            service=table.service,
            grain=table.grain,
            omie_key=table.columns[0].path,
            list=table.call.method,
        )
        for table in MIRROR.values()
        if table.grain == "register" and table.name not in REGISTRY
    ),
    _list(
        "lancamentos_conta_corrente",
        "Lançamentos de conta corrente",
        "financas_contacorrentelancamentos",
        "ListarLancCC",
        "nCodLanc",
        "fact",
    ),
    _list("notas_servico", "NFS-e", "servicos_nfse", "ListarNFSEs", NOTE_KEY, "fact"),
    _list("notas_produto", "NF-e", "produtos_nfconsultar", "ListarNF", NOTE_KEY, "fact"),
    _list("lc116", "Serviços da LC 116", "servicos_lc116", "ListarLC116", "cCodigo"),
    _list(
        "servicos_municipais",
        "Serviços no município",
        "servicos_listaservico",
        "ListarServMunic",
        "nIdCodServMun",
    ),
    _list("tributacoes", "Tipos de tributação", "servicos_tipotrib", "ListarTiposTrib", "cIdTrib"),
)
"""Lists with records of their own: the short ones that only the importer reads, and those that
need a word more."""

DERIVED: tuple[Endpoint, ...] = (
    _list("movimentacoes", "Movimentações", "financas_mf", "ListarMovimentos", "nCodTitulo"),
    _list(
        "baixas",
        "Baixas",
        "financas_pesquisartitulos",
        "PesquisarLancamentos",
        "nCodTitulo",
        "fact",
    ),
    _list("extrato", "Extrato", "financas_extrato", "ListarExtrato", "nCodLancamento", "fact"),
)
"""Lists computed from títulos, settlements and account entries; they hold nothing."""

ACTING: tuple[tuple[Service, str], ...] = (
    (load_service("servicos_contratofat"), "contratos"),
    (load_service("servicos_osp"), "ordens_servico"),
    (load_service("servicos_osdocs"), "ordens_servico"),
)
"""Services without records of their own, and the endpoint on whose records they act."""

DERIVED_NAMES = frozenset(endpoint.name for endpoint in DERIVED)

ENDPOINTS: tuple[Endpoint, ...] = (*REGISTRY.values(), *HELD, *DERIVED)
"""Everything that a simulator serves unless told otherwise."""
