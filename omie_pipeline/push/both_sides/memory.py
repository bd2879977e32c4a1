"""What is remembered of both sides: the base of each record, and the fields that somebody decided.

It is personal data: :mod:`omie_pipeline.privacy` exports and erases it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert

from omie_pipeline.catalog import Endpoint
from omie_pipeline.catalog.lists import MIRROR, MirrorTable
from omie_pipeline.catalog.model import BY_API
from omie_pipeline.clock import CLOCKS_APART
from omie_pipeline.payload import PayloadModel, PlanRow, Selection, payload_source
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.omie_tables import import_cursor, mirror_table
from omie_pipeline.postgres.tables import base, conflict, events, ledger, look, plan, quarantine
from omie_pipeline.push.both_sides.compare import Base, Decision, OmieSide
from omie_pipeline.push.conflicts import CONFLICT

Told = Mapping[str, Any]
"""What is known of a field on which the sides differ, by the names of the table's columns."""

_TOLD = ("policy", "clinic_old", "clinic_new", "omie_old", "omie_new", "omie_changed_at",
         "omie_changed_by")  # fmt: skip

SETTLES = timedelta(seconds=61)
"""So long a list, and a read, may show what stood there before a write."""

_TEXTS = ARRAY(sa.Text)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is known of one record.

    Attributes:
        confirmed_at: when Omie last confirmed it.
        settled: nothing of it waits or was refused since.
        base: both sides then, markers in the place of ids; ``None`` if it is not known.
        decisions: of persons, by field, the newest.
    """

    confirmed_at: datetime
    settled: bool
    base: Base | None
    decisions: Mapping[str, Decision] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """What is to be remembered of a record that Omie confirmed.

    Attributes:
        clinic: the clinic's whole payload.
        left_out: fields that were not sent -> by whom that was decided.
        seen: Omie's values of these.
        sent: off where nothing had to be sent: what was seen before is still so.
        compared: when Omie's side was asked for, and its last change by then; ``None`` if nothing
            was compared.
    """

    code: str
    clinic: Mapping[str, Any]
    left_out: Mapping[str, str]
    seen: Mapping[str, Any]
    sent: bool
    compared: Mapping[str, Any] | None = None


def mirror_of(endpoint: Endpoint) -> MirrorTable | None:
    """The list of Omie that shows the records of an endpoint; ``None`` if none is read."""
    mirror = MIRROR.get(endpoint.name)
    return mirror if mirror is not None and mirror.integration_code else None


def remembered(
    connection: sa.Connection, empresa: str, endpoint: str, codes: Collection[str]
) -> dict[str, Remembered]:
    """What is known of records that Omie holds, by their code.

    Args:
        connection: a connection to the warehouse.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        codes: integration codes.
    """
    wanted = sa.cast(sa.literal(sorted(codes), _TEXTS), _TEXTS)
    b, c = base.c, ledger.c
    query = (
        sa.select(
            c.codigo_integracao,
            c.confirmed_at,
            sa.and_(c.state == "confirmed", ~c.in_doubt).label("settled"),
            b.clinic,
            b.left_out,
            b.seen,
            b.seen_at,
        )
        .select_from(ledger.outerjoin(base, _same_record()))
        .where(
            c.empresa == empresa,
            c.endpoint == endpoint,
            c.codigo_integracao == sa.any_(wanted),
            c.confirmed_at.is_not(None),
            c.state != "deleted",
        )
    )
    decided = _decided(connection, empresa, endpoint, wanted)
    found = {}
    for row in connection.execute(query):
        known = None
        if row.clinic is not None:
            known = Base(row.clinic, row.left_out, row.seen or {}, row.seen_at is not None)
        found[row.codigo_integracao] = Remembered(
            row.confirmed_at, row.settled, known, decided.get(row.codigo_integracao, {})
        )
    return found


def _same_record() -> sa.ColumnElement[bool]:
    """A base is of what the ledger has as confirmed, or out of date."""
    b, c = base.c, ledger.c
    return sa.and_(
        b.empresa == c.empresa,
        b.endpoint == c.endpoint,
        b.codigo_integracao == c.codigo_integracao,
        b.confirmed_at == c.confirmed_at,
    )


def _decided(
    connection: sa.Connection, empresa: str, endpoint: str, wanted: sa.ColumnElement[Any]
) -> dict[str, dict[str, Decision]]:
    c = conflict.c
    query = (
        sa.select(c.codigo_integracao, c.field, c.state, c.clinic_new, c.omie_new)
        .where(
            c.empresa == empresa,
            c.endpoint == endpoint,
            c.codigo_integracao == sa.any_(wanted),
            c.state.in_(("kept_clinica", "kept_omie")),
            c.decided_by.is_not(None),
        )
        .order_by(c.conflict_id)
    )
    found: dict[str, dict[str, Decision]] = {}
    for row in connection.execute(query):
        one = Decision(row.state == "kept_omie", row.clinic_new, row.omie_new)
        found.setdefault(row.codigo_integracao, {})[row.field] = one
    return found


def good_until(mirror: MirrorTable, empresa: str) -> sa.ColumnElement[datetime]:
    """Until when a record of the copy of Omie is known to be as it stands there: it was read, or a
    reading of the changes did not show it."""
    cursor = import_cursor.c
    until = (
        sa.select(cursor.read_until)
        .where(cursor.empresa == empresa, cursor.table_name == mirror.name)
        .scalar_subquery()
    )
    return sa.func.greatest(mirror_table(mirror).c.lido_em, until)


def sides_in_mirror(
    connection: sa.Connection,
    mirror: MirrorTable,
    empresa: str,
    confirmed: Mapping[int, datetime],
    since: datetime,
) -> dict[int, OmieSide]:
    """Records that the copy of Omie shows as they are: read after Omie's confirmation had settled,
    and no change since ``since`` is unread.

    Args:
        connection: a connection to the warehouse.
        mirror: the list.
        empresa: the empresa whose rows are meant.
        confirmed: Omie's id -> when Omie last confirmed the record.
        since: how old a reading may be.
    """
    t = mirror_table(mirror)
    key = t.c[mirror.key[0]]
    e = events.c
    changed_since = sa.exists().where(
        e.empresa == empresa,
        # A list may show what stood there a minute before.
        e.received_at > t.c.lido_em - SETTLES,
        e.records[mirror.name].has_key(sa.cast(key, sa.Text)),
    )
    query = sa.select(
        key.label("id"),
        t.c.raw,
        t.c.alterado_em,
        t.c.alterado_por,
        t.c.lido_em,
        good_until(mirror, empresa).label("good_until"),
    ).where(
        t.c.empresa == empresa,
        key == sa.any_(sa.cast(sorted(confirmed), ARRAY(sa.BigInteger))),
        t.c.excluido_em.is_(None),
        # Omie said that somebody changed it, and nobody has read it since.
        ~changed_since,
    )
    return {
        row.id: OmieSide(row.raw, row.alterado_em, row.alterado_por or "", row.lido_em)
        for row in connection.execute(query)
        if row.good_until >= since and row.lido_em >= confirmed[row.id] + SETTLES
    }


def told_of(
    connection: sa.Connection, empresa: str, endpoint: str, omie_id: int
) -> datetime | None:
    """When Omie last told of a change of a record; ``None`` if it did not.

    Args:
        connection: a connection to the warehouse.
        empresa: the empresa whose record is meant.
        endpoint: name of the endpoint.
        omie_id: Omie's id of the record.
    """
    e = events.c
    query = sa.select(sa.func.max(e.received_at)).where(
        e.empresa == empresa, e.records[endpoint].has_key(str(omie_id))
    )
    return connection.execute(query).scalar()


def remember(
    connection: sa.Connection,
    empresa: str,
    endpoint: str,
    written: Sequence[Written],
    now: datetime,
) -> None:
    """Keep both sides of records that the ledger has as confirmed in this transaction.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        written: what is to be remembered.
        now: time of the change.
    """
    if not written:
        return
    found = sa.select(ledger.c.codigo_integracao, ledger.c.confirmed_at).where(
        ledger.c.empresa == empresa,
        ledger.c.endpoint == endpoint,
        ledger.c.codigo_integracao == sa.func.any([one.code for one in written]),
    )
    confirmed: dict[str, datetime] = {row[0]: row[1] for row in connection.execute(found)}
    looks = {one.code: one.compared for one in written if one.sent and one.compared}
    _remember_looks(connection, empresa, endpoint, looks, confirmed)
    statement = insert(base)
    new = statement.excluded
    for sent in (True, False):
        values = [
            {
                "empresa": empresa,
                "endpoint": endpoint,
                "codigo_integracao": one.code,
                "clinic": one.clinic,
                "left_out": one.left_out,
                "seen": one.seen or None,
                "seen_at": None,
                "confirmed_at": confirmed.get(one.code) or now,
            }
            for one in written
            if one.sent is sent
        ]
        if not values:
            continue
        changes: dict[str, Any] = {
            name: new[name] for name in ("clinic", "left_out", "confirmed_at")
        }
        empty = sa.cast(sa.literal({}, JSONB), JSONB)
        old: sa.ColumnElement[Any] = sa.func.coalesce(base.c.seen, empty)
        if sent:
            # Of what the clinic has ceased to speak of stays what stood there when it last did.
            changes["seen_at"] = None
            names = sa.select(sa.func.jsonb_object_keys(sa.literal_column("excluded.clinic")))
            spoken_of = sa.func.array(names.scalar_subquery(), type_=_TEXTS)
            before = sa.cast(base.c.clinic.op("||")(old), JSONB)
            old = before.op("-", return_type=JSONB())(spoken_of)
        # Nothing left: what was seen stands, and of what is left out now this was seen.
        changes["seen"] = old.op("||")(sa.func.coalesce(new.seen, empty))
        connection.execute(
            statement.on_conflict_do_update(index_elements=list(base.primary_key), set_=changes),
            values,
        )


def _remember_looks(
    connection: sa.Connection,
    empresa: str,
    endpoint: str,
    looks: Mapping[str, Mapping[str, Any]],
    confirmed: Mapping[str, datetime],
) -> None:
    """Keep between when and when nobody saw what was typed into records that we changed.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        looks: code -> when its record was asked for, and its last change by then.
        confirmed: code -> when Omie confirmed our change.
    """
    values = [
        {
            "empresa": empresa,
            "endpoint": endpoint,
            "codigo_integracao": code,
            "compared_at": one["at"],
            "confirmed_at": confirmed[code],
            "changed_by": one.get("changed_by"),
            "changed_at": one.get("changed_at"),
        }
        for code, one in looks.items()
        if code in confirmed
    ]
    if values:
        connection.execute(insert(look).on_conflict_do_nothing(), values)


def forget(
    connection: sa.Connection, empresa: str, endpoint: str, codes: Sequence[str], now: datetime
) -> None:
    """Records that Omie does not hold any more have no sides.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        codes: integration codes.
        now: time of the change.
    """
    if not codes:
        return
    for table in (base, conflict):
        mine = sa.and_(
            table.c.empresa == empresa,
            table.c.endpoint == endpoint,
            table.c.codigo_integracao == sa.func.any(list(codes)),
        )
        if table is base:
            connection.execute(sa.delete(base).where(mine))
        else:
            _end(connection, sa.and_(mine, conflict.c.state == "open"), now)


def note(
    connection: sa.Connection,
    empresa: str,
    endpoint: str,
    told: Iterable[tuple[str, str, Told]],
    state: str,
    run_id: str,
    now: datetime,
) -> None:
    """Write what became of fields: an open one is renewed, what is decided is added.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        told: code, field, and the values of the table's columns.
        state: of the table's column.
        run_id: id of the run.
        now: time of the comparison.
    """
    rows = [
        {
            "empresa": empresa,
            "endpoint": endpoint,
            "codigo_integracao": code,
            "field": field,
            **{column: values.get(column) for column in _TOLD},
            "state": state,
            "decided_at": None if state == "open" else now,
            "seen_at": now,
            "run_id": run_id,
        }
        for code, field, values in told
    ]
    if not rows:
        return
    statement = insert(conflict)
    new = statement.excluded
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["empresa", "endpoint", "codigo_integracao", "field"],
            index_where=conflict.c.state == "open",
            set_={name: new[name] for name in (*_TOLD, "run_id")},
        ),
        rows,
    )


def close_passed(
    connection: sa.Connection,
    empresa: str,
    endpoint: str,
    codes: Collection[str],
    asked: Collection[tuple[str, str]],
    now: datetime,
) -> None:
    """End open conflicts of compared records on which the sides agree by now.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        codes: the records that were compared.
        asked: code and field of those that stay open.
        now: time of the comparison.
    """
    c = conflict.c
    mine = sa.and_(
        c.empresa == empresa,
        c.endpoint == endpoint,
        c.state == "open",
        c.codigo_integracao == sa.func.any(sorted(codes)),
    )
    if asked:
        mine = sa.and_(mine, sa.tuple_(c.codigo_integracao, c.field).not_in(sorted(asked)))
    _end(connection, mine, now)


def close_left(engine: sa.Engine, empresa: str, endpoint: str, now: datetime) -> None:
    """End open conflicts of rows that no quarantine names any more: the clinic took its change
    back, or has the row no more.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        now: time of the change.
    """
    c, q = conflict.c, quarantine.c
    waits = sa.exists().where(
        q.empresa == empresa,
        q.endpoint == endpoint,
        q.codigo_integracao == c.codigo_integracao,
        q.reasons.contains([{"rule": CONFLICT}]),
    )
    mine = sa.and_(c.empresa == empresa, c.endpoint == endpoint, c.state == "open", ~waits)
    with warehouse_errors(), engine.begin() as connection:
        _end(connection, mine, now)


def _end(connection: sa.Connection, mine: sa.ColumnElement[bool], now: datetime) -> None:
    connection.execute(sa.update(conflict).where(mine).values(state="gone", decided_at=now))


def tell_beside(
    engine: sa.Engine,
    run_id: str,
    empresa: str,
    endpoint: str,
    reasons: Mapping[str, Sequence[Mapping[str, str]]],
) -> None:
    """Add reasons to rows that this run quarantined for others.

    Args:
        engine: the warehouse.
        run_id: id of the run.
        empresa: the empresa whose rows are meant.
        endpoint: name of the endpoint.
        reasons: code -> reasons.
    """
    q = quarantine.c
    statement = (
        sa.update(quarantine)
        .values(reasons=q.reasons.op("||")(sa.bindparam("more", type_=JSONB)))
        .where(
            q.run_id == run_id,
            q.empresa == empresa,
            q.endpoint == endpoint,
            q.codigo_integracao == sa.bindparam("code"),
        )
    )
    values = [{"code": code, "more": list(found)} for code, found in reasons.items()]
    with warehouse_errors(), engine.begin() as connection:
        connection.execute(statement, values)


def write_compared(engine: sa.Engine, run_id: str, rows: Sequence[PlanRow]) -> None:
    """Let the plan have rows as they would leave by now: without what Omie's side keeps."""
    if not rows:
        return
    statement = (
        sa.update(plan)
        .where(plan.c.run_id == run_id, plan.c.number == sa.bindparam("row_number"))
        .values(
            payload=sa.bindparam("sent", type_=JSONB),
            extra=sa.bindparam("beside", type_=JSONB),
            filled=sa.bindparam("full", type_=_TEXTS),
        )
    )
    values = [
        {
            "row_number": row.number,
            "sent": row.payload,
            "beside": row.extra,
            "full": list(row.filled),
        }
        for row in rows
    ]
    with warehouse_errors(), engine.begin() as connection:
        connection.execute(statement, values)


