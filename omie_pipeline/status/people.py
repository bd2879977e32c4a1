"""Who the rows of a list are about: code, and name and telephone for those who may see them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.catalog.endpoints.clientes import CLIENTES
from omie_pipeline.catalog.row_labels import person_in
from omie_pipeline.errors import ModelError
from omie_pipeline.payload import load_payload_model, model_key, payload_of
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.status.history import RefusedEntry

_NAME = "razao_social"
_TELEPHONE = ("telefone1_ddd", "telefone1_numero")


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach a person; personal data."""

    name: str
    telephone: str


def with_people(engine: sa.Engine, entries: Sequence[RefusedEntry]) -> list[RefusedEntry]:
    """``entries`` with the person of those that only name a record of theirs (payments), all of
    one person's together; the order of the first of each person stays."""
    asked: dict[str, set[str]] = {}
    for one in entries:
        if not one.person and one.acts_upon[0]:
            asked.setdefault(one.acts_upon[0], set()).add(one.acts_upon[1])
    known = {
        (target, *key): person
        for target, codes in asked.items()
        for key, person in _people_of(engine, target, codes).items()
    }
    told = [
        one
        if one.person
        else replace(one, person=known.get((one.acts_upon[0], one.empresa, one.acts_upon[1]), ""))
        for one in entries
    ]
    order: dict[tuple[str, str], int] = {}
    for number, one in enumerate(told):
        order.setdefault(_whose(one), number)
    return sorted(told, key=lambda one: order[_whose(one)])


def _whose(one: RefusedEntry) -> tuple[str, str]:
    return one.empresa, one.person or f"{one.endpoint}/{one.code}"


def contacts_of(
    engine: sa.Engine, people: Collection[tuple[str, str]]
) -> Mapping[tuple[str, str], Contact]:
    """(empresa, code) -> name and telephone, as the clinic has them now."""
    try:
        model = load_payload_model(engine, CLIENTES)
    except ModelError:
        return {}
    p = model.table()
    columns = [
        sa.cast(p.c[name] if name in model.columns else sa.null(), sa.Text)
        for name in (_NAME, *_TELEPHONE)
    ]
    key = model_key(model, p)
    query = sa.select(p.c.empresa, key, *columns).where(
        key.in_(sorted({code for _, code in people}))
    )
    with warehouse_errors(), engine.connect() as connection:
        return {
            (row[0], row[1]): Contact(row[2] or "", " ".join(part for part in row[3:5] if part))
            for row in connection.execute(query)
            if (row[0], row[1]) in people
        }


def _people_of(
    engine: sa.Engine, target: str, codes: Collection[str]
) -> dict[tuple[str, str], str]:
    """(empresa, code) of records -> our code of their person."""
    endpoint = REGISTRY[target]
    try:
        model = load_payload_model(engine, endpoint)
    except ModelError:
        return {}
    p = model.table()
    key = model_key(model, p)
    query = sa.select(p.c.empresa, key, payload_of(model, p)).where(key.in_(sorted(codes)))
    with warehouse_errors(), engine.connect() as connection:
        return {
            (row[0], row[1]): person_in(endpoint, row[1], row[2])
            for row in connection.execute(query)
        }
