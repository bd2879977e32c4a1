"""Billing a service order into an NFS-e: never twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from omie_pipeline.nfse.answers import is_refused
from omie_pipeline.nfse.billing import withheld
from omie_pipeline.nfse.ledger import REFUSED_CODE
from omie_pipeline.nfse.state import SubmittedOrder, submitted
from omie_pipeline.omie import wire
from omie_pipeline.payload import DELIVERED, PlanRow, RowOutcome
from omie_pipeline.postgres.tables import billing_request
from omie_pipeline.push.checks import PlanCheck, Verdict, hold_or_refuse
from omie_pipeline.push.effects.record import (
    ABSENT,
    CANNOT_READ,
    NOT_THERE,
    UNREADABLE,
    ExistingRecord,
    ReadBack,
    RecordEffect,
    Request,
    as_id,
)
from omie_pipeline.push.ledger import Commit
from omie_pipeline.texts import push as texts


class BillingEffect(RecordEffect):
    """``FaturarOS`` issues a second note when repeated, so ``StatusOS`` is asked before the first
    call and after every unclear answer (official: ``cFaturada``, ``ListaRpsNfse``)."""

    batch_rows = 1
    without_effect = REFUSED_CODE

    def preconditions(self, check: PlanCheck) -> int:
        """Billings whose note the city hall refused, and those whose order is not in Omie as the
        clinic wants it."""

        def judge(rows: Sequence[PlanRow]) -> Verdict:
            return Verdict(outcomes=withheld(self._known.engine, self._known.empresa, rows))

        return hold_or_refuse(check, judge)

    def asked_for(self) -> sa.Select[Any]:
        """Orders that a person asked to bill."""
        asked = sa.select(billing_request.c["cCodIntOS"])
        return asked.where(billing_request.c.empresa == self._known.empresa)

    def on_commit(self, commit: Commit) -> None:
        """A delivered billing begins a note."""
        if commit.sent:
            begun = _notes_begun(commit.outcomes, commit.now)
            submitted(commit.connection, self._known.empresa, begun)

    def load(self, rows: Sequence[PlanRow]) -> None:
        """The orders' ids at Omie."""
        super().load(rows)
        codes = {("ordens_servico", row.codigo_integracao or "") for row in rows}
        self._ids.update(self._known.omie_ids(codes))

    def missing(self, row: PlanRow) -> tuple[str, str] | None:
        """The order itself, until Omie has confirmed it."""
        order = ("ordens_servico", row.codigo_integracao or "")
        return None if order in self._ids else order

    def find_existing(self, rows: Sequence[PlanRow]) -> Mapping[int, ExistingRecord]:
        """Orders that are billed already, by a person for instance, or cancelled."""
        return {row.number: self._standing(row) for row in rows}

    def look(self, row: PlanRow, request: Request) -> ReadBack:  # noqa: ARG002 - the order says it all
        """Whether the order is billed."""
        status = self._status(row)
        if isinstance(status, ReadBack):
            return status
        if is_billed(status):
            return ReadBack("arrived", as_id(status.get("nCodOS")), untouched=True)
        return ABSENT

    def _standing(self, row: PlanRow) -> ExistingRecord:
        status = self._status(row)
        if isinstance(status, ReadBack):
            return ExistingRecord(unreadable=True, text=status.text)
        if status.get("cCancelada") == "S":
            return ExistingRecord(refusal=texts.ORDER_CANCELLED, fix=texts.ORDER_CANCELLED_FIX)
        omie_id = as_id(status.get("nCodOS"))
        return ExistingRecord(done=True, omie_id=omie_id) if is_billed(status) else ExistingRecord()

    def _status(self, row: PlanRow) -> wire.Json | ReadBack:
        proof = self.proof
        omie_id = self._ids.get(("ordens_servico", row.codigo_integracao or ""))
        key: dict[str, Any] = {"cCodIntOS": row.codigo_integracao}
        if omie_id is not None:
            key = {proof.key: omie_id}
        try:
            return self.ask(proof.service, proof.method, {**key, "lMsg": "S"})
        except NOT_THERE:
            return ReadBack("unreadable", text=texts.ORDER_NOT_SHOWN)
        except CANNOT_READ:
            return UNREADABLE


def is_billed(status: wire.Json) -> bool:
    """Whether a ``StatusOS`` shows an order that is billed or about to be: an RPS on its way or a
    note. A rejected RPS does not count: it is to be billed once more. One that waits for a city
    hall that is away does."""
    if status.get("cFaturada") == "S":
        return True
    return any(not is_refused(rps) for rps in status.get("ListaRpsNfse") or [])


def _notes_begun(outcomes: Sequence[RowOutcome], now: datetime) -> list[SubmittedOrder]:
    """The notes that delivered billings begin; value and city from the model's own columns."""
    return [
        SubmittedOrder(
            cod_int_os=outcome.row.codigo_integracao or "",
            n_cod_os=outcome.omie_id,
            valor=outcome.row.extra.get("_valor"),
            municipio=outcome.row.extra.get("_municipio"),
            at=outcome.at or now,
        )
        for outcome in outcomes
        if outcome.kind in DELIVERED
    ]
