"""Whose rows a run handles, and how one of them is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from omie_pipeline.catalog import Endpoint
from omie_pipeline.nfse.ledger import BILLING, REFUSED_CODE
from omie_pipeline.omie.masking import mask
from omie_pipeline.payload.models import Selection
from omie_pipeline.payload.rows import PlanRow
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import billing_request, ledger, plan, quarantine, rejected
from omie_pipeline.validation.model import Reason

# Rows our own validation refused, with every reason; a row leaves when it passes.


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row for quarantine.

    Attributes:
        reasons: ``{campo, regra, motivo, correcao}`` each, in Portuguese.
        row_masked: the payload with personal fields masked.
    """

    row: PlanRow
    reasons: Sequence[Mapping[str, str]]
    row_masked: Mapping[str, Any]


def store_refused(
    engine: sa.Engine,
    run_id: str,
    empresa: str,
    endpoint: str,
    rows: Sequence[RefusedRow],
    now: datetime,
    *,
    persist: bool = True,
) -> None:
    """Write or renew quarantined rows and take them out of the plan, in one transaction.

    What Omie said of such a row before is forgotten: it is not what stands in its way now.

    Args:
        engine: the warehouse.
        run_id: id of the run.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        rows: rows with their reasons.
        now: time of the change.
        persist: off for a dry run: only the plan is marked.
    """
    if not rows:
        return
    # Two rows of a partition under one code share a line: the reasons of the last one seen.
    by_line = {_line(item.row): item for item in rows}
    values = [
        {
            "empresa": empresa,
            "endpoint": endpoint,
            "linha": line,
            "codigo_integracao": item.row.codigo_integracao,
            "particao": item.row.particao,
            "reasons": list(item.reasons),
            "row_masked": item.row_masked,
            "origem": {k: v for k, v in item.row.extra.items() if k.startswith("_origem")},
            "first_seen_at": now,
            "last_seen_at": now,
            "run_id": run_id,
        }
        for line, item in by_line.items()
    ]
    statement = insert(quarantine)
    kept = ("codigo_integracao", "particao", "reasons", "row_masked", "origem", "last_seen_at",
            "run_id")  # fmt: skip
    statement = statement.on_conflict_do_update(
        index_elements=list(quarantine.primary_key),
        set_={name: statement.excluded[name] for name in kept},
    )
    with warehouse_errors(), engine.begin() as connection:
        if persist:
            connection.execute(statement, values)
            connection.execute(
                sa.delete(rejected).where(
                    rejected.c.empresa == empresa,
                    rejected.c.endpoint == endpoint,
                    rejected.c.codigo_integracao == sa.func.any([item.row.code for item in rows]),
                )
            )
        told = [{"linha": item.row.linha, "reasons": list(item.reasons)} for item in rows]
        why = (
            sa.func.jsonb_to_recordset(sa.literal(told, JSONB))
            .table_valued(sa.column("linha", sa.BigInteger), sa.column("reasons", JSONB))
            .render_derived("why", with_types=True)
        )
        connection.execute(
            sa.update(plan)
            .where(plan.c.run_id == run_id, plan.c.linha == why.c.linha)
            .values(state="quarantined", reasons=why.c.reasons)
        )


def forget_passed(
    engine: sa.Engine, run_id: str, endpoint: str, selection: Selection, *, grain: str
) -> None:
    """Empty quarantine, rejected and ledger of rows that passed or that the model no longer has.

    Only within what this run looked at; a row this run refused again carries its ``run_id``.

    Args:
        engine: the warehouse.
        run_id: id of the run.
        endpoint: name of the endpoint.
        selection: empresa, dates and codes of the run.
        grain: register or fact.
    """
    with warehouse_errors(), engine.begin() as connection:
        planned = sa.select(plan.c.codigo_integracao).where(
            plan.c.run_id == run_id, plan.c.codigo_integracao.is_not(None)
        )
        # A row that moved to another partition left its line in the old one.
        passed: sa.ColumnElement[bool] = quarantine.c.codigo_integracao.in_(planned)
        if not selection.states:
            passed = sa.or_(passed, sa.and_(*_looked_at(quarantine, endpoint, selection, grain)))
        connection.execute(
            sa.delete(quarantine).where(
                quarantine.c.run_id != run_id,
                quarantine.c.empresa == selection.empresa,
                quarantine.c.endpoint == endpoint,
                passed,
            )
        )
        # A rejected or held row is always planned while the model has it: missing means gone there.
        left = ledger.c.codigo_integracao.not_in(planned)
        unfinished = selection.unfinished()
        mine = _looked_at(ledger, endpoint, selection, grain)
        if endpoint == BILLING:
            # What a person asked to bill is in no model of the clinic's.
            asked = sa.select(billing_request.c["cCodIntOS"])
            asked = asked.where(billing_request.c.empresa == selection.empresa)
            mine.append(ledger.c.codigo_integracao.not_in(asked))
        vanished = sa.select(ledger.c.codigo_integracao).where(*mine, unfinished, left)
        connection.execute(
            sa.delete(rejected).where(
                rejected.c.empresa == selection.empresa,
                rejected.c.endpoint == endpoint,
                rejected.c.codigo_integracao.in_(vanished),
            )
        )
        # Of an order whose note the city hall refused nothing stands in Omie.
        no_note = sa.func.coalesce(ledger.c.error_code, "") == REFUSED_CODE
        known = sa.and_(ledger.c.payload_hash.is_not(None), ~no_note)
        connection.execute(
            sa.update(ledger)
            .where(*mine, unfinished, left, known)
            .values(state="confirmed", last_error=None, error_code=None, held_until=None)
        )
        connection.execute(sa.delete(ledger).where(*mine, unfinished, left, ~known))


def _looked_at(
    table: sa.Table, endpoint: str, selection: Selection, grain: str
) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = [
        table.c.empresa == selection.empresa,
        table.c.endpoint == endpoint,
    ]
    if grain == "fact" and selection.date_from is not None:
        conditions.append(table.c.particao >= selection.date_from.isoformat())
    if grain == "fact" and selection.date_to is not None:
        conditions.append(table.c.particao <= selection.date_to.isoformat())
    if selection.key is not None:
        conditions.append(table.c.codigo_integracao == selection.key)
    return conditions


def _line(row: PlanRow) -> str:
    code = row.codigo_integracao or f"sem-codigo:{row.payload_hash[:16]}:{row.linha}"
    return f"{row.particao}:{code}"


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows a run handles."""

    engine: sa.Engine
    run_id: str
    empresa: str
    endpoint: Endpoint

    def refuse(self, rows: Sequence[RefusedRow], now: datetime, *, store: bool) -> None:
        """Quarantine rows; without ``store`` only the plan is marked."""
        store_refused(
            self.engine, self.run_id, self.empresa, self.endpoint.name, rows, now, persist=store
        )


def refused_row(row: PlanRow, reasons: Sequence[Reason]) -> RefusedRow:
    """A row for quarantine with its reasons in words.

    They quote the source as it is, where a document may stand in place of a number: who shows
    them anywhere but in the list of quarantine masks them.
    """
    told = [
        {"campo": r.field, "regra": r.rule, "motivo": r.motivo, "correcao": r.correcao}
        for r in reasons
    ]
    return RefusedRow(row, told, mask(dict(row.payload)))
