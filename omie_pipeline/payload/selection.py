"""Which rows of a payload model a run looks at, and what names each of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from omie_pipeline.payload.payload import PARTITION_COLUMN, PayloadModel
from omie_pipeline.postgres.tables import ledger

Mode = Literal["upsert", "insert", "mirror"]

PARTIAL = "partial"

WAITS_FOR_A_PERSON = (
    "referencia",
    "GuardrailStopped",
    "AuthFailed",
    "ConfigurationError",
    "partial_success",
    "estorno",
    "sem_resposta",
    "aguarda_titulo",
    "baixado",
)
"""Why a row is held though trying it again alone does not help: a customer to fix, an approval, a
key, another endpoint whose turn comes first in the ordinary run. Nothing resumes these by itself.
"""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows of a payload model a run looks at.

    Attributes:
        date_from, date_to: business dates of facts, both inclusive, ``None`` = open.
        key: one integration code only.
        unfinished_only: only rows the ledger has as rejected or held (``retry``).
        held_only: only rows the ledger has as held: what resumes by itself, if sending a refused
            row again would only spend the error budget. What waits for a person stays.
        approved: also rows that a guardrail held.
        also: integration codes that are looked at whatever their date.
    """

    empresa: str
    date_from: date | None = None
    date_to: date | None = None
    key: str | None = None
    unfinished_only: bool = False
    held_only: bool = False
    approved: bool = False
    also: tuple[str, ...] = ()

    @property
    def states(self) -> tuple[str, ...]:
        """States of the ledger a row must have to be selected; empty for any."""
        if self.held_only:
            return ("held",)
        return ("rejected", "held") if self.unfinished_only else ()

    @property
    def span(self) -> str:
        """The dates it covers, so that row counts compare with those of the same dates only: a
        Sunday is no Monday. :data:`PARTIAL` for a retry or a single key."""
        if self.key is not None or self.states:
            return PARTIAL
        if self.date_from is None or self.date_to is None:
            return "all"
        return f"{self.date_from}..{self.date_to}"

    def unfinished(self) -> sa.ColumnElement[bool]:
        """Condition on the ledger: rejected or held rows that this selection may take."""
        state = ledger.c.state.in_(self.states or ("rejected", "held"))
        reason = sa.func.coalesce(ledger.c.error_code, "")
        if self.held_only:
            return sa.and_(state, reason.not_in(WAITS_FOR_A_PERSON))
        if self.unfinished_only and not self.approved:
            return sa.and_(state, reason != "GuardrailStopped")
        return state


def model_key(model: PayloadModel, p: sa.FromClause) -> sa.ColumnElement[str | None]:
    """Integration code of a row of the model, ``omie:<id>`` for a delete by Omie's id."""
    endpoint = model.endpoint
    if endpoint.section:
        section = sa.cast(p.c[endpoint.section], JSONB)
        return sa.func.nullif(section[endpoint.integration_key].astext, "")
    if not endpoint.deletes:
        return sa.func.nullif(sa.cast(p.c[endpoint.key_column], sa.Text), "")
    parts: list[sa.ColumnElement[Any]] = []
    if endpoint.integration_key in model.columns:
        parts.append(sa.func.nullif(sa.cast(p.c[endpoint.integration_key], sa.Text), ""))
    if endpoint.delete_omie_key in model.columns:
        parts.append(sa.literal("omie:") + sa.cast(p.c[endpoint.delete_omie_key], sa.Text))
    return sa.func.coalesce(*parts)


def model_particao(
    model: PayloadModel, p: sa.FromClause, selection: Selection
) -> sa.ColumnElement[str]:
    """Partition of a row of the model: its business date, or the empresa of a register."""
    if model.endpoint.grain == "register":
        return sa.literal(selection.empresa)
    return sa.func.coalesce(sa.func.to_char(p.c[PARTITION_COLUMN], "YYYY-MM-DD"), "sem-data")


def model_where(
    model: PayloadModel, p: sa.FromClause, selection: Selection, mode: Mode = "upsert"
) -> list[sa.ColumnElement[bool]]:
    """Conditions that pick a selection's rows of the model.

    Args:
        model: the payload model.
        p: the payload table.
        selection: empresa, dates and codes of the run.
        mode: the mode of the policy: upsert, insert or mirror.
    """
    conditions: list[sa.ColumnElement[bool]] = [p.c.empresa == selection.empresa]
    dates: list[sa.ColumnElement[bool]] = []
    if model.endpoint.grain == "fact" and selection.date_from is not None:
        dates.append(p.c[PARTITION_COLUMN] >= selection.date_from)
    if model.endpoint.grain == "fact" and selection.date_to is not None:
        dates.append(p.c[PARTITION_COLUMN] <= selection.date_to)
    if dates and selection.also:
        dates = [sa.or_(sa.and_(*dates), model_key(model, p).in_(selection.also))]
    conditions += dates
    if selection.key is not None:
        conditions.append(model_key(model, p) == selection.key)
    if selection.states:
        unfinished = sa.select(ledger.c.codigo_integracao).where(
            ledger.c.empresa == selection.empresa,
            ledger.c.endpoint == model.endpoint.name,
            selection.unfinished(),
        )
        if mode == "insert":
            unfinished = unfinished.where(ledger.c.payload_hash.is_(None))
        conditions.append(model_key(model, p).in_(unfinished))
    return conditions
