"""Service orders: made once, changed item by item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from omie_pipeline.catalog import Endpoint
from omie_pipeline.omie import OmieClient, wire
from omie_pipeline.payload.rows import PlanRow, RowOutcome
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

_ITEMS = "ServicosPrestados"
_BATCH = 50


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
    ) -> None:
        super().__init__(client, endpoint, known, twins)
        self._items: dict[int, list[wire.Json]] = {}
        self._confirmed_code = ""

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
            answer = self.ask(proof.service, proof.method, question)
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
