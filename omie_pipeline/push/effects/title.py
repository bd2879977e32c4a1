"""Títulos: records under our code that Omie closes as soon as they are settled."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from omie_pipeline.catalog.model import Endpoint, Proof
from omie_pipeline.catalog.relations import REVERSALS, SETTLEMENTS
from omie_pipeline.omie import wire
from omie_pipeline.omie.client import of_other_sizes
from omie_pipeline.payload import SETTLED, PlanRow, RowOutcome, codes_in_model
from omie_pipeline.postgres.tables import ledger
from omie_pipeline.push.checks import PlanCheck, Verdict, held, hold_or_refuse, refused_by_omie
from omie_pipeline.push.conflicts import (
    TITULO_BAIXADO,
    TITULO_NAO_CABE,
    parcelas_mudaram,
    titulo_adotado_sumiu,
    titulo_baixado_no_omie,
    titulo_cancelado,
    titulo_parecido_mudou,
)
from omie_pipeline.push.effects.listed import Listing, NewestFirst
from omie_pipeline.push.effects.lookalikes import adopt_lookalikes
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
    birth_of,
)
from omie_pipeline.push.effects.undo_settlements import (
    UNDONE,
    WAITS_FOR_TITLE,
    refused_changes,
    unfit_codes,
)
from omie_pipeline.push.ledger import SET_BACK, Commit
from omie_pipeline.push.plan import refused_row
from omie_pipeline.texts import push as texts

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


_STAYS = "settled"
_RECEIPTS = "contas_receber"


class TitleEffect(RecordEffect):
    """A título that is settled is not changed any more (omie-api.md#settled-and-billed-records)."""

    @cached_property
    def _newest(self) -> NewestFirst:
        return NewestFirst(self._endpoint)

    @property
    def _settlements(self) -> Endpoint:
        """The endpoint that settles títulos of this one."""
        return SETTLEMENTS[self._endpoint.name]

    def preconditions(self, check: PlanCheck) -> int:
        """Títulos that a settlement stands on, or may, and those whose receipt was cut anew."""

        def judge(rows: Sequence[PlanRow]) -> Verdict:
            return self._judged(check, rows)

        def stay(rows: Sequence[PlanRow]) -> list[RowOutcome]:
            standing = self.kept([row.code for row in rows])
            return [held(row, texts.SETTLED_STAYS, _STAYS) for row in rows if row.code in standing]

        refused = hold_or_refuse(check, judge, stay)
        if self._endpoint.name != _RECEIPTS or self._twins.waived:
            return refused
        return refused + self._stop_other_instalments(check)

    def adopt_existing(self, check: PlanCheck) -> int:
        """Títulos that a person typed into Omie already, if the policy takes them for ours."""
        return adopt_lookalikes(check) if check.policy.on_lookalike == "adopt" else 0

    def on_commit(self, commit: Commit) -> None:
        """A título that was made anew has none of the settlements of the one before, whatever Omie
        calls that; one that is as the clinic has it lets its settlements go on."""
        changed = [
            outcome.row.code
            for outcome in commit.outcomes
            if outcome.kind in SETTLED
            and outcome.omie_id is not None
            and outcome.row.omie_id not in (None, outcome.omie_id)
        ]
        anew = {*commit.codes("deleted", "created"), *changed}
        self.gone(commit.connection, sorted(anew), commit.now)
        self.on_settled(commit.connection, commit.codes(*SETTLED), commit.now)

    def on_settled(self, connection: sa.Connection, codes: Sequence[str], now: datetime) -> None:
        """Settlements that waited for these títulos may go on by themselves."""
        if codes:
            connection.execute(
                sa.update(ledger)
                .where(
                    *_upon(self._known.empresa, self._settlements.name, codes),
                    ledger.c.state == "held",
                    ledger.c.error_code == WAITS_FOR_TITLE,
                )
                .values(error_code=UNDONE, updated_at=now)
            )

    def gone(self, connection: sa.Connection, codes: Sequence[str], now: datetime) -> None:
        """These títulos are not those any more that were settled."""
        forget_settlements(connection, self._known.empresa, self._endpoint.name, codes, now)

    def kept(self, codes: Sequence[str]) -> set[str]:
        """Títulos that a settlement stands on, or may: Omie keeps them."""
        standing = self._known.settled(self._settlements.name, codes)
        return standing | self._known.unanswered_upon(self._settlements, codes)

    def _judged(self, check: PlanCheck, rows: Sequence[PlanRow]) -> Verdict:
        """Títulos with a settlement whose answer was lost wait until it is known whether it
        stands."""
        known = [row for row in rows if row.omie_id is not None]
        if not known:
            return Verdict()
        codes = [row.code for row in known]
        unclear = self._known.unanswered_upon(self._settlements, codes)
        waiting = [
            held(row, texts.SETTLEMENT_UNANSWERED, "no_answer")
            for row in rows
            if row.code in unclear
        ]
        verdict = self._settled(check, [row for row in rows if row.code not in unclear])
        return Verdict(refused=verdict.refused, outcomes=[*verdict.outcomes, *waiting])

    def _settled(self, check: PlanCheck, rows: Sequence[PlanRow]) -> Verdict:
        """Títulos that a settlement of ours stands on."""
        codes = [row.code for row in rows if row.omie_id is not None]
        standing = self._known.settled(self._settlements.name, codes)
        closed = [row for row in rows if row.code in standing]
        if check.policy.on_settled != "undo" or not closed:
            return Verdict(refused=[(row, TITULO_BAIXADO) for row in closed])
        # A change that Omie refused is not worth taking the settlement back once more.
        engine, empresa, name = self._known.engine, self._known.empresa, self._endpoint.name
        refused = refused_changes(
            engine, empresa, name, {row.code: row.payload_hash for row in closed}
        )
        words = self._known.last_refusals(name, refused)
        open_to_change = [row for row in closed if row.code not in refused]
        reversal = REVERSALS[self._settlements.name]
        unfit = unfit_codes(engine, empresa, reversal, [row.code for row in open_to_change])
        told = []
        for row in closed:
            if row.code in refused:
                text, fix = words.get(row.code, ("", ""))
                told.append(refused_by_omie(row, text or texts.REFUSED_BEFORE, fix))
        waiting = [
            held(row, texts.WAITS_FOR_REVERSAL, "reversal")
            for row in open_to_change
            if row.code not in unfit
        ]
        stuck = [(row, TITULO_NAO_CABE) for row in open_to_change if row.code in unfit]
        return Verdict(refused=stuck, outcomes=[*waiting, *told])

    def _stop_other_instalments(self, check: PlanCheck) -> int:
        """Keep rows here whose receipt Omie still holds in its former instalments; how many were
        quarantined. Where the run itself deletes those (``mode: mirror``), the rows wait for the
        next one.

        A receipt in another number of instalments has títulos of other codes (REC-7 in one piece,
        REC-7-1 to REC-7-3 in three), so the former ones stay in Omie beside the new ones, and the
        patient would owe the money twice.
        """
        refused_rows = 0
        for rows in check.rows():
            former = {row.number: codes for row in rows if (codes := _former_codes(row))}
            asked_codes = {code for codes in former.values() for code in codes}
            living = set(self._known.living(_RECEIPTS, sorted(asked_codes)))
            if not living:
                continue
            left = living - codes_in_model(
                self._known.engine, check.model, self._known.empresa, living
            )
            stopped = [
                (row, sorted(left.intersection(former[row.number])))
                for row in rows
                if left.intersection(former.get(row.number, ()))
            ]
            if check.policy.mode == "mirror":
                check.hold(
                    [
                        RowOutcome(row, "held", error=_waits(codes), error_code="instalments")
                        for row, codes in stopped
                    ]
                )
                continue
            check.refuse([refused_row(row, [parcelas_mudaram(codes)]) for row, codes in stopped])
            refused_rows += len(stopped)
        return refused_rows

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

    def look_together(
        self, rows: Sequence[PlanRow], since: datetime, now: datetime
    ) -> Mapping[str, ReadBack]:
        """By the list of what was made since: a record that it shows under our code, and an absence
        where the whole list was read."""
        asked = [row for row in rows if self.missing(row) is None]
        try:
            listing = self._newest.find(self.ask, {row.code for row in asked}, since, now)
        except NOT_THERE:
            listing = Listing()
        except CANNOT_READ:
            return {}
        found = {}
        for row in asked:
            record = listing.records.get(row.code)
            if record is not None:
                found[row.code] = self._listed(row, record)
            elif listing.whole:
                found[row.code] = ABSENT
        return found

    def _listed(self, row: PlanRow, record: wire.Json) -> ReadBack:
        """A list leaves out what has no value, and what it does not show proves nothing; the value
        of the título it must show."""
        endpoint = self._endpoint
        omie_id = as_id(endpoint.keys_of(record).get(endpoint.omie_key))
        if omie_id is None or endpoint.value_field not in record:
            return UNREADABLE
        born_at, untouched = birth_of(record)
        sent = {name: value for name, value in self.sent(row).items() if name in record}
        same = wire.same_record(sent, record)
        return ReadBack("arrived" if same else "different", omie_id, untouched, born_at)

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
            others = of_other_sizes(question, "nRegPorPagina")
            answer = self.ask(proof.service, proof.method, question, others=others)
        except (*NOT_THERE, *CANNOT_READ):
            return None
        return next(iter(titles_in(answer, asked(question))), None)


def _waits(codes: list[str]) -> str:
    return texts.waits_for_deletion(", ".join(codes))


def _former_codes(row: PlanRow) -> tuple[str, ...]:
    """Codes that títulos of the same receipt had, had it another number of instalments."""
    if row.action == "delete" or row.extra.get("_origem_tabela") != "recebimentos":
        return ()
    base, code = f"REC-{row.extra.get('_origem_id')}", row.codigo_integracao or ""
    if code == base:
        return f"{base}-1", f"{base}-2"
    part = re.fullmatch(re.escape(base) + r"-([0-9]+)", code)
    of = re.fullmatch(r"([0-9]+)/([0-9]+)", str(row.payload.get("numero_parcela") or ""))
    if part is None:
        return ()
    return (base, f"{base}-{int(of[2]) + 1}") if of else (base,)


# What the ledger knows of the settlements of a título that is another one now.

_UNSETTLED: Mapping[str, Any] = {
    "state": "held",
    "payload_hash": None,
    "omie_id": None,
    "same_as": None,
    # Never confirmed, as far as the new título goes: Omie is asked what stands on it.
    "confirmed_at": None,
    "last_error": texts.TITLE_MADE_AGAIN,
    "error_code": SET_BACK,
    "held_until": None,
}


def forget_settlements(
    connection: sa.Connection, empresa: str, titles: str, codes: Sequence[str], now: datetime
) -> None:
    """These títulos of endpoint ``titles`` are not those any more that were settled.

    Args:
        connection: a connection to the warehouse; the caller ends the transaction.
        empresa: the empresa whose rows are meant.
        titles: endpoint of the títulos.
        codes: integration codes of the títulos.
        now: time of the change.
    """
    settlement = SETTLEMENTS.get(titles)
    if settlement is None or not codes:
        return
    connection.execute(
        sa.update(ledger)
        .where(
            *_upon(empresa, settlement.name, codes),
            sa.or_(ledger.c.omie_id.is_not(None), ledger.c.same_as.is_not(None)),
            ledger.c.state != "deleted",
        )
        .values(**_UNSETTLED, updated_at=now)
    )


def _upon(
    empresa: str, settlement: str, codes: Sequence[str]
) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        ledger.c.empresa == empresa,
        ledger.c.endpoint == settlement,
        ledger.c.parent_code.in_(codes),
    )
