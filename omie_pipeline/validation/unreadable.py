"""Values of the clinic that could not be read, as payload models carry them in ``_unreadable``.

Each is reported with the source's own column and text; that a field is then empty is no reason of
its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from omie_pipeline.catalog import Endpoint
from omie_pipeline.validation.checks import Check, holds
from omie_pipeline.validation.messages import RULES, UNREADABLE
from omie_pipeline.validation.model import CandidateRow, Reason

COLUMN: Final = "_unreadable"
"""Column of a payload model: a JSON list, empty or null if everything was read."""

RULE: Final = "ilegivel"
_READ: Final = "_tudo_lido"
_LONGEST: Final = 60

_FED: Final[Mapping[str, tuple[str, ...]]] = {
    "valor": ("valor_documento", "valor", "nPrecoUnit", "nValUnit"),
    "data": (
        "data", "data_emissao", "data_registro", "data_entrada", "data_vencimento",
        "data_previsao", "dDtPrevisao",
    ),
    "data_vencimento": ("data_vencimento", "data_previsao"),
    "dias_para_vencer": ("data_vencimento", "data_previsao"),
    "percentual": ("valor_documento",),
    "parcelas": ("numero_parcela",),
    "codigo_conta_corrente": ("id_conta_corrente", "codigo_conta_corrente", "nCodCC"),
    "tipo": ("codigo_tipo_documento",),
    "valor_unitario": ("valorUnit",),
    "quantidade": ("quant",),
    "desconto": ("desconto", "valorDesconto"),
    "ordem": ("seq",),
    "dia_faturamento": ("nDiaFat",),
    "dias_vencimento": ("nDias",),
    "dia_fixo": ("nDiaFixo",),
    "vigencia_inicial": ("dVigInicial",),
    "vigencia_final": ("dVigFinal",),
    "aliquota_iss": ("nAliqISS", "aliqISS"),
    "retem_iss": ("cRetISS", "retISS"),
    "conciliado": ("conciliar_documento",),
    "ativo": ("inativo",),
}  # fmt: skip
"""Column of a canonical table -> the fields of Omie that it feeds; others feed their namesake."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """One value that could not be read.

    Attributes:
        column: of the canonical table (of the payload, if a model reads the source itself).
        source_column: the clinic's own name of it.
        text: as the source has it.
        kind: what it should have been, see ``messages.UNREADABLE``.
    """

    column: str
    source_column: str
    text: str
    kind: str

    @property
    def fields(self) -> tuple[str, ...]:
        """Omie's names of the fields that are empty because of it."""
        return _FED.get(self.column, (self.column,))


def unreadable_of(row: CandidateRow) -> tuple[Unreadable, ...]:
    """What could not be read of a row, each column and text once."""
    entries = row.extra.get(COLUMN)
    if not isinstance(entries, list):
        return ()
    found = [
        Unreadable(*(str(entry.get(name) or "") for name in Unreadable.__slots__))
        for entry in entries
        if isinstance(entry, Mapping)
    ]
    return tuple(dict.fromkeys(found))


def reading_checks(endpoint: Endpoint) -> tuple[Check, ...]:
    """The check that everything was read: of every endpoint that sends a payload."""
    return () if endpoint.deletes else (holds(COLUMN, RULE, _READ),)


def reading_columns(rows: Sequence[CandidateRow]) -> Mapping[str, list[bool | None]]:
    """The helper column of :func:`reading_checks`, if a row of the chunk has an entry."""
    if not any(row.extra.get(COLUMN) for row in rows):
        return {}
    return {_READ: [False if unreadable_of(row) else None for row in rows]}


def reason_of(value: Unreadable, endpoint: Endpoint) -> Reason:
    """The reason of one value: the source's column and text, and what is wrong with it."""
    known = {field.name for field in endpoint.payload.fields}
    field = next((name for name in value.fields if name in known), value.column)
    text = UNREADABLE.get(value.kind, RULES[RULE])
    words = {"coluna": value.source_column or value.column, "valor": shown(value.text)}
    return Reason(field, RULE, text.motivo.format(**words), text.correcao.format(**words))


def shown(text: Any) -> str:
    """A source's text fit for a line of a list: on one line, and not endless."""
    line = " ".join(str(text).split())
    line = "".join(sign if sign.isprintable() else "?" for sign in line)
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
