"""Settlements: a baixa stands among the entries of its título, or it does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.catalog.relations import REVERSALS, TITLES
from omie_pipeline.errors import ModelError
from omie_pipeline.omie import wire
from omie_pipeline.omie.client import of_other_sizes
from omie_pipeline.payload import PlanRow, Selection, load_hashed_model
from omie_pipeline.push.checks import PlanCheck, Verdict, held, hold_or_refuse
from omie_pipeline.push.conflicts import (
    BAIXA_DE_OUTRO,
    BAIXA_LANCADA,
    BAIXA_NAO_CABE,
    baixa_de_cancelado,
    baixa_gemea,
    saldo_menor,
)
from omie_pipeline.push.effects.record import (
    ABSENT,
    CANNOT_READ,
    NOT_THERE,
    UNREADABLE,
    ExistingRecord,
    Finding,
    ReadBack,
    RecordEffect,
    Request,
    as_id,
)
from omie_pipeline.push.effects.title import (
    CANCELLED,
    Entry,
    Title,
    asked,
    day_of,
    money,
    titles_in,
)
from omie_pipeline.push.effects.undo_settlements import (
    WAITS_FOR_TITLE,
    titles_to_change,
    unfit_codes,
    waiting_to_come_back,
)
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.texts import push as texts

_TITLE_CODE = "codigo_lancamento_integracao"
_TITLE_ID = "codigo_lancamento"
_NOT_SHOWN = ReadBack(
    "unreadable",
    text=texts.SETTLEMENT_NOT_SHOWN,
)
_HIDDEN_SECONDS = 3600.0
_STALE_SECONDS = 61.0
"""A read may show the former state for so long after a change (omie-api.md#stale-reads)."""
_LOOK_ROWS, _FIRST_LOOK_ROWS = 20, 50
"""Two page sizes, so that Omie does not take one question for a repetition of the other."""


class SettlementEffect(RecordEffect):
    """``LancarRecebimento``, ``LancarPagamento`` and taking them back, seen through
    ``PesquisarLancamentos``: a título with its settlements (omie-api.md#paging)."""

    _titles: Mapping[str, str] = MappingProxyType({})
    _adopted: Mapping[str, int] = MappingProxyType({})

    def widened(self, selection: Selection, policy: EndpointPolicy) -> Selection:
        """The selection with the settlements that an undoing took back and that wait to come back,
        whatever their date: a run by date must leave no money unsettled."""
        dated = selection.date_from is not None or selection.date_to is not None
        partial = bool(selection.key is not None or selection.codes or selection.states)
        if policy.on_settled != "undo" or partial or not dated:
            return selection
        back = waiting_to_come_back(self._known.engine, selection.empresa, self._endpoint.name)
        return replace(selection, also=back)

    def preconditions(self, check: PlanCheck) -> int:
        """Settlements that are in Omie, and those taken back for a título that is yet to change.

        A settlement that others made in Omie is not changed from here.
        """

        def judge(rows: Sequence[PlanRow]) -> Verdict:
            theirs = [(row, BAIXA_DE_OUTRO) for row in rows if row.adopted]
            verdict = self._judged(check, [row for row in rows if not row.adopted])
            return Verdict([*theirs, *verdict.refused], verdict.outcomes)

        return hold_or_refuse(check, judge)

    def _judged(self, check: PlanCheck, rows: Sequence[PlanRow]) -> Verdict:
        engine, empresa, name = self._known.engine, self._known.empresa, self._endpoint.name
        codes = [row.code for row in rows]
        living = self._known.living(name, codes)
        standing = [row for row in rows if row.code in living]
        if check.policy.on_settled != "undo":
            return Verdict([(row, BAIXA_LANCADA) for row in standing])
        parents = [self._parent(row) for row in standing]
        unfit = unfit_codes(engine, empresa, REVERSALS[name], parents)
        stuck = [(row, BAIXA_NAO_CABE) for row in standing if self._parent(row) in unfit]
        waiting = [
            held(row, texts.WAITS_FOR_REVERSAL, "reversal")
            for row in standing
            if self._parent(row) not in unfit
        ]
        back = self._known.taken_back(name, codes)
        try:
            titles = load_hashed_model(engine, REGISTRY[TITLES[name]], empresa)
        except ModelError:
            return Verdict(stuck, waiting)
        named = {self._parent(row) for row in rows if row.code in back}
        pending = titles_to_change(engine, titles, empresa, sorted(named))
        waiting += [
            held(row, texts.WAITS_FOR_TITLE, WAITS_FOR_TITLE)
            for row in rows
            if row.code in back and self._parent(row) in pending
        ]
        return Verdict(stuck, waiting)

    def _parent(self, row: PlanRow) -> str:
        return str(row.payload.get(self._endpoint.parent_field) or "")

    def load(self, rows: Sequence[PlanRow]) -> None:
        """For deletions, the título that each settlement belongs to.

        What was loaded stays: a row may wait for its proof, or its turn, while others are loaded.
        """
        super().load(rows)
        if self._endpoint.deletes:
            codes = [row.codigo_integracao for row in rows if row.codigo_integracao]
            parents = self._known.parents(self._endpoint.deletes, codes)
            self._titles = {**self._titles, **parents}
        titles = {self._title_code(row) for row in rows} - {""}
        settling = self._endpoint.deletes or self._endpoint.name
        adopted = self._known.adopted(TITLES[settling], sorted(titles))
        self._adopted = {**self._adopted, **adopted}

    def sent(self, row: PlanRow) -> wire.Json:
        """A título that a person typed into Omie is named by its id (ADR 0031)."""
        param = super().sent(row)
        if omie_id := self._adopted.get(self._title_code(row)):
            param.pop(_TITLE_CODE, None)
            param[_TITLE_ID] = omie_id
        return param

    def _title_code(self, row: PlanRow) -> str:
        return str(row.payload.get(_TITLE_CODE) or self._title_of(row) or "")

    def find_existing(self, rows: Sequence[PlanRow]) -> Mapping[int, ExistingRecord]:
        """Settlements that Omie has under our code though the ledger does not know them, those that
        the bank or a person made, and títulos on which the payment has no room. One that was taken
        back a moment ago is not looked for: a list may still show it. Later it is: the bank, or a
        person, may have settled the título meanwhile."""
        if not self._endpoint.find_existing:
            return {}
        codes = [row.codigo_integracao for row in rows if row.codigo_integracao]
        settles_at = self._client.now() - timedelta(seconds=_STALE_SECONDS)
        just_now = self._known.confirmed_since(self._endpoint.name, codes, settles_at)
        read: dict[str, Title | ReadBack] = {}
        to_judge: list[tuple[PlanRow, Title | ReadBack]] = []
        for row in rows:
            question = self._question(row, _FIRST_LOOK_ROWS)
            if row.omie_id is not None or row.codigo_integracao in just_now or question is None:
                continue
            title = str(question)
            if title not in read:
                read[title] = self._title(question)
            to_judge.append((row, read[title]))
        shown = [title for title in read.values() if isinstance(title, Title)]
        coded = {entry.code for title in shown for entry in title.entries if entry.code}
        ours = {**dict.fromkeys(codes, True), **self._known.standing(self._endpoint.name, coded)}
        standing = {row.number: self._standing(row, title, ours) for row, title in to_judge}
        return {number: found for number, found in standing.items() if found is not None}

    def _standing(
        self, row: PlanRow, title: Title | ReadBack, ours: Mapping[str, bool]
    ) -> ExistingRecord | None:
        """What a look at the título means for a payment.

        Args:
            ours: codes of our payments; false for one that was taken back and that a stale list
                may still show.
        """
        if isinstance(title, ReadBack):
            pause_seconds = _HIDDEN_SECONDS if title is _NOT_SHOWN else 0.0
            return ExistingRecord(unreadable=True, text=title.text, pause_seconds=pause_seconds)
        payment, code = _payment(self.sent(row)), row.codigo_integracao or ""
        for entry in title.entries:
            if entry.code == code:
                if not _as_sent(entry, payment):
                    return ExistingRecord(
                        refusal=texts.OTHER_SETTLEMENT, fix=texts.OTHER_SETTLEMENT_FIX
                    )
                return ExistingRecord(done=True, omie_id=as_id(entry.omie_id))
        if title.status == CANCELLED:
            return ExistingRecord(conflict=baixa_de_cancelado())
        twins = [] if self._twins.waived else self._twins_of(payment, title, ours)
        if twins:
            name, theirs = self._endpoint.name, as_id(twins[0].omie_id)
            free = theirs is not None and not self._known.claimed(name, [theirs])
            if self._twins.same and free and len(twins) == 1:
                return ExistingRecord(done=True, same_as=theirs)
            return ExistingRecord(conflict=baixa_gemea(name, code, twins[0].day, twins[0].value))
        back = [one for one in title.entries if not ours.get(one.code, True)]
        if _too_much(payment, title, back):
            return ExistingRecord(conflict=saldo_menor(title.left, payment.value))
        return None

    def _twins_of(self, payment: Entry, title: Title, ours: Mapping[str, bool]) -> list[Entry]:
        """Settlements that others made of the same money within some days."""
        return [
            entry
            for entry in title.entries
            if entry.code not in ours
            and _same_money(entry, payment)
            and _days_apart(entry, payment) <= self._twins.days
        ]

    def look(self, row: PlanRow, request: Request) -> ReadBack:
        """The row's settlement among those of its título."""
        question = self._question(row, _LOOK_ROWS)
        if question is None:
            # Taking back once more the very settlement that is meant changes nothing.
            return ReadBack("different") if row.action == "delete" else UNREADABLE
        title = self._title(question)
        if isinstance(title, ReadBack):
            # A título that is gone may have taken its settlement along: asking is harmless.
            again = row.action == "delete" and title is _NOT_SHOWN
            return ReadBack("different") if again else title
        code, omie_id, payment = row.codigo_integracao or "", row.omie_id, _payment(request.param)
        for entry in title.entries:
            same_id = omie_id is not None and as_id(entry.omie_id) == omie_id
            if same_id or entry.code == code:
                if row.action != "delete" and not _as_sent(entry, payment):
                    return ReadBack("different", as_id(entry.omie_id), text=texts.OTHER_SETTLEMENT)
                finding: Finding = "different" if row.action == "delete" else "arrived"
                return ReadBack(finding, as_id(entry.omie_id), untouched=True)
        if row.action != "delete" and any(_code_lost(one, payment) for one in title.entries):
            return ReadBack("unreadable", text=texts.SETTLEMENT_WITHOUT_CODE)
        return ABSENT

    def _question(self, row: PlanRow, page_rows: int) -> wire.Json | None:
        page = {"nPagina": 1, "nRegPorPagina": page_rows}
        code = self._title_code(row)
        if code in self._adopted:
            return {**page, "nCodTitulo": self._adopted[code]}
        if code:
            return {**page, "cCodIntTitulo": code}
        omie_id = as_id(row.payload.get(_TITLE_ID))
        return {**page, "nCodTitulo": omie_id} if omie_id else None

    def _title_of(self, row: PlanRow) -> str:
        if not self._endpoint.deletes:
            return ""
        return self._titles.get(row.codigo_integracao or "", "")

    def _title(self, question: wire.Json) -> Title | ReadBack:
        """The título asked for with its settlements, or why they cannot be read.

        Omie has confirmed the título: an answer without it says nothing of its settlements.
        """
        proof = self.proof
        try:
            others = of_other_sizes(question, "nRegPorPagina")
            answer = self.ask(proof.service, proof.method, question, others=others)
        except NOT_THERE:
            return _NOT_SHOWN
        except CANNOT_READ:
            return UNREADABLE
        shown = titles_in(answer, asked(question))
        if not shown:
            return _NOT_SHOWN
        entries = tuple(entry for title in shown for entry in title.entries)
        return Title(entries, shown[0].left, shown[0].status)


def _payment(sent: wire.Json) -> Entry:
    """A payment as it is sent, in the shape in which Omie shows it."""
    extras = sum((money(sent.get(name)) or Decimal(0) for name in ("juros", "multa")), Decimal(0))
    return Entry(
        str(sent.get("codigo_baixa_integracao") or ""),
        None,
        day_of(sent.get("data")),
        money(sent.get("valor")) or Decimal(0),
        extras,
        money(sent.get("desconto")) or Decimal(0),
    )


def _as_sent(entry: Entry, payment: Entry) -> bool:
    """Whether a settlement has the value and day that are sent; what Omie leaves out is no
    difference."""
    same_value = entry.value is None or entry.value == payment.value
    return same_value and (entry.day is None or entry.day == payment.day)


def _code_lost(entry: Entry, payment: Entry) -> bool:
    """A settlement without a code that could be ours, were the code lost on the way."""
    return not entry.code and entry.day == payment.day and entry.value == payment.value


def _same_money(entry: Entry, payment: Entry) -> bool:
    """The same sum, with interest and fine in it or beside it."""
    theirs = {entry.value or Decimal(0), (entry.value or Decimal(0)) + entry.extras}
    paid = payment.value or Decimal(0)
    return bool(theirs & {paid, paid + payment.extras})


def _days_apart(entry: Entry, payment: Entry) -> int:
    """Days between the two; none if Omie does not say its day: it may be the same."""
    if entry.day is None or payment.day is None:
        return 0
    return abs((entry.day - payment.day).days)


def _too_much(payment: Entry, title: Title, back: Sequence[Entry]) -> bool:
    """Whether the payment has no room on the título, however interest and fine are counted.

    Args:
        back: settlements that were taken back and that a stale answer may still show.
    """
    if title.left is None:
        return False
    freed = sum(((one.value or Decimal(0)) + one.discount for one in back), Decimal(0))
    least = (payment.value or Decimal(0)) + payment.discount - payment.extras
    return least > title.left + freed
