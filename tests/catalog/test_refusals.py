"""What validation refuses before Omie would: lengths and computed fields, at any depth."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from omie_pipeline.catalog import WRITABLE, ComplexType, Endpoint, Field
from omie_pipeline.errors import RecordRejected
from omie_pipeline.validation import CandidateRow, ClinicRules, References, Validator
from omie_pipeline.validation.rules import key_path
from omie_pipeline.validation.values import is_computed
from tests.catalog.deliveries import sent, write_method
from tests.catalog.payloads import CODE, CONFIRMED, full, minimal
from tests.push.world import World
from tests.validation.service_rows import PATIENT

CREATED = [endpoint for endpoint in WRITABLE if not endpoint.deletes]
SENT_AS_IT_IS = [endpoint for endpoint in CREATED if endpoint.request is None]
LISTS = References({"1.01.01": True, "1.01": False}, {9100000001: True})
LENIENT = ClinicRules(
    require_document=False, require_rg=False, require_address=False, require_conta_corrente=False
)


def each(endpoints: list[Endpoint]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("endpoint", endpoints, ids=lambda e: e.name)


def fields_below(
    endpoint: Endpoint, kind: ComplexType, path: str = ""
) -> Iterator[tuple[str, Field]]:
    """Every field that is no block, with its path as reasons tell it (first item of a list)."""
    for field in kind.fields:
        here = f"{path}{field.name}"
        if not field.type_name:
            yield here, field
        elif not is_computed(field):
            below = f"{here}[1]." if field.kind == "array" else f"{here}."
            yield from fields_below(endpoint, endpoint.service.type_of(field), below)


def with_value(payload: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of ``payload`` with ``value`` at ``path``."""
    changed = copy.deepcopy(payload)
    where: Any = changed
    *blocks, last = path.split(".")
    for block in blocks:
        name, _, number = block.partition("[")
        where = where[name][0] if number else where[name]
    where[last] = value
    return changed


def reasons(endpoint: Endpoint, payloads: list[dict[str, Any]]) -> list[dict[str, set[str]]]:
    """Per payload: path -> rules told of it."""
    rows = [
        CandidateRow(n, f"{CODE}-{n}", {k: v for k, v in p.items() if k != "_chave"}, PATIENT)
        for n, p in enumerate(payloads)
    ]
    found: list[dict[str, set[str]]] = [{} for _ in payloads]
    for failure in Validator(endpoint, LENIENT, LISTS).validate(rows).failures:
        for reason in failure.reasons:
            found[failure.row].setdefault(reason.field, set()).add(reason.rule)
    return found


@each(CREATED)
def test_the_least_that_omie_takes_passes(endpoint: Endpoint) -> None:
    assert reasons(endpoint, [minimal(endpoint)]) == [{}]


@pytest.mark.slow
@each(CREATED)
def test_too_long_is_refused_at_any_depth(endpoint: Endpoint) -> None:
    limited = [
        (path, field)
        for path, field in fields_below(endpoint, endpoint.payload)
        if field.kind == "string"
        and field.max_length
        and not is_computed(field)
        and path != key_path(endpoint)
    ]
    payload = full(endpoint)
    changed = [with_value(payload, path, "9" * (f.max_length or 0) + "9") for path, f in limited]
    told = reasons(endpoint, changed)
    expected = ({"tamanho"}, {"valor_fechado"}, {"valor_sn"})
    unfound = [
        (path, told[n].get(path))
        for n, (path, field) in enumerate(limited)
        if not any(rules <= told[n].get(path, set()) for rules in expected)
    ]
    assert unfound == []


@each(CREATED)
def test_a_key_that_is_too_long_is_refused(endpoint: Endpoint) -> None:
    path = key_path(endpoint)
    field = dict(fields_below(endpoint, endpoint.payload)).get(path)
    if field is None:
        assert not endpoint.integration_key
        return
    code = "x" * ((field.max_length or 0) + 1)
    row = CandidateRow(1, code, with_value(minimal(endpoint), path, code), PATIENT)
    (failure,) = Validator(endpoint, LENIENT, LISTS).validate([row]).failures
    assert (path, "tamanho") in {(reason.field, reason.rule) for reason in failure.reasons}


@each(CREATED)
def test_a_computed_field_is_refused_at_any_depth(endpoint: Endpoint) -> None:
    computed = [p for p, field in fields_below(endpoint, endpoint.payload) if is_computed(field)]
    payload = full(endpoint)
    told = reasons(endpoint, [with_value(payload, path, "1") for path in computed])
    unfound = [
        path for n, path in enumerate(computed) if "somente_leitura" not in told[n].get(path, ())
    ]
    assert unfound == []


@each(SENT_AS_IT_IS)
def test_omie_refuses_them_too(world: World, unvalidated: None, endpoint: Endpoint) -> None:
    world.confirmed(1)
    assert set(world.held_by_omie()) == {CONFIRMED}
    below = list(fields_below(endpoint, endpoint.payload))
    path, field = [(p, f) for p, f in below if f.max_length and not is_computed(f)][-1]
    bodies = {path: "9" * ((field.max_length or 0) + 1)}
    bodies |= {next((p for p, f in below if f.read_only), path): "9" * 200}
    for where, value in bodies.items():
        body = with_value(sent(world, endpoint, full(endpoint)), where, value)
        name = where.rpartition(".")[2]
        with world.client() as client, pytest.raises(RecordRejected, match=f"(?i){name}"):
            client.write(endpoint.service, write_method(endpoint), body)
