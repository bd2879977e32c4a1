"""A contract, and its situation: activated, suspended, cancelled through ``contratofat``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from omie_pipeline.catalog import Endpoint
from omie_pipeline.catalog.relations import SITUATIONS
from omie_pipeline.omie import OmieClient, wire
from omie_pipeline.payload import SETTLED, PlanRow
from omie_pipeline.postgres.tables import ledger
from omie_pipeline.push.dependents import KnownRecords
from omie_pipeline.push.effects.record import (
    ABSENT,
    CANNOT_READ,
    NOT_THERE,
    SAME_PAYMENT,
    UNREADABLE,
    ExistingRecord,
    ReadBack,
    RecordEffect,
    Request,
    TwinRule,
)
from omie_pipeline.push.ledger import SET_BACK, Commit
from omie_pipeline.texts import push as texts

_CONTRACTS = "contratos"
_SUSPENDED, _ACTIVE, _CANCELLED = "90", "10", "99"
_REACTIVATE = "ReativarContrato"


class ContractEffect(RecordEffect):
    """A contract, which is in a situation."""

    def on_commit(self, commit: Commit) -> None:
        """What an earlier contract of the same code was in is not what this one is in."""
        held_by_omie = [
            {"code": outcome.row.code, "held_by_omie": outcome.omie_id}
            for outcome in commit.outcomes
            if outcome.kind in SETTLED and outcome.omie_id is not None
        ]
        if not held_by_omie:
            return
        statement = (
            sa.update(ledger)
            .where(
                ledger.c.empresa == self._known.empresa,
                ledger.c.endpoint == SITUATIONS[self._endpoint.name].name,
                ledger.c.codigo_integracao == sa.bindparam("code"),
                ledger.c.omie_id != sa.bindparam("held_by_omie"),
            )
            .values(
                state="held",
                payload_hash=None,
                omie_id=None,
                last_error=texts.CONTRACT_MADE_AGAIN,
                error_code=SET_BACK,
                held_until=None,
                updated_at=commit.now,
            )
        )
        commit.connection.execute(statement, held_by_omie)


class SituationEffect(RecordEffect):
    """One call per change; repeating one that holds already is refused, so Omie is asked first."""

    batch_rows = 1

    def __init__(
        self,
        client: OmieClient,
        endpoint: Endpoint,
        known: KnownRecords,
        twins: TwinRule = SAME_PAYMENT,
        target: RecordEffect | None = None,
    ) -> None:
        super().__init__(client, endpoint, known, twins, target)
        self._current: dict[int, str] = {}

    def load(self, rows: Sequence[PlanRow]) -> None:
        """The contracts' ids at Omie."""
        super().load(rows)
        codes = {(_CONTRACTS, row.codigo_integracao or "") for row in rows}
        self._ids.update(self._known.omie_ids(codes))

    def missing(self, row: PlanRow) -> tuple[str, str] | None:
        """The contract itself, until Omie has confirmed it."""
        contract = (_CONTRACTS, row.codigo_integracao or "")
        return None if contract in self._ids else contract

    def find_existing(self, rows: Sequence[PlanRow]) -> Mapping[int, ExistingRecord]:
        """The situation that each contract is in."""
        standing: dict[int, ExistingRecord] = {}
        for row in rows:
            current = self._situation(row)
            if isinstance(current, ReadBack):
                standing[row.number] = ExistingRecord(unreadable=True)
            elif current == self._wanted(row):
                standing[row.number] = ExistingRecord(done=True, omie_id=self._id(row))
            elif current == _CANCELLED:
                standing[row.number] = ExistingRecord(
                    refusal=texts.CONTRACT_CANCELLED, fix=texts.CONTRACT_CANCELLED_FIX
                )
            else:
                self._current[row.number] = current
        return standing

    def request_for(self, row: PlanRow) -> Request:
        """The call that leads from the present situation to the one asked for."""
        endpoint, wanted = self._endpoint, self._wanted(row)
        method = dict(endpoint.by_value[1])[wanted]
        if wanted == _ACTIVE and self._current.get(row.number) == _SUSPENDED:
            method = _REACTIVATE
        return Request(endpoint.service, method, {endpoint.omie_key: self._id(row)})

    def look(self, row: PlanRow, request: Request) -> ReadBack:  # noqa: ARG002 - the contract says it
        """Whether the contract is in the situation asked for."""
        current = self._situation(row)
        if isinstance(current, ReadBack):
            return current
        if current == self._wanted(row):
            return ReadBack("arrived", self._id(row), untouched=False)
        self._current[row.number] = current
        return ABSENT

    def _wanted(self, row: PlanRow) -> str:
        return str(row.payload.get(self._endpoint.by_value[0]) or "")

    def _id(self, row: PlanRow) -> int | None:
        return self._ids.get((_CONTRACTS, row.codigo_integracao or ""))

    def _situation(self, row: PlanRow) -> str | ReadBack:
        proof = self.proof
        key: wire.Json = {"contratoChave": {proof.key: self._id(row)}}
        try:
            answer = self.ask(proof.service, proof.method, key)
        except (*NOT_THERE, *CANNOT_READ):
            return UNREADABLE
        contract = answer.get("contratoCadastro") or {}
        found = (contract.get("cabecalho") or {}).get("cCodSit")
        return str(found) if found else UNREADABLE
