"""Categorias: created once, found by description under the same parent."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from omie_pipeline.catalog import Endpoint
from omie_pipeline.errors import FaultDetail, UnknownFault
from omie_pipeline.omie import OmieClient, wire
from omie_pipeline.payload.rows import PlanRow, RowOutcome
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

_PAGE_ROWS = 100
_MAX_PAGES = 100
_NO_LIST = "O Omie respondeu sem a lista de categorias"
_FIX = "Deixe uma só no Omie (inative a outra) ou use outra descrição na clínica."


class CategoryEffect(RecordEffect):
    """``IncluirCategoria`` takes the same description twice and gives two codes: the service has
    neither an upsert nor an integration code (official)."""

    batch_rows = 1

    _seen: dict[tuple[str, str], list[str]] | None = None

    def find_existing(self, rows: Sequence[PlanRow]) -> Mapping[int, ExistingRecord]:
        """What stands under the same parent with the same description; read once for a run."""
        if self._seen is None:
            self._seen = self._listed()
        listed = self._seen
        if listed is None:
            return {row.linha: ExistingRecord(unreadable=True) for row in rows}
        return {row.linha: found for row in rows if (found := _standing(row, listed))}

    def settled(self, outcome: RowOutcome) -> None:
        """A category made in this run stands for the rows behind it."""
        name, code = _name_of(outcome.row.payload), outcome.omie_code
        if self._seen is not None and code not in self._seen.get(name, []):
            self._seen.setdefault(name, []).append(code)

    def look(self, row: PlanRow, request: Request) -> ReadBack:  # noqa: ARG002 - the row says it all
        """What the list shows: one is ours, two are for a person."""
        listed = self._listed()
        if listed is None:
            return UNREADABLE
        self._seen = listed
        codes = listed.get(_name_of(row.payload), [])
        if not codes:
            return ABSENT
        if len(codes) > 1:
            return ReadBack("different", text=f"A categoria existe mais de uma vez: {_list(codes)}")
        return ReadBack("arrived", untouched=True, omie_code=codes[0])

    def identity(self, answer: wire.Json) -> tuple[int | None, str]:
        """The code that Omie gave, such as ``1.01.07``."""
        return None, str(answer.get(self._endpoint.omie_key) or "")

    def _listed(self) -> dict[tuple[str, str], list[str]] | None:
        """(parent, description) -> codes, of active categories; ``None`` if unreadable."""
        found: dict[tuple[str, str], list[str]] = {}
        try:
            for record in _pages(self._client, self._endpoint):
                if record.get("conta_inativa") != "S":
                    found.setdefault(_name_of(record), []).append(str(record.get("codigo")))
        except (*CANNOT_READ, *NOT_THERE):
            return None
        return found


def _pages(client: OmieClient, endpoint: Endpoint) -> Iterator[wire.Json]:
    """Every category; an answer without its list and its number of pages proves nothing.

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
            raise UnknownFault(FaultDetail(_NO_LIST, http_status=200))
        yield from records
        if page >= int(pages):
            return


def _standing(row: PlanRow, listed: Mapping[tuple[str, str], list[str]]) -> ExistingRecord | None:
    codes = listed.get(_name_of(row.payload), [])
    if len(codes) > 1:
        text = f"A categoria já existe mais de uma vez no Omie: {_list(codes)}"
        return ExistingRecord(refusal=text, fix=_FIX)
    return ExistingRecord(done=True, omie_code=codes[0]) if codes else None


def _list(codes: Sequence[str]) -> str:
    return ", ".join(sorted(codes))


def _name_of(record: Mapping[str, object]) -> tuple[str, str]:
    """Parent and description as people compare them: no accents, case or double spaces."""
    plain = unicodedata.normalize("NFKD", str(record.get("descricao") or ""))
    letters = "".join(char for char in plain if not unicodedata.combining(char))
    return str(record.get("categoria_superior") or ""), " ".join(letters.casefold().split())
