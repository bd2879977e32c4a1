"""What a person should look at before a mapping is built: keys, and rows that do not belong."""

from __future__ import annotations

from typing import Final

from omie_pipeline.mapping.choices import Mapping
from omie_pipeline.mapping.proposal import key_words
from omie_pipeline.mapping.sampling import SampledColumn
from omie_pipeline.mapping.targets import EMPRESA
from omie_pipeline.mapping.words import Words, words_of
from omie_pipeline.texts import mapping as texts

_KINDS: Final[frozenset[Words]] = frozenset(
    words_of(name)
    for name in (
        "tipo", "tipo lancamento", "tipo movimento", "tipo registro", "tipo operacao", "tipo conta",
        "tipo titulo", "tipo transacao", "natureza", "especie", "operacao", "debito credito",
        "entrada saida", "receita despesa", "situacao", "kind", "type", "record type",
    )
)  # fmt: skip
_GONE: Final = frozenset(
    {
        "excluido", "exclusao", "deletado", "deleted", "delete", "cancelado", "cancelamento",
        "cancelled", "canceled", "removido", "removed", "apagado", "inativo", "ativo", "lixeira",
        "estornado", "estorno", "reversed", "void", "voided", "arquivado", "archived",
    }
)  # fmt: skip


def doubts_of(mapping: Mapping, *, filtered: bool) -> tuple[str, ...]:
    """Portuguese; names and counts, never a value of a row.

    Args:
        filtered: a person said which rows belong.
    """
    told = _key_doubts(mapping)
    return told if filtered else (*told, *_row_doubts(mapping))


def _key_doubts(mapping: Mapping) -> tuple[str, ...]:
    key = next((one for one in mapping.chosen if one.target.is_key), None)
    column = mapping.table.column(key.source) if key is not None else None
    if column is None or not mapping.table.rows:
        return ()
    told = []
    empty = mapping.table.rows - len(column.values)
    if empty:
        told.append(texts.key_empty(column=column.name, empty=empty, rows=mapping.table.rows))
    repeated = len(column.values) - len(set(column.values))
    if repeated:
        by_empresa = any(
            one.target.path == EMPRESA and one.origin == "column" for one in mapping.chosen
        )
        may_be = texts.OTHER_EMPRESAS if by_empresa else ""
        told.append(
            texts.key_repeated(
                column=column.name, repeated=repeated, rows=mapping.table.rows, may_be=may_be
            )
        )
    return tuple(told)


def _row_doubts(mapping: Mapping) -> tuple[str, ...]:
    own = key_words(mapping.table)
    return tuple(
        _told(mapping, column)
        for column in mapping.table.columns
        if column.name in mapping.unused and _chooses_rows(words_of(column.name), own)
    )


def _chooses_rows(words: Words, own: Words) -> bool:
    return bool(words & _GONE) or words in _KINDS or (words - own) in _KINDS


def _told(mapping: Mapping, column: SampledColumn) -> str:
    kinds = len(set(column.values))
    gone = bool(words_of(column.name) & _GONE)
    what = texts.ROW_STILL_HOLDS if gone else texts.KIND_OF_ROW
    return texts.column_unused(
        column=column.name,
        what=what,
        kinds=kinds,
        rows=mapping.table.rows,
        endpoint=mapping.endpoint.name,
    )
