"""A record under our integration code: the effect of most endpoints, and the base of the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from omie_pipeline.catalog import Endpoint, Service
from omie_pipeline.catalog.model import BY_API, Proof, Target, target_of
from omie_pipeline.clock import BRASILIA
from omie_pipeline.errors import Empty, RecordNotFound, RecordRejected, RetryLater, UnknownFault
from omie_pipeline.omie import OmieClient, wire
from omie_pipeline.payload import PlanRow, RowOutcome, Selection
from omie_pipeline.push.checks import PlanCheck
from omie_pipeline.push.dependents import KnownRecords
from omie_pipeline.push.ledger import Commit
from omie_pipeline.push.plan import PlannedPartition
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.validation.model import Reason

# A call ready to leave, and what a read showed of its effect.

Finding = Literal["arrived", "absent", "different", "unreadable"]


@dataclass(frozen=True, slots=True)
class Request:
    """A call ready to leave, but for the keys."""

    service: Service
    method: str
    param: wire.Json

    @property
    def fingerprint(self) -> str:
        return wire.fingerprint(self.method, self.param)


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What a read showed.

    Attributes:
        untouched: the record was never changed since it was created, and by an integration.
        born_at: when Omie made the record; ``None`` if another proof says that it is new: it
            was looked for before the call and not there.
        omie_code: Omie's id if it is no number.
        text: what a person has to know of it, for a row that cannot go on.
    """

    finding: Finding
    omie_id: int | None = None
    untouched: bool = False
    born_at: datetime | None = None
    omie_code: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class TwinRule:
    """When a settlement that others made may be the payment that is to be sent.

    Attributes:
        days: how many days it may lie before or after the payment.
        waived: a person looked, and says that it is another payment.
        same: a person looked, and says that it is this very payment.
    """

    days: int = 5
    waived: bool = False
    same: bool = False


SAME_PAYMENT = TwinRule()
UNREADABLE = ReadBack("unreadable")
ABSENT = ReadBack("absent")


@dataclass(frozen=True, slots=True)
class ExistingRecord:
    """What a look before the first call showed of a row.

    Attributes:
        done: the effect stands already; nothing is to be sent.
        omie_id: Omie has the record, which is to be changed rather than made anew.
        same_as: a record of others that a person linked to the row.
        refusal: why the row cannot be sent; its correction in ``fix``.
        conflict: what a person has to decide before the row can be sent.
        unreadable: nothing could be seen, so nothing may be sent; ``text`` may say more, and
            ``pause_seconds`` how long looking again by itself makes no sense.
    """

    done: bool = False
    omie_id: int | None = None
    omie_code: str = ""
    same_as: int | None = None
    refusal: str = ""
    fix: str = ""
    conflict: Reason | None = None
    unreadable: bool = False
    text: str = ""
    pause_seconds: float = 0.0


# The ids that markers stand for, put in their place (:mod:`omie_pipeline.catalog.model`).


def targets_in(value: Any) -> Iterator[Target]:
    """Every record that a payload points at by markers, nested ones too."""
    target = target_of(value)
    if target is not None:
        yield target
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from targets_in(inner)
    elif isinstance(value, list):
        for item in value:
            yield from targets_in(item)


def resolved(value: Any, ids: Mapping[Target, int]) -> Any:
    """``value`` with the ids of its markers; ``KeyError`` if one is not known."""
    target = target_of(value)
    if target is not None:
        return ids[target]
    if isinstance(value, Mapping):
        return {name: resolved(inner, ids) for name, inner in value.items()}
    if isinstance(value, list):
        return [resolved(item, ids) for item in value]
    return value


def resolved_where_known(
    payload: Mapping[str, Any], ids: Mapping[Target, int]
) -> Mapping[str, Any]:
    """``payload`` with the ids of its markers; a field with a marker that has none stays."""
    found = {}
    for name, value in payload.items():
        try:
            found[name] = resolved(value, ids)
        except KeyError:
            found[name] = value
    return found


CANNOT_READ = (RetryLater, UnknownFault, RecordRejected)
NOT_THERE = (RecordNotFound, Empty)


