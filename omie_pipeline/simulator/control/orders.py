"""Orders and their notes as people and the city hall handle them."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from omie_pipeline.errors import ConfigurationError
from omie_pipeline.simulator import company, notes
from omie_pipeline.simulator.control.base import ControlBase, known
from omie_pipeline.simulator.engine.state import Record, RecordKey
from omie_pipeline.simulator.rules.ordens import RPS
from omie_pipeline.simulator.rules.titulos import SETTLEMENTS

ORDERS, NOTES = "ordens_servico", "notas_servico"


@dataclass(frozen=True, slots=True)
class OrderNote:
    """One RPS of an order, with the note it became.

    Attributes:
        order: Omie's id of the order.
        state: ``processing``, ``rejected``, ``authorised`` or ``cancelled``.
        lot: ``nLote`` of the RPS.
        id: ``nCodNF`` of the note, 0 while there is none.
        number: number of the note, ``""`` while there is none.
        messages: what the city hall said.
    """

    order: int
    state: str
    lot: int
    id: int = 0
    number: str = ""
    messages: tuple[str, ...] = ()


class OrderControl(ControlBase):
    """Operations on orders; ``code`` is our integration code or Omie's id."""

    def notes(self, code: RecordKey, *, app_key: str = company.APP_KEY) -> tuple[OrderNote, ...]:
        """Every note asked for by the order, oldest first: a truth of two is a double issue.

        An integration code that Omie holds twice gives the notes of both orders.
        """
        found = self._orders(code, app_key)
        return tuple(_note(order, item) for order in found for item in order.get(RPS) or ())

    def twins(
        self, endpoint: str, code: str, *, app_key: str = company.APP_KEY
    ) -> tuple[Record, ...]:
        """Every record under one integration code, oldest first; copies."""
        with self._engine.lock:
            _, collection = self._collection(app_key, endpoint)
            return tuple(deepcopy(collection.all_by_code(code)))

    def settlements(
        self, code: RecordKey, endpoint: str = "contas_receber", *, app_key: str = company.APP_KEY
    ) -> tuple[dict[str, Any], ...]:
        """The settlements that a título has now, oldest first; copies."""
        with self._engine.lock:
            _, collection = self._collection(app_key, endpoint)
            return tuple(deepcopy(known(collection, code).get(SETTLEMENTS) or ()))

    def reject_next_note(self, reason: str, *, app_key: str = company.APP_KEY) -> None:
        """The city hall refuses the next RPS that it decides, with this reason; each call one."""
        with self._engine.lock:
            self._app(app_key).rejections.append(reason)

    def city_hall_down(self, down: bool = True) -> None:
        """Notes stay under way while it is down; afterwards what is overdue is decided at once."""
        with self._engine.lock:
            self._engine.change_behaviour(city_hall_down=down)

    def settle_notes(self, *, app_key: str = company.APP_KEY) -> None:
        """The city hall answers all that waits, due or not, down or not."""
        with self._engine.lock:
            self._engine.settle_notes(self._app(app_key), all_of_them=True)

    def cancel_note_of(
        self, code: RecordKey, *, reason: str = "", app_key: str = company.APP_KEY
    ) -> None:
        """A person cancels the issued note of an order; the order itself stays as it is."""
        with self._acting(app_key, ORDERS) as (context, collection):
            order = known(collection, code)
            issued = [item for item in order.get(RPS) or () if item["state"] == "authorised"]
            if not issued:
                raise ConfigurationError(f"no issued note of order {code!r}")
            notes.cancel_issued(context, issued[-1]["nCodNF"], reason)
            context.app.put(collection, notes.marked_cancelled(order, issued[-1]["nCodNF"]))

    def _orders(self, code: RecordKey, app_key: str) -> tuple[Record, ...]:
        if isinstance(code, str):
            return self.twins(ORDERS, code, app_key=app_key)
        with self._engine.lock:
            _, collection = self._collection(app_key, ORDERS)
            return (known(collection, code),)


def _note(order: Record, item: Record) -> OrderNote:
    return OrderNote(
        order=order["Cabecalho"]["nCodOS"],
        state=item["state"],
        lot=item["nLote"],
        id=item.get("nCodNF") or 0,
        number=item.get("nNfse") or "",
        messages=tuple(said["cDescricao"] for said in item.get("mensagens") or ()),
    )
