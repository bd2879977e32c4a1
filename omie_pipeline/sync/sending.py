"""One row to Omie, once, and what Omie made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from omie_pipeline.catalog import Endpoint
from omie_pipeline.clock import Clock
from omie_pipeline.errors import (
    AlreadyExists,
    Empty,
    FaultDetail,
    OmieFault,
    OutcomeUnknown,
    RecordNotFound,
    RecordRejected,
    Redundant,
    RetryLater,
    UnknownFault,
)
from omie_pipeline.omie import OmieClient, wire
from omie_pipeline.omie.masking import mask
from omie_pipeline.sync.policy import EndpointPolicy
from omie_pipeline.warehouse.rows import Kind, PlanRow, RowOutcome

# An abandoned call keeps its method busy up to a minute (REAL): 3 + 6 + 12 + 24 + 48 seconds.
_BUSY_ATTEMPTS = 6


class Deferred(Exception):
    """An identical request left less than a minute ago: this row has to wait its turn."""

    def __init__(self, wait_seconds: float) -> None:
        super().__init__(f"wait {wait_seconds:.0f} s")
        self.wait_seconds = wait_seconds


@dataclass(frozen=True, slots=True)
class Request:
    """A call ready to leave, but for the keys."""

    method: str
    param: wire.Json

    @property
    def fingerprint(self) -> str:
        return wire.fingerprint(self.method, self.param)


class Sender:
    """Sends rows of one endpoint on its single write lane."""

    def __init__(
        self, client: OmieClient, endpoint: Endpoint, policy: EndpointPolicy, clock: Clock
    ) -> None:
        self._client = client
        self._endpoint = endpoint
        self._policy = policy
        self._clock = clock

    def request_for(self, row: PlanRow) -> Request:
        """The call a planned row means."""
        endpoint = self._endpoint
        if row.action == "delete":
            if row.omie_id is not None:
                return Request(endpoint.delete, {endpoint.delete_omie_key: row.omie_id})
            return Request(endpoint.delete, {endpoint.integration_key: row.codigo_integracao})
        method = endpoint.insert if row.action == "insert" else endpoint.upsert
        return Request(method, wire.to_wire(row.payload, endpoint.payload, endpoint.service))

    def send(self, row: PlanRow) -> RowOutcome:
        """Send a row whose intent is committed.

        Raises:
            Deferred: nothing left; come back after the wait.
            Blocked, AuthFailed: nothing left, and nothing else may.
        """
        request = self.request_for(row)
        try:
            answer = self._write(request)
        except OutcomeUnknown as fault:
            return self._failed(row, "unknown", fault, at_now=True)
        except Redundant as fault:
            raise Deferred(fault.wait_seconds) from None
        except RetryLater as fault:
            return self._failed(row, "held", fault)
        except RecordNotFound as fault:
            if row.action == "delete":
                return RowOutcome(row, "deleted", row.omie_id, at=self._clock.now())
            return self._failed(row, "rejected", fault)
        except AlreadyExists as fault:
            return self._resolve_duplicate(row, fault)
        except (RecordRejected, UnknownFault) as fault:
            return self._failed(row, "rejected", fault)
        return self._delivered(row, answer)

    def _write(self, request: Request) -> wire.Json:
        """Write, waiting out "busy" and "unreachable": in both nothing happened."""
        for attempt in range(1, _BUSY_ATTEMPTS + 1):
            try:
                return self._client.write(self._endpoint.service, request.method, request.param)
            except Redundant:
                raise
            except RetryLater as fault:
                if attempt == _BUSY_ATTEMPTS:
                    raise
                self._clock.sleep(fault.wait_seconds * 2 ** (attempt - 1))
        raise AssertionError("unreachable")

    def _delivered(self, row: PlanRow, answer: wire.Json) -> RowOutcome:
        now = self._clock.now()
        omie_id = _int(answer.get(self._endpoint.omie_key)) or row.omie_id
        # "0" is the only good status (a bad one was raised); without it the answer says nothing.
        confirmed = answer.get("codigo_status", answer.get("cCodStatus")) is not None
        if row.action == "delete" and confirmed:
            return RowOutcome(row, "deleted", omie_id, at=now)
        if omie_id is None or not (confirmed or answer.get(self._endpoint.omie_key)):
            detail = FaultDetail("O Omie respondeu sem confirmar o registro")
            return self._failed(row, "unknown", OutcomeUnknown(detail), at_now=True)
        said = str(answer.get("descricao_status", "")).casefold()
        updated = "alterad" in said or (row.omie_id is not None and "cadastrad" not in said)
        return RowOutcome(row, "updated" if updated else "created", omie_id, at=now)

    def _resolve_duplicate(self, row: PlanRow, fault: AlreadyExists) -> RowOutcome:
        """A record Omie already has: link it where policy says so and it belongs to nobody else."""
        if row.action == "insert" and not fault.by_document:
            omie_id = fault.omie_id or self._id_of(row)
            if omie_id is not None:
                return RowOutcome(row, "linked", omie_id, at=self._clock.now())
        free = not fault.integration_code or fault.integration_code == row.codigo_integracao
        may_link = self._policy.on_duplicate_document == "link" and self._endpoint.link
        if not (fault.by_document and may_link and free and fault.omie_id is not None):
            return self._failed(row, "rejected", _naming_both(row, fault))
        endpoint = self._endpoint
        link = {
            endpoint.link_omie_key: fault.omie_id,
            endpoint.integration_key: row.codigo_integracao,
        }
        # Alter, not upsert: the identical upsert would be refused for another minute.
        alter = Request(
            endpoint.update, wire.to_wire(row.payload, endpoint.payload, endpoint.service)
        )
        try:
            try:
                self._write(Request(endpoint.link, link))
            except RecordRejected:
                return self._failed(row, "rejected", _naming_both(row, fault))
            self._write(alter)
        except OutcomeUnknown as unknown:
            return self._failed(row, "unknown", unknown, at_now=True)
        except RetryLater as later:
            return self._failed(row, "held", later)
        except (RecordRejected, UnknownFault) as refused:
            return self._failed(row, "rejected", refused)
        return RowOutcome(row, "linked", fault.omie_id, at=self._clock.now())

    def _id_of(self, row: PlanRow) -> int | None:
        """Omie's id of the record that has this row's code, where the fault did not name it."""
        endpoint = self._endpoint
        key = {endpoint.integration_key: row.codigo_integracao}
        try:
            record = self._client.read(endpoint.service, endpoint.read, key)
        except (RecordRejected, RetryLater, UnknownFault, Empty):
            return None
        return _int(record.get(endpoint.omie_key))

    def _failed(
        self, row: PlanRow, kind: Kind, fault: OmieFault, *, at_now: bool = False
    ) -> RowOutcome:
        return RowOutcome(
            row,
            kind,
            row.omie_id,
            error=fault.detail.text,
            error_code=fault.detail.code,
            fix=fault.detail.fix,
            fault_class=type(fault).__name__,
            row_masked=mask(dict(row.payload)) if kind == "rejected" else None,
            at=self._clock.now() if at_now else None,
        )


def _naming_both(row: PlanRow, fault: AlreadyExists) -> RecordRejected:
    theirs = fault.integration_code or "sem código de integração"
    text = (
        f"{fault.detail.text} Aqui: {row.codigo_integracao}; no Omie: Id {fault.omie_id}, {theirs}."
    )
    detail = FaultDetail(text, fault.detail.code, fault.detail.http_status, fault.detail.fix)
    return RecordRejected(detail)


def _int(value: Any) -> int | None:
    text = str(value) if value is not None else ""
    return int(text) if text.isdigit() and int(text) > 0 else None
