"""JSON in and out, in Omie's manner."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NoReturn

from omie_pipeline.simulator.engine import faults

JsonObject = dict[str, Any]

_BODY_FIELDS = frozenset({"call", "app_key", "app_secret", "param"})
_HIDDEN = "***"
_SHORTEST_SECRET = 6


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One decoded call. ``param`` holds exact decimals and never the secret."""

    call: str
    app_key: str
    app_secret: str = field(repr=False)
    param: JsonObject = field(repr=False)
    has_param: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: a status, bytes, and headers beside the content type."""

    status: int
    body: bytes = field(repr=False)
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "application/json"
    fault_text: str = ""
    fault_code: str = ""


def _refuse_constant(token: str) -> NoReturn:
    raise ValueError(token)  # NaN and Infinity are no JSON


def decode(raw: bytes) -> ApiRequest:
    """Read the envelope ``{call, app_key, app_secret, param: [{...}]}`` (omie-api.md#envelope).

    Raises:
        SimulatedFaultError: the JSON or the envelope is wrong.
    """
    try:
        body = json.loads(raw, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise faults.bad_json() from None
    if not isinstance(body, dict) or not _BODY_FIELDS.issuperset(body):
        raise faults.bad_json()
    texts = [body.get(name, "") for name in ("call", "app_key", "app_secret")]
    if not all(isinstance(text, str) for text in texts):
        raise faults.bad_json()
    call, app_key, secret = texts
    param = body.get("param")
    if not isinstance(param, list) or len(param) != 1 or not isinstance(param[0], dict):
        return ApiRequest(call, app_key, secret, {}, has_param=False)
    clean = param[0]
    if len(secret) >= _SHORTEST_SECRET and raw.count(secret.encode("utf-8", "surrogatepass")) > 1:
        clean = _without(clean, secret)
    return ApiRequest(call, app_key, secret, clean)


def _without(value: Any, secret: str) -> Any:
    if isinstance(value, str):
        return value.replace(secret, _HIDDEN)
    if isinstance(value, dict):
        return {_without(key, secret): _without(item, secret) for key, item in value.items()}
    if isinstance(value, list):
        return [_without(item, secret) for item in value]
    return value


def _number(value: object) -> int | float:
    """Money is an integer when whole, else a float, in the same field (omie-api.md#amounts)."""
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} does not go on the wire")
    whole = int(value)
    return whole if value == whole else float(value)


def dumps(value: object) -> str:
    """JSON text with ``\\u`` escapes, decimals as integer or float."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), default=_number)


def loads(text: str | bytes) -> Any:
    """JSON with exact decimals."""
    return json.loads(text, parse_float=Decimal)


def fingerprint(method: str, param: JsonObject) -> str:
    """Equal for calls that Omie takes as the same one: same method, same parameters."""
    return method + json.dumps(param, sort_keys=True, separators=(",", ":"), default=str)


def html_escaped(value: Any) -> Any:
    """Texts as Omie sometimes gives them, with ``&quot;`` (omie-api.md#escaped-texts)."""
    if isinstance(value, str):
        return html.escape(value)
    if isinstance(value, dict):
        return {tag: html_escaped(item) for tag, item in value.items()}
    if isinstance(value, list):
        return [html_escaped(item) for item in value]
    return value


def success(body: object, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """HTTP 200."""
    return Answer(200, dumps(body).encode(), headers)


def fault_answer(
    fault: faults.SimulatedFaultError,
    headers: tuple[tuple[str, str], ...] = (),
    status: int | None = None,
) -> Answer:
    """The fault's body; on 5xx the header ``OmieAPI-Error`` repeats it (omie-api.md#headers)."""
    status = status or fault.status
    if status >= 500:
        number = fault.code.rsplit("-", 1)[-1]
        line = "".join(sign if sign.isprintable() else " " for sign in fault.text)
        text = line.encode("latin-1", "replace").decode("latin-1")
        headers = (*headers, ("OmieAPI-Error", f"{number} - {text}"))
    body = dumps({"faultstring": fault.text, "faultcode": fault.faultcode}).encode()
    return Answer(status, body, headers, fault_text=fault.text, fault_code=fault.code)


def too_many_requests() -> Answer:
    """HTTP 429 with its own shape of body (omie-api.md#too-many-requests)."""
    body = {"error_code": 429, "error_message": "Too Many Requests", "error_hash": "5f2d1c"}
    return Answer(429, dumps(body).encode(), fault_text="Too Many Requests", fault_code="429")


def html_page(status: int, title: str) -> Answer:
    """What the proxy in front of Omie says when Omie does not."""
    page = (
        f"<html>\r\n<head><title>{status} {title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{status} {title}</h1></center>\r\n<hr><center>nginx</center>\r\n"
        "</body>\r\n</html>\r\n"
    )
    return Answer(status, page.encode(), content_type="text/html", fault_text=f"{status} {title}")
