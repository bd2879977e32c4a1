"""From an HTTP answer to a body or to one error of the tree.

The body is read before the status and the text before the code: faults come with 500, 425, 403,
429 and 200, and HTTP 500 means "invalid CPF" as well as "the server broke" (PROTOCOL section 3).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from omie_pipeline.catalog.faults import (
    AUTH_FIX,
    BLOCK_SECONDS,
    BLOCKED_FIX,
    REJECTED_FIX,
    RULES,
    UNKNOWN_FIX,
    FaultRule,
)
from omie_pipeline.errors import (
    AlreadyExists,
    AuthFailed,
    Blocked,
    Busy,
    Empty,
    FaultDetail,
    OmieFault,
    OutcomeUnknown,
    Overloaded,
    RecordNotFound,
    RecordRejected,
    Redundant,
    RetryLater,
    TurnedAway,
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


def read_answer(
    answer: HttpAnswer,
    *,
    is_write: bool,
    now: datetime,
    hidden: Collection[str] = (),
    parse: wire.Parse = wire.json_object,
) -> wire.Json:
    """The body of a good answer.

    Args:
        hidden: texts of the request that no error may repeat: keys, names, documents.
        parse: from text to body.

    Raises:
        OmieFault: one of its children, by what to do next.
    """
    body = parse(answer.text)
    if answer.status == 429:
        detail = FaultDetail("Limite de requisições do Omie (429)", "429", 429, _UNREACHABLE_FIX)
        raise TurnedAway(detail, answer.retry_after_seconds or 60.0)
    if body is None:
        raise _broken(answer, is_write=is_write, now=now)
    text, code = _told(body)
    if not text and answer.status >= 400:
        raise _broken(answer, is_write=is_write, now=now)
    if text:
        raise classify(text, code, answer.status, is_write=is_write, now=now, hidden=hidden)
    return body


def classify(
    text: str,
    code: str,
    http_status: int,
    *,
    is_write: bool,
    now: datetime,
    hidden: Collection[str] = (),
) -> OmieFault:
    """The error of the tree for a fault text; ``code`` has no ``SOAP-ENV:`` prefix."""
    found = next(((r, m) for r in RULES if (m := r.pattern.search(text)) is not None), None)
    kept = mask_text(text, hidden)
    # These two statuses have one meaning each, whatever the words beside them (OFF, REAL).
    if http_status == 425 and (found is None or found[0].outcome != "blocked"):
        return _blocked(kept, code, now)
    if http_status == 403 and (found is None or found[0].outcome != "auth"):
        return AuthFailed(FaultDetail(kept, code, http_status, AUTH_FIX))
    if found is not None:
        detail = FaultDetail(kept, code, http_status, found[0].fix)
        return _from_rule(*found, detail, is_write=is_write, now=now)
    if code.startswith("Client") or _is_status(code):
        return RecordRejected(FaultDetail(kept, code, http_status, REJECTED_FIX))
    detail = FaultDetail(kept, code, http_status, UNKNOWN_FIX)
    if code.startswith("Server"):
        return unreachable(detail, is_write=is_write)
    return UnknownFault(detail)


def unreachable(detail: FaultDetail, *, is_write: bool) -> OmieFault:
    """The road broke after the request may have left: unknown for a write, again for a read."""
    if is_write:
        return OutcomeUnknown(detail)
    return RetryLater(detail, _UNREACHABLE_WAIT_SECONDS)


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
    return False if isinstance(fault, TurnedAway) and detail.http_status == 0 else None


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
        case "busy":
            return Busy(detail, wait_seconds + 1.0)
        case "redundant":
            # Omie counts whole seconds down; one more avoids knocking at the last of them.
            return Redundant(detail, wait_seconds + 1.0)
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
                by_document="CPF/CNPJ" in found.group(),
            )
        case "server":
            return unreachable(detail, is_write=is_write)
        case "overloaded":
            return OutcomeUnknown(detail) if is_write else Overloaded(detail, wait_seconds)
        case "protocol":
            return UnknownFault(detail)
        case "rejected":
            return RecordRejected(detail)


def _told(body: Mapping[str, Any]) -> tuple[str, str]:
    """Text and code of a fault, ``("", "")`` for a good body.

    Besides ``faultstring`` two more shapes were seen (PROTOCOL section 2, CODE), and HTTP 200 with
    a status above zero is an error too (section 1, REAL).
    """
    text, code = body.get("faultstring"), body.get("faultcode")
    if not text:
        text, code = body.get("error_message"), body.get("error_code")
    if not text and body.get("status") == "error":
        text, code = body.get("message") or "error", ""
    status = body.get("codigo_status", body.get("cCodStatus"))
    if status is None and "descricao" in body:
        status = body.get("status")  # projetos and vendedores (OFF)
    if not text and status is not None and str(status).strip("0 "):
        words = ("descricao_status", "cDesStatus", "cDescStatus", "descricao")
        text = next((body[name] for name in words if body.get(name)), f"status {status}")
        code = status
    if not text:
        return "", ""
    return wire.plain_text(str(text)), str(code or "").removeprefix("SOAP-ENV:")


def _is_status(code: str) -> bool:
    """A ``codigo_status`` or ``error_code``: a bare number, about this request."""
    return code.isdigit()


def _broken(answer: HttpAnswer, *, is_write: bool, now: datetime) -> OmieFault:
    what = "resposta vazia" if not answer.text.strip() else "resposta que não é JSON"
    text = f"O Omie devolveu {what} (HTTP {answer.status})"
    if answer.status == 425:
        return _blocked(text, "", now)
    if answer.status == 403:
        return AuthFailed(FaultDetail(text, "", answer.status, AUTH_FIX))
    return unreachable(FaultDetail(text, "", answer.status, _UNREACHABLE_FIX), is_write=is_write)


def _blocked(text: str, code: str, now: datetime) -> Blocked:
    detail = FaultDetail(text, code, 425, BLOCKED_FIX)
    return Blocked(detail, now + timedelta(seconds=BLOCK_SECONDS + 1.0))
