"""What every endpoint has to do with the simulator and the engine, driven by the catalog alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from omie_pipeline import exact_json
from omie_pipeline.catalog import REGISTRY, WRITABLE, Endpoint
from omie_pipeline.errors import ModelError, RecordNotFound, RecordRejected
from omie_pipeline.omie import wire
from omie_pipeline.simulator.planned import PlannedFault
from omie_pipeline.sync.policy import EndpointPolicy, Guardrails
from omie_pipeline.sync.push import PushReport
from omie_pipeline.validation.model import CandidateRow, ClinicRules, References
from omie_pipeline.warehouse.payload import load_payload_model
from tests.catalog.payloads import CONFIRMED, columns_of, full, minimal, row_of
from tests.catalog.whole_list import list_all
from tests.sync.world import World, cliente

GOLDEN = Path(__file__).parent / "golden"
CREATED = [endpoint for endpoint in WRITABLE if not endpoint.deletes]
DELETES = [endpoint for endpoint in WRITABLE if endpoint.deletes]
READ_ONLY = [endpoint for endpoint in REGISTRY.values() if not endpoint.writable]
FREE = EndpointPolicy(guardrails=Guardrails(max_delete_share=1))


def each(endpoints: list[Endpoint]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("endpoint", endpoints, ids=lambda e: e.name)


@pytest.fixture
def clinic(world: World, unvalidated: None) -> World:
    """A world that has what references point at."""
    world.model("clientes", [cliente(1)])
    world.push()
    assert set(world.held_by_omie()) == {CONFIRMED}
    world.clock.sleep(120)
    world.control.clear_calls()
    return world


def push(world: World, endpoint: Endpoint, *payloads: Mapping[str, Any]) -> PushReport:
    names = {name: None for payload in payloads for name in payload}
    rows = [row_of(endpoint, payload) for payload in payloads]
    world.model(endpoint.name, rows, columns_of(endpoint, names))
    report = world.push(endpoint.name, policy=FREE)
    assert report.closes
    return report


def sent(endpoint: Endpoint, payload: Mapping[str, Any]) -> wire.Json:
    return wire.to_wire(payload, endpoint.payload, endpoint.service)


@each(CREATED)
def test_round_trip(clinic: World, endpoint: Endpoint) -> None:
    service, key = endpoint.service, endpoint.integration_key
    with clinic.client() as client:
        answer = client.write(service, endpoint.insert, sent(endpoint, minimal(endpoint)))
        omie_id = answer[endpoint.omie_key]
        assert answer[key] == "TESTE-1"
        record = client.read(service, endpoint.read, {key: "TESTE-1"})
        assert wire.same_record(sent(endpoint, minimal(endpoint)), record)
        assert client.read(service, endpoint.read, {endpoint.read_omie_key: omie_id}) == record
        assert omie_id in [item[endpoint.omie_key] for item in list_all(client, endpoint)]
        again = client.write(service, endpoint.upsert, sent(endpoint, minimal(endpoint)))
        assert again[endpoint.omie_key] == omie_id
        client.write(service, endpoint.delete, {endpoint.delete_omie_key: omie_id})
        clinic.clock.sleep(61)
        with pytest.raises(RecordNotFound):
            client.read(service, endpoint.read, {key: "TESTE-1"})


@each(READ_ONLY)
def test_a_list_is_read_whole_and_each_record_by_its_key(world: World, endpoint: Endpoint) -> None:
    with world.client() as client:
        records = list(list_all(client, endpoint, page_size=2))
        assert len(records) == len(world.control.records(endpoint.name)) > 0
        first = records[0][endpoint.omie_key]
        read = client.read(endpoint.service, endpoint.read, {endpoint.read_omie_key: first})
        assert read[endpoint.omie_key] == first


@each(CREATED)
def test_unknown_and_computed_tags_are_refused_on_both_sides(
    clinic: World, endpoint: Endpoint
) -> None:
    computed = next(field.name for field in endpoint.payload.fields if field.read_only)
    for name in ("campo_inventado", computed):
        columns = {**columns_of(endpoint, minimal(endpoint)), name: sa.Text}
        clinic.model(endpoint.name, [], columns)
        with pytest.raises(ModelError, match=name):
            load_payload_model(clinic.engine, endpoint)
        body = {**sent(endpoint, minimal(endpoint)), name: "x"}
        with clinic.client() as client, pytest.raises(RecordRejected, match=name.upper()):
            client.write(endpoint.service, endpoint.upsert, body)


@each(CREATED)
def test_too_long_is_refused_on_both_sides(world: World, endpoint: Endpoint) -> None:
    from omie_pipeline.validation import Validator

    references = References({"1.01.01": True}, {9100000001: True})
    validator = Validator(endpoint, ClinicRules(), references)
    limited = [
        field
        for field in endpoint.payload.fields
        if field.kind == "string" and field.max_length and not field.read_only
    ]
    rows = [
        CandidateRow(
            number,
            f"T-{number}",
            {**minimal(endpoint), field.name: "x" * (field.max_length or 0) + "x"},
        )
        for number, field in enumerate(limited)
    ]
    report = validator.validate(rows)
    reasons = {failure.row: {r.field for r in failure.reasons} for failure in report.failures}
    unfound = [
        field.name for n, field in enumerate(limited) if field.name not in reasons.get(n, ())
    ]
    assert [name for name in unfound if name != endpoint.integration_key] == []
    field = limited[-1]
    too_long = "x" * ((field.max_length or 0) + 1)
    body = {**sent(endpoint, minimal(endpoint)), field.name: too_long}
    with world.client() as client, pytest.raises(RecordRejected):
        client.write(endpoint.service, endpoint.upsert, body)


@each(CREATED)
def test_a_second_push_calls_nobody(clinic: World, endpoint: Endpoint) -> None:
    assert push(clinic, endpoint, minimal(endpoint)).total.created == 1
    clinic.control.clear_calls()
    assert push(clinic, endpoint, minimal(endpoint)).total.unchanged == 1
    assert clinic.control.calls() == ()


@each(CREATED)
def test_a_lost_answer_is_delivered_once(clinic: World, endpoint: Endpoint) -> None:
    clinic.timeout_seconds = 0.3
    clinic.control.next_faults(PlannedFault("timeout_after_commit", method=endpoint.upsert))
    assert push(clinic, endpoint, minimal(endpoint)).total.created == 1
    assert len([call for call in clinic.writes() if call.method == endpoint.upsert]) == 1
    assert "TESTE-1" in clinic.held_by_omie(endpoint.name)


@each(CREATED)
def test_the_body_of_a_full_payload(clinic: World, endpoint: Endpoint, tmp_path: Path) -> None:
    """Every field of the catalog, through the database and onto the wire."""
    payload = full(endpoint)
    names = columns_of(endpoint, payload)
    clinic.model(endpoint.name, [row_of(endpoint, payload)], names)
    clinic.push(endpoint.name, policy=FREE)
    (call, *_) = clinic.control.calls(method=endpoint.upsert)
    actual = tmp_path / f"{endpoint.name}.json"
    actual.write_text(exact_json.dumps(call.param), encoding="utf-8")
    golden = exact_json.loads((GOLDEN / f"{endpoint.name}.json").read_text(encoding="utf-8"))
    assert call.param == golden, f"if the change is meant, {actual} is the new golden body"
    assert set(call.param) == {f.name for f in endpoint.payload.fields if not f.read_only}


@each(DELETES)
@pytest.mark.parametrize("kind", [None, "timeout", "timeout_after_commit"])
def test_deletes_arrive_once(clinic: World, endpoint: Endpoint, kind: Any) -> None:
    clinic.timeout_seconds = 0.3
    target = REGISTRY[endpoint.deletes]
    push(clinic, target, minimal(target))
    clinic.clock.sleep(120)
    clinic.control.clear_calls()
    if kind:
        clinic.control.next_faults(PlannedFault(kind, method=endpoint.delete))
    code = {endpoint.integration_key: "TESTE-1"}
    assert push(clinic, endpoint, code).total.deleted == 1
    assert clinic.held_by_omie(target.name) == {}
    deletes = [call for call in clinic.writes() if call.method == endpoint.delete]
    assert len(deletes) == (2 if kind == "timeout" else 1)
    (golden,) = {tuple(call.param) for call in deletes}
    assert golden == (endpoint.delete_omie_key,), "deleted by Omie's id, under this method's name"
    clinic.control.clear_calls()
    assert push(clinic, endpoint, code).total.unchanged == 1
    assert clinic.control.calls() == ()
