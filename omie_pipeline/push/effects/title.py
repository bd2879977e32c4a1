"""Títulos: records under our code that Omie closes as soon as they are settled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from omie_pipeline.catalog.model import Proof
from omie_pipeline.catalog.relations import SETTLEMENTS
from omie_pipeline.omie import wire
from omie_pipeline.payload.rows import PlanRow
from omie_pipeline.push.conflicts import (
    titulo_adotado_sumiu,
    titulo_baixado_no_omie,
    titulo_cancelado,
    titulo_parecido_mudou,
)
from omie_pipeline.push.effects.record import (
    CANNOT_READ,
    NOT_THERE,
    ExistingRecord,
    ReadBack,
    RecordEffect,
    Request,
)

# What ``PesquisarLancamentos`` shows of a título: its settlements and what is left to pay.

CANCELLED = "CANCELADO"
_KEYS = ("cCodIntTitulo", "nCodTitulo")


@dataclass(frozen=True, slots=True)
class Entry:
    """A settlement of a título.

    Attributes:
        code: integration code, ``""`` if it was made by hand or by the bank.
        day: ``None`` if Omie leaves it out or writes no date.
        value: in R$; ``None`` if Omie leaves it out.
        extras: interest and fine in R$, which the account received on top.
        discount: in R$, which the título no longer owes.
    """

    code: str
    omie_id: Any
    day: date | None
    value: Decimal | None
    extras: Decimal
    discount: Decimal


@dataclass(frozen=True, slots=True)
class Title:
    """A título as Omie shows it.

    Attributes:
        left: R$ still open; ``None`` if the answer does not say.
        status: Omie's word, such as ``CANCELADO``.
    """

    entries: tuple[Entry, ...]
    left: Decimal | None
    status: str


def asked(question: Mapping[str, Any]) -> tuple[str, str]:
    """Field and value by which a question names its título."""
    name = next(name for name in _KEYS if name in question)
    return name, str(question[name])


def titles_in(answer: wire.Json, named: tuple[str, str]) -> list[Title]:
    """The títulos of an answer that are the one asked for."""
    name, value = named
    return [
        Title(
            tuple(_entry(one) for one in found.get("lancamentos") or []),
            money((found.get("resumo") or {}).get("nValAberto")),
            str((found.get("cabecTitulo") or {}).get("cStatus") or ""),
        )
        for found in answer.get("titulosEncontrados") or []
        if str((found.get("cabecTitulo") or {}).get(name)) == value
    ]


def money(value: Any) -> Decimal | None:
    """R$, or ``None`` for what is no number."""
    if value is None or value == "":
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def day_of(text: Any) -> date | None:
    """A day as Omie writes it, ``dd/mm/aaaa``."""
    try:
        return datetime.strptime(str(text), "%d/%m/%Y").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return None


def _entry(one: wire.Json) -> Entry:
    extras = sum((money(one.get(tag)) or Decimal(0) for tag in ("nJuros", "nMulta")), Decimal(0))
    return Entry(
        str(one.get("cCodIntLanc") or ""),
        one.get("nCodLanc"),
        day_of(one.get("dDtLanc")),
        money(one.get("nValLanc")),
        extras,
        money(one.get("nDesconto")) or Decimal(0),
    )


class TitleEffect(RecordEffect):
    """A título that is settled is not changed any more (omie-api.md#settled-and-billed-records)."""

    def closed(self, row: PlanRow) -> ExistingRecord | None:
        """The settlements that stand on the row's título, or its cancellation."""
        if row.action == "delete" or row.omie_id is None:
            return None
        title = self._shown(row)
        if row.adopted and (standing := self._adoption(row, title)) is not None:
            return standing
        if title is None:
            return None
        if title.status == CANCELLED:
            return ExistingRecord(conflict=titulo_cancelado(self._endpoint.integration_key))
        if not title.entries:
            return None
        last = title.entries[-1]
        return ExistingRecord(
            conflict=titulo_baixado_no_omie(self._endpoint.integration_key, last.day, last.value)
        )

    def request_for(self, row: PlanRow) -> Request:
        """What a person typed is changed under Omie's id: it bears no code (ADR 0031)."""
        if not row.adopted or row.action == "delete":
            return super().request_for(row)
        endpoint, param = self._endpoint, self.sent(row)
        param.pop(endpoint.integration_key, None)
        param[endpoint.omie_key] = row.omie_id
        return Request(endpoint.service, endpoint.update, param)

    def look(self, row: PlanRow, request: Request) -> ReadBack:
        """The record itself; under its id if it bears no code."""
        if not row.adopted or row.action == "delete":
            return super().look(row, request)
        record = self.read({self._endpoint.read_omie_key: row.omie_id})
        if isinstance(record, ReadBack):
            return record
        fields = self._endpoint.record
        sent = {name: value for name, value in request.param.items() if fields.field(name)}
        return ReadBack("arrived" if wire.same_record(sent, record) else "different", row.omie_id)

    def _adoption(self, row: PlanRow, title: Title | None) -> ExistingRecord | None:
        """Why a título without a code may not be changed: it must bear none still, and before it
        is adopted have the value that was read, and no settlement."""
        record = self.read({self._endpoint.read_omie_key: row.omie_id})
        known = self._known.adopted(self._endpoint.name, [row.code]).get(row.code) == row.omie_id
        if isinstance(record, ReadBack):
            if record.finding == "unreadable":
                return ExistingRecord(unreadable=True)
            gone = titulo_adotado_sumiu if known else titulo_parecido_mudou
            return ExistingRecord(conflict=gone(row.omie_id))
        changed = ExistingRecord(conflict=titulo_parecido_mudou(row.omie_id))
        if record.get(self._endpoint.integration_key):
            return changed
        if known:
            return None
        same = money(record.get("valor_documento")) == money(row.payload.get("valor_documento"))
        if same and title is not None and not title.entries and title.status != CANCELLED:
            return None
        return changed

    def _shown(self, row: PlanRow) -> Title | None:
        settlement = SETTLEMENTS[self._endpoint.name]
        proof: Proof | None = settlement.proof
        if proof is None:
            return None
        question = {"nPagina": 1, "nRegPorPagina": 50, "nCodTitulo": row.omie_id}
        try:
            answer = self.ask(proof.service, proof.method, question)
        except (*NOT_THERE, *CANNOT_READ):
            return None
        return next(iter(titles_in(answer, asked(question))), None)
