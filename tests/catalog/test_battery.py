"""What every endpoint has to do with the simulator and the engine, driven by the catalog alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from omie_pipeline import decimal_json
from omie_pipeline.catalog import REGISTRY, WRITABLE, Endpoint
from omie_pipeline.errors import ModelError, RecordNotFound, RecordRejected
from omie_pipeline.omie import wire
from omie_pipeline.payload import load_payload_model
from omie_pipeline.simulator.engine.planned_faults import PlannedFault
from tests.catalog.deliveries import FREE, prepare, push, sent, standing, write_method
from tests.catalog.payloads import CODE, CONFIRMED, columns_of, full, minimal, row_of
from tests.catalog.whole_list import list_all
from tests.push.world import World

GOLDEN = Path(__file__).parent / "golden"
CREATED = [endpoint for endpoint in WRITABLE if not endpoint.deletes]
DELETES = [endpoint for endpoint in WRITABLE if endpoint.deletes]
READ_ONLY = [endpoint for endpoint in REGISTRY.values() if not endpoint.writable]
RECORDS = [
    e
    for e in CREATED
    if e.effect in ("record", "title", "contract", "order") and e.insert and e.integration_key
]


def _slow(kind: str) -> Any:
    return pytest.param(kind, marks=pytest.mark.slow)


def each(endpoints: list[Endpoint]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("endpoint", endpoints, ids=lambda e: e.name)


@pytest.fixture
def clinic(world: World, unvalidated: None) -> World:
    """A world that has what references to clientes point at."""
    world.confirmed(1)
    assert set(world.held_by_omie()) == {CONFIRMED}
    return world


def inserted(endpoint: Endpoint, param: Mapping[str, Any]) -> wire.Json:
    """The same request under the name that *insert* has for its section."""
    renamed = {endpoint.section: endpoint.insert_section} if endpoint.insert_section else {}
    return {renamed.get(name, name): value for name, value in param.items()}


def wrapped(endpoint: Endpoint, key: wire.Json) -> wire.Json:
    return {endpoint.read_wrapper: key} if endpoint.read_wrapper else key


def unwrapped(endpoint: Endpoint, answer: wire.Json) -> wire.Json:
    return dict(answer[endpoint.record_wrapper]) if endpoint.record_wrapper else answer


@each(RECORDS)
def test_round_trip(clinic: World, endpoint: Endpoint) -> None:
    prepare(clinic, endpoint)
    service, key = endpoint.service, endpoint.integration_key
    param = sent(clinic, endpoint, minimal(endpoint))
    with clinic.client() as client:
        answer = client.write(service, endpoint.insert, inserted(endpoint, param))
        omie_id = answer[endpoint.omie_key]
        assert answer[key] == CODE
        by_code = client.read(service, endpoint.read, wrapped(endpoint, {key: CODE}))
        record = unwrapped(endpoint, by_code)
        body = {name: value for name, value in param.items() if name != endpoint.section}
        assert wire.same_record(body, record)
        assert endpoint.keys_of(record)[key] == CODE
        by_id = wrapped(endpoint, {endpoint.read_omie_key: omie_id})
        assert unwrapped(endpoint, client.read(service, endpoint.read, by_id)) == record
        listed = [endpoint.keys_of(item)[endpoint.omie_key] for item in list_all(client, endpoint)]
        assert omie_id in listed
        if endpoint.upsert:
            again = client.write(service, endpoint.upsert, param)
            assert again[endpoint.omie_key] == omie_id
        if endpoint.delete:
            client.write(service, endpoint.delete, {endpoint.delete_omie_key: omie_id})
            clinic.clock.sleep(61)
            with pytest.raises(RecordNotFound):
                client.read(service, endpoint.read, wrapped(endpoint, {key: CODE}))


@each(READ_ONLY)
def test_a_list_is_read_whole_and_each_record_by_its_key(world: World, endpoint: Endpoint) -> None:
    with world.client() as client:
        records = list(list_all(client, endpoint, page_size=2))
        assert len(records) == len(world.control.records(endpoint.name)) > 0
        first = records[0][endpoint.omie_key]
        read = client.read(endpoint.service, endpoint.read, {endpoint.read_omie_key: first})
        assert read[endpoint.omie_key] == first


@each(CREATED)
def test_unknown_tags_are_refused_on_both_sides_and_computed_ones_left_out(
    clinic: World, endpoint: Endpoint
) -> None:
    prepare(clinic, endpoint)
    computed = [field.name for field in endpoint.payload.fields if field.read_only]
    for name in ("campo_inventado", *computed[:1]):
        columns = {**columns_of(endpoint, minimal(endpoint)), name: sa.Text}
        clinic.model(endpoint.name, [], columns)
        if name in computed:
            assert load_payload_model(clinic.engine, endpoint).computed == (name,)
        else:
            with pytest.raises(ModelError, match=name):
                load_payload_model(clinic.engine, endpoint)
        if endpoint.request is None:
            body = {**sent(clinic, endpoint, minimal(endpoint)), name: "x"}
            with clinic.client() as client, pytest.raises(RecordRejected, match=name.upper()):
                client.write(endpoint.service, write_method(endpoint), body)


@each(CREATED)
def test_a_second_push_calls_nobody(clinic: World, endpoint: Endpoint) -> None:
    prepare(clinic, endpoint)
    assert push(clinic, endpoint, minimal(endpoint)).total.delivered == 1
    assert standing(clinic, endpoint) == 1
    clinic.control.clear_calls()
    assert push(clinic, endpoint, minimal(endpoint)).total.unchanged == 1
    assert clinic.control.calls() == ()


@each(CREATED)
@pytest.mark.parametrize(
    "kind", [_slow("timeout"), "timeout_after_commit", _slow("http_500_after_commit")]
)
def test_an_unclear_answer_leaves_exactly_one(clinic: World, endpoint: Endpoint, kind: Any) -> None:
    prepare(clinic, endpoint)
    clinic.timeout_seconds = 0.3
    method = write_method(endpoint)
    clinic.control.next_faults(PlannedFault(kind, method=method))
    delivered = push(clinic, endpoint, minimal(endpoint)).total.delivered
    for _ in range(2):
        if not delivered:
            clinic.clock.sleep(120)
            delivered = push(clinic, endpoint, minimal(endpoint)).total.delivered
    assert delivered == 1
    assert standing(clinic, endpoint) == 1
    if kind != "timeout":
        assert len([call for call in clinic.writes() if call.method == method]) == 1
    assert clinic.open_intents() == 0
    clinic.control.clear_calls()
    assert push(clinic, endpoint, minimal(endpoint)).total.unchanged == 1
    assert clinic.control.calls() == ()


@each(CREATED)
def test_the_body_of_a_full_payload(clinic: World, endpoint: Endpoint, tmp_path: Path) -> None:
    """Every field of the catalog, through the database and onto the wire."""
    prepare(clinic, endpoint)
    payload = full(endpoint)
    names = columns_of(endpoint, payload)
    clinic.model(endpoint.name, [row_of(endpoint, payload)], names)
    clinic.push(endpoint.name, policy=FREE)
    (call, *_) = clinic.control.calls(method=write_method(endpoint))
    actual = tmp_path / f"{endpoint.name}.json"
    actual.write_text(decimal_json.dumps(call.param), encoding="utf-8")
    golden = decimal_json.loads((GOLDEN / f"{endpoint.name}.json").read_text(encoding="utf-8"))
    assert call.param == golden, f"if the change is meant, {actual} is the new golden body"
    if endpoint.request is None:
        assert set(call.param) == set(payload) - {"_chave"}


@each(DELETES)
@pytest.mark.parametrize("kind", [None, _slow("timeout"), "timeout_after_commit"])
def test_deletes_arrive_once(clinic: World, endpoint: Endpoint, kind: Any) -> None:
    prepare(clinic, endpoint)
    clinic.timeout_seconds = 0.3
    target = REGISTRY[endpoint.deletes]
    assert standing(clinic, target) == 1
    if kind:
        clinic.control.next_faults(PlannedFault(kind, method=endpoint.delete))
    code = {endpoint.integration_key: CODE}
    assert push(clinic, endpoint, code).total.deleted == 1
    assert standing(clinic, target) == 0
    deletes = [call for call in clinic.writes() if call.method == endpoint.delete]
    assert len(deletes) == (2 if kind == "timeout" else 1)
    (golden,) = {tuple(call.param) for call in deletes}
    assert golden == (endpoint.delete_omie_key,), "deleted by Omie's id, under this method's name"
    clinic.control.clear_calls()
    assert push(clinic, endpoint, code).total.unchanged == 1
    assert clinic.control.calls() == ()
