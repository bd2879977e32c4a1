"""Categorias and departamentos: created once, found by description under the same parent."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from omie_pipeline.catalog import Endpoint
from omie_pipeline.catalog.model import Naming
from omie_pipeline.errors import FaultDetail, UnknownFault
from omie_pipeline.omie import OmieClient, wire
from omie_pipeline.payload import PlanRow, RowOutcome
from omie_pipeline.push.checks import PlanCheck, Verdict, hold_or_refuse
from omie_pipeline.push.conflicts import JA_CRIADO
from omie_pipeline.push.effects.record import (
    ABSENT,
    CANNOT_READ,
    NOT_THERE,
    UNREADABLE,
    ExistingRecord,
    ReadBack,
    RecordEffect,
    Request,
)
from omie_pipeline.texts import push as texts

_PAGE_ROWS = 100
_MAX_PAGES = 100


class NamedEffect(RecordEffect):
    """``IncluirCategoria`` takes the same description twice and gives two codes: the service has
    neither an upsert nor an integration code (official). ``IncluirDepartamento`` has neither."""

    batch_rows = 1

    _seen: dict[tuple[str, str], list[str]] | None = None

    def preconditions(self, check: PlanCheck) -> int:
        """Records that Omie has already: it offers no change of them."""

        def judge(rows: Sequence[PlanRow]) -> Verdict:
            living = self._known.living(self._endpoint.name, [row.code for row in rows])
            return Verdict([(row, JA_CRIADO) for row in rows if row.code in living])

        return hold_or_refuse(check, judge)

    def find_existing(self, rows: Sequence[PlanRow]) -> Mapping[int, ExistingRecord]:
        """What stands under the same parent with the same description; read once for a run."""
        if self._seen is None:
            self._seen = self._listed()
        listed = self._seen
        if listed is None:
            return {row.number: ExistingRecord(unreadable=True) for row in rows}
        return {row.number: found for row in rows if (found := self._standing(row, listed))}

    def settled(self, outcome: RowOutcome) -> None:
        """A record made in this run stands for the rows behind it."""
        name, code = self._name_in(outcome.row.payload), outcome.omie_code
        if self._seen is not None and code not in self._seen.get(name, []):
            self._seen.setdefault(name, []).append(code)

    def look(self, row: PlanRow, request: Request) -> ReadBack:  # noqa: ARG002 - the row says it all
        """What the list shows: one is ours, two are for a person."""
        listed = self._listed()
        if listed is None:
            return UNREADABLE
        self._seen = listed
        codes = listed.get(self._name_in(row.payload), [])
        if not codes:
            return ABSENT
        if len(codes) > 1:
            return ReadBack("different", text=f"{texts.CATEGORY_TWICE}: {_list(codes)}")
        return ReadBack("arrived", untouched=True, omie_code=codes[0])

    def identity(self, answer: wire.Json) -> tuple[int | None, str]:
        """The code that Omie gave, such as ``1.01.07``."""
        return None, str(answer.get(self._endpoint.omie_key) or "")

    def _listed(self) -> dict[tuple[str, str], list[str]] | None:
        """(parent, description) -> codes, of active records; ``None`` if unreadable."""
        found: dict[tuple[str, str], list[str]] = {}
        key, naming = self._endpoint.omie_key, self._naming
        try:
            records = list(_pages(self._client, self._endpoint))
            codes = {str(record.get(naming.place)): str(record.get(key)) for record in records}
            for record in records:
                if record.get(naming.inactive) != "S":
                    name = (_parent_of(record, naming, codes), _plain(record.get(naming.name)))
                    found.setdefault(name, []).append(str(record.get(key)))
        except (*CANNOT_READ, *NOT_THERE):
            return None
        return found

    @property
    def _naming(self) -> Naming:
        if self._endpoint.naming is None:
            raise LookupError(f"{self._endpoint.name} does not say how its records are named")
        return self._endpoint.naming

    def _name_in(self, payload: Mapping[str, object]) -> tuple[str, str]:
        """Parent and description of a row."""
        return str(payload.get(self._naming.parent) or ""), _plain(payload.get(self._naming.name))

    def _standing(
        self, row: PlanRow, listed: Mapping[tuple[str, str], list[str]]
    ) -> ExistingRecord | None:
        codes = listed.get(self._name_in(row.payload), [])
        if len(codes) > 1:
            return ExistingRecord(
                refusal=f"{texts.CATEGORY_TWICE}: {_list(codes)}", fix=texts.CATEGORY_TWICE_FIX
            )
        return ExistingRecord(done=True, omie_code=codes[0]) if codes else None


def _pages(client: OmieClient, endpoint: Endpoint) -> Iterator[wire.Json]:
    """Every record; an answer without its list and its number of pages proves nothing.

    Raises:
        UnknownFault: Omie answered without them.
        OmieFault: any other.
    """
    for page in range(1, _MAX_PAGES + 1):
        question = {"pagina": page, "registros_por_pagina": _PAGE_ROWS}
        try:
            answer = client.read(endpoint.service, endpoint.list, question)
        except NOT_THERE:
            if page == 1:
                return
            raise
        records, pages = answer.get(endpoint.list_array), str(answer.get("total_de_paginas"))
        if not isinstance(records, list) or not pages.isdecimal():
            raise UnknownFault(FaultDetail(texts.NO_LIST, http_status=200))
        yield from records
        if page >= int(pages):
            return


def _list(codes: Sequence[str]) -> str:
    return ", ".join(sorted(codes))


def _parent_of(record: wire.Json, naming: Naming, codes: Mapping[str, str]) -> str:
    """Code of the record above one that was read.

    Args:
        record: as Omie lists it.
        naming: where it says so.
        codes: of all records, by their place.

    Raises:
        UnknownFault: the list does not say it, so it does not show that a name is free.
    """
    if not naming.place:
        return str(record.get(naming.parent) or "")
    place = str(record.get(naming.place) or "")
    above = place.rpartition(".")[0]
    if not place or (above and above not in codes):
        raise UnknownFault(FaultDetail(texts.NO_PARENT, http_status=200))
    return codes[above] if above else ""


def _plain(text: object) -> str:
    """A description as people compare it: no accents, case or double spaces."""
    decomposed = unicodedata.normalize("NFKD", str(text or ""))
    letters = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(letters.casefold().split())
