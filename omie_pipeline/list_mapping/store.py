"""Mappings in the warehouse: what is in force, every decision that was taken, what was refused.

The account of a payment method has its home in ``payment_account``, which the defaults write as
well; everything else in ``mapping``. Decisions about both stand in one history.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal, cast

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.list_mapping.model import (
    MappedCode,
    Origin,
    Rejected,
    SourceKey,
    SourceKind,
    Suggestion,
)
from omie_pipeline.postgres.tables import (
    mapping,
    mapping_history,
    mapping_rejection,
    payment_account,
)

Action = Literal["set", "unset", "accept", "reject", "pattern", "unpattern"]
_KEY: Final = ("empresa", "kind", "source", "target")


@dataclass(frozen=True, slots=True)
class Author:
    """Who decides, when, and how it came about."""

    name: str
    at: datetime
    origin: Origin = "person"


@dataclass(frozen=True, slots=True)
class Change:
    """What one decision did.

    Attributes:
        before: what was in force until then; ``None`` if nothing was.
        after: what is in force now; ``None`` if nothing is.
    """

    key: SourceKey
    before: MappedCode | None
    after: MappedCode | None

    @property
    def changed(self) -> bool:
        """Whether another code is in force than before."""
        return (self.before.code if self.before else None) != (
            self.after.code if self.after else None
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """One line of the history.

    Attributes:
        code_after: what was in force then; of ``reject`` the refused code.
        evidence: of a suggestion: the sentence that was shown.
    """

    number: int
    key: SourceKey
    action: Action
    code_before: str | None
    code_after: str | None
    origin: Origin
    decided_by: str
    decided_at: datetime
    evidence: str | None = None
    confidence: Decimal | None = None


def deciding(connection: sa.Connection) -> None:
    """One decision at a time looks at what is in force and changes it, until the transaction ends.

    Readers, a build among them, do not wait for it.
    """
    connection.execute(
        sa.text(
            "LOCK TABLE omie_sync.mapping, omie_sync.payment_account IN SHARE ROW EXCLUSIVE MODE"
        )
    )


def in_force(
    connection: sa.Connection, empresas: Collection[str] | None = None
) -> list[MappedCode]:
    """Every mapping, in a fixed order.

    Args:
        connection: to the warehouse.
        empresas: only of these; ``None``: of all.
    """
    accounts = sa.select(
        payment_account.c.empresa,
        sa.literal("payment_method").label("kind"),
        payment_account.c.payment_method.label("source"),
        sa.literal("account").label("target"),
        sa.cast(payment_account.c.account, sa.Text).label("code"),
        sa.func.coalesce(payment_account.c.origin, "default").label("origin"),
        sa.func.coalesce(payment_account.c.decided_by, "").label("decided_by"),
        payment_account.c.decided_at,
    )
    rows = sa.union_all(sa.select(mapping), accounts).subquery()
    query = sa.select(rows).order_by(
        rows.c.empresa, rows.c.kind, rows.c.target, sa.collate(rows.c.source, "C")
    )
    if empresas is not None:
        query = query.where(rows.c.empresa.in_(list(empresas)))
    return [
        MappedCode(
            SourceKey(row.empresa, row.kind, row.source, row.target),
            row.code,
            row.origin,
            row.decided_by,
            row.decided_at,
        )
        for row in connection.execute(query)
    ]


def put(
    connection: sa.Connection,
    codes: Sequence[tuple[SourceKey, str]],
    author: Author,
    suggested: Suggestion | None = None,
) -> list[Change]:
    """Put codes in force; what says the same already keeps who said it first.

    Args:
        connection: in a transaction that called :func:`deciding`.
        codes: by key, the code.
        author: who decides.
        suggested: the suggestion that is accepted; for the history.

    Returns:
        One change for each, with what was in force before.
    """
    known = {one.key: one for one in in_force(connection)}
    changes = []
    for key, code in codes:
        before = known.get(key)
        if before is not None and before.code == code:
            changes.append(Change(key, before, before))
            continue
        after = MappedCode(key, code, author.origin, author.name, author.at)
        _write(connection, after)
        _forget_rejection(connection, key, code)
        action: Action = "accept" if suggested else "set"
        remember(connection, key, action, before, code, author, suggested)
        changes.append(Change(key, before, after))
    return changes


def remove(connection: sa.Connection, keys: Iterable[SourceKey], author: Author) -> list[Change]:
    """Take mappings out of force; a key that has none changes nothing."""
    known = {one.key: one for one in in_force(connection)}
    changes = []
    for key in keys:
        before = known.get(key)
        if before is not None:
            connection.execute(_deletion(key))
            remember(connection, key, "unset", before, None, author)
        changes.append(Change(key, before, None))
    return changes


def reject(
    connection: sa.Connection, key: SourceKey, code: str, author: Author, shown: Suggestion | None
) -> bool:
    """Remember that ``code`` is not the one for ``key``; false if that was known.

    Args:
        connection: in a transaction that called :func:`deciding`.
        key: what the suggestion was about.
        code: the suggested code.
        author: who refuses.
        shown: the suggestion as it was shown; for the history.
    """
    values = {**_values(key), "code": code, "rejected_by": author.name, "rejected_at": author.at}
    # SQLAlchemy counts no rows of an INSERT: what came about is asked for.
    new = connection.execute(
        insert(mapping_rejection)
        .values(values)
        .on_conflict_do_nothing()
        .returning(mapping_rejection.c.code)
    ).first()
    if new is not None:
        remember(connection, key, "reject", None, code, author, shown)
    return new is not None


def rejections(connection: sa.Connection) -> list[Rejected]:
    """Every suggestion that a person refused."""
    columns = mapping_rejection.c
    rows = connection.execute(
        sa.select(mapping_rejection).order_by(*(columns[name] for name in _KEY), columns.code)
    )
    return [
        Rejected(SourceKey(row.empresa, row.kind, row.source, row.target), row.code) for row in rows
    ]


def decisions(
    connection: sa.Connection,
    kind: SourceKind | None = None,
    source: str | None = None,
    empresas: Collection[str] | None = None,
    limit: int | None = None,
) -> list[Decision]:
    """The history, newest first.

    Args:
        connection: to the warehouse.
        kind: only of this kind.
        source: only of this value.
        empresas: only of these.
        limit: at most so many.
    """
    columns = mapping_history.c
    query = sa.select(mapping_history).order_by(columns.change_id.desc()).limit(limit)
    if kind is not None:
        query = query.where(columns.kind == kind)
    if source is not None:
        query = query.where(columns.source == source)
    if empresas is not None:
        query = query.where(columns.empresa.in_(list(empresas)))
    return [
        Decision(
            row.change_id,
            SourceKey(row.empresa, row.kind, row.source, row.target),
            row.action,
            row.code_before,
            row.code_after,
            row.origin,
            row.decided_by,
            row.decided_at,
            row.evidence,
            row.confidence,
        )
        for row in connection.execute(query)
    ]


def _is_account(key: SourceKey) -> bool:
    return key.kind == "payment_method" and key.target == "account"


def _write(connection: sa.Connection, one: MappedCode) -> None:
    said = {"origin": one.origin, "decided_by": one.decided_by, "decided_at": one.decided_at}
    if _is_account(one.key):
        table = payment_account
        values = {
            "empresa": one.key.empresa,
            "payment_method": one.key.source,
            "account": int(one.code),
            **said,
        }
    else:
        table = mapping
        values = {**_values(one.key), "code": one.code, **said}
    keys = [column.name for column in table.primary_key]
    changed = {name: value for name, value in values.items() if name not in keys}
    connection.execute(
        insert(table).values(values).on_conflict_do_update(index_elements=keys, set_=changed)
    )


def _deletion(key: SourceKey) -> sa.Delete:
    if _is_account(key):
        return sa.delete(payment_account).where(
            payment_account.c.empresa == key.empresa,
            payment_account.c.payment_method == key.source,
        )
    return sa.delete(mapping).where(
        *(mapping.c[name] == value for name, value in _values(key).items())
    )


def _forget_rejection(connection: sa.Connection, key: SourceKey, code: str) -> None:
    columns = mapping_rejection.c
    connection.execute(
        sa.delete(mapping_rejection).where(
            *(columns[name] == value for name, value in _values(key).items()), columns.code == code
        )
    )


def _values(key: SourceKey) -> dict[str, str]:
    return {name: cast("str", getattr(key, name)) for name in _KEY}


def remember(
    connection: sa.Connection,
    key: SourceKey,
    action: Action,
    before: MappedCode | None,
    after: str | None,
    author: Author,
    suggested: Suggestion | None = None,
) -> None:
    """One line of the history, in the transaction of what it tells of.

    Args:
        connection: the caller ends its transaction.
        key: the value of the clinic's that is meant.
        action: what was done.
        before: what stood until then.
        after: the code that stands now; ``None`` if there is none.
        author: who decided, and when.
        suggested: the suggestion that was accepted or rejected.
    """
    connection.execute(
        sa.insert(mapping_history).values(
            **_values(key),
            action=action,
            code_before=before.code if before else None,
            code_after=after,
            origin=author.origin,
            decided_by=author.name,
            decided_at=author.at,
            evidence=suggested.evidence if suggested else None,
            confidence=round(Decimal(str(suggested.confidence)), 3) if suggested else None,
        )
    )
