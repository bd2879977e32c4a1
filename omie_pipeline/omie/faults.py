"""From an HTTP answer to a body or to one error of the tree.

The body is read before the status and the text before the code: faults come with 500, 425, 403,
429 and 200, and HTTP 500 means "invalid CPF" as well as "the server broke" (omie-api.md#faults).
A body without a fault is good only if it carries what its method promises (:class:`Promise`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any

from omie_pipeline.catalog.faults import (
    BLOCK_SECONDS,
    CODE_RULES,
    HINTS,
    KEY_CODES,
    MISUSE_CODE,
    RULES,
    FaultRule,
    bare,
)
from omie_pipeline.catalog.model import ComplexType, Service
from omie_pipeline.errors import (
    AlreadyExists,
    AuthFailed,
    Blocked,
    Broken,
    Busy,
    Empty,
    FaultDetail,
    OmieFault,
    OutcomeUnknown,
    Overloaded,
    Passing,
    RecordNotFound,
    RecordRejected,
    Redundant,
    RetryLater,
    TurnedAway,
    UnknownFault,
    Unreachable,
)
from omie_pipeline.omie import wire
from omie_pipeline.omie.masking import mask_text
from omie_pipeline.texts import omie as texts

# What a good answer of each method carries at the least, worked out from Omie's documented types.
#
# ``{}`` with HTTP 200, a page of a proxy's, an answer about another record: none of them is a
# fault, and none of them is what was asked for (omie-api.md#answers-without-content). Taken as
# good, the first would empty a mirror or confirm a record that was never shown.

_TOTALS = ("total_de_registros", "nTotRegistros", "totalRegistros")
_PAGES = ("total_de_paginas", "nTotPaginas")
_STATUSES = ("codigo_status", "cCodStatus", "status")
_KEYS = (
    "codigo_cliente_omie",
    "codigo_cliente_integracao",
    "codigo_lancamento_omie",
    "codigo_lancamento_integracao",
    "codigo_baixa",
    "codigo_baixa_integracao",
    "codigo_empresa",
    "codigo",
    "codInt",
    "nCodCtr",
    "cCodIntCtr",
    "nCodOS",
    "cCodIntOS",
    "nCodServ",
    "cCodIntServ",
    "nCodCC",
    "cCodIntCC",
    "cCodCCInt",
    "nCodLanc",
    "cCodIntLanc",
)
"""Fields by which Omie and we name a record, in questions and answers alike."""

_SECTIONS = (
    "contratoCadastro",
    "contratoChave",
    "cabecalho",
    "Cabecalho",
    "intListar",
    "intIncluir",
    "intEditar",
    "intUpsert",
)
"""Objects in which these fields stand if they do not stand at the top."""

_TAKEN_BACK = ("Excluir", "Cancelar")
"""Of a record that is gone Omie need not say more than that the call went well."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What the answer of one method carries.

    Attributes:
        array: the list, ``""`` for what is no list. It may be left out if the total is 0, for
            lists leave out what is empty (omie-api.md#left-out-in-lists).
        counts: numbers of a list, of which all must stand there.
        status: field of a write that says how it went.
        keys: names of the record; those that the question gives too must be the same.
        names_record: one of the keys must be filled.
        items: array of a lot's answer that says how each record went. Where it is filled, the
            status of the whole is no fault: some records may have taken effect.
    """

    array: str = ""
    counts: tuple[str, ...] = ()
    status: str = ""
    keys: tuple[str, ...] = ()
    names_record: bool = True
    items: str = ""

    @property
    def by_key(self) -> bool:
        """Whether the method asks for one record: a fault about a missing one means that one."""
        return bool(self.keys) and not self.array

    def answers_by_item(self, body: Mapping[str, Any]) -> bool:
        """Whether a lot's answer says how its records went, one by one."""
        found = body.get(self.items) if self.items else None
        return isinstance(found, list) and bool(found)

    def broken_by(self, body: Mapping[str, Any], param: Mapping[str, Any]) -> str:
        """What an answer lacks or says of another record, in Portuguese; ``""`` for a good one."""
        lacking = self._lacking_list(body) if self.array else ""
        if not lacking and self.status and body.get(self.status) in (None, ""):
            lacking = texts.THE_STATE
        if lacking or not self.keys:
            return lacking
        answered = _named(body)
        if self.names_record and not any(name in answered for name in self.keys):
            return texts.THE_CODE
        asked = _named(param)
        for name in asked.keys() & answered.keys():
            if asked[name].casefold() != answered[name].casefold():
                return texts.another_record(name)
        return ""

    def _lacking_list(self, body: Mapping[str, Any]) -> str:
        if not all(str(body.get(name, "")).isdecimal() for name in self.counts):
            return texts.THE_TOTAL
        rows = body.get(self.array)
        if rows is None and self.counts and int(str(body[self.counts[0]])) == 0:
            return ""
        return "" if isinstance(rows, list) else texts.THE_LIST


NO_PROMISE = Promise()


_LOT = "PorLote"


@cache
def _promise(method: str, names: tuple[str, ...], array: str, items: str) -> Promise:
    counts = tuple(
        name
        for group in (_TOTALS, _PAGES)
        if (name := next((one for one in group if one in names), ""))
    )
    if array and counts:
        return Promise(array, counts)
    keys = tuple(name for name in _KEYS if name in names)
    status = next((name for name in _STATUSES if name in names), "")
    names_record = not method.startswith(_TAKEN_BACK)
    return Promise(status=status, keys=keys, names_record=names_record, items=items)


def promise_of(service: Service, method: str) -> Promise:
    """What a good answer of ``method`` carries.

    A list without counts (``ListarExtrato``) promises the account that was asked for.
    """
    declared = service.methods.get(method)
    if declared is None:
        return NO_PROMISE
    names = tuple(_names(service, declared.response))
    arrays = (field.name for field in declared.response.fields if field.kind == "array")
    items = next(arrays, "") if method.endswith(_LOT) else ""
    return _promise(method, names, service.list_arrays.get(method, ""), items)


def _names(service: Service, response: ComplexType) -> Iterator[str]:
    """Names of an answer's fields, and of those in the objects that hold a record's keys."""
    for field in response.fields:
        yield field.name
        if field.name in _SECTIONS and field.kind == "object":
            yield from _names(service, service.type_of(field))


def _named(record: Mapping[str, Any]) -> dict[str, str]:
    """Filled names of a record, at the top and in the objects that hold them."""
    found: dict[str, str] = {}
    levels = [record]
    while levels:
        level = levels.pop()
        levels += [inner for name in _SECTIONS if isinstance(inner := level.get(name), Mapping)]
        for name in _KEYS:
            text = str(level.get(name) or "").strip()
            if text and text != "0":
                found.setdefault(name, text)
    return found


_NOTHING: Mapping[str, Any] = MappingProxyType({})
STATUS_TEXTS = ("descricao_status", "cDesStatus", "cDescStatus", "descricao")
"""Where an answer says in words what was done."""
_SOAP = re.compile(r"^\s*SOAP-ENV:", re.IGNORECASE)
_SECONDS = re.compile(r"(\d+) segundos?", re.IGNORECASE)
_LATER: Mapping[str, type[RetryLater]] = MappingProxyType(
    {"busy": Busy, "turned_away": TurnedAway, "passing": Passing, "redundant": Redundant}
)
_UNREACHABLE_WAIT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """The part of an HTTP answer that counts."""

    status: int
    text: str
    retry_after_seconds: float | None = None


def read_answer(
    answer: HttpAnswer,
    *,
    is_write: bool,
    now: datetime,
    hidden: Collection[str] = (),
    parse: wire.Parse = wire.json_object,
    promise: Promise = NO_PROMISE,
    param: Mapping[str, Any] = _NOTHING,
) -> wire.Json:
    """The body of a good answer.

    Args:
        answer: status, headers and body.
        is_write: whether the call was a write.
        now: time of the answer.
        hidden: texts of the request that no error may repeat: keys, names, documents.
        parse: from text to body.
        promise: what a good answer of the method carries.
        param: what was asked; an answer about another record is not good.

    Raises:
        OmieFault: one of its children, by what to do next.
    """
    body = parse(answer.text)
    text, code = "", ""
    if body is not None:
        text, code = _told(body, by_item=promise.answers_by_item(body))
    if answer.status == 429 and code != MISUSE_CODE:
        detail = FaultDetail(texts.TOO_MANY_REQUESTS, "429", 429, texts.UNREACHABLE_FIX)
        raise TurnedAway(detail, answer.retry_after_seconds or 60.0)
    if body is None:
        raise _broken(answer, is_write=is_write, now=now)
    if text or code:
        by_key = not is_write and promise.by_key
        raise classify(
            text, code, answer.status, is_write=is_write, now=now, hidden=hidden, by_key=by_key
        )
    if answer.status >= 400:
        raise _broken(answer, is_write=is_write, now=now)
    lacking = promise.broken_by(body, param)
    if lacking:
        text = texts.answer_lacks(lacking)
        detail = FaultDetail(text, "", answer.status, texts.UNREACHABLE_FIX)
        raise unreachable(detail, is_write=is_write)
    return body


def classify(
    text: str,
    code: str,
    http_status: int,
    *,
    is_write: bool,
    now: datetime,
    hidden: Collection[str] = (),
    by_key: bool = False,
) -> OmieFault:
    """The error of the tree for a fault; ``code`` has no ``SOAP-ENV:`` prefix.

    Args:
        text: the text of the fault, as it came.
        code: ``faultcode``, or ``""``.
        http_status: HTTP status of the answer.
        is_write: whether the call was a write.
        now: time of the answer.
        hidden: texts that must not be repeated.
        by_key: a read that names its record, so that what is missing is that record.
    """
    if not text:
        text = texts.only_a_code(code)
    kept = mask_text(text, hidden)
    # These have one meaning each, whatever the words beside them (official, seen).
    if http_status == 425 or code == MISUSE_CODE:
        return _blocked(text, kept, code, now)
    found = _rule_for(text, code)
    if http_status == 403 and (found is None or found[0].outcome not in ("auth", "blocked")):
        return AuthFailed(FaultDetail(kept, code, http_status, texts.AUTH_FIX))
    if found is not None:
        rule, match = found
        detail = FaultDetail(kept, code, http_status, rule.fix)
        if by_key and rule.of_another:
            return RecordNotFound(detail)
        return _from_rule(rule, match, text, detail, is_write=is_write, now=now)
    if by_key and _number_of(code) in KEY_CODES:
        return RecordNotFound(FaultDetail(kept, code, http_status, texts.REJECTED_FIX))
    if _is_servers(code):
        return unreachable(
            FaultDetail(kept, code, http_status, texts.UNKNOWN_FIX), is_write=is_write
        )
    hint = next((rule for rule in HINTS if rule.pattern.search(bare(text))), None)
    if hint is not None:
        return RecordRejected(FaultDetail(kept, code, http_status, hint.fix))
    if code.startswith("Client") or code.isdigit():
        return RecordRejected(FaultDetail(kept, code, http_status, texts.REJECTED_FIX))
    return UnknownFault(FaultDetail(kept, code, http_status, texts.UNKNOWN_FIX))


def unreachable(detail: FaultDetail, *, is_write: bool) -> OmieFault:
    """The road broke after the request may have left: unknown for a write, again for a read."""
    if is_write:
        return OutcomeUnknown(detail)
    return Broken(detail, _UNREACHABLE_WAIT_SECONDS)


def says_open(fault: OmieFault) -> bool | None:
    """Whether a fault shows that Omie listens to the key again after a block.

    A fault in Omie's own words does. ``False``: the question never reached Omie. ``None``: it may
    have, and nothing is known.
    """
    detail = fault.detail
    if isinstance(fault, Blocked):
        return None
    if detail.http_status == 200 or (detail.http_status >= 500 and detail.code):
        return True
    return False if isinstance(fault, Unreachable) else None


def _rule_for(text: str, code: str) -> tuple[FaultRule, re.Match[str]] | None:
    """The rule of a text, else that of a code."""
    plain = bare(text)
    found = next(((r, m) for r in RULES if (m := r.pattern.search(plain)) is not None), None)
    rule = CODE_RULES.get(_number_of(code))
    if found is not None or rule is None:
        return found
    match = rule.pattern.search(plain)
    return None if match is None else (rule, match)


def _from_rule(
    rule: FaultRule,
    found: re.Match[str],
    text: str,
    detail: FaultDetail,
    *,
    is_write: bool,
    now: datetime,
) -> OmieFault:
    groups = _groups(found, text)
    # Omie counts whole seconds down; one more avoids a call in the last of them.
    wait_seconds = float(groups.get("seconds") or rule.wait_seconds)
    if rule.outcome in _LATER:
        return _LATER[rule.outcome](detail, wait_seconds + 1.0)
    match rule.outcome:
        case "blocked":
            return Blocked(detail, now + timedelta(seconds=wait_seconds + 1.0))
        case "auth":
            return AuthFailed(detail)
        case "empty":
            # Only a list can be empty; a write that says so misses what it names.
            return RecordNotFound(detail) if is_write else Empty(detail)
        case "not_found":
            return RecordNotFound(detail)
        case "exists":
            return AlreadyExists(
                detail,
                omie_id=int(groups["id"]) if groups.get("id") else None,
                integration_code=groups.get("code") or "",
                by_document="CPF/CNPJ" in found.group().upper(),
            )
        case "server":
            return unreachable(detail, is_write=is_write)
        case "overloaded":
            return OutcomeUnknown(detail) if is_write else Overloaded(detail, wait_seconds)
        case "protocol":
            return UnknownFault(detail)
    return RecordRejected(detail)


def _groups(found: re.Match[str], text: str) -> dict[str, str]:
    """The named parts of a match as they stand in the text, accents included."""
    composed = unicodedata.normalize("NFC", text)
    return {
        name: composed[slice(*found.span(name))]
        for name in found.groupdict()
        if found.group(name) is not None
    }


def status_text(body: Mapping[str, Any]) -> str:
    """What an answer to a write says of it, under any of the names that Omie's services use
    (omie-api.md#status-in-the-answer); ``""`` if it says nothing."""
    return next((str(body[name]) for name in STATUS_TEXTS if body.get(name)), "")


def _told(body: Mapping[str, Any], *, by_item: bool = False) -> tuple[str, str]:
    """Text and code of a fault, ``("", "")`` for a body that tells of none.

    Besides ``faultstring`` more shapes were seen: ``error_message``, ``message`` alone, and
    ``faultcode`` alone (omie-api.md#answers-without-content). HTTP 200 with a status above zero is
    a fault too (omie-api.md#status-in-the-answer).
    """
    text, code = body.get("faultstring"), body.get("faultcode")
    if not text and not code:
        text, code = body.get("error_message"), body.get("error_code")
    if not text and not code:
        # No answer of a method we call has a field of this name (held by a test).
        text, code = body.get("message") or ("error" if body.get("status") == "error" else ""), ""
    status = body.get("codigo_status", body.get("cCodStatus"))
    if status is None and "descricao" in body:
        status = body.get("status")  # projetos and vendedores (official)
    if by_item:
        status = None
    if not text and not code and status is not None and str(status).strip("0 "):
        text = status_text(body) or f"status {status}"
        code = status
    return wire.plain_text(str(text or "")), _SOAP.sub("", str(code or "")).strip()


def _number_of(code: str) -> str:
    """``"1880"`` of ``Client-1880``, and of a ``codigo_status`` that is a bare number."""
    number = code.casefold().removeprefix("client-")
    # A bare 500 is the server's own, such as {"error_code":500}.
    return "" if number == code == "500" else number


def _is_servers(code: str) -> bool:
    """A fault of the server's own: after a write the outcome is unknown."""
    return code.startswith("Server") or (code.isdigit() and 500 <= int(code) <= 599)


def _broken(answer: HttpAnswer, *, is_write: bool, now: datetime) -> OmieFault:
    what = texts.EMPTY_ANSWER if not answer.text.strip() else texts.NO_JSON
    text = texts.answer_was(what=what, status=answer.status)
    if answer.status == 425:
        return _blocked("", text, "", now)
    if answer.status == 403:
        return AuthFailed(FaultDetail(text, "", answer.status, texts.AUTH_FIX))
    return unreachable(
        FaultDetail(text, "", answer.status, texts.UNREACHABLE_FIX), is_write=is_write
    )


def _blocked(text: str, kept: str, code: str, now: datetime) -> Blocked:
    told = _SECONDS.search(text)
    seconds = float(told.group(1)) if told is not None else BLOCK_SECONDS
    detail = FaultDetail(kept, code, 425, texts.BLOCKED_FIX)
    return Blocked(detail, now + timedelta(seconds=seconds + 1.0))
