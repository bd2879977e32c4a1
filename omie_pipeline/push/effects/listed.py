"""New records found by the list of what was made since a day: many in few questions.

A read by code tells of one record, and one that is not there is an error answer, of which ten close
the method: fifty records of which nobody knows are not asked for one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from omie_pipeline.catalog import Endpoint, Service
from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.clock import BRASILIA
from omie_pipeline.omie import wire

# No list that is cut to pages of another size is asked twice within a minute, so that nothing is
# redundant; smaller pages than asked for are survived.
_PAGE_ROWS, _OTHER_SIZES = 200, 60
_MOST_PAGES = 500
_MARGIN = timedelta(days=1)
"""A window counts whole days of Omie's, and our clock may be off."""

Ask = Callable[[Service, str, wire.Json], wire.Json]


@dataclass(frozen=True, slots=True)
class Listing:
    """Records by their integration code.

    Attributes:
        whole: the whole window was read, so that what is not among them is not in Omie.
    """

    records: Mapping[str, wire.Json] = field(default_factory=dict)
    whole: bool = False


class NewestFirst:
    """Reads the list of one endpoint, the newest records first."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._asked = 0

    def find(self, ask: Ask, codes: set[str], since: datetime, now: datetime) -> Listing:
        """Read until all ``codes`` are found, or the window is at its end.

        Order only makes it quick: what proves an absence is the number of different records, which
        must be the total that every page tells (docs/adr/0014).

        Args:
            ask: one question to Omie.
            codes: integration codes that are looked for.
            since: when the first of them may have been made.
            now: the present moment.

        Raises:
            OmieFault: as ``ask`` raises them.
        """
        question = self._question(since, now)
        found: dict[str, list[wire.Json]] = {}
        ids: set[Any] = set()
        totals: set[int] = set()
        for page in range(1, _MOST_PAGES + 1):
            answer = ask(self._endpoint.service, self._endpoint.list, {**question, "pagina": page})
            records = answer.get(self._endpoint.list_array) or []
            totals.add(int(answer.get("total_de_registros") or 0))
            for record in records:
                ids.add(record.get(self._endpoint.omie_key))
                code = str(record.get(self._endpoint.integration_key) or "")
                if code in codes:
                    found.setdefault(code, []).append(record)
            if codes <= found.keys():
                return Listing(_single(found))
            if not records or page >= int(answer.get("total_de_paginas") or 0):
                return Listing(_single(found), whole=totals == {len(ids)} and _no_twin(found))
        return Listing(_single(found))

    def _question(self, since: datetime, now: datetime) -> wire.Json:
        call = MIRROR[self._endpoint.name].call
        window = call.created
        if window is None:
            raise LookupError(f"{call.method} has no window of creation")
        self._asked += 1
        return {
            **dict(call.fixed),
            **dict(window.fixed),
            window.first: _day(since - _MARGIN),
            window.last: _day(now + _MARGIN),
            "ordem_descrescente": "S",
            "registros_por_pagina": _PAGE_ROWS + self._asked % _OTHER_SIZES,
        }


def _no_twin(found: Mapping[str, list[wire.Json]]) -> bool:
    """Pages may shift while they are read, so that a record comes twice; that is not told from two
    records under one code here, and proves nothing."""
    return all(len(records) == 1 for records in found.values())


def _single(found: Mapping[str, list[wire.Json]]) -> Mapping[str, wire.Json]:
    return {code: records[0] for code, records in found.items() if len(records) == 1}


def _day(at: datetime) -> str:
    return f"{at.astimezone(BRASILIA):%d/%m/%Y}"
