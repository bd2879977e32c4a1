"""What a good answer of each method carries at the least, worked out from Omie's documented types.

``{}`` with HTTP 200, a page of a proxy's, an answer about another record: none of them is a fault,
and none of them is what was asked for (omie-api.md#answers-without-content). Taken as good, the
first would empty a mirror or confirm a record that was never shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from omie_pipeline.catalog.model import ComplexType, Service

_TOTALS = ("total_de_registros", "nTotRegistros", "totalRegistros")
_PAGES = ("total_de_paginas", "nTotPaginas")
_STATUSES = ("codigo_status", "cCodStatus", "status")
_KEYS = (
    "codigo_cliente_omie",
    "codigo_cliente_integracao",
    "codigo_lancamento_omie",
    "codigo_lancamento_integracao",
    "codigo_baixa",
    "codigo_baixa_integracao",
    "codigo_empresa",
    "codigo",
    "codInt",
    "nCodCtr",
    "cCodIntCtr",
    "nCodOS",
    "cCodIntOS",
    "nCodServ",
    "cCodIntServ",
    "nCodCC",
    "cCodIntCC",
    "cCodCCInt",
    "nCodLanc",
    "cCodIntLanc",
)
"""Fields by which Omie and we name a record, in questions and answers alike."""

_SECTIONS = (
    "contratoCadastro",
    "contratoChave",
    "cabecalho",
    "Cabecalho",
    "intListar",
    "intIncluir",
    "intEditar",
    "intUpsert",
)
"""Objects in which these fields stand if they do not stand at the top."""

_TAKEN_BACK = ("Excluir", "Cancelar")
"""Of a record that is gone Omie need not say more than that the call went well."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What the answer of one method carries.

    Attributes:
        array: the list, ``""`` for what is no list. It may be left out if the total is 0, for
            lists leave out what is empty (omie-api.md#left-out-in-lists).
        counts: numbers of a list, of which all must stand there.
        status: field of a write that says how it went.
        keys: names of the record; those that the question gives too must be the same.
        names_record: one of the keys must be filled.
    """

    array: str = ""
    counts: tuple[str, ...] = ()
    status: str = ""
    keys: tuple[str, ...] = ()
    names_record: bool = True

    @property
    def by_key(self) -> bool:
        """Whether the method asks for one record: a fault about a missing one means that one."""
        return bool(self.keys) and not self.array

    def broken_by(self, body: Mapping[str, Any], param: Mapping[str, Any]) -> str:
        """What an answer lacks or says of another record, in Portuguese; ``""`` for a good one."""
        lacking = self._lacking_list(body) if self.array else ""
        if not lacking and self.status and body.get(self.status) in (None, ""):
            lacking = "o status"
        if lacking or not self.keys:
            return lacking
        answered = _named(body)
        if self.names_record and not any(name in answered for name in self.keys):
            return "o código do registro"
        asked = _named(param)
        for name in asked.keys() & answered.keys():
            if asked[name].casefold() != answered[name].casefold():
                return f"a resposta é de outro registro ({name})"
        return ""

    def _lacking_list(self, body: Mapping[str, Any]) -> str:
        if not all(str(body.get(name, "")).isdecimal() for name in self.counts):
            return "o total da lista"
        rows = body.get(self.array)
        if rows is None and self.counts and int(str(body[self.counts[0]])) == 0:
            return ""
        return "" if isinstance(rows, list) else "a lista"


NO_PROMISE = Promise()


@cache
def _promise(method: str, names: tuple[str, ...], array: str) -> Promise:
    counts = tuple(
        name
        for group in (_TOTALS, _PAGES)
        if (name := next((one for one in group if one in names), ""))
    )
    if array and counts:
        return Promise(array, counts)
    keys = tuple(name for name in _KEYS if name in names)
    status = next((name for name in _STATUSES if name in names), "")
    return Promise(status=status, keys=keys, names_record=not method.startswith(_TAKEN_BACK))


def promise_of(service: Service, method: str) -> Promise:
    """What a good answer of ``method`` carries.

    A list without counts (``ListarExtrato``) promises the account that was asked for.
    """
    declared = service.methods.get(method)
    if declared is None:
        return NO_PROMISE
    names = tuple(_names(service, declared.response))
    return _promise(method, names, service.list_arrays.get(method, ""))


def _names(service: Service, response: ComplexType) -> Iterator[str]:
    """Names of an answer's fields, and of those in the objects that hold a record's keys."""
    for field in response.fields:
        yield field.name
        if field.name in _SECTIONS and field.kind == "object":
            yield from _names(service, service.type_of(field))


def _named(record: Mapping[str, Any]) -> dict[str, str]:
    """Filled names of a record, at the top and in the objects that hold them."""
    found: dict[str, str] = {}
    levels = [record]
    while levels:
        level = levels.pop()
        levels += [inner for name in _SECTIONS if isinstance(inner := level.get(name), Mapping)]
        for name in _KEYS:
            text = str(level.get(name) or "").strip()
            if text and text != "0":
                found.setdefault(name, text)
    return found
