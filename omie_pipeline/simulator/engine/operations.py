"""What the methods do to the records: create, change, upsert, delete, link, lots."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from omie_pipeline.catalog import ComplexType, Method
from omie_pipeline.simulator.engine import faults
from omie_pipeline.simulator.engine.fields import is_blank
from omie_pipeline.simulator.engine.state import Record, RecordKey
from omie_pipeline.simulator.rules import Context, rules_for
from omie_pipeline.simulator.rules.base import audit
from omie_pipeline.simulator.wire import JsonObject

Action = Callable[[Context, JsonObject], JsonObject]

_OTHER_NAMES_OF_THE_ID = ("codigo_lancamento",)
_OK = "0"
_STATUS_TEXTS = frozenset({"descricao_status", "cDesStatus", "cDescStatus", "descricao"})


def id_tag(context: Context, request: ComplexType) -> str:
    """How this request calls Omie's id: it differs by method (omie-api.md#names-of-keys)."""
    endpoint = context.endpoint
    names = (
        endpoint.omie_key,
        endpoint.link_omie_key,
        endpoint.delete_omie_key,
        endpoint.read_omie_key,
        *_OTHER_NAMES_OF_THE_ID,
    )
    return next((name for name in names if name and request.field(name)), "")


def key_holder(context: Context, sent: JsonObject) -> tuple[ComplexType, JsonObject]:
    """The object of a request in which its keys stand, with its type: a section, or the whole."""
    endpoint, request = context.endpoint, context.method.request
    for name in (endpoint.read_wrapper, endpoint.section, endpoint.insert_section):
        field = request.field(name) if name else None
        if field is not None:
            return context.checks.type_of(field), sent.get(name) or {}
    return request, sent


def keys_of(context: Context, sent: JsonObject) -> tuple[RecordKey | None, str]:
    """Omie's id and the integration code that a request names.

    Raises:
        SimulatedFaultError: it names neither.
    """
    request, sent = key_holder(context, sent)
    tag = id_tag(context, request)
    omie_id = sent.get(tag) if tag else None
    code_tag = context.endpoint.integration_key
    code = str(sent.get(code_tag) or "") if code_tag else ""
    if not omie_id and not code:
        if not sent:
            raise faults.no_param()
        wanted = [name for name in (tag, code_tag) if name and request.field(name)]
        raise faults.missing_either(*wanted) if len(wanted) > 1 else faults.missing_tag(wanted[0])
    return omie_id or None, code


def find(context: Context, sent: JsonObject) -> Record:
    """The one record that a request names, by id, by code, or by both when they agree."""
    omie_id, code = keys_of(context, sent)
    rules, records = rules_for(context.endpoint), context.collection
    record = records.get(omie_id) if omie_id is not None else records.by_code(code)
    if record is None:
        raise rules.not_found(by_code=omie_id is None, value=omie_id or code)
    if code and records.code_of(record) != code:
        raise rules.not_found(by_code=True, value=code)  # omie-api.md#integration-codes
    return record


def status_answer(context: Context, record: Record, text: str) -> JsonObject:
    """The write's answer, with the tags of its response type; the status is a string (seen)."""
    endpoint, keys = context.endpoint, context.endpoint.keys_of(record)
    answer: JsonObject = {}
    for tag in context.method.response.fields:
        if tag.name in {"codigo_status", "cCodStatus", "status"}:
            answer[tag.name] = _OK
        elif tag.name in _STATUS_TEXTS:
            answer[tag.name] = text
        elif tag.name == endpoint.omie_key:
            answer[tag.name] = context.collection.key_of(record)
        elif tag.name == endpoint.integration_key:
            answer[tag.name] = context.collection.code_of(record)
        elif endpoint.section and tag.name in keys:
            answer[tag.name] = keys[tag.name]
    return answer


def stored(context: Context, sent: JsonObject) -> JsonObject:
    """What was sent, under the names of a record read back and without Omie's id in it."""
    endpoint, section = context.endpoint, context.collection.section
    if not section:
        return {tag: value for tag, value in sent.items() if tag != endpoint.omie_key}
    names = {endpoint.section, endpoint.insert_section}
    keys = {
        tag: value
        for tag, value in key_holder(context, sent)[1].items()
        if tag != endpoint.omie_key
    }
    return {section: keys, **{tag: value for tag, value in sent.items() if tag not in names}}


