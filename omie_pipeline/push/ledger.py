"""The ledger: what Omie has confirmed, refused or has yet to answer, row by row.

A hash is written only with Omie's answer, in the same transaction as Omie's id and the closing of
the intent.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert

from omie_pipeline.catalog import REGISTRY, Endpoint
from omie_pipeline.catalog.model import EMPTY_VALUES, emptyings, filled_fields, value_at
from omie_pipeline.payload import (
    ADOPTED,
    SETTLED,
    Attempt,
    Kind,
    OpenIntent,
    PlanRow,
    RowOutcome,
    intent_payload,
    open_intent,
    plan_row,
)
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.tables import (
    attempt,
    intent,
    ledger,
    plan,
    quota_request,
    rejected,
    run,
)

SET_BACK = "missing_in_omie"
"""``error_code`` of a row that waits to be sent again."""

# A record's content without its code, and a code without its way of writing, as digests.
#
# An id that a spreadsheet turned from ``701`` into ``701.0`` is another code to Omie, and its row
# another record: the same sale twice.

_ZERO_DECIMALS = re.compile(r"[.,]0+(?![0-9])")
_SEPARATORS = re.compile(r"[^a-z0-9]+")
_LEADING_ZEROS = re.compile(r"(?<![0-9])0+(?=[0-9])")
_AFTER_LETTERS = re.compile(r"(?<=[a-z])-(?=[0-9])")


def plain_form(code: str) -> str:
    """A code without what programs change of it by themselves: case, blanks, punctuation, leading
    zeros, ``.0`` behind a number. Two parts of digits stay apart: ``1-12`` is not ``11-2``."""
    text = _ZERO_DECIMALS.sub("", code.casefold())
    text = _SEPARATORS.sub("-", text).strip("-")
    return _AFTER_LETTERS.sub("", _LEADING_ZEROS.sub("", text))


def likeness_of(endpoint: Endpoint, payload: Mapping[str, Any]) -> str:
    """Digest of the fields by which a person would call two rows the same; ``""`` if the
    endpoint declares none, or the row fills none."""
    said = [_plain(_at(payload, path)) for path in endpoint.likeness]
    if not any(said):
        return ""
    text = json.dumps(said, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _at(payload: Mapping[str, Any], path: str) -> Any:
    value: Any = payload
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, str):
        return plain_form(value)
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return format(Decimal(str(value)).normalize(), "f")
    return value


# What an outcome writes into each table, as values of one row.


@dataclass(frozen=True, slots=True)
class Writer:
    """The run that writes: whose rows, of which endpoint."""

    empresa: str
    endpoint: str
    run_id: str

    def _key(self, code: str | None) -> dict[str, Any]:
        return {
            "empresa": self.empresa,
            "endpoint": self.endpoint,
            "codigo_integracao": code,
            "run_id": self.run_id,
        }

    def confirmed(self, outcome: RowOutcome, now: datetime) -> dict[str, Any]:
        """A row of ``ledger`` that Omie confirmed."""
        deleted = outcome.kind == "deleted" and outcome.row.payload_hash == ""
        endpoint = REGISTRY[self.endpoint]
        parent_field = endpoint.parent_field
        left = _not_emptied(outcome)
        row = outcome.row
        # What was left out stands in Omie with a value.
        kept = (*left, *(name for name in row.left_out if name in emptyings(endpoint)))
        filled = () if deleted else tuple({**dict.fromkeys(filled_fields(endpoint, row.whole)),
                                           **dict.fromkeys(kept)})  # fmt: skip
        return {
            **self._key(outcome.row.codigo_integracao),
            "state": "deleted" if deleted else "confirmed",
            "payload_hash": None if deleted else outcome.row.payload_hash,
            "omie_id": outcome.omie_id or outcome.row.omie_id,
            "omie_code": outcome.omie_code or None,
            "parent_code": outcome.row.payload.get(parent_field) or None,
            "created_here": outcome.kind == "created",
            "likeness": likeness_of(endpoint, row.whole) or None,
            "filled": list(filled),
            "not_emptied": list(left) or None,
            "emptied": _emptied(outcome) or None,
            "partition": outcome.row.partition,
            "attempts": 1,
            "in_doubt": False,
            "same_as": _same_as(outcome),
            "first_seen_at": now,
            "confirmed_at": outcome.at or now,
            "updated_at": now,
        }

    def failed(self, outcome: RowOutcome, now: datetime) -> dict[str, Any]:
        """A row of ``ledger`` that was refused or has to wait."""
        return {
            **self._key(outcome.row.codigo_integracao),
            "state": "rejected" if outcome.kind == "rejected" else "held",
            "partition": outcome.row.partition,
            "attempts": 1,
            "first_error": outcome.error,
            "last_error": outcome.error,
            "error_code": outcome.error_code,
            "held_until": outcome.held_until,
            "in_doubt": outcome.in_doubt,
            "first_seen_at": now,
            "updated_at": now,
        }

    def rejected(self, outcome: RowOutcome, now: datetime) -> dict[str, Any]:
        """A row of ``rejected``."""
        return {
            **self._key(outcome.row.codigo_integracao),
            "partition": outcome.row.partition,
            "fault_text": outcome.error,
            "fault_code": outcome.error_code,
            "fix": outcome.fix,
            "row_masked": outcome.row_masked or {},
            "payload_hash": outcome.row.payload_hash,
            "first_fault_text": outcome.error,
            "first_refused_at": now,
            "first_seen_at": now,
            "last_seen_at": now,
        }

    def attempt(self, item: Attempt) -> dict[str, Any]:
        """A row of ``attempt``."""
        return {
            **self._key(item.codigo_integracao),
            "method": item.method,
            "request": item.request,
            "response": item.response,
            "http_status": item.http_status,
            "fault_class": item.fault_class,
            "fault_code": item.fault_code,
            "fault_text": item.fault_text,
            "duration_ms": item.duration_ms,
            "at": item.at,
        }


def _same_as(outcome: RowOutcome) -> int | None:
    if outcome.same_as is not None:
        return outcome.same_as
    return (outcome.omie_id or outcome.row.omie_id) if outcome.row.adopted else None


def _not_emptied(outcome: RowOutcome) -> tuple[str, ...]:
    """Fields that Omie holds with a value, and of which the row said nothing."""
    row = outcome.row
    return tuple(name for name in row.filled if value_at(row.payload, name) is None)


def _emptied(outcome: RowOutcome) -> list[str]:
    """Fields that Omie held with a value, and that the row emptied."""
    row = outcome.row
    return [name for name in row.filled if value_at(row.payload, name) in EMPTY_VALUES]


@dataclass(frozen=True, slots=True)
class Commit:
    """Outcomes on their way into the ledger, within the transaction that writes them.

    Attributes:
        sent: off for rows that were decided before any call.
    """

    connection: sa.Connection
    outcomes: Sequence[RowOutcome]
    now: datetime
    run_id: str
    sent: bool

    def codes(self, *kinds: Kind) -> list[str]:
        """Integration codes of the outcomes of these kinds."""
        return [outcome.row.code for outcome in self.outcomes if outcome.kind in kinds]


class Ledger:
    """The ledger of one endpoint of one empresa, as one run writes it.

    Every method is one transaction and raises ``WarehouseError`` when the database refuses it.

    Args:
        on_commit: writes what else follows from outcomes, as the endpoint's effect knows it.
        left_out: fields that are not exported: Omie keeps what it has of them.
    """

    def __init__(
        self,
        engine: sa.Engine,
        empresa: str,
        endpoint: str,
        run_id: str,
        on_commit: Callable[[Commit], None] | None = None,
        left_out: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self._left_out = left_out
        self._engine = engine
        self._on_commit = on_commit
        self._who = {"empresa": empresa, "endpoint": endpoint}
        self._run_id = run_id
        self._writer = Writer(empresa, endpoint, run_id)

    def ready_rows(self, batch_size: int) -> Iterator[list[PlanRow]]:
        """Rows still to send, held ones first and rejected ones last, in batches."""
        where = (plan.c.run_id == self._run_id, plan.c.state == "ready")
        order = sa.tuple_(plan.c.priority, plan.c.number)
        last: tuple[int, int] = (-1, -1)
        while True:
            query = (
                sa.select(plan)
                .where(*where, order > sa.tuple_(*last))
                .order_by(plan.c.priority, plan.c.number)
                .limit(batch_size)
            )
            with warehouse_errors(), self._engine.connect() as connection:
                found = connection.execute(query).all()
            if not found:
                return
            last = (found[-1].priority, found[-1].number)
            yield [plan_row(row) for row in found]

    def write_outcomes(
        self,
        outcomes: Sequence[RowOutcome],
        attempts: Sequence[Attempt],
        now: datetime,
        *,
        plan_only: bool = False,
        sent: bool = True,
    ) -> None:
        """Commit the outcome of a batch: ledger, rejected, intents, plan and attempts at once.

        Args:
            outcomes: the outcome of each row.
            attempts: the calls, masked.
            now: time of the commit.
            plan_only: mark the plan and nothing else, for a dry run.
            sent: off for rows held before any call: an intent of an earlier run stays open.
        """
        with warehouse_errors(), self._engine.begin() as connection:
            if plan_only:
                self._write_plan_states(connection, outcomes)
                return
            if outcomes:
                self._write_ledger(connection, outcomes, now)
                self._write_rejected(connection, outcomes, now)
                if sent:
                    self._close_intents(connection, outcomes, now)
                self._write_plan_states(connection, outcomes)
            if self._on_commit is not None:
                self._on_commit(Commit(connection, outcomes, now, self._run_id, sent))
            if attempts:
                connection.execute(
                    sa.insert(attempt), [self._writer.attempt(item) for item in attempts]
                )

    def last_confirmed_at(self, code: str, endpoint: str) -> datetime | None:
        """When Omie last confirmed a change of this record: until a minute later a read may show
        what stood there before."""
        query = sa.select(ledger.c.confirmed_at).where(
            ledger.c.empresa == self._who["empresa"],
            ledger.c.endpoint == endpoint,
            ledger.c.codigo_integracao == code,
        )
        with warehouse_errors(), self._engine.connect() as connection:
            at: datetime | None = connection.execute(query).scalar_one_or_none()
        return at

    def set_omie_ids(self, omie_ids: Mapping[int, int]) -> None:
        """Fill in Omie's id of planned rows: ``number`` -> id."""
        if not omie_ids:
            return
        statement = (
            sa.update(plan)
            .where(plan.c.run_id == self._run_id, plan.c.number == sa.bindparam("row_number"))
            .values(omie_id=sa.bindparam("target"))
        )
        values = [{"row_number": number, "target": target} for number, target in omie_ids.items()]
        with warehouse_errors(), self._engine.begin() as connection:
            connection.execute(statement, values)

    def adopt(self, omie_ids: Mapping[int, int]) -> None:
        """Let planned rows mean records that a person made in Omie: ``number`` -> id."""
        if not omie_ids:
            return
        statement = (
            sa.update(plan)
            .where(plan.c.run_id == self._run_id, plan.c.number == sa.bindparam("row_number"))
            .values(
                omie_id=sa.bindparam("target"),
                extra=plan.c.extra.op("||")(sa.cast(sa.literal({ADOPTED: True}, JSONB), JSONB)),
            )
        )
        values = [{"row_number": number, "target": target} for number, target in omie_ids.items()]
        with warehouse_errors(), self._engine.begin() as connection:
            connection.execute(statement, values)

    def hold_rest(self, reason: str, code: str, until: datetime | None, now: datetime) -> None:
        """Hold every planned row that was not tried: nothing is lost, the next run takes it.

        Args:
            reason: in words for the screen.
            code: class of the error.
            until: when the rows may be tried; ``None`` for at once.
            now: time of the change.
        """
        rest = (
            sa.select(
                sa.literal(self._who["empresa"]),
                sa.literal(self._who["endpoint"]),
                plan.c.codigo_integracao,
                sa.literal("held"),
                sa.func.min(plan.c.partition),
                sa.literal(reason),
                sa.literal(code),
                sa.cast(sa.literal(until), sa.DateTime(timezone=True)),
                sa.literal(self._run_id),
                sa.cast(sa.literal(now), sa.DateTime(timezone=True)),
            )
            .where(
                plan.c.run_id == self._run_id,
                plan.c.state == "ready",
                plan.c.codigo_integracao.is_not(None),
            )
            .group_by(plan.c.codigo_integracao)
        )
        columns = ["empresa", "endpoint", "codigo_integracao", "state", "partition", "last_error",
                   "error_code", "held_until", "run_id", "updated_at"]  # fmt: skip
        statement = insert(ledger).from_select(columns, rest)
        statement = statement.on_conflict_do_update(
            index_elements=list(ledger.primary_key),
            set_={name: statement.excluded[name] for name in columns[3:]} | left_of_the_dead(),
        )
        done = (
            sa.update(plan)
            .where(plan.c.run_id == self._run_id, plan.c.state == "ready")
            .values(state="held")
        )
        with warehouse_errors(), self._engine.begin() as connection:
            connection.execute(statement)
            connection.execute(done)

    def _mine(self, table: sa.Table) -> sa.ColumnElement[bool]:
        return sa.and_(
            table.c.empresa == self._who["empresa"], table.c.endpoint == self._who["endpoint"]
        )

    def _write_ledger(
        self, connection: sa.Connection, outcomes: Sequence[RowOutcome], now: datetime
    ) -> None:
        done = [o for o in outcomes if o.kind in SETTLED]
        failed = [o for o in outcomes if o.kind not in SETTLED]
        if done:
            statement = insert(ledger)
            new = statement.excluded
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=list(ledger.primary_key),
                    set_={
                        "state": new.state,
                        "payload_hash": new.payload_hash,
                        "omie_id": sa.func.coalesce(new.omie_id, of_the_living(ledger.c.omie_id)),
                        "omie_code": sa.func.coalesce(new.omie_code, ledger.c.omie_code),
                        "parent_code": sa.func.coalesce(new.parent_code, ledger.c.parent_code),
                        "likeness": new.likeness,
                        "filled": _still_filled(new.filled, self._left_out()),
                        "not_emptied": new.not_emptied,
                        "emptied": sa.func.coalesce(new.emptied, ledger.c.emptied),
                        # What a person made and we adopted is not ours to delete, whatever was
                        # ours under this code before.
                        "created_here": sa.case(
                            (new.same_as.is_not(None), sa.false()),
                            else_=sa.or_(made_by_us(), new.created_here),
                        ),
                        "partition": new.partition,
                        "attempts": ledger.c.attempts + 1,
                        "first_error": None,
                        "last_error": None,
                        "error_code": None,
                        "held_until": None,
                        "in_doubt": False,
                        "same_as": new.same_as,
                        "run_id": new.run_id,
                        "confirmed_at": new.confirmed_at,
                        "updated_at": new.updated_at,
                    },
                ),
                [self._writer.confirmed(o, now) for o in done],
            )
        if failed:
            statement = insert(ledger)
            new = statement.excluded
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=list(ledger.primary_key),
                    set_={
                        "state": new.state,
                        "partition": new.partition,
                        "attempts": ledger.c.attempts + 1,
                        "first_error": sa.func.coalesce(ledger.c.first_error, new.first_error),
                        "last_error": new.last_error,
                        "error_code": new.error_code,
                        "held_until": new.held_until,
                        "in_doubt": sa.or_(ledger.c.in_doubt, new.in_doubt),
                        "run_id": new.run_id,
                        "updated_at": new.updated_at,
                        **left_of_the_dead(),
                    },
                    # What Omie confirmed to another run meanwhile, in this very form, is not undone
                    # by a late answer.
                    where=sa.not_(
                        sa.and_(
                            ledger.c.state == "confirmed",
                            ledger.c.payload_hash == sa.bindparam("refused_hash"),
                            self._confirmed_meanwhile(connection),
                        )
                    ),
                ),
                [
                    {**self._writer.failed(o, now), "refused_hash": o.row.payload_hash}
                    for o in failed
                ],
            )

    def _confirmed_meanwhile(self, connection: sa.Connection) -> sa.ColumnElement[bool]:
        """Whether another run confirmed a row after this one began: what stood before, this run
        has planned knowingly (a record that is to be deleted again, a field to be emptied)."""
        mine = sa.select(run.c.started_at).where(run.c.run_id == self._run_id)
        began = connection.execute(mine).scalar_one_or_none()
        others = ledger.c.run_id.is_distinct_from(self._run_id)
        return others if began is None else sa.and_(others, ledger.c.confirmed_at >= began)

    def _write_rejected(
        self, connection: sa.Connection, outcomes: Sequence[RowOutcome], now: datetime
    ) -> None:
        passed = [o.row.codigo_integracao for o in outcomes if o.kind in SETTLED]
        if passed:
            connection.execute(
                sa.delete(rejected).where(
                    self._mine(rejected), rejected.c.codigo_integracao.in_(passed)
                )
            )
        refused = {o.row.codigo_integracao: o for o in outcomes if o.kind == "rejected"}
        if not refused:
            return
        # The list says what the ledger says, if that was confirmed meanwhile, too.
        stands = sa.select(ledger.c.codigo_integracao).where(
            self._mine(ledger),
            ledger.c.codigo_integracao == sa.func.any(list(refused)),
            ledger.c.state == "rejected",
        )
        codes: list[str] = list(connection.execute(stands).scalars())
        told = [refused[code] for code in codes]
        if not told:
            return
        statement = insert(rejected)
        kept = (
            "partition",
            "fault_text",
            "fault_code",
            "fix",
            "row_masked",
            "last_seen_at",
            "run_id",
            "payload_hash",
        )
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=list(rejected.primary_key),
                set_={
                    **{name: statement.excluded[name] for name in kept},
                    **_first_words(statement.excluded),
                },
            ),
            [self._writer.rejected(o, now) for o in told],
        )

    def _close_intents(
        self, connection: sa.Connection, outcomes: Sequence[RowOutcome], now: datetime
    ) -> None:
        closed = [
            {"code": o.row.codigo_integracao, "kind": "not_sent" if o.kind == "held" else o.kind}
            for o in outcomes
            if o.kind != "unknown" and o.called
        ]
        if closed:
            statement = (
                sa.update(intent)
                .where(
                    self._mine(intent),
                    intent.c.closed_at.is_(None),
                    intent.c.codigo_integracao == sa.bindparam("code"),
                )
                .values(closed_at=now, outcome=sa.bindparam("kind"), payload=sa.null())
            )
            connection.execute(statement, closed)

    def _write_plan_states(self, connection: sa.Connection, outcomes: Sequence[RowOutcome]) -> None:
        statement = (
            sa.update(plan)
            .where(plan.c.run_id == self._run_id, plan.c.number == sa.bindparam("row_number"))
            .values(
                state=sa.bindparam("outcome"),
                reasons=sa.bindparam("why", type_=plan.c.reasons.type),
            )
        )
        states = [
            {
                "row_number": o.row.number,
                "outcome": "held" if o.kind == "unknown" else o.kind,
                "why": [{"reason": o.error, "fix": o.fix, "rule": o.error_code or ""}]
                if o.error
                else None,
            }
            for o in outcomes
        ]
        connection.execute(statement, states)


