"""Rows of a payload model as the ledger knows them: key, partition, payload and its hash.

Hashes are taken of the payload as PostgreSQL's canonical ``jsonb`` text, so that the order of
columns does not matter and a column that is NULL everywhere changes nothing.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.sql.selectable import NamedFromClause

from omie_pipeline.payload.payload import UNREAD_COLUMN, PayloadModel
from omie_pipeline.payload.selection import Mode, Selection, model_key, model_particao, model_where


def payload_of(model: PayloadModel, p: NamedFromClause) -> sa.ColumnElement[Any]:
    """What a row of the model would send, as ``jsonb``: its fields of Omie that are not NULL."""
    row = sa.func.to_jsonb(p.table_valued())
    unsent = sa.cast(sa.literal(list(model.unsent), ARRAY(sa.Text)), ARRAY(sa.Text))
    return sa.func.jsonb_strip_nulls(row.op("-")(unsent), type_=JSONB)


def _with_unread(
    model: PayloadModel, p: NamedFromClause, payload: sa.ColumnElement[Any]
) -> sa.ColumnElement[Any]:
    """The payload, and beside it what could not be read: a discount that turns into "abc" changes
    nothing that is sent, and still has to be refused. A row that could be read hashes as ever."""
    if UNREAD_COLUMN not in model.columns:
        return payload
    unread = sa.func.jsonb_build_object(sa.literal(UNREAD_COLUMN, sa.Text), p.c[UNREAD_COLUMN])
    return sa.case((p.c[UNREAD_COLUMN].is_(None), payload), else_=payload.op("||")(unread))


def payload_hash(
    payload: sa.ColumnElement[Any], once: tuple[str, ...] = ()
) -> sa.ColumnElement[str]:
    """SHA-256, in hex, of a payload's canonical text, without the fields that are no change."""
    if once:
        fields = sa.cast(sa.literal(list(once), ARRAY(sa.Text)), ARRAY(sa.Text))
        payload = payload.op("-")(fields)
    text = sa.func.convert_to(sa.cast(payload, sa.Text), "UTF8")
    return sa.func.encode(sa.func.sha256(text), "hex")


def payload_source(model: PayloadModel, selection: Selection) -> sa.Subquery:
    """Every row of the empresa in the model, whatever its date, as key, partition, payload, extra
    and hash."""
    return source_rows(model, Selection(selection.empresa), "upsert")


def source_rows(model: PayloadModel, selection: Selection, mode: Mode) -> sa.Subquery:
    """Rows of the model as key, partition, payload, extra and hash."""
    p = model.table()
    payload = payload_of(model, p)
    extra = (
        sa.func.jsonb_build_object(
            *(part for name in model.extra for part in (sa.literal(name, sa.Text), p.c[name]))
        )
        if model.extra
        else sa.literal({}, JSONB)
    )
    return (
        sa.select(
            model_key(model, p).label("codigo_integracao"),
            model_particao(model, p, selection).label("particao"),
            payload.label("payload"),
            extra.label("extra"),
            payload_hash(_with_unread(model, p, payload), model.endpoint.once).label(
                "payload_hash"
            ),
        )
        .where(*model_where(model, p, selection, mode))
        .subquery("q")
    )
