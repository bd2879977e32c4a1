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
    "lot_names_another_after_commit",
    "lot_leaves_one_out_after_commit",
    "lot_swaps_ids_after_commit",
    "lot_bad_status_after_commit",
    "lot_without_statuses_after_commit",
    "lot_breaks_midway_after_commit",
]
"""A kind with ``_after_commit`` lets the call take effect first; the others prevent it. Those of a
``lot`` hit lots only."""

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
    def of_lots(self) -> bool:
        """Does it hit lots only?"""
        return self.kind.startswith("lot_")

    @property
    def breaks_midway(self) -> bool:
        """Does it end a lot of which a half was done?"""
        return self.base == "lot_breaks_midway"

    @property
    def base(self) -> str:
        """The kind without its suffix."""
        return self.kind.removesuffix(_AFTER).removesuffix("_before")

    def hits(self, request: ApiRequest) -> bool:
        """Is this call the one the fault waits for?"""
        return (
            self.method in {"", request.call}
            and (not self.of_lots or request.call.endswith("PorLote"))
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


_FOREIGN_CODE = "OUTRO-CODIGO"


def first_half(param: JsonObject) -> JsonObject:
    """A lot that breaks midway: what Omie had done of it by then."""
    return {
        tag: value[: len(value) // 2] if isinstance(value, list) else value
        for tag, value in param.items()
    }


def _altered(plan: PlannedFault, body: JsonObject) -> JsonObject:
    """A good answer to a lot, made wrong as the plan says."""
    array = next((tag for tag, value in body.items() if isinstance(value, list)), "")
    if not array:
        return body
    items: list[JsonObject] = [dict(item) for item in body[array]]
    code = next((tag for tag in items[0] if tag.endswith("_integracao")), "")
    omie_id = next((tag for tag in items[0] if tag.endswith("_omie")), "")
    if plan.base == "lot_names_another":
        items[-1][code] = _FOREIGN_CODE
    elif plan.base == "lot_leaves_one_out":
        named = [item for item in items if item[code] == plan.integration_code]
        items.remove(named[0] if named else items[-1])
    elif plan.base == "lot_swaps_ids":
        ids = [item[omie_id] for item in items]
        for item, other in zip(items, reversed(ids), strict=True):
            item[omie_id] = other
    elif plan.base == "lot_bad_status":
        return {**body, "codigo_status": "1", "descricao_status": "Lote processado com erros!"}
    elif plan.base == "lot_without_statuses":
        items = []
    return {**body, array: items}


_CUT_OFF = b'{"codigo_status":"0","descricao_st'


def answer_of(plan: PlannedFault, real: Answer | None, clock_time: str) -> Answer:
    """The answer of a planned fault that has one; ``real`` is what Omie would have said."""
    if plan.of_lots and not plan.breaks_midway:
        if real is None or real.status != 200 or real.fault_code:
            return real if real is not None else Answer(200, b"")
        return wire.success(_altered(plan, wire.loads(real.body)))
    if plan.breaks_midway:
        return wire.fault_answer(faults.unknown_tag("tag_do_lote", "conta_receber_cadastro"))
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