def _still_filled(new: sa.ColumnElement[Any], left_out: Sequence[str]) -> sa.ColumnElement[Any]:
    """The fields that Omie holds with a value: those confirmed now, and of those that are not
    exported what was confirmed before, in a record that stands."""
    if not left_out:
        return new
    names = sa.cast(sa.literal(list(left_out), ARRAY(sa.Text)), ARRAY(sa.Text))
    name = sa.func.unnest(of_the_living(ledger.c.filled)).column_valued("filled_name")
    kept = sa.select(name).where(sa.func.split_part(name, ".", 1) == sa.any_(names))
    kept_names: sa.ColumnElement[Any] = sa.func.array(kept.scalar_subquery(), type_=ARRAY(sa.Text))
    return new.op("||")(kept_names)


def _first_words(new: sa.ColumnCollection[str, sa.ColumnElement[Any]]) -> dict[str, Any]:
    """What Omie said first of a payload stays beside what it says last; another payload is another
    story."""
    same = rejected.c.payload_hash.is_not_distinct_from(new.payload_hash)
    text = sa.func.coalesce(rejected.c.first_fault_text, rejected.c.fault_text)
    at = sa.func.coalesce(rejected.c.first_refused_at, rejected.c.first_seen_at)
    return {
        "first_fault_text": sa.case((same, text), else_=new.first_fault_text),
        "first_refused_at": sa.case((same, at), else_=new.first_refused_at),
    }