# Bases of records that were delivered before anybody asked who wins.


def learn(engine: sa.Engine, run_id: str, model: PayloadModel, empresa: str) -> None:
    """Learn the clinic's side from the model's rows that are still as they were confirmed, and
    Omie's from the copy where nobody else changed the record since. Nothing to do from the second
    time on.

    Args:
        engine: the warehouse.
        run_id: id of the run, whose plan has the rows that changed.
        model: the payload model.
        empresa: the empresa whose rows are meant.
    """
    endpoint = model.endpoint
    planned = sa.exists().where(
        plan.c.run_id == run_id, plan.c.codigo_integracao == ledger.c.codigo_integracao
    )
    unknown = (
        ledger.c.empresa == empresa,
        ledger.c.endpoint == endpoint.name,
        ledger.c.state == "confirmed",
        ledger.c.payload_hash.is_not(None),
        ledger.c.confirmed_at.is_not(None),
        ~sa.exists().where(_same_record()),
        ~planned,
    )
    with warehouse_errors(), engine.begin() as connection:
        if connection.execute(sa.select(sa.exists().where(*unknown))).scalar():
            source = payload_source(model, Selection(empresa))
            rows = (
                sa.select(
                    ledger.c.empresa,
                    ledger.c.endpoint,
                    ledger.c.codigo_integracao,
                    source.c.payload,
                    ledger.c.confirmed_at,
                )
                .select_from(
                    ledger.join(
                        source,
                        sa.and_(
                            ledger.c.codigo_integracao == source.c.codigo_integracao,
                            ledger.c.payload_hash == source.c.payload_hash,
                        ),
                    )
                )
                .where(*unknown)
                .distinct(ledger.c.codigo_integracao)
            )
            names = ["empresa", "endpoint", "codigo_integracao", "clinic", "confirmed_at"]
            statement = insert(base).from_select(names, rows)
            new = statement.excluded
            fresh: dict[str, Any] = {"clinic": new.clinic, "confirmed_at": new.confirmed_at}
            fresh |= {"left_out": sa.cast(sa.literal({}, JSONB), JSONB), "seen": None,
                      "seen_at": None}  # fmt: skip
            connection.execute(
                statement.on_conflict_do_update(index_elements=list(base.primary_key), set_=fresh)
            )
    note_seen(engine, empresa, endpoint)


