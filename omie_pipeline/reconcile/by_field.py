"""Differences field by field: which side changed, and since when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from omie_pipeline.catalog import REGISTRY, Endpoint
from omie_pipeline.catalog.model import Target, two_sided, value_at
from omie_pipeline.errors import ModelError
from omie_pipeline.omie import wire
from omie_pipeline.payload import PayloadModel, Selection, load_payload_model, payload_source
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.omie_tables import mirror_table
from omie_pipeline.postgres.tables import ledger
from omie_pipeline.push.both_sides.compare import OmieSide, Sides, agree, by_whom
from omie_pipeline.push.both_sides.memory import mirror_of, remembered
from omie_pipeline.push.dependents import KnownRecords
from omie_pipeline.push.effects.record import resolved_where_known, targets_in
from omie_pipeline.reconcile.differences import Difference

Side = Literal["clinica", "omie", "both", "unknown"]


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """A field that the clinic and Omie have different values of; no value is told.

    Attributes:
        side: who changed it since Omie last confirmed the record; ``unknown``: neither is known
            to have.
        confirmed_at: when that was: changes are later.
        omie_changed_at, omie_changed_by: the record's last change in Omie, as it says.
        left_out: it is not sent, by policy or by a person's decision (``wins``).
    """

    empresa: str
    endpoint: str
    codigo_integracao: str
    field: str
    side: Side
    confirmed_at: datetime
    omie_changed_at: datetime | None
    omie_changed_by: str | None
    left_out: bool


def by_field(engine: sa.Engine, found: Sequence[Difference]) -> tuple[FieldDifference, ...]:
    """The fields of records that stand on both sides and differ, in the order of ``found``.

    Where ``wins`` keeps both sides of a record each field is known for itself. Elsewhere the row's
    digest tells whether the clinic changed anything, and Omie's words whether anybody there did.

    Args:
        engine: the warehouse.
        found: differences; those of other states are left out.

    Raises:
        WarehouseError: the database is gone.
    """
    places: dict[tuple[str, str], list[str]] = {}
    for one in found:
        if one.state == "different" and one.codigo_integracao and two_sided(REGISTRY[one.endpoint]):
            places.setdefault((one.empresa, one.endpoint), []).append(one.codigo_integracao)
    differences: list[FieldDifference] = []
    for (empresa, name), codes in places.items():
        differences += _of_endpoint(engine, empresa, REGISTRY[name], codes)
    return tuple(differences)


def _of_endpoint(
    engine: sa.Engine, empresa: str, endpoint: Endpoint, codes: Sequence[str]
) -> list[FieldDifference]:
    try:
        model = load_payload_model(engine, endpoint)
    except ModelError:
        return []
    with warehouse_errors(), engine.connect() as connection:
        rows = _clinic(connection, model, empresa, codes)
        shown = _omie(connection, endpoint, empresa, codes)
        known = remembered(connection, empresa, endpoint.name, codes)
    wanted = {target for payload, _ in rows.values() for target in targets_in(payload)}
    ids = KnownRecords(engine, empresa).omie_ids(wanted)
    told = []
    for code in codes:
        if code not in rows or code not in shown or code not in known:
            continue
        payload, unchanged = rows[code]
        base = known[code].base
        sides = Sides(
            two_sided(endpoint),
            _on_the_wire(endpoint, payload, ids),
            shown[code],
            base,
            known[code].confirmed_at,
        )
        for name in sides.fields:
            if value_at(sides.clinic, name) is None or agree(sides, name):
                continue
            by_clinic, by_omie = by_whom(sides, name, unchanged=unchanged)
            side: Side = "unknown"
            if by_clinic or by_omie:
                side = "both" if by_clinic and by_omie else "omie" if by_omie else "clinica"
            told.append(
                FieldDifference(
                    empresa,
                    endpoint.name,
                    code,
                    name,
                    side,
                    sides.confirmed_at,
                    sides.omie.changed_at,
                    sides.omie.changed_by or None,
                    base is not None and name in base.left_out,
                )
            )
    return told


def _on_the_wire(
    endpoint: Endpoint, payload: Mapping[str, Any], ids: Mapping[Target, int]
) -> Mapping[str, Any]:
    known = resolved_where_known(payload, ids)
    return wire.to_wire(known, endpoint.payload, endpoint.service)


def _clinic(
    connection: sa.Connection, model: PayloadModel, empresa: str, codes: Sequence[str]
) -> dict[str, tuple[Mapping[str, Any], bool]]:
    """Payload by code, and whether it is as Omie confirmed it."""
    source = payload_source(model, Selection(empresa))
    same = sa.exists().where(
        ledger.c.empresa == empresa,
        ledger.c.endpoint == model.endpoint.name,
        ledger.c.codigo_integracao == source.c.codigo_integracao,
        ledger.c.payload_hash == source.c.payload_hash,
    )
    query = sa.select(source.c.codigo_integracao, source.c.payload, same).where(
        source.c.codigo_integracao.in_(codes)
    )
    return {row[0]: (row[1], row[2]) for row in connection.execute(query)}


def _omie(
    connection: sa.Connection, endpoint: Endpoint, empresa: str, codes: Sequence[str]
) -> dict[str, OmieSide]:
    mirror = mirror_of(endpoint)
    if mirror is None:
        return {}
    t = mirror_table(mirror)
    query = (
        sa.select(
            ledger.c.codigo_integracao, t.c.raw, t.c.alterado_em, t.c.alterado_por, t.c.lido_em
        )
        .select_from(ledger.join(t, t.c[mirror.key[0]] == ledger.c.omie_id))
        .where(
            ledger.c.empresa == empresa,
            ledger.c.endpoint == endpoint.name,
            ledger.c.codigo_integracao.in_(codes),
            t.c.empresa == empresa,
            t.c.excluido_em.is_(None),
        )
    )
    return {
        row[0]: OmieSide(row[1], row[2], row[3] or "", row[4]) for row in connection.execute(query)
    }
