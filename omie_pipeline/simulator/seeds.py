"""The company of a fresh simulator, and how records are seeded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from omie_pipeline.simulator import documents, model_company
from omie_pipeline.simulator.engine.state import (
    AppState,
    Collection,
    Record,
    RecordKey,
    State,
    hash_of,
)
from omie_pipeline.simulator.rules import rules_for
from omie_pipeline.simulator.rules.base import BY_PERSON

APP_KEY = "1234567890"
APP_SECRET = "segredo-do-simulador"  # noqa: S105 (published: it opens nothing but this simulator)

_SEEDED_IDS_FROM = 9_000_000_000
"""The reference lists live above this; ids given by the simulator stay below."""


def seed_company(state: State, now: datetime) -> AppState:
    """Add the model company; its lists are those of a small clinic."""
    app = state.add_app(APP_KEY, hash_of(APP_SECRET), model_company.COMPANY_NAME)
    seed_reference_lists(app, now)
    return app


def seed_reference_lists(app: AppState, now: datetime) -> None:
    """Give ``app`` the model company's short lists, and its own company record."""
    for name, records in model_company.reference_lists(app.name, now).items():
        if name in app.collections:
            put_records(app, app.collections[name], records, now)


def put_records(
    app: AppState, collection: Collection, records: Iterable[Mapping[str, Any]], now: datetime
) -> tuple[RecordKey, ...]:
    """Store ``records`` as they are, without rules; ids and codes are given if missing.

    A record created "by a person" long ago: nothing of it says WEBSERVICE.

    Args:
        app: the app that gets them.
        collection: the collection of the endpoint.
        records: as Omie has them.
        now: their time of creation.
    """
    endpoint, made, rules = collection.endpoint, [], rules_for(collection.endpoint)
    stamped = _stamp(collection, now)
    for given in records:
        record: Record = dict(given)
        keys = endpoint.keys_of(record)
        if collection.numbered and endpoint.omie_key[0] != "_" and not keys.get(endpoint.omie_key):
            record = collection.with_keys(record, **{endpoint.omie_key: app.new_id()})
        if endpoint.integration_key:
            code = keys.get(endpoint.integration_key) or ""
            record = collection.with_keys(record, **{endpoint.integration_key: code})
        if stamped:
            record.setdefault("info", stamped)
        if endpoint.document_field and record.get(endpoint.document_field):
            record[endpoint.document_field] = documents.punctuated(record[endpoint.document_field])
        rules.adopt(app, record)
        app.put(collection, record)
        key = collection.key_of(record)
        if isinstance(key, int) and app.next_id <= key < _SEEDED_IDS_FROM:
            app.next_id = key + 1
        made.append(key)
    return tuple(made)


def _stamp(collection: Collection, now: datetime) -> Record:
    """The ``info`` block of a record typed now by a person, empty if the list has none."""
    endpoint = collection.endpoint
    field = endpoint.record.field("info")
    if field is None:
        return {}
    day, hour = now.strftime("%d/%m/%Y"), now.strftime("%H:%M:%S")
    if endpoint.service.type_of(field).field("data_inc"):
        since = {"data_inc": day, "hora_inc": hour, "user_inc": BY_PERSON}
        return {**since, "data_alt": day, "hora_alt": hour, "user_alt": BY_PERSON}
    since = {"dInc": day, "hInc": hour, "uInc": BY_PERSON, "cImpAPI": "N"}
    return {**since, "dAlt": day, "hAlt": hour, "uAlt": BY_PERSON}
