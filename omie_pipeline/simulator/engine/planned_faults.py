"""Faults on demand: those that a test plans for the next calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from omie_pipeline.simulator import wire
from omie_pipeline.simulator.engine import faults
from omie_pipeline.simulator.wire import Answer, ApiRequest, JsonObject

FaultKind = Literal[
    "timeout",
    "timeout_after_commit",
    "cut_before",
    "cut_after_commit",
    "html_502",
    "html_502_after_commit",
    "http_500",
    "http_500_after_commit",
    "truncated_json",
    "truncated_json_after_commit",
    "empty_200",
    "empty_200_after_commit",
    "fault_in_200",
    "http_429",
    "blocked_425",
    "redundant",
    "already_processed",
    "busy",
    "broken_bg",
    "broken_bg_after_commit",
    "proto_byebye",
    "proto_byebye_after_commit",
    "custom",
    "custom_after_commit",
]
"""A kind with ``_after_commit`` lets the call take effect first; the others prevent it."""

KINDS: tuple[str, ...] = get_args(FaultKind)
_AFTER = "_after_commit"


@dataclass(frozen=True, slots=True)
class PlannedFault:
    """One fault in the queue.

    Attributes:
        kind: what happens.
        method: only calls of this method, ``""`` for any.
        app_key: only calls of this app, ``""`` for any.
        integration_code: only calls whose parameters hold this value in some tag for integration
            codes (``*_integracao``, ``codInt``, ``cCodIntOS``, ...), at any depth.
        times: how many calls it hits before it leaves the queue.
        seconds: the wait that ``redundant`` and ``blocked_425`` state; 0 for the usual one.
        text, code: fault of ``fault_in_200``, ``code`` without ``SOAP-ENV:``.
        status, body, headers: the answer of ``custom``.
    """

    kind: FaultKind
    method: str = ""
    app_key: str = ""
    integration_code: str = ""
    times: int = 1
    seconds: int = 0
    text: str = ""
    code: str = "Client-206"
    status: int = 500
    body: str = field(default="", repr=False)
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def commits(self) -> bool:
        """Does the call take effect before the fault?"""
        return self.kind.endswith(_AFTER)

    @property
    def base(self) -> str:
        """The kind without its suffix."""
        return self.kind.removesuffix(_AFTER).removesuffix("_before")

    def hits(self, request: ApiRequest) -> bool:
        """Is this call the one the fault waits for?"""
        return (
            self.method in {"", request.call}
            and self.app_key in {"", request.app_key}
            and (not self.integration_code or _names(request.param, self.integration_code))
        )


def _names(param: JsonObject, code: str) -> bool:
    return any(_named_by(tag, value, code) for tag, value in param.items())


def _named_by(tag: str, value: object, code: str) -> bool:
    if isinstance(value, dict):
        return _names(value, code)
    if isinstance(value, list):
        return any(_named_by(tag, item, code) for item in value)
    return value == code and (tag.endswith("_integracao") or "codint" in tag.casefold())


_CUT_OFF = b'{"codigo_status":"0","descricao_st'


def answer_of(plan: PlannedFault, real: Answer | None, clock_time: str) -> Answer:
    """The answer of a planned fault that has one; ``real`` is what Omie would have said."""
    if plan.base == "html_502":
        return wire.html_page(502, "Bad Gateway")
    if plan.base == "http_500":
        return wire.html_page(500, "Internal Server Error")
    if plan.base == "empty_200":
        return Answer(200, b"")
    if plan.base == "truncated_json":
        body = real.body if real is not None and real.status == 200 else b""
        return Answer(200, body[: max(1, len(body) * 2 // 3)] if body else _CUT_OFF)
    if plan.base == "http_429":
        return wire.too_many_requests()
    if plan.base == "custom":
        content_type = dict(plan.headers).get("content-type", "application/json")
        rest = tuple(pair for pair in plan.headers if pair[0] != "content-type")
        return Answer(plan.status, plan.body.encode(), rest, content_type)
    if plan.base == "fault_in_200":
        default = faults.invalid_document()
        fault = faults.SimulatedFaultError(plan.text, plan.code) if plan.text else default
        return wire.fault_answer(fault, status=200)
    return wire.fault_answer(_fault(plan, clock_time))


def _fault(plan: PlannedFault, clock_time: str) -> faults.SimulatedFaultError:
    if plan.base == "redundant":
        return faults.redundant(plan.seconds or 60)
    if plan.base == "blocked_425":
        return faults.blocked(plan.seconds or 1800)
    if plan.base == "already_processed":
        return faults.already_processed(clock_time)
    if plan.base == "busy":
        return faults.busy()
    return faults.broken_bg() if plan.base == "broken_bg" else faults.proto_byebye()
