"""Service orders: made once, changed item by item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from omie_pipeline.catalog import Endpoint
from omie_pipeline.nfse.ledger import forget_billings
from omie_pipeline.nfse.orders import BilledOrder, billed
from omie_pipeline.omie import OmieClient, wire
from omie_pipeline.omie.client import of_other_sizes
from omie_pipeline.payload import PlanRow, RowOutcome
from omie_pipeline.push.checks import PlanCheck, Verdict, held, hold_or_refuse
from omie_pipeline.push.conflicts import OS_CANCELADA, OS_FATURADA
from omie_pipeline.push.dependents import KnownRecords
from omie_pipeline.push.effects.record import (
    CANNOT_READ,
    NOT_THERE,
    SAME_PAYMENT,
    ExistingRecord,
    ReadBack,
    RecordEffect,
    Request,
    TwinRule,
    as_id,
)
from omie_pipeline.push.ledger import Commit
from omie_pipeline.texts import push as texts

_ITEMS = "ServicosPrestados"
_BATCH = 50
_STAYS = "settled"
_NOTE_STANDS = ("submitted", "processing", "issued")
_BEFORE_BILLING = ("rejected", "error", "deleted")


class OrderEffect(RecordEffect):
    """``IncluirOS`` makes a second order when repeated, so Omie's orders are looked through first.

    ``AlterarOS`` adds an item that does not say which one it is (``cAcaoItem``, official), so the
    items of the order are read before it is changed.
    """

    def __init__(
        self,
        client: OmieClient,
        endpoint: Endpoint,
        known: KnownRecords,
        twins: TwinRule = SAME_PAYMENT,
        target: RecordEffect | None = None,
    ) -> None:
        super().__init__(client, endpoint, known, twins, target)
        self._items: dict[int, list[wire.Json]] = {}
        self._confirmed_code = ""

    def preconditions(self, check: PlanCheck) -> int:
        """Orders with a note that is out, or on its way, or was cancelled; what the ledger does
        not know of them is looked for in Omie first."""

        def judge(rows: Sequence[PlanRow]) -> Verdict:
            known = [row for row in rows if row.omie_id is not None]
            notes = self._notes([row.code for row in known])
            found = [(row, notes[row.code].state) for row in known if row.code in notes]
            return Verdict(
                [
                    (row, OS_CANCELADA if state == "cancelled" else OS_FATURADA)
                    for row, state in found
                    if state not in _BEFORE_BILLING
                ]
            )

        def stay(rows: Sequence[PlanRow]) -> list[RowOutcome]:
            standing = self.kept([row.code for row in rows])
            return [held(row, texts.BILLED_STAYS, _STAYS) for row in rows if row.code in standing]

        return hold_or_refuse(check, judge, stay)

    def kept(self, codes: Sequence[str]) -> set[str]:
        """Orders whose note stands."""
        return {code for code, note in self._notes(codes).items() if note.state in _NOTE_STANDS}

    def _notes(self, codes: Sequence[str]) -> Mapping[str, BilledOrder]:
        return billed(self._known.engine, self._known.empresa, codes) if codes else {}

    def on_commit(self, commit: Commit) -> None:
        """An order that is gone was never billed, as far as one of its code is made again."""
        if gone := commit.codes("deleted"):
            forget_billings(commit.connection, self._known.empresa, gone, commit.now)

    def settled(self, outcome: RowOutcome) -> None:
        """Remember an order that Omie has: asked for along, it keeps the list from being empty."""
        if outcome.kind != "deleted":
            self._confirmed_code = outcome.row.code

    def find_existing(self, rows: Sequence[PlanRow]) -> Mapping[int, ExistingRecord]:
        """Orders that Omie has under our code though the ledger does not know them."""
        standing: dict[int, ExistingRecord] = {}
        unknown = [row for row in rows if row.action != "delete" and row.omie_id is None]
        for start in range(0, len(unknown), _BATCH):
            standing |= self._listed(unknown[start : start + _BATCH])
        changed = [(row, row.omie_id) for row in rows if row.action != "delete" and row.omie_id]
        changed += [
            (row, found.omie_id)
            for row in unknown
            if (found := standing.get(row.number)) and found.omie_id and not found.done
        ]
        for row, omie_id in changed:
            record = self.read({self._endpoint.read_omie_key: omie_id})
            if not isinstance(record, ReadBack):
                self._items[row.number] = list(record.get(_ITEMS) or [])
            elif record.finding == "unreadable":
                standing[row.number] = ExistingRecord(unreadable=True)
        return standing

    def look(self, row: PlanRow, request: Request) -> ReadBack:
        """The order under our code, and whether it is as the row wants it: item by item, whatever
        each item was to suffer. Its items are kept, for the change to be asked for once more."""
        if row.action == "delete" or row.omie_id is None:
            return super().look(row, request)
        endpoint = self._endpoint
        record = self.read({endpoint.integration_key: row.codigo_integracao})
        if isinstance(record, ReadBack) or self._id_in(record) != row.omie_id:
            # A person may have changed the code, or made another order under it. This question was
            # asked before the change, so that asking it again takes up to a minute.
            record = self.read({endpoint.read_omie_key: row.omie_id})
        if isinstance(record, ReadBack):
            return record
        self._items[row.number] = list(record.get(_ITEMS) or [])
        wanted = {k: v for k, v in self.sent(row).items() if endpoint.record.field(k)}
        same = wire.same_record(wanted, record)
        return ReadBack("arrived" if same else "different", row.omie_id)

    def _id_in(self, record: wire.Json) -> int | None:
        return as_id(self._endpoint.keys_of(record).get(self._endpoint.omie_key))

    def _listed(self, rows: Sequence[PlanRow]) -> dict[int, ExistingRecord]:
        proof = self.proof
        # A list without a row is an error answer, and ten of them close the method (seen).
        wanted = [row.code for row in rows]
        if self._confirmed_code:
            wanted.append(self._confirmed_code)
        codes = [{"cCodIntOS": code} for code in wanted]
        question = {"pagina": 1, "registros_por_pagina": _BATCH * 2, proof.key: codes}
        try:
            others = of_other_sizes(question, "registros_por_pagina")
            answer = self.ask(proof.service, proof.method, question, others=others)
        except NOT_THERE:
            return {}
        except CANNOT_READ:
            return {row.number: ExistingRecord(unreadable=True) for row in rows}
        orders = answer.get(self._endpoint.list_array)
        if not isinstance(orders, list) or answer.get("total_de_paginas") is None:
            # Not the list that was asked for: it proves no absence.
            return {row.number: ExistingRecord(unreadable=True) for row in rows}
        by_code = {
            str(self._endpoint.keys_of(order).get(self._endpoint.integration_key) or ""): order
            for order in orders
        }
        found: dict[int, ExistingRecord] = {}
        for row in rows:
            order = by_code.get(row.codigo_integracao or "")
            if order is None:
                continue
            omie_id = as_id(self._endpoint.keys_of(order).get(self._endpoint.omie_key))
            billed = (order.get("InfoCadastro") or {}).get("cFaturada") == "S"
            found[row.number] = ExistingRecord(done=billed, omie_id=omie_id)
        return found

    def _changed(self, row: PlanRow) -> wire.Json:
        param = self.sent(row)
        head = {**param.get(self._endpoint.section, {}), self._endpoint.omie_key: row.omie_id}
        items = self._items.get(row.number)
        if items is not None and isinstance(param.get(_ITEMS), list):
            param[_ITEMS] = _named_items(param[_ITEMS], items)
        return {**param, self._endpoint.section: head}


def _named_items(sent: list[Any], standing: list[wire.Json]) -> list[Any]:
    """Each item with what is to be done to it: altered in order, added, taken out."""
    named = [
        {**item, "nIdItem": old.get("nIdItem"), "cAcaoItem": "A"}
        for item, old in zip(sent, standing, strict=False)
    ]
    named += [{**item, "cAcaoItem": "I"} for item in sent[len(standing) :]]
    named += [{"nIdItem": old.get("nIdItem"), "cAcaoItem": "E"} for old in standing[len(sent) :]]
    return named