def create_record(context: Context, sent: JsonObject) -> Record:
    """A new record, with an id of Omie's."""
    endpoint, records, rules = context.endpoint, context.collection, rules_for(context.endpoint)
    context.checks.required(context.method.request, sent, rules.excused(context))
    for group in endpoint.either:
        if all(is_blank(sent.get(tag)) for tag in group):
            raise faults.missing_either(*group)
    code = str(key_holder(context, sent)[1].get(endpoint.integration_key) or "")
    owner = records.by_code(code) if code else None
    if owner is not None and not rules.takes_twice(context):
        raise faults.duplicate_code(rules.noun, code, records.key_of(owner))
    record = {tag: value for tag, value in stored(context, sent).items() if value is not None}
    if endpoint.integration_key:
        record = records.with_keys(record, **{endpoint.integration_key: code})
    rules.before_write(context, record, sent)
    if records.numbered:  # an id is spent only once nothing can refuse the record any more
        record = records.with_keys(record, **{endpoint.omie_key: context.app.new_id()})
    audit(context, record, None)
    context.app.put(records, record)
    return record


def change_record(context: Context, before: Record, sent: JsonObject) -> Record:
    """Merge what was sent: texts and numbers one by one, lists as a whole.

    Source: omie-api.md#what-a-change-replaces.
    """
    rules = rules_for(context.endpoint)
    rules.guard(context, before, "alterar")
    record = dict(before)
    for tag, value in stored(context, sent).items():
        if value is None:
            continue
        old = before.get(tag)
        record[tag] = {**old, **value} if isinstance(old, dict) and value else value
    rules.before_write(context, record, sent)
    audit(context, record, before)
    context.app.put(context.collection, record)
    return record


def create(context: Context, sent: JsonObject) -> JsonObject:
    """``Incluir*``."""
    record = create_record(context, sent)
    return status_answer(context, record, rules_for(context.endpoint).noun.done("cadastrad"))


def update(context: Context, sent: JsonObject) -> JsonObject:
    """``Alterar*``."""
    before = find(context, sent)
    _refuse_bare_category(before, sent)
    record = change_record(context, before, sent)
    return status_answer(context, record, rules_for(context.endpoint).noun.done("alterad"))


def _refuse_bare_category(before: Record, sent: JsonObject) -> None:
    """A change of category must resend the value (omie-api.md#refused-fields)."""
    category = sent.get("codigo_categoria")
    changed = bool(sent.get("categorias")) or (
        bool(category) and category != before.get("codigo_categoria")
    )
    if changed and "valor_documento" in before and is_blank(sent.get("valor_documento")):
        raise faults.missing_tag("valor_documento", " para alterar a categoria")


def upsert(context: Context, sent: JsonObject) -> JsonObject:
    """``Upsert*``: the integration code decides (omie-api.md#integration-codes)."""
    endpoint = context.endpoint
    keys = key_holder(context, sent)[1]
    code = str(keys.get(endpoint.integration_key) or "")
    if not code:
        raise faults.missing_tag(endpoint.integration_key)
    before = context.collection.by_code(code)
    if before is None and keys.get(endpoint.omie_key):
        before = find(context, sent)  # refuses: this id does not have that code
    return _put(context, before, sent)


def _put(context: Context, before: Record | None, sent: JsonObject) -> JsonObject:
    noun = rules_for(context.endpoint).noun
    if before is None:
        return status_answer(context, create_record(context, sent), noun.done("cadastrad"))
    if key_holder(context, sent)[1].get(context.endpoint.omie_key):
        find(context, sent)
    return status_answer(context, change_record(context, before, sent), noun.done("alterad"))