def of_the_living(column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """What the ledger knew of a record, ``NULL`` if the record was deleted: what fails to be
    made anew must not get the dead record's id back."""
    return sa.case((ledger.c.state != "deleted", column))


def left_of_the_dead() -> dict[str, sa.ColumnElement[Any]]:
    """What stays known of the record of a row that waits or was refused: nothing if it was
    deleted."""
    names = ("omie_id", "payload_hash", "same_as")
    left = {name: of_the_living(ledger.c[name]) for name in names}
    return {**left, "created_here": made_by_us()}


def made_by_us() -> sa.ColumnElement[bool]:
    """Whether the record that stands is one of ours: one that was deleted stands no more."""
    return sa.and_(ledger.c.state != "deleted", ledger.c.created_here)


# Intents: committed before a call leaves, so that nothing is ever sent unremembered.

_CLOCK_MARGIN = timedelta(seconds=30)


class Intents:
    """Open intents of one endpoint of one empresa; one transaction per method.

    Every method raises ``WarehouseError`` when the database refuses it.
    """

    def __init__(self, engine: sa.Engine, empresa: str, endpoint: str, run_id: str) -> None:
        self._engine = engine
        self._who = {"empresa": empresa, "endpoint": endpoint}
        self._run_id = run_id

    def still_open(self, now: datetime) -> list[OpenIntent]:
        """Intents that no outcome closed, with what the request memory says of their sending."""
        # An identical request of long before the intent says nothing about this one; within the
        # minute none can have left twice, and the clock of another server may differ. Another
        # empresa's says nothing either, but which scope is ours is not known here: at worst it
        # costs a read.
        let_through_at = (
            sa.select(sa.func.max(quota_request.c.at))
            .where(
                quota_request.c.fingerprint == intent.c.fingerprint,
                quota_request.c.at >= intent.c.created_at - _CLOCK_MARGIN,
            )
            .scalar_subquery()
        )
        query = (
            sa.select(intent, let_through_at.label("let_through_at"))
            .where(self._open())
            .order_by(intent.c.intent_id)
        )
        with warehouse_errors(), self._engine.connect() as connection:
            return [open_intent(row, now) for row in connection.execute(query)]

    def write(
        self, rows: Sequence[PlanRow], fingerprints: Sequence[str], now: datetime
    ) -> set[int]:
        """Commit that these rows are about to be sent.

        Returns:
            ``number`` of the rows that may be sent; a row with an open intent of another process is
            not among them.
        """
        if not rows:
            return set()
        values = [
            {
                **self._who,
                "run_id": self._run_id,
                "codigo_integracao": row.codigo_integracao,
                "partition": row.partition,
                "action": row.action,
                "payload_hash": row.payload_hash,
                "payload": intent_payload(row),
                "omie_id": row.omie_id,
                "fingerprint": fingerprint,
                "created_at": now,
                "filled": list(row.filled) or None,
            }
            for row, fingerprint in zip(rows, fingerprints, strict=True)
        ]
        statement = insert(intent).on_conflict_do_nothing().returning(intent.c.codigo_integracao)
        with warehouse_errors(), self._engine.begin() as connection:
            written: set[str] = set(connection.execute(statement, values).scalars())
        return {row.number for row in rows if row.codigo_integracao in written}

    def mark_read_back(self, codes: Sequence[str], sent_at: datetime, read_at: datetime) -> None:
        """Remember that open intents were read back, and when they may have left at the latest."""
        statement = (
            sa.update(intent)
            .where(self._open(), intent.c.codigo_integracao.in_(codes))
            .values(sent_at=sent_at, read_at=read_at)
        )
        with warehouse_errors(), self._engine.begin() as connection:
            connection.execute(statement)

    def close_as_not_sent(self, codes: Sequence[str], now: datetime) -> None:
        """Close intents whose call provably had no effect; their rows may be sent anew."""
        if not codes:
            return
        statement = (
            sa.update(intent)
            .where(self._open(), intent.c.codigo_integracao.in_(codes))
            .values(closed_at=now, outcome="not_sent", payload=sa.null())
        )
        with warehouse_errors(), self._engine.begin() as connection:
            connection.execute(statement)

    def _open(self) -> sa.ColumnElement[bool]:
        return sa.and_(
            intent.c.empresa == self._who["empresa"],
            intent.c.endpoint == self._who["endpoint"],
            intent.c.closed_at.is_(None),
        )