def note_seen(engine: sa.Engine, empresa: str, endpoint: Endpoint) -> int:
    """Keep what Omie made of records that were confirmed, as the copy of Omie first shows them;
    of how many.

    Only where nobody else changed the record since: else a person's value would pass for ours.
    """
    mirror = mirror_of(endpoint)
    if mirror is None:
        return 0
    t, b = mirror_table(mirror), base.c
    empty = sa.cast(sa.literal({}, JSONB), JSONB)
    pairs = sa.func.jsonb_each(t.c.raw).table_valued("key", "value").alias("pair")
    shown = (
        sa.select(
            sa.func.coalesce(
                sa.func.jsonb_object_agg(pairs.c.key, pairs.c.value),
                empty,
            )
        )
        .select_from(pairs)
        .where(b.clinic.has_key(pairs.c.key))
        .scalar_subquery()
    )
    # What the clinic has ceased to speak of stays as it was when it last did.
    before = sa.func.jsonb_each(b.seen).table_valued("key", "value").alias("before")
    kept = (
        sa.select(sa.func.coalesce(sa.func.jsonb_object_agg(before.c.key, before.c.value), empty))
        .select_from(before)
        .where(~b.clinic.has_key(before.c.key))
        .scalar_subquery()
    )
    statement = (
        sa.update(base)
        .values(
            seen=sa.cast(kept, JSONB).op("||")(sa.cast(shown, JSONB)),
            seen_at=t.c.lido_em,
        )
        .where(
            b.empresa == empresa,
            b.endpoint == endpoint.name,
            b.seen_at.is_(None),
            _same_record(),
            t.c.empresa == empresa,
            t.c[mirror.key[0]] == ledger.c.omie_id,
            t.c.excluido_em.is_(None),
            t.c.lido_em >= b.confirmed_at + SETTLES,
            t.c.alterado_por == BY_API,
            sa.or_(t.c.alterado_em.is_(None), t.c.alterado_em <= b.confirmed_at + CLOCKS_APART),
        )
    )
    with warehouse_errors(), engine.begin() as connection:
        return connection.execute(statement).rowcount