def upsert_by_document(context: Context, sent: JsonObject) -> JsonObject:
    """``UpsertClienteCpfCnpj``: the CPF/CNPJ decides."""
    document = str(sent.get("cnpj_cpf") or "")
    if not document:
        raise faults.missing_tag("cnpj_cpf")
    before = context.collection.by_document(document)
    if before is not None:
        _refuse_taken_code(context, before, str(sent.get("codigo_cliente_integracao") or ""))
    return _put(context, before, {k: v for k, v in sent.items() if k != context.endpoint.omie_key})


def _refuse_taken_code(context: Context, record: Record, code: str) -> None:
    owner = context.collection.by_code(code) if code else None
    if owner is not None and owner is not record:
        noun = rules_for(context.endpoint).noun
        raise faults.duplicate_code(noun, code, context.collection.key_of(owner))


def link(context: Context, sent: JsonObject) -> JsonObject:
    """``AssociarCodInt*``: give a record that Omie has our integration code."""
    endpoint = context.endpoint
    omie_id, code = sent.get(endpoint.omie_key), str(sent.get(endpoint.integration_key) or "")
    for tag, value in ((endpoint.omie_key, omie_id), (endpoint.integration_key, code)):
        if not value:
            raise faults.missing_tag(tag)
    before = context.collection.get(omie_id or 0)
    if before is None:
        raise rules_for(endpoint).not_found(by_code=False, value=omie_id)
    _refuse_taken_code(context, before, code)
    record = context.collection.with_keys(before, **{endpoint.integration_key: code})
    audit(context, record, before)
    context.app.put(context.collection, record)
    return status_answer(context, record, "Código de integração associado com sucesso!")


def delete(context: Context, sent: JsonObject) -> JsonObject:
    """``Excluir*``."""
    rules = rules_for(context.endpoint)
    record = find(context, sent)
    rules.guard(context, record, "excluir")
    context.app.remove(context.collection, context.collection.key_of(record))
    return status_answer(context, record, rules.noun.done("excluíd"))


def lot_of(one: Action) -> Action:
    """Several records in one call.

    Where the response has a list of statuses (contas a receber) each item succeeds or fails by
    itself; elsewhere the first refusal undoes the whole lot (omie-api.md#lots).
    """

    def perform(context: Context, sent: JsonObject) -> JsonObject:
        items = next((value for value in sent.values() if isinstance(value, list)), None)
        if not items:
            raise faults.no_param()
        if len(items) > context.behaviour.lot_records:
            raise faults.too_many_records(context.behaviour.lot_records)
        statuses = next((f for f in context.method.response.fields if f.kind == "array"), None)
        answer: JsonObject = {"lote": sent.get("lote", 0)}
        code, text = _status_tags(context.method.response)
        answer[code], answer[text] = _OK, "Lote processado com sucesso!"
        if statuses is None:
            with context.app.all_or_nothing():
                for item in items:
                    one(context, item)
            return answer
        answer[statuses.name] = [_item_status(context, one, item) for item in items]
        return answer

    return perform


def refuses_items(method: Method, body: JsonObject) -> bool:
    """Does a lot's answer say that a record was refused?"""
    if not method.name.endswith("PorLote"):
        return False
    statuses = next((value for value in body.values() if isinstance(value, list)), [])
    return any(item.get("codigo_status") != _OK for item in statuses)


def _status_tags(response: ComplexType) -> tuple[str, str]:
    if response.field("cCodStatus"):
        return "cCodStatus", "cDesStatus"
    return "codigo_status", "descricao_status"


def _item_status(context: Context, one: Action, item: JsonObject) -> JsonObject:
    endpoint = context.endpoint
    try:
        with context.app.all_or_nothing():
            text = one(context, item)[_status_tags(context.method.response)[1]]
    except faults.SimulatedFaultError as fault:
        status: dict[str, Any] = {
            endpoint.omie_key: 0,
            "codigo_status": fault.code.rsplit("-", 1)[-1],
            "descricao_status": fault.text,
        }
    else:
        record = context.collection.by_code(str(item.get(endpoint.integration_key) or "")) or {}
        status = {
            endpoint.omie_key: record.get(endpoint.omie_key, 0),
            "codigo_status": _OK,
            "descricao_status": text,
        }
    return {**status, endpoint.integration_key: item.get(endpoint.integration_key) or ""}
