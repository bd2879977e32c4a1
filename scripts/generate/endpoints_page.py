"""``docs/endpoints.md``: every endpoint, every field, every type of the catalog."""

from __future__ import annotations

from collections.abc import Iterator

from omie_pipeline.catalog import WRITABLE, ComplexType, Endpoint, Field, Service
from omie_pipeline.catalog.model import KEY_COLUMN
from omie_pipeline.validation.rules import is_mandatory, key_path, mandatory_of_ours
from omie_pipeline.validation.values import (
    ACCOUNT_FIELDS,
    CATEGORY_FIELDS,
    is_computed,
    needs_lists,
)
from scripts.generate.endpoints_text import DIFFERENCES, INTRODUCTION, UNCLEAR

_METHODS = ("upsert", "insert", "update", "delete", "read", "list", "link")
_TABLE = ("| field | type | length | required | computed | source |", "|---|---|---|---|---|---|")


def endpoints_markdown() -> str:
    """The whole document."""
    contents = [f"- [{e.name}](#{e.name}): {e.title}" for e in WRITABLE]
    parts = [INTRODUCTION, *contents, "", DIFFERENCES]
    for endpoint in WRITABLE:
        parts += _endpoint(endpoint)
    return "\n".join(parts).rstrip("\n") + "\n"


def _endpoint(endpoint: Endpoint) -> Iterator[str]:
    yield f"## {endpoint.name}\n"
    yield f"{endpoint.title}. Model `{endpoint.model}`, {_grain(endpoint)}.\n"
    yield from (f"- {line}" for line in _head(endpoint))
    yield ""
    twin = _same_fields(endpoint)
    if twin is not None:
        yield f"Fields: those of [{twin.name}](#{twin.name}).\n"
        return
    yield from _TABLE
    yield from (_row(endpoint, field, top=True) for field in endpoint.payload.fields)
    yield ""
    for kind in _inner_types(endpoint.payload, endpoint.service):
        yield f"#### {endpoint.name}: {kind.name}\n"
        yield from _TABLE
        yield from (_row(endpoint, field, top=False) for field in kind.fields)
        yield ""


def _grain(endpoint: Endpoint) -> str:
    if endpoint.grain == "register":
        return "a register (one partition per empresa)"
    return "facts (one partition per empresa and business date)"


def _head(endpoint: Endpoint) -> Iterator[str]:
    named = [f"{name} `{getattr(endpoint, name)}`" for name in _METHODS if getattr(endpoint, name)]
    field, methods = endpoint.by_value
    named += [f"`{field}` {value} → `{method}`" for value, method in methods]
    yield f"Service `{endpoint.service.path}`: {', '.join(named)}."
    ours = key_path(endpoint)
    told = f"column `{KEY_COLUMN}`, not sent" if ours == KEY_COLUMN else f"`{ours}`"
    yield f"Key: our code in {told}; Omie's id is `{endpoint.omie_key}`."
    yield _repeat(endpoint)
    if endpoint.lot:
        yield (
            f"`lote` in its policy lets new records leave many in one `{endpoint.lot}`: off, since "
            "no recorded answer proves it ([ADR 0036](adr/0036-new-records-in-lots.md))."
        )
    yield f"An unclear answer: {_unclear(endpoint)}"
    for group in endpoint.either:
        yield "One of " + ", ".join(f"`{name}`" for name in group) + "."
    for name, target in endpoint.references:
        yield f"`{name}` names a record of [{target}](#{target}): the row waits until it is there."
    if endpoint.deletes:
        yield f"Deletes records of [{endpoint.deletes}](#{endpoint.deletes})."
    if needs_lists(endpoint):
        yield f"Needs the lists read from Omie: {', '.join(sorted(needs_lists(endpoint)))}."


def _repeat(endpoint: Endpoint) -> str:
    if endpoint.deletes:
        return "Repeating is harmless where the record is gone: Omie refuses it."
    if endpoint.repeatable:
        return "Repeatable: sending a record twice leaves one."
    if endpoint.by_value[0]:
        return "Not repeatable: Omie refuses a situation that holds already."
    return f"Not repeatable: a second `{endpoint.insert}` takes effect a second time."


def _unclear(endpoint: Endpoint) -> str:
    proof = endpoint.proof
    asked = proof.method if proof else endpoint.read
    method = endpoint.read if endpoint.effect == "order" else asked
    text = UNCLEAR["delete" if endpoint.deletes else endpoint.effect].format(method=method)
    return (
        f"{text} `{asked}` is asked before the first call too." if endpoint.find_existing else text
    )


def _same_fields(endpoint: Endpoint) -> Endpoint | None:
    """An endpoint that comes earlier and takes the same request."""
    for other in WRITABLE:
        if other is endpoint:
            return None
        if other.service is endpoint.service and other.payload is endpoint.payload:
            return other
    return None


def _inner_types(kind: ComplexType, service: Service) -> list[ComplexType]:
    """Types of the objects and arrays below ``kind``, each once, depth first."""
    found: dict[str, ComplexType] = {}

    def walk(outer: ComplexType) -> None:
        for field in outer.fields:
            if field.type_name and field.type_name not in found:
                inner = service.type_of(field)
                found[inner.name] = inner
                walk(inner)

    walk(kind)
    return list(found.values())


def _row(endpoint: Endpoint, field: Field, *, top: bool) -> str:
    length = str(field.max_length) if field.max_length else "–"
    computed = "by Omie: refused" if is_computed(field) else ""
    cells = (_type(field), length, _required(endpoint, field, top=top), computed)
    source = "OFF, deprecated" if field.deprecated else "OFF"
    if top and _is_ours(endpoint, field):
        source = f"{source}; required: ours"
    return f"| `{field.name}` | {' | '.join(cells)} | {source} |"


def _type(field: Field) -> str:
    if field.kind == "object":
        return f"object {field.type_name}"
    if field.kind == "array":
        return f"list of {field.type_name}"
    if field.values:
        return f"{field.kind}: {', '.join(field.values)}"
    if field.pattern:
        return f"{field.kind} {field.pattern}"
    if field.name in CATEGORY_FIELDS:
        return f"{field.kind}, a categoria"
    return f"{field.kind}, a conta corrente" if field.name in ACCOUNT_FIELDS else field.kind


def _is_ours(endpoint: Endpoint, field: Field) -> bool:
    if field.name in mandatory_of_ours(endpoint) and not field.required:
        return True
    return endpoint.effect == "settlement" and field.name == "codigo_conta_corrente"


def _required(endpoint: Endpoint, field: Field, *, top: bool) -> str:
    if is_computed(field):
        return ""
    if top:
        if endpoint.deletes:
            return "one of the two"
        if any(field.name in group for group in endpoint.either):
            return "one of several"
        is_key = field.name == endpoint.key_column
        is_account = endpoint.effect == "settlement" and field.name == "codigo_conta_corrente"
        if is_key or is_account or is_mandatory(endpoint, field):
            return "yes"
        return field.required_when
    if field.required and field.required_when in ("", "create"):
        return "yes"
    return field.required_when
