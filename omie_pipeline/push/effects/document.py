"""Clientes under their CPF/CNPJ, for companies that never used integration codes."""

from __future__ import annotations

from omie_pipeline.omie import wire
from omie_pipeline.omie.client import of_other_sizes
from omie_pipeline.payload import PlanRow
from omie_pipeline.push.effects.record import (
    ABSENT,
    CANNOT_READ,
    NOT_THERE,
    UNREADABLE,
    ReadBack,
    RecordEffect,
    Request,
    as_id,
)


class DocumentEffect(RecordEffect):
    """``UpsertClienteCpfCnpj``: the document decides.

    ``ConsultarCliente`` refuses a document (omie-api.md#records-read-back), so a record is read
    back through the list's filter.
    """

    def look(self, row: PlanRow, request: Request) -> ReadBack:
        """The cliente with the row's document."""
        endpoint, proof = self._endpoint, self.proof
        document = str(row.payload.get(endpoint.document_field) or "")
        filtered = {endpoint.document_field: document}
        question = {"pagina": 1, "registros_por_pagina": 50, proof.key: filtered}
        try:
            others = of_other_sizes(question, "registros_por_pagina")
            answer = self.ask(proof.service, proof.method, question, others=others)
        except NOT_THERE:
            return ABSENT
        except CANNOT_READ:
            return UNREADABLE
        listed = answer.get(endpoint.list_array)
        if not isinstance(listed, list) or answer.get("total_de_paginas") is None:
            return UNREADABLE
        record = self._with(document, listed)
        if record is None:
            return ABSENT
        sent = {k: v for k, v in request.param.items() if endpoint.record.field(k)}
        same = wire.same_record(_filled(sent), record)
        omie_id = as_id(record.get(endpoint.omie_key))
        return ReadBack("arrived" if same else "different", omie_id)

    def _with(self, document: str, listed: list[wire.Json]) -> wire.Json | None:
        """The filter matches parts (omie-api.md#filters): only the whole document counts."""
        name = self._endpoint.document_field
        for record in listed:
            if _bare(record.get(name)) == _bare(document):
                return dict(record)
        return None


def _filled(sent: wire.Json) -> wire.Json:
    """Lists leave out what is empty (omie-api.md#left-out-in-lists)."""
    return {name: value for name, value in sent.items() if value not in (None, "", [], {})}


def _bare(value: object) -> str:
    return "".join(char for char in str(value or "") if char.isalnum()).casefold()