class RecordEffect:
    """What the rows of one endpoint do in Omie, how that is seen, and what else it means.

    The engine around it knows no endpoint: it asks the effect for the conditions of a plan
    (:meth:`preconditions`), for what follows from an outcome (:meth:`on_commit`), and for what is
    to be sent and looked at. What an effect does not declare is not asked.

    Args:
        known: what the ledger knows of this and other endpoints' records.
        twins: what counts as the same payment, made by others.
        target: the effect of the records that rows of this one take away.

    Attributes:
        batch_rows: rows that are looked at and sent together: one, if a look must stand right
            before its call.
        sends_payload: off where only a record is named, which no suite has anything to say of.
        without_effect: ``error_code`` of rows of which nothing stands in Omie, ``""`` if there is
            none.
    """

    batch_rows = 50
    sends_payload = True
    without_effect = ""

    def __init__(
        self,
        client: OmieClient,
        endpoint: Endpoint,
        known: KnownRecords,
        twins: TwinRule = SAME_PAYMENT,
        target: RecordEffect | None = None,
    ) -> None:
        self._target = target
        self._client = client
        self._endpoint = endpoint
        self._known = known
        self._twins = twins
        self._ids: dict[tuple[str, str], int] = {}
        self._at_once = False

    # The plan: asked once in a run, before anything leaves.

    def widened(self, selection: Selection, policy: EndpointPolicy) -> Selection:  # noqa: ARG002 - hook
        """The selection with rows that are looked at whatever their date."""
        return selection

    def plan_beside(self, check: PlanCheck) -> tuple[PlannedPartition, ...]:  # noqa: ARG002 - hook
        """Plan rows that are in no payload model, and count them."""
        return ()

    def preconditions(self, check: PlanCheck) -> int:  # noqa: ARG002 - hook
        """Hold or quarantine planned rows that must not leave, whatever they say; how many were
        quarantined for a state in Omie that a person has to change."""
        return 0

    def adopt_existing(self, check: PlanCheck) -> int:  # noqa: ARG002 - hook
        """Let planned rows mean records that people made in Omie; how many were quarantined."""
        return 0

    def asked_for(self) -> sa.Select[Any] | None:
        """Codes of rows that a person asked for, which are in no payload model."""
        return None

    # The ledger: within the transaction that writes it.

    def on_commit(self, commit: Commit) -> None:
        """Write what outcomes mean for the records that act upon theirs."""

    def on_settled(self, connection: sa.Connection, codes: Sequence[str], now: datetime) -> None:
        """Write what it means that these records stand as the clinic has them."""

    def kept(self, codes: Sequence[str]) -> set[str]:  # noqa: ARG002 - hook
        """Those of the records that Omie will not delete."""
        return set()

    def gone(self, connection: sa.Connection, codes: Sequence[str], now: datetime) -> None:
        """Write what it means that these records were taken away by another endpoint."""

    # The calls.

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Reads that would have to be waited for show nothing instead, and other rows go on."""
        self._at_once = True
        try:
            yield
        finally:
            self._at_once = False

    def ask(
        self,
        service: Service,
        method: str,
        param: wire.Json,
        *,
        others: Iterable[wire.Json] = (),
    ) -> wire.Json:
        """One question to Omie, or after a broken answer one of ``others`` in its place.

        Args:
            service: service of Omie.
            method: method of Omie.
            param: the one object of the request.
            others: other ways to ask the same.

        Raises:
            OmieFault: any, a wait among them where it is :meth:`at_once`.
        """
        if self._at_once:
            return self._client.read_now(service, method, param)
        return self._client.read(service, method, param, others=others)

    @property
    def proof(self) -> Proof:
        """The declared proof of an effect that is no record."""
        if self._endpoint.proof is None:
            raise LookupError(f"{self._endpoint.name} declares no proof")
        return self._endpoint.proof

    def load(self, rows: Sequence[PlanRow]) -> None:
        """Read from the ledger what requests for these rows need."""
        wanted = {target for row in rows for target in targets_in(row.payload)}
        self._ids.update(self._known.omie_ids(wanted - self._ids.keys()))

    @property
    def ids(self) -> Mapping[Target, int]:
        """Omie's ids of the records that loaded rows point at."""
        return self._ids

    def missing(self, row: PlanRow) -> tuple[str, str] | None:
        """A record that the row points at and Omie does not hold for us."""
        return next((t for t in targets_in(row.payload) if t not in self._ids), None)

    def settled(self, outcome: RowOutcome) -> None:
        """Take notice of a row that was delivered."""

    def find_existing(self, rows: Sequence[PlanRow]) -> Mapping[int, ExistingRecord]:  # noqa: ARG002 - hook
        """What stands already of rows that Omie would make a second time, by ``number``.

        Raises:
            Blocked, AuthFailed, ConfigurationError: nothing can be read.
        """
        return {}

    def closed(self, row: PlanRow) -> ExistingRecord | None:  # noqa: ARG002 - hook
        """Why Omie would refuse to change the row's record, as one read shows it.

        Asked if Omie refused such a change already: an error answer tells no more than a read,
        and the tenth closes the method.

        Raises:
            Blocked, AuthFailed, ConfigurationError: nothing can be read.
        """
        return None

    def request_for(self, row: PlanRow) -> Request:
        """The call a planned row means."""
        endpoint = self._endpoint
        if row.action == "delete":
            key: wire.Json = {endpoint.integration_key: row.codigo_integracao}
            if row.omie_id is not None:
                key = {endpoint.delete_omie_key: row.omie_id}
            return Request(endpoint.service, endpoint.delete, key)
        known = endpoint.update and row.omie_id is not None
        if known and row.left_out:
            # A change leaves alone what it does not name, mandatory fields too.
            return self.alter(row)
        if row.action == "insert" or not (endpoint.upsert or known):
            return Request(endpoint.service, endpoint.insert, self._inserted(row))
        method = endpoint.upsert or endpoint.update
        return Request(endpoint.service, method, self._changed(row))

    def alter(self, row: PlanRow) -> Request:
        """The change of a record that Omie has, which is no upsert."""
        endpoint = self._endpoint
        return Request(endpoint.service, endpoint.update, self.sent(row))

    def sent(self, row: PlanRow) -> wire.Json:
        """The payload as it goes on the wire: ids for markers, dates as Omie writes them."""
        endpoint = self._endpoint
        payload = resolved(row.payload, self._ids)
        return wire.to_wire(payload, endpoint.payload, endpoint.service)

    def _inserted(self, row: PlanRow) -> wire.Json:
        endpoint, param = self._endpoint, self.sent(row)
        if endpoint.insert_section and endpoint.section in param:
            param[endpoint.insert_section] = param.pop(endpoint.section)
        return param

    def _changed(self, row: PlanRow) -> wire.Json:
        return self.sent(row)

    def look(self, row: PlanRow, request: Request) -> ReadBack:
        """What Omie holds of a row whose call may have taken effect."""
        endpoint = self._endpoint
        if row.action == "delete" and row.omie_id is not None:
            key: wire.Json = {endpoint.read_omie_key: row.omie_id}
        else:
            key = {endpoint.integration_key: row.codigo_integracao}
        record = self.read(key)
        if isinstance(record, ReadBack):
            return record
        omie_id = as_id(endpoint.keys_of(record).get(endpoint.omie_key))
        if row.action == "delete" or omie_id is None:
            return ReadBack("different" if omie_id else "unreadable", omie_id)
        if not endpoint.repeatable and row.omie_id is None:
            # Only we use our codes: if there was none before, ours arrived.
            return ReadBack("arrived", omie_id, _untouched(record))
        # An upsert may have met a record of others; only its creation time shows whose it is.
        born_at, untouched = birth_of(record)
        sent = {name: value for name, value in request.param.items() if endpoint.record.field(name)}
        same = wire.same_record(sent, record)
        return ReadBack("arrived" if same else "different", omie_id, untouched, born_at)

    def look_together(
        self,
        rows: Sequence[PlanRow],  # noqa: ARG002 - hook
        since: datetime,  # noqa: ARG002 - hook
        now: datetime,  # noqa: ARG002 - hook
    ) -> Mapping[str, ReadBack]:
        """What Omie holds of new rows that left together, by their code; rows of which nothing is
        known are left out.

        Args:
            rows: rows of which none was in Omie before.
            since: when the first of their intents was written.
            now: the present moment.

        Raises:
            LineClosed, AuthFailed, ConfigurationError: nothing can be read.
        """
        return {}

    def read(self, key: wire.Json) -> wire.Json | ReadBack:
        """One record, or why it cannot be shown."""
        endpoint = self._endpoint
        if endpoint.read_wrapper:
            key = {endpoint.read_wrapper: key}
        try:
            record = self.ask(endpoint.service, endpoint.read, key)
        except NOT_THERE:
            return ABSENT
        except CANNOT_READ:
            return UNREADABLE
        if not endpoint.record_wrapper:
            return record
        inner = record.get(endpoint.record_wrapper)
        return inner if isinstance(inner, dict) else UNREADABLE

    def current(self, row: PlanRow) -> wire.Json | ReadBack:
        """The row's record as Omie has it now, or why it cannot be shown.

        Raises:
            Blocked, AuthFailed, ConfigurationError: nothing can be read.
        """
        endpoint = self._endpoint
        if row.adopted or not row.codigo_integracao:
            return self.read({endpoint.read_omie_key: row.omie_id})
        return self.read({endpoint.integration_key: row.codigo_integracao})

    def last_change(self, omie_id: int) -> datetime | ReadBack | None:
        """When a record was last changed in Omie, as one read shows it; ``None`` if it does not
        say, :data:`ABSENT` if there is none any more."""
        record = self.read({self._endpoint.read_omie_key: omie_id})
        return record if isinstance(record, ReadBack) else _audited_at(record, "Alt")

    def identity(self, answer: wire.Json) -> tuple[int | None, str]:
        """Omie's id, as a number or else as a code, in the answer to a write."""
        return as_id(answer.get(self._endpoint.omie_key)), ""


