"""From an HTTP answer to a body or to one error of the tree.

The body is read before the status and the text before the code: faults come with 500, 425, 403,
429 and 200, and HTTP 500 means "invalid CPF" as well as "the server broke" (PROTOCOL section 3).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from omie_pipeline.catalog.faults import REJECTED_FIX, RULES, UNKNOWN_FIX, FaultRule
from omie_pipeline.errors import (
    AlreadyExists,
    AuthFailed,
    Blocked,
    Empty,
    FaultDetail,
    OmieFault,
    OutcomeUnknown,
    RecordNotFound,
    RecordRejected,
    RetryLater,
    UnknownFault,
)
from omie_pipeline.omie import wire
from omie_pipeline.omie.masking import mask_text

_UNREACHABLE_WAIT_SECONDS = 5.0
_UNREACHABLE_FIX = "O Omie não respondeu: nada a fazer, o envio é repetido sozinho."


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """The part of an HTTP answer that counts."""

    status: int
    text: str
    retry_after_seconds: float | None = None


def read_answer(answer: HttpAnswer, *, is_write: bool, now: datetime) -> wire.Json:
    """The body of a good answer.

    Raises:
        OmieFault: one of its children, by what to do next.
    """
    body = _json_object(answer.text)
    if answer.status == 429:
        detail = FaultDetail("Limite de requisições do Omie (429)", "429", 429, _UNREACHABLE_FIX)
        raise RetryLater(detail, answer.retry_after_seconds or 60.0)
    if body is None:
        raise _broken(answer, is_write=is_write)
    text = body.get("faultstring") or _other_error_text(body)
    if text:
        code = str(body.get("faultcode", "")).removeprefix("SOAP-ENV:")
        raise classify(wire.plain_text(str(text)), code, answer.status, is_write=is_write, now=now)
    if answer.status >= 400:
        raise _broken(answer, is_write=is_write)
    _raise_bad_status(body, answer.status)
    return body


def classify(text: str, code: str, http_status: int, *, is_write: bool, now: datetime) -> OmieFault:
    """The error of the tree for a fault text; ``code`` has no ``SOAP-ENV:`` prefix."""
    for rule in RULES:
        found = rule.pattern.search(text)
        if found is not None:
            detail = FaultDetail(mask_text(text), code, http_status, rule.fix)
            return _from_rule(rule, found, detail, is_write=is_write, now=now)
    if http_status == 403:
        return AuthFailed(FaultDetail(mask_text(text), code, http_status, REJECTED_FIX))
    if http_status == 425:
        detail = FaultDetail(mask_text(text), code, http_status, UNKNOWN_FIX)
        return Blocked(detail, now + timedelta(seconds=1800))
    detail = FaultDetail(mask_text(text), code, http_status, UNKNOWN_FIX)
    if code.startswith("Server"):
        return unreachable(detail, is_write=is_write)
    return UnknownFault(detail)


def unreachable(detail: FaultDetail, *, is_write: bool) -> OmieFault:
    """The road broke after the request may have left: unknown for a write, again for a read."""
    if is_write:
        return OutcomeUnknown(detail)
    return RetryLater(detail, _UNREACHABLE_WAIT_SECONDS)


def _from_rule(
    rule: FaultRule,
    found: re.Match[str],
    detail: FaultDetail,
    *,
    is_write: bool,
    now: datetime,
) -> OmieFault:
    groups = found.groupdict()
    wait_seconds = float(groups.get("seconds") or rule.wait_seconds)
    match rule.outcome:
        case "retry":
            # Omie counts whole seconds down; one more avoids knocking at the last of them.
            return RetryLater(detail, wait_seconds + 1.0)
        case "blocked":
            return Blocked(detail, now + timedelta(seconds=wait_seconds + 1.0))
        case "auth":
            return AuthFailed(detail)
        case "empty":
            return Empty(detail)
        case "not_found":
            return RecordNotFound(detail)
        case "exists":
            return AlreadyExists(
                detail,
                omie_id=int(groups["id"]) if groups.get("id") else None,
                integration_code=groups.get("code") or "",
                by_document="CPF/CNPJ" in found.group(),
            )
        case "server":
            return unreachable(detail, is_write=is_write)
        case "protocol":
            return UnknownFault(detail)
        case "rejected":
            return RecordRejected(detail)


def _json_object(text: str) -> wire.Json | None:
    try:
        body = wire.loads(text)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _other_error_text(body: Mapping[str, Any]) -> str:
    """Two more shapes in which errors were seen (PROTOCOL section 2, CODE)."""
    if body.get("status") == "error":
        return str(body.get("message", "error"))
    return str(body.get("error_message", ""))


def _broken(answer: HttpAnswer, *, is_write: bool) -> OmieFault:
    what = "resposta vazia" if not answer.text.strip() else "resposta que não é JSON"
    text = f"O Omie devolveu {what} (HTTP {answer.status})"
    return unreachable(FaultDetail(text, "", answer.status, _UNREACHABLE_FIX), is_write=is_write)


def _raise_bad_status(body: Mapping[str, Any], http_status: int) -> None:
    """HTTP 200 with a status above zero is an error too (PROTOCOL section 1, REAL)."""
    status = body.get("codigo_status", body.get("cCodStatus"))
    if status in (None, "", "0", 0):
        return
    text = body.get("descricao_status") or body.get("cDesStatus") or f"status {status}"
    detail = FaultDetail(
        mask_text(wire.plain_text(str(text))), str(status), http_status, REJECTED_FIX
    )
    raise RecordRejected(detail)