def as_id(value: Any) -> int | None:
    """A positive id, ``None`` for anything else."""
    text = str(value) if value is not None else ""
    return int(text) if text.isdigit() and int(text) > 0 else None


def _audit(record: wire.Json) -> wire.Json | None:
    audit = next((record[name] for name in ("info", "infoCadastro") if name in record), None)
    return audit if isinstance(audit, dict) else None


def _born_at(record: wire.Json) -> datetime | None:
    """When Omie made a record, by Brasília's clock; ``None`` if it does not say."""
    return _audited_at(record, "Inc")


def _audited_at(record: wire.Json, what: str) -> datetime | None:
    audit = _audit(record) or {}
    try:
        text = f"{audit.get(f'd{what}')} {audit.get(f'h{what}')}"
        born = datetime.strptime(text, "%d/%m/%Y %H:%M:%S")  # noqa: DTZ007 - Brasília's, below
    except ValueError:
        return None
    return born.replace(tzinfo=BRASILIA)


def birth_of(record: wire.Json) -> tuple[datetime | None, bool]:
    """When Omie made a record, and whether it is known to be as an integration made it."""
    born_at = _born_at(record)
    return born_at, born_at is not None and _untouched(record)


def changed_in(record: wire.Json) -> tuple[datetime | None, str]:
    """When Omie last changed a record, by Brasília's clock, and which of its users did."""
    audit = _audit(record) or {}
    day = audit.get("dAlt") or audit.get("data_alt")
    hour = audit.get("hAlt") or audit.get("hora_alt")
    user = audit.get("uAlt") or audit.get("user_alt")
    try:
        at = datetime.strptime(f"{day} {hour}", "%d/%m/%Y %H:%M:%S")  # noqa: DTZ007 - as below
    except ValueError:
        return None, str(user or "")
    return at.replace(tzinfo=BRASILIA), str(user or "")


def _untouched(record: wire.Json) -> bool:
    audit = _audit(record)
    if audit is None:
        return True
    if (audit.get("uInc") or BY_API) != BY_API:
        return False
    created, changed = (
        (audit.get("dInc"), audit.get("hInc")),
        (audit.get("dAlt"), audit.get("hAlt")),
    )
    return created == changed or not any(changed)
